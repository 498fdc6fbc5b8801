"""Endpoints over HTTP: where a merchant is told what becomes of its payments, and what it was told.

Secrets are shown once, when they are made. Another merchant's endpoint is answered exactly like one
that does not exist. An address is judged by its text here, so that a mistake is told at once; what
it resolves to is judged at every call (`adapters.transport_outward`).
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import orjson
from aiohttp import web

from adapters.addresses import is_local_url
from adapters.notify.merchants import endpoint_subject, opened, url_context
from adapters.notify.signing import SigningPair, new_pair
from adapters.recording import Recorder
from api import schemas_endpoints as shapes
from api.calls import Call, answer, validated
from api.deliveries import (
    attempts_at,
    check_enabled,
    message_fields,
    message_id_of,
    newly_waiting,
    replay,
    replayable,
    send_test,
)
from api.endpoint_addresses import checked_address
from api.errors import (
    INVALID_REQUEST,
    TOO_MANY_ENDPOINTS,
    UNKNOWN_MESSAGE,
    Place,
    ProblemError,
)
from api.kept_reasons import kept_reason
from api.modes import mode_of
from api.problems import language_of
from api.randomness import RandomBlock
from api.waiting import caught_up
from ledger import commands_endpoint as commands
from ledger.endpoint import Endpoint
from ledger.entry import RecordedEvent
from ledger.errors import ErasedError, UnknownEndpointError
from ledger.identity import Mode, is_endpoint_id, new_endpoint_id
from ledger.notices import TEST_TYPE
from ledger.sentences import Sentence, explained
from ledger.store import DataKey

ENDPOINTS_EVER_MAX: Final = 100
"""How many endpoints a merchant may have, the disabled ones included, the deleted ones not."""

PAIRS_KEPT_MAX: Final = 2
_MESSAGE_ID: Final = re.compile(r"we_[a-z0-9]{1,64}\.[0-9]{1,18}(?:\.[0-9a-f]{8})?")
_RANDOM: Final = RandomBlock()


async def create_endpoint(call: Call) -> web.Response:
    """Add an endpoint; the answer shows its secrets, once."""
    services, merchant_id = call.services, call.merchant_id
    wanted = validated(shapes.EndpointRequest, await call.json_object())
    url = checked_address(call, wanted.url)
    await _check_room(call, merchant_id, mode_of(call.asker), is_new=True)
    endpoint_id, pair = new_endpoint_id(_RANDOM(16)), new_pair(_RANDOM)
    sealed, keys = _sealed(call, endpoint_id, url, [pair])
    handled = await services.handler.handle(
        commands.AddEndpoint(
            endpoint_id=endpoint_id,
            merchant_id=merchant_id,
            mode=mode_of(call.asker),
            types=tuple(dict.fromkeys(wanted.types)),
            description=wanted.description,
            sealed=sealed,
            is_local=is_local_url(url),
        ),
        context=call.context(call.asker.actor),
        keys=keys,
    )
    _remember(call, keys)
    return _told(endpoint_id, pair, handled.events[0], status=201)


async def change_endpoint(call: Call) -> web.Response:
    """Give an endpoint another address, other types or another description."""
    services = call.services
    endpoint_id, state, _ = await _load(call)
    wanted = validated(shapes.EndpointChange, await call.json_object())
    sealed_url: str | None = None
    is_local = False
    keys: list[DataKey] = []
    if wanted.url is not None and not state.is_deleted:
        url = checked_address(call, wanted.url)
        recorder = Recorder(services.handler, services.vault)
        if url != (await opened(recorder, endpoint_id, state, services.clock()))[0]:
            context = url_context(endpoint_id)
            sealed = services.vault.seal(
                endpoint_subject(endpoint_id), url.encode(), context=context
            )
            sealed_url, keys = sealed.text, [sealed.new_key] if sealed.new_key else []
            is_local = is_local_url(url)
    command = commands.ChangeEndpoint(
        endpoint_id=endpoint_id,
        sealed_url=sealed_url,
        is_local=is_local,
        types=None if wanted.types is None else tuple(dict.fromkeys(wanted.types)),
        description=wanted.description,
    )
    return await _changed(call, endpoint_id, command, keys)


async def delete_endpoint(call: Call) -> web.Response:
    """Let an endpoint go for good: nothing is delivered to it any more, and its history stays."""
    endpoint_id, _, _ = await _load(call)
    return await _changed(call, endpoint_id, commands.DeleteEndpoint(endpoint_id=endpoint_id))


async def rotate_secret(call: Call) -> web.Response:
    """Replace an endpoint's secrets; the former ones sign along for a while."""
    services = call.services
    endpoint_id, state, _ = await _load(call)
    wanted = validated(shapes.RotationRequest, await call.json_object())
    recorder = Recorder(services.handler, services.vault)
    url, pairs = await opened(recorder, endpoint_id, state, services.clock())
    pair = new_pair(_RANDOM)
    sealed, keys = _sealed(call, endpoint_id, url, [pair, *pairs][:PAIRS_KEPT_MAX])
    handled = await services.handler.handle(
        commands.RotateEndpointSecret(
            endpoint_id=endpoint_id,
            sealed=sealed,
            former_until=services.clock() + timedelta(hours=wanted.overlap_hours),
        ),
        context=call.context(call.asker.actor),
        keys=keys,
    )
    _remember(call, keys)
    return _told(endpoint_id, pair, handled.events[0], status=200)


