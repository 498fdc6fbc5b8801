"""Key files that more people can read than need to: said at the start, and never a reason to stop.

A mounted secret is often readable by a group on purpose, so it is a warning; who made the file by
hand, under the usual mask, did not mean to.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from api.cli_language import said
from api.master_key import FILE_NAME as MASTER_KEY_NAME
from api.settings import Settings
from api.signing_key import FILE_NAME as SIGNING_KEY_NAME
from ledger.sentences import Sentence

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
"""What the group or anybody else may do."""

_CLOSE_IT: Final = Sentence("Its group or others may read it: run `chmod 600` on it.")

log = structlog.get_logger()


def warn_of_readable_keys(settings: Settings) -> None:
    """Write a line for every key file that its group or others may open."""
    for variable, path in _files_of(settings):
        try:
            mode = path.stat().st_mode
        except OSError:
            # Whether it is there, and good, is told by whoever reads it.
            continue
        if os.name == "posix" and mode & OTHERS:
            log.warning(
                "key_file.readable",
                setting=variable,
                file=str(path),
                permissions=f"{stat.S_IMODE(mode):04o}",
                remedy=said(_CLOSE_IT),
            )


def _files_of(settings: Settings) -> Iterator[tuple[str, Path]]:
    folder = None if settings.is_production else settings.folder
    named = (
        ("CAURI_MASTER_KEY_FILE", settings.master_key_file, MASTER_KEY_NAME),
        ("CAURI_SIGNING_KEY_FILE", settings.signing_key_file, SIGNING_KEY_NAME),
    )
    for variable, path, name in named:
        if path is not None:
            yield variable, path
        elif folder is not None:
            yield variable, folder / name
