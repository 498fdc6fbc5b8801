"""A log of payments that is signed, witnessed and handed over by key to key; bundles made of it."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from api.bundles.check import Checked, check
from api.bundles.commitments import Closing
from api.bundles.files import source_of
from api.bundles.shape import BundleError, Manifest
from api.commands.audit import exported
from ledger import commands_log
from ledger.checkpoint import Checkpoint, Signer, encoded, sign_note
from ledger.commands_log import Digested
from ledger.commitment import day_of
from ledger.cosignature import Cosigner
from ledger.handling import Handler
from ledger.introduction import introduce
from ledger.memory import MemoryEventStore
from ledger.policy import Policy, read_policy
from ledger.sql import Database, SqlEventStore
from ledger.store import EventStore
from tests.builders import CONTEXT, Step, Teller, appends_of

ORIGIN: Final = "ledger.example/log"
MADE_AT: Final = datetime(2026, 4, 1, 8, tzinfo=UTC)
WITNESSES: Final = tuple(
    Cosigner(f"{name}.example/w", bytes([number]) * 32)
    for number, name in enumerate(("shop", "firm", "telco"), 1)
)
STORY: Final[Sequence[Step]] = [
    *((number, "request") for number in range(12)),
    *((number, "start") for number in range(10)),
    *((number, "confirm") for number in range(8)),
    *((number, "success") for number in range(5)),
    (5, "failure"),
    (6, "wrong_amount"),
    (7, "expiry"),
    (8, "decline_elsewhere"),
    (9, "doubt"),
    *[(0, "refund"), (0, "refund_paid"), (1, "refund"), (1, "refund_failed")],
]
LATER: Final[Sequence[Step]] = [
    *((number, "request") for number in range(20, 32)),
    (2, "statement_failure"),
    (6, "statement_success"),
    (5, "success"),
    *((number, "start") for number in range(20, 30)),
    *((number, "success") for number in range(20, 26)),
    (3, "refund"),
    (3, "refund_paid"),
    (20, "failure"),
    (7, "success"),
]
"""What happens to the payments of the story afterwards, and to others."""


class Keeper:
    """Whoever keeps a log: lets things happen in it, and signs it."""

    def __init__(self, store: EventStore, teller: Teller) -> None:
        self.store, self.teller = store, teller
        self.handler = Handler(store)
        self.signers = [Signer(ORIGIN, bytes(range(32)))]
        self._size = 0

    async def story(self, *steps: Step) -> None:
        """Let things happen."""
        log = self.teller.tell(*steps)
        now = self.teller.now
        for one, append in zip(log, appends_of(log), strict=True):
            self.teller.now = one.recorded_at
            await self.store.append(*append, context=CONTEXT)
        self.teller.now = now

    async def checkpoint(self, *cosigners: Cosigner, digests: Any = None) -> str:
        """Sign what the log holds, and let witnesses cosign it; the log's own note."""
        if not self._size:
            await self._introduce(None)
        head = await self.store.head()
        checkpoint = Checkpoint(ORIGIN, head.size, head.root)
        note = sign_note(checkpoint.text(), self.signers[-1])
        made = commands_log.RecordCheckpoint(
            day=day_of(self.teller.now),
            after_size=self._size,
            origin=ORIGIN,
            size=head.size,
            root=encoded(head.root),
            note=note,
            digests=digests or {},
        )
        await self.handler.handle(made, context=CONTEXT)
        self._size = head.size
        for one in cosigners:
            signature = one.cosign(checkpoint.text(), int(self.teller.now.timestamp()))
            said = commands_log.RecordCosignature(
                size=head.size,
                root=encoded(head.root),
                witness=one.verifier.name,
                signatures=(signature.line().rstrip("\n"),),
            )
            await self.handler.handle(said, context=CONTEXT)
        return note

    async def rotate(self) -> None:
        """Let a new key sign from now on."""
        old = self.signers[-1]
        self.signers.append(Signer(ORIGIN, bytes([100 + len(self.signers)]) * 32))
        await self._introduce(old)

    async def _introduce(self, old: Signer | None) -> None:
        new, before = self.signers[-1], old.verifier.text() if old else None
        command = commands_log.IntroduceLogKey(
            key=new.verifier.text(), note=introduce(ORIGIN, new, old, before), after=before
        )
        await self.handler.handle(command, context=CONTEXT)

    async def export(
        self, out: Path, first: object = None, last: object = None, policy: bytes | None = None
    ) -> tuple[Manifest, Closing]:
        """Write a bundle."""
        return await exported(
            self.store,
            out,
            first=None if first is None else str(first),
            last=None if last is None else str(last),
            policy=policy,
            clock=lambda: MADE_AT,
        )

    async def grow(self) -> None:
        """The story, signed as it goes on: two keys, three checkpoints, two witnesses at most."""
        await self.story(*STORY)
        await self.checkpoint(WITNESSES[0], digests={"payments": Digested(40, "ab" * 32, 1)})
        await self.story(*LATER)
        await self.rotate()
        await self.checkpoint(*WITNESSES[:2], digests={"accounts": Digested(60, "cd" * 32, 1)})
        await self.story(*((number, "request") for number in range(40, 300)))
        await self.checkpoint(*WITNESSES[1:], digests={"accounts": Digested(90, "ef" * 32, 1)})


def a_policy(*, needed: int = 2, log: Signer | None = None) -> bytes:
    """So many of three witnesses, and the first key of the log."""
    key = (log or Signer(ORIGIN, bytes(range(32)))).verifier.text()
    names = [one.verifier.name.partition(".")[0] for one in WITNESSES]
    lines = [
        f"witness {name} {one.verifier.text()}" for name, one in zip(names, WITNESSES, strict=True)
    ]
    group = f"group enough {needed} {' '.join(names)}"
    return "\n".join([f"log {key}", *lines, group, "quorum enough", ""]).encode()


@asynccontextmanager
async def a_keeper(url: str | None = None) -> AsyncIterator[Keeper]:
    """Keep a new log: in memory, or in a database."""
    teller = Teller()
    if url is None:
        yield Keeper(MemoryEventStore(clock=lambda: teller.now), teller)
        return
    database = await Database.open(url, create=True)
    try:
        store = SqlEventStore(database, clock=lambda: teller.now)
        await store.start()
        try:
            yield Keeper(store, teller)
        finally:
            await store.close()
    finally:
        await database.close()


def told(bundle: Path, policy: bytes | None = None) -> tuple[int, str]:
    """What the script of the ledger's own says, run alone: status and the words."""
    script = Path(check.__code__.co_filename).with_name("verify_bundle.py")
    more: list[str] = []
    if policy is not None:
        file = bundle.parent / "trusted-policy.txt"
        file.write_bytes(policy)
        more = ["--policy", str(file)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), *more, str(bundle)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={},
    )
    return done.returncode, done.stdout + done.stderr


def checked(bundle: Path, policy: bytes | None = None) -> Checked | BundleError:
    """What the ledger's own code says."""
    trusted: Policy | None = None if policy is None else read_policy(policy)
    try:
        return check(source_of(bundle), trusted, tell=lambda _done, _size: None)
    except BundleError as error:
        return error
