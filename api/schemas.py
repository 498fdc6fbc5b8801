"""The shapes of HTTP: what is read from and written into bodies and query strings.

Requests are frozen, strict and closed to unknown fields. Amounts are decimal strings in major
units, times RFC 3339 in UTC, cursors are log positions. What is answered is in `api.documents`.

None of these is an event or a row: `api.views` copies field by field, so that the log and the
tables may change without the API noticing.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

from api.points import begun
from api.settings_mail import MAILBOX, MAILBOX_CHARACTERS_MAX
from ledger.identity import Kind, Mode
from ledger.payment import Status

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
OperatorCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,20}-[a-z]{2}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(min_length=1, max_length=12)]
Position = Annotated[int, Field(ge=0, le=2**62)]
ReturnUrl = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^https?://[^\s\x00-\x1f\"<>\\^`{|}]+$")
]

MAILBOX_NAME_CHARACTERS_MAX: Final = 64
"""How long what stands before the `@` may be: RFC 5321, section 4.5.3.1.1."""

METADATA_PAIRS_MAX: Final = 20


def in_utc(moment: datetime) -> datetime:
    """The same time in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # At either end of the calendar an offset leads out of it.
        raise PydanticKnownError("datetime_object_invalid", {"error": "out of range"}) from None


def written_out(given: object) -> object:
    """Let only a text through that is a time of RFC 3339: a bare number is taken for seconds."""
    if isinstance(given, str) and _RFC_3339.fullmatch(given) is None:
        raise PydanticKnownError("datetime_parsing", {"error": "not as RFC 3339 writes it"})
    return given


_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
"""Seconds may be left out, and an offset is missed by name afterwards."""

Moment = Annotated[AwareDatetime, BeforeValidator(written_out), AfterValidator(in_utc)]
"""A time with its offset, as the same time in UTC."""


def _begun(given: object) -> object:
    """Take a day for its beginning in UTC; whatever else is read as a time."""
    return begun(given) if isinstance(given, str) else given


DayOrMoment = Annotated[
    Moment,
    BeforeValidator(_begun),
    WithJsonSchema({"anyOf": [{"type": "string", "format": one} for one in ("date-time", "date")]}),
]
"""A time, or a day for its beginning in UTC."""


def _with_short_name(address: str) -> str:
    if address.index("@") > MAILBOX_NAME_CHARACTERS_MAX:
        raise PydanticKnownError("string_pattern_mismatch", {"pattern": MAILBOX})
    return address


EmailAddress = Annotated[
    str,
    StringConstraints(max_length=MAILBOX_CHARACTERS_MAX, pattern=MAILBOX),
    AfterValidator(_with_short_name),
]


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


OneTimeCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,10}$")]


class Payer(Person):
    """Who pays."""

    one_time_code: OneTimeCode | None = Field(
        default=None,
        repr=False,
        examples=["482913"],
        description="A code that the payer's operator gave them for this payment beforehand "
        "(Orange in Senegal: by dialling `#144#391#`). It is never shown again.",
    )
    email: EmailAddress | None = Field(
        default=None,
        repr=False,
        examples=["aminata@example.com"],
        description="Where the payer is sent a receipt once the payment has succeeded, and a note "
        "of every refund.",
    )


class ConfirmationRequest(Request):
    """Hand in the code that the operator gave the payer."""

    one_time_code: OneTimeCode = Field(
        repr=False, description="Digits, as the payer reads them.", examples=["482913"]
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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "amount": "1500",
                    "currency": "XAF",
                    "payer": {"phone": "+237650000001"},
                    "description": "Two chickens",
                    "metadata": {"order": "1001"},
                    "language": "fr",
                }
            ]
        }
    )

    kind: ClassVar[Kind] = "collection"
    side: ClassVar[Literal["payer", "payee"]] = "payer"

    payer: Payer
    return_url: ReturnUrl | None = Field(
        default=None, description="Where a hosted page sends the payer afterwards."
    )
    cancel_url: ReturnUrl | None = Field(
        default=None, description="Where a hosted page sends a payer who gives up."
    )
    receipt_email: EmailAddress | None = Field(
        default=None,
        repr=False,
        examples=["caisse@example.com"],
        description="Where you are sent the same, in your own words; the payer never sees it.",
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


class PositionQuery(Query):
    """What the answer must have seen."""

    min_position: Position | None = Field(
        default=None,
        description="A `Cauri-Position` that the answer must have reached; waits for it (bounded).",
    )


class AsOfQuery(PositionQuery):
    """When to look from."""

    as_of: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None, description="A log position, an RFC 3339 time, or a day in UTC."
    )
    known_at: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None,
        description="What the log held by then: a position, an RFC 3339 time, or the beginning of "
        "a day in UTC. `as_of` is the same.",
    )


class PastQuery(AsOfQuery):
    """When to look from, and at which movements."""

    effective_from: DayOrMoment | None = Field(
        default=None, description="Only what moved then or later; a day begins at 00:00 UTC."
    )
    effective_to: DayOrMoment | None = Field(
        default=None, description="Only what moved before that; a day is not itself included."
    )
    effective_at: DayOrMoment | None = Field(
        default=None, description="Only what had moved by then; instead of `effective_to`."
    )


class PaymentQuery(AsOfQuery):
    """How to look at one payment."""

    particulars: bool = Field(
        default=True,
        description="Whether to open what was sealed with it: description and metadata. The "
        "merchant, operators and admins may.",
    )


class PaymentsQuery(PastQuery):
    """Which payments."""

    status: Status | None = None
    provider: Name | None = None
    merchant_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="Only for keys that see every merchant."
    )
    mode: Mode | None = Field(
        default=None, description="Only tests, or only payments for real; a merchant's key has one."
    )
    phone: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, description="A payer's number; it is searched by its keyed hash."
    )
    idempotency_key: (
        Annotated[str, StringConstraints(max_length=255, pattern=r"^[\x20-\x7e]+$")] | None
    ) = Field(
        default=None,
        description="The one that was asked for under this Idempotency-Key, or none; always "
        "current. Other keys than the merchant's own send `merchant_id` with it.",
        examples=["order-1001"],
    )
    created_from: DayOrMoment | None = Field(
        default=None,
        description="Requested then or later; a day, `2030-01-31`, begins at 00:00 UTC.",
    )
    created_to: DayOrMoment | None = Field(
        default=None,
        description="Requested before that; a day is not itself included, as it begins at 00:00 "
        "UTC.",
    )
    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class NoBody(Request):
    """No field is taken; the body may be empty."""


class RefundsQuery(PaymentsQuery):
    """Which refunds."""

    payment_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="Only refunds of this payment."
    )


class NoQuery(Query):
    """No parameter is taken."""


class AnyQuery(BaseModel):
    """Whatever a provider may append is taken and not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")
