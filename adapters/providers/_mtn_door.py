"""One MTN product as a caller meets it: its keys, its token, and the two calls it is made of.

Everything MTN sells is created by a POST under a reference of ours and asked about by a GET of it;
only paths and bodies differ. So what such calls send and what their answers mean is said once.

What an answer means is read by `adapters.providers._mtn_answers`.
"""

from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlsplit

from adapters.answer import NO_HEADERS, Answer, NotSentError, TransportError
from adapters.base import (
    Accepted,
    Declined,
    Final,
    Inquiry,
    NotFound,
    NotSent,
    Pending,
    Submission,
    Unknown,
)
from adapters.powers import AccountCheck, Balance
from adapters.providers._mtn_answers import (
    REFUSALS,
    parse_active,
    parse_balance,
    parse_inquiry,
    parse_submission,
    parse_token,
)
from adapters.providers._mtn_settings import Account, ProductName, Settings
from adapters.tokens import Token, TokenCache, call_with_token
from adapters.transport import Transport


class Door:
    """The way into one product; opens nothing before the first call."""

    def __init__(
        self, product: ProductName, account: Account, settings: Settings, transport: Transport
    ) -> None:
        self.product = product
        self.root = f"{settings.base_url}/{product}"
        self.transport = transport
        self.basic = account.basic
        self._callback_host = settings.callback_host
        self._key_headers = {
            "Ocp-Apim-Subscription-Key": account.subscription_key.get_secret_value()
        }
        self.headers: Mapping[str, str] = self._key_headers | {
            "X-Target-Environment": settings.target_environment
        }
        self.tokens = TokenCache(self._fetch_token, shelf=transport.shelf(self.root, self.basic))

    async def create(
        self,
        path: str,
        reference: str,
        body: object,
        *,
        callback_url: str | None,
        refusals: Mapping[str, bool] = REFUSALS,
    ) -> Submission:
        """Create something under a reference; never raises for what MTN or the network does."""
        headers = {**self.headers, "X-Reference-Id": reference}
        if callback_url is not None and self._is_called_back_at(callback_url):
            headers["X-Callback-Url"] = callback_url
        try:
            answer = await call_with_token(
                self.transport,
                self.tokens,
                "POST",
                f"{self.root}/{path}",
                headers,
                json=body,
                is_safe_to_repeat=False,
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        outcome = parse_submission(answer, refusals)
        if isinstance(outcome, Declined) and not answer.body.strip():
            return await self._borne_out(outcome, f"{path.replace('v2_0', 'v1_0')}/{reference}")
        return outcome

    async def ask(self, path: str, parse: Callable[[Answer], Inquiry] = parse_inquiry) -> Inquiry:
        """Ask what became of something; `path` ends with its reference. Never raises either."""
        try:
            return parse(await self.read(path, is_inquiry=True))
        except TransportError as error:
            return Unknown(error.reason)

    async def read(self, path: str, *, is_inquiry: bool = False) -> Answer:
        """Read something; raises TransportError."""
        return await call_with_token(
            self.transport,
            self.tokens,
            "GET",
            f"{self.root}/{path}",
            self.headers,
            is_safe_to_repeat=True,
            is_inquiry=is_inquiry,
        )

    async def balance(self, currency: str | None = None) -> Balance:
        """Ask what lies in the account of this product; raises TransportError."""
        tail = "" if currency is None else f"/{currency}"
        return parse_balance(await self.read(f"v1_0/account/balance{tail}"), self.product)

    async def check_account(self, phone: str) -> AccountCheck | Unknown:
        """Ask whether a subscriber (E.164 with `+`) has an active account."""
        holder = phone.removeprefix("+")
        try:
            return parse_active(await self.read(f"v1_0/accountholder/msisdn/{holder}/active"))
        except TransportError as error:
            return Unknown(error.reason)

    async def send(
        self,
        method: Literal["POST", "DELETE"],
        path: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        json: object = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a call that moves no money and may be repeated; raises TransportError."""
        return await call_with_token(
            self.transport,
            self.tokens,
            method,
            f"{self.root}/{path}",
            {**self.headers, **headers},
            json=json,
            form=form,
            is_safe_to_repeat=True,
        )

    async def close(self) -> None:
        """Stop fetching a token."""
        await self.tokens.close()

    async def _borne_out(self, refusal: Declined, path: str) -> Submission:
        """Ask about what was refused without a word: an empty answer may be a gateway's."""
        asked = await self.ask(path)
        match asked:
            case NotFound():
                return refusal
            case Pending():
                return Accepted()
            case Final():
                return asked
            case _:
                return Unknown(refusal.reason)

    def _is_called_back_at(self, url: str) -> bool:
        registered = self._callback_host
        return registered is not None and urlsplit(url).hostname == registered.lower()

    async def _fetch_token(self) -> Token:
        # The slash at the end is MTN's, and no body may be sent: a form gets a page of HTML.
        answer = await self.transport.call(
            "POST",
            f"{self.root}/token/",
            self._key_headers | {"Authorization": self.basic},
            is_safe_to_repeat=True,
        )
        return parse_token(answer)
