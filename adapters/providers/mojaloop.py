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

    POST, PUT acceptParty              nothing has moved, and nothing will before acceptQuote
      an error 3xxx, 4xxx, 5xxx, 400   declined
      a quote that we do not like      declined; it is refused there too
      all else, even silence           not sent
    PUT acceptQuote                    fulfil.body.transferState COMMITTED: paid. Else it is asked
    GET /transfers/{id}                COMMITTED: paid. ABORTED: failed. Else open, but
      3208 (unknown there)             not sent, long after the quote has ended and was refused
    POST /requestToPay                 nothing has moved, and nobody has been asked to pay
    PUT acceptParty                    COMPLETED: accepted; the payer's provider has it, no more
      an error 4xxx                    declined
      all else                         unknown
    PUT /transfers/{id} at our side    COMMITTED: paid. ABORTED: failed (`_mojaloop_backend`)

`currentState` is never the state of the money. 504 and ERROR_OCCURRED are no word at all.

Why in two parts (`Prepares`): the SDK chooses the transfer's id, and one homeTransactionId makes as
many transfers as it is sent. Whoever pays before that id is kept may be left, by a lost answer or a
crash, with a payment nobody can ask about. One id is one transfer, at the SDK and by FSPIOP's rule
of resending at every server behind it.

Why nothing is done unless the deployment says that the SDK waits: its defaults do not, and then the
first call pays. It is found out, but too late.

Why a question may be the end of a transfer: GET overwrites what the SDK remembers of it. So nobody
asks about a quote that nobody has accepted, unless whoever should have is gone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hmac import compare_digest
from typing import ClassVar, Final

from adapters.answer import Answer, NotSentError, TransportError, object_in
from adapters.base import (
    Accepted,
    Capability,
    Charge,
    Declined,
    Inquiry,
    NotSent,
    Pace,
    Pending,
    Power,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
    WebhookUnreadableError,
)
from adapters.base import Final as FinalWord
from adapters.contract import Contract
from adapters.powers import AccountCheck, Prepared, Reply, Return, Transfer
from adapters.providers._mojaloop_answers import (
    code_in,
    id_at,
    member,
    parse_fate,
    refusal_in,
    told,
)
from adapters.providers._mojaloop_backend import Merchant, answer_to, commands_in
from adapters.providers._mojaloop_codes import MEANINGS, SDK_DOES_NOT_WAIT, UNKNOWN_PARTY
from adapters.providers._mojaloop_payouts import Payouts
from adapters.providers._mojaloop_requests import (
    build_request_to_pay,
    build_transfer,
    msisdn,
    parse_request_to_pay,
)
from adapters.providers._mojaloop_settings import MojaloopSettings
from adapters.refusals import Refusal
from adapters.transcript import MASK, Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand
from ledger.evidence import Word

_ID_IN_PATH: Final = re.compile(r"/(transfers|requestToPay)/[^/\s?]+", re.ASCII)
"""Where an id stands with which whoever reaches the SDK could accept or refuse."""


Settings = MojaloopSettings


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
    reaches: ClassVar[frozenset[str]] = frozenset()
    reaches_more: ClassVar[bool] = True
    can_refund_in_part = True

    def __init__(self, settings: MojaloopSettings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
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
            personal_keys={"dateOfBirth", "firstName", "middleName", "lastName", "note"}
            | {"partyIdentifier", "idValue"},
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        self._root = settings.base_url
        self._payouts = Payouts(
            self._transport,
            settings.base_url,
            excess_minor_max=settings.excess_minor_max,
            settle_seconds=settings.settle_seconds,
        )

    def reference_for(self, payment_id: str, number: int) -> str:
        """Name a submission: it is our own text, which the SDK keeps and gives back."""
        return f"{payment_id}.{number}"

    async def prepare(
        self, order: Charge | Transfer | Return, reference: str
    ) -> Prepared | Declined | NotSent:
        """Look the other party up; for money that goes out, get a quote too."""
        if not self._settings.sdk_waits:
            reason = "set CAURI_MOJALOOP_SDK_WAITS once the SDK waits for every acceptance"
            return Declined(code=SDK_DOES_NOT_WAIT, reason=reason, is_technical=True)
        if not isinstance(order, Charge):
            note = order.description or order.payment_id
            if isinstance(order, Return):
                original = order.original
                note = f"Refund of {original.provider_transaction_id or original.payment_id}"
            request = build_transfer(reference, order.money, order.phone, note, self._merchant)
            return await self._payouts.prepare(request, order.money, msisdn(order.phone))
        try:
            answer = await self._transport.call(
                "POST",
                f"{self._root}/requestToPay",
                json=build_request_to_pay(order, reference, self._merchant),
                is_safe_to_repeat=False,
            )
        except TransportError as error:
            return NotSent(error.reason)
        request_id = id_at(object_in(answer.body), "transactionRequestId")
        if answer.status == 200 and request_id is not None:
            return Prepared(handle={"transaction_request_id": request_id})
        return refusal_in(answer)

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Let the payer be asked."""
        request_id = id_at(charge.handle, "transaction_request_id")
        if request_id is None:
            return NotSent("nothing was prepared")
        try:
            answer = await self._accept(request_id)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        outcome = parse_request_to_pay(answer)
        if isinstance(outcome, Unknown):
            return outcome
        if isinstance(outcome, FinalWord):
            return Declined(code=str(outcome.code), reason=told(answer), is_technical=False)
        return Accepted(handle=charge.handle)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what the payer's provider has said of a request; the same again is the question.

        Only a refusal, and a transfer that has the name which the payer's provider gave in
        advance, can be found out so; everything else is told by the scheme alone.
        """
        if handle is None:
            return NotSent("it was never prepared, and nobody was asked to pay")
        request_id = id_at(handle, "transaction_request_id")
        if request_id is None:
            return Unknown("the kept handle is of something else")
        try:
            outcome = parse_request_to_pay(await self._accept(request_id))
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

    async def _accept(self, request_id: str) -> Answer:
        return await self._transport.call(
            "PUT",
            f"{self._root}/requestToPay/{request_id}",
            json={"acceptParty": True},
            is_safe_to_repeat=False,
        )

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Accept the quote that was prepared."""
        return await self._payouts.pay(transfer.handle)

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payout."""
        return await self._payouts.ask(handle)

    async def refund(self, wanted: Return, reference: str) -> Submission:
        """Accept the quote of a transfer back to who paid; the scheme has no other refund."""
        return await self._payouts.pay(wanted.handle)

    async def inquire_refund(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a refund."""
        return await self._payouts.ask(handle)

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

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove numbers, names, and ids with which a transfer could be accepted or refused."""
        return _ID_IN_PATH.sub(
            rf"/\1/{MASK}", self._scrubber(transcript, keeps_persons=keeps_persons)
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()


ADAPTER = MojaloopAdapter
