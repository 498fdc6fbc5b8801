"""The words of support: where a payment can stand for a person, what can have happened to it, and
the form of a text about either.

There are two tables of texts, `api.support_english` and `api.support_french`; a test holds both
complete. The texts are templates: `{merchant}`, `{operator}` and `{amount}` are filled in, and
`{thing}` is the payment, the transfer or the refund (`{Thing}` where a sentence begins with it).

The trick: a `Situation` says more than a status, and never less carefully. Whether a text may
invite to pay again is decided by the situation alone: `Situation.is_over`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from adapters.refusals import Refusal
from ledger.identity import Kind


class Situation(StrEnum):
    """Where a payment stands, as it matters to who pays and to who is paid."""

    REQUESTED = "requested"
    """Kept, and about to be passed on."""
    PROVIDER_AWAY = "provider_away"
    """The provider could not be reached, or is left alone for a while; it is tried again."""
    REROUTED = "rerouted"
    """Another provider has taken over and is about to get it."""
    SUBMITTING = "submitting"
    PROMPT_OPEN = "prompt_open"
    """The payer is asked on the phone."""
    PAGE_OPEN = "page_open"
    """The payer must open a page."""
    CODE_AWAITED = "code_awaited"
    CODE_AGAIN = "code_again"
    """A one-time code was handed in and not taken: another one is awaited."""
    CODES_USED_UP = "codes_used_up"
    """So many one-time codes were not taken that no other may be handed in."""
    CODE_GIVEN = "code_given"
    """A one-time code was handed in, and its word is not known yet."""
    UNDER_WAY = "under_way"
    """Money that goes out: the provider has it."""
    UNKNOWN = "unknown"
    """Nobody knows yet whether the money moved."""
    SUCCEEDED = "succeeded"
    REFUND_UNDER_WAY = "refund_under_way"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    REFUSED = "refused"
    """No money moved, and a refusal says why."""
    FAILED = "failed"
    """No money moved, and nobody says why."""
    EXPIRED = "expired"
    """The payer was too late."""
    UNSENT = "unsent"
    """No provider was ever reached."""
    DOUBTED = "doubted"
    """It is over without money, but one submission was never answered for."""
    OVERTURNED = "overturned"
    """Somebody said that money moved, and was overruled."""
    CONFLICT = "conflict"
    TWICE = "twice"
    """The words agree that money moved, and tell of two movements."""

    @property
    def is_over(self) -> bool:
        """Whether certainly no money moved and none will: only then it may be asked for anew."""
        return self in _OVER


_OVER: Final = frozenset({Situation.REFUSED, Situation.FAILED, Situation.EXPIRED, Situation.UNSENT})

ONLY_INCOMING: Final = frozenset(
    {
        *(Situation.PROMPT_OPEN, Situation.PAGE_OPEN, Situation.CODE_AWAITED),
        *(Situation.CODE_AGAIN, Situation.CODES_USED_UP, Situation.CODE_GIVEN),
        Situation.REFUND_UNDER_WAY,
        *(Situation.PARTLY_REFUNDED, Situation.REFUNDED),
    }
)
"""Where only a payment can stand, no payout and no refund."""

ONLY_OUTGOING: Final = frozenset({Situation.UNDER_WAY})

UNTOLD: Final = frozenset({Situation.REFUSED})
"""What the vocabulary of refusals tells."""


class Moment(StrEnum):
    """What can have happened to a payment that means something to a person."""

    REQUESTED = "requested"
    SENT = "sent"
    SENT_AGAIN = "sent_again"
    PROMPTED = "prompted"
    PAGE_MADE = "page_made"
    CODE_ASKED = "code_asked"
    TAKEN = "taken"
    """The provider took what goes out."""
    REFUSED_AT_ONCE = "refused_at_once"
    NOT_SENT = "not_sent"
    DOUBTED = "doubted"
    STILL_PENDING = "still_pending"
    NO_ANSWER = "no_answer"
    NOT_KNOWN = "not_known"
    """The provider did not know the payment when it was asked."""
    CODE_GIVEN = "code_given"
    CODE_TAKEN = "code_taken"
    CODE_REFUSED = "code_refused"
    CODE_LOST = "code_lost"
    """The code could not be handed over, or nobody knows whether it was."""
    REROUTED = "rerouted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    ALSO_SUCCEEDED = "also_succeeded"
    """A word that changed nothing, because another one counts."""
    ALSO_FAILED = "also_failed"
    ALSO_EXPIRED = "also_expired"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"
    CONFLICTED = "conflicted"
    SETTLED = "settled"
    """Two people agreed on what became of it; what that is follows."""
    REOPENED = "reopened"
    REFUND_ASKED = "refund_asked"
    REFUND_MADE = "refund_made"
    REFUND_DROPPED = "refund_dropped"
    REFUND_DOUBTED = "refund_doubted"


class Said(NamedTuple):
    """What one reader is told: what happened, what to do now, and what not to do."""

    happened: str
    do: str
    do_not: str | None = None


class Advice(NamedTuple):
    """What both readers are told."""

    for_payer: Said
    """To whom the number belongs: who pays, or is paid."""
    for_merchant: Said


class Step(NamedTuple):
    """What the holder of the number can do about a refusal."""

    do: str
    do_not: str | None = None
    happened: str | None = None
    """In the place of the vocabulary's text, which takes him for who pays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """Everything support says in one language."""

    things: Mapping[Kind, str]
    """Kind -> what it is called within a sentence."""
    any_operator: str
    any_merchant: str
    incoming: Mapping[Situation, Advice]
    outgoing: Mapping[Situation, Advice]
    incoming_steps: Mapping[Refusal, Step]
    outgoing_steps: Mapping[Refusal, Step]
    moments: Mapping[Moment, str]
    duplicate_do_not: str
    """To the merchant, of a refusal behind which the money may have moved."""
    usually: str
    """Of `{median}` and `{high}`, two spans of time."""
    usually_same: str
    """Of `{high}` alone, where the two are told alike."""
    minute: str
    """Up to a minute."""
    minutes: str
    hours: str
    thousands: str
    """What stands between thousands."""
