"""Reading ahead: pages come as the log has them when they are asked for, some of them sooner."""

from ledger.errors import StoreUnavailableError
from ledger.sentences import Sentence
from ledger.sql_ahead import PAGES_MAX, ReadAhead
from ledger.store import PAGE_MAX


class _Log:
    """Entries that are their own positions; remembers what it was asked for."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: list[tuple[int, int]] = []
        self.fails_after = size

    async def read(self, after: int, limit: int) -> list[bytes]:
        self.asked.append((after, limit))
        if after >= self.fails_after:
            raise StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some."))
        return [b"%d" % position for position in range(after + 1, self.size + 1)][:limit]


def _entries(after: int, until: int) -> list[bytes]:
    return [b"%d" % position for position in range(after + 1, until + 1)]


async def test_the_page_after_a_whole_one_is_read_before_it_is_asked_for() -> None:
    log = _Log(3 * PAGE_MAX)
    ahead = ReadAhead(log.read)
    first = await ahead.page(0, PAGE_MAX)
    asked_first = list(log.asked)
    second = await ahead.page(PAGE_MAX, PAGE_MAX)
    await ahead.close()
    assert (first, second) == (_entries(0, PAGE_MAX), _entries(PAGE_MAX, 2 * PAGE_MAX))
    assert asked_first == [(0, PAGE_MAX), (PAGE_MAX, PAGE_MAX)]
    assert log.asked == [*asked_first, (2 * PAGE_MAX, PAGE_MAX)]


async def test_a_page_that_came_ahead_and_was_not_full_is_read_again() -> None:
    log = _Log(PAGE_MAX + 5)
    ahead = ReadAhead(log.read)
    await ahead.page(0, PAGE_MAX)
    log.size += 2
    assert await ahead.page(PAGE_MAX, PAGE_MAX) == _entries(PAGE_MAX, PAGE_MAX + 7)


async def test_less_than_a_whole_page_is_not_read_ahead_of() -> None:
    log = _Log(PAGE_MAX)
    ahead = ReadAhead(log.read)
    await ahead.page(0, 50)
    assert log.asked == [(0, 50)]


async def test_what_failed_ahead_is_tried_again_when_it_is_asked_for() -> None:
    log = _Log(2 * PAGE_MAX)
    ahead = ReadAhead(log.read)
    log.fails_after = PAGE_MAX
    await ahead.page(0, PAGE_MAX)
    log.fails_after = log.size
    assert await ahead.page(PAGE_MAX, PAGE_MAX) == _entries(PAGE_MAX, 2 * PAGE_MAX)


async def test_readers_at_many_places_keep_no_more_than_the_bound() -> None:
    log = _Log(40 * PAGE_MAX)
    ahead = ReadAhead(log.read)
    for place in (0, 10, 20, 30):
        assert len(await ahead.page(place * PAGE_MAX, PAGE_MAX)) == PAGE_MAX
    assert len(ahead._expected) == PAGES_MAX
    await ahead.close()
    assert ahead._expected == {}


async def test_after_closing_nothing_is_read_ahead() -> None:
    log = _Log(3 * PAGE_MAX)
    ahead = ReadAhead(log.read)
    await ahead.close()
    await ahead.page(0, PAGE_MAX)
    assert log.asked == [(0, PAGE_MAX)]
