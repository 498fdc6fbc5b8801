"""Gathering: every checkpoint is shown to every witness, and what they say is recorded.

Each witness is attended to by a task of its own, so that one that is slow or away delays no other.
A witness is asked at once when there is a new checkpoint; if it cannot be had it is asked again,
ever less often, always about the newest checkpoint: after days away one proof brings it up to date.
What size it is at it says itself (409), the first time and whenever we were wrong.

Three answers mean that this log is not the one the witness knows, and are recorded as refusals
with their evidence and shouted about: 422 to a proof made from our own tiles, 409 at the size of
our checkpoint, and a witness that has cosigned more entries than this log has (a database restored
from an older copy). A witness that is merely ahead of one checkpoint has seen a later one.

The process that made a checkpoint shows it. If that dies before, any other that lives does so in
its place (`take_over`): each looks every `UNSHOWN_SECONDS` whether the newest checkpoint in the log
lacks a witness, and shows one that did so twice to those that it lacks; within two such times, that
is. Who is only slow is asked about it twice, which changes nothing: a witness says the same again,
and its word is recorded once. A witness that is away is asked by every process.

It judges nothing of what is recorded: how many witnesses are enough is the policy's to say, and
whoever verifies does so from the signatures alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import structlog

from adapters.transport_outward import Sent
from ledger import commands_log
from ledger.checkpoint import Checkpoint, encoded, split_note
from ledger.cosignature import CosignatureVerifier, read_cosignatures
from ledger.entry import Context
from ledger.errors import LedgerError, NoteError, reason_of
from ledger.handling import Handler
from ledger.witness import AddCheckpoint

ANSWER_BYTES_MAX: Final = 16_384
"""A witness may cosign by several keys, one line each."""

SIZES_LEARNT_MAX: Final = 3
"""How often one witness is asked about one checkpoint because it was at another size."""

AGAIN_SECONDS_MIN: Final = 5.0
AGAIN_SECONDS_MAX: Final = 600.0

UNSHOWN_SECONDS: Final = 30.0
"""How often a process looks whether another one's checkpoint was left without its witnesses."""

ACTOR: Final = "reactor:witnesses"

Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""Old and new size -> the consistency proof, from the stored tiles."""

Latest = Callable[[], Awaitable[str | None]]
"""Gives the note of the newest checkpoint in the log, with what witnesses said of it."""

log = structlog.get_logger()


class Post(Protocol):
    """The way out; see `adapters.transport_outward`."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """Send once; never raises for what the other side or the network does."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A witness to ask: the policy's name for it, its key, and its submission prefix."""

    name: str
    verifier: CosignatureVerifier
    url: str


class Trouble(NamedTuple):
    """Why a witness could not be had; it is asked again."""

    reason: str


class _Refusal(NamedTuple):
    status: int
    reason: str
    evidence: str


