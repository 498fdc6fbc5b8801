"""Subject: this product's log verified, as `cauri verify` does it; and the steps of it alone.

With `--projections` too: every projection made from the log anew, and compared.
"""

import gc
import hashlib
import resource
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from ledger.entry import check_entry
from ledger.merkle import TreeBuilder
from ledger.sql import Database, SqlEventStore
from ledger.sql_scan import SqliteScan
from ledger.verify import PROCESSES_FROM, verify_log
from ledger.verify_keys import needed
from ledger.verify_order import PLACE, look_at_order, new_secret, sum_of
from ledger.verify_processes import cores
from ledger.verify_spans import SPAN
from projections import PROJECTIONS
from projections.apart import PROCESSES_FROM as PROJECTIONS_FROM
from projections.apart import check_apart, hands_for
from projections.base import Projections
from scripts.benches.subject import Answer, serve
from scripts.benches.written import write_log

STEP_REPEATS: Final = 5
_KILOBYTES: Final = 1024


def write(path: str, events: int) -> Answer:
    """Write a long log into an empty database."""
    return {"events": write_log(Path(path), events)}


async def project(url: str) -> Answer:
    """Make every projection of a log, as a server does that starts."""
    database = await Database.open(url)
    store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
    try:
        projections = Projections(database, PROJECTIONS)
        await projections.start(store)
        return {"events": await projections.position()}
    finally:
        await store.close()
        await database.close()


async def verified(url: str) -> Answer:
    """Verify the whole log with every core."""
    return await _measured(url, _verify, PROCESSES_FROM)


async def audited(url: str) -> Answer:
    """Verify the whole log and every projection of it, with every core."""
    return await _measured(url, _audit, PROJECTIONS_FROM)


async def _refuse_lacking(positions: Sequence[int]) -> None:
    if positions:
        raise ValueError(f"the log that was written lacks the data key of entry {positions[0]}")


async def _verify(store: SqlEventStore, _url: str) -> int:
    return (await verify_log(store, lacking=_refuse_lacking)).size


async def _audit(store: SqlEventStore, url: str) -> int:
    with hands_for(await store.position(), None) as helping:
        size = (await verify_log(store, helping=helping, lacking=_refuse_lacking)).size
        projections = Projections(store.database, PROJECTIONS)
        async for checked in check_apart(projections, url, helping):
            if not checked.is_equal or checked.live.position != size:
                raise ValueError(f"{checked.name} is not what the log gives")
    return size


async def _measured(
    url: str, work: Callable[[SqlEventStore, str], Awaitable[int]], processes_from: int
) -> Answer:
    database = await Database.open(url, is_writing=False)
    store = SqlEventStore(database, clock=lambda: datetime.now(UTC))
    try:
        gc.collect()
        began, used = time.perf_counter(), _processor_seconds()
        size = await work(store, url)
        seconds, used = time.perf_counter() - began, _processor_seconds() - used
    finally:
        await store.close()
        await database.close()
    helpers = cores() if size >= processes_from else 0
    own, theirs = (
        resource.getrusage(who).ru_maxrss / _KILOBYTES
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {
        "events": size,
        "seconds": seconds,
        "rate": size / seconds,
        "per_core": size / used,
        "megabytes": own + theirs * helpers,
    }


def _processor_seconds() -> float:
    """What this process and those it has waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def steps(path: str) -> Answer:
    """What each step of verifying costs for one entry, in nanoseconds of processor time."""
    scan, secret = SqliteScan(path, is_uri=False), new_secret()
    scanner = scan.open()
    pages = list(scanner.rows(0, SPAN))
    count = sum(map(len, pages))
    rows = [row for page in pages for row in page]
    entries = [row[4] for row in rows]
    leaves = [row[5] for row in rows]
    sha256, loads, dumps = hashlib.sha256, orjson.loads, orjson.dumps

    def read() -> None:
        for _ in scanner.rows(0, SPAN):
            pass

    def parse() -> None:
        for entry in entries:
            loads(entry)

    def check() -> None:
        for stream, version, position, kind, entry, _ in rows:
            check_entry(entry, position, stream, version, kind)

    def rewrite() -> None:
        for entry in entries:
            dumps(loads(entry), option=orjson.OPT_SORT_KEYS)

    def hash_leaves() -> None:
        for entry, leaf in zip(entries, leaves, strict=True):
            if sha256(b"\x00" + entry).digest() != leaf:
                raise ValueError("the log that was written is not as it should be")

    def hash_nodes() -> None:
        tree = TreeBuilder()
        for page in pages:
            tree.extend([row[5] for row in page])

    def look_for_keys() -> None:
        for page in pages:
            scanner.absent([*needed((row[2], row[3], row[4]) for row in page)])

    def add_places() -> None:
        for page in pages:
            sum_of(map(PLACE, page), secret)

    costs = {work: _least(work) / count * 1e9 for work in (read, parse, check, rewrite)}
    costs |= {work: _least(work) / count * 1e9 for work in (hash_leaves, hash_nodes, add_places)}
    costs[look_for_keys] = _least(look_for_keys) / count * 1e9
    told: dict[str, Any] = {
        "read the row": costs[read],
        "parse its JSON": costs[parse],
        "write it again": costs[rewrite] - costs[parse],
        "compare with the columns": costs[check] - costs[rewrite],
        "hash the leaf": costs[hash_leaves],
        "hash the nodes": costs[hash_nodes],
        "sum up the places": costs[add_places],
        "look for its data key": costs[look_for_keys],
        "scan the order of streams": _order_cost(scan, secret),
    }
    scanner.close()
    return told


def _order_cost(scan: SqliteScan, secret: Any) -> float:
    """Scanned whole: the index has no order of positions."""
    places = look_at_order(scan, None, None, 2**62, secret).count_places
    return _least(lambda: look_at_order(scan, None, None, 2**62, secret)) / places * 1e9


def _least(work: Callable[[], Any]) -> float:
    """The least processor time that some work takes: what disturbs only adds to it."""
    found = []
    for _ in range(STEP_REPEATS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


VERBS: Final[dict[str, Any]] = {
    "write": write,
    "project": project,
    "verify": verified,
    "audit": audited,
    "steps": steps,
}

if __name__ == "__main__":
    serve(VERBS)
