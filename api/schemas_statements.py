"""The shapes of providers' statements: what is handed in, and what it comes to."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import (
    Amount,
    Currency,
    DayOrMoment,
    Moment,
    Name,
    Position,
    PositionQuery,
    Request,
    Response,
)
from ledger.identity import Kind, Mode
from ledger.statement import ID_CHARACTERS_MAX, LINES_MAX
from projections.statements_results import Result, Why

ProviderId = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=ID_CHARACTERS_MAX,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/#+=-]*$",
    ),
]


class StatementLineIn(Request):
    """One movement as the statement has it. It takes nobody's number and nobody's name."""

    provider_transaction_id: ProviderId = Field(
        description="The provider's own id of the movement.", examples=["4567891230"]
    )
    reference: ProviderId | None = Field(
        default=None,
        description="Your name for the payment at the provider: `reference` of its attempt, or the "
        "payment's own id.",
        examples=["5b1c8f1e-2f0a-4c57-9a80-1d6f0c6d5a11"],
    )
    direction: Literal["in", "out"] = Field(
        description="Into your wallet at the provider, or out of it.", examples=["in"]
    )
    amount: Amount = Field(
        description="What moved, before fees: a decimal string in major units.", examples=["1500"]
    )
    occurred_at: Annotated[Moment, Field(strict=False)] = Field(
        description="When it moved, by the statement.", examples=["2026-01-31T12:00:00Z"]
    )
    fee: Amount | None = Field(
        default=None,
        description="What the provider took for it. It is kept and shown, and not booked.",
        examples=["15"],
    )


class StatementRequest(Request):
    """A provider's statement, whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "provider": "mtn",
                    "covers_from": "2026-01-31",
                    "covers_to": "2026-02-01",
                    "currency": "XAF",
                    "lines": [
                        {
                            "provider_transaction_id": "4567891230",
                            "direction": "in",
                            "amount": "1500",
                            "occurred_at": "2026-01-31T12:00:00Z",
                            "fee": "15",
                        }
                    ],
                }
            ]
        }
    )

    provider: Name = Field(description="Whose statement it is.", examples=["mtn"])
    covers_from: Annotated[DayOrMoment, Field(strict=False)] = Field(
        description="The beginning of the time it is about; a day begins at 00:00 UTC.",
        examples=["2026-01-31"],
    )
    covers_to: Annotated[DayOrMoment, Field(strict=False)] = Field(
        description="The end of that time, not included; it must be past.", examples=["2026-02-01"]
    )
    currency: Currency = Field(description="ISO 4217 code of all its amounts.", examples=["XAF"])
    mode: Mode | None = Field(
        default=None,
        description="Which payments it is held against: tests, or those for real; by default as "
        "the deployment is.",
    )
    lines: Annotated[list[StatementLineIn], Field(min_length=1, max_length=LINES_MAX)] = Field(
        description="Every movement in that time. Hand in a longer statement in parts."
    )


class StatementOut(Response):
    """A provider's statement, without its lines."""

    id: str = Field(description="Made from its content.", examples=["stm_" + "a" * 26])
    provider: str
    covers_from: datetime = Field(description="The beginning of the time it is about.")
    covers_to: datetime = Field(description="The end of that time, not included.")
    currency: str
    mode: Mode
    lines_count: int = Field(description="How many lines it has.")
    handed_in_by: str = Field(
        description="The key of whoever handed it in.", examples=["k_7Qx2LmPz9Ra"]
    )
    handed_in_by_label: str | None = Field(
        description="Its holder; null: the key has no label.", examples=["Awa, accounts"]
    )
    handed_in_at: datetime = Field(description="When it was handed in.")
    approved_by: str | None = Field(
        description="The second person's key; null: nobody agreed, and its lines settle nothing.",
        examples=["k_3Bd8TnWc5Yq"],
    )
    approved_by_label: str | None = Field(
        description="Its holder; null: the key has no label.", examples=["Paul, compliance"]
    )
    approved_at: datetime | None = Field(
        description="When its lines became words that settle; null: they are none."
    )
    withdrawn_by: str | None = Field(
        description="The key of whoever took it back; null: nobody did.", examples=[None]
    )
    withdrawn_by_label: str | None = Field(
        description="Its holder; null: the key has no label.", examples=[None]
    )
    withdrawn_at: datetime | None = Field(description="When it was taken back, for ever.")
    position: Position


class SumOut(Response):
    """How many, and their money."""

    count: int = Field(description="How many there are.")
    amount_in: str = Field(description="What of it came in.", examples=["1500"])
    amount_out: str = Field(description="What of it went out.", examples=["0"])


class LineSums(Response):
    """The lines by what they come to: all are those that match, differ or are unknown."""

    all: SumOut = Field(description="All lines.")
    matched: SumOut = Field(description="Lines that agree with the payment they speak of.")
    settled: SumOut = Field(
        description="Those of the matched whose payment had not succeeded without them."
    )
    outside: SumOut = Field(
        description="Those of the matched whose payment is none of the ledger's successes in the "
        "time that the statement covers."
    )
    differs: SumOut = Field(description="Lines that contradict a payment, or one another.")
    unknown: SumOut = Field(description="Lines of which no payment is known.")
    would_settle: SumOut = Field(
        description="Lines that agree with a payment that has not succeeded nor failed, and were "
        "not told to it: it succeeds once the statement is approved."
    )
    would_contradict: SumOut = Field(
        description="Lines that were not told to their payment and contradict it, its failure or "
        "one another: a question for a person, or a failure that becomes a success, once the "
        "statement is approved."
    )


