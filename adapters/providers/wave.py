"""Wave: the payer confirms in Wave's app, which a page opens; payouts, refunds and checks beside.

Sources: docs.wave.com (checkout, payout, webhook, business; version 2024-03-29) as published copies
quote it; a third party's JSON schemas of the same; published integrations for the signature, which
is made over the time and the raw body with nothing between them. Wave has no sandbox of its own.

One key is one wallet in one country. What the answers mean for the money is in
`adapters.providers._wave_answers`; here is only what we ask.

A reference is `<payment id>-<number>`. It is the `client_reference` of everything: sessions and
payouts can be searched by it, and a webhook (whose address is registered at Wave's portal) names
our payment by it. For a payout it is the `Idempotency-Key` too.

Why an unanswered checkout is *not sent*: money can only move through the page, and its address was
in the answer nobody read. Asked about without a page, we search all the same: if such a session was
paid after all, that is the final word.

Why an unanswered payout is *unknown* and then asked about by its reference: Wave says that even a
500 may have paid. Under the same key it never pays twice, so what it does not know is sent again.

A refund is of the whole session, and nobody can be asked about it; but the same session is never
given back twice, so the same refund may be sent again until Wave answers.

Why neither is repeated within one call, which could not pay twice: the refusal of a repeat says
nothing about the first, whose answer was lost, and would be taken for the end of both.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import quote

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
    Unaskable,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
)
from adapters.contract import Contract
from adapters.pages import home_of
from adapters.powers import AccountCheck, Balance, Return, Transfer
from adapters.providers._wave_answers import (
    REFUSALS,
    WAVE_ID,
    parse_balance,
    parse_checkout,
    parse_payout,
    parse_payout_state,
    parse_payouts,
    parse_recipient,
    parse_refund,
    parse_session,
    parse_sessions,
)
from adapters.providers._wave_requests import amount_of, build_checkout, build_payout
from adapters.providers._wave_webhooks import NAME, parse_webhook, verdict_of
from adapters.refusals import Refusal
from adapters.transcript import MASK, Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand

CURRENCY_OF: Final[Mapping[str, str]] = {
    "BF": "XOF",
    "CD": "CDF",
    "CI": "XOF",
    "CM": "XAF",
    "GM": "GMD",
    "GN": "GNF",
    "ML": "XOF",
    "NE": "XOF",
    "SL": "SLE",
    "SN": "XOF",
    "UG": "UGX",
}
"""Wave's countries and the currency of their wallets."""

SESSION_NAMED: Final = re.compile(r"\bcos-[A-Za-z0-9]+", re.ASCII)

CHECKED_AMOUNT: Final = "100"
"""The amount a recipient is checked for: Wave tells nothing about a number alone."""


class Settings(ProviderSettings):
    """What a deployment says about its Wave wallet; there is no trial account."""

    base_url: str = Field(
        default="https://api.wave.com",
        pattern=ADDRESS_PATTERN,
        description="Where the API is, for every country.",
    )
    api_key: SecretStr = Field(min_length=8, description="The wallet's API key.")
    webhook_secret: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="The signing secret of the webhook registered at Wave's portal as "
        "`<public address>/webhooks/wave/portal`. Without it every webhook is refused, and "
        "payments are followed by asking.",
    )
    signature_age_seconds_max: float = Field(
        default=300.0,
        gt=0,
        description="How old a signature may be to prove something; an older one makes us ask.",
    )
    return_url: str | None = Field(
        default=None,
        pattern=ADDRESS_PATTERN.replace(".*[^/]$", ".*$"),
        description="Where the app sends a payer back to, where a payment names no address. "
        "Defaults to the public address.",
    )
    is_payer_fixed: bool = Field(
        default=False,
        description="Whether only the number a payment names may pay it; else anybody may.",
    )


