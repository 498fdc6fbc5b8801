"""Y-Note (Paynote): an integrator for MTN and Orange in Cameroon.

Sources: Y-Note's own tutorial articles (y-note.cm); a public client whose authors run its payouts
in production and cite the vendor's document; other public integrations. There is no official
reference, so everything read here is read tolerantly, and what only one of them says is a setting.

A payment is queued: its 200 says "Pay Request Accepted" and nothing about money, under one of two
names for the code. What became of it is asked by the `MessageId` of that answer, at another address
for each operator. Whoever misses that answer can never ask: such a payment stays in doubt, is never
sent again, and waits for a statement or a person.

A payout is called a refund and is queued likewise; it reaches Orange alone. It has two steps: to
the merchant's own channel, and from there to the person. Its status is asked by a GET with a body,
and comes in five shapes; what the answers mean is in `adapters.providers._ynote_answers`.

Answers echo the keys they were asked with. What we sent as a secret is taken out of every answer
before it is read, and out of every transcript.

The token call refuses with 429 who asks too often, so after a refusal it is left alone for a while;
whatever needed a token meanwhile was not sent.

Callbacks bring no proof and say SUCCESSFULL of what is merely queued: they make us ask. Not here:
refunds of a payment, which Y-Note has not, and the older status by pay token.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from pydantic import Field, SecretStr

from adapters.answer import Answer, AnswerUnknownError, Method, NotSentError, TransportError
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
    Unaskable,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
)
from adapters.contract import Contract
from adapters.powers import Transfer
from adapters.providers._ynote_answers import (
    MESSAGE_ID,
    REFUSALS,
    hushed,
    parse_callback,
    parse_payout_status,
    parse_status,
    parse_submission,
    reference_of,
    told_by,
)
from adapters.providers._ynote_requests import (
    CURRENCY,
    METHODS,
    OPERATORS,
    Form,
    Operator,
    build_payment,
    build_payout,
    fault_of,
    not_served,
    operator_of,
)
from adapters.refusals import Refusal
from adapters.tokens import Token, TokenCache, call_with_token, token_in
from adapters.transcript import MASK, Scrubber, basic
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand

TOKEN_SECONDS: Final = 3600.0
"""How long a token is good if the answer does not say."""

STATUS_PATHS: Final[Mapping[Operator, str]] = {
    "mtn": "webpaymentmtn/status",
    "orange": "webpayment/status",
}
PAYOUT: Final = "payout"
"""The key of a payout's handle."""

UNASKABLE: Final = Unaskable("Y-Note is asked by the MessageId, which nobody has seen")

_STATUS_PATH: Final = re.compile(r"(/refund/status/)[^\s?]+")


class Settings(ProviderSettings):
    """What a deployment says about its Y-Note account."""

    base_url: str = Field(
        default="https://omapi.ynote.africa/prod",
        pattern=ADDRESS_PATTERN,
        description="Where the API is, with its stage; `/dev` instead of `/prod` is named too.",
    )
    token_url: str = Field(
        default="https://omapi-token.ynote.africa",
        pattern=ADDRESS_PATTERN,
        description="Where access tokens are given.",
    )
    client_id: str = Field(min_length=4, description="The OAuth client id.")
    client_secret: SecretStr = Field(min_length=4, description="The OAuth client's secret.")
    customer_key: SecretStr = Field(min_length=8, description="The customer key of the account.")
    customer_secret: SecretStr = Field(min_length=8, description="The secret that belongs to it.")
    channel_msisdn: str | None = Field(
        default=None,
        pattern=r"^6[0-9]{8}$",
        description="The nine digits of the Orange channel that payouts are made from; without "
        "it and its PIN every payout is declined.",
    )
    channel_pin: SecretStr | None = Field(
        default=None, min_length=4, description="The PIN of that channel."
    )
    recipient_name: str = Field(
        default="Beneficiaire",
        pattern=r"^[A-Za-z0-9 ]{1,40}$",
        description="What a payout calls its payee: Y-Note wants a name, and no name is kept here.",
    )
    msisdn_form: Form = Field(
        default="national",
        description="How a payer's number is sent: nine digits, or after 237. Payees are nine.",
    )
    paid_statuses: str = Field(
        default="SUCCESSFUL",
        pattern=r"^[A-Z]+(,[A-Z]+)*$",
        description="Which statuses of a payment say that it is paid, with commas. Y-Note names "
        "one; some integrators take `SUCCESS` for another.",
    )
    token_pause_seconds: float = Field(
        default=30.0,
        ge=0,
        description="How long no token is asked for after one was refused: asking too often is "
        "answered with 429.",
    )


