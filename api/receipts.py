"""Receipts over HTTP: a payment's history with the proof that the log is committed to it.

The file is `ledger.receipt`'s, for programs and courts; the page is the same for people. A receipt
holds the whole history: where no checkpoint covers its last entry, one is made, and its witnesses
are given a moment to cosign it. Checkpoints on demand have a rhythm of their own, so that whoever
asks for receipts all day does not fill the log with them.

Another merchant's payment is answered like one that does not exist.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

from aiohttp import web

from api.bundles.commitments import keys_of
from api.calls import Call, answer_bytes
from api.errors import CHECKPOINT_PENDING, ProblemError
from api.pages.receipt import receipt_page
from api.pages.rendering import HTML, hash_source, headers_of, policy, style_of
from api.payments import load
from api.problems import language_of
from api.support import name_of_merchant
from ledger import payment
from ledger.checkpoint import KEY_BYTES, Checkpoint, Signer, sign_note, split_note
from ledger.checkpointing import CheckpointMaker
from ledger.cosignature import SIGNATURE_BYTES, cosigned_at
from ledger.entry import Context, RecordedEvent, encode_entry, prepare
from ledger.errors import NoteError
from ledger.events import PaymentRequested
from ledger.merkle import TileReader, inclusion_proof, leaf_hash
from ledger.proving import from_tiles
from ledger.receipt import Proof, Receipt, ending_of
from ledger.sentences import Sentence
from ledger.store import EventStore
from projections.commitments import CheckpointRow, CommitmentsProjection

PLAIN: Final = "text/plain; charset=utf-8"

ON_DEMAND_SECONDS_MIN: Final = 10.0
"""Between two checkpoints made for receipts; so a day's stream has room for all of them."""

PROVED_AT_ONCE_MAX: Final = 64
"""How many entries are proved before others have their turn: a path is a quarter of a millisecond
of hashing, twice, and a stream may have thousands of entries."""

WITNESS_SECONDS_MAX: Final = 3.0
"""How long witnesses are given to cosign a checkpoint that a receipt waits for."""


async def show_receipt(call: Call) -> web.Response:
    """Give the receipt of a payment, payout or refund: a file, or a page to who asks for one."""
    state, recorded = await load(call)
    maker = call.services.checkpoints
    signer = await maker.signer() if maker is not None else None
    if maker is None or signer is None:
        detail = Sentence("No key that signs the log is set up here, so nothing can be proved.")
        raise ProblemError(CHECKPOINT_PENDING, detail)
    row = await _checkpoint(call, maker, signer, recorded[-1].position)
    recorded = await covered_by(row, call.services.store, recorded[0].stream)
    receipt = await receipt_of(call.services.store, recorded, row, signer)
    position = recorded[-1].position
    if HTML not in call.request.headers.get("Accept", ""):
        name = f"{receipt.payment_id}.receipt"
        told = {"Content-Disposition": f'attachment; filename="{name}"'}
        return answer_bytes(
            receipt.text().encode(), position=position, content_type=PLAIN, headers=told
        )
    language = language_of(call.request.headers.get("Accept-Language"))
    page = receipt_page(
        receipt.text(),
        recorded,
        checkpoint_of(row.note),
        cosigned_times(row.note),
        language=language,
        merchant=await name_of_merchant(call, state.requested.merchant_id),
        support=call.services.settings.support_contact,
    )
    shown = headers_of(
        policy(style=hash_source(style_of("receipt.css")), script="'none'", frame_ancestors=())
    )
    shown["Content-Language"] = language
    return answer_bytes(
        page.encode(), position=position, content_type=f"{HTML}; charset=utf-8", headers=shown
    )


async def covered_by(row: CheckpointRow, store: EventStore, stream: str) -> list[RecordedEvent]:
    """Read all of a stream that a checkpoint covers, which nothing can be added to any more.

    It is read when the checkpoint is there: what happened while that was made is told too, or the
    receipt would say that there is no such thing.
    """
    return [one for one in await store.read_stream(stream) if one.position <= row.size]


async def receipt_of(
    store: EventStore, recorded: list[RecordedEvent], row: CheckpointRow, signer: Signer
) -> Receipt:
    """Make a receipt of a payment's events, all that a checkpoint of this key covers.

    The log's keys go along where it had more than one: trust in any of them is handed on.

    Raises:
        ValueError: it does not cover them all.
    """
    keys = [one for one in await keys_of(store) if one.position <= row.size]
    payment_id = recorded[0].stream.removeprefix("payment-")
    ending = ending_of(checkpoint_of(row.note), payment_id, len(recorded))
    return Receipt(
        payment_id,
        await _proofs(store, recorded, row.size),
        sign_note(ending, signer),
        row.note,
        await _proofs(store, keys, row.size) if len(keys) > 1 else (),
    )


async def _proofs(store: EventStore, recorded: list[RecordedEvent], size: int) -> tuple[Proof, ...]:
    proofs: list[Proof] = []
    for part in _parts(recorded):
        paths = await from_tiles(partial(_paths, part, size), store.tile)
        proofs += [
            Proof(one.position - 1, one.entry, tuple(path))
            for one, path in zip(part, paths, strict=True)
        ]
    return tuple(proofs)


