"""Consent in the MTN sandbox: a subscriber lets the merchant read who they are.

Three calls of every product: `bc-authorize` asks the subscriber, `oauth2/token` claims the answer
(and renews it), `oauth2/v1_0/userinfo` reads the person with the token of that consent. As in MTN's
own sandbox everybody consents at once, but for two numbers that play the others: 51 refuses, 53
never answers.

Consents are kept in memory only: a sandbox that is started again has forgotten them.

Sources: MTN's OpenAPI exports (of the token call only the 200 is documented); its notebook for the
shape of the person. The errors of the token call are those that the standard of this flow (OpenID
CIBA) has; what MTN answers is unpublished. So is whether an online consent can be renewed: here it
cannot.
"""

import hmac
import re
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from aiohttp import web

from adapters.sandbox.mtn_access import MtnAccess, product_of
from adapters.sandbox.mtn_bodies import bad_request
from adapters.sandbox.mtn_products import PRODUCTS
from adapters.sandbox.mtn_rules import (
    OFFICIAL_NUMBERS_PREFIX,
    ONGOING,
    MtnSandboxSettings,
    json_answer,
    token_error,
)
from adapters.sandbox.server import RefusedError

_T = TypeVar("_T")

LOGIN_HINT: Final = re.compile(r"ID:([0-9]{5,15})/MSISDN")
GRANT: Final = "urn:openid:params:grant-type:ciba"
REFUSING: Final = "51"
POLL_SECONDS: Final = 5
ASKED_SECONDS: Final = 600
CONSENTS_MAX: Final = 10_000

