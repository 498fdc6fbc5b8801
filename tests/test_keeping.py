"""Keeping exchanges: as far as they came, before what they taught, and never before the money."""

import asyncio
import hashlib
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.answer import TransportError
from adapters.keeping import AT_ONCE_MAX, TRIES_MAX, WAITING_MAX, Keeper
from adapters.overhearing import About, about_nobody, gathering
from adapters.recording import Recorder
from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_trial import make_trial
from adapters.transcript import MASK, Scrubber
from adapters.transport import Transport
from adapters.transport_exchange import ANSWER_BYTES_MAX
from api.exchanges import Kept, exchanges_of, grouped, read_sealed
from api.wiring import opened, sealing, services, utc_now
from ledger import exchange
from ledger.errors import ErasedError, SealBrokenError, StoreUnavailableError
from ledger.events import Event, ExchangeRecorded, PaymentRequested
from ledger.exchange import PART_BYTES_MAX, Written, check
from ledger.handling import Handler
from ledger.memory import MemoryEventStore
from ledger.payment import Payment
from ledger.sentences import Sentence
from ledger.vault import MasterKeys, Vault
from ledger.volumes import Volumes, read_volumes
from tests.api_world import captured_logs
from tests.builders import CONTEXT, NOW, a_requested
from tests.exchange_killed import settings_for
from tests.processes import Program, free_port
from tests.raw_server import (
    RawRequest,
    RawServer,
    Script,
    answer,
    answering,
    hang_up,
    reset,
    silence,
)
from tests.test_transport import PACE

NUMBER = "+237650000001"
SECRET = "a-synthetic-secret"
scrub = Scrubber(
    secret_keys={"token", "partyId"},
    personal_keys={"partyId"},
    kept_keys=(),
    secrets=(SECRET,),
)


class RefusingStore(MemoryEventStore):
    """A store that refuses the first so many appends of exchanges; everything else it takes."""

    to_refuse = 0
    refused = 0

    async def append(self, stream: str, *rest: Any, **options: Any) -> Any:
        """Append, unless it is an exchange."""
        if self.refused < self.to_refuse and stream.startswith("exchange-"):
            self.refused += 1
            raise StoreUnavailableError(Sentence("full."), Sentence("Make room."))
        return await super().append(stream, *rest, **options)


@dataclass
class Desk:
    """A keeper over a log in memory, and a payment that exchanges can be about."""

    store: RefusingStore
    vault: Vault
    keeper: Keeper
    about: About
    pauses: list[float] = field(default_factory=list)

    def transport(self) -> Transport:
        """A way to a provider, overheard."""
        return Transport(
            PACE,
            clock=lambda: NOW,
            name="mtn",
            scrub=scrub,
            observer=self.keeper.observe,
            sleep=self.at_once,
        )

    async def at_once(self, seconds: float) -> None:
        """Wait no time; say how long it was to be."""
        self.pauses.append(seconds)

    async def exchange(self, url: str, json: object = None) -> None:
        """Call a provider about the payment, whatever comes of it."""
        transport = self.transport()
        with gathering(self.about) as gathered, suppress(TransportError):
            await transport.call(
                "POST", url, {"Authorization": SECRET}, json=json, is_safe_to_repeat=False
            )
        await self.keeper.keep(gathered)
        await transport.close()

    async def kept(self) -> list[Kept]:
        """What is kept of the payment."""
        return await exchanges_of(self.store, self.about.payment_id)

    async def read(self, kept: Kept) -> Written:
        """Open one; its hashes must agree."""
        parts = [one.event for one in kept.parts if isinstance(one.event, ExchangeRecorded)]
        written = await read_sealed(self.vault, parts)
        assert all(check(kept.told, written))
        return written


@pytest.fixture
async def desk() -> Desk:
    store = RefusingStore(clock=lambda: NOW)
    vault = Vault(MasterKeys.generate(), store)
    sealed = vault.seal(vault.person(NUMBER), b"{}", context="pay_1")
    assert sealed.new_key is not None
    await store.append("payment-pay_1", 0, [a_requested()], context=CONTEXT, keys=[sealed.new_key])
    about = About(payment_id="pay_1", reference="r", sealed=sealed.text, context=CONTEXT)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    keeper = Keeper(Volumes(store), vault, random_bytes=os.urandom, pause=pause)
    return Desk(store, vault, keeper, about, pauses)


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b'{"amount": "15'


async def cut_short(_request: RawRequest, writer: asyncio.StreamWriter) -> None:
    """Send less than was promised, and hang up."""
    writer.write(CUT)
    writer.close()


