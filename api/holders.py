"""What people call the holders of accounts: a merchant's name, a provider's."""

from collections.abc import Iterable, Mapping
from typing import Final

from adapters.providers import title_of
from ledger import merchant
from ledger.journal import CUSTOMERS, SUPPLIERS
from ledger.store import EventStore
from projections.accounts import AccountRow
from projections.general_ledger import Account
from projections.keys import KeysProjection

MERCHANTS_ACCOUNTS: Final = frozenset({CUSTOMERS, SUPPLIERS})
"""The accounts whose holders are merchants; the others' are providers."""


def merchants_in(rows: Iterable[AccountRow]) -> list[str]:
    """The merchants among the holders, each once."""
    return sorted({row.holder for row in rows if row.account in MERCHANTS_ACCOUNTS})


def title_in(row: AccountRow | Account, names: Mapping[str, str]) -> str:
    """What people call an account's holder; its id where nobody named it."""
    if row.account in MERCHANTS_ACCOUNTS:
        return names.get(row.holder, row.holder)
    return title_of(row.holder)


async def names_from_keys(keys: KeysProjection, merchant_ids: Iterable[str]) -> dict[str, str]:
    """Merchants' names by id, from the projection that lists them."""
    wanted = frozenset(merchant_ids)
    listed = await keys.merchants() if wanted else []
    return {one.merchant_id: one.name for one in listed if one.merchant_id in wanted}


async def names_from_log(store: EventStore, merchant_ids: Iterable[str]) -> dict[str, str]:
    """The same from the log alone, where no projection may be touched."""
    found = {}
    for merchant_id in merchant_ids:
        account = merchant.INITIAL
        for one in await store.read_stream(merchant.merchant_stream(merchant_id)):
            account = merchant.evolve(account, one.event)
        if account.merchant is not None:
            found[merchant_id] = account.merchant.name
    return found
