"""An order in the Orange sandbox, from its creation to its last word and its notification.

`admit` books an order or refuses it, `status_of` answers about one; `confirm` and `cancel` are what
a payer does on the page. One timer per order ends it: as EXPIRED while nobody has confirmed, by the
payer's scenario afterwards.

A notification that is early, by the fault of that name, has reached the merchant before the payer's
click is answered.

The trick: between the check for a repeated order_id and its entry in the books nothing is awaited,
so two simultaneous POSTs cannot both create it; the same holds for two clicks on "Confirmer".

It knows no HTTP but the answers it refuses with. Sources: see `orange_rules`.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Final

import orjson

from adapters.sandbox.callbacks import Callback, CallbackSender
from adapters.sandbox.orange_books import BookedOrder, FinalStatus, OrangeBooks, OrderEnd
from adapters.sandbox.orange_requests import Creation, Question
from adapters.sandbox.orange_rules import (
    JSON_TYPE,
    Code,
    OrangeSandboxSettings,
    Scenario,
    error,
    scenario_of,
)
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Cancellable, Timer

NUMBER: Final = re.compile(r"\+?[0-9]{8,15}")
CODE: Final = re.compile(r"[0-9]{4,8}")


class Mistake(StrEnum):
    """What is wrong with what a payer typed; the order is as it was."""

    NUMBER_MISSING = "number_missing"
    NUMBER_UNREADABLE = "number_unreadable"
    NUMBER_UNKNOWN = "number_unknown"
    CODE_MISSING = "code_missing"
    CODE_UNREADABLE = "code_unreadable"
    CODE_WRONG = "code_wrong"


class OrangeOrders:
    """The orders of one sandbox: admission, payers, the passing of time, notifications."""

    def __init__(
        self,
        settings: OrangeSandboxSettings,
        books: OrangeBooks,
        sender: CallbackSender,
        *,
        clock: Callable[[], datetime],
        timer: Timer,
    ) -> None:
        self._settings = settings
        self._books = books
        self._sender = sender
        self._clock = clock
        self._timer = timer
        self._ends: dict[str, Cancellable] = {}
        self._is_stopped = False

    def resume(self) -> None:
        """Set the timers of the orders that a former process left unfinished.

        Notifications that process had not sent yet are lost, as if it had been asked to lose them.
        """
        for order in self._books.orders.values():
            if not order.is_final:
                self._end_in_time(order)

    def stop(self) -> None:
        """Let no timer write in the books any more."""
        self._is_stopped = True

    def admit(self, asked: Creation) -> BookedOrder:
        """Book an order, or find the one that may be answered again; raises RefusedError."""
        known = self._books.orders.get(asked.order_id)
        if known is not None:
            is_created = (
                self._settings.repeated_order == "same_pay_token" and _asked_by(known) == asked
            )
            self._books.repeat(asked.order_id, is_created=is_created)
            if not is_created:
                raise RefusedError(error(Code.ACCESS_DENIED, "This order_id was used before."))
            return known
        if self._books.is_full:
            raise RefusedError(error(Code.SERVICE_UNAVAILABLE, "The sandbox holds no more orders."))
        order = BookedOrder(
            **asdict(asked),
            pay_token=self._derive(f"pay:{asked.order_id}"),
            notif_token=self._derive(f"notif:{asked.order_id}")[:32],
            created_at=self._clock(),
        )
        self._books.create(order)
        self._end_in_time(order)
        return order

    def status_of(self, segment: str, question: Question) -> dict[str, object]:
        """Answer about an order to whoever knows all of its three facts; raises RefusedError."""
        order = self._books.orders.get(question.order_id)
        if order is None or (order.segment, order.pay_token, order.amount) != (
            segment,
            question.pay_token,
            question.amount,
        ):
            raise RefusedError(error(Code.RESOURCE_NOT_FOUND, "No such transaction."))
        return {"status": order.status, "order_id": order.order_id, **self._txnid(order)}

    async def confirm(self, order: BookedOrder, number: str, code: str) -> tuple[Mistake, ...]:
        """Take what a payer typed; without a mistake the order is PENDING or has ended.

        An order that is not INITIATED any more stays as it is, without a mistake.
        """
        if order.status != "INITIATED":
            return ()
        number = re.sub(r"[\s.()-]", "", number)
        code = re.sub(r"\s", "", code)
        mistakes = _mistakes(number, code)
        if mistakes:
            return mistakes
        if scenario_of(number) == Scenario.NO_ACCOUNT:
            return (Mistake.NUMBER_UNKNOWN,)
        if code != self._settings.one_time_code:
            order = self._books.count_wrong_code(order.order_id)
            if order.wrong_codes >= self._settings.wrong_codes_max:
                self._end_and_tell(order.order_id, "FAILED", "too_many_wrong_codes")
            return (Mistake.CODE_WRONG,)
        confirmed = self._books.confirm(order.order_id, number, self._clock())
        await self._decide(confirmed)
        return ()

    def cancel(self, order: BookedOrder) -> None:
        """Take the payer's word that nothing will be paid; Orange has no status for that."""
        if order.status == "INITIATED" and self._settings.cancelling_ends_order:
            self._end_and_tell(order.order_id, "FAILED", "cancelled_by_payer")

    async def _decide(self, order: BookedOrder) -> None:
        """End a confirmed order: at once, early, or by its timer."""
        status, reason, delay_seconds = self._fate(order)
        if scenario_of(order.payer_number or "") in {Scenario.NEVER_CONFIRMED, Scenario.SLOW}:
            self._end_in_time(order)
        elif self._sender.is_early(order.order_id):
            ended = self._end(order.order_id, status, reason)
            if ended is not None:
                await self._sender.send_now(self._notification(ended))
        elif delay_seconds == 0:
            self._end_and_tell(order.order_id, status, reason)
        else:
            self._end_in_time(order)

    def _end_in_time(self, order: BookedOrder) -> None:
        """Set the one timer of an unfinished order, in place of the one it had."""
        status, reason, delay_seconds = self._fate(order)
        since = order.created_at if status == "EXPIRED" else order.confirmed_at or order.created_at
        passed_seconds = (self._clock() - since).total_seconds()
        self._forget_timer(order.order_id)
        self._ends[order.order_id] = self._timer.call_later(
            max(0.0, delay_seconds - passed_seconds),
            lambda: self._end_and_tell(order.order_id, status, reason),
        )

    def _fate(self, order: BookedOrder) -> tuple[FinalStatus, str | None, float]:
        """Return how the order will end as it stands, why, and after how many seconds.

        An expiry is counted from the order's creation, all else from the payer's confirmation.
        """
        if order.payer_number is None:
            return "EXPIRED", "nobody_confirmed", self._settings.page_lifetime_seconds
        delay_seconds = self._settings.decide_after_seconds
        match scenario_of(order.payer_number):
            case Scenario.FAILED:
                return "FAILED", "refused_by_operator", delay_seconds
            case Scenario.INSUFFICIENT_FUNDS:
                return "FAILED", "insufficient_funds", delay_seconds
            case Scenario.NEVER_CONFIRMED:
                return "EXPIRED", "never_confirmed", self._settings.page_lifetime_seconds
            case Scenario.SLOW:
                return "SUCCESS", None, self._settings.slow_seconds
            case _:
                return "SUCCESS", None, delay_seconds

    def _end_and_tell(self, order_id: str, status: FinalStatus, reason: str | None) -> None:
        ended = self._end(order_id, status, reason)
        if ended is None or (status == "EXPIRED" and not self._settings.expiry_is_notified):
            return
        notification = self._notification(ended)
        self._timer.call_later(
            self._settings.notification_after_seconds, lambda: self._sender.send(notification)
        )

    def _end(self, order_id: str, status: FinalStatus, reason: str | None) -> BookedOrder | None:
        if self._is_stopped or self._books.orders[order_id].is_final:
            return None
        self._forget_timer(order_id)
        end = OrderEnd(order_id=order_id, status=status, reason=reason, at=self._clock())
        return self._books.end(end)

    def _forget_timer(self, order_id: str) -> None:
        due = self._ends.pop(order_id, None)
        if due is not None:
            due.cancel()

    def _notification(self, order: BookedOrder) -> Callback:
        said: dict[str, object] = {"status": order.status, "notif_token": order.notif_token}
        said |= self._txnid(order)
        if self._settings.notification_fields != "official":
            is_text = self._settings.notification_fields == "extended_text_amount"
            said |= {
                "pay_token": order.pay_token,
                "order_id": order.order_id,
                "amount": str(order.amount) if is_text else order.amount,
                "currency": order.currency,
                "reference": order.reference,
            }
        return Callback(
            key=order.order_id,
            method="POST",
            url=order.notif_url,
            body=orjson.dumps(said),
            headers={"Content-Type": JSON_TYPE},
        )

    def _txnid(self, order: BookedOrder) -> dict[str, object]:
        if order.txnid is not None:
            return {"txnid": order.txnid}
        match self._settings.txnid_when_none:
            case "absent":
                return {}
            case "empty":
                return {"txnid": ""}
            case "null":
                return {"txnid": None}

    def _derive(self, text: str) -> str:
        return hmac.digest(self._settings.secret.encode(), text.encode(), "sha256").hex()


def _asked_by(order: BookedOrder) -> Creation:
    """Return the request an order was created by."""
    return Creation(**{name: getattr(order, name) for name in Creation.__slots__})


def _mistakes(number: str, code: str) -> tuple[Mistake, ...]:
    mistakes = []
    if not number:
        mistakes.append(Mistake.NUMBER_MISSING)
    elif not NUMBER.fullmatch(number):
        mistakes.append(Mistake.NUMBER_UNREADABLE)
    if not code:
        mistakes.append(Mistake.CODE_MISSING)
    elif not CODE.fullmatch(code):
        mistakes.append(Mistake.CODE_UNREADABLE)
    return tuple(mistakes)
