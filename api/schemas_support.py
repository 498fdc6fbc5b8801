"""The shapes of support: what somebody is told who asks what has become of a payment."""

from datetime import datetime

from pydantic import Field

from adapters.refusals import Refusal
from api.schemas import Position, Response
from api.support_situation import Money
from api.support_words import Situation
from ledger.identity import Kind
from ledger.payment import Status


class HappenedOut(Response):
    """What happened, for either reader."""

    for_payer: str = Field(
        description="May be shown to whoever has the number (who pays, or is paid), as it is."
    )
    for_merchant: str


class NextOut(Response):
    """What one reader should do now, and should not."""

    do: str
    do_not: str | None


class WhatNextOut(Response):
    """What to do now, and what not to do."""

    for_payer: NextOut
    for_merchant: NextOut
    may_repeat: bool = Field(
        description="Whether it may be asked for anew: only where certainly no money moved."
    )
    may_retry: bool = Field(
        description="Whether the very same may then go through a little later, with nothing put "
        "right first."
    )
    page_url: str | None = Field(description="Where the payer must go, while that is awaited.")
    next_inquiry_at: datetime | None = Field(description="When the provider is asked next.")


class UsuallyOut(Response):
    """How long it usually takes with this provider, from the request to its final word."""

    median: float
    p95: float = Field(description="Nineteen of twenty took at most that long.")
    payments: int | None = Field(
        description="From how many it is drawn, of all merchants: told to those who may know."
    )
    text: str = Field(description="The same in words, for anybody.")


class SentenceOut(Response):
    """Something that happened, in a sentence."""

    at: datetime
    until: datetime | None = Field(description="When it happened last, if several times in a row.")
    times: int = Field(description="How often it happened in a row.")
    text: str


class HistoryOut(Response):
    """What happened that means something to a person, oldest first."""

    sentences: list[SentenceOut]
    left_out: int = Field(description="How many sentences of the middle are not shown.")


class MerchantContact(Response):
    """Who is paid, or pays out."""

    name: str | None


class OperatorContact(Response):
    """Whose number it is, as far as it is known."""

    operator: str
    name: str = Field(description="What its customers call their mobile money.")
    customer_service: str | None = Field(
        description="What its customers dial; null where no two sources agree."
    )


class ContactsOut(Response):
    """Whom to contact."""

    merchant: MerchantContact
    support: str | None = Field(description="What `CAURI_SUPPORT_CONTACT` says.")
    operator: OperatorContact | None


class SupportOut(Response):
    """What has become of a payment, payout or refund, in French or English by `Accept-Language`."""

    id: str
    kind: Kind
    status: Status
    is_final: bool
    is_erased: bool = Field(description="Whether the person was forgotten.")
    situation: Situation = Field(description="One word for programs, finer than the status.")
    money: Money = Field(description="Whether the money moved, as far as anybody can know.")
    refusal: Refusal | None = Field(description="Why no money moved; as in `GET /v1/refusals`.")
    code: str | None = Field(description="The provider's own code, verbatim; not for the payer.")
    what_happened: HappenedOut
    what_next: WhatNextOut
    usually_seconds: UsuallyOut | None = Field(
        description="Null where too few ended lately to say."
    )
    contacts: ContactsOut
    history: HistoryOut
    position: Position = Field(description="The position of its last event in the log.")
