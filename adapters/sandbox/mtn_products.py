"""MTN's products and what can be asked for in each: the table the sandbox's server is made from.

A `Resource` is what a merchant creates under a reference of its own and asks about afterwards: a
payment, a transfer, an invoice. They differ in their paths, in who the other person is, in the
method of the callback and in what the status repeats; all of that stands here and nowhere else.

Sources: MTN's OpenAPI exports of the three products; its notebook (a deposit's status has no
transaction id, an invoice's has a `paymentReference`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Product = Literal["collection", "disbursement", "remittance"]
PRODUCTS: Final[tuple[Product, ...]] = ("collection", "disbursement", "remittance")

Method = Literal["PUT", "POST"]
Form = Literal["movement", "refund", "cash", "invoice", "preapproval", "bill"]
"""What the body of the creating call looks like; see `mtn_bodies`."""

COMMON: Final = ("externalId", "amount", "currency", "payerMessage", "payeeNote")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing that is created under a reference.

    `posts` maps a version of the creating call to the method of its callback; None where the
    specification says nothing and the switch `callback_method` decides.
    """

    product: Product
    name: str
    posts: Mapping[str, Method | None]
    asked_at: str
    """The version of the status call."""
    form: Form = "movement"
    person: str | None = "payee"
    """The member that names the other person."""
    moves: Literal["in", "out"] | None
    """What success does to the merchant's account in this product."""
    repeats: tuple[str, ...] = COMMON
    """Which of the common members the status repeats."""
    transaction_key: str | None = "financialTransactionId"
    reason_key: str = "reason"
    is_created_first: bool = False
    """Whether it begins as CREATED."""

    @property
    def key(self) -> str:
        """Its name among all products: `disbursement/transfer`."""
        return f"{self.product}/{self.name}"


REQUEST_TO_PAY: Final = "collection/requesttopay"
WITHDRAWAL: Final = "collection/requesttowithdraw"
PRE_APPROVAL: Final = "collection/preapproval"
INVOICE: Final = "collection/invoice"
BILL: Final = "collection/payment"
TRANSFER: Final = "disbursement/transfer"
DEPOSIT: Final = "disbursement/deposit"
REFUND: Final = "disbursement/refund"
REMITTANCE: Final = "remittance/transfer"
CASH: Final = "remittance/cashtransfer"

_BOTH: Final[Mapping[str, Method | None]] = {"v1_0": "POST", "v2_0": "PUT"}
_FIRST: Final[Mapping[str, Method | None]] = {"v1_0": None}
_SECOND: Final[Mapping[str, Method | None]] = {"v2_0": "PUT"}

RESOURCES: Final[Mapping[str, Resource]] = {
    one.key: one
    for one in (
        Resource(
            product="collection",
            name="requesttopay",
            posts=_FIRST,
            asked_at="v1_0",
            person="payer",
            moves="in",
        ),
        Resource(
            product="collection",
            name="requesttowithdraw",
            posts=_BOTH,
            asked_at="v1_0",
            person="payer",
            moves="in",
        ),
        Resource(
            product="collection",
            name="preapproval",
            posts=_SECOND,
            asked_at="v2_0",
            form="preapproval",
            person="payer",
            moves=None,
            repeats=("payerMessage",),
            transaction_key=None,
        ),
        Resource(
            product="collection",
            name="invoice",
            posts=_SECOND,
            asked_at="v2_0",
            form="invoice",
            person="intendedPayer",
            moves="in",
            repeats=("externalId", "amount", "currency"),
            transaction_key="paymentReference",
            reason_key="errorReason",
            is_created_first=True,
        ),
        Resource(
            product="collection",
            name="payment",
            posts=_SECOND,
            asked_at="v2_0",
            form="bill",
            person=None,
            moves="out",
            repeats=(),
            is_created_first=True,
        ),
        Resource(
            product="disbursement", name="transfer", posts=_FIRST, asked_at="v1_0", moves="out"
        ),
        Resource(
            product="disbursement",
            name="deposit",
            posts=_BOTH,
            asked_at="v1_0",
            moves="out",
            transaction_key=None,
        ),
        Resource(
            product="disbursement",
            name="refund",
            posts=_BOTH,
            asked_at="v1_0",
            form="refund",
            moves="out",
        ),
        Resource(product="remittance", name="transfer", posts=_FIRST, asked_at="v1_0", moves="out"),
        Resource(
            product="remittance",
            name="cashtransfer",
            posts={"v2_0": None},
            asked_at="v2_0",
            form="cash",
            moves="out",
        ),
    )
}
"""Every resource by its key."""
