"""KKiaPay: the payer confirms on KKiaPay's page, in whichever wallet; refunds beside.

Sources: KKiaPay's own kits for Node, PHP, Python's community, Flutter and Android and its WordPress
plugin (addresses, headers, the page's parameters, the names of statuses); its page about webhooks;
published receivers for what a webhook holds. No specification of its server is public.

What an answer means for the money:

    collection   nothing is asked of KKiaPay: the page's address is written here, and the page makes
                 the transaction when a payer pays; so it is accepted, or declined by ourselves
    webhook      success and failure, proved by its secret: the word
    refund       see `adapters.providers._kkiapay_answers`

The page is `<page_url>/?<base64 of JSON>`, as KKiaPay's kits for telephones open it. It carries our
reference, `<payment id>-<number>`, as `data` and as `partnerId`; the webhook (its address is
registered at the dashboard) brings back one of them or both.

Why it is not askable: KKiaPay answers only about its own transaction id, and nobody but its webhook
tells us that. The payer's browser brings one too when it returns, but any paid transaction of the
same amount would do there, and the answer about it names no payment of ours. So a payment whose
webhook was lost (KKiaPay tries six times within eight seconds) stays open until the statement.

A page can be edited by the payer: who pays less is found by the amount the webhook tells, and who
names another payment pays for that one.

Why a failure is final unless a setting says otherwise: the page lets a payer try again, but nobody
tells when the payer has given up. A success after a failure becomes a conflict, for a person.

A refund is of the whole transaction. Before it is reverted its status is asked: what is reverted
already is not reverted again, so the same refund may be sent again. What the question needs, the
transaction id, is kept with the intent (`adapters.powers.Prepares`).
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from pydantic import Field, SecretStr

from adapters.answer import NotSentError, TransportError
from adapters.base import (
    ADDRESS_PATTERN,
    Accepted,
    Capability,
    Charge,
    Declined,
    Inquiry,
    NotFound,
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
from adapters.pages import home_of, is_page
from adapters.powers import Prepared, Return, Transfer
from adapters.providers._kkiapay_answers import (
    NAME,
    REFUSALS,
    REFUSING,
    REVERTED,
    SUCCESS,
    State,
    given_back,
    parse_revert,
    parse_webhook,
    state_of,
    transaction_id_in,
    verdict_of,
)
from adapters.refusals import Refusal
from adapters.transcript import Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand

CURRENCY: Final = "XOF"

REASON_LENGTH_MAX: Final = 100
"""Ours: the page's address must stay one that browsers take."""


class Settings(ProviderSettings):
    """What a deployment says about its KKiaPay account; the defaults are KKiaPay's trial."""

    base_url: str = Field(
        default="https://api-sandbox.kkiapay.me",
        pattern=ADDRESS_PATTERN,
        description="Where the API is: `https://api.kkiapay.me` moves money.",
    )
    page_url: str = Field(
        default="https://widget-v3.kkiapay.me",
        pattern=ADDRESS_PATTERN,
        description="Where the payer's page is, for the trial and for money.",
    )
    is_trial: bool = Field(
        default=True, description="Whether the page is to move no money; must fit the keys."
    )
    public_key: SecretStr = Field(
        min_length=4, description="The account's public key; every payer's page shows it."
    )
    private_key: SecretStr = Field(min_length=4, description="The account's private key.")
    secret_key: SecretStr = Field(min_length=4, description="The account's secret.")
    webhook_secret: SecretStr = Field(
        min_length=8,
        description="The secret set at the dashboard beside the webhook's address, "
        "`<public address>/webhooks/kkiapay/portal`. Without webhooks no payment ends.",
    )
    retired_webhook_secret: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="The former one, which is believed too while it is being replaced.",
    )
    return_url: str | None = Field(
        default=None,
        pattern=ADDRESS_PATTERN.replace(".*[^/]$", ".*$"),
        description="Where the page sends a payer back to, where a payment names no address. "
        "Defaults to the public address.",
    )
    is_failure_final: bool = Field(
        default=True,
        description="Whether a failed attempt ends a payment. If not it stays open for another "
        "attempt on the same page, for ever if there is none.",
    )
    inquiry_first_seconds: float = Field(
        default=3600.0,
        gt=0,
        description="When an accepted payment is looked at first; KKiaPay cannot be asked.",
    )


