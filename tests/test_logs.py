"""Log lines: what an error says stays out of them, whatever it is and however it comes."""

import asyncio
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from pydantic import TypeAdapter

from api.background import Background
from api.logs import configure_logs, writer_of
from api.tracebacks import ERRORS_MAX, FRAMES_MAX, told
from ledger.errors import LedgerError, StoreUnavailableError, SubscriptionStalledError, reason_of
from ledger.memory import MemoryEventStore
from ledger.sentences import Sentence
from ledger.sql import Database
from ledger.subscriptions import Subscription
from tests.builders import CONTEXT
from tests.contracts.store import a_turn, an_event

NUMBER = "+237670000001"
OURS = StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some."))
FORMS = pytest.mark.parametrize("form", ["json", "console"])


def logged(
    form: str,
    write: Callable[[structlog.typing.FilteringBoundLogger], object],
    level: str = "debug",
) -> str:
    """What a server writes in one of its forms."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, write_through=True)
    configure_logs(level, form, stream)
    write(structlog.get_logger())
    return written.getvalue().decode()


def raise_from(error: BaseException, cause: BaseException | None) -> None:
    raise error from cause


def raise_within(error: BaseException, context: BaseException) -> None:
    try:
        raise context
    except type(context):
        raise error  # noqa: B904 - that is what is tried out


def a_validation() -> None:
    TypeAdapter(int).validate_python(NUMBER + "x")


def a_json() -> None:
    json.loads(f'{{"phone": {NUMBER}}}')


def a_noted() -> None:
    error = RuntimeError()
    error.add_note(NUMBER)
    raise error


def a_group() -> None:
    inner = ExceptionGroup(NUMBER, [ValueError(NUMBER), LookupError(NUMBER)])
    raise ExceptionGroup("all", [inner, KeyError(NUMBER)])


HOLES: dict[str, tuple[Callable[[], object], set[str]]] = {
    "a KeyError": (lambda: {"a": 1}[NUMBER], {"KeyError"}),
    "a ValueError": (lambda: int(NUMBER + "x"), {"ValueError"}),
    "a UnicodeDecodeError": ((NUMBER.encode() + b"\xff").decode, {"UnicodeDecodeError"}),
    "a SyntaxError": (lambda: compile(f"1 + '{NUMBER}", NUMBER, "eval"), {"SyntaxError"}),
    "a ValidationError": (a_validation, {"ValidationError"}),
    "a JSONDecodeError": (a_json, {"JSONDecodeError"}),
    "a note": (a_noted, {"RuntimeError"}),
    "a group of groups": (a_group, {"ExceptionGroup", "ValueError", "LookupError", "KeyError"}),
    "a cause": (lambda: raise_from(OURS, ValueError(NUMBER)), {"ValueError", OURS.reason}),
    "a context": (
        lambda: raise_within(OURS, ValueError(NUMBER)),
        {"StoreUnavailableError", "ValueError", OURS.reason},
    ),
    "a cause of ours": (lambda: raise_from(ValueError(NUMBER), OURS), {"ValueError", OURS.reason}),
}


@FORMS
@pytest.mark.parametrize("hole", HOLES)
def test_of_an_error_only_the_class_the_places_and_our_own_words_are_written(
    form: str, hole: str
) -> None:
    do, shown = HOLES[hole]

    def write(log: structlog.typing.FilteringBoundLogger) -> None:
        try:
            do()
        except Exception:
            log.exception("piece.failed", stream="payment-1")

    written = logged(form, write)
    assert NUMBER not in written
    assert {words for words in shown if words not in written} == set()
    assert "test_logs.py" in written
    assert "piece.failed" in written


@FORMS
@pytest.mark.parametrize("how", ["it", "in a list", "as exc_info", "as exc_info by hand"])
def test_an_error_that_is_handed_over_is_written_in_the_same_way(form: str, how: str) -> None:
    error = ValueError(NUMBER)
    ways: dict[str, dict[str, object]] = {
        "it": {"error": error},
        "in a list": {"errors": [{"first": error}]},
        "as exc_info": {"exc_info": error},
        "as exc_info by hand": {"exc_info": (ValueError, error, None)},
    }
    written = logged(form, lambda log: log.warning("it.failed", **ways[how]))
    assert (NUMBER in written, "ValueError" in written) == (False, True)


@FORMS
def test_where_there_is_no_error_none_is_written(form: str) -> None:
    written = logged(form, lambda log: log.error("it.ended", exc_info=None))
    assert "it.ended" in written
    assert "exception" not in written


@FORMS
@pytest.mark.parametrize("level", ["debug", "info", "warning"])
def test_what_is_written_for_every_request_is_what_a_logger_writes(form: str, level: str) -> None:
    said = {"status": 200, "code": None, "error": ValueError(NUMBER)}
    time = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
    by_logger = logged(form, lambda log: log.info("it.was", **said), level)
    directly = logged(form, lambda _log: writer_of("it.was")(**said), level)
    assert time.sub("now", directly) == time.sub("now", by_logger)
    assert ("it.was" in directly, NUMBER in directly) == (level != "warning", False)


def test_a_line_tells_of_so_many_errors_and_places_and_of_no_more() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise ExceptionGroup("many", [ValueError(at) for at in range(3 * ERRORS_MAX)])

    try:
        deep(3 * FRAMES_MAX)
    except ExceptionGroup as error:
        error.__cause__ = error  # a circle
        one = told(error)
    assert [len(one), len(one[0]["frames"]), len(one[0]["exceptions"])] == [
        1,
        FRAMES_MAX,
        ERRORS_MAX - 1,
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError(NUMBER), "KeyError"),
        (OURS, "StoreUnavailableError: The disk is full. Free some."),
        (LedgerError(), "LedgerError"),
    ],
)
def test_a_reason_has_our_own_words_or_none(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


async def test_a_task_that_ended_is_logged_and_shown_without_its_words() -> None:
    async def end() -> None:
        raise ValueError(NUMBER)

    background = Background()
    with structlog.testing.capture_logs() as logs:
        background.start("worker", end())
        await asyncio.wait(background._tasks.values())
        await a_turn()
    await background.stop()
    assert dict(background.stopped) == {"worker": "ValueError"}
    assert (logs[0]["event"], logs[0]["reason"]) == ("background.stopped", "ValueError")
    assert NUMBER not in logged("json", lambda log: log.error(**logs[0]))


async def test_a_stalled_reader_is_logged_without_the_words_of_its_cause(
    tmp_path: Path, clock: Callable[[], object]
) -> None:
    class Broken:
        name = "broken"

        async def position(self) -> int:
            return 0

        async def handle(self, batch: object) -> None:
            raise KeyError(NUMBER)

    async def no_sleep(_seconds: float) -> None:
        pass

    store = MemoryEventStore(clock=clock)  # type: ignore[arg-type]
    await store.start()
    await store.append("a", 0, [an_event()], context=CONTEXT)
    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(SubscriptionStalledError) as stalled,
    ):
        await Subscription(store, Broken(), sleep=no_sleep).run()
    assert stalled.value.cause == "KeyError"
    assert NUMBER not in repr(logs)


async def test_a_database_does_not_say_what_it_was_given(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/cauri.db", create=True)
    with pytest.raises(sa.exc.OperationalError) as failed:
        async with database.write() as connection:
            await connection.execute(sa.text("INSERT INTO nothing VALUES (:a)"), {"a": NUMBER})
    await database.close()
    assert NUMBER not in str(failed.value)
