"""The fault model: seeded dice, time that moves by hand, a line that spoils answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from adapters.answer import AnswerUnknownError
from adapters.base import Pace
from adapters.sandbox.faults import (
    HTML_PAGE,
    SILENT_SECONDS_MAX,
    Call,
    Dice,
    Faults,
    FaultyLine,
    Outage,
)
from adapters.sandbox.spoiling import HUGE_BYTES, SPOILINGS, STRANGE_WORD, Spoiling, strange
from adapters.sandbox.timer import LoopTimer, ManualTimer, Timer, wait
from adapters.transport import Transport

KINDS = tuple(
    name
    for name, field in Faults.model_fields.items()
    if name not in {"seed", "outages", "spoilt_as"} and not name.endswith("_seconds")
)


@given(seed=st.integers(), kind=st.sampled_from(KINDS), keys=st.lists(st.text(), min_size=2))
def test_a_throw_depends_on_seed_kind_and_key_and_not_on_the_order_of_calls(
    seed: int, kind: str, keys: list[str]
) -> None:
    one, other = Dice(Faults(seed=seed)), Dice(Faults(seed=seed))
    forward = {key: one.throw(kind, key) for key in keys}
    backward = {key: other.throw(kind, key) for key in reversed(keys)}
    assert forward == backward


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("kind", ["callback_lost", "server_error"])
def test_a_fault_strikes_as_often_as_it_should(kind: str, probability: float) -> None:
    dice = Dice(Faults.model_validate({"seed": 7, kind: probability}))
    strikes = sum(dice.strikes(kind, f"payment {number}") for number in range(5_000))
    assert strikes / 5_000 == pytest.approx(probability, abs=0.03)


def test_kinds_strike_independently_of_each_other() -> None:
    dice = Dice(Faults(seed=3, callback_lost=0.5, server_error=0.5))
    both = sum(
        dice.strikes("callback_lost", str(number)) and dice.strikes("server_error", str(number))
        for number in range(5_000)
    )
    assert both / 5_000 == pytest.approx(0.25, abs=0.03)


def test_two_seeds_hurt_different_payments() -> None:
    def hurt(seed: int) -> list[bool]:
        dice = Dice(Faults.storm(seed))
        return [dice.strikes("callback_lost", str(number)) for number in range(200)]

    assert (hurt(1) == hurt(1), hurt(1) == hurt(2)) == (True, False)


def test_an_unknown_kind_is_a_mistake_and_not_a_fault_that_never_strikes() -> None:
    with pytest.raises(AttributeError):
        Dice(Faults.none()).strikes("calback_lost", "key")


def test_a_probability_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match="less than or equal to 1"):
        Faults(callback_lost=1.5)


def test_due_actions_run_in_the_order_of_their_times_each_at_its_own_moment() -> None:
    timer = ManualTimer()
    ran: list[tuple[str, float]] = []

    def note(name: str) -> Callable[[], None]:
        return lambda: ran.append((name, timer.now_seconds()))

    timer.call_later(2, note("second"))
    timer.call_later(1, note("first"))
    timer.call_later(2, note("third"))
    timer.call_later(1.5, note("never")).cancel()
    timer.call_later(9, note("later"))
    timer.advance(5)
    assert ran == [("first", 1.0), ("second", 2.0), ("third", 2.0)]


async def test_the_loop_timer_is_real_time() -> None:
    timer = LoopTimer()
    before_seconds = timer.now_seconds()
    await wait(timer, 0.01)
    assert timer.now_seconds() - before_seconds >= 0.009


@dataclass
class Line:
    """A server behind a faulty line, its client, and how often its handler ran."""

    timer: ManualTimer
    client: aiohttp.ClientSession
    url: str
    handled: int = 0
    answer: bytes = b"accepted"

    async def pay(self, reference: str = "p") -> str:
        """Say what a caller sees: a status and the start of a text, or the name of an error."""
        try:
            async with self.client.post(f"{self.url}/{reference}") as response:
                return f"{response.status} {(await response.text())[:20]}"
        except (aiohttp.ClientError, ConnectionError, UnicodeDecodeError):
            return "no answer"


@asynccontextmanager
async def faulty_line(
    faults: Faults, *, moves_money: bool = True, line_timer: Timer | None = None
) -> AsyncIterator[Line]:
    timer = ManualTimer()

    async def accept(_request: web.Request) -> web.Response:
        line.handled += 1
        return web.Response(status=202, body=line.answer, headers={"X-Kept": "yes"})

    def name_call(request: web.Request) -> Call | None:
        reference = request.path.removeprefix("/")
        if reference == "exempt":
            return None
        return Call(operation="pay", reference=reference, moves_money=moves_money)

    application = web.Application()
    application.router.add_post("/{reference}", accept)
    FaultyLine(faults, timer=line_timer or timer, name_call=name_call).install(application)
    server = TestServer(application)
    await server.start_server()
    try:
        async with aiohttp.ClientSession() as client:
            line = Line(timer=timer, client=client, url=str(server.make_url("")).rstrip("/"))
            yield line
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("fault", "seen", "handled"),
    [
        ("callback_lost", "202 accepted", 1),
        ("server_error", "500 ", 0),
        ("server_error_after", "500 ", 1),
        ("connection_reset_before", "no answer", 0),
        ("connection_reset_after", "no answer", 1),
    ],
)
async def test_what_a_caller_sees_and_whether_the_payment_was_taken(
    fault: str, seen: str, handled: int
) -> None:
    async with faulty_line(Faults.model_validate({fault: 1.0})) as line:
        assert (await line.pay(), line.handled) == (seen, handled)


async def test_behind_the_html_page_some_payments_were_taken_and_some_were_not() -> None:
    async with faulty_line(Faults(html_with_200=1.0)) as line:
        seen = {await line.pay(str(number)) for number in range(20)}
        assert (seen, 0 < line.handled < 20) == ({f"200 {HTML_PAGE[:20]}"}, True)


async def test_a_retry_throws_again_and_may_pass() -> None:
    async with faulty_line(Faults(seed=1, server_error=0.5)) as line:
        seen = [await line.pay("the same") for _ in range(10)]
        assert set(seen) == {"500 ", "202 accepted"}


async def test_two_runs_with_one_seed_hurt_the_same_calls() -> None:
    async def run(references: list[str]) -> dict[str, str]:
        async with faulty_line(Faults(seed=5, server_error=0.3, html_with_200=0.3)) as line:
            return {reference: await line.pay(reference) for reference in references}

    references = [str(number) for number in range(20)]
    assert await run(references) == await run(references[::-1])


async def test_a_silent_call_has_taken_the_payment_and_ends_without_an_answer() -> None:
    async with faulty_line(Faults(silent_after_accept=1.0)) as line:
        call = asyncio.create_task(line.pay())
        await line.timer.until_waiting(1)
        before = (line.handled, call.done())
        line.timer.advance(SILENT_SECONDS_MAX)
        assert (before, await call) == ((1, False), "no answer")


async def test_a_silent_call_does_not_hold_up_the_shutdown() -> None:
    async with faulty_line(Faults(silent_after_accept=1.0)) as line:
        call = asyncio.create_task(line.pay())
        await line.timer.until_waiting(1)
    assert await call == "no answer"


async def test_only_calls_that_move_money_fall_silent_or_fail_after_they_did() -> None:
    faults = Faults(silent_after_accept=1.0, server_error_after=1.0)
    async with faulty_line(faults, moves_money=False) as line:
        assert await line.pay() == "202 accepted"


async def test_a_slow_answer_comes_after_its_time() -> None:
    async with faulty_line(Faults(slow_answer=1.0, slow_answer_seconds=30)) as line:
        call = asyncio.create_task(line.pay())
        await line.timer.until_waiting(1)
        line.timer.advance(29)
        before = call.done()
        line.timer.advance(1)
        assert (before, await call) == (False, "202 accepted")


async def test_in_an_outage_everything_answers_503_and_nothing_happens() -> None:
    outages = (Outage(after_seconds=10, for_seconds=5), Outage(after_seconds=20, for_seconds=1))
    seen = []
    async with faulty_line(Faults(outages=outages)) as line:
        for _ in range(8):
            seen.append((line.timer.now_seconds(), await line.pay()))
            line.timer.advance(3)
        assert (seen, line.handled) == (
            [
                (0, "202 accepted"),
                (3, "202 accepted"),
                (6, "202 accepted"),
                (9, "202 accepted"),
                (12, "503 "),
                (15, "202 accepted"),
                (18, "202 accepted"),
                (21, "202 accepted"),
            ],
            7,
        )


async def test_an_exempt_call_suffers_nothing() -> None:
    faults = Faults(server_error=1.0, outages=(Outage(after_seconds=0, for_seconds=99),))
    async with faulty_line(faults) as line:
        assert await line.pay("exempt") == "202 accepted"


ANSWER = b'{"status":"PAID","amount":"15"}'
SPOILT_ANSWERS: dict[Spoiling, str] = {
    "empty_200": "200 ",
    "empty_400": "400 ",
    "array": "202 [null]",
    "text": '202 "accepted"',
    "number": "202 1",
    "null": "202 null",
    "cut": "202 " + ANSWER[:15].decode(),
    "cut_short": "no answer",
    "huge": "202 " + ANSWER[:20].decode(),
    "wrong_type": "202 " + ANSWER[:20].decode(),
    "no_utf8": "no answer",
    "deep": "202 " + ('{"status":' * 2),
    "strange_words": "202 " + f'{{"status":"{STRANGE_WORD}'[:20],
}
"""What a caller sees of each but the one that drips, up to twenty characters of text."""

OK = '{"message":"OK"}'
INSTEAD: dict[Spoiling, str] = {
    kind: f"200{seen[3:]}" if seen.startswith("202") else seen
    for kind, seen in SPOILT_ANSWERS.items()
} | {
    "cut": f"200 {OK[:8]}",
    "huge": f"200 {OK}    ",
    "wrong_type": f"200 {OK}",
    "strange_words": f"200 {OK}",
}
"""What he sees where nothing had happened."""


@pytest.mark.parametrize("kind", SPOILT_ANSWERS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_spoilt_answer_is_no_answer_after_the_deed_or_instead_of_it(
    kind: Spoiling, when: str
) -> None:
    wanted = {f"answer_spoilt_{when}": 1, "spoilt_as": (kind,)}
    async with faulty_line(Faults.model_validate(wanted)) as line:
        line.answer = ANSWER
        seen = await line.pay()
    told = SPOILT_ANSWERS[kind] if when == "after" else INSTEAD[kind]
    assert (seen, line.handled) == (told, int(when == "after"))


async def test_half_an_answer_under_the_length_of_the_whole_ends_in_the_middle() -> None:
    faults = Faults(answer_spoilt_after=1, spoilt_as=("cut_short",))
    async with faulty_line(faults) as line, line.client.post(f"{line.url}/p") as response:
        length, kept = response.headers["Content-Length"], response.headers["X-Kept"]
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert (int(length), kept) == (len(b"accepted"), "yes")


async def test_a_huge_answer_is_the_answer_and_more_behind_it_than_anybody_reads() -> None:
    faults = Faults(answer_spoilt_after=1, spoilt_as=("huge",))
    async with faulty_line(faults) as line, line.client.post(f"{line.url}/p") as response:
        body = await response.read()
    assert (body[:8], len(body)) == (b"accepted", 8 + HUGE_BYTES)


async def test_an_answer_that_drips_comes_byte_by_byte() -> None:
    faults = Faults(answer_spoilt_after=1, spoilt_as=("dripping",), drip_seconds=30)
    async with faulty_line(faults) as line, line.client.post(f"{line.url}/p") as response:
        seen = []
        for _ in b"accepted":
            await line.timer.until_waiting(1)
            line.timer.advance(30)
            seen.append(await response.content.read(1))
    assert b"".join(seen) == b"accepted"


async def test_an_answer_that_drips_is_given_up_though_bytes_keep_coming() -> None:
    faults = Faults(answer_spoilt_after=1, spoilt_as=("dripping",), drip_seconds=0.02)
    pace = Pace(
        call_timeout_seconds=0.1,
        concurrency_max=1,
        calls_per_second_max=100,
        inquiry_first_seconds=1,
        inquiry_factor=1,
        inquiry_seconds_max=1,
    )
    async with faulty_line(faults, line_timer=LoopTimer()) as line:
        line.answer = b"x" * 1_000
        transport = Transport(pace, clock=line.timer.clock)
        with pytest.raises(AnswerUnknownError, match="no whole answer in"):
            await transport.call("POST", f"{line.url}/p", is_safe_to_repeat=False)
        await transport.close()
    assert line.handled == 1


async def test_every_kind_of_spoiling_has_its_turn() -> None:
    kinds = tuple(sorted(set(SPOILINGS) - {"dripping"}))
    async with faulty_line(Faults(seed=2, answer_spoilt_after=1, spoilt_as=kinds)) as line:
        line.answer = ANSWER
        seen = {await line.pay(str(number)) for number in range(200)}
    assert seen == set(SPOILT_ANSWERS.values())


def test_strange_words_stand_where_listed_ones_stood_and_nowhere_else() -> None:
    told = b'{"data":{"Status":"OK","code":200,"ids":["a"],"amount":5},"statusCode":"60019"}'
    assert strange(told) == (
        b'{"data":{"Status":"SOMETHING_NEW","code":7777,"ids":["a"],"amount":5},"statusCode":"7777"}'
    )
    assert strange(b"no JSON") == b"no JSON"
    elements = b"<status>200</status><transID>T1</transID><resultCode>OK</resultCode>"
    assert strange(elements) == (
        b"<status>7777</status><transID>T1</transID><resultCode>SOMETHING_NEW</resultCode>"
    )