HTML = answer(200, b"<html>\xff\x00 not what it should be</html>", "X-Odd:  a\tb ", "X-Odd: c")


@pytest.mark.parametrize(
    ("script", "result", "line", "body", "is_whole"),
    [
        (answering(HTML), "answered", "HTTP/1.1 200 Said", HTML.partition(b"\r\n\r\n")[2], True),
        (answering(answer(502)), "answered", "HTTP/1.1 502 Said", b"", True),
        (cut_short, "unknown", "HTTP/1.1 200 OK", b'{"amount": "15', False),
        (reset, "unknown", None, None, False),
        (hang_up, "unknown", None, None, False),
        (answering(b"nonsense\r\n\r\n"), "unknown", None, None, False),
    ],
    ids=["html", "empty 502", "cut short", "reset", "hung up", "no HTTP"],
)
async def test_a_spoilt_answer_is_kept_as_far_as_it_came(
    desk: Desk, script: Script, result: str, line: str | None, body: bytes | None, is_whole: bool
) -> None:
    async with RawServer(script) as server:
        await desk.exchange(server.url + "/pay", {"partyId": "237650000001", "é": 1})
    (kept,) = await desk.kept()
    written, told = await desk.read(kept), kept.told
    assert (told.result, told.is_whole) == (result, is_whole)
    assert written.request.line == "POST /pay HTTP/1.1"
    assert written.request.body == '{"partyId":"237650000001","é":1}'.encode()
    assert ("Authorization", MASK) in written.request.headers
    if line is None:
        assert (written.answer, told.answer_sha256, told.status) == (None, None, None)
        assert told.reason
    else:
        assert written.answer is not None
        assert (written.answer.line, written.answer.body) == (line, body)
        assert told.status == int(line.split()[1])
    if (body or b"").startswith(b"<html>"):
        assert written.answer is not None
        assert written.answer.headers[-2:] == (("X-Odd", "a\tb"), ("X-Odd", "c"))


async def test_what_could_not_be_sent_is_kept_as_it_was_to_be_sent(desk: Desk) -> None:
    await desk.exchange(f"http://127.0.0.1:{free_port()}/pay", {"token": SECRET})
    kept = await desk.kept()
    assert [one.told.result for one in kept] == ["not_sent"] * 3
    written = await desk.read(kept[0])
    assert (written.request.body, written.answer) == (b'{"token":"***"}', None)


@pytest.mark.parametrize("size", [PART_BYTES_MAX * 3, ANSWER_BYTES_MAX * 2])
async def test_a_long_answer_is_kept_in_parts_and_what_is_too_long_is_said_to_be_cut(
    desk: Desk, size: int
) -> None:
    body = os.urandom(size)
    async with RawServer(answering(answer(200, body))) as server:
        await desk.exchange(server.url)
    (kept,) = await desk.kept()
    written = await desk.read(kept)
    assert written.answer is not None
    assert kept.told.is_whole is (size <= ANSWER_BYTES_MAX)
    assert body.startswith(written.answer.body)
    assert len(written.answer.body) >= min(size, ANSWER_BYTES_MAX)
    assert [one.event.part for one in kept.parts if isinstance(one.event, ExchangeRecorded)] == [
        *range(1, len(kept.parts) + 1)
    ]
    assert len(kept.parts) >= 3
    assert len({one.version - index for index, one in enumerate(kept.parts)}) == 1
    # A part that is missing, or another's, is no exchange.
    assert grouped(kept.parts[1:]) == []
    swapped = [replaced(kept.parts[1].event, part=1), replaced(kept.parts[0].event, part=2)]
    with pytest.raises(SealBrokenError):
        await read_sealed(desk.vault, swapped)


def replaced(event: Event, **changes: Any) -> ExchangeRecorded:
    """The same part under another number."""
    assert isinstance(event, ExchangeRecorded)
    return msgspec.structs.replace(event, **changes)


async def test_a_number_cannot_be_guessed_from_the_hash_of_a_request(desk: Desk) -> None:
    async with RawServer(answering(answer(200))) as server:
        for _ in range(2):
            await desk.exchange(server.url, {"partyId": "237650000001"})
    first, second = await desk.kept()
    halves = [(await desk.read(one)).request for one in (first, second)]
    assert halves[0] == halves[1]
    assert first.told.request_sha256 != second.told.request_sha256
    plain = hashlib.sha256(halves[0].wire).hexdigest()
    assert plain not in {first.told.request_sha256, second.told.request_sha256}