class SuccessSums(Response):
    """What succeeded by the ledger in that time at that provider: the other four together."""

    all: SumOut = Field(description="All of them.")
    matched: SumOut = Field(description="A line of this statement agrees.")
    differs: SumOut = Field(description="A line of this statement speaks of it, and differs.")
    elsewhere: SumOut = Field(description="Only a line of another approved statement speaks of it.")
    missing: SumOut = Field(
        description="No line of this statement, nor an approved one, speaks of it."
    )


class StatementReport(StatementOut):
    """A provider's statement, and what it comes to."""

    as_of_position: Position = Field(description="The log position the sums stand at.")
    waiting: int = Field(
        description="How many lines have yet to be told to the payments they speak of; none are "
        "before the statement is approved."
    )
    is_out_of_place: bool = Field(
        description="Whether no line is known, and nothing at all succeeded at that provider in "
        "its currency and mode: one of them may be wrong."
    )
    lines: LineSums = Field(description="What its lines come to.")
    successes: SuccessSums = Field(
        description="What the ledger has of the time that the statement covers."
    )


class StatementPage(Response):
    """Statements, newest first."""

    position: Position
    statements: list[StatementOut] = Field(description="The statements.")
    next_after: Position | None


class StatementLineOut(Response):
    """One line, and what it comes to."""

    line: int = Field(description="Its number in the statement, from 1.")
    provider_transaction_id: str = Field(description="The provider's own id of the movement.")
    reference: str | None = Field(description="As the statement has it.")
    direction: Literal["in", "out"] = Field(description="Into your wallet, or out of it.")
    amount: str
    fee: str | None = Field(description="What the provider took; it is not booked.")
    occurred_at: datetime = Field(description="When it moved, by the statement.")
    result: Result = Field(description="Whether it agrees with a payment of the ledger.")
    why: Why | None = Field(
        description="Why it differs. `two`: it names two payments, and is matched with neither. "
        "`contradiction`: another line, of this statement or an approved one, says another "
        "amount or payment of the same transaction. `direction`: the payment goes the other way. "
        "`currency`, `amount`: not what was asked. `twice`: another transaction is of the same "
        "payment. `refused`: the payment keeps no more words. `overruled`: it was told, and "
        "other words stand against it. Null: it does not differ."
    )
    is_settled: bool = Field(description="Whether it made its payment succeed.")
    is_waiting: bool = Field(description="Whether its payment is yet to be told.")
    is_outside: bool = Field(
        description="Whether it matches a payment that is none of the ledger's successes in that "
        "time."
    )
    payment_id: str | None = Field(description="The payment, payout or refund; null: unknown.")
    names_two: list[str] = Field(
        description="The two payments that it names, one by its reference and one by its "
        "transaction id; empty: it does not name two.",
        examples=[[]],
    )
    against: str | None = Field(
        description="Another statement, a line of which speaks against this one; it counts here "
        "only once it is approved. Null: none does.",
        examples=[None],
    )
    payment_amount: str | None = Field(description="What was asked for there.")
    payment_currency: str | None = Field(description="ISO 4217 code of that.")


class StatementLinePage(Response):
    """Lines of a statement, in its order."""

    statement_id: str
    position: Position
    lines: list[StatementLineOut] = Field(description="The lines.")
    next_after: int | None = Field(
        description="Send it as `after` for the next page: a line's number; null at the end."
    )


class MissingOut(Response):
    """A success of the ledger that no line of any statement speaks of."""

    payment_id: str
    kind: Kind
    merchant_id: str
    amount: str
    currency: str
    reference: str | None = Field(description="Under which the provider has it.")
    moved_at: datetime = Field(description="When its money moved.")
    position: Position


class MissingPage(Response):
    """What a statement lacks, newest first. That it is not there proves nothing by itself."""

    statement_id: str
    position: Position
    payments: list[MissingOut] = Field(description="The payments, payouts and refunds.")
    next_after: Position | None


class StatementsQuery(PositionQuery):
    """Which statements."""

    provider: Name | None = None
    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


_Asked = Literal[
    "matched", "settled", "outside", "differs", "unknown", "would_settle", "would_contradict"
]
"""All of `projections.statements_results.Asked`, in one list: of two, each tells its half."""


class StatementLinesQuery(PositionQuery):
    """Which lines."""

    result: _Asked | None = Field(
        default=None,
        description="Only lines that come to this; `settled` and `outside` are among the matched, "
        "`would_settle` and `would_contradict` are what an approval would do.",
    )
    after: Annotated[int, Field(ge=0, le=LINES_MAX)] = Field(
        default=0, description="`next_after` of the page before: a line's number."
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class MissingQuery(PositionQuery):
    """Which of those that are missing."""

    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
