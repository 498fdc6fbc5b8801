"""A call: one request on its way through the door, and the answers it can be given.

An endpoint is an async function from `Call` to a response: parse, one call into the ledger or a
projection, answer. Who asks and the query string were checked before it is entered (`api.routes`
says how); errors are raised, and become problem JSON in `api.middleware`.

Bodies are bounded in size and in time; they are parsed once, by orjson, because the content digest
of a payment needs the object itself, and pydantic then validates that object.
"""

import asyncio
import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import islice
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from api.authentication import Identity
from api.errors import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    INVALID_REQUEST,
    MALFORMED_JSON,
    UNSUPPORTED_MEDIA_TYPE,
    Place,
    ProblemError,
)
from api.faults import explanation_of
from api.passage import Passage
from api.wiring_services import Services
from ledger.entry import Context
from ledger.errors import UnknownMerchantError
from ledger.events import JsonObject
from ledger.sentences import Sentence, explained

FAULTS_TOLD_MAX: Final = 20
"""How many faults of one request are told."""

DEPTH_MAX: Final = 20
"""How deep objects and lists may stand in one another in a body; a payment's need two levels."""

JSON: Final = "application/json"
POSITION_HEADER: Final = "Cauri-Position"

Model = TypeVar("Model", bound=BaseModel)


class Call(NamedTuple):
    """One request: what came, who asks, in which conversation, and what may be used to answer."""

    request: web.Request
    services: Services
    identity: Identity | None
    passage: Passage
    query: Any
    """The route's query model, validated."""
    is_body_required: bool = True
    """Whether no body at all is a mistake; where it is none, it says what {} does."""

    @property
    def asker(self) -> Identity:
        """Who asks, on a route that needs a key."""
        if self.identity is None:
            raise RuntimeError("this route takes no key")
        return self.identity

    @property
    def merchant_id(self) -> str:
        """The merchant who asks, on a route for merchants alone."""
        if self.asker.merchant_id is None:
            raise UnknownMerchantError("")
        return self.asker.merchant_id

    def context(self, actor: str) -> Context:
        """What the log says about events that this request makes happen."""
        passage = self.passage
        return Context(actor, passage.correlation_id, f"request:{passage.request_id}")

    async def body(self, bytes_max: int) -> bytes:
        """Read the whole body; once, for it is not kept.

        Raises:
            ProblemError: too large, too slow, or broken off.
        """
        length = self.request.content_length
        if length is not None and length > bytes_max:
            _too_large(bytes_max)
        seconds = self.services.settings.body_seconds_max
        try:
            # A small body has mostly come with its headers: then there is nothing to wait for.
            content = self.request.content
            if content.is_eof():
                body = content.read_nowait()
            else:
                async with asyncio.timeout(seconds):
                    body = await self.request.read()
        except TimeoutError:
            raise ProblemError(
                BODY_TOO_SLOW,
                Sentence("The body did not arrive within {seconds:g} seconds.", seconds=seconds),
            ) from None
        except web.HTTPRequestEntityTooLarge:
            _too_large(bytes_max)
        except (web.RequestPayloadError, ValueError):
            raise ProblemError(
                BAD_REQUEST,
                Sentence("The body broke off or is not encoded as the headers say."),
            ) from None
        if len(body) > bytes_max:
            _too_large(bytes_max)
        return body

    async def json_object(self) -> dict[str, Any]:
        """Read the body as one JSON object.

        Raises:
            ProblemError: another media type, no JSON, no object, or a body out of bounds.
        """
        body, bytes_max = None, self.services.settings.body_bytes_max
        if not self.is_body_required:
            body = await self.body(bytes_max)
            if not body.strip():
                return {}
        if self.request.content_type != JSON:
            remedy = Sentence("Send the body with `Content-Type: application/json`.")
            reason = Sentence("The header does not say that the body is JSON.")
            place = Place("header", "Content-Type", reason, remedy)
            raise ProblemError(UNSUPPORTED_MEDIA_TYPE, remedy, [place])
        if body is None:
            body = await self.body(bytes_max)
        if not body.strip():
            reason, remedy = (
                Sentence("The body is empty."),
                Sentence("Send an object, {{}} at least."),
            )
            place = Place("pointer", "", reason, remedy)
            raise ProblemError(MALFORMED_JSON, explained(reason, remedy), [place])
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            if "depth limit" in error.msg:
                _too_deep()
            _check_encoding(body)
            where = Sentence(
                "The body stops being JSON at line {line}, column {column}.",
                line=error.lineno,
                column=error.colno,
            )
            raise ProblemError(MALFORMED_JSON, where) from None
        if type(parsed) is not dict:
            raise ProblemError(
                MALFORMED_JSON, Sentence("The body is JSON, but no object: send {{...}}.")
            )
        _check_names(body, parsed)
        return parsed


class _Twice(dict[str, Any]):
    """An object that has more than one field of a name; `names` are those names."""

    names: tuple[str, ...] = ()


def _check_encoding(body: bytes) -> None:
    """Refuse a body that is no JSON because its letters are encoded in another way than JSON's.

    Where an é was written as in Latin-1, a place that stops being JSON tells nobody what is wrong;
    nor does the first column, where an editor has put a mark that nobody sees.
    """
    if body.startswith(BOM_UTF8):
        reason = Sentence("The body begins with a byte order mark, which JSON has not.")
        raise ProblemError(
            MALFORMED_JSON, explained(reason, Sentence("Send it in UTF-8 without one."))
        )
    try:
        body.decode()
    except UnicodeDecodeError as error:
        reason = Sentence("The body is not in UTF-8: its byte {number}.", number=error.start + 1)
        remedy = Sentence("Send the JSON encoded in UTF-8.")
        raise ProblemError(MALFORMED_JSON, explained(reason, remedy)) from None


