"""The provider port: what an adapter is, what it is given, and what it may answer.

An adapter translates; it never decides and never appends events. It answers every call with an
*outcome*, and turns a stored webhook into commands. Facts about the provider are class attributes;
a capability that is absent is absent from `capabilities`, not a method that raises.

Why outcomes instead of exceptions: "no answer" is the most important thing a provider can tell us,
and it must be impossible to confuse it with a refusal. Only these values leave an adapter:

    Accepted   the provider has the reference; its final word comes later
    Declined   it refused before accepting: no money moved and none will under this reference
    NotSent    it certainly does not have the reference: submitting again cannot charge twice
    Unknown    it may or may not have it: ask, never send blindly
    Pending    (asked) it has the reference and no final word yet
    NotFound   (asked) it does not know the reference
    Unaskable  (asked) it answers no such question: only the same submission again tells
    Final      its final word
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from adapters.contract import Contract, contract_in
from adapters.refusals import Refusal
from ledger.commands import PaymentCommand
from ledger.evidence import Word
from ledger.money import Money

Power = Literal["collection", "payout", "refund"]
"""What moves money."""

Capability = Literal[
    "collection", "payout", "refund", "balance", "account_check", "one_time_code", "confirmation"
]
"""What a provider can do: everything but collections is in `adapters.powers`.

`one_time_code`: a charge may bring the code the payer was given beforehand. `confirmation`: the
provider may ask for the payer's code once it has the charge.
"""

WebhookProof = Literal["nothing", "token", "secret", "signature", "no_webhooks"]
"""How a provider's webhooks prove where they come from: not at all; by a token it gave for the one
payment; by a secret in a header; by a signature; or there are none, and what comes is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What an adapter is told about a payment it shall collect. Holds the clear number: never log.

    `callback_url` already names payment and reference in its path:
    `<public>/webhooks/<provider>/<payment_id>/<reference>`.
    """

    payment_id: str
    money: Money
    phone: str = field(repr=False)
    """E.164 with `+`."""
    country: str
    description: str
    callback_url: str | None
    return_url: str | None = None
    cancel_url: str | None = None
    language: Literal["fr", "en"] = "fr"
    handle: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What `adapters.powers.Prepares` gave for this reference; durable before the call."""
    one_time_code: str | None = field(default=None, repr=False)
    """The code the payer was given beforehand; only for who has that capability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has the reference.

    `handle` is what the provider wants back when asked (kept sealed); `redirect_url`, where
    present, is where the payer must go, and is kept inside the handle under `redirect_url`;
    `webhook_token` is the token its webhooks will present (only its keyed hash is kept).
    """

    handle: Mapping[str, str] = field(default_factory=dict, repr=False)
    webhook_token: str | None = field(default=None, repr=False)
    awaits_code: bool = False
    """Whether it goes on only with the payer's one-time code (`adapters.powers.Confirms`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Refused before acceptance. `is_technical`: another provider might still take it."""

    code: str
    reason: str
    is_technical: bool = False


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not taken; safe to submit again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No usable answer; ask about the reference."""

    reason: str
    again_seconds: float | None = None
    """Of a question that was not asked, for it had no turn: how soon it has one."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Asked: no final word yet. `awaits_code`: as in `Accepted`."""

    detail: str = ""
    awaits_code: bool = False


@dataclass(frozen=True, slots=True)
class NotFound:
    """Asked: the provider does not know the reference."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unaskable:
    """Asked: this provider answers no question about such a reference.

    Where the same reference again cannot move money twice (`idempotent_powers`), repeating the
    submission is the question; where it can, the payment stays open until a webhook speaks.
    """

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The provider's final word, in its own rendering of amount, currency, code and reason."""

    word: Word
    amount: str | None = None
    currency: str | None = None
    provider_transaction_id: str | None = None
    code: str | None = None
    reason: str | None = None
    occurred_at: datetime | None = None  # when the money moved, by its own clock, in UTC


