"""Transcripts: what we and a provider said to each other, with what nobody may read taken out.

A transcript is evidence for a dispute and goes to logs and screens; credentials, tokens, telephone
numbers, messages to people and links that act for the payer must not. `Scrubber` removes them from
the text of a transcript, `said` from a single sentence that a provider wrote and the ledger keeps.

The trick: what stood in a secret place is removed from every place. A gateway's error page that
repeats the payer's number is scrubbed because the request said under a known key what to look for.
Whatever still looks like a telephone number goes too, unless it stands under a key that is kept.

Headers are kept by a list of the harmless ones, so a header nobody thought of is not shown.

For evidence that is sealed under a person's own key, `keeps_persons` takes out secrets alone: what
lets somebody in or acts for somebody, but not who the person is, nor what was said to them. It
leaves headers to its caller, who has them one by one (`adapters.kept_exchange`).
"""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from adapters.answer import Answer, Request
from adapters.wire import Wire

MASK: Final = "***"

TRANSCRIPT_LENGTH_MAX: Final = 8_192
"""Longer transcripts are cut, after scrubbing: half a secret is not recognised."""

SECRET_LENGTH_MIN: Final = 4
"""A shorter text is no secret, and removing it everywhere would remove everything."""

SHOWN_HEADERS: Final = frozenset(
    {
        "accept",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "x-callback-url",
        "x-reference-id",
        "x-target-environment",
    }
)

WORDLESS: Final = frozenset({MASK, "null", "true", "false"})
"""What a secret place may hold without a secret; to remove it everywhere would spoil the text."""

_HEADER: Final = re.compile(r"^([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]*(.*)$", re.MULTILINE)
_NUMBER: Final = r"(?<![\w.-])\+?[0-9](?:[ .]?[0-9]){7,}(?![\w-])"
_VALUE: Final = r'("(?:[^"\\]|\\.)*"|[^\s,}\]]+)'
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


class Scrub(Protocol):
    """Takes out of a text what nobody may read; every adapter has one."""

    def __call__(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Return the text without its secrets and, unless `keeps_persons`, without persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call as it went. `path` has no query; it and `transcript` are scrubbed when asked for."""

    provider: str
    power: str
    """What it was for, see `adapters.ways`."""
    at: datetime
    seconds: float
    result: Literal["answered", "not_sent", "unknown"]
    reason: str | None
    """Why there is no usable answer; None where there is one."""
    request: Request = field(repr=False)
    answer: Answer | None = field(repr=False)
    wire: Wire = field(repr=False)
    scrub: Scrub = field(repr=False)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.method

    @property
    def path(self) -> str:
        """Where to, without the query."""
        return self.scrub(self.request.target.path)

    @property
    def status(self) -> int | None:
        """The status of the answer; None where there is no usable one."""
        return None if self.answer is None else self.answer.status

    @property
    def transcript(self) -> str:
        """All of it as text."""
        told = self.reason if self.answer is None else str(self.answer.status)
        text = written(self.request, told or "", self.answer)
        return self.scrub(text)[:TRANSCRIPT_LENGTH_MAX]


Observer = Callable[[Exchange], None]


class Scrubber:
    """Takes out of a transcript what must not be read; a function of text to text."""

    def __init__(
        self,
        *,
        secret_keys: Iterable[str],
        kept_keys: Iterable[str],
        secrets: Iterable[str] = (),
        personal_keys: Iterable[str] = (),
    ) -> None:
        """Make a scrubber for one provider.

        Args:
            secret_keys: names of JSON or form members, or of XML elements, whose values are
                removed everywhere.
            kept_keys: names of members whose long digits are no telephone numbers.
            secrets: texts removed wherever they stand.
            personal_keys: those of `secret_keys` that tell who somebody is or speak to somebody,
                and let nobody in.
        """
        secret_keys = frozenset(secret_keys)
        kept = "|".join(re.escape(key) for key in sorted(kept_keys))
        shown = rf'"(?:{kept})"\s*:\s*{_VALUE}|<(?:{kept})>([^<]+)<'
        self._number = re.compile(rf"{shown}|{_NUMBER}", re.IGNORECASE)
        self._secrets = tuple(one for one in secrets if len(one) >= SECRET_LENGTH_MIN)
        self._all = _Places(secret_keys)
        self._acting = _Places(secret_keys - frozenset(personal_keys))

    def __call__(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Return the transcript without its secrets; scrubbing twice changes nothing more."""
        places = self._acting if keeps_persons else self._all
        found = places.found_in(transcript)
        text = transcript if keeps_persons else _HEADER.sub(_show_header, transcript)
        text = places.masked(text)
        secrets = {one for one in found if len(one) >= SECRET_LENGTH_MIN} | set(self._secrets)
        for secret in sorted(secrets - WORDLESS, key=len, reverse=True):
            text = text.replace(secret, MASK)
        if keeps_persons:
            return text
        return self._number.sub(lambda match: match[0] if match.lastindex else MASK, text)


class _Places:
    """Where values stand under certain names: in JSON, in forms and query strings, in XML."""

    def __init__(self, names: Iterable[str]) -> None:
        # Without a name nothing is found; an empty pattern would find nameless places.
        keys = "|".join(re.escape(name) for name in sorted(names)) or r"(?!)"
        self._member = re.compile(rf'"({keys})"(\s*:\s*){_VALUE}', re.IGNORECASE)
        self._form = re.compile(rf"(?:(?<=[?&])|^)({keys})=([^&\s]*)", re.IGNORECASE | re.MULTILINE)
        self._element = re.compile(rf"<({keys})(\s[^>]*)?>([^<]+)<", re.IGNORECASE)

    def found_in(self, text: str) -> list[str]:
        """Every value that stands in such a place."""
        found = [match[3].strip('"') for match in self._member.finditer(text)]
        found += [match[2] for match in self._form.finditer(text)]
        return found + [match[3] for match in self._element.finditer(text)]

    def masked(self, text: str) -> str:
        """The text with every such value masked in its place."""
        text = self._member.sub(rf'"\1"\2"{MASK}"', text)
        text = self._form.sub(rf"\1={MASK}", text)
        return self._element.sub(rf"<\1\2>{MASK}<", text)


def basic(user: str, password: str) -> str:
    """Write the value of a Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _show_header(match: re.Match[str]) -> str:
    return match[0] if match[1].lower() in SHOWN_HEADERS else f"{match[1]}: {MASK}"


def written(request: Request, told: str, answer: Answer | None) -> str:
    """Write one exchange as text; `told` is the answer's status or why there is none."""
    lines = [f"{request.method} {request.target.raw_path_qs}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += ["", (request.body or b"").decode("utf-8", "replace"), "", told]
    if answer is not None:
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += ["", answer.body.decode("utf-8", "replace")]
    return "\n".join(lines)


def said(value: object, *, length_max: int = 200) -> str | None:
    """Turn a provider's own word into one clean line that the ledger may keep; None for no word.

    Control characters and runs of white space become one space, long digits are masked (a
    sentence may repeat the payer's number), and what is too long is cut.
    """
    if value is None or isinstance(value, (dict, list)):
        return None
    line = _CONTROL.sub(" ", str(value)).strip()
    line = re.sub(_NUMBER, MASK, line)
    return line[:length_max] or None


def figure(value: object) -> str | None:
    """An amount or an id that came as text or as a number; it is no sentence, and kept as it is."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return _CONTROL.sub(" ", str(value)).strip()[:64] or None
