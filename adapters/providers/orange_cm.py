"""Orange Money Cameroon, the operator's own API (omcoreapis 1.0.2): a prompt on the payer's phone.

Sources: the recorded answers of a published Go client (NdoleStudio/orangemoney-go); a published
production package (spreeloop/core-ts); a PHP client (umberstyl/ap-orange-money-1.0.2-php);
y-note.cm on its local Orange API; WSO2's page on its gateway's errors. Orange publishes no
specification and has no test server, so everything read here is read tolerantly.

Each movement is two calls: `init` gives a `payToken` and moves nothing; `pay` names it together
with payer, amount and our `orderId`, and Orange asks the payer for the PIN. The only question that
can be asked is `paymentstatus/{payToken}`.

So the payToken is fetched before the intent and durable with it (`adapters.powers.Prepares`):
whatever becomes of `pay`, even our own death, it can be asked about. Without one `pay` was never
called. After a doubtful `pay` nothing is sent again: not this payToken, for nobody has seen what
Orange does with a repeated one, and no other; it ends by Orange's own word, and expires seven
minutes after it was given if nobody confirms.

What the answers mean for the money is in `adapters.providers._orange_cm_answers`.

- Success is spelt SUCCESSFULL. EXPIRED comes with all fields null.
- Business errors are HTTP 417; a gateway's time-out is HTTP 500 with XML, and may have paid.
- Notifications prove nothing, and some never come: they only make us ask.
- Numbers are national, nine digits; amounts go out as text and come back as numbers.
- The text of a success names payer and merchant's balance: it is never read, shown or kept.
- Cash-ins pay people. They may end in the answer to `pay` itself, or be pending and asked about.

Not here: cash-outs (the payer goes to an agent), and refunds, which the API does not have.
"""

import base64
import hashlib
import re
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from pydantic import Field, SecretStr, field_validator

from adapters.answer import Answer, Method, NotSentError, TransportError
from adapters.base import (
    ADDRESS_PATTERN,
    Capability,
    Charge,
    Declined,
    Inquiry,
    NotSent,
    Pace,
    Power,
    ProviderSettings,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
)
from adapters.contract import Contract
from adapters.powers import AccountCheck, Prepared, Return, Transfer
from adapters.providers._orange_cm_answers import (
    MEANINGS,
    is_pay_token,
    parse_account,
    parse_inquiry,
    parse_notification,
    parse_preparation,
    parse_submission,
    parse_token,
)
from adapters.refusals import Refusal
from adapters.tokens import Token, TokenCache, call_with_token
from adapters.transcript import Scrubber, basic
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand
from ledger.sentences import Sentence

API_PATH: Final = "/omcoreapis/1.0.2"
COLLECTION: Final = "mp"
PAYOUT: Final = "cashin"

ORDER_ID_LENGTH: Final = 20
"""The most characters Orange takes."""
DESCRIPTION_LENGTH_MAX: Final = 125

_CAMEROONIAN: Final = re.compile(r"\+237([0-9]{9})")
_TOKEN_IN_PATH: Final = re.compile(r"(/(?:paymentstatus|push)/)[^/\s?]+")
_PIN: Final = re.compile(r'("pin"\s*:\s*)"[^"]*"')
"""Taken out where it stands and nowhere else: four digits occur in every amount and id."""


class Settings(ProviderSettings):
    """What a deployment says about its account with Orange Cameroon."""

    base_url: str = Field(
        default="https://api-s1.orange.cm",
        pattern=ADDRESS_PATTERN,
        description="Where the API is; older contracts were given `https://apiw.orange.cm`.",
    )
    client_id: str = Field(min_length=4, description="The user of the token call.")
    client_secret: SecretStr = Field(min_length=4, description="The password of the token call.")
    api_user: str = Field(min_length=4, description="The user in `X-AUTH-TOKEN`.")
    api_password: SecretStr = Field(min_length=4, description="The password in `X-AUTH-TOKEN`.")
    channel_number: str = Field(
        pattern=r"^[0-9]{9}$",
        examples=["690000000"],
        description="The merchant's own number, its channel user: nine digits.",
    )
    pin: SecretStr = Field(
        examples=["0000"], description="The PIN of the merchant's number: four digits."
    )
    # Payer and gateway take minutes; whoever runs this in production asks every two of them.
    inquiry_first_seconds: float = Field(
        default=60.0, gt=0, description="When an accepted payment is asked about first."
    )

    @field_validator("pin")
    @classmethod
    def _check_pin(cls, pin: SecretStr) -> SecretStr:
        if re.fullmatch(r"[0-9]{4}", pin.get_secret_value()) is None:
            raise ValueError(Sentence("the PIN is four digits."))
        return pin


