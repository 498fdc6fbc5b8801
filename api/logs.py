"""Log lines: dotted facts with keys, as JSON for machines or coloured for people, on stderr.

Of an error the class, the places and the words are written only as far as `api.tracebacks` lets
them, in both forms and wherever the error stands; and what other libraries log is reduced to its
origin, level and kind of error: their texts may quote a request line, and in it somebody's number.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from api import tracebacks
from ledger.errors import reason_of

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logs(level: str, form: str, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging; called once by a command.

    Args:
        level: the least important level that is written.
        form: `json` or `console`.
        stream: where to; by default the standard error stream.
    """
    stream = stream or sys.stderr
    processors: list[Processor]
    if form == "json":
        processors = [_render_json]
    else:
        processors = [
            _without_words,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(exception_formatter=tracebacks.write),
        ]
    lines = Lines(stream)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Others()]
    root.setLevel(max(LEVELS[level], logging.WARNING))


def writer_of(event: str) -> Callable[..., None]:
    """Give what writes lines of one event at the level `info`, for one that every request has.

    It writes as lines were configured when it was given out. Where nothing stands between the
    logger and our own renderer, as in a server, a line goes there directly.
    """
    logger, configured = structlog.get_logger().bind(), structlog.get_config()
    if configured["processors"] != [_render_json] or not logger.is_enabled_for(logging.INFO):
        return partial(logger.info, event)
    lines: Lines = configured["logger_factory"]()

    def write(**known: Any) -> None:
        known["event"] = event
        lines.info(_render_json(None, "info", known))

    return write


class Lines:
    """Where lines go. One that cannot be written is lost: it must not fail a payment.

    Lines of one turn of the event loop leave together, in one system call at the end of the turn;
    warnings and errors, and everything where no loop runs, leave at once.
    """

    def __init__(self, stream: TextIO) -> None:
        # The stream itself is held too: when it is collected, it closes the buffer below it.
        self._stream = stream
        self._buffer = stream.buffer
        self._waiting: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop at whose turn's end the waiting lines leave."""

    def info(self, line: bytes | str) -> None:
        """Write one line soon, as bytes where the renderer made bytes."""
        self._waiting.append(line.encode() if isinstance(line, str) else line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._loop is not loop:
            self._loop = loop
            loop.call_soon(self.flush)

    def error(self, line: bytes | str) -> None:
        """Write one line, and all that wait, now."""
        self._waiting.append(line.encode() if isinstance(line, str) else line)
        self.flush()

    debug = log = msg = info
    warning = critical = exception = fatal = error

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting, self._loop = self._waiting, [], None
        try:
            self._buffer.write(b"\n".join([*waiting, b""]))
            self._buffer.flush()
        except (OSError, ValueError):
            return


def _render_json(logger: Any, method: str, event_dict: EventDict) -> bytes:
    """Stamp and write a line, in one step: it is made for every request."""
    if "exc_info" in event_dict:
        error = _error_of(event_dict.pop("exc_info"))
        if error is not None:
            event_dict["exception"] = tracebacks.told(error)
    event_dict["level"] = "error" if method == "exception" else method
    event_dict["timestamp"] = datetime.now(UTC)
    return orjson.dumps(event_dict, default=_plain, option=orjson.OPT_UTC_Z)


_ANY_KEYS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


def _without_words(logger: Any, method: str, event_dict: EventDict) -> EventDict:
    """Put plain values in the place of those that would write themselves."""
    for name, value in event_dict.items():
        if name != "exc_info" and not isinstance(value, str | int | float | None):
            event_dict[name] = orjson.dumps(value, default=_plain, option=_ANY_KEYS).decode()
    return event_dict


def _plain(value: object) -> str:
    return reason_of(value) if isinstance(value, BaseException) else str(value)


def _error_of(given: object) -> BaseException | None:
    """The error that is meant by any of the values that `exc_info` may have."""
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


class _Others(logging.Handler):
    """Passes on what other libraries log, without their words."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library.logged",
            library=record.name,
            where=f"{record.module}:{record.lineno}",
            error=kind.__name__ if kind else None,
        )
