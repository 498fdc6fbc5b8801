"""The circuit breaker: when it opens, what it lets through while half open, and what it ignores."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.breaker import Breaker, Permit

PROBES_MAX = 2


class Seconds:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Read it."""
        return self.now


def a_breaker(seconds: Seconds) -> Breaker:
    """Three failures open it for ten seconds; two probes close it."""
    return Breaker(
        seconds, failures_max=3, open_seconds=10, open_seconds_max=25, probes_max=PROBES_MAX
    )


def admitted(breaker: Breaker) -> Permit:
    """Ask for a permit that must be given."""
    permit = breaker.admit()
    assert permit is not None
    return permit


def fail(breaker: Breaker, times: int = 1) -> None:
    """Make calls that fail."""
    for _ in range(times):
        breaker.settle(admitted(breaker), is_success=False)


def test_it_opens_after_a_row_of_failures_and_a_success_breaks_the_row() -> None:
    breaker = a_breaker(Seconds())
    fail(breaker, 2)
    breaker.settle(admitted(breaker), is_success=True)
    fail(breaker, 2)
    assert breaker.state == "closed"
    fail(breaker)
    assert (breaker.state, breaker.admit(), breaker.open_for_seconds) == ("open", None, 10)


def test_half_open_it_admits_only_its_probes_however_many_wait() -> None:
    seconds = Seconds()
    breaker = a_breaker(seconds)
    fail(breaker, 3)
    seconds.now += 10
    permits = [breaker.admit() for _ in range(20)]
    assert [one is not None for one in permits] == [True, True] + [False] * 18


def test_its_probes_succeeding_close_it() -> None:
    seconds = Seconds()
    breaker = a_breaker(seconds)
    fail(breaker, 3)
    seconds.now += 10
    probes = [admitted(breaker), admitted(breaker)]
    for probe in probes:
        breaker.settle(probe, is_success=True)
    assert breaker.state == "closed"
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_a_failed_probe_opens_it_for_twice_as_long_up_to_a_limit() -> None:
    seconds = Seconds()
    breaker = a_breaker(seconds)
    fail(breaker, 3)
    pauses = []
    for _ in range(4):
        pauses.append(breaker.open_for_seconds)
        seconds.now += breaker.open_for_seconds
        fail(breaker)
    assert pauses == [10, 20, 25, 25]


def test_late_results_of_calls_begun_before_it_opened_are_not_probe_results() -> None:
    seconds = Seconds()
    breaker = a_breaker(seconds)
    slow = [admitted(breaker) for _ in range(4)]
    fail(breaker, 3)
    seconds.now += 10
    probe = admitted(breaker)
    for permit in slow:
        breaker.settle(permit, is_success=True)
    assert breaker.state == "half_open"
    breaker.settle(probe, is_success=False)
    breaker.settle(slow[0], is_success=False)
    assert (breaker.state, breaker.open_for_seconds) == ("open", 20)


def test_late_failures_say_nothing_about_a_provider_that_has_recovered() -> None:
    seconds = Seconds()
    breaker = a_breaker(seconds)
    slow = [admitted(breaker) for _ in range(4)]
    fail(breaker, 3)
    seconds.now += 10
    slow += [admitted(breaker)]
    breaker.settle(admitted(breaker), is_success=False)
    seconds.now += 20
    for _ in range(PROBES_MAX):
        breaker.settle(admitted(breaker), is_success=True)
    for permit in slow:
        breaker.settle(permit, is_success=False)
    assert breaker.state == "closed"


def test_an_abandoned_probe_gives_its_place_to_another() -> None:
    seconds = Seconds()
    breaker = a_breaker(seconds)
    fail(breaker, 3)
    seconds.now += 10
    probes = [admitted(breaker), admitted(breaker)]
    assert breaker.admit() is None
    breaker.settle(probes[0], is_success=None)
    assert breaker.admit() is not None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["admit", "succeed", "fail", "abandon", "wait"]), st.integers(0, 7)
        ),
        max_size=60,
    )
)
def test_never_more_probes_than_allowed_and_always_a_way_back(
    steps: list[tuple[str, int]],
) -> None:
    seconds = Seconds()
    breaker = a_breaker(seconds)
    running: list[Permit] = []
    for step, number in steps:
        if step == "wait":
            seconds.now += number * 5
        elif step == "admit":
            permit = breaker.admit()
            running += [] if permit is None else [permit]
        elif running:
            result = {"succeed": True, "fail": False, "abandon": None}[step]
            breaker.settle(running.pop(number % len(running)), is_success=result)
        newest = max((one.generation for one in running if one.is_probe), default=None)
        probes = [one for one in running if one.is_probe and one.generation == newest]
        assert len(probes) <= PROBES_MAX
    for permit in running:
        breaker.settle(permit, is_success=None)
    seconds.now += 25
    for _ in range(2):
        breaker.settle(admitted(breaker), is_success=True)
    assert breaker.state == "closed"


def test_it_tells_of_its_first_success_and_of_every_opening_and_closing() -> None:
    seconds, told = Seconds(), []

    def tell() -> None:
        told.append((breaker.state, breaker.is_proven, breaker.failures))

    breaker = Breaker(seconds, failures_max=3, open_seconds=10, probes_max=1, on_turn=tell)
    for _ in range(2):
        breaker.settle(admitted(breaker), is_success=True)
    fail(breaker, 3)
    seconds.now += 10
    fail(breaker)
    seconds.now += 20
    breaker.settle(admitted(breaker), is_success=True)
    assert told == [
        ("closed", True, 0),
        ("open", True, 3),
        ("open", True, 4),
        ("closed", True, 0),
    ]