class Gatherer:
    """Asks the witnesses; see the module.

    Args:
        witnesses: whom to ask.
        handler: the way into the log.
        post: the way out.
        prove: makes consistency proofs.
        latest: the newest checkpoint, whichever process made it.
        sizes: what each witness cosigned last (by the name of its key), as far as is known.
    """

    def __init__(
        self,
        witnesses: Sequence[Asked],
        handler: Handler,
        post: Post,
        *,
        prove: Prove,
        latest: Latest,
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        self.witnesses = tuple(witnesses)
        self.troubles: dict[str, str] = {}
        """Policy name -> why the witness cannot be had at present."""
        self._handler, self._post, self._prove, self._latest = handler, post, prove, latest
        self._sizes = dict(sizes or {})
        self._note: str | None = None
        self._taken_over: str | None = None
        self._news = asyncio.Condition()

    async def told(self, note: str) -> None:
        """Take a new checkpoint; comes back at once."""
        async with self._news:
            self._note = note
            self._news.notify_all()

    async def run(self) -> None:
        """Attend to every witness until cancelled."""
        note = await self._latest()
        if note is not None and self._note is None:
            await self.told(note)
        async with asyncio.TaskGroup() as group:
            for witness in self.witnesses:
                group.create_task(self._attend(witness), name=f"witness {witness.name}")
            # Also where there is nobody to ask, this runs until it is cancelled.
            await self._look()

    async def _look(self) -> None:
        before: str | None = None
        while True:
            await asyncio.sleep(UNSHOWN_SECONDS)
            try:
                before = await self.take_over(before)
            except LedgerError as error:
                log.warning("witness.not_looked", reason=reason_of(error))

    async def take_over(self, before: str | None) -> str | None:
        """Show the newest checkpoint in its maker's place, if it lacked a witness before too.

        Args:
            before: what this gave the last time.

        Returns:
            The text of the newest checkpoint, if another process made it and it lacks a witness;
            to be given the next time.
        """
        note = await self._latest()
        if note is None or not any(_lacks(note, one) for one in self.witnesses):
            return None
        if self._note is not None and _size_of(note) <= _size_of(self._note):
            return None
        text, _ = split_note(note)
        if text == before:
            log.warning("witness.taken_over", size=_size_of(note))
            self._taken_over = note
            await self.told(note)
        return text

    async def ask_newest(self, witness: Asked, note: str) -> Trouble | None:
        """Show a witness a checkpoint, or the newest that another process made since.

        A witness that has cosigned that one takes whoever shows it an older one, which it has never
        seen, for a log that was put back.
        """
        newest = await self._latest()
        is_others = note == self._taken_over
        if newest is not None and _size_of(newest) > _size_of(note):
            note, is_others = newest, True
        if is_others and not _lacks(note, witness):
            return None
        return await self.ask(witness, note)

    async def ask(self, witness: Asked, note: str) -> Trouble | None:
        """Show a witness a checkpoint and record what it says; a trouble if it could not be had."""
        checkpoint = _checkpoint_of(note)
        old = min(self._sizes.get(witness.verifier.name, 0), checkpoint.size)
        for _ in range(SIZES_LEARNT_MAX):
            request = AddCheckpoint(old, tuple(await self._prove(old, checkpoint.size)), note)
            url = f"{witness.url.rstrip('/')}/add-checkpoint"
            sent = await self._post.post(url, {"Content-Type": "text/plain"}, request.body())
            if sent.status == 200:
                return await self._cosigned(witness, checkpoint, note, sent.answer)
            if sent.status == 422:
                reason = "the log is not shown to continue what this witness has cosigned"
                await self._refused(witness, checkpoint, request, sent, reason)
                return None
            size = _size_in(sent)
            if size is None:
                return Trouble(_said(sent))
            if size == checkpoint.size == old:
                reason = "the witness has cosigned another root of the same size"
                await self._refused(witness, checkpoint, request, sent, reason)
                return None
            self._sizes[witness.verifier.name] = size
            if size > checkpoint.size:
                await self._is_ahead(witness, checkpoint, request, sent, size)
                return None
            old = size
        return Trouble("it names another size each time it is asked")

    async def _attend(self, witness: Asked) -> None:
        tried: str | None = None
        failures = 0
        while True:
            tried = await self._wait(tried, failures)
            try:
                trouble = await self.ask_newest(witness, tried)
            except (LedgerError, LookupError) as error:
                trouble = Trouble(reason_of(error))
            if trouble is None:
                self.troubles.pop(witness.name, None)
                failures = 0
                continue
            failures += 1
            self.troubles[witness.name] = trouble.reason
            log.warning(
                "witness.not_had", witness=witness.name, reason=trouble.reason, failures=failures
            )

    async def _wait(self, tried: str | None, failures: int) -> str:
        """Wait for a newer checkpoint than the one tried, or until it is time to try that again."""
        seconds = min(AGAIN_SECONDS_MIN * 2.0 ** min(failures - 1, 16), AGAIN_SECONDS_MAX)
        try:
            async with asyncio.timeout(seconds if failures else None), self._news:
                await self._news.wait_for(lambda: self._note != tried)
        except TimeoutError:
            pass
        assert self._note is not None
        return self._note

    async def _cosigned(
        self, witness: Asked, checkpoint: Checkpoint, note: str, answer: bytes
    ) -> Trouble | None:
        try:
            lines = answer.decode()
            found = read_cosignatures(split_note(note)[0], lines, witness.verifier)
        except (UnicodeDecodeError, NoteError) as error:
            return Trouble(f"its answer is no cosignature of this checkpoint: {error}")
        self._sizes[witness.verifier.name] = checkpoint.size
        command = commands_log.RecordCosignature(
            size=checkpoint.size,
            root=encoded(checkpoint.root),
            witness=witness.verifier.name,
            signatures=tuple(one.line().removesuffix("\n") for one in found),
        )
        await self._handler.handle(command, context=_context(checkpoint))
        return None

    async def _is_ahead(
        self,
        witness: Asked,
        checkpoint: Checkpoint,
        request: AddCheckpoint,
        sent: Sent,
        size: int,
    ) -> None:
        # Looked at after the witness has answered: an honest log has by then what it cosigned.
        if size > await self._handler.store.position():
            reason = f"the witness has cosigned {size} entries, which is more than this log has"
            log.error(
                "log.went_back",
                witness=witness.name,
                seen_size=size,
                remedy="if it was put back from a backup, stop, and run `cauri restored` first",
            )
            await self._refused(witness, checkpoint, request, sent, reason)

    async def _refused(
        self,
        witness: Asked,
        checkpoint: Checkpoint,
        request: AddCheckpoint,
        sent: Sent,
        reason: str,
    ) -> None:
        assert sent.status is not None
        log.error("witness.refused", witness=witness.name, size=checkpoint.size, reason=reason)
        answer = sent.answer.decode(errors="replace")
        evidence = f"answered {sent.status}:\n{answer}\nasked:\n{request.body().decode()}"
        command = commands_log.RecordWitnessRefusal(
            size=checkpoint.size,
            witness=witness.verifier.name,
            status=sent.status,
            reason=reason,
            evidence=evidence,
        )
        await self._handler.handle(command, context=_context(checkpoint))


def _checkpoint_of(note: str) -> Checkpoint:
    return Checkpoint.from_text(split_note(note)[0])


def _size_of(note: str) -> int:
    return _checkpoint_of(note).size


def _lacks(note: str, witness: Asked) -> bool:
    """Whether a note has no line of a witness; the line was verified when it was recorded."""
    key = witness.verifier.name, witness.verifier.key_id
    return key not in {(one.name, one.key_id) for one in split_note(note)[1]}


def _context(checkpoint: Checkpoint) -> Context:
    return Context(ACTOR, "witnesses", f"checkpoint:{checkpoint.size}")


def _size_in(sent: Sent) -> int | None:
    """The size a witness says it is at (409), if it says one."""
    text = sent.answer.decode(errors="replace").removesuffix("\n")
    is_size = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if sent.status == 409 and is_size else None


def _said(sent: Sent) -> str:
    answer = sent.answer[:200].decode(errors="replace").strip()
    return f"{sent.reason}: {answer}" if answer else sent.reason