def _parts(recorded: list[RecordedEvent]) -> Iterator[list[RecordedEvent]]:
    for start in range(0, len(recorded), PROVED_AT_ONCE_MAX):
        yield recorded[start : start + PROVED_AT_ONCE_MAX]


def _paths(part: list[RecordedEvent], size: int, tile: TileReader) -> list[list[bytes]]:
    return [inclusion_proof(one.position - 1, size, tile) for one in part]


def checkpoint_of(note: str) -> Checkpoint:
    """Read a recorded note's checkpoint; whether it is signed is for others to find."""
    return Checkpoint.from_text(split_note(note)[0])


def cosigned_times(note: str) -> Mapping[str, int]:
    """Say which witnesses a note names, and when they say they signed."""
    found = {}
    for one in split_note(note)[1]:
        if len(one.signature) == SIGNATURE_BYTES:
            found[one.name] = cosigned_at(one)
    return found


async def covering(
    commitments: CommitmentsProjection, signer: Signer, position: int
) -> CheckpointRow | None:
    """Find a checkpoint by a key that covers a position; the published one if it does."""
    for found in (
        await commitments.published(),
        await commitments.covering(position),
        await commitments.latest(),
    ):
        if found is not None and found.size >= position and is_signed_by(signer, found.note):
            return found
    return None


def is_signed_by(signer: Signer, note: str) -> bool:
    """Whether a recorded note is by this key; a log records none whose signatures are wrong."""
    own = signer.verifier.name, signer.verifier.key_id
    return any((one.name, one.key_id) == own for one in split_note(note)[1])


async def _checkpoint(
    call: Call, maker: CheckpointMaker, signer: Signer, position: int
) -> CheckpointRow:
    """Find a checkpoint that covers a position, or make one.

    Raises:
        ProblemError: there is none, and none can be made yet.
    """
    services = call.services
    if (found := await covering(services.commitments, signer, position)) is not None:
        return found
    last = await services.commitments.latest()
    if last is not None:
        age = (services.clock() - last.made_at).total_seconds()
        if age < ON_DEMAND_SECONDS_MIN:
            raise _pending()
    try:
        await maker.make(context=call.context(call.asker.actor))
    except NoteError as error:
        raise _pending() from error
    projections = services.projections
    await projections.wait_for(await services.store.position(), services.settings.wait_seconds_max)
    with suppress(TimeoutError):
        async with asyncio.timeout(WITNESS_SECONDS_MAX):
            await _cosigned(call, signer, position)
    found = await covering(services.commitments, signer, position)
    if found is None:
        raise _pending()
    return found


async def _cosigned(call: Call, signer: Signer, position: int) -> None:
    """Wait until enough witnesses have cosigned what covers a position; the caller limits it."""
    services = call.services
    while (witnessing := services.witnessing) is not None:
        end = await services.store.position()
        found = await covering(services.commitments, signer, position)
        if found is None or witnessing.policy.judge(found.note).is_quorum:
            return
        await services.store.wait_for(end + 1, WITNESS_SECONDS_MAX)
        await services.projections.wait_for(end + 1, WITNESS_SECONDS_MAX)


def _pending() -> ProblemError:
    detail = Sentence("No checkpoint of the log covers the payment's last entry yet.")
    return ProblemError(CHECKPOINT_PENDING, detail)


def example() -> str:
    """A receipt of one entry, signed by a key that is nobody's."""
    asked = PaymentRequested(
        payment_id="pay_6wq3o2mexg5vbn7hd4tq2lkzae",
        merchant_id="mer_3c724e88597ee05a",
        kind="collection",
        amount_minor=1500,
        currency="XAF",
        provider="mtn",
        operator="mtn-cm",
        country="CM",
        route_reason="carrier",
        payer="person-5f0b7c0c8d7d4d6a8f0e6f6f1f1d2c3b",
        sealed="kT0yq3pZr1nX8w2B.9vZbq0Jr",
        content_digest="9f86d081884c7d659a2feaa0c55ad015",
        expires_at=datetime(2030, 1, 31, 13, tzinfo=UTC),
    )
    entry = encode_entry(
        prepare(asked),
        position=1,
        stream=payment.stream_of(asked.payment_id),
        version=1,
        recorded_at="2030-01-31T12:00:00.000000Z",
        context=Context(asked.merchant_id, "7fd0a0129ae3020d", "request:7fd0a0129ae3020d"),
    )
    root = leaf_hash(entry)
    signer = Signer("ledger.example/log", bytes(KEY_BYTES))
    checkpoint = Checkpoint(signer.verifier.name, 1, root)
    ending = sign_note(ending_of(checkpoint, asked.payment_id, 1), signer)
    note = sign_note(checkpoint.text(), signer)
    return Receipt(asked.payment_id, (Proof(0, entry, ()),), ending, note).text()