async def test_for_whoever_was_erased_nothing_personal_is_kept_any_more(desk: Desk) -> None:
    async with RawServer(answering(answer(200, b'{"partyId":"237650000001"}'))) as server:
        await desk.exchange(server.url, {"partyId": "237650000001"})
        keys = len(desk.store._keys)
        await desk.vault.erase(desk.vault.person(NUMBER))
        await desk.exchange(server.url, {"partyId": "237650000001"})
    before, after = await desk.kept()
    with pytest.raises(ErasedError):
        await desk.read(before)
    written = await desk.read(after)
    assert (before.told.hides, after.told.hides) == ("secrets", "persons")
    assert b"650000001" not in written.request.wire + (written.answer or written.request).wire
    # The one key is gone, and the new one is the provider's.
    assert (keys, [one.subject for one in desk.store._keys.values()]) == (1, ["provider-mtn"])


async def test_what_cannot_be_kept_waits_and_the_money_does_not(desk: Desk) -> None:
    desk.store.to_refuse = 3
    async with RawServer(answering(answer(200))) as server:
        await desk.exchange(server.url)
    assert (desk.keeper.counts.kept, desk.keeper.waiting) == (0, 1)
    working = asyncio.create_task(desk.keeper.run())
    await desk.keeper.idle()
    working.cancel()
    assert desk.pauses == [0.1, 0.2]
    (kept,) = await desk.kept()
    assert (desk.keeper.counts.kept, desk.keeper.counts.lost) == (1, 0)
    assert (await desk.read(kept)).request.line == "POST / HTTP/1.1"


async def test_what_can_never_be_kept_is_counted_and_named_and_holds_nothing_up(
    desk: Desk,
) -> None:
    desk.store.to_refuse = 1_000
    with captured_logs() as logs:
        working = asyncio.create_task(desk.keeper.run())
        async with RawServer(answering(answer(200))) as server:
            await desk.exchange(server.url, {"partyId": "237650000001"})
        await desk.keeper.idle()
        working.cancel()
        said = logs.getvalue()
    assert (desk.keeper.counts.kept, desk.keeper.counts.lost) == (0, 1)
    assert desk.store.refused == TRIES_MAX + 1
    assert desk.pauses == [0.1 * 2.0**number for number in range(TRIES_MAX - 1)]
    assert b"keeping.lost" in said
    assert b"pay_1" in said
    assert b"650000001" not in said
    assert SECRET.encode() not in said


async def test_what_waits_is_bounded_and_what_is_over_is_counted(desk: Desk) -> None:
    desk.store.to_refuse = 1_000
    async with RawServer(answering(answer(200))) as server:
        transport = desk.transport()
        with about_nobody():
            await transport.call("GET", server.url, is_safe_to_repeat=True)
        exchange = desk.keeper._waiting[0].exchange
        for _ in range(WAITING_MAX + 3):
            desk.keeper.observe(exchange)
        await transport.close()
    assert (desk.keeper.waiting, desk.keeper.counts.lost) == (WAITING_MAX, 4)
    await desk.keeper.flush()
    assert (desk.keeper.waiting, desk.keeper.counts.lost) == (0, WAITING_MAX + 4)


async def test_what_is_left_at_the_end_is_kept_at_the_end(desk: Desk) -> None:
    async with RawServer(answering(answer(200))) as server:
        transport = desk.transport()
        for _ in range(AT_ONCE_MAX + 1):
            await transport.call("GET", server.url, is_safe_to_repeat=True)
        await transport.close()
    await desk.keeper.flush()
    events = await desk.store.read_stream(exchange.provider_stream_of("mtn", NOW))
    assert len(grouped(events)) == len(events) == AT_ONCE_MAX + 1
    # One append for so many, and one key for each append at most.
    assert len(desk.store._keys) <= 1 + len(events)


