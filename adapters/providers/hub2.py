"""HUB2: one aggregator for several operators of West and Central Africa.

Sources: HUB2's own pages (docs.hub2.io: payments, transfers, balances, webhooks, failure causes,
error management, limits, policies; API reference 2.149.1) and, where they are silent, published
integrations that ran against it. What only these say is a setting here, or read tolerantly.

A collection takes two calls: an *intent* says what is to be paid and is answered with a token; an
*attempt*, which that token allows and no key, asks the payer. A payout takes one: a *transfer*.
What the answers mean for the money is in `adapters.providers._hub2_answers`.

There is no idempotency key, and whether a reference may be used twice is not written: nothing is
ever submitted again under the same one. A reference whose answer was missed is asked about by the
lists, which take one question in 30 seconds for the whole account; one of known id by that id. The
lists begin at the first of the present month unless told otherwise, so they always are: a payment
of the last minute of a month would be unknown a minute later, and be made anew.

How a payer confirms depends on the operator: a prompt on the handset; a page, kept under
`redirect_url` if the answer to the attempt has it; or a code that the operator gives the payer
(Orange). A code the payer has already goes with the attempt; else the payment awaits it, and it is
handed over with the intent's token. Where Orange offers its page, the setting `workflow` asks for
that.

Webhooks are signed over their bytes, without a time, so an old one may be sent again by anybody who
has seen it: it then says once more what is known, about the reference it names, which changes
nothing. Subscribe to `payment_intent.*` and `transfer.*`: the events of a single payment name no
reference. HUB2 has no refunds.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import urlencode

from adapters.answer import Answer, NotSentError, TransportError
from adapters.base import (
    Capability,
    Charge,
    Declined,
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
from adapters.base import Final as FinalWord
from adapters.contract import Contract
from adapters.directory import codes_of
from adapters.pages import PayerWay
from adapters.powers import Balance, CodeRefused, Taken, Transfer
from adapters.providers._hub2_answers import (
    Opened,
    answered_at,
    is_signed,
    parse_attempt,
    parse_balances,
    parse_confirmation,
    parse_intent,
    parse_list,
    parse_one,
    parse_transfer,
    parse_webhook,
)
from adapters.providers._hub2_records import REFUSALS, Asked, own_id, read_intent, read_transfer
from adapters.providers._hub2_requests import (
    OPERATORS,
    build_attempt,
    build_confirmation,
    build_intent,
    build_transfer,
    operator_of,
    payer_way,
)
from adapters.providers._hub2_settings import Settings
from adapters.refusals import Refusal
from adapters.transcript import Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand

__all__ = ["ADAPTER", "Hub2Adapter", "Settings"]

LISTED_FROM: Final = "2020-01-01T00:00:00.000Z"
"""Before anything of ours: without it a list begins at the first of the month."""

_IDS: Final = re.compile(r"\b(pi|tr)_[A-Za-z0-9_-]{4,}")
"""What a handle holds; it is kept sealed, so it is shown nowhere else."""


class Hub2Adapter:
    """HUB2, one merchant account."""

    name: ClassVar[str] = "hub2"
    display_name: ClassVar[str] = "HUB2"
    countries: ClassVar[frozenset[str]] = frozenset(
        {"BF", "BJ", "CI", "CM", "GN", "ML", "SN", "TG"}
    )
    currencies: ClassVar[frozenset[str]] = frozenset({"GNF", "XAF", "XOF"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"balance", "collection", "confirmation", "one_time_code", "payout"}
    )
    documentation_url: ClassVar[str] = "https://docs.hub2.io"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "signature"
    is_askable: ClassVar[bool] = True
    finds_by_reference: ClassVar[frozenset[Power]] = frozenset({"collection", "payout"})
    reaches: ClassVar[frozenset[str]] = codes_of(countries, OPERATORS)
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        served = Contract(self.countries, self.currencies)
        # Whoever has not said the currency of the account may have any.
        is_said = "currency" in settings.model_fields_set
        account = Contract(self.countries, frozenset({settings.currency})) if is_said else None
        self.contract = settings.contract(served, account)
        self._settings = settings
        key = settings.api_key.get_secret_value()
        hooks = settings.webhook_secret
        told = "" if hooks is None else hooks.get_secret_value()
        self._hook_secrets = tuple(one.strip() for one in told.split(",") if one.strip())
        self._open_headers = {
            "Environment": settings.environment,
            "x-use-standardized-error": "true",
        }
        self._headers = self._open_headers | {"ApiKey": key, "MerchantId": settings.merchant_id}
        self._scrubber = Scrubber(
            secret_keys={"token", "msisdn", "number", "otp", "confirmationCode", "url", "secret"}
            | {"onSuccessRedirectionUrl", "onFailedRedirectionUrl"},
            kept_keys={"amount", "id", "request_id", "purchaseReference", "reference"},
            secrets=(key, settings.merchant_id, *self._hook_secrets),
            personal_keys={"msisdn", "number"},
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        self._lists_free_at: dict[str, float] = {}
        """When the next question by reference may be asked, by the loop's clock."""

    def reference_for(self, payment_id: str, number: int) -> str:
        """Name a submission: webhooks come to one address, so the id must stand in the name."""
        return f"{payment_id}-{number}"

    def payer_way(self, operator_code: str) -> PayerWay:
        """Say by what an operator's customer confirms, as the account is set up."""
        settings = self._settings
        return payer_way(operator_code, operator=settings.operator, workflow=settings.workflow)

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Open an intent and attempt its payment; see `_hub2_answers` for what answers mean."""
        settings = self._settings
        operator = settings.operator or operator_of(charge.phone)
        if operator is None:
            return not_served()
        name = settings.business_name
        try:
            answer = await self._send("payment-intents", build_intent(charge, reference, name))
        except TransportError as error:
            return NotSent(error.reason)
        opened = parse_intent(answer)
        if not isinstance(opened, Opened):
            return opened
        path = f"payment-intents/{opened.intent_id}/payments"
        path += "/sync" if settings.is_synchronous else ""
        form, workflow = settings.msisdn_form, settings.workflow
        body = build_attempt(charge, opened.token, operator, form=form, workflow=workflow)
        try:
            answer = await self._send(path, body, headers=self._open_headers)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_attempt(answer, opened, self._asked(reference, answer))

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask about an intent, by its id where that is known."""
        intent_id = own_id((handle or {}).get("intent_id"), "pi")
        named = {"purchaseReference": reference, "from": LISTED_FROM}
        return await self._inquire("payment-intents", intent_id, named, reference)

    async def confirm(
        self, reference: str, handle: Mapping[str, str] | None, one_time_code: str
    ) -> Taken | CodeRefused | NotSent | Unknown | FinalWord:
        """Hand over the code of a payment that asks for one; see `_hub2_answers`."""
        intent_id = own_id((handle or {}).get("intent_id"), "pi")
        token = (handle or {}).get("token")
        if intent_id is None or not token:
            return NotSent("the intent's token was in an answer that was never read")
        path, body = f"payment-intents/{intent_id}/authentication", (token, one_time_code)
        try:
            answer = await self._send(path, build_confirmation(*body), headers=self._open_headers)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_confirmation(answer, self._asked(reference, answer), intent_id)

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Send a transfer; see `_hub2_answers` for what the answers mean."""
        settings = self._settings
        operator = settings.operator or operator_of(transfer.phone)
        if operator is None:
            return not_served()
        body = build_transfer(
            transfer,
            reference,
            operator,
            form=settings.msisdn_form,
            recipient_name=settings.recipient_name,
            business_name=settings.business_name,
        )
        try:
            answer = await self._send("transfers", body)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_transfer(answer, self._asked(reference, answer))

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask about a transfer, by its id where that is known."""
        transfer_id = own_id((handle or {}).get("transfer_id"), "tr")
        named = {"reference": reference, "from": LISTED_FROM}
        return await self._inquire("transfers", transfer_id, named, reference)

    async def balances(self) -> Sequence[Balance] | Unknown:
        """Ask what is available in the account of collections and in that of transfers."""
        try:
            return parse_balances(await self._get(f"balance?currency={self._settings.currency}"))
        except TransportError as error:
            return Unknown(error.reason)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a webhook by its signature; without a secret of ours nothing can be proved."""
        if not self._hook_secrets:
            return "unsigned"
        is_own = is_signed(call.headers, call.body, self._hook_secrets)
        return "authenticated" if is_own else "refused"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a webhook into evidence, or into a reason to ask."""
        environment = self._settings.environment
        return [parse_webhook(call, verdict, now, provider=self.name, environment=environment)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, tokens, numbers, HUB2's handles, and pages that act for the payer."""
        return _IDS.sub(r"\1_***", self._scrubber(transcript, keeps_persons=keeps_persons))

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    def _asked(self, reference: str, answer: Answer) -> Asked:
        return Asked(reference, self._settings.environment, answered_at(answer))

    async def _send(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return await self._transport.call(
            "POST",
            f"{self._settings.base_url}/{path}",
            self._headers if headers is None else headers,
            json=body,
            is_safe_to_repeat=False,
        )

    async def _get(self, path: str) -> Answer:
        return await self._transport.call(
            "GET",
            f"{self._settings.base_url}/{path}",
            self._headers,
            is_safe_to_repeat=True,
            is_inquiry=True,
        )

    async def _inquire(
        self, kind: str, known_id: str | None, named: Mapping[str, str], reference: str
    ) -> Inquiry:
        read = read_transfer if kind == "transfers" else read_intent
        try:
            if known_id is not None:
                answer = await self._get(f"{kind}/{known_id}")
                return parse_one(answer, read, self._asked(reference, answer))
            now = asyncio.get_running_loop().time()
            if (again_seconds := self._lists_free_at.get(kind, now) - now) > 0:
                reason = "HUB2 was asked about another reference a moment ago"
                return Unknown(reason, again_seconds)
            self._lists_free_at[kind] = now + self._settings.list_seconds
            answer = await self._get(f"{kind}?{urlencode(named)}")
            return parse_list(answer, read, self._asked(reference, answer))
        except TransportError as error:
            return Unknown(error.reason)


ADAPTER = Hub2Adapter


def not_served() -> Declined:
    """Refuse a number before anybody is called."""
    reason = "the number's range belongs to no operator that is reached through HUB2"
    return Declined(code="OPERATOR_NOT_SERVED", reason=reason, is_technical=True)
