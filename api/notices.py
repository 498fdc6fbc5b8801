"""A merchant's own events over HTTP: live, as server-sent events, or page by page.

Each is the very message that the merchant's endpoints are sent: its type, the position of the
event it is about, and the payment as it stood then; or, alike, what happened to a checkout session
or an endpoint, which endpoints are not sent. The position is the id: a client that comes
back with `Last-Event-ID` (browsers do so by themselves) or `after` goes on exactly behind what it
has, however long it was away.

A stream says that it lives (`: heartbeat`) whenever it has nothing to say for a while, ends when
its key is revoked, and ends after a time in any case; a client that does not read is cut off.

Source: the WHATWG HTML standard, section "Server-sent events".
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import orjson
from aiohttp import web

from adapters.notify.merchants import message_content
from adapters.refusal_texts import Language
from api import checkouts
from api import schemas_notices as shapes
from api.calls import Call, answer
from api.deliveries import message_id_of
from api.errors import INVALID_REQUEST, TOO_MANY_STREAMS, Place, ProblemError
from api.kept_reasons import kept_reason
from api.messages import composer
from api.middleware import stream_headers
from api.problems import language_of
from api.streaming import cut_off_when_broken, send
from api.waiting import caught_up, check_cursor
from ledger import checkout, endpoint, payment
from ledger.entry import RecordedEvent
from ledger.events import DeliveryParked, PaymentRerouted
from ledger.identity import is_test_id, owner_of
from ledger.sentences import Sentence, explained
from projections.notices import Notice

LAST_EVENT_ID: Final = "Last-Event-ID"
PAGE_NOTICES: Final = 50
"""How many messages a stream reads at once."""

RETRY_MILLISECONDS: Final = 2000
"""How soon a client comes back that lost its connection."""


async def list_notices(call: Call) -> web.Response:
    """List the merchant's own messages after a position, the oldest first."""
    services, query = call.services, call.query
    await check_cursor(services.store, query.after, "parameter", "after")
    position = await caught_up(call, services.notices.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.notices.page(query.after, owners=_owners(call), limit=limit)
    written = [one for one in [await _written(call, row) for row in rows] if one is not None]
    page = {
        "position": position,
        "notices": written,
        "next_after": rows[-1].position if len(rows) == limit else None,
    }
    return answer(page, position=position)


async def stream_notices(call: Call) -> web.StreamResponse:
    """Send the merchant's own messages as they come, from behind the last one it has."""
    services, merchant_id, key_id = call.services, call.merchant_id, call.asker.key_id
    settings, owners, feed = services.settings, _owners(call), services.feed
    last = await _last_of(call)
    if last is None:
        last = await services.projections.position(services.notices.name)
    own = feed.count_of(merchant_id, key_id)
    if feed.count >= settings.streams_max or own >= settings.streams_per_key_max:
        reason = Sentence("Too many live streams are open already.")
        remedy = Sentence("Close one, or ask GET /v1/notices from time to time.")
        raise ProblemError(TOO_MANY_STREAMS, explained(reason, remedy))
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", **stream_headers(call)}
    )
    try:
        with cut_off_when_broken(call), feed.following(merchant_id, key_id) as follower:
            await response.prepare(call.request)
            await send(call, response, b"retry: %d\n\n" % RETRY_MILLISECONDS)
            loop = asyncio.get_running_loop()
            until = loop.time() + settings.stream_seconds_max
            while loop.time() < until and not follower.is_over and not await _is_over(call):
                rows = await services.notices.page(last, owners=owners, limit=PAGE_NOTICES)
                for row in rows:
                    last = row.position
                    content = await _written(call, row)
                    if content is None:
                        continue
                    body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
                    head = f"id: {row.position}\nevent: {row.type}\ndata: ".encode()
                    await send(call, response, head + body + b"\n\n")
                if rows:
                    continue
                if not await follower.wait(settings.stream_heartbeat_seconds):
                    await send(call, response, b": heartbeat\n\n")
    except (ConnectionError, TimeoutError):
        # It went away, or does not read; what it missed it asks for when it comes back.
        pass
    return response


def _owners(call: Call) -> list[str]:
    """Whose notices a key is shown: its merchant's, of its own mode."""
    modes = call.services.modes_seen(call.asker.mode) or (None,)
    return [owner_of(call.merchant_id, one) for one in modes]