Submission = Accepted | Declined | NotSent | Unknown | Final
Inquiry = Pending | NotFound | Final | NotSent | Unknown | Unaskable


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """A provider's call as it came. `path` is what follows `/webhooks/<provider>/`.

    Bytes of a header that are no UTF-8 are surrogate escapes; see `adapters.kept_call`.
    """

    method: str
    path: tuple[str, ...]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def payment_id(self) -> str | None:
        """The payment our callback URL named; the caller may have made it up."""
        return self.path[0] if self.path else None

    @property
    def reference(self) -> str | None:
        """The reference our callback URL named."""
        return self.path[1] if len(self.path) > 1 else None


Verdict = Literal["authenticated", "unsigned", "refused"]
"""authenticated: it proved itself. unsigned: this provider cannot prove anything; makes us ask.
refused: it had to prove itself and did not: answered 401, kept nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a provider wants to be called; limits of the provider or, where silent, ours."""

    call_timeout_seconds: float
    concurrency_max: int
    calls_per_second_max: float
    inquiry_first_seconds: float
    inquiry_factor: float
    inquiry_seconds_max: float
    retry_first_seconds: float = 5.0
    retry_seconds_max: float = 900.0
    inquiries_per_second_max: float | None = None
    """A narrower limit on inquiries alone; None where there is none."""
    doubt_seconds: float = 10.0
    """When to ask first about a submission that brought no usable answer."""

    def queue_seconds_max(self, *, is_inquiry: bool = False) -> float:
        """How long a call may wait for its turn before it counts as not sent.

        An inquiry waits as long as it takes to let one from every worker through.
        """
        rate = self.inquiries_per_second_max if is_inquiry else None
        queue_seconds = 0.0 if rate is None else self.concurrency_max / rate
        return self.call_timeout_seconds / 2 + queue_seconds

    def inquiry_delay_seconds(self, inquiries: int) -> float:
        """How long to wait before asking again after that many fruitless inquiries."""
        delay = self.inquiry_first_seconds * self.inquiry_factor ** min(inquiries, 64)
        return float(min(delay, self.inquiry_seconds_max))

    def retry_delay_seconds(self, attempts: int) -> float:
        """How long to wait before submitting again after that many submissions."""
        delay = self.retry_first_seconds * 2.0 ** min(attempts, 20)
        return float(min(delay, self.retry_seconds_max))


ADDRESS_PATTERN = r"^(https://|http://(localhost|127\.0\.0\.1|\[::1\])(:|/|$)).*[^/]$"
"""https, or this machine; no slash at its end."""