PERSON: Final[Mapping[str, object]] = {
    "sub": "0",
    "name": "Sand Box",
    "given_name": "Sand",
    "family_name": "Box",
    "birthdate": "1980-01-01",
    "locale": "sv_SE",
    "status": "ACTIVE",
    "gender": "MALE",
    "email": "sand.box@example.com",
    "email_verified": True,
    "phone_number_verified": True,
    "address": {
        "formatted": "1 Quay Street\n0000 Harbour",
        "street_address": "1 Quay Street",
        "postal_code": "0000",
        "locality": "Harbour",
        "region": "Coast",
        "country": "Nowhere",
    },
    "updated_at": 1_700_000_000,
    "credit_score": 100,
    "active": True,
    "country_of_birth": "Nowhere",
    "region_of_birth": "Coast",
    "city_of_birth": "Harbour",
    "occupation": "Tester",
    "employer_name": "Sandbox",
    "identification_type": "PASS",
    "identification_value": "S0000000",
}
"""Everybody, but for the number; an object as address although the specification says a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Consent:
    user_id: str
    number: str
    scope: str
    is_offline: bool
    asked_at: datetime
    valid_until: datetime


class MtnConsents:
    """The consents of one sandbox and the calls about them."""

    def __init__(
        self, settings: MtnSandboxSettings, access: MtnAccess, *, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._access = access
        self._clock = clock
        self._asked: OrderedDict[str, _Consent] = OrderedDict()
        self._tokens: OrderedDict[str, tuple[_Consent, datetime]] = OrderedDict()
        self._renewals: OrderedDict[str, _Consent] = OrderedDict()
        self._made = 0

    def routes(self) -> list[web.RouteDef]:
        """Return the three calls of every product."""
        return [
            route
            for product in PRODUCTS
            for route in (
                web.post(f"/{product}/v1_0/bc-authorize", self._ask),
                web.post(f"/{product}/oauth2/token/", self._claim),
                web.get(f"/{product}/oauth2/v1_0/userinfo", self._show_person),
            )
        ]

    async def _ask(self, request: web.Request) -> web.Response:
        user = self._access.caller(request)
        form = await request.post()
        hint = LOGIN_HINT.fullmatch(str(form.get("login_hint", "")))
        scope, access_type = str(form.get("scope", "")), str(form.get("access_type", "online"))
        seconds = str(form.get("consent_valid_in", self._settings.consent_seconds))
        is_offline = access_type == "offline"
        if (
            hint is None
            or scope not in self._settings.consent_scopes
            or access_type not in {"online", "offline"}
            or not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 10)
            or ("consent_valid_in" in form and not is_offline)
        ):
            raise bad_request()
        now = self._clock()
        consent = _Consent(
            user_id=user.user_id,
            number=hint[1],
            scope=scope,
            is_offline=is_offline,
            asked_at=now,
            valid_until=now + timedelta(seconds=int(seconds)),
        )
        auth_req_id = self._new_id("asked")
        _keep(self._asked, auth_req_id, consent)
        body = {"auth_req_id": auth_req_id, "interval": POLL_SECONDS, "expires_in": ASKED_SECONDS}
        return json_answer(200, body)

    async def _claim(self, request: web.Request) -> web.Response:
        self._access.check_key(request, product_of(request))
        user = self._access.basic(request)
        self._access.check_user(request, user)
        form = await request.post()
        match form.get("grant_type"):
            case "refresh_token":
                consent = self._renewals.pop(str(form.get("refresh_token", "")), None)
            case grant if grant == GRANT:
                consent = self._claimed(str(form.get("auth_req_id", "")))
            case _:
                raise RefusedError(token_error(400, "unsupported_grant_type"))
        if consent is None or consent.user_id != user.user_id:
            raise RefusedError(token_error(400, "invalid_grant"))
        if self._clock() >= consent.valid_until:
            raise RefusedError(token_error(400, "expired_token"))
        return json_answer(200, self._tokens_for(consent))

    async def _show_person(self, request: web.Request) -> web.Response:
        self._access.check_key(request, product_of(request))
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        consent, until = self._tokens.get(token, (None, None))
        if scheme != "Bearer" or consent is None or until is None or self._clock() >= until:
            raise self._access.bad_bearer()
        return json_answer(200, {**PERSON, "phone_number": consent.number})

    def _claimed(self, auth_req_id: str) -> _Consent | None:
        """Return what was asked, once; raises RefusedError where nobody has consented."""
        consent = self._asked.get(auth_req_id)
        if consent is None:
            return None
        digits = self._scenario_of(consent.number)
        if self._clock() >= consent.asked_at + timedelta(seconds=ASKED_SECONDS):
            raise RefusedError(token_error(400, "expired_token"))
        if digits == ONGOING:
            raise RefusedError(token_error(400, "authorization_pending"))
        del self._asked[auth_req_id]
        if digits == REFUSING:
            raise RefusedError(token_error(400, "access_denied"))
        return consent

    def _scenario_of(self, number: str) -> str | None:
        is_chosen = number[:-2] == OFFICIAL_NUMBERS_PREFIX or self._settings.scenario_by_last_digits
        return number[-2:] if is_chosen else None

    def _tokens_for(self, consent: _Consent) -> dict[str, object]:
        now = self._clock()
        lifetime = timedelta(seconds=self._settings.token_lifetime_seconds)
        until = min(now + lifetime, consent.valid_until)
        token = self._new_id("token")
        _keep(self._tokens, token, (consent, until))
        given: dict[str, object] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int((until - now).total_seconds()),
            "scope": consent.scope,
        }
        if consent.is_offline:
            renewal = self._new_id("renewal")
            _keep(self._renewals, renewal, consent)
            left = int((consent.valid_until - now).total_seconds())
            given |= {"refresh_token": renewal, "refresh_token_expired_in": left}
        return given

    def _new_id(self, kind: str) -> str:
        self._made += 1
        text = f"{kind}\0{self._made}\0{self._clock().isoformat()}".encode()
        digest = hmac.digest(self._settings.secret.encode(), text, "sha256")
        return str(uuid.UUID(bytes=digest[:16], version=4))


def _keep(kept: OrderedDict[str, _T], name: str, one: _T) -> None:
    """Keep one more; the oldest are forgotten first."""
    kept[name] = one
    while len(kept) > CONSENTS_MAX:
        kept.popitem(last=False)
