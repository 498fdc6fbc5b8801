"""Consent at MTN: a subscriber lets the merchant read who they are, once or for a while.

`ask` sends the question to the handset, `claim` fetches the answer (repeat it every `poll_seconds`
until it is there), `renew` prolongs an offline consent, `read_person` reads the person.

Of the token call MTN documents the success alone. Its errors are read as those of the standard it
follows (OpenID CIBA): the two that say "not yet" keep us waiting, four say that there will be no
consent, and whatever else comes is `Unknown`.

Sources: those of `adapters.providers.mtn`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from adapters.answer import Answer, TransportError
from adapters.base import Unknown
from adapters.providers._mtn_answers import parse_error, unusable
from adapters.providers._mtn_door import Door
from adapters.tokens import token_in

GRANT: Final = "urn:openid:params:grant-type:ciba"
SCOPE: Final = "all_info"
"""The only one that MTN's sandbox knows."""

TOKEN_SECONDS: Final = 3600.0
WAITING: Final = frozenset({"authorization_pending", "slow_down"})
ENDED: Final[Mapping[str, Literal["refused", "ended"]]] = {
    "access_denied": "refused",
    "expired_token": "ended",
    "invalid_grant": "ended",
    "transaction_failed": "ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question is on its way."""

    id: str = field(repr=False)
    poll_seconds: float
    expires_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A subscriber has consented. Holds secrets: never log."""

    token: str = field(repr=False)
    lifetime_seconds: float
    scope: str | None
    renewal: str | None = field(default=None, repr=False)
    """What `renew` takes; None where it cannot be renewed."""


Claimed = Consent | Literal["waiting", "refused", "ended"] | Unknown


class MtnConsents:
    """The consents of one product."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def ask(
        self, phone: str, *, scope: str = SCOPE, valid_seconds: int | None = None
    ) -> Asked | Unknown:
        """Ask a subscriber (E.164 with `+`); for a while if `valid_seconds` says how long."""
        form = {
            "login_hint": f"ID:{phone.removeprefix('+')}/MSISDN",
            "scope": scope,
            "access_type": "online" if valid_seconds is None else "offline",
        }
        if valid_seconds is not None:
            form["consent_valid_in"] = str(valid_seconds)
        try:
            return parse_asked(await self._door.send("POST", "v1_0/bc-authorize", form=form))
        except TransportError as error:
            return Unknown(error.reason)

    async def claim(self, asked: Asked) -> Claimed:
        """Fetch the answer to a question."""
        return await self._token({"grant_type": GRANT, "auth_req_id": asked.id})

    async def renew(self, consent: Consent) -> Claimed:
        """Prolong a consent; the old renewal is used up by it."""
        if consent.renewal is None:
            return "ended"
        return await self._token({"grant_type": "refresh_token", "refresh_token": consent.renewal})

    async def read_person(self, consent: Consent) -> Mapping[str, object] | Unknown:
        """Read the person, as MTN tells it. Personal data: never log or keep."""
        headers = {**self._door.headers, "Authorization": f"Bearer {consent.token}"}
        try:
            answer = await self._door.transport.call(
                "GET", f"{self._door.root}/oauth2/v1_0/userinfo", headers, is_safe_to_repeat=True
            )
            if answer.status != 200:
                raise unusable(answer)
            return answer.json_object()
        except TransportError as error:
            return Unknown(error.reason)

    async def _token(self, form: Mapping[str, str]) -> Claimed:
        headers = {**self._door.headers, "Authorization": self._door.basic}
        try:
            # A claim uses up what it names, so a repeat after a lost answer would be refused.
            answer = await self._door.transport.call(
                "POST",
                f"{self._door.root}/oauth2/token/",
                headers,
                form=form,
                is_safe_to_repeat=False,
            )
            return parse_claimed(answer)
        except TransportError as error:
            return Unknown(error.reason)


def parse_asked(answer: Answer) -> Asked:
    """Read the id of a question; raises AnswerUnknownError for whatever is none."""
    if answer.status == 200:
        match answer.json_object():
            case {
                "auth_req_id": str(name),
                "interval": int() | float() as poll,
                "expires_in": int() | float() as expires,
            } if name:
                return Asked(id=name, poll_seconds=float(poll), expires_seconds=float(expires))
    raise unusable(answer)


def parse_claimed(answer: Answer) -> Claimed:
    """Say what an answer to a claim means; raises AnswerUnreadableError for a 200 without JSON."""
    if answer.status == 200:
        found = answer.json_object()
        token = token_in(found, lifetime_seconds=TOKEN_SECONDS)
        if token is None:
            raise unusable(answer)
        scope, renewal = found.get("scope"), found.get("refresh_token")
        return Consent(
            token=token.value,
            lifetime_seconds=token.lifetime_seconds,
            scope=scope if isinstance(scope, str) else None,
            renewal=renewal if isinstance(renewal, str) and renewal else None,
        )
    error = parse_error(answer)
    if 400 <= answer.status < 500 and error.shape == "token" and error.message is not None:
        if error.message in WAITING:
            return "waiting"
        if error.message in ENDED:
            return ENDED[error.message]
    raise unusable(answer)