class WaveAdapter:
    """Wave, one wallet of one country."""

    name: ClassVar[str] = NAME
    display_name: ClassVar[str] = "Wave"
    countries: ClassVar[frozenset[str]] = frozenset(CURRENCY_OF)
    currencies: ClassVar[frozenset[str]] = frozenset(CURRENCY_OF.values())
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"collection", "payout", "refund", "balance", "account_check"}
    )
    documentation_url: ClassVar[str] = "https://docs.wave.com/business"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset({"payout", "refund"})
    webhook_proof: ClassVar[WebhookProof] = "signature"
    is_askable: ClassVar[bool] = True
    finds_by_reference: ClassVar[frozenset[Power]] = frozenset({"payout"})
    payer_opens_page: ClassVar[bool] = True
    reaches: ClassVar[frozenset[str]] = frozenset()
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS
    can_refund_in_part: bool = False

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        self._sessions = f"{settings.base_url}/v1/checkout/sessions"
        key = settings.api_key.get_secret_value()
        secret = settings.webhook_secret
        self._webhook_secret = None if secret is None else secret.get_secret_value()
        self._headers = {"Authorization": f"Bearer {key}"}
        self._scrubber = Scrubber(
            secret_keys={"wave_launch_url", "success_url", "error_url", "mobile", "name"}
            | {"restrict_payer_mobile", "national_id", "payment_reason"},
            kept_keys={"amount", "receive_amount", "fee", "id", "transaction_id"}
            | {"client_reference"},
            secrets=(key, self._webhook_secret or ""),
            personal_keys={"mobile", "name", "restrict_payer_mobile", "national_id"}
            | {"payment_reason"},
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the client_reference, from which the payment can be read again."""
        return f"{payment_id}-{number}"

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Open a session; see `_wave_answers` for what the answers mean."""
        home = self._settings.return_url or charge.return_url
        if home is None and charge.callback_url is not None:
            home = home_of(charge.callback_url)
        if home is None:
            reason = "Wave demands an address for the payer's return; set CAURI_WAVE_RETURN_URL"
            return Declined(code="RETURN_URL_MISSING", reason=reason, is_technical=True)
        try:
            answer = await self._transport.call(
                "POST",
                self._sessions,
                self._headers,
                json=build_checkout(
                    charge, reference, home, is_payer_fixed=self._settings.is_payer_fixed
                ),
                is_safe_to_repeat=False,
            )
        except TransportError as error:
            return NotSent(error.reason)
        return parse_checkout(answer)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a session; without its handle, search by the reference."""
        try:
            if handle is None:
                found = await self._ask(f"{self._sessions}/search?{_query(reference)}")
                return parse_sessions(found, reference)
            session_id = handle.get("id", "")
            if not WAVE_ID.fullmatch(session_id):
                return Unknown("the kept handle names no session")
            return parse_session(await self._ask(f"{self._sessions}/{session_id}"), reference)
        except TransportError as error:
            return Unknown(error.reason)

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Pay a person; the reference is the Idempotency-Key."""
        amount = amount_of(transfer.money)
        if not amount.isdecimal():
            reason = f"Wave pays out whole amounts only, not {transfer.money}"
            return Declined(code="AMOUNT_NOT_WHOLE", reason=reason, is_technical=True)
        try:
            answer = await self._transport.call(
                "POST",
                f"{self._settings.base_url}/v1/payout",
                self._headers | {"Idempotency-Key": reference},
                json=build_payout(transfer, reference, amount),
                is_safe_to_repeat=False,
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_payout(answer)

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payout, by its id or else by its reference."""
        root, payout_id = f"{self._settings.base_url}/v1", (handle or {}).get("id", "")
        try:
            if WAVE_ID.fullmatch(payout_id):
                return parse_payout_state(await self._ask(f"{root}/payout/{payout_id}"), reference)
            found = await self._ask(f"{root}/payouts/search?{_query(reference)}")
            return parse_payouts(found, reference)
        except TransportError as error:
            return Unknown(error.reason)

    async def refund(self, wanted: Return, reference: str) -> Submission:
        """Give a whole session back, named by its id or by the transaction that paid it."""
        if not wanted.is_whole:
            reason = "Wave gives back the whole of a payment only"
            return Declined(code="PARTIAL_REFUND", reason=reason, is_technical=True)
        session_id = wanted.original.handle.get("id", "")
        transaction_id = wanted.original.provider_transaction_id or ""
        if WAVE_ID.fullmatch(session_id):
            url = f"{self._sessions}/{session_id}/refund"
        elif WAVE_ID.fullmatch(transaction_id):
            url = f"{self._settings.base_url}/v1/transactions/{transaction_id}/refund"
        else:
            reason = "neither the session nor the transaction of the payment is known"
            return Declined(code="SESSION_UNKNOWN", reason=reason, is_technical=True)
        try:
            answer = await self._transport.call("POST", url, self._headers, is_safe_to_repeat=False)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_refund(answer)

    async def inquire_refund(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Say that Wave cannot be asked about a refund; the same refund may be sent again."""
        return Unaskable("Wave tells nothing of refunds; the same one again is made only once")

    async def balances(self) -> Sequence[Balance] | Unknown:
        """Ask what lies in the wallet."""
        try:
            return parse_balance(await self._ask(f"{self._settings.base_url}/v1/balance"))
        except TransportError as error:
            return Unknown(error.reason)

    async def check_account(self, phone: str, country: str) -> AccountCheck | Unknown:
        """Ask whether a number may receive a small amount."""
        currency = CURRENCY_OF.get(country)
        if currency is None:
            return Unknown(f"Wave is not in {country}")
        try:
            answer = await self._transport.call(
                "POST",
                # The slash at the end is Wave's own, as every published client writes it.
                f"{self._settings.base_url}/v1/verify_recipient/",
                self._headers,
                json={"mobile": phone, "amount": CHECKED_AMOUNT, "currency": currency},
                is_safe_to_repeat=True,
                is_inquiry=True,
            )
        except TransportError as error:
            return Unknown(error.reason)
        return parse_recipient(answer)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a webhook by its `Wave-Signature`."""
        age_seconds_max = self._settings.signature_age_seconds_max
        return verdict_of(call, self._webhook_secret, now, age_seconds_max=age_seconds_max)

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn an event into evidence, or into a reason to ask."""
        return [parse_webhook(call, verdict, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove the key, numbers, texts to people, and what opens a payer's page.

        A session's id is the page's address but for the host, so it goes everywhere.
        """
        return self._scrubber(SESSION_NAMED.sub(MASK, transcript), keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _ask(self, url: str) -> Answer:
        return await self._transport.call(
            "GET", url, self._headers, is_safe_to_repeat=True, is_inquiry=True
        )


ADAPTER = WaveAdapter


def _query(reference: str) -> str:
    return f"client_reference={quote(reference, safe='')}"
