"""The Orange sandbox's own truth: every order it ever created and what became of it.

Tests and demonstrations compare the ledger with these books: they know how often each order was
posted, who paid it and how it ended. With a journal they survive the sandbox's death and can
be read by another process.

They decide nothing: when and how an order ends is said by `orange_orders`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter

from adapters.sandbox.journal import Journal

Status = Literal["INITIATED", "PENDING", "EXPIRED", "SUCCESS", "FAILED"]
FinalStatus = Literal["EXPIRED", "SUCCESS", "FAILED"]

FINAL: Final = frozenset({"EXPIRED", "SUCCESS", "FAILED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedOrder:
    """One created order. `amount` is what was asked for: whole units of `currency`.

    `posts_seen` counts every POST of this order_id from its creation on; `times_created` counts
    those that were answered 201. `reason` is ours: Orange gives none.
    """

    order_id: str
    segment: str
    amount: int
    currency: str
    reference: str
    language: str
    return_url: str
    cancel_url: str
    notif_url: str
    pay_token: str
    notif_token: str
    created_at: datetime
    status: Status = "INITIATED"
    wrong_codes: int = 0
    payer_number: str | None = None
    confirmed_at: datetime | None = None
    txnid: str | None = None
    reason: str | None = None
    ended_at: datetime | None = None
    posts_seen: int = 1
    times_created: int = 1

    @property
    def is_final(self) -> bool:
        """Whether its last word is spoken."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnd:
    """How an order ended. Only an order whose payer confirmed gets a transaction id."""

    order_id: str
    status: FinalStatus
    reason: str | None
    at: datetime


_ORDER: Final = TypeAdapter(BookedOrder)
_END: Final = TypeAdapter(OrderEnd)
_TIME: Final = TypeAdapter(datetime)


class OrangeBooks:
    """Orders by their order_id; bounded by the server, which asks `is_full` first.

    Raises OSError if the file cannot be opened, ValueError if it holds something else.
    """

    def __init__(self, path: Path | None, *, orders_max: int, read_only: bool = False) -> None:
        self.orders: dict[str, BookedOrder] = {}
        self._order_id_by_pay_token: dict[str, str] = {}
        self._orders_max = orders_max
        self._transactions = 0
        self._journal = Journal(path, read_only=read_only)
        try:
            for record in self._journal.records():
                self._apply(record)
        except BaseException:
            self._journal.close()
            raise

    @property
    def is_full(self) -> bool:
        """Whether a further order would pass a limit."""
        return len(self.orders) >= self._orders_max or self._journal.is_full

    def with_pay_token(self, pay_token: str) -> BookedOrder | None:
        """Return the order that a payment page is for."""
        order_id = self._order_id_by_pay_token.get(pay_token)
        return None if order_id is None else self.orders[order_id]

    def create(self, order: BookedOrder) -> None:
        """Write down an order that is about to be answered 201."""
        self._write({"kind": "created", "order": asdict(order)})

    def repeat(self, order_id: str, *, is_created: bool) -> None:
        """Count a further POST of an order; `is_created` if it was answered 201 again."""
        self._write({"kind": "repeated", "order_id": order_id, "is_created": is_created})

    def count_wrong_code(self, order_id: str) -> BookedOrder:
        """Count a wrong one-time code and return the order."""
        self._write({"kind": "wrong_code", "order_id": order_id})
        return self.orders[order_id]

    def confirm(self, order_id: str, payer_number: str, at: datetime) -> BookedOrder:
        """Write down that the payer confirmed and return the order, now PENDING."""
        self._write(
            {"kind": "confirmed", "order_id": order_id, "payer_number": payer_number, "at": at}
        )
        return self.orders[order_id]

    def end(self, end: OrderEnd) -> BookedOrder:
        """Write down how an order ended and return it."""
        self._write({"kind": "ended", "end": asdict(end)})
        return self.orders[end.order_id]

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _write(self, record: Mapping[str, object]) -> None:
        self._journal.append(record)
        self._apply(record)

    def _apply(self, record: Mapping[str, object]) -> None:
        """Take one record in, whether just written or read at the start."""
        match record:
            case {"kind": "created", "order": written}:
                order = _ORDER.validate_python(written)
                self.orders[order.order_id] = order
                self._order_id_by_pay_token[order.pay_token] = order.order_id
            case {"kind": "repeated", "order_id": str(order_id), "is_created": bool(is_created)}:
                order = self.orders[order_id]
                self.orders[order_id] = replace(
                    order,
                    posts_seen=order.posts_seen + 1,
                    times_created=order.times_created + is_created,
                )
            case {"kind": "wrong_code", "order_id": str(order_id)}:
                order = self.orders[order_id]
                self.orders[order_id] = replace(order, wrong_codes=order.wrong_codes + 1)
            case {
                "kind": "confirmed",
                "order_id": str(order_id),
                "payer_number": str(number),
                "at": at,
            }:
                self.orders[order_id] = replace(
                    self.orders[order_id],
                    status="PENDING",
                    payer_number=number,
                    confirmed_at=_TIME.validate_python(at),
                )
            case {"kind": "ended", "end": written}:
                self._end(_END.validate_python(written))
            case _:
                raise ValueError(f"not a record of these books: {record.get('kind')!r}")

    def _end(self, end: OrderEnd) -> None:
        order = self.orders[end.order_id]
        txnid = None
        if order.confirmed_at is not None and end.status != "EXPIRED":
            self._transactions += 1
            txnid = f"MP{end.at:%y%m%d.%H%M}.A{self._transactions:05d}"
        self.orders[end.order_id] = replace(
            order, status=end.status, reason=end.reason, ended_at=end.at, txnid=txnid
        )


def read_books(path: Path) -> OrangeBooks:
    """Return the books as a file has them now; a sandbox may go on writing it meanwhile."""
    books = OrangeBooks(path, orders_max=0, read_only=True)
    books.close()
    return books