PERSONAL_KEYS: Final = frozenset(
    {"account", "client", "email", "fullname", "name", "phone", "phoneNumber"}
)
"""Members of its bodies that tell who somebody is."""


class KkiapayAdapter:
    """KKiaPay, one account."""

    name: ClassVar[str] = NAME
    display_name: ClassVar[str] = "KKiaPay"
    countries: ClassVar[frozenset[str]] = frozenset({"BJ", "CI", "SN", "TG"})
    currencies: ClassVar[frozenset[str]] = frozenset({CURRENCY})
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"collection", "refund"})
    documentation_url: ClassVar[str] = "https://docs.kkiapay.me/v1"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset({"refund"})
    webhook_proof: ClassVar[WebhookProof] = "secret"
    is_askable: ClassVar[bool] = False
    payer_opens_page: ClassVar[bool] = True
    # KKiaPay's page of methods names MTN and Moov; who else is behind it is not written anywhere.
    reaches: ClassVar[frozenset[str]] = frozenset(
        {"moov-bj", "moov-ci", "moov-tg", "mtn-bj", "mtn-ci"}
    )
    reaches_more: ClassVar[bool] = True
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS
    can_refund_in_part: bool = False

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        keys = {
            "X-API-KEY": settings.public_key,
            "X-PRIVATE-KEY": settings.private_key,
            "X-SECRET-KEY": settings.secret_key,
        }
        self._headers = {name: one.get_secret_value() for name, one in keys.items()}
        proofs = (settings.webhook_secret, settings.retired_webhook_secret)
        self._webhook_secrets = tuple(one.get_secret_value() for one in proofs if one)
        self._scrubber = Scrubber(
            secret_keys=PERSONAL_KEYS,
            personal_keys=PERSONAL_KEYS,
            kept_keys={"amount", "fees", "net", "transactionId", "externalTransactionId"},
            secrets=(*self._headers.values(), *self._webhook_secrets),
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive what the page carries, from which the payment can be read again."""
        return f"{payment_id}-{number}"

    async def prepare(
        self, order: Charge | Transfer | Return, reference: str
    ) -> Prepared | Declined | NotSent:
        """Keep by which transaction a refund can be asked about; a payment needs nothing."""
        if not isinstance(order, Return):
            return Prepared()
        transaction_id = transaction_id_in(order.original.provider_transaction_id)
        if transaction_id is None:
            reason = "the transaction that was paid is not known, so KKiaPay cannot be told of it"
            return Declined(code="TRANSACTION_UNKNOWN", reason=reason, is_technical=True)
        return Prepared(handle={"transaction_id": transaction_id})

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Write the page's address; KKiaPay hears of it from the payer."""
        if charge.money.currency != CURRENCY:
            reason = f"KKiaPay takes {CURRENCY} only, not {charge.money}"
            return Declined(code="CURRENCY_NOT_TAKEN", reason=reason, is_technical=True)
        home = charge.return_url or self._settings.return_url
        if home is None and charge.callback_url is not None:
            home = home_of(charge.callback_url)
        if home is None:
            reason = "the page wants an address for the payer's return; set a return_url"
            return Declined(code="RETURN_URL_MISSING", reason=reason, is_technical=True)
        page = build_page(self._settings, charge, reference, home)
        if not is_page(page):
            reason = "the page's address, which holds all of the request, is too long"
            return Declined(code="PAGE_ADDRESS_TOO_LONG", reason=reason, is_technical=True)
        return Accepted(handle={"redirect_url": page})

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Say that KKiaPay cannot be asked; without a handle nobody ever got the page: not sent."""
        if handle is None:
            return NotSent("the page's address was given to nobody, so nobody can pay")
        return Unknown("KKiaPay can be asked by its transaction id only, and its webhook brings it")

    async def refund(self, wanted: Return, reference: str) -> Submission:
        """Revert a whole transaction, if it stands; see `_kkiapay_answers`."""
        if not wanted.is_whole:
            reason = "KKiaPay gives back the whole of a payment only"
            return Declined(code="PARTIAL_REFUND", reason=reason, is_technical=True)
        transaction_id = transaction_id_in(wanted.handle.get("transaction_id"))
        if transaction_id is None:
            reason = "no transaction was prepared to be given back"
            return Declined(code="TRANSACTION_UNKNOWN", reason=reason, is_technical=True)
        before = await self._state(transaction_id)
        if isinstance(before, Unknown):
            return NotSent(f"nothing was reverted: {before.reason}")
        if before.status == REVERTED:
            return given_back(before.amount)
        if before.status in REFUSING:
            reason = f"the transaction's status is {before.status}"
            return Declined(code=before.status, reason=reason, is_technical=True)
        if before.status != SUCCESS:
            return NotSent(f"nothing was reverted: the transaction's status is {before.status}")
        try:
            answer = await self._transport.call(
                "POST",
                f"{self._settings.base_url}/api/v1/transactions/revert",
                self._headers,
                json={"transactionId": transaction_id},
                is_safe_to_repeat=False,
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        outcome = parse_revert(answer, transaction_id)
        if isinstance(outcome, Declined):
            after = await self._state(transaction_id)
            if isinstance(after, Unknown) or after.status != SUCCESS:
                return Unknown(f"{outcome.reason}, and the transaction no longer stands")
        return outcome

    async def inquire_refund(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask for the status of the transaction that is to be given back."""
        transaction_id = transaction_id_in((handle or {}).get("transaction_id"))
        if transaction_id is None:
            return NotSent("no transaction was kept with it, so none was reverted")
        state = await self._state(transaction_id)
        if isinstance(state, Unknown):
            return state
        if state.status == REVERTED:
            return given_back(state.amount)
        if state.status == SUCCESS:
            return NotFound("the transaction stands, it was not reverted")
        return Unknown(f"the transaction's status is {state.status}")

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a webhook by its fixed secret."""
        return verdict_of(call, self._webhook_secrets)

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn an event into evidence, or into a reason to look."""
        is_final = self._settings.is_failure_final
        return [parse_webhook(call, verdict, now, is_failure_final=is_final)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove keys, numbers and names."""
        return self._scrubber(transcript, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _state(self, transaction_id: str) -> State | Unknown:
        try:
            answer = await self._transport.call(
                "POST",
                f"{self._settings.base_url}/api/v1/transactions/status",
                self._headers,
                json={"transactionId": transaction_id},
                is_safe_to_repeat=True,
                is_inquiry=True,
            )
        except TransportError as error:
            return Unknown(error.reason)
        return state_of(answer, transaction_id)


ADAPTER = KkiapayAdapter


def build_page(settings: Settings, charge: Charge, reference: str, home: str) -> str:
    """Write the address of the payer's page: everything the page needs stands in it."""
    asked = {
        "serviceId": "INTEGRATION",
        "key": settings.public_key.get_secret_value(),
        "sandbox": settings.is_trial,
        "amount": charge.money.amount_minor,
        "reason": " ".join(charge.description.split())[:REASON_LENGTH_MAX],
        "phoneNumber": charge.phone.removeprefix("+"),
        "countries": [charge.country],
        "paymentMethods": ["momo"],
        "callback": home,
        "data": reference,
        "partnerId": reference,
    }
    # Letters beyond ASCII are escaped: what decodes base64 in a browser knows bytes, not letters.
    packed = json.dumps(asked, ensure_ascii=True, separators=(",", ":")).encode()
    return f"{settings.page_url}/?{base64.b64encode(packed).decode()}"
