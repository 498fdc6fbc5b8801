"""Randomness, drawn in blocks: the operating system is asked once for what many requests need.

Every `os.urandom` is a system call that gives the interpreter away and has to win it back; at
thousands of requests a second, with database threads waiting for the same lock, that is felt. The
bytes are the system's own, and each is handed out once.

A process that forks must not draw on: the block would be drawn twice. Nothing here forks.
"""

import os
from typing import Final

BLOCK_BYTES: Final = 8192


class RandomBlock:
    """A source of random bytes; call it with how many."""

    __slots__ = ("_at", "_block")

    def __init__(self) -> None:
        self._block = b""
        self._at = 0

    def __call__(self, count: int) -> bytes:
        """Give bytes that nobody was given before."""
        end = self._at + count
        if end > len(self._block):
            self._block = os.urandom(max(BLOCK_BYTES, count))
            self._at, end = 0, count
        given = self._block[self._at : end]
        self._at = end
        return given
