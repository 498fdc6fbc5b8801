"""Mojaloop: payments over a scheme of many providers, through the SDK Scheme Adapter.

Mowali, the scheme of Orange and MTN, was built on this API and has closed (in 2022, by all that is
known): nothing of it is left to connect to. The same software speaks to the schemes that live. Who
runs this must be a participant of one, or be hosted by one; a merchant alone cannot join.

Sources: the SDK's outbound and backend APIs 2.1; its own source, version 24; FSPIOP API definition
1.1; runs of the SDK against Mojaloop's testing toolkit. The SDK runs beside Cauri with

    AUTO_ACCEPT_PARTY=false  AUTO_ACCEPT_QUOTES=false  AUTO_ACCEPT_R2P_PARTY=false
    BACKEND_ENDPOINT=<host and port of Cauri>/webhooks/mojaloop/<backend_secret>

and calls it there by plain http: let it call directly, for proxies write addresses down.

What an answer means for the money:

    POST /transfers, PUT acceptParty   nothing has moved, and nothing will before acceptQuote
      an error 3xxx, 4xxx, 5xxx, 400   declined
      a quote that we do not like      declined; it is refused there too
      all else                         not sent, if `sdk_waits`; unknown, if it may pay by itself
    PUT acceptQuote                    fulfil.body.transferState COMMITTED: paid; all else: ask
    GET /transfers/{id}                COMMITTED: paid. ABORTED: failed. Else open, but
      3208 (unknown there)             failed, long after the quote has ended and was refused
    POST /requestToPay                 as POST /transfers: nobody has been asked yet
    PUT acceptParty                    COMPLETED: the payer's provider has the request, no more
    PUT /transfers/{id} at our side    COMMITTED: paid. ABORTED: failed (`_mojaloop_backend`)

`currentState` is never the state of the money. 504 and ERROR_OCCURRED are no word at all.

Why the quote is accepted by the first inquiry and not by the submission: the SDK chooses the
transfer's id and does not know a repeated homeTransactionId. Whoever pays before he has kept that
id may be left, by a lost answer or a crash, with a payment nobody can ask about. So a submission
only prepares, and returns the id; once it is kept, `inquire_payout` accepts, as often as it must:
one id is one transfer, at the SDK and by FSPIOP's rule of resending at every server behind it. It
is the same with a request to pay. Refused: one call that pays, with its unknowable losses.

Why a question may be the end of a transfer: GET overwrites what the SDK remembers of it. So nobody
asks about a quote that could still be accepted; PUT comes first.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hmac import compare_digest
from typing import ClassVar, Final, Literal

from pydantic import Field, SecretStr, field_validator

from adapters.answer import NotSentError, TransportError, object_in
from adapters.base import (
    Accepted,
    Capability,
    Charge,
    Inquiry,
    NotSent,
    Pace,
    Pending,
    Power,
    ProviderSettings,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
    WebhookUnreadableError,
)
from adapters.base import Final as FinalWord
from adapters.powers import AccountCheck, Reply, Return, Transfer
from adapters.providers._mojaloop_answers import (
    code_in,
    id_at,
    member,
    parse_fate,
    refusal_in,
    told,
)
from adapters.providers._mojaloop_backend import Merchant, answer_to, commands_in
from adapters.providers._mojaloop_codes import MEANINGS, UNKNOWN_PARTY
from adapters.providers._mojaloop_payouts import Payouts
from adapters.providers._mojaloop_requests import (
    build_request_to_pay,
    build_transfer,
    msisdn,
    parse_request_to_pay,
)
from adapters.refusals import Refusal
from adapters.transcript import MASK, Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand
from ledger.evidence import Word
from ledger.money import Money

_ID_IN_PATH: Final = re.compile(r"/(transfers|requestToPay)/[^/\s?]+", re.ASCII)
"""Where an id stands with which whoever reaches the SDK could accept or refuse."""


class Settings(ProviderSettings):
    """What a deployment says about its SDK Scheme Adapter and its place in the scheme."""

    party_id_type: Literal["ACCOUNT_ID", "ALIAS", "BUSINESS", "MSISDN"] = Field(
        default="BUSINESS", description="What kind of identifier the merchant has in the scheme."
    )
    party_id: str = Field(
        pattern=r"^[A-Za-z0-9._+-]{1,128}$",
        description="The merchant's own identifier, as it is registered in the scheme's directory.",
    )
    display_name: str = Field(
        default="Cauri",
        pattern=r"^[\w.,'-][\w .,'-]{0,127}$",
        description="What payers and payees see as the merchant's name.",
    )
    backend_secret: SecretStr = Field(
        description="The secret part of the address at which the SDK calls: its BACKEND_ENDPOINT "
        "is `<host>/webhooks/mojaloop/<backend_secret>`. 12 or more letters, digits, `-` and `_`."
    )
    former_backend_secret: SecretStr | None = Field(
        default=None, description="The one before, still taken until the SDK has the new one."
    )
    sdk_waits: bool = Field(
        default=False,
        description="Say `true` once the SDK runs with AUTO_ACCEPT_PARTY, AUTO_ACCEPT_QUOTES and "
        "AUTO_ACCEPT_R2P_PARTY all false. Then what got no answer was not paid, and is sent "
        "again; else it waits for a person.",
    )
    excess_minor_max: int = Field(
        default=0,
        ge=0,
        description="How much more than the payout its quote may cost, in the currency's smallest "
        "unit; a dearer one is refused.",
    )
    settle_seconds: float = Field(
        default=600.0,
        ge=60,
        description="How long after its quote's end a transfer that the scheme does not know is "
        "given up; well above the SDK's EXPIRY_SECONDS.",
    )
    # The SDK itself waits 30 seconds for the scheme, and its answer is better than none.
    call_timeout_seconds: float = Field(
        default=45.0, gt=0, le=120, description="How long one call may take."
    )
    # The first inquiry is what lets a prepared payment go its way; a quote holds for a minute.
    inquiry_first_seconds: float = Field(
        default=1.0, gt=0, description="When an accepted payment is asked about first."
    )

    @field_validator("backend_secret", "former_backend_secret")
    @classmethod
    def _can_stand_in_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        pattern = r"[A-Za-z0-9_-]{12,128}"
        if value is not None and re.fullmatch(pattern, value.get_secret_value()) is None:
            raise ValueError("needs 12 or more letters, digits, - and _")
        return value


class MojaloopAdapter:
    """One participant of one Mojaloop scheme."""

    name: ClassVar[str] = "mojaloop"
    display_name: ClassVar[str] = "Mojaloop"
    # A scheme may be anywhere; these are the countries whose numbers and money we know.
    countries: ClassVar[frozenset[str]] = frozenset(
        {"BF", "BJ", "BW", "CD", "CG", "CI", "CM", "GA", "GH", "GN", "GW", "KE", "LR", "MG", "ML"}
        | {"NE", "NG", "RW", "SL", "SN", "SS", "SZ", "TG", "TZ", "UG", "ZA", "ZM"}
    )
    currencies: ClassVar[frozenset[str]] = frozenset(
        {"BWP", "CDF", "GHS", "GNF", "KES", "LRD", "MGA", "NGN", "RWF", "SLE", "SSP", "SZL", "TZS"}
        | {"UGX", "USD", "XAF", "XOF", "ZAR", "ZMW"}
    )
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"collection", "payout", "refund", "account_check"}
    )
    documentation_url: ClassVar[str] = "https://docs.mojaloop.io"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "secret"
    is_askable: ClassVar[bool] = False
    refusals: ClassVar[Mapping[str, Refusal]] = MEANINGS
    can_refund_in_part = True

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self._settings = settings
        self._merchant = Merchant(
            id_type=settings.party_id_type, id_value=settings.party_id, name=settings.display_name
        )
        secrets = (settings.backend_secret, settings.former_backend_secret)
        self._secrets = [one.get_secret_value().encode() for one in secrets if one is not None]
        self._scrubber = Scrubber(
            secret_keys={"transferId", "transactionRequestId", "transactionId", "dateOfBirth"}
            | {
                "firstName",
                "middleName",
                "lastName",
                "note",
                "fulfilment",
                "ilpPacket",
                "condition",
            }
            | {"partyIdentifier", "idValue"},
            kept_keys={"amount", "homeTransactionId", "homeR2PTransactionId", "statusCode"},
            secrets=[one.decode() for one in self._secrets],
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        self._root = settings.base_url
        self._payouts = Payouts(
            self._transport,
            settings.base_url,
            sdk_waits=settings.sdk_waits,
            excess_minor_max=settings.excess_minor_max,
            settle_seconds=settings.settle_seconds,
        )

    def reference_for(self, payment_id: str, number: int) -> str:
        """Name a submission: it is our own text, which the SDK keeps and gives back."""
        return f"{payment_id}.{number}"

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Look the payer up; the payer is asked once the request's id is kept."""
        request = build_request_to_pay(charge, reference, self._merchant)
        try:
            answer = await self._transport.call(
                "POST", f"{self._root}/requestToPay", json=request, is_safe_to_repeat=False
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return self._in_doubt(error.reason)
        request_id = id_at(object_in(answer.body), "transactionRequestId")
        if answer.status == 200 and request_id is not None:
            return Accepted(handle={"transaction_request_id": request_id})
        outcome = refusal_in(answer)
        return self._in_doubt(outcome.reason) if isinstance(outcome, NotSent) else outcome

    def _in_doubt(self, reason: str) -> NotSent | Unknown:
        return NotSent(reason) if self._settings.sdk_waits else Unknown(reason)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Let the payer be asked, and find out what the payer's provider has said of it.

        Only a refusal, and a transfer that has the name which the payer's provider gave in
        advance, can be found out so; everything else is told by the scheme alone.
        """
        if handle is None:
            return self._in_doubt("the request's id was never read, so nobody was asked to pay")
        request_id = id_at(handle, "transaction_request_id")
        if request_id is None:
            return Unknown("the kept handle is of something else")
        try:
            answer = await self._transport.call(
                "PUT",
                f"{self._root}/requestToPay/{request_id}",
                json={"acceptParty": True},
                is_safe_to_repeat=False,
                is_inquiry=True,
            )
            outcome = parse_request_to_pay(answer)
            if not isinstance(outcome, str):
                return outcome
            answer = await self._transport.call(
                "GET",
                f"{self._root}/transfers/{outcome}",
                is_safe_to_repeat=True,
                is_inquiry=True,
            )
        except TransportError as error:
            return Unknown(error.reason)
        paid = FinalWord(word=Word.SUCCEEDED, provider_transaction_id=outcome)
        fate = parse_fate(answer, outcome, paid=paid, code=None, is_over=False)
        return Pending(fate.reason) if isinstance(fate, Unknown) else fate

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Look the payee up and get a quote; it is paid once the transfer's id is kept."""
        return await self._prepare(
            reference, transfer.money, transfer.phone, transfer.description or transfer.payment_id
        )

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Let a prepared payout be paid, or ask what became of it."""
        return await self._payouts.ask(handle)

    async def refund(self, wanted: Return, reference: str) -> Submission:
        """Prepare a transfer back to who paid; the scheme has no other refund."""
        note = f"Refund of {wanted.original.provider_transaction_id or wanted.original.payment_id}"
        return await self._prepare(reference, wanted.money, wanted.phone, note)

    async def inquire_refund(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Let a prepared refund be paid, or ask what became of it."""
        return await self._payouts.ask(handle)

    async def _prepare(self, reference: str, money: Money, phone: str, note: str) -> Submission:
        request = build_transfer(reference, money, phone, note, self._merchant)
        return await self._payouts.prepare(request, money, msisdn(phone))

    async def check_account(self, phone: str, country: str) -> AccountCheck | Unknown:
        """Ask the scheme's directory whether anybody serves a number."""
        try:
            answer = await self._transport.call(
                "GET",
                f"{self._root}/parties/MSISDN/{msisdn(phone)}",
                is_safe_to_repeat=True,
                is_inquiry=True,
            )
        except TransportError as error:
            return Unknown(error.reason)
        body = object_in(answer.body)
        if answer.status == 200 and member(body, "party", "body", "partyIdInfo") is not None:
            return AccountCheck(is_active=True)
        if code_in(body) == UNKNOWN_PARTY:
            return AccountCheck(is_active=False, detail=UNKNOWN_PARTY)
        return Unknown(told(answer))

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a call by the secret in its address: the SDK signs nothing and sends no header."""
        shown = (call.path[0] if call.path else "").encode(errors="replace")
        is_ours = [compare_digest(shown, secret) for secret in self._secrets]
        return "authenticated" if any(is_ours) else "refused"

    def reply(self, call: WebhookCall, verdict: Verdict) -> Reply:
        """Answer as the SDK's backend API wants it; see `_mojaloop_backend`."""
        return answer_to(replace(call, path=call.path[1:]), self._merchant)

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn the scheme's last word into evidence, everything before it into a reason to ask."""
        if verdict != "authenticated":
            raise WebhookUnreadableError("a call without the secret proves nothing")
        return commands_in(replace(call, path=call.path[1:]), self.name, now)

    def scrub(self, transcript: str) -> str:
        """Remove numbers, names, and ids with which a transfer could be accepted or refused."""
        return _ID_IN_PATH.sub(rf"/\1/{MASK}", self._scrubber(transcript))

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()


ADAPTER = MojaloopAdapter
