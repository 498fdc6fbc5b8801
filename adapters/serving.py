"""Serving: whose payments a process takes: of each provider, of one mode.

A provider is set up either for trying or for real. A payment that was asked for as a test is
handed to the former alone, and one for real to the latter: whoever looks for the adapter of a
payment looks here, by its mode, and finds none where the settings have changed since.

What has no mode of its own was asked for before keys had one, and is of the deployment's.
"""

from collections.abc import Mapping, Sequence
from typing import Self

from adapters.base import Adapter
from ledger.identity import Mode


class Serving:
    """The adapters of one process, by the mode of the payments they take."""

    def __init__(
        self, adapters_of: Mapping[Mode, Mapping[str, Adapter]], default_mode: Mode
    ) -> None:
        self._adapters_of, self._default_mode = adapters_of, default_mode

    @classmethod
    def everything_as(cls, mode: Mode, adapters: Mapping[str, Adapter]) -> Self:
        """Serve payments of one mode with all of these, and none of the other."""
        other: Mode = "live" if mode == "test" else "test"
        return cls({mode: adapters, other: {}}, mode)

    def adapters(self, mode: Mode | None) -> Mapping[str, Adapter]:
        """Who may be called about a payment of this mode."""
        return self._adapters_of[mode or self._default_mode]

    def modes(self) -> Mapping[str, Sequence[Mode | None]]:
        """Of each provider, the modes of its payments; None: of those without one of their own."""
        return {
            name: (mode, None) if mode == self._default_mode else (mode,)
            for mode, adapters in self._adapters_of.items()
            for name in adapters
        }