async def _is_over(call: Call) -> bool:
    """Whether the key is worth nothing any more: revoked, or rotated and at its end."""
    try:
        await call.services.authenticator.identify(call.request.headers.get("Authorization"))
    except ProblemError:
        return True
    return False


async def _last_of(call: Call) -> int | None:
    """The position behind which a stream begins; None for "from now on".

    Raises:
        ProblemError: the header holds no position, or it is one that the log has not reached.
    """
    store = call.services.store
    sent = call.request.headers.get(LAST_EVENT_ID, "").strip()
    if not sent:
        after: int | None = call.query.after
        await check_cursor(store, after, "parameter", "after")
        return after
    if not sent.isascii() or not sent.isdecimal() or len(sent) > 18:
        reason = Sentence("The header holds no position.")
        remedy = Sentence("Send the `id` of the last event you have, or leave it out.")
        place = Place("header", LAST_EVENT_ID, reason, remedy)
        raise ProblemError(INVALID_REQUEST, place.sentence, [place])
    await check_cursor(store, int(sent), "header", LAST_EVENT_ID)
    return int(sent)


async def _written(call: Call, notice: Notice) -> dict[str, object] | None:
    """Write a notice: what happened, and the thing as it stood then.

    None where another provider took over with the very next event: the projection is about to take
    the notice back.
    """
    match notice.kind:
        case "checkout":
            return await _written_checkout(call, notice)
        case "endpoint":
            return await _written_endpoint(call, notice)
        case "message":
            return await _written_parking(call, notice)
        case _:
            return await _written_payment(call, notice)


async def _written_payment(call: Call, notice: Notice) -> dict[str, object] | None:
    """Write it as endpoints are told it."""
    services = call.services
    _, recorded = await services.handler.payment(notice.about_id)
    until = _until(recorded, notice)
    following = recorded[len(until) : len(until) + 1]
    if following and isinstance(following[0].event, PaymentRerouted):
        return None
    state = payment.INITIAL
    for one in until:
        state = payment.evolve(state, one.event)
    compose = composer(services.vault, services.store, services.adapters, services.default_mode)
    return message_content(notice.type, until[-1], await compose(state, until))


def _language(call: Call) -> Language:
    """In what a reason is said; a payment's texts are in its own language, as endpoints get it."""
    return language_of(call.request.headers.get("Accept-Language"))


async def _written_checkout(call: Call, notice: Notice) -> dict[str, object]:
    _, recorded = await call.services.handler.checkout(notice.about_id)
    until, state = _until(recorded, notice), checkout.INITIAL
    for one in until:
        state = checkout.evolve(state, one.event)
    shown = await checkouts.document(call, state, until)
    return message_content(notice.type, until[-1], shown.model_dump())


async def _written_endpoint(call: Call, notice: Notice) -> dict[str, object]:
    _, recorded = await call.services.handler.endpoint(notice.about_id)
    until, state = _until(recorded, notice), endpoint.INITIAL
    for one in until:
        state = endpoint.evolve_endpoint(state, one.event)
    assert state.added is not None
    shown = shapes.EndpointNotice(
        id=notice.about_id,
        mode=state.added.mode,
        types=list(state.types),
        description=state.description,
        is_enabled=state.is_enabled,
        is_deleted=state.is_deleted,
        reason=kept_reason(state.reason, _language(call)),
    )
    return message_content(notice.type, until[-1], shown.model_dump())


async def _written_parking(call: Call, notice: Notice) -> dict[str, object]:
    (recorded,) = await call.services.store.read(notice.position - 1, 1)
    event = recorded.event
    assert isinstance(event, DeliveryParked)
    store = call.services.store
    shown = shapes.ParkedMessage(
        id=await message_id_of(store, event.endpoint_id, event.position),
        endpoint_id=event.endpoint_id,
        payment_id=None if is_test_id(event.payment_id) else event.payment_id,
        about=event.position,
        reason=kept_reason(event.reason, _language(call)),
    )
    return message_content(notice.type, recorded, shown.model_dump())


def _until(recorded: Sequence[RecordedEvent], notice: Notice) -> list[RecordedEvent]:
    return [one for one in recorded if one.position <= notice.position]