async def disable_endpoint(call: Call) -> web.Response:
    """Deliver nothing more to an endpoint; what waits is parked."""
    endpoint_id, _, _ = await _load(call)
    command = commands.DisableEndpoint(
        endpoint_id=endpoint_id, by="merchant", reason="its merchant disabled it"
    )
    return await _changed(call, endpoint_id, command)


async def enable_endpoint(call: Call) -> web.Response:
    """Deliver to an endpoint again, from now on; what is parked waits for a replay."""
    endpoint_id, state, _ = await _load(call)
    if not state.is_enabled and not state.is_deleted and state.added is not None:
        await _check_room(call, state.added.merchant_id, state.added.mode)
    return await _changed(call, endpoint_id, commands.EnableEndpoint(endpoint_id=endpoint_id))


async def list_endpoints(call: Call) -> web.Response:
    """List a merchant's endpoints."""
    services = call.services
    position = await caught_up(call, services.deliveries.name, call.query.min_position)
    listed = []
    for one in await services.deliveries.endpoints(call.merchant_id):
        if one.mode != mode_of(call.asker):
            continue
        state, recorded = await services.handler.endpoint(one.endpoint_id)
        listed.append(await _shown(call, one.endpoint_id, state, recorded))
    content = shapes.EndpointList(position=position, endpoints=listed)
    return answer(content, position=position)


async def show_endpoint(call: Call) -> web.Response:
    """Show one endpoint."""
    endpoint_id, state, recorded = await _load(call)
    shown = await _shown(call, endpoint_id, state, recorded)
    return answer(shown, position=recorded[-1].position)


async def list_messages(call: Call) -> web.Response:
    """List what an endpoint was told, is told and could not be told, the newest first."""
    services, query = call.services, call.query
    endpoint_id, _, _ = await _load(call)
    position = await caught_up(call, services.deliveries.name, query.min_position)
    limit = min(query.limit, services.settings.page_entries_max)
    rows = await services.deliveries.messages(
        endpoint_id=endpoint_id,
        state=query.state,
        payment_id=query.payment_id,
        after=query.after,
        limit=limit,
    )
    language = language_of(call.request.headers.get("Accept-Language"))
    page = shapes.MessagePage(
        position=position,
        messages=[shapes.MessageOut.model_validate(message_fields(row, language)) for row in rows],
        next_after=rows[-1].about if len(rows) == limit else None,
    )
    return answer(page, position=position, headers={"Content-Language": language})