class ProviderSettings(BaseModel):
    """What every provider's `Settings` have; a provider adds its own and sets its own defaults.

    Each field is `CAURI_<PROVIDER>_<FIELD>` in the environment; its description is the reference.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = Field(
        pattern=ADDRESS_PATTERN,
        description="The provider's address without a slash at its end; https, or this machine.",
    )
    call_timeout_seconds: float = Field(
        default=20.0, gt=0, le=120, description="How long one call may take."
    )
    concurrency_max: int = Field(
        default=32, ge=1, le=1000, description="How many calls may be under way at once."
    )
    calls_per_second_max: float = Field(
        default=50.0, gt=0, description="How many calls may begin within a second."
    )
    inquiries_per_second_max: float | None = Field(
        default=None, gt=0, description="How many of them may be inquiries, where that is fewer."
    )
    inquiry_first_seconds: float = Field(
        default=30.0, gt=0, description="When an accepted payment is asked about first."
    )
    inquiry_factor: float = Field(
        default=1.5, ge=1, le=10, description="How much longer each following wait is."
    )
    inquiry_seconds_max: float = Field(
        default=3600.0, gt=0, description="The longest wait between two inquiries."
    )
    retry_first_seconds: float = Field(
        default=5.0, gt=0, description="When what was not sent is submitted again; then doubled."
    )
    retry_seconds_max: float = Field(
        default=900.0, gt=0, description="The longest wait before submitting again."
    )
    doubt_seconds: float = Field(
        default=10.0, gt=0, description="When a submission without an answer is asked about first."
    )

    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = Field(
        default=(), description="The countries of the contract, `CI,SN`, where they are fewer."
    )
    currencies: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = Field(
        default=(), description="Its currencies, `XOF`; by default those of its countries."
    )

    @property
    def pace(self) -> Pace:
        """Return these limits as a value of their own."""
        return Pace(**{one.name: getattr(self, one.name) for one in fields(Pace)})

    def contract(self, served: Contract, told: Contract | None = None) -> Contract:
        """Return what of all that is `served` is covered; `told`: as other settings have it."""
        covered = told or served
        if self.countries:
            covered = contract_in(frozenset(self.countries), served)
        return Contract(covered.countries, frozenset(self.currencies) or covered.currencies)


@runtime_checkable
class Adapter(Protocol):
    """One provider. See `adapters/providers/` for one file each; the folder is the registry."""

    name: ClassVar[str]
    display_name: ClassVar[str]
    countries: ClassVar[frozenset[str]]
    currencies: ClassVar[frozenset[str]]
    capabilities: ClassVar[frozenset[Capability]]
    documentation_url: ClassVar[str]
    idempotent_powers: ClassVar[frozenset[Power]]
    """For which powers submitting the same reference twice cannot move money twice."""
    webhook_proof: ClassVar[WebhookProof]
    is_askable: ClassVar[bool]
    """Whether every reference can be asked about; where not, some wait for a webhook."""
    refusals: ClassVar[Mapping[str, Refusal]]
    """The provider's own codes, as they come, and what they mean in one vocabulary."""
    reaches: ClassVar[frozenset[str]]
    """Of an integrator: the operators behind it (`mtn-cm`); empty for an operator's own rail."""
    pace: Pace
    contract: Contract
    """What this deployment's account covers of the countries and currencies above."""

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the n-th reference (from 1) of a payment, in the form the provider wants."""

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Ask the provider to collect. Never raises for anything the provider or network does."""

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask about a reference. `handle` is what `Accepted` gave, None if no answer was seen.

        Of an adapter that prepares, `handle` is what was prepared unless `Accepted` gave another;
        None then says that nothing was prepared, so that nothing can have been sent.

        An inquiry that brought no answer, or could not be sent itself, is `Unknown`; `NotSent`
        says about the *reference* that it can never be charged, and may be submitted anew. Never
        raises for anything the provider or network does.
        """

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Judge a call.

        Args:
            call: as it came.
            is_token: compares a presented token, in constant time, with the one the provider gave
                for this payment; None where the payment has none (yet).
            now: the present time, for signatures that carry their own.
        """

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a stored call into commands; pure.

        Raises:
            WebhookUnreadableError: the body is not what this provider sends.
        """

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove every secret and, unless `keeps_persons`, every clear number; see `Scrub`."""

    async def close(self) -> None:
        """Let go of connections."""


class WebhookUnreadableError(Exception):
    """A stored call that cannot be understood; it becomes an orphan, with this reason."""


@dataclass(frozen=True, slots=True)
class Due:
    """One leased piece of work. `stream_id` is a payment id or a webhook id."""

    kind: str
    """What is to be done: `submit`, `inquire`, ...; each has its worker."""
    stream_id: str
    provider: str
    due_at: datetime
    position: int
    """The log position of the event that made it due: its causation."""


class Worklist(Protocol):
    """What is due, as the reactors see it; implemented by the projection of that name."""

    async def lease(
        self,
        kind: str,
        provider: str | None,
        *,
        holder: str,
        limit: int,
        now: datetime,
        seconds: float,
    ) -> list[Due]:
        """Take up to `limit` due pieces nobody holds, for `seconds`.

        A lease is of the piece as it stood: once an event moves the piece on, the lease is void.
        """

    async def release(self, due: Due, *, holder: str) -> None:
        """Give a lease back: nothing was done, and anybody may do it at once."""

    async def hold(self, due: Due, *, holder: str, until: datetime) -> None:
        """Keep a lease until then: nothing was done, and nothing can be before."""

    async def next_due_at(self, kind: str, provider: str | None) -> datetime | None:
        """When the earliest unleased piece of that kind is or becomes due; None without one."""
