"""A witness that is killed over its work: run as a program.

The second word is the size at which it dies, the third one when: `kept`, what it has seen being
durable; `signed`, its cosignature made; or `half`, with half of its answer sent.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from aiohttp import web

from api.commands import witness
from api.witness_files import WitnessFiles
from api.witness_server import Witness
from ledger.witness import Seen, Verdict

FOLDER, SIZE, MOMENT = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def die() -> None:
    """End as a process does whose machine lost its power."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingFiles(WitnessFiles):
    """Dies as soon as the size it was told of is durable."""

    def keep(self, origin: str, seen: Seen, at: datetime) -> None:
        super().keep(origin, seen, at)
        if seen.size == SIZE and MOMENT == "kept":
            die()


class DyingWitness(Witness):
    """Dies when it has signed, before or in the middle of saying so."""

    is_last = False

    async def answer(self, body: bytes) -> tuple[Verdict, str]:
        verdict, line = await super().answer(body)
        self.is_last = verdict.status == 200 and (verdict.seen or Seen()).size == SIZE
        if self.is_last and MOMENT == "signed":
            die()
        return verdict, line

    async def add_checkpoint(self, request: web.Request) -> web.Response:
        whole = await super().add_checkpoint(request)
        if self.is_last and isinstance(whole.body, bytes):
            half = web.StreamResponse(headers={"Content-Length": str(len(whole.body))})
            await half.prepare(request)
            await half.write(whole.body[: len(whole.body) // 2])
            die()
        return whole


vars(witness)["WitnessFiles"] = DyingFiles
vars(witness)["Witness"] = DyingWitness
witness.serve(folder=FOLDER, host="127.0.0.1", port=0)