async def show_message(call: Call) -> web.Response:
    """Show one message, with every attempt to deliver it."""
    services = call.services
    endpoint_id, state, _ = await _load(call)
    position = await caught_up(call, services.deliveries.name, call.query.min_position)
    message_id = call.request.match_info["message_id"]
    # What cannot be an id is not asked for: not every text is one for every database.
    is_possible = _MESSAGE_ID.fullmatch(message_id) is not None
    row = await services.deliveries.message(message_id) if is_possible else None
    if row is None or row.endpoint_id != endpoint_id:
        reason = Sentence("This endpoint was told no such message.")
        remedy = Sentence("Look for it in the endpoint's messages.")
        place = Place("parameter", "message_id", reason, remedy)
        raise ProblemError(UNKNOWN_MESSAGE, explained(reason, remedy), [place])
    is_own = state.added is not None and call.asker.merchant_id == state.added.merchant_id
    language = language_of(call.request.headers.get("Accept-Language"))
    made = await attempts_at(services.store, row, services.vault if is_own else None, language)
    shown = shapes.MessageDetail.model_validate(
        message_fields(row, language) | {"attempts_made": made}
    )
    return answer(shown, position=position, headers={"Content-Language": language})


async def test_endpoint(call: Call) -> web.Response:
    """Have an endpoint told something, to see that it hears."""
    services = call.services
    endpoint_id, state, _ = await _load(call)
    check_enabled(state, "SendTest")
    await services.rates.admit_test(call.passage, endpoint_id)
    context = call.context(call.asker.actor)
    recorded = await send_test(services.handler, endpoint_id, state, _RANDOM(16), context=context)
    name = await message_id_of(services.store, endpoint_id, recorded.position)
    headers = {"Location": f"/v1/webhook-endpoints/{endpoint_id}/messages/{name}"}
    content = shapes.SentTest(id=name, type=TEST_TYPE, position=recorded.position)
    return answer(content, status=202, position=recorded.position, headers=headers)


async def replay_messages(call: Call) -> web.Response:
    """Deliver one message, or all that were not taken, now."""
    services = call.services
    endpoint_id, state, recorded = await _load(call)
    wanted = validated(shapes.ReplayRequest, await call.json_object())
    check_enabled(state)
    await _wait(call)
    rows = await replayable(services.deliveries, endpoint_id, wanted.message_id, services.clock())
    if wanted.message_id is not None and not rows:
        reason = Sentence("This endpoint has no such message to replay.")
        remedy = Sentence("Look for it in the endpoint's messages.")
        place = Place("pointer", "/message_id", reason, remedy)
        raise ProblemError(INVALID_REQUEST, place.sentence, [place])
    replayed = await replay(services.handler, rows, context=call.context(call.asker.actor))
    position = replayed[-1].position if replayed else recorded[-1].position
    counts = await services.deliveries.counts(endpoint_id)
    content = shapes.ReplayOut(
        replayed=len(replayed),
        waiting=counts.get("waiting", 0) + newly_waiting(rows, replayed),
        position=position,
    )
    return answer(content, status=202, position=position)


async def _check_room(call: Call, merchant_id: str, mode: Mode, *, is_new: bool = False) -> None:
    """Refuse one endpoint more than a merchant may have switched on in a mode, or ever add."""
    await _wait(call)
    listed = await call.services.deliveries.endpoints(merchant_id)
    endpoints = [one for one in listed if one.mode == mode]
    enabled = sum(one.is_enabled for one in endpoints)
    if enabled >= call.services.settings.endpoints_per_merchant_max:
        reason = Sentence("You have {endpoints} endpoints already.", endpoints=enabled)
        remedy = Sentence("Disable one that you do not need.")
        raise ProblemError(TOO_MANY_ENDPOINTS, explained(reason, remedy))
    if is_new and len(endpoints) >= ENDPOINTS_EVER_MAX:
        reason = Sentence("You have added {endpoints} endpoints already.", endpoints=len(endpoints))
        remedy = Sentence("Enable one of those that are disabled.")
        raise ProblemError(TOO_MANY_ENDPOINTS, explained(reason, remedy))


