"""A SQLite file that one may read and not write: how to open it, and when that cannot be.

An auditor has a copy in a folder, or on a medium, that nothing can be written to. But even a reader
of a database in WAL mode writes: into the -shm file beside it. So it is opened

- as it always is, where the file and its folder can be written;
- with `mode=ro`, where a -shm file is there or can be made: a server may be at work on it;
- with `immutable=1`, where neither is so and no -wal file holds anything: the file is all there is.

Else entries lie in a -wal file that cannot be read, and to leave them out would be to tell of an
older log as if it were all: that is refused, with a remedy.

Why not `immutable=1` for everything: SQLite then neither looks for a -wal file nor notices writers.
"""

import os
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL

from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence


def for_reading(url: URL) -> URL:
    """Say by which URL a database is opened to be read, by this user and as it lies now.

    Raises:
        StoreUnavailableError: some of it cannot be read without writing.
    """
    if "uri" in url.query:
        return url  # whoever writes such a URL has chosen
    path = Path(url.database or "").absolute()
    is_open_folder = os.access(path.parent, os.W_OK)
    if is_open_folder and os.access(path, os.W_OK):
        return url
    unmerged, shared = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    if is_open_folder or (unmerged.exists() and shared.exists()):
        return _uri(url, path, mode="ro")
    if unmerged.exists() and unmerged.stat().st_size:
        raise StoreUnavailableError(
            Sentence(
                "The last entries are still in {unmerged}, which cannot be read where nobody may "
                "write.",
                unmerged=unmerged.name,
            ),
            Sentence(
                "Copy it and {name} to a folder that you can write, or make the copy with SQLite's "
                "online backup.",
                name=path.name,
            ),
        )
    return _uri(url, path, immutable="1")


def is_for_reading(url: URL) -> bool:
    """Whether a URL opens a database to be read only."""
    return url.query.get("mode") == "ro" or url.query.get("immutable") == "1"


def _uri(url: URL, path: Path, **options: str) -> URL:
    return url.set(database=f"file:{quote(str(path))}", query={"uri": "true", **options})
