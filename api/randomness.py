"""Randomness, drawn in blocks: the operating system is asked once for what many requests need.

Every `os.urandom` is a system call that gives the interpreter away and has to win it back; at
thousands of requests a second, with database threads waiting for the same lock, that is felt. The
bytes are the system's own, and each is handed out once.

A forked child begins with a block of its own: its parent draws on from the one they would share,
and a nonce that is used twice under one key opens what it sealed. Why a hook and not the process's
id at every draw: ids come again, and the hook costs a draw nothing. (Whoever forks below Python, in
C, is not seen.)
"""

import os
from typing import Final
from weakref import WeakMethod

BLOCK_BYTES: Final = 8192


class RandomBlock:
    """A source of random bytes; call it with how many."""

    __slots__ = ("__weakref__", "_at", "_block")

    def __init__(self) -> None:
        self._block = b""
        self._at = 0
        # What was registered stays until the process ends; the block need not.
        forget = WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (forgetting := forget()) and forgetting())

    def __call__(self, count: int) -> bytes:
        """Give bytes that nobody was given before."""
        end = self._at + count
        if end > len(self._block):
            self._block = os.urandom(max(BLOCK_BYTES, count))
            self._at, end = 0, count
        given = self._block[self._at : end]
        self._at = end
        return given

    def _forget(self) -> None:
        self._block, self._at = b"", 0
