"""The shapes of raw evidence: what went to a provider and came back, with its bytes and without."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas import Position, PositionQuery, Response


class ExchangesQuery(PositionQuery):
    """Which exchanges."""

    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ExchangeOut(Response):
    """One call to a provider, without its bytes."""

    exchange: Position = Field(description="Its name: the log position of its first entry.")
    provider: str
    reference: str | None
    power: str = Field(
        description="What it was for: a capability, or `inquiry`.", examples=["collection"]
    )
    method: str = Field(description="The method of HTTP.", examples=["POST"])
    path: str = Field(
        description="Without its query; secrets and numbers are masked.",
        examples=["/collection/v1_0/requesttopay"],
    )
    result: Literal["answered", "not_sent", "unknown"] = Field(
        description="`not_sent`: nothing reached the provider. `unknown`: it may have, and no "
        "answer was read."
    )
    status: int | None = Field(
        description="The HTTP status of the answer, as far as one came.", examples=[202]
    )
    reason: str | None = Field(description="Why there is no usable answer.")
    sent_at: datetime = Field(description="When the call began.")
    answered_at: datetime = Field(description="When it ended, with an answer or without one.")
    milliseconds: int = Field(description="How long it took.")
    request_bytes: int = Field(description="How many bytes of the request were kept.")
    request_sha256: str = Field(
        description="SHA-256 over the sealed salt and the bytes that were kept.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    answer_bytes: int | None = Field(
        description="How many bytes of the answer were kept; null: none came."
    )
    answer_sha256: str | None = Field(description="The same over the answer; null: none came.")
    is_whole: bool = Field(
        description="Whether all that went and came was kept: nothing broke off or was cut."
    )
    hides: Literal["secrets", "persons"] = Field(
        description="What was taken out before it was hashed: secrets, or persons as well."
    )
    recorded_at: datetime
    entry_hashes: list[str] = Field(
        description="What stands for it in the log's tree: one hash for each of its entries.",
        examples=[["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]],
    )


class ExchangePage(Response):
    """The exchanges about a payment, payout or refund, oldest first."""

    payment_id: str
    position: Position
    exchanges: list[ExchangeOut] = Field(description="The exchanges.")
    next_after: Position | None = Field(description="Where the next page begins; null at the end.")


class HeaderOut(Response):
    """One header as it went."""

    name: str = Field(examples=["Content-Type"])
    value: str = Field(
        description="What it says; a secret is `***`.", examples=["application/json"]
    )


class HalfOut(Response):
    """A request or an answer as it went, but for its secrets, which are `***`."""

    line: str = Field(
        description="Its first line.", examples=["POST /collection/v1_0/requesttopay HTTP/1.1"]
    )
    headers: list[HeaderOut] = Field(description="In the order of the wire.")
    body_base64: str = Field(description="The body's bytes, in base64.", examples=["e30="])
    body_text: str | None = Field(
        description="The body as text, where it is UTF-8.", examples=["{}"]
    )
    salt_and_bytes_sha256: str = Field(
        description="The hash, computed anew from what was opened.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )


class OpenedExchangeOut(Response):
    """One call to a provider with its bytes; that it was opened stands in the log."""

    payment_id: str
    summary: ExchangeOut = Field(
        description="What everybody who may see the payment may read of it."
    )
    is_erased: bool = Field(
        description="Whether the person was erased, and the bytes with them; the hashes stay."
    )
    hashes_agree: bool | None = Field(
        description="Whether the log's hashes are those of what was opened; null where nothing was."
    )
    salt_base64: str | None = Field(
        description="What was hashed before the bytes; null: nothing could be opened.",
        examples=["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="],
    )
    request: HalfOut | None = Field(description="What went; null: nothing could be opened.")
    answer: HalfOut | None = Field(
        description="What came back; null: nothing came, or nothing could be opened."
    )
    position: Position = Field(description="The position of `exchange.opened` in the log.")
