"""A route: one operation, how it is called, by whom, with what, and what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel

from api import schemas
from api.authentication import ROLES, Role
from api.calls import Call

Endpoint = Callable[[Call], Awaitable[web.StreamResponse]]

STREAM: Final = "text/event-stream"

SEEING: Final[frozenset[Role]] = ROLES
STAFF: Final[frozenset[Role]] = frozenset({"accountant", "auditor", "operator", "admin"})
BOOKS: Final[frozenset[Role]] = frozenset({"accountant", "auditor", "admin"})
LOG: Final[frozenset[Role]] = frozenset({"auditor", "admin"})

TAIL: Final = "{tail:(?s:.*)}"
"""Any further path, with an escaped line's end in it too: it is this route's to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: how it is called, by whom, with what, and what it answers."""

    method: Literal["GET", "POST", "PUT"]
    path: str
    """In aiohttp's form; `TAIL` stands for any further path."""
    name: str
    endpoint: Endpoint
    summary: str
    roles: frozenset[Role] | None
    query: type[BaseModel] = schemas.NoQuery
    body: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    """What a page's form sends, where it is no JSON."""
    is_page: bool = False
    """Whether a payer's browser is answered, for which problems are pages too."""
    needs_idempotency_key: bool = False
    answers: Mapping[int, type[BaseModel] | str] = field(default_factory=dict)
    """Status -> model, or the media type of an answer that is no JSON model."""
    other_media: tuple[str, ...] = ()
    """Further media types of its first answer."""
    headers: tuple[str, ...] = ()
    """Headers of a request that matter to it; `api.openapi_headers` describes each."""
    example: Callable[[], object] | None = None
    """Shows an answer that is no JSON model, where another of its media type would mislead."""
    problems: tuple[str, ...] = ()
    """The codes of problems particular to it; `every_problem` adds what follows from the rest."""

    @property
    def is_body_required(self) -> bool:
        """Whether it takes no empty body: a field must be sent, or money moves.

        Who forgets the body of a refund must not give everything back.
        """
        fields = {} if self.body is None else self.body.model_fields
        return self.needs_idempotency_key or any(one.is_required() for one in fields.values())

    @property
    def is_endless(self) -> bool:
        """Whether its answer has no end by itself."""
        return STREAM in self.answers.values()

    @property
    def every_problem(self) -> tuple[str, ...]:
        """The codes of all problems that it may answer, each once.

        What follows from how a route is called is found out here, so that nobody can forget it.
        """
        found = [*self.problems, *EVERYWHERE]
        if self.roles is not None:
            found += READING
            found += WRITING if self.method != "GET" else ()
        if self.body is not None:
            found += BODY
        if self.needs_idempotency_key:
            found += KEYED
        return tuple(dict.fromkeys(found))


EVERYWHERE: Final = (
    "bad_request",
    "invalid_request",
    "head_too_slow",
    "busy",
    "store_unavailable",
    "server_too_slow",
    "store_closed",
    "schema_version",
    "internal",
)
"""Codes that any route may answer."""

BODY: Final = ("malformed_json", "unsupported_media_type", "body_too_large", "body_too_slow")
"""Codes of every route that reads a JSON body."""

WRITING: Final = ("command_refused", "stream_too_long", "entry_too_large", "disk_full")
"""Codes of every route by which somebody with a key changes something."""

KEYED: Final = (
    "idempotency_key_missing",
    "idempotency_key_invalid",
    "idempotency_key_in_flight",
    "idempotency_key_reused",
)
"""Codes of every route that takes an Idempotency-Key."""

READING: Final = ("unauthenticated", "forbidden", "too_many_requests", "log_restored")
"""Codes of every route that asks for a key."""

ONE: Final = ("unknown_payment",)
MOVING: Final = ("invalid_money", "invalid_phone", "operator_not_served", "amount_outside_limits")
"""Codes of what moves money between a merchant and somebody."""
