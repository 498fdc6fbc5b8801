"""One-time codes that a sandbox gives out: good once, for one number, and for a while.

They live in memory alone, so a sandbox that was started anew has forgotten them, as a payer's
operator never does; whoever needs one then asks for another. A fixed code that is always good is
for trials, where nobody has a telephone to ask.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

CODES_MAX: Final = 1_000
"""How many codes are good at once; the oldest are forgotten first."""

DIGITS: Final = 6


class OneTimeCodes:
    """The codes of one sandbox, by the numbers they were given to; a new one replaces the old."""

    def __init__(
        self, *, clock: Callable[[], datetime], seconds: float, fixed: str | None = None
    ) -> None:
        """Make an empty set.

        Args:
            clock: tells when a code is too old.
            seconds: how long a code is good.
            fixed: one that is good for everybody, always; None for none.
        """
        self.fixed = fixed
        self._clock, self._lifetime = clock, timedelta(seconds=seconds)
        self._codes: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._issued = 0

    def issue(self, number: str) -> str:
        """Give a number a code, by which it can pay once."""
        self._issued += 1
        text = f"{number}\0{self._issued}\0{self._clock().isoformat()}"
        drawn = int.from_bytes(hashlib.sha256(text.encode()).digest())
        code = f"{drawn % 10**DIGITS:0{DIGITS}}"
        self._codes.pop(number, None)
        self._codes[number] = (code, self._clock() + self._lifetime)
        if len(self._codes) > CODES_MAX:
            self._codes.popitem(last=False)
        return code

    def use(self, number: str, code: str) -> bool:
        """Whether a code is right for a number; one that is, is good no more."""
        if self.fixed is not None and hmac.compare_digest(code.encode(), self.fixed.encode()):
            return True
        right, until = self._codes.get(number, ("", self._clock()))
        if self._clock() >= until or not hmac.compare_digest(code.encode(), right.encode()):
            return False
        del self._codes[number]
        return True
