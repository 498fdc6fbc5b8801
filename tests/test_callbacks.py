"""Callbacks of the sandboxes: sent as given, and lost, late, doubled, swapped or early."""

import pytest

from adapters.sandbox.callbacks import (
    PENDING_MAX,
    RETRY_SCHEDULE,
    Attempt,
    Callback,
    CallbackSender,
    is_on_this_machine,
)
from adapters.sandbox.faults import (
    Faults,
)
from adapters.sandbox.timer import ManualTimer
from tests.callback_receiver import CallbackReceiver


def a_callback(url: str, key: str = "k") -> Callback:
    return Callback(
        key=key,
        method="PUT",
        url=url,
        body=key.encode(),
        headers={"Content-Type": "application/json"},
    )


async def deliver(faults: Faults, *keys: str) -> list[list[str]]:
    """Return what came at once, in its order, and sorted what came after a long time."""
    timer = ManualTimer()
    async with CallbackReceiver() as receiver, CallbackSender(faults, timer=timer) as sender:
        for key in keys:
            sender.send(a_callback(receiver.url(), key))
            await sender.settled()
        at_once = [received.body.decode() for received in receiver.received]
        timer.advance(3_600)
        await sender.settled()
        later = [received.body.decode() for received in receiver.received[len(at_once) :]]
        return [at_once, sorted(later)]


@pytest.mark.parametrize(
    ("fault", "at_once", "later"),
    [
        ("server_error", ["a", "b", "c"], []),
        ("callback_lost", [], []),
        ("callback_duplicated", ["a", "a", "b", "b", "c", "c"], []),
        ("callback_late", [], ["a", "b", "c"]),
        ("callback_reordered", ["b", "a"], ["c"]),
    ],
)
async def test_when_callbacks_arrive(fault: str, at_once: list[str], later: list[str]) -> None:
    faults = Faults.model_validate({fault: 1.0})
    assert await deliver(faults, "a", "b", "c") == [at_once, later]


async def test_a_late_and_doubled_callback_comes_once_at_once_and_once_late() -> None:
    faults = Faults(callback_late=1.0, callback_duplicated=1.0)
    assert await deliver(faults, "a") == [["a"], ["a"]]


async def test_a_callback_is_sent_as_it_was_given_and_is_not_signed() -> None:
    async with (
        CallbackReceiver() as receiver,
        CallbackSender(Faults.none(), timer=ManualTimer()) as sender,
    ):
        sender.send(a_callback(receiver.url("/webhooks/x?y=1")))
        (came,) = await receiver.until(1)
        assert (came.method, came.path, came.body, sorted(came.headers)) == (
            "PUT",
            "/webhooks/x",
            b"k",
            ["Accept", "Accept-Encoding", "Content-Length", "Content-Type", "Host", "User-Agent"],
        )


async def test_an_early_callback_has_arrived_when_the_call_returns() -> None:
    faults = Faults(callback_early=1.0)
    async with (
        CallbackReceiver() as receiver,
        CallbackSender(faults, timer=ManualTimer()) as sender,
    ):
        is_early = sender.is_early("k")
        await sender.send_now(a_callback(receiver.url()))
        assert (is_early, len(receiver.received)) == (True, 1)


@pytest.mark.parametrize("status", [400, 500, 302])
async def test_by_default_a_refused_callback_is_not_sent_again(status: int) -> None:
    timer = ManualTimer()
    async with (
        CallbackReceiver(status) as receiver,
        CallbackSender(Faults.none(), timer=timer) as sender,
    ):
        sender.send(a_callback(receiver.url()))
        await sender.settled()
        timer.advance(86_400)
        await sender.settled()
        assert list(sender.attempts) == [Attempt(key="k", status=status)]