async def test_who_is_cancelled_in_the_middle_of_a_call_leaves_what_went(desk: Desk) -> None:
    async with RawServer(silence) as server:
        transport = desk.transport()
        recorder = Recorder(Handler(desk.store), desk.vault, keeper=desk.keeper)
        state, recorded = await Handler(desk.store).payment("pay_1")
        state = replace(state, request=replaced_request(state, desk.about.sealed))

        async def ask() -> None:
            about = recorder.about(recorded, actor="test")
            async with about.overhearing(state, "r"):
                await transport.call("POST", server.url, json={"a": 1}, is_safe_to_repeat=False)

        asking = asyncio.create_task(ask())
        await server.until(1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await transport.close()
    await desk.keeper.flush()
    (kept,) = await desk.kept()
    assert (kept.told.result, kept.told.reason) == ("unknown", "we stopped waiting")
    assert (await desk.read(kept)).request.body == b'{"a":1}'


def replaced_request(state: Payment, sealed: str) -> PaymentRequested:
    """The payment's request, with particulars that open."""
    return msgspec.structs.replace(state.requested, sealed=sealed)


@pytest.mark.parametrize("swallows", ["a header", "the body"])
async def test_an_answer_that_quotes_badly_cannot_move_what_is_whose(
    desk: Desk, swallows: str
) -> None:
    odd = 'X-Odd: "token": "open' if swallows == "a header" else "X-Odd: fine"
    body = b'"token": "open' + b"\n\0\n" * 3 + b'" and more'
    async with RawServer(answering(answer(200, body, odd))) as server:
        await desk.exchange(server.url, {"token": "abcdef", "amount": "15"})
    (kept,) = await desk.kept()
    written = await desk.read(kept)
    assert written.answer is not None
    assert written.request.body == b'{"token":"***","amount":"15"}'
    assert written.answer.line == "HTTP/1.1 200 Said"
    assert [name for name, _ in written.answer.headers] == ["Content-Length", "X-Odd"]
    assert written.answer.body == b'"token": "***" and more'


async def test_a_secret_of_the_request_is_taken_out_of_the_answer_too(desk: Desk) -> None:
    told = f"who is Bearer {SECRET} 4711 and 44711?".encode()
    about = replace(desk.about, one_time_code="4711")
    desk.about = about
    async with RawServer(answering(answer(401, told, "Set-Cookie: a=b"))) as server:
        await desk.exchange(server.url, {"otp": "4711", "number": "44711"})
    written = await desk.read((await desk.kept())[0])
    assert written.answer is not None
    assert written.request.body == b'{"otp":"***","number":"44711"}'
    assert written.answer.body == b"who is Bearer *** *** and 44711?"
    assert written.answer.headers == (("Content-Length", str(len(told))), ("Set-Cookie", MASK))


async def test_a_full_stream_goes_on_in_another_volume(desk: Desk) -> None:
    events = [a_requested()]
    written = Volumes(desk.store, events_max=3)
    for _ in range(4):
        await written.append("x", events * 2, context=CONTEXT)
    forgetful = Volumes(desk.store, events_max=3)
    await forgetful.append("x", events, context=CONTEXT)
    await forgetful.append("x", events * 3, context=CONTEXT)
    streams = [len(await desk.store.read_stream(name)) for name in ("x", "x-2", "x-3", "x-4")]
    found = await read_volumes(desk.store, "x")
    assert streams == [3, 2, 2, 2]
    assert len(found) == 12
    assert [one.position for one in found] == sorted(one.position for one in found)


async def test_killed_between_an_exchange_and_its_outcome_the_exchange_is_there(
    tmp_path: Path,
) -> None:
    trial = make_trial(clock=utc_now, faults=Faults.none(), port=0, folder=None)
    assert isinstance(trial, MtnSandbox)
    async with trial as sandbox:
        environment: dict[str, str] = {}
        async with Dying(environment, str(tmp_path), sandbox.url) as dying:
            payment_id = (await dying.says(b"pay_")).decode().split()[-1]
            await dying.ended()
        settings = settings_for(tmp_path, sandbox.url)
        async with opened(settings) as (database, store):
            types = [one.type for one in await store.read_stream(f"payment-{payment_id}")]
            (kept,) = await exchanges_of(store, payment_id)
            vault = await sealing(settings, database, store)
            written = await read_sealed(vault, [replaced(one.event) for one in kept.parts])
        async with services(settings, is_loopback_only=True) as lent:
            while not (await lent.handler.payment(payment_id))[0].status.is_final:
                position = await lent.store.position()
                assert await lent.store.wait_for(position + 1, 20)
            charged = list(sandbox.books.payments.values())
            later = await exchanges_of(lent.store, payment_id)
    assert types == ["payment.requested", "payment.submission_started"]
    assert (kept.told.method, kept.told.status) == ("POST", 202)
    assert all(check(kept.told, written))
    assert len(charged) == 1
    assert [one.told.method for one in later][:2] == ["POST", "GET"]


class Dying(Program):
    """The server that dies."""

    command = (sys.executable, "-m", "tests.exchange_killed")
