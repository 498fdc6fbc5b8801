"""The shapes of people: requests to forget somebody, and what is held about one."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from api.schemas import Country, Position, PositionQuery, Request, Response

REASON_CHARACTERS_MAX: Final = 200
REASON_DIGITS_MAX: Final = 7
"""How many digits a reason may have, which is kept for ever: no telephone number has so few."""

_BLANKS: Final = " \x85\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000"
_TEXT: Final = r"[^0-9\x00-\x1f]*"
_MANY: Final = rf"(?:[0-9]{_TEXT})"
"""A digit, and what follows it up to the next one."""

ErasureStatus = Literal["requested", "approved", "erased", "lapsed"]
Reason = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=REASON_CHARACTERS_MAX,
        # What is kept for ever says something: there is more than blanks in it.
        pattern=rf"^[{_BLANKS}]*(?:[^0-9\x00-\x1f{_BLANKS}]{_TEXT}{_MANY}{{0,{REASON_DIGITS_MAX}}}"
        rf"|{_MANY}{{1,{REASON_DIGITS_MAX}}})$",
    ),
]

_ERASURE: Final = "era_5f0c2b6a9d3e4f718293a4b5c6d7e8f9_1"
_PERSON: Final = "person-5f0c2b6a9d3e4f718293a4b5c6d7e8f9"
_KEY: Final = "8a48d4080b31fb83"
_OTHER_KEY: Final = "1f7a0c9e55b2d604"


class PersonRequest(Request):
    """Whose data it is about."""

    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        repr=False, description="With its country code, or as it is dialled in `country`."
    )
    country: Country | None = None


class ErasureRequest(PersonRequest):
    """Ask that a person be forgotten."""

    reason: Reason = Field(
        description="Why; kept for ever. Name nobody in it, and no number.",
        examples=["asked for by the person, case 114"],
    )


class ErasuresQuery(PositionQuery):
    """Which requests."""

    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class ErasureOut(Response):
    """A request to forget somebody, and what became of it."""

    id: str = Field(examples=[_ERASURE])
    person: str = Field(examples=[_PERSON])
    status: ErasureStatus = Field(
        description="`approved`: keys are being destroyed; what broke off is finished by itself. "
        "`lapsed`: nobody agreed in time."
    )
    reason: str = Field(examples=["asked for by the person, case 114"])
    requested_by: str = Field(description="The operator's key.", examples=[_KEY])
    requested_by_label: str | None = Field(
        default=None,
        description="Its holder; null: the key has no label, or a person is told.",
        examples=["Awa, support"],
    )
    approved_by: str | None = Field(
        description="The second operator's key; null: nobody agreed yet.", examples=[_OTHER_KEY]
    )
    approved_by_label: str | None = Field(
        default=None,
        description="Its holder; null: the key has no label, or a person is told.",
        examples=["Paul, compliance"],
    )
    ends_at: datetime = Field(description="When it ends by itself, unless it is approved.")
    keys_destroyed: int | None = Field(
        description="How many keys were destroyed; null: none yet.", examples=[7]
    )
    bytes_left: str | None = Field(
        default=None,
        description="Why bytes of the destroyed keys may still lie in the database's files, and "
        "what to do; null: none do, or nobody has looked yet. Approve it again to look anew.",
    )


class ErasurePage(Response):
    """A page of requests, newest first."""

    position: int
    erasures: list[ErasureOut] = Field(description="The requests.")
    next_after: int | None


class ExportedPayment(Response):
    """A payment, payout or refund of the person."""

    id: str
    kind: str = Field(examples=["collection"])
    status: str = Field(examples=["succeeded"])
    amount: str
    currency: str
    merchant_id: str
    merchant: str | None = Field(
        description="What people call the merchant.", examples=["Chez Aminatou"]
    )
    provider: str
    created_at: datetime
    is_erased: bool
    particulars: dict[str, Any] | None = Field(
        description="What was sealed: number, description, metadata, addresses.",
        examples=[{"phone": "+237650000001", "description": "Two chickens"}],
    )
    attempts: list[dict[str, Any]] = Field(
        examples=[[{"provider": "mtn", "reference": "4b1b4bd0-9f3c-5a4e-8f0e-1f0c6b0c2f11"}]]
    )
    evidence: list[dict[str, Any]] = Field(examples=[[{"source": "poll", "word": "succeeded"}]])
    letters: list[dict[str, Any]] = Field(
        description="Each message that was sent about it, to whom and with what result.",
        examples=[[{"at": "2030-01-31T12:00:41Z", "recipient": "payer", "result": "accepted"}]],
    )
    support: list[dict[str, Any]] = Field(
        description="When somebody of support looked it up.",
        examples=[[{"at": "2030-01-31T12:00:41Z", "asker": "key:8a48d4080b31fb83"}]],
    )
    exchanges: list[dict[str, Any]] = Field(
        description="What was sent to providers about it, and what came back, without secrets.",
        examples=[[{"provider": "mtn", "power": "inquiry", "status": 200, "answer": "{}"}]],
    )
    answers: list[dict[str, Any]] = Field(
        description="What the merchant's endpoints answered when they were told about it.",
        examples=[[{"at": "2030-01-31T12:00:42Z", "endpoint": "we_1", "answer": "ok"}]],
    )


class ExportedSession(Response):
    """A checkout page on which the person paid, tried to, or was named by the merchant."""

    id: str
    status: str = Field(examples=["complete"])
    amount: str
    currency: str
    merchant_id: str
    merchant: str | None = Field(
        description="What people call the merchant.", examples=["Chez Aminatou"]
    )
    created_at: datetime
    is_erased: bool
    particulars: dict[str, Any] | None = Field(
        description="What was sealed of it; null: it was forgotten, or there was nothing.",
        examples=[{"description": "Two chickens"}],
    )


class ExportedCall(Response):
    """A provider's call that speaks of the person, as it came."""

    id: str = Field(examples=["mtn-9f86d081884c7d65"])
    provider: str
    received_at: datetime = Field(description="When it came.")
    verdict: str = Field(description="What its signature was found to be.", examples=["unsigned"])
    is_erased: bool
    path: list[str] | None = Field(
        description="The rest of the address it came to; null: it was forgotten.",
        examples=[["pay_6wq3o2mexg5vbn7hd4tq2lkzae"]],
    )
    headers: dict[str, str] | None = Field(
        description="The headers it came with; null: they were forgotten.",
        examples=[{"Content-Type": "application/json"}],
    )
    body: str | None = Field(
        description="Its body; null: it was forgotten.", examples=['{"status":"SUCCESSFUL"}']
    )


class ExportOut(Response):
    """Everything that is held about a person, opened."""

    person: str = Field(examples=[_PERSON])
    phone: str
    made_at: datetime = Field(description="When it was put together.")
    position: int = Field(description="Where the log stood.")
    payments: list[ExportedPayment]
    sessions: list[ExportedSession]
    webhooks: list[ExportedCall] = Field(
        description="The calls of providers that speak of the person."
    )
    erasures: list[ErasureOut] = Field(description="The requests to forget this person.")
    left_out: int = Field(
        description="How much of it is kept and cannot be read any more, though nobody was "
        "forgotten. Nothing is left out because there is much of it.",
        examples=[0],
    )
