"""The shapes of HTTP: what is read from and written into bodies and query strings.

Requests are frozen, strict and closed to unknown fields; responses are the same models that the
OpenAPI document is made from, so it cannot promise something else. Amounts are decimal strings in
major units, times RFC 3339 in UTC, cursors are log positions.

None of these is an event or a row: `api.views` copies field by field, so that the log and the
tables may change without the API noticing.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticKnownError

from adapters.refusal_texts import Category
from adapters.refusals import Refusal
from ledger.identity import Kind
from ledger.payment import Status

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
OperatorCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,20}-[a-z]{2}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(min_length=1, max_length=12)]
Position = Annotated[int, Field(ge=0, le=2**62)]
ReturnUrl = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^https?://[^\s\x00-\x1f\"<>\\^`{|}]+$")
]

METADATA_PAIRS_MAX: Final = 20


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # At either end of the calendar an offset leads out of it.
        raise PydanticKnownError("datetime_object_invalid", {"error": "out of range"}) from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time with its offset, as the same time in UTC."""


class Request(BaseModel):
    """The base of what is read from bodies: closed and strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Query(BaseModel):
    """The base of what is read from query strings: closed, and texts become numbers and times."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Response(BaseModel):
    """The base of what is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Request):
    """Somebody with a mobile money account."""

    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="The number, international (+237...) or national.",
        examples=["+237650000001"],
    )
    country: Country | None = Field(
        default=None,
        description="ISO 3166 country of a national number; by default the merchant's.",
    )


Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=40)],
        Annotated[str, StringConstraints(max_length=200)],
    ],
    Field(max_length=METADATA_PAIRS_MAX),
]

Amount = Annotated[str, StringConstraints(min_length=1, max_length=32)]


class MoneyRequest(Request):
    """What every request has that moves money between the merchant and somebody."""

    kind: ClassVar[Kind]
    side: ClassVar[Literal["payer", "payee"]]
    """The field that names the other one."""

    amount: Amount = Field(
        description="A decimal string in major units, never a number.", examples=["1500"]
    )
    currency: Currency = Field(description="ISO 4217.", examples=["XAF"])
    provider: Name | None = Field(
        default=None,
        description="The provider to use; by default guessed from the number.",
        examples=["mtn"],
    )
    operator: OperatorCode | None = Field(
        default=None,
        description="The operator, where the number was ported and you know it.",
    )
    description: Annotated[str, StringConstraints(max_length=160)] | None = Field(
        default=None, description="What the other one may see; some providers cut it short."
    )
    metadata: Metadata | None = Field(
        default=None, description="Your own pairs; sealed, and given back when you look."
    )
    language: Literal["fr", "en"] | None = Field(
        default=None, description="The language of hosted pages and messages."
    )

    @property
    def person(self) -> Person:
        """Who is at the other end."""
        person: Person = getattr(self, self.side)
        return person


class PaymentRequest(MoneyRequest):
    """Take an amount from a payer's mobile money."""

    kind: ClassVar[Kind] = "collection"
    side: ClassVar[Literal["payer", "payee"]] = "payer"

    payer: Person
    return_url: ReturnUrl | None = Field(
        default=None, description="Where a hosted page sends the payer afterwards."
    )
    cancel_url: ReturnUrl | None = Field(
        default=None, description="Where a hosted page sends a payer who gives up."
    )


class PayoutRequest(MoneyRequest):
    """Pay an amount into somebody's mobile money."""

    kind: ClassVar[Kind] = "payout"
    side: ClassVar[Literal["payer", "payee"]] = "payee"

    payee: Person


class RefundRequest(Request):
    """Give a payment back, whole or in part."""

    amount: Amount | None = Field(
        default=None,
        description="A decimal string in major units; by default all that is left.",
        examples=["500"],
    )
    reason: Annotated[str, StringConstraints(max_length=160)] | None = Field(
        default=None, description="What the payer may see; some providers cut it short."
    )
    allow_payout: bool = Field(
        default=False,
        description="Whether the payer may be paid by a payout where the provider cannot refund; "
        "it costs what a payout costs.",
    )
    metadata: Metadata | None = Field(
        default=None, description="Your own pairs; sealed, and given back when you look."
    )


class PaymentReceipt(Response):
    """The answer to a request that moves money; a repeat of it is answered with the same."""

    id: str
    kind: Kind
    refund_of: str | None = Field(description="Of a refund: the payment that is given back.")
    power: Kind = Field(description="What the provider is asked to do.")
    status: Literal["requested"]
    amount: str
    currency: str
    merchant_id: str
    provider: str
    operator: str | None
    country: str
    route_reason: str = Field(description="Why this provider was chosen.")
    created_at: datetime
    expires_at: datetime = Field(description="When it is given up if no provider can be reached.")
    position: Position = Field(description="The position of `payment.requested` in the log.")