async def _wait(call: Call) -> None:
    """Let the projection see what was written before this request, for a while."""
    services = call.services
    position, name = await services.store.position(), services.deliveries.name
    await services.projections.wait_for(position, services.settings.wait_seconds_max, name=name)


async def _load(call: Call) -> tuple[str, Endpoint, list[RecordedEvent]]:
    """Read what the address names.

    Raises:
        UnknownEndpointError: there is none, or it is another merchant's.
    """
    endpoint_id = call.request.match_info["endpoint_id"]
    if not is_endpoint_id(endpoint_id):
        raise UnknownEndpointError(endpoint_id)
    state, recorded = await call.services.handler.endpoint(endpoint_id)
    if state.added is None or not call.asker.may_see(state.added.merchant_id, state.added.mode):
        raise UnknownEndpointError(endpoint_id)
    return endpoint_id, state, recorded


async def _changed(
    call: Call, endpoint_id: str, command: commands.EndpointCommand, keys: Sequence[DataKey] = ()
) -> web.Response:
    handler = call.services.handler
    handled = await handler.handle(command, context=call.context(call.asker.actor), keys=keys)
    if handled.events:
        _remember(call, keys)
    state, recorded = await handler.endpoint(endpoint_id)
    shown = await _shown(call, endpoint_id, state, recorded)
    return answer(shown, position=recorded[-1].position)


async def _shown(
    call: Call, endpoint_id: str, state: Endpoint, recorded: list[RecordedEvent]
) -> shapes.EndpointOut:
    services, added = call.services, state.added
    assert added is not None
    url, public_key = None, None
    try:
        recorder = Recorder(services.handler, services.vault)
        url, pairs = await opened(recorder, endpoint_id, state, services.clock())
        public_key = pairs[0].public_key
    except ErasedError:
        pass
    is_own = call.asker.merchant_id == added.merchant_id
    waiting_since, next_attempt_at = await services.deliveries.patience(endpoint_id)
    return shapes.EndpointOut(
        id=endpoint_id,
        mode=added.mode,
        url=url if is_own else None,
        types=list(state.types),
        description=state.description,
        is_enabled=state.is_enabled,
        is_deleted=state.is_deleted,
        reason=kept_reason(state.reason, language_of(call.request.headers.get("Accept-Language"))),
        public_key=public_key,
        former_until=None if state.rotated is None else state.rotated.former_until,
        messages=await services.deliveries.counts(endpoint_id),
        waiting_since=waiting_since,
        next_attempt_at=next_attempt_at,
        created_at=recorded[0].recorded_at,
    )


def _sealed(
    call: Call, endpoint_id: str, url: str, pairs: list[SigningPair]
) -> tuple[str, list[DataKey]]:
    content = orjson.dumps({"url": url, "pairs": [list(one) for one in pairs]})
    subject = endpoint_subject(endpoint_id)
    sealed = call.services.vault.seal(subject, content, context=subject)
    return sealed.text, [sealed.new_key] if sealed.new_key else []


def _remember(call: Call, keys: Sequence[DataKey]) -> None:
    for key in keys:
        call.services.vault.remember(key)


def _told(
    endpoint_id: str, pair: SigningPair, recorded: RecordedEvent, *, status: int
) -> web.Response:
    content = shapes.EndpointSecretOut(
        id=endpoint_id,
        secret=pair.secret,
        public_key=pair.public_key,
        former_until=getattr(recorded.event, "former_until", None),
        position=recorded.position,
    )
    headers = {"Location": f"/v1/webhook-endpoints/{endpoint_id}"} if status == 201 else None
    return answer(content, status=status, position=recorded.position, headers=headers)
