"""Leftovers: why bytes of destroyed keys may still lie in a database's files, and what to do then.

One word for each reason, which an event can keep for ever, and the sentences that say it to people.
Whoever holds only the files of the database, and no key of it, finds nothing by these bytes: they
are wrapped under the master key. They matter to whoever has both.
"""

from collections.abc import Mapping
from typing import Final, Literal

from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence, explained

Leftover = Literal["reader", "older_view", "keys_read", "not_owner", "recycled", "unclear"]
"""`recycled` alone is not tried again: only the server's administrator can change it."""

LASTING: Final[Leftover] = "recycled"
"""What no repetition would remove."""

_LEFT: Final[Mapping[Leftover, tuple[Sentence, Sentence]]] = {
    "reader": (
        Sentence(
            "Somebody is in the middle of reading, and keeps the erased keys' bytes in the "
            "database's -wal file."
        ),
        Sentence("They go when it ends (a backup, a database browser)."),
    ),
    "older_view": (
        Sentence("A transaction with an older view of the database keeps the erased keys' bytes."),
        Sentence("They go when it ends: find it in pg_stat_activity."),
    ),
    "keys_read": (
        Sentence("Somebody is in the middle of reading the keys: their table stays as it is."),
        Sentence("It is written anew when that ends."),
    ),
    "not_owner": (
        Sentence("The database user does not own the table of keys, and may not vacuum it."),
        Sentence("Let its owner do it: VACUUM data_keys."),
    ),
    "recycled": (
        Sentence(
            "The server recycles its write-ahead log (wal_recycle is on): old segments keep the "
            "erased keys' bytes until they are written over."
        ),
        Sentence(
            "Set wal_recycle = off and reload the server; segments that wait already go as they "
            "are used up. Then approve the erasure again to have it noted."
        ),
    ),
    "unclear": (
        Sentence("The erased keys' bytes could not be removed from the database's files."),
        Sentence("The server's log says why (`keys.scrub_failed`); it is tried again."),
    ),
}


def left_over(left: Leftover) -> StoreUnavailableError:
    """Make the error of whoever could not remove them."""
    return StoreUnavailableError(*_LEFT[left])


def leftover_of(error: BaseException) -> Leftover:
    """Find the word of an error that `left_over` made; `unclear` for every other one."""
    if isinstance(error, StoreUnavailableError):
        for left, (reason, _) in _LEFT.items():
            if error.reason == reason:
                return left
    return "unclear"


def sentence_of(left: Leftover) -> Sentence:
    """Say what is left, and what to do about it."""
    return explained(*_LEFT[left])