async def test_the_retry_schedule_goes_on_until_the_callback_is_taken() -> None:
    timer = ManualTimer()
    async with (
        CallbackReceiver(500, 503, 404) as receiver,
        CallbackSender(Faults.none(), timer=timer, mode="retry_schedule") as sender,
    ):
        sender.send(a_callback(receiver.url()))
        await sender.settled()
        for _ in range(6):
            timer.advance(1)
            await sender.settled()
        assert [attempt.status for attempt in sender.attempts] == [500, 503, 404, 200]


async def test_where_a_refusal_is_final_only_a_failure_is_sent_again() -> None:
    timer = ManualTimer()
    async with (
        CallbackReceiver(503, 404) as receiver,
        CallbackSender(
            Faults.none(), timer=timer, mode="retry_schedule", is_refusal_final=True
        ) as sender,
    ):
        sender.send(a_callback(receiver.url()))
        await sender.settled()
        for _ in range(6):
            timer.advance(1)
            await sender.settled()
        assert [attempt.status for attempt in sender.attempts] == [503, 404]


async def test_the_retry_schedule_ends_after_its_last_block() -> None:
    timer = ManualTimer()
    moments: list[float] = []
    attempts_max = 1 + sum(block.attempts for block in RETRY_SCHEDULE)
    async with (
        CallbackReceiver(*[500] * (attempts_max + 5)) as receiver,
        CallbackSender(Faults.none(), timer=timer, mode="retry_schedule") as sender,
    ):
        sender.send(a_callback(receiver.url()))
        await sender.settled()
        moments.append(timer.now_seconds())
        for block in (*RETRY_SCHEDULE, *RETRY_SCHEDULE[-1:]):
            for _ in range(block.attempts):
                timer.advance(block.pause_seconds)
                await sender.settled()
                moments.append(timer.now_seconds())
        assert (len(receiver.received), moments[20], moments[50], moments[74]) == (
            75,
            20,
            20 + 30 * 120,
            20 + 30 * 120 + 24 * 3_600,
        )


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://localhost:80/x", True),
        ("http://127.0.0.1/x", True),
        ("http://127.8.9.1/x", True),
        ("http://[::1]:9/x", True),
        ("http://merchant.example/x", False),
        ("http://localhost.example/x", False),
        ("http://192.0.2.1/x", False),
        ("http://0.0.0.0/x", False),
        ("http://[/x", False),
        ("", False),
    ],
)
def test_which_urls_are_on_this_machine(url: str, *, is_local: bool) -> None:
    assert is_on_this_machine(url) is is_local


async def test_a_callback_to_another_machine_is_attempted_without_a_connection() -> None:
    async with CallbackSender(Faults.none(), timer=ManualTimer()) as sender:
        sender.send(a_callback("http://192.0.2.1/callback"))
        await sender.settled()
        assert list(sender.attempts) == [Attempt(key="k", status=None)]


async def test_a_merchant_that_is_down_is_an_attempt_without_a_status() -> None:
    async with CallbackReceiver() as receiver:
        url = receiver.url()
    async with CallbackSender(Faults.none(), timer=ManualTimer()) as sender:
        sender.send(a_callback(url))
        await sender.settled()
        assert list(sender.attempts) == [Attempt(key="k", status=None)]


async def test_callbacks_outside_the_life_of_the_sender_are_lost_quietly() -> None:
    timer = ManualTimer()
    async with CallbackReceiver() as receiver:
        sender = CallbackSender(Faults(callback_late=1.0), timer=timer)
        sender.send(a_callback(receiver.url()))
        await sender.start()
        sender.send(a_callback(receiver.url()))
        await sender.stop()
        timer.advance(3_600)
        await sender.settled()
        assert (list(sender.attempts), receiver.received) == ([], [])


async def test_more_unfinished_callbacks_than_the_limit_are_lost() -> None:
    timer = ManualTimer()
    async with CallbackSender(Faults.none(), timer=timer, mode="retry_schedule") as sender:
        for _ in range(PENDING_MAX + 5):
            sender.send(a_callback("http://192.0.2.1/"))
        await sender.settled()
        assert len(sender.attempts) == PENDING_MAX
