"""MTN MoMo: collect from a subscriber's handset, pay out to one, give a collection back.

Collections, payouts and refunds are three calls of one form: a POST under a reference of ours is
accepted, and a GET of that reference tells what became of it. Payouts (`transfer`) and refunds are
the product Disbursement, which has a subscription key of its own; without one nothing is sent.
A refund names the reference of its collection and may be of a part.

Sources: MTN's OpenAPI exports of its products; the pages of momodeveloper.mtn.com (testing,
callback) and its community (common errors, failure reasons, best practices); published
measurements of the live sandbox. They disagree, so everything read here is read tolerantly:

- Errors come in three shapes: `{code, message}` from the platform, `{statusCode, message}` from
  the gateway, `{error}` from the token call; some are empty, some are HTML with status 200.
- `reason` of a failed payment is an object in the specification and a bare string in reality.
- A status that is not known is not final; amounts come back normalised ("12.50" as "12.5").
- Callbacks come by PUT or POST, once, often or never, and prove nothing: they only make us ask.

What the answers mean for the money is in `adapters.providers._mtn_answers`. What MTN sells besides
and the ledger has no power for (deposits, invoices, remittances, ...) is in `_mtn_products`.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from adapters.answer import TransportError
from adapters.base import (
    Capability,
    Charge,
    Inquiry,
    NotSent,
    Pace,
    Power,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
)
from adapters.contract import Contract
from adapters.powers import AccountCheck, Balance, Return, Transfer
from adapters.providers._mtn_answers import (
    MEANINGS,
    OUTGOING_MEANINGS,
    PAYOUT_REFUSALS,
    REFUND_REFUSALS,
    parse_callback,
)
from adapters.providers._mtn_bodies import build_refund, build_request, build_transfer
from adapters.providers._mtn_door import Door
from adapters.providers._mtn_markets import COUNTRIES, CURRENCIES, currencies_of, told_by
from adapters.providers._mtn_settings import ProductName, Settings
from adapters.refusals import Refusal
from adapters.transcript import Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand

__all__ = ["ADAPTER", "MtnAdapter", "Settings"]

NO_KEY: Final = NotSent("no subscription key of Disbursements is set")

PERSONAL_KEYS: Final = frozenset(
    {"partyId", "payerMessage", "payeeNote", "login_hint"}
    | {"payerMsisdn", "payerIdentity", "payerEmail", "payerFirstName"}
    | {"payerSurName", "payerIdentificationNumber", "given_name", "family_name", "birthdate"}
    | {"name", "email", "phone_number", "formatted", "street_address", "identification_value"}
    | {"notificationMessage", "description", "customerReference", "receiverMessage", "senderNote"}
    | {"fromFri", "toFri"}
)
"""Members of any of MTN's bodies that name a person or speak to one."""

CREDENTIAL_KEYS: Final = frozenset({"access_token", "apiKey", "refresh_token", "auth_req_id"})
"""Members of any of MTN's bodies that let somebody in."""

FIGURES: Final = frozenset(
    {"amount", "availableBalance", "externalId", "externalTransactionId", "financialTransactionId"}
    | {"expirationDateTime", "invoiceId", "originalAmount", "paymentReference", "preApprovalId"}
)
"""Members whose long digits are no telephone numbers."""