class YnoteAdapter:
    """Y-Note, one account."""

    name: ClassVar[str] = "ynote"
    display_name: ClassVar[str] = "Y-Note"
    countries: ClassVar[frozenset[str]] = frozenset({"CM"})
    currencies: ClassVar[frozenset[str]] = frozenset({CURRENCY})
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"collection", "payout"})
    documentation_url: ClassVar[str] = "https://y-note.cm"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "nothing"
    is_askable: ClassVar[bool] = False
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS
    reaches: ClassVar[frozenset[str]] = frozenset(OPERATORS)

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        client_secret = settings.client_secret.get_secret_value()
        key = settings.customer_key.get_secret_value()
        secret = settings.customer_secret.get_secret_value()
        self._keys = {"customerkey": key, "customersecret": secret}
        number, pin = settings.channel_msisdn, settings.channel_pin
        self._channel: tuple[str, str] | None = None
        if number is not None and pin is not None:
            self._channel = (number, pin.get_secret_value())
        self._basic = basic(settings.client_id, client_secret)
        # A number may stand in JSON without quotation marks, and a mask may not.
        self._echoed = tuple(one for one in (key, secret, client_secret) if not one.isdecimal())
        self._paid_statuses = frozenset(settings.paid_statuses.split(","))
        self._scrubber = Scrubber(
            secret_keys={"access_token", "customerkey", "customersecret", "customer_key"}
            | {"customer_secret", "xauth", "pin", "channelUserMsisdn", "channel_user_msisdn"}
            | {"subscriberMsisdn", "final_customer_phone", "final_customer_name", "txnmessage"}
            | {"fromChannelMsisdn", "toChannelMsisdn", "MessageId", "message_id", "payToken"},
            personal_keys={"subscriberMsisdn", "final_customer_phone", "final_customer_name"}
            | {"txnmessage"},
            kept_keys={"amount", "order_id", "transaction_code", "txnid", "paymentRef"}
            | {"CreateAt", "createtime", "updateDate", "expires_in"},
            secrets=(
                *(client_secret, settings.client_id, key, secret),
                self._basic.removeprefix("Basic "),
            ),
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        shelf = self._transport.shelf(settings.token_url, self._basic)
        self._tokens = TokenCache(self._fetch_token, shelf=shelf)
        self._refused_until_seconds = 0.0

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the order_id or transaction_code, from which the payment can be read."""
        return reference_of(payment_id, number)

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Queue a payment; see `_ynote_answers` for what the answers mean."""
        operator = operator_of(charge.phone)
        if operator is None:
            return not_served("Y-Note reaches MTN and Orange in Cameroon")
        fault = fault_of(charge)
        if fault is not None:
            return fault
        form = self._settings.msisdn_form
        body = build_payment(charge, reference, operator, self._keys, form)
        return await self._send("webpayment", body, operator)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payment, where its operator is asked; needs the handle."""
        operator: Operator = "orange" if "orange" in (handle or {}) else "mtn"
        message_id = (handle or {}).get(operator, "")
        if not MESSAGE_ID.fullmatch(message_id):
            return UNASKABLE
        body = {**self._keys, "message_id": message_id}
        if operator == "orange":
            body["payment_method"] = METHODS[operator]
        try:
            answer = await self._ask("POST", STATUS_PATHS[operator], body)
            return parse_status(answer, reference, message_id, self._paid_statuses)
        except TransportError as error:
            return Unknown(error.reason)

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Queue a payout, which Y-Note calls a refund; answered like a payment."""
        if self._channel is None:
            reason = "payouts need a channel; set CAURI_YNOTE_CHANNEL_MSISDN and _CHANNEL_PIN"
            return Declined(code="CHANNEL_MISSING", reason=reason, is_technical=True)
        if operator_of(transfer.phone) != "orange":
            return not_served("Y-Note pays Orange's numbers in Cameroon only")
        fault = fault_of(transfer)
        if fault is not None:
            return fault
        body = build_payout(
            transfer, reference, self._keys, self._channel, self._settings.recipient_name
        )
        return await self._send("refund", body, PAYOUT)

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payout; needs the handle."""
        message_id = (handle or {}).get(PAYOUT, "")
        if not MESSAGE_ID.fullmatch(message_id):
            return UNASKABLE
        try:
            answer = await self._ask("GET", f"refund/status/{message_id}", self._keys)
            return parse_payout_status(answer, reference, message_id)
        except TransportError as error:
            return Unknown(error.reason)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a callback: Y-Note signs nothing, so none can prove anything."""
        return "unsigned"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a callback into a reason to ask; its own word decides nothing."""
        return [parse_callback(call, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, echoed or sent, numbers, names and what can be asked by."""
        return _STATUS_PATH.sub(
            rf"\1{MASK}", self._scrubber(transcript, keeps_persons=keeps_persons)
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._tokens.close()
        await self._transport.close()

    async def _send(self, path: str, body: object, operator: str) -> Submission:
        try:
            answer = await self._call("POST", path, body, is_inquiry=False)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_submission(answer, operator)

    async def _ask(self, method: Method, path: str, body: object) -> Answer:
        return await self._call(method, path, body, is_inquiry=True)

    async def _call(self, method: Method, path: str, body: object, *, is_inquiry: bool) -> Answer:
        answer = await call_with_token(
            self._transport,
            self._tokens,
            method,
            f"{self._settings.base_url}/{path}",
            json=body,
            is_safe_to_repeat=is_inquiry,
            is_inquiry=is_inquiry,
        )
        return hushed(answer, self._echoed)

    async def _fetch_token(self) -> Token:
        loop = asyncio.get_running_loop()
        if loop.time() < self._refused_until_seconds:
            raise NotSentError("the token call refused us a moment ago, and is left alone")
        answer = await self._transport.call(
            "POST",
            f"{self._settings.token_url}/oauth2/token",
            {"Authorization": self._basic},
            form={"grant_type": "client_credentials"},
            # A repeat within the call would be one question too many.
            is_safe_to_repeat=False,
        )
        if answer.status == 200:
            token = token_in(answer.json_object(), lifetime_seconds=TOKEN_SECONDS)
            if token is not None:
                return token
        if 400 <= answer.status < 500:
            self._refused_until_seconds = loop.time() + self._settings.token_pause_seconds
        raise AnswerUnknownError(told_by(hushed(answer, self._echoed)))


ADAPTER = YnoteAdapter
