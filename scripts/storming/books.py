"""The books of the sandboxes, whatever they are called, and what the ledger says beside them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import aiohttp

from ledger.identity import Kind
from ledger.money import decimals_of
from ledger.payment import Payment

PAGE: Final = 500

Key = tuple[str, Kind, str]
"""(provider, kind, currency)."""

Moved = tuple[Key, int]
"""One movement in which money moved: where, which way, and how many minor units."""

_MTN_KINDS: Final[Mapping[str, Kind]] = {
    "collection/requesttopay": "collection",
    "disbursement/transfer": "payout",
    "disbursement/refund": "refund",
}


async def moved(session: aiohttp.ClientSession, provider: str, url: str) -> Counter[Key]:
    """Add up, in minor units, what a sandbox has booked as moved."""
    sums: Counter[Key] = Counter()
    for key, amount_minor in await booked(session, provider, url):
        sums[key] += amount_minor
    return sums


async def booked(session: aiohttp.ClientSession, provider: str, url: str) -> list[Moved]:
    """Read every movement of a sandbox's books in which money moved."""
    found: list[Moved] = []
    after: int | None = 0
    while after is not None:
        async with session.get(f"{url}/_sandbox/books?after={after}&limit={PAGE}") as response:
            page = await response.json()
        for one in page.get("movements") or page.get("payments") or page.get("orders") or []:
            read = _read(one)
            if read is not None:
                kind, currency, amount_minor = read
                found.append(((provider, kind, currency), amount_minor))
        after = page["next"]
    return found


def _read(one: Mapping[str, Any]) -> tuple[Kind, str, int] | None:
    """Read one row: which way its money moved, and how much; None where none did."""
    if "ending" in one:
        if one["ending"] != "succeeded":
            return None
        kind: Kind = one["kind"]
        return kind, one["currency"], one["amount_minor"]
    if one["status"] not in {"SUCCESSFUL", "SUCCESS"}:
        return None
    if "resource" in one:
        of_mtn = _MTN_KINDS.get(one["resource"])
        return None if of_mtn is None else (of_mtn, one["currency"], _minor(one))
    return "collection", one["currency"], _minor(one)


def _minor(one: Mapping[str, Any]) -> int:
    return int(Decimal(str(one["amount"])) * 10 ** decimals_of(one["currency"]))


def ledgers(states: Sequence[Payment]) -> Counter[Key]:
    """Add up what the ledger says moved, by the provider whose word decided it."""
    sums: Counter[Key] = Counter()
    for state in states:
        told = told_of(state)
        if told is not None:
            key, amount_minor = told
            sums[key] += amount_minor
    return sums


def told_of(state: Payment) -> Moved | None:
    """What the ledger says moved by one payment; None where it does not say so."""
    if state.verdict is None or state.verdict.value != "succeeded":
        return None
    provider = state.settled.because[0].provider
    # A refund that was paid out is a payout in the provider's books.
    return (provider, state.power, state.money.currency), state.money.amount_minor