class OrangeCmAdapter:
    """Orange Money Cameroon: collections by a prompt on the phone, and cash-ins."""

    name: ClassVar[str] = "orange_cm"
    display_name: ClassVar[str] = "Orange Money Cameroon"
    countries: ClassVar[frozenset[str]] = frozenset({"CM"})
    currencies: ClassVar[frozenset[str]] = frozenset({"XAF"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"account_check", "collection", "payout"}
    )
    documentation_url: ClassVar[str] = "https://github.com/NdoleStudio/orangemoney-go"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "nothing"
    is_askable: ClassVar[bool] = True
    refusals: ClassVar[Mapping[str, Refusal]] = MEANINGS
    reaches: ClassVar[frozenset[str]] = frozenset()
    own_rail_of: ClassVar[frozenset[str]] = frozenset({"orange-cm"})

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        self._root = f"{settings.base_url}{API_PATH}"
        secret = settings.client_secret.get_secret_value()
        password = settings.api_password.get_secret_value()
        self._basic = basic(settings.client_id, secret)
        x_auth = base64.b64encode(f"{settings.api_user}:{password}".encode()).decode()
        self._headers = {"X-AUTH-TOKEN": x_auth, "Content-Type": "application/json"}
        self._scrubber = Scrubber(
            secret_keys={"access_token", "payToken", "confirmtxnmessage", "txnmessage"}
            | {"subscriberMsisdn", "channelUserMsisdn", "channelMsisdn", "firstName", "lastName"},
            kept_keys={"amount", "createtime", "expires_in", "id", "orderId", "txnid", "txnmode"},
            personal_keys={"subscriberMsisdn", "firstName", "lastName", "txnmessage"},
            secrets=(
                settings.client_id,
                secret,
                settings.api_user,
                password,
                x_auth,
                self._basic.removeprefix("Basic "),
            ),
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        shelf = self._transport.shelf(self._root, self._basic)
        self._tokens = TokenCache(self._fetch_token, shelf=shelf)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the orderId: twenty capitals and digits, another one for each submission."""
        digest = hashlib.sha256(f"orange_cm\0{payment_id}\0{number}".encode()).digest()
        return b32encode(digest).decode()[:ORDER_ID_LENGTH]

    async def prepare(
        self, order: Charge | Transfer | Return, reference: str
    ) -> Prepared | Declined | NotSent:
        """Fetch the payToken of a movement."""
        declined = declined_at_once(order)
        if declined is not None:
            return declined
        product = PAYOUT if isinstance(order, Transfer) else COLLECTION
        try:
            answer = await self._call("POST", f"/{product}/init", is_safe_to_repeat=True)
        except TransportError as error:
            return NotSent(error.reason)
        return parse_preparation(answer, reference)

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Have the payer asked for the PIN; see the answers' table for what they mean."""
        return await self._pay(COLLECTION, charge, reference)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payToken. Without one nothing can have been sent."""
        return await self._ask(f"/{COLLECTION}/paymentstatus/", reference, handle)

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Pay a person by a cash-in."""
        return await self._pay(PAYOUT, transfer, reference)

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a cash-in."""
        return await self._ask(f"/{PAYOUT}/paymentstatus/", reference, handle)

    async def push_again(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Show the payer the prompt once more; answers as `inquire` does."""
        return await self._ask(f"/{COLLECTION}/push/", reference, handle)

    async def check_account(self, phone: str, country: str) -> AccountCheck | Unknown:
        """Ask whether a number has a holder. The name that Orange tells is not kept."""
        number = national(phone)
        if number is None:
            return AccountCheck(is_active=False, detail="it is no number of Cameroon")
        asked = {
            "pin": self._settings.pin.get_secret_value(),
            "channelMsisdn": self._settings.channel_number,
        }
        path = f"/infos/subscriber/customer/{number}"
        try:
            answer = await self._call(
                "POST", path, json=asked, is_safe_to_repeat=True, is_inquiry=True
            )
        except TransportError as error:
            return Unknown(error.reason)
        return parse_account(answer)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a notification: Orange signs nothing, so none can prove anything."""
        return "unsigned"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a notification into a reason to ask; its own word decides nothing."""
        return [parse_notification(call, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, the PIN, payTokens, numbers and names."""
        text = _TOKEN_IN_PATH.sub(r"\1***", _PIN.sub(r'\1"***"', transcript))
        return self._scrubber(text, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        await self._tokens.close()
        await self._transport.close()

    async def _pay(self, product: str, order: Charge | Transfer, reference: str) -> Submission:
        declined = declined_at_once(order)
        if declined is not None:
            return declined
        if not is_handle_of(reference, order.handle):
            return NotSent("no payToken was fetched for it")
        body = build_payment(self._settings, order, reference)
        try:
            answer = await self._call("POST", f"/{product}/pay", json=body, is_safe_to_repeat=False)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_submission(answer, order.handle, is_payout=product == PAYOUT)

    async def _ask(self, path: str, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        if handle is None:
            return NotSent("no payToken was kept with the intent, so nothing was sent by one")
        if not is_handle_of(reference, handle):
            return Unknown("the kept handle is of another payment")
        try:
            answer = await self._call(
                "GET", f"{path}{handle['pay_token']}", is_safe_to_repeat=True, is_inquiry=True
            )
        except TransportError as error:
            return Unknown(error.reason)
        return parse_inquiry(answer, handle)

    async def _call(
        self,
        method: Method,
        path: str,
        *,
        json: object = None,
        is_safe_to_repeat: bool,
        is_inquiry: bool = False,
    ) -> Answer:
        return await call_with_token(
            self._transport,
            self._tokens,
            method,
            f"{self._root}{path}",
            self._headers,
            json=json,
            is_safe_to_repeat=is_safe_to_repeat,
            is_inquiry=is_inquiry,
        )

    async def _fetch_token(self) -> Token:
        answer = await self._transport.call(
            "POST",
            f"{self._settings.base_url}/token",
            {"Authorization": self._basic},
            form={"grant_type": "client_credentials"},
            is_safe_to_repeat=True,
        )
        return parse_token(answer)


ADAPTER = OrangeCmAdapter


def national(phone: str) -> str | None:
    """The nine digits Orange wants; None for a number of another country."""
    match = _CAMEROONIAN.fullmatch(phone)
    return match[1] if match else None


def declined_at_once(order: Charge | Transfer | Return) -> Declined | None:
    """What Orange Cameroon could not even be asked."""
    if order.money.currency != "XAF":
        reason = f"Orange Money Cameroon moves XAF, not {order.money.currency}"
        return Declined(code="CURRENCY_NOT_XAF", reason=reason, is_technical=True)
    if national(order.phone) is None:
        reason = "the number is none of Cameroon's"
        return Declined(code="NUMBER_NOT_CAMEROONIAN", reason=reason, is_technical=True)
    return None


def is_handle_of(reference: str, handle: Mapping[str, str]) -> bool:
    """Whether a handle is that of this reference, and can be asked by."""
    return handle.get("order_id") == reference and is_pay_token(handle.get("pay_token"))


def build_payment(
    settings: Settings, order: Charge | Transfer, reference: str
) -> dict[str, object]:
    """Build the body of `mp/pay` or `cashin/pay`; a cash-in is notified nowhere."""
    is_notified = isinstance(order, Charge)
    return {
        "notifUrl": (order.callback_url or "") if is_notified else "",
        "channelUserMsisdn": settings.channel_number,
        "amount": order.money.amount,
        "subscriberMsisdn": national(order.phone),
        "pin": settings.pin.get_secret_value(),
        "orderId": reference,
        "description": " ".join(order.description.split())[:DESCRIPTION_LENGTH_MAX] or "Paiement",
        "payToken": order.handle["pay_token"],
    }