class MtnAdapter:
    """MTN MoMo, one market."""

    name: ClassVar[str] = "mtn"
    display_name: ClassVar[str] = "MTN MoMo"
    countries: ClassVar[frozenset[str]] = COUNTRIES
    currencies: ClassVar[frozenset[str]] = CURRENCIES
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"collection", "payout", "refund", "balance", "account_check"}
    )
    documentation_url: ClassVar[str] = "https://momodeveloper.mtn.com/api-documentation"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset({"collection", "payout", "refund"})
    webhook_proof: ClassVar[WebhookProof] = "nothing"
    is_askable: ClassVar[bool] = True
    finds_by_reference: ClassVar[frozenset[Power]] = frozenset({"collection", "payout", "refund"})
    reaches: ClassVar[frozenset[str]] = frozenset()
    refusals: ClassVar[Mapping[str, Refusal]] = MEANINGS
    outgoing_refusals: ClassVar[Mapping[str, Refusal]] = OUTGOING_MEANINGS
    """What a code means of a payout or refund, where the same code means another thing there."""
    can_refund_in_part: bool = True

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        served = Contract(self.countries, self.currencies)
        self.contract = settings.contract(served, told_by(settings.target_environment))
        names: tuple[ProductName, ...] = ("collection", "disbursement", "remittance")
        accounts = {name: one for name in names if (one := settings.account_of(name)) is not None}
        self._scrubber = Scrubber(
            secret_keys=PERSONAL_KEYS | CREDENTIAL_KEYS,
            personal_keys=PERSONAL_KEYS,
            kept_keys=FIGURES,
            secrets=[text for one in accounts.values() for text in one.secrets()],
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        self.doors: Mapping[ProductName, Door] = {
            name: Door(name, account, settings, self._transport)
            for name, account in accounts.items()
        }
        """The products that this deployment has the keys of."""
        self._collection = self.doors["collection"]
        self._disbursement = self.doors.get("disbursement")
        currencies = currencies_of(settings.target_environment)
        # The call without a currency tells the account's usual one, and needs no guess of ours.
        self._currencies = currencies if len(currencies) > 1 else (None,)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the X-Reference-Id: a UUID of version 4 form, always the same for a submission."""
        digest = hashlib.sha256(f"mtn\0{payment_id}\0{number}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Ask the payer to approve."""
        return await self._collection.create(
            "v1_0/requesttopay", reference, build_request(charge), callback_url=charge.callback_url
        )

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a reference; MTN needs no handle."""
        return await self._collection.ask(f"v1_0/requesttopay/{reference}")

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Ask MTN to pay a subscriber from the merchant's account of Disbursements."""
        if self._disbursement is None:
            return NO_KEY
        return await self._disbursement.create(
            "v1_0/transfer",
            reference,
            build_transfer(transfer),
            callback_url=transfer.callback_url,
            refusals=PAYOUT_REFUSALS,
        )

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payout."""
        if self._disbursement is None:
            return Unknown(NO_KEY.reason)
        return await self._disbursement.ask(f"v1_0/transfer/{reference}")

    async def refund(self, wanted: Return, reference: str) -> Submission:
        """Ask MTN to give a collection back, from the merchant's account of Disbursements."""
        if self._disbursement is None:
            return NO_KEY
        return await self._disbursement.create(
            "v2_0/refund",
            reference,
            build_refund(wanted),
            callback_url=wanted.callback_url,
            refusals=REFUND_REFUSALS,
        )

    async def inquire_refund(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a refund; its status is at version 1 for both."""
        if self._disbursement is None:
            return Unknown(NO_KEY.reason)
        return await self._disbursement.ask(f"v1_0/refund/{reference}")

    async def balances(self) -> Sequence[Balance] | Unknown:
        """Ask what lies in the account of each product, and of each currency of the market."""
        try:
            return [
                await door.balance(currency)
                for door in self.doors.values()
                for currency in self._currencies
            ]
        except TransportError as error:
            return Unknown(error.reason)

    async def check_account(self, phone: str, country: str) -> AccountCheck | Unknown:
        """Ask whether a subscriber has an active account; costs nothing and rings no handset."""
        return await (self._disbursement or self._collection).check_account(phone)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a callback: MTN signs nothing, so none can prove anything."""
        return "unsigned"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a callback into a reason to ask; its own word decides nothing."""
        return [parse_callback(call, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, numbers and messages to people."""
        return self._scrubber(transcript, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        for door in self.doors.values():
            await door.close()
        await self._transport.close()


ADAPTER = MtnAdapter
