"""The shapes of operators' notes: a word that is proposed, and what became of it."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticKnownError

from api.schemas import Amount, Currency, Position, Request, Response, in_utc, written_out
from api.schemas_people import Reason

TEXT_CHARACTERS_MAX: Final = 100

NoteId = Annotated[str, StringConstraints(pattern=r"^note_[1-9][0-9]?$")]
_Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TEXT_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


def _in_body(given: object) -> object:
    if not isinstance(given, str):
        raise PydanticKnownError("datetime_type")
    return written_out(given)


_Moment = Annotated[
    AwareDatetime, BeforeValidator(_in_body), AfterValidator(in_utc), Field(strict=False)
]
"""As `Moment`, in a body: there a number is a number and no time."""

REASON: Final = "the operator's desk confirmed it by letter of 12 May, case 114"
_KEY: Final = "8a48d4080b31fb83"
_OTHER_KEY: Final = "1f7a0c9e55b2d604"


class NoteRequest(Request):
    """Propose what became of a payment, as it was learned outside."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"word": "succeeded", "reason": REASON}]}
    )

    word: Literal["succeeded", "failed", "expired"] = Field(
        description="What became of this submission. `failed` also of what was taken and given "
        "back at the provider's desk."
    )
    reference: _Text | None = Field(
        default=None,
        description="Which submission, by one of the payment's `attempts`; by default the last.",
    )
    amount: Amount | None = Field(
        default=None,
        description="What really moved, where it moved; by default what was asked for.",
    )
    currency: Currency | None = Field(
        default=None, description="The payment's own; by default that one."
    )
    provider_transaction_id: _Text | None = Field(
        default=None, description="The provider's own id of the movement, where you know it."
    )
    occurred_at: _Moment | None = Field(
        default=None, description="When the money moved, where you know it."
    )
    replaces: NoteId | None = Field(
        default=None, description="An approved note that was wrong: it counts no more."
    )
    reason: Reason = Field(
        description="What was seen, and where. It is kept word for word and for ever, and shown "
        "to no merchant. No personal data belongs there: name nobody in it, and no number.",
        examples=[REASON],
    )


class OutlookLine(Response):
    """One line of the journal."""

    account: str
    holder: str
    currency: str
    debit: str
    credit: str


class OutlookOut(Response):
    """What a payment is, or would become."""

    status: str = Field(examples=["succeeded"])
    refunds: str = Field(
        description="How much of it was given back, or is under way to be; a note changes nothing "
        "of that.",
        examples=["0"],
    )
    journal: list[OutlookLine] = Field(
        description="What stands in the books of it; empty: nothing."
    )


class NoteOut(Response):
    """A word that an operator proposed, and what became of it."""

    id: str = Field(examples=["note_1"])
    payment_id: str
    state: Literal["proposed", "approved", "replaced", "withdrawn", "lapsed", "overtaken"] = Field(
        description="`approved`: it is evidence. `replaced`: it was, and another note stands in "
        "its place. `lapsed`: nobody agreed in time. `overtaken`: "
        "something else would become of the payment now; propose anew what still holds.",
        examples=["proposed"],
    )
    word: Literal["succeeded", "failed", "expired"]
    provider: str
    reference: str
    amount: str | None = Field(description="What moved; null: nothing did.")
    currency: str | None
    provider_transaction_id: str | None
    occurred_at: datetime | None = Field(description="When the money moved; null: nobody says.")
    replaces: str | None = Field(
        description="The note in whose place it stands; null: in none's.", examples=[None]
    )
    reason: str = Field(description="What was seen, and where.", examples=[REASON])
    proposed_by: str = Field(description="The operator's key.", examples=[_KEY])
    proposed_by_label: str | None = Field(
        description="Its holder; null: the key has no label.", examples=["Awa, support"]
    )
    proposed_at: datetime = Field(description="When it was proposed.")
    approved_by: str | None = Field(
        description="The second operator's key; null: nobody agreed.", examples=[_OTHER_KEY]
    )
    approved_by_label: str | None = Field(
        description="Its holder; null: the key has no label.", examples=["Paul, compliance"]
    )
    approved_at: datetime | None = Field(description="When it became evidence; null: it is not.")
    withdrawn_by: str | None = Field(
        description="The key of whoever took it back; null: nobody did.", examples=[None]
    )
    withdrawn_by_label: str | None = Field(
        description="Its holder; null: the key has no label.", examples=[None]
    )
    withdrawn_at: datetime | None = Field(description="When it was taken back; null: it was not.")
    ends_at: datetime = Field(description="When it ends by itself, unless it is approved.")
    stood: OutlookOut = Field(description="What the payment was when it was proposed.")
    would_become: OutlookOut = Field(
        description="What would have become of it then: what both operators agree to."
    )
    would_become_now: OutlookOut | None = Field(
        description="What would become of it now; null: nobody can agree to it any more."
    )


class NotePage(Response):
    """All notes of a payment, payout or refund, in the order they were proposed."""

    payment_id: str
    position: Position
    notes: list[NoteOut] = Field(description="The notes.")
