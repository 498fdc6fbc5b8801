"""A witness that is killed between what it keeps and what it answers: run as a program."""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from api.commands import witness
from api.witness_files import WitnessFiles
from ledger.witness import Seen


class DyingFiles(WitnessFiles):
    """Dies as soon as the size it was told of is durable."""

    dies_at = int(sys.argv[2])

    def keep(self, origin: str, seen: Seen, at: datetime) -> None:
        super().keep(origin, seen, at)
        if seen.size == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


vars(witness)["WitnessFiles"] = DyingFiles
witness.serve(folder=Path(sys.argv[1]), host="127.0.0.1", port=0)
