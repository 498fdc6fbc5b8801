"""An export written down as JSON, piece by piece; the shape is `api.schemas_people.ExportOut`.

One document, as if it had been whole from the start, with a line for each payment, exchange,
answer, page and call. What is counted stands at the end, for it is known only there.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

from pydantic_core import to_json

from api.people_export import Telling


async def written_json(telling: Telling) -> AsyncIterator[bytes]:
    """Write an export as one JSON document."""
    head = {
        "person": telling.person,
        "phone": telling.phone,
        "made_at": telling.made_at,
        "position": telling.position,
    }
    yield to_json(head)[:-1] + b',"payments":['
    separator = b"\n"
    async for one in telling.payments():
        told = one.model_dump_json(exclude={"exchanges", "answers"}).encode()
        yield separator + told[:-1] + b',"exchanges":['
        async for piece in _listed(telling.exchanges(one.id), to_json):
            yield piece
        yield b'],"answers":['
        async for piece in _listed(telling.answers(one.id), to_json):
            yield piece
        yield b"]}"
        separator = b",\n"
    for name, parts in (
        ("sessions", telling.sessions()),
        ("webhooks", telling.webhooks()),
        ("erasures", telling.erasures()),
    ):
        yield f'],\n"{name}":['.encode()
        async for piece in _listed(parts, _of_model):
            yield piece
    yield f'],\n"left_out":{telling.left_out}}}\n'.encode()


async def _listed(
    parts: AsyncIterator[Any], written: Callable[[Any], bytes]
) -> AsyncIterator[bytes]:
    separator = b"\n"
    async for one in parts:
        yield separator + written(one)
        separator = b",\n"


def _of_model(one: Any) -> bytes:
    written: str = one.model_dump_json()
    return written.encode()
