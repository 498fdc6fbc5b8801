"""A JSON-lines file in which a sandbox keeps its books across restarts.

Each record is one line of JSON, handed to the operating system before `append` returns: it survives
the death of the process, not of the machine (a sandbox needs no fsync). A line torn by such a
death is cut off at the next start, so the file always ends between two records.

Other processes may read the file meanwhile, with `read_only`. It knows nothing of what the records
mean and holds none of them in memory.
"""

import errno
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

import orjson

LINES_MAX: Final = 1_000_000
"""Beyond this many records the journal is full and says so before anything is done."""


class Journal:
    """Append-only records of one sandbox; `None` as path keeps nothing."""

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self._read_only = read_only
        mode = "rb" if read_only else "ab+"
        self._file = None if path is None else path.open(mode, buffering=0)
        self._lines = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_full(self) -> bool:
        """Whether a further record would pass the limit."""
        return self._lines >= LINES_MAX

    def records(self) -> Iterator[dict[str, object]]:
        """Give every record so far, oldest first; a writer cuts off a torn last line.

        Raises ValueError at a whole line that is no JSON.
        """
        if self._file is None:
            return
        self._file.seek(0)
        self._lines = 0
        whole_bytes = 0
        with open(self._file.fileno(), "rb", closefd=False) as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole_bytes += len(line)
                self._lines += 1
                yield orjson.loads(line)
        if not self._read_only:
            self._file.truncate(whole_bytes)

    def append(self, record: Mapping[str, object]) -> None:
        """Add one record; raises OSError if the disk does not take the whole of it."""
        self._lines += 1
        if self._file is not None:
            line = orjson.dumps(record) + b"\n"
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, "the journal took only a part of a record")

    def close(self) -> None:
        """Close the file; appending afterwards raises ValueError."""
        if self._file is not None:
            self._file.close()