def _check_names(body: bytes, parsed: dict[str, Any]) -> None:
    """Refuse a body in which an object has two fields of one name, or that is nested too deeply.

    orjson takes the last of two equal names, and which amount was meant nobody can know. Every name
    is followed by a colon: where no more such places are than names were kept, none was lost; where
    there are (in a text, or because one was), the slow parser looks.
    """
    if len(_NAMES.findall(body)) == _names_in(parsed, DEPTH_MAX):
        return
    try:
        pointers = _named_twice(json.loads(body, object_pairs_hook=_with_names), "")
    except RecursionError:
        # What was lost with the first of two equal names was not measured above.
        _too_deep()
    places = [
        Place("pointer", pointer, _NAMED_TWICE, _ONCE)
        for pointer in islice(pointers, FAULTS_TOLD_MAX)
    ]
    if places:
        raise ProblemError(INVALID_REQUEST, places[0].sentence, places)


_NAMED_TWICE: Final = Sentence("The object has more than one field of this name.")
_SENT_TWICE: Final = Sentence("The parameter was sent more than once.")
_ONCE: Final = Sentence("Send it once.")


def _names_in(value: Any, depth_left: int) -> int:
    """Count the names in an object or a list, and in what stands in it."""
    if not depth_left:
        _too_deep()
    is_object = type(value) is dict
    count = len(value) if is_object else 0
    for one in value.values() if is_object else value:
        kind = type(one)
        if kind is dict or kind is list:
            count += _names_in(one, depth_left - 1)
    return count


def _with_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    twice = _Twice(made)
    counts = Counter(name for name, _ in pairs)
    twice.names = tuple(name for name, count in counts.items() if count > 1)
    return twice


def _named_twice(value: Any, pointer: str) -> Iterator[str]:
    """Point at every field that is named twice."""
    for name in value.names if isinstance(value, _Twice) else ():
        yield _pointer(pointer, name)
    within: Iterable[tuple[object, Any]]
    within = value.items() if isinstance(value, dict) else enumerate(value)
    for step, one in within:
        if isinstance(one, dict | list):
            yield from _named_twice(one, _pointer(pointer, step))


def _pointer(outer: str, name: object) -> str:
    """Point one step further in (RFC 6901)."""
    return f"{outer}/" + str(name).replace("~", "~0").replace("/", "~1")


def _too_deep() -> NoReturn:
    reason = Sentence("The body is nested deeper than {depth_max} levels.", depth_max=DEPTH_MAX)
    place = Place("pointer", "", reason, Sentence("Send a flatter one; see /openapi.json."))
    raise ProblemError(INVALID_REQUEST, explained(place.reason, place.remedy), [place])


_NAMES: Final = re.compile(rb'"\s*:')


def _too_large(bytes_max: int) -> NoReturn:
    raise ProblemError(
        BODY_TOO_LARGE,
        Sentence("At most {bytes_max} bytes are read; send less.", bytes_max=bytes_max),
    )


def validated(model: type[Model], given: Mapping[str, Any], *, is_query: bool = False) -> Model:
    """Validate what was sent against its model.

    Raises:
        ProblemError: names every fault by JSON pointer (or query parameter), reason and remedy;
            what was sent is never repeated.
    """
    try:
        return model.__pydantic_validator__.validate_python(given)  # type: ignore[no-any-return]
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)[:FAULTS_TOLD_MAX]
    places = []
    for fault in faults:
        path = [str(part) for part in fault["loc"]]
        reason, remedy = explanation_of(fault["type"], path, fault.get("ctx", {}))
        if is_query:
            places.append(Place("parameter", path[0] if path else "", reason, remedy))
        else:
            places.append(Place("pointer", reduce(_pointer, path, ""), reason, remedy))
    raise ProblemError(INVALID_REQUEST, places[0].sentence, places)


def query_of(request: web.Request, model: type[Model]) -> Model:
    """Read the query string; where the model is closed, a parameter may stand there only once.

    Raises:
        ProblemError: names every fault; which of two equal parameters was meant nobody can know.
    """
    sent = request.query
    given = dict(sent)
    if len(given) != len(sent) and model.model_config.get("extra") == "forbid":
        places = [
            Place("parameter", name, _SENT_TWICE, _ONCE)
            for name in given
            if len(sent.getall(name)) > 1
        ][:FAULTS_TOLD_MAX]
        raise ProblemError(INVALID_REQUEST, places[0].sentence, places)
    return validated(model, given, is_query=True)


def answer(
    content: BaseModel | JsonObject,
    *,
    status: int = 200,
    position: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Answer with a model or an object as JSON, saying at which log position it stands."""
    body = (
        orjson.dumps(content, option=orjson.OPT_UTC_Z)
        if type(content) is dict
        else content.__pydantic_serializer__.to_json(content)  # type: ignore[union-attr]
    )
    return answer_bytes(body, status=status, position=position, headers=headers)


def answer_bytes(
    body: bytes,
    *,
    status: int = 200,
    position: int | None = None,
    headers: Mapping[str, str] | None = None,
    content_type: str = JSON,
) -> web.Response:
    """Answer with bytes that are ready."""
    given = {"Content-Type": content_type, "Cache-Control": "no-store"}
    if headers:
        given |= headers
    if position is not None:
        given[POSITION_HEADER] = str(position)
    return web.Response(body=body, status=status, headers=given)
