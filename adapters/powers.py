"""The optional powers of an adapter: to pay out, to give back, to tell balances, to check accounts.

Each is a small protocol of its own; `capabilities` says which ones a provider has, and an adapter
has the methods of exactly those. What moves money answers with the same outcomes as a collection
(`adapters.base`) and is asked about in the same way, so the ledger needs no other rules.

A refund names the collection it gives back by everything the provider may want to hear of it. Where
a provider cannot refund, the ledger may pay the customer by `pay_out` instead; the adapter does not
know the difference.

`Finds` and `AnswersCalls` are no capabilities: the first says who can be asked after a loss; the
second is for providers whose calls to us want an answer of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, runtime_checkable

from adapters.base import (
    Charge,
    Declined,
    Final,
    Inquiry,
    NotSent,
    Power,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
)
from ledger.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What an adapter is told about a payout. Holds the clear number: never log.

    `callback_url` names payout and reference in its path, as that of a `Charge` does.
    """

    payment_id: str
    money: Money
    phone: str = field(repr=False)
    """The payee's number: E.164 with `+`."""
    country: str
    description: str
    callback_url: str | None
    language: Literal["fr", "en"] = "fr"
    handle: Mapping[str, str] = field(default_factory=dict, repr=False)
    """As in `Charge`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The collection that is given back, as its provider knows it."""

    payment_id: str
    reference: str
    money: Money
    provider_transaction_id: str | None
    """The provider's own id of the movement, where one of its words named it."""
    handle: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What `Accepted.handle` was for it; empty where the provider gave none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What an adapter is told about a refund: how much of which collection. Never log.

    `money` is at most what is left of the original's.
    """

    payment_id: str
    """The refund's own id."""
    money: Money
    original: Original
    phone: str = field(repr=False)
    """The number that paid: E.164 with `+`."""
    country: str
    description: str
    callback_url: str | None
    handle: Mapping[str, str] = field(default_factory=dict, repr=False)
    """As in `Charge`."""

    @property
    def is_whole(self) -> bool:
        """Whether all of the original is given back at once."""
        return self.money == self.original.money


@dataclass(frozen=True, slots=True)
class Balance:
    """What lies in the merchant's account at a provider, in the provider's own rendering."""

    amount: str
    currency: str
    account: str | None = None
    """Which account, where the provider has several ("collection", "disbursement", ...)."""


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """Whether a number can be paid. No name is kept: it is not ours to know."""

    is_active: bool
    detail: str = ""
    code: str | None = None
    """Why it cannot be paid, as one of our own codes, where that is not `PAYEE_INACTIVE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the provider gave beforehand. No money can move by it alone."""

    handle: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Empty where this movement needs nothing of the kind."""


@runtime_checkable
class Prepares(Protocol):
    """Can ask about a movement only by something the provider gives beforehand.

    The handle is made durable together with the intent, so it is there whatever becomes of the
    call that moves money, even if we die in the middle of it. The order is handed to `submit`,
    `pay_out` or `refund` with its `handle` then.

    Why not one call that does both and gives the handle with its outcome: whoever dies between the
    two would know that money may have moved, and nothing to ask about it by.
    """

    async def prepare(
        self, order: Charge | Transfer | Return, reference: str
    ) -> Prepared | Declined | NotSent:
        """Fetch what asking will need; never raises for what the provider or network does.

        Whatever else it brings is the outcome of the submission, which then is not made.
        """


@runtime_checkable
class Finds(Protocol):
    """Can be asked by our reference alone, also by who has lost everything that it ever answered.

    To an inquiry without a handle it then answers with its word, or that it has nothing under the
    reference: not merely that nothing was kept here.
    """

    finds_by_reference: ClassVar[frozenset[Power]]
    """For which powers."""


@runtime_checkable
class PaysOut(Protocol):
    """Has `payout` among its capabilities."""

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Ask the provider to pay a person. Never raises for what the provider or network does."""

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask about a payout; as `Adapter.inquire`."""


@runtime_checkable
class GivesBack(Protocol):
    """Has `refund` among its capabilities."""

    can_refund_in_part: bool

    async def refund(self, wanted: Return, reference: str) -> Submission:
        """Ask the provider to give a collection back, whole or in part; never raises either."""

    async def inquire_refund(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask about a refund; as `Adapter.inquire`."""


@runtime_checkable
class TellsBalance(Protocol):
    """Has `balance` among its capabilities."""

    async def balances(self) -> Sequence[Balance] | Unknown:
        """Ask what lies in the merchant's accounts."""


@runtime_checkable
class ChecksAccounts(Protocol):
    """Has `account_check` among its capabilities."""

    async def check_account(self, phone: str, country: str) -> AccountCheck | Unknown:
        """Ask whether a number (E.164 with `+`) has an account that can be paid."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider took the code; its final word on the payment comes later."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """The code was wrong or too old, and no money moved by it; another one may be handed in."""

    reason: str


@runtime_checkable
class Confirms(Protocol):
    """Has `confirmation` among its capabilities."""

    async def confirm(
        self, reference: str, handle: Mapping[str, str] | None, one_time_code: str
    ) -> Taken | CodeRefused | NotSent | Unknown | Final:
        """Hand over the payer's code; never raises for what the provider or network does.

        Args:
            reference: the charge that awaits it.
            handle: what `Accepted` gave for it.
            one_time_code: digits, as the payer typed them. Never log them.

        Returns:
            `NotSent` only where the provider certainly did not see the code. Whatever is unclear is
            `Unknown`: the payment is then asked about like any other.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider's call is answered with: a status, and an object as JSON."""

    status: int
    body: Mapping[str, object] = field(default_factory=dict, repr=False)


@runtime_checkable
class AnswersCalls(Protocol):
    """Is called by its provider for an answer, and asked by it with GET.

    The webhook door gives this answer in the place of its own. What came by POST or PUT is stored
    before; a GET only asks, and is not.
    """

    def reply(self, call: WebhookCall, verdict: Verdict) -> Reply:
        """Answer a call that was not refused, in the provider's own form.

        A repeat is answered alike, and nothing is remembered: what a call means for a payment is
        said by `translate`. Never raises; what cannot be read gets the provider's own error.
        """
