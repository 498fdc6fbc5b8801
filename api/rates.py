"""How often one may ask: limits, and the headers that tell about them.

A key may send so many requests within a second. A merchant may ask one payer for so many payments
within a minute, so that nobody's telephone is flooded with prompts; and may test one endpoint so
often. The windows move; where there is a Redis, all processes count together (`adapters.windows`).

Every answer to a key says what its limits are and what is left of them, in `RateLimit-Policy` and
`RateLimit` as structured fields (draft-ietf-httpapi-ratelimit-headers); whoever asks too often is
told when to come back, in seconds, by `Retry-After` too.

A payer is counted by the keyed hash of the number, never by the number. Why for each merchant
apart: were it one count for all, a merchant could read from it that a payer was just asked by
another one.
"""

import math
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from adapters.windows import Admission, Limit, Windows
from api.authentication import Identity
from api.errors import TOO_MANY_REQUESTS, Place, ProblemError
from api.passage import Passage, Rate
from api.settings import Settings
from ledger.sentences import Sentence, explained

LIMIT_HEADER: Final = "RateLimit"
POLICY_HEADER: Final = "RateLimit-Policy"
KEY_SECONDS: Final = 1
PAYER_SECONDS: Final = 60
ENDPOINT_TESTS_PER_MINUTE_MAX: Final = 10
"""How often a merchant may have one endpoint told something only to see that it hears."""

TEST_SECONDS: Final = 60


class Taken(NamedTuple):
    """A payer's place that was taken for one payment."""

    name: str
    place: str | float


class _Kept:
    """One limit, its windows, and its headers."""

    def __init__(self, limit: Limit, windows: Windows) -> None:
        self.limit, self.windows = limit, windows
        self._policy = f'"{limit.name}";q={limit.count};w={limit.seconds}'
        self._left = f'"{limit.name}";r='

    def rate(self, admission: Admission) -> Rate:
        """Write both headers."""
        _, left, seconds, _ = admission
        return self._policy, f"{self._left}{left};t={math.ceil(seconds)}"


class Rates:
    """The limits of one process, or of all where they share a Redis.

    Args:
        settings: how many.
        windows: makes what keeps one limit.
    """

    def __init__(self, settings: Settings, windows: Callable[[Limit], Windows]) -> None:
        def kept(name: str, count: int, seconds: int) -> _Kept | None:
            limit = Limit(name, count, seconds)
            return _Kept(limit, windows(limit)) if count else None

        self._keys = kept("key", settings.key_requests_per_second_max, KEY_SECONDS)
        self._payers = kept("payer", settings.payer_payments_per_minute_max, PAYER_SECONDS)
        self._tests = kept("test", ENDPOINT_TESTS_PER_MINUTE_MAX, TEST_SECONDS)

    async def admit_key(self, passage: Passage, key_id: str) -> None:
        """Count a request of a key.

        Raises:
            ProblemError: it has asked too often.
        """
        keys = self._keys
        if keys is None:
            return
        admission = await keys.windows.admit(key_id)
        passage.rate = keys.rate(admission)
        if not admission.is_admitted:
            reason = Sentence(
                "This key may send {count} requests within {seconds} s, and has.",
                count=keys.limit.count,
                seconds=keys.limit.seconds,
            )
            raise _refused("header", "Authorization", reason, admission)

    async def admit_payer(self, passage: Passage, asker: Identity, payer: str) -> Taken | None:
        """Count a payment that a payer is asked for; what was taken, if payers are counted.

        Raises:
            ProblemError: he was asked too often.
        """
        payers = self._payers
        if payers is None:
            return None
        # A test asks nobody, and must not use up what a real payment needs.
        name = f"{asker.merchant_id}/{asker.mode}/{payer}"
        admission = await payers.windows.admit(name)
        passage.rate = _beside(passage.rate, payers.rate(admission))
        if not admission.is_admitted:
            reason = Sentence(
                "One payer may be asked for {count} payments within {seconds} s, and was.",
                count=payers.limit.count,
                seconds=payers.limit.seconds,
            )
            raise _refused("pointer", "/payer/phone", reason, admission)
        return Taken(name, admission.place)

    async def admit_test(self, passage: Passage, endpoint_id: str) -> None:
        """Count a test of an endpoint.

        Raises:
            ProblemError: it was tested too often.
        """
        tests = self._tests
        assert tests is not None
        admission = await tests.windows.admit(endpoint_id)
        passage.rate = _beside(passage.rate, tests.rate(admission))
        if not admission.is_admitted:
            reason = Sentence(
                "One endpoint may be tested {count} times within {seconds} s, and was.",
                count=tests.limit.count,
                seconds=tests.limit.seconds,
            )
            raise _refused("parameter", "endpoint_id", reason, admission)

    async def give_back(self, taken: Taken | None) -> None:
        """Count a payment no more that was not made: a repeat, or one that was refused."""
        if taken is not None and self._payers is not None:
            await self._payers.windows.give_back(*taken)


def _beside(former: Rate | None, rate: Rate) -> Rate:
    """Write the headers of two limits as one list each."""
    return rate if former is None else (f"{former[0]}, {rate[0]}", f"{former[1]}, {rate[1]}")


def _refused(
    where: Literal["pointer", "header", "parameter"],
    name: str,
    reason: Sentence,
    admission: Admission,
) -> ProblemError:
    seconds = max(1, math.ceil(admission.seconds))
    remedy = Sentence(
        "Wait {seconds} s, then send the same request again, under the same Idempotency-Key if it "
        "had one.",
        seconds=seconds,
    )
    place = Place(where, name, reason, remedy)
    headers = {"Retry-After": str(seconds)}
    return ProblemError(TOO_MANY_REQUESTS, explained(reason, remedy), [place], headers)
