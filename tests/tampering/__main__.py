"""The long run: `python -m tests.tampering --count 100000 --seed 1`; figures on standard output."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.tampering.honest import make
from tests.tampering.trial import RIGHT, UNTOUCHED, Court, Judged, Tally, kinds

SHOWN_MAX: Final = 50
"""How many wrong verdicts are shown."""


def main(arguments: list[str]) -> int:
    """Run, print the figures, and answer 1 if a single verdict was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.tampering", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many tamperings")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--files-every", type=int, default=20, help="one in so many on a real file")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop then, wherever it is")
    parser.add_argument(
        "--only", action="append", choices=kinds(), help="a kind to try; all, if none is named"
    )
    given = parser.parse_args(arguments)
    began, spent = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        court = Court(
            make(Path(folder)),
            folder=Path(folder),
            files_every=given.files_every,
            is_over=lambda: time.monotonic() > began + given.minutes * 60,
        )
        numbers = range(given.first, given.first + given.count)
        tally = asyncio.run(court.run(given.seed, numbers, tell, only=given.only))
    tell_tally(tally)
    seconds, used = time.monotonic() - began, time.process_time() - spent
    size = court.honest.size
    say(f"{sum(tally.verdicts.values())} tamperings of a log of {size} entries, seed {given.seed}:")
    say(f"{seconds:.0f} s, {used:.0f} s of one processor; {tally.files} on real files too")
    return 1 if tally.wrong else 0


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(number: int, judged: Judged) -> None:
    """Say a wrong verdict at once, and now and then how far it is."""
    if judged.verdict not in RIGHT:
        say(f"number {number}: {judged}")
    elif number % 5000 == 0:
        say(f"number {number}")


def tell_tally(tally: Tally) -> None:
    """Say a row for each kind."""
    say(f"{'kind':<20} {'tried':>7} {'found':>7} {'unchanged':>9}  how found; what a witness said")
    for kind in kinds():
        own = {verdict: n for (name, verdict), n in sorted(tally.verdicts.items()) if name == kind}
        tried, unchanged = sum(own.values()), own.pop(UNTOUCHED, 0)
        found = sum(n for verdict, n in own.items() if verdict in RIGHT)
        told = {status: n for (name, status), n in sorted(tally.witnesses.items()) if name == kind}
        said = ", ".join(f"{verdict} {n}" for verdict, n in own.items())
        asked = "".join(f"; witness {status}: {n}" for status, n in told.items())
        say(f"{kind:<20} {tried:>7} {found:>7} {unchanged:>9}  {said}{asked}")
    verdicts = sum(tally.verdicts.values())
    say(f"{'all':<20} {verdicts:>7}  wrong: {len(tally.wrong)}")
    for number, judged in tally.wrong[:SHOWN_MAX]:
        say(f"  number {number}: {judged}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