class AttemptOut(Response):
    """One submission to a provider."""

    number: int
    provider: str
    reference: str
    is_accepted: bool


class CandidateOut(Response):
    """One provider of a route plan."""

    provider: str
    reason: str = Field(description="Why it stands there.")


class EvidenceOut(Response):
    """One trusted outside word about the payment, as the provider said it."""

    source: Literal["webhook", "poll", "statement", "operator"]
    provider: str
    reference: str
    word: Literal["succeeded", "failed", "expired"]
    amount: str | None
    currency: str | None
    provider_transaction_id: str | None
    code: str | None
    reason: str | None


class RefusalOut(Response):
    """Why money did not move, in one vocabulary for all providers."""

    refusal: Refusal = Field(description="One word for programs.")
    category: Category = Field(description="Of the GSMA Mobile Money API 1.2.")
    gsma_code: str = Field(description="The nearest error code of that interface.")
    may_retry: bool = Field(description="Whether the same payment may go through a little later.")
    for_payer: str = Field(description="May be shown to whoever has the number, as it is.")
    for_merchant: str
    next_step: str = Field(description="What you can do about it.")


class PaymentOut(Response):
    """A payment as its events say, now or as of a position or time."""

    id: str
    kind: Kind
    status: Status
    is_final: bool = Field(description="Whether nothing more is asked or sent by itself.")
    reason: str | None = Field(description="Why it stands where it stands.")
    code: str | None = Field(description="The provider's own code, verbatim.")
    refusal: RefusalOut | None = Field(
        description="What the code means, where no money moved; null where no code says why. Its "
        "texts are in French or English, by `Accept-Language`."
    )
    amount: str
    currency: str
    merchant_id: str
    provider: str = Field(description="Where it was last submitted, or is to be.")
    operator: str | None
    country: str
    route_reason: str
    description: str | None = Field(description="As you sent it; null for other roles.")
    metadata: dict[str, str] | None = Field(description="As you sent it; null for other roles.")
    provider_transaction_id: str | None
    redirect_url: str | None = Field(description="Where the payer must go, while it is pending.")
    refund_of: str | None = Field(description="Of a refund: the payment that is given back.")
    refunded: str = Field(description="Of a payment: how much of it was given back.")
    refundable: str = Field(description="Of a payment: how much may still be asked back.")
    plan: list[CandidateOut] = Field(
        description="Where it may go, best first, if it certainly did not get to the one before."
    )
    next_inquiry_at: datetime | None = Field(description="When the provider is asked next.")
    inquiries: int
    attempts: list[AttemptOut]
    evidence: list[EvidenceOut]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    position: Position = Field(description="The position of its last event in the log.")
    version: int = Field(description="How many events it has.")


class PaymentSummary(Response):
    """A payment, payout or refund in a list."""

    id: str
    kind: Kind
    refund_of: str | None
    refunded: str
    status: Status
    reason: str | None
    amount: str
    currency: str
    merchant_id: str
    provider: str
    operator: str | None
    country: str
    created_at: datetime
    final_at: datetime | None
    position: Position


class PaymentPage(Response):
    """Payments, newest first."""

    position: Position = Field(description="The log position this list stands at.")
    payments: list[PaymentSummary]
    next_after: Position | None = Field(
        description="Send as `after` for the next page; null on the last one."
    )


class EventOut(Response):
    """One event of a payment, with what proves it."""

    id: str
    position: Position
    stream: str
    version: int
    type: str
    schema_version: int
    recorded_at: datetime
    correlation_id: str
    causation_id: str
    actor: str
    data: dict[str, Any]
    entry_hash: str = Field(description="RFC 6962 leaf hash of the stored entry, hex.")


class EventPage(Response):
    """A payment's whole audit trail, in order."""

    payment_id: str
    position: Position
    events: list[EventOut]


class AsOfQuery(Query):
    """When to look from."""

    as_of: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None, description="A log position, or an RFC 3339 time."
    )


class PaymentQuery(AsOfQuery):
    """How to look at one payment."""

    particulars: bool = Field(
        default=True,
        description="Whether to open what was sealed with it: description and metadata. The "
        "merchant, operators and admins may.",
    )


class PaymentsQuery(Query):
    """Which payments."""

    status: Status | None = None
    provider: Name | None = None
    merchant_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="Only for keys that see every merchant."
    )
    phone: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, description="A payer's number; it is searched by its keyed hash."
    )
    created_from: Moment | None = None
    created_to: Moment | None = None
    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    min_position: Position | None = Field(
        default=None, description="Wait until the list has reached this position (bounded)."
    )


class NoQuery(Query):
    """No parameter is taken."""


class AnyQuery(BaseModel):
    """Whatever a provider may append is taken and not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")
