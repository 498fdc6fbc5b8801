"""Hubtel: an integrator for the mobile money of Ghana.

Sources: Hubtel's guide to direct receive money, as a public client of it reproduces the text; a
dated transcription of its guide to sending money; payloads that integrators recorded from the live
service (there is no other: Hubtel has no sandbox). Where these are silent, nothing is assumed.

A payment and its status have two hosts, a payout and its status two more, and the two statuses have
two shapes. What the answers mean for the money is in `adapters.providers._hubtel_answers`.

Hubtel serves at most four addresses of callers that it was told; whoever calls from another gets a
page of HTML with 403, or nothing at all. Whether it notices a repeated ClientReference is not
written ("must never be duplicated" is all), so nothing is ever sent again under the same one; and
whether its status shows at once what was just accepted is not written either, so a reference it
does not know stays in doubt.

Callbacks bring no proof. They make us ask, and the answer to that is what counts. Beware of what
follows: of a payment that failed, the documented status says Unpaid for ever, as of one that waits.
So it stays pending here until a statement or a person says more. Integrators report that the host
of payouts tells `failed` of payments too; the setting `collection_status` asks there.

Texts go out as letters, digits and spaces: `&`, `%` and `^` in a description make a payment fail.
Not here: cheques and bank accounts, Hubtel's page, and refunds, of which only an address is known.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal
from urllib.parse import urlencode

import orjson
from pydantic import Field, SecretStr

from adapters.answer import Answer, NotSentError, TransportError
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
from adapters.directory import codes_of, parse_phone
from adapters.powers import Transfer
from adapters.providers._hubtel_answers import (
    REFUSALS,
    Compared,
    parse_callback,
    parse_receive_status,
    parse_send_status,
    parse_submission,
    reference_of,
)
from adapters.refusals import Refusal
from adapters.transcript import Scrubber, basic
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand
from ledger.errors import InvalidPhoneError

TEXT_LENGTH_MAX: Final = 100
"""Ours: Hubtel names no limit."""

CHANNELS: Final[Mapping[str, str]] = {"AT": "tigo-gh", "MTN": "mtn-gh", "Telecel": "vodafone-gh"}
"""The brand of a number's range -> Hubtel's channel, under the names the networks once had."""

ID_PATTERN: Final = r"^[A-Za-z0-9-]{3,40}$"


class Settings(ProviderSettings):
    """What a deployment says about its Hubtel account. There is no trial: all of it is live."""

    base_url: str = Field(
        default="https://rmp.hubtel.com",
        pattern=ADDRESS_PATTERN,
        description="Where payments are asked for.",
    )
    status_url: str = Field(
        default="https://api-txnstatus.hubtel.com",
        pattern=ADDRESS_PATTERN,
        description="Where the status of a payment is asked.",
    )
    send_url: str = Field(
        default="https://smp.hubtel.com",
        pattern=ADDRESS_PATTERN,
        description="Where payouts are asked for.",
    )
    send_status_url: str = Field(
        default="https://smrsc.hubtel.com",
        pattern=ADDRESS_PATTERN,
        description="Where the status of a payout is asked.",
    )
    api_id: str = Field(min_length=4, description="The API id of the account's keys.")
    api_key: SecretStr = Field(min_length=4, description="The API key that belongs to it.")
    pos_sales_id: str = Field(
        pattern=ID_PATTERN, description="The number of the POS sales account, which collects."
    )
    prepaid_deposit_id: str | None = Field(
        default=None,
        pattern=ID_PATTERN,
        description="The number of the prepaid deposit account, which pays out; without it every "
        "payout is declined.",
    )
    compared_amount: Compared = Field(
        default="amount_after_charges",
        description="Which of Hubtel's figures must be what was asked for: "
        "`amount_after_charges` where payers bear the fee, `amount` where the merchant does.",
    )
    collection_status: Literal["documented", "send_host"] = Field(
        default="documented",
        description="Where payments are asked about. The documented host has no word for those "
        "that failed, which stay pending; `send_host` is said to have one.",
    )
    recipient_name: str = Field(
        default="Beneficiary",
        pattern=r"^[A-Za-z0-9 ]{1,40}$",
        description="What a payout calls its payee: Hubtel wants a name, and no name is kept here.",
    )
    # Hubtel wants to be asked where no callback has come within five minutes.
    inquiry_first_seconds: float = Field(
        default=300.0, gt=0, description="When an accepted payment is asked about first."
    )


PERSONAL_KEYS: Final = frozenset(
    {"CustomerMsisdn", "RecipientMsisdn", "CustomerNumber", "CustomerName"}
    | {"RecipientName", "CustomerEmail"}
)
"""Members of its bodies that tell who somebody is."""


class HubtelAdapter:
    """Hubtel, one merchant."""

    name: ClassVar[str] = "hubtel"
    display_name: ClassVar[str] = "Hubtel"
    countries: ClassVar[frozenset[str]] = frozenset({"GH"})
    currencies: ClassVar[frozenset[str]] = frozenset({"GHS"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"collection", "payout"})
    documentation_url: ClassVar[str] = "https://docs-developers.hubtel.com"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "nothing"
    is_askable: ClassVar[bool] = True
    finds_by_reference: ClassVar[frozenset[Power]] = frozenset({"collection", "payout"})
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS
    reaches: ClassVar[frozenset[str]] = codes_of(countries, CHANNELS)

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        key = settings.api_key.get_secret_value()
        self._basic = basic(settings.api_id, key)
        self._scrubber = Scrubber(
            secret_keys=PERSONAL_KEYS,
            personal_keys=PERSONAL_KEYS,
            kept_keys={"Amount", "TransactionId", "ClientReference", "ExternalTransactionId"}
            | {"networkTransactionId", "OrderId", "CreatedAt", "PaymentDate", "date"},
            secrets=(key, settings.api_id, self._basic.removeprefix("Basic ")),
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the ClientReference: letters and digits, from which the payment can be read."""
        return reference_of(payment_id, number)

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Have a payer prompted; see `_hubtel_answers` for what the answers mean."""
        body = build_receive(charge, reference)
        if isinstance(body, Declined):
            return body
        account = self._settings.pos_sales_id
        path = f"merchantaccount/merchants/{account}/receive/mobilemoney"
        return await self._send(f"{self._settings.base_url}/{path}", body, reference)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payment; Hubtel needs no handle."""
        settings = self._settings
        if settings.collection_status == "send_host":
            return await self._ask_send_host(settings.pos_sales_id, reference)
        path = f"transactions/{settings.pos_sales_id}/status"
        try:
            answer = await self._get(f"{settings.status_url}/{path}", reference)
            return parse_receive_status(answer, reference, settings.compared_amount)
        except TransportError as error:
            return Unknown(error.reason)

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Have a payee paid from the prepaid account; answered like a payment."""
        account = self._settings.prepaid_deposit_id
        if account is None:
            reason = "payouts need an account; set CAURI_HUBTEL_PREPAID_DEPOSIT_ID"
            return Declined(code="DEPOSIT_ID_MISSING", reason=reason, is_technical=True)
        body = build_send(transfer, reference, self._settings.recipient_name)
        if isinstance(body, Declined):
            return body
        path = f"api/merchants/{account}/send/mobilemoney"
        return await self._send(f"{self._settings.send_url}/{path}", body, reference)

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payout."""
        account = self._settings.prepaid_deposit_id
        if account is None:
            return Unknown("payouts are asked about by an account that is not set")
        return await self._ask_send_host(account, reference)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a callback: Hubtel documents no signature, so none can prove anything."""
        return "unsigned"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a callback into a reason to ask; its own word decides nothing."""
        return [parse_callback(call, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, numbers and names."""
        return self._scrubber(transcript, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _send(self, url: str, body: Mapping[str, object], reference: str) -> Submission:
        try:
            answer = await self._transport.call(
                "POST", url, {"Authorization": self._basic}, json=body, is_safe_to_repeat=False
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_submission(answer, reference)

    async def _get(self, url: str, reference: str) -> Answer:
        return await self._transport.call(
            "GET",
            f"{url}?{urlencode({'clientReference': reference})}",
            {"Authorization": self._basic},
            is_safe_to_repeat=True,
            is_inquiry=True,
        )

    async def _ask_send_host(self, account: str, reference: str) -> Inquiry:
        url = f"{self._settings.send_status_url}/api/merchants/{account}/transactions/status"
        try:
            return parse_send_status(await self._get(url, reference), reference)
        except TransportError as error:
            return Unknown(error.reason)


ADAPTER = HubtelAdapter


def build_receive(charge: Charge, reference: str) -> dict[str, object] | Declined:
    """Build the body that asks for a payment, or say why Hubtel cannot be asked."""
    given = _given(charge, reference)
    if isinstance(given, Declined):
        return given
    return {
        "CustomerMsisdn": charge.phone.removeprefix("+"),
        "PrimaryCallbackUrl": charge.callback_url,
        **given,
    }


def build_send(
    transfer: Transfer, reference: str, recipient_name: str
) -> dict[str, object] | Declined:
    """Build the body that asks for a payout; Hubtel spells the callback's address otherwise."""
    given = _given(transfer, reference)
    if isinstance(given, Declined):
        return given
    return {
        "RecipientName": recipient_name,
        "RecipientMsisdn": transfer.phone.removeprefix("+"),
        "PrimaryCallbackURL": transfer.callback_url,
        **given,
    }


def _given(order: Charge | Transfer, reference: str) -> dict[str, object] | Declined:
    channel = channel_of(order.phone)
    if channel is None:
        reason = "the number's range belongs to no network that Hubtel reaches"
        return Declined(code="OPERATOR_NOT_SERVED", reason=reason, is_technical=True)
    if order.money.currency not in HubtelAdapter.currencies:
        reason = f"Hubtel's amounts are GHS, not {order.money.currency}"
        return Declined(code="CURRENCY_NOT_SERVED", reason=reason, is_technical=True)
    if order.callback_url is None:
        reason = "Hubtel demands an address for its callback; set CAURI_PUBLIC_URL"
        return Declined(code="CALLBACK_URL_MISSING", reason=reason, is_technical=True)
    return {
        "Channel": channel,
        # A number in JSON, written from the decimal text: no float ever holds an amount.
        "Amount": orjson.Fragment(order.money.amount),
        "Description": plain(order.description, otherwise="Payment"),
        "ClientReference": reference,
    }


def channel_of(phone: str) -> str | None:
    """Name Hubtel's channel of a number's range; None where it is of no network it reaches."""
    try:
        operator = parse_phone(phone, None).operator
    except InvalidPhoneError:
        return None
    return CHANNELS.get(operator.brand) if operator and operator.country == "GH" else None


def plain(text: str, *, otherwise: str) -> str:
    """Reduce a text to what Hubtel surely takes: ASCII letters, digits and single spaces."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", " ", ascii_text).strip()
    return words[:TEXT_LENGTH_MAX].strip() or otherwise
