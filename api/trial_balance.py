"""The trial balance as it is shown: every account, and what all of a currency add up to.

Whoever looks sees at once that debits and credits agree, and need not add them up by hand.
"""

from collections.abc import Iterable, Mapping

from api import reports
from api.holders import title_in
from api.views import decimal_text
from projections.accounts import AccountRow


def accounts_of(rows: Iterable[AccountRow], names: Mapping[str, str]) -> list[reports.AccountOut]:
    """Show every account; `names` are those of merchants, by id."""
    return [
        reports.AccountOut(
            account=row.account,
            name_fr=row.name_fr,
            name_en=row.name_en,
            holder=row.holder,
            holder_name=title_in(row, names),
            currency=row.currency,
            debit=decimal_text(row.debit_minor, row.currency),
            credit=decimal_text(row.credit_minor, row.currency),
            balance=decimal_text(row.balance_minor, row.currency),
        )
        for row in rows
    ]


def totals_of(rows: Iterable[AccountRow]) -> list[reports.TotalOut]:
    """Add up every currency on its own, in order of its code."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        both = sums.setdefault(row.currency, [0, 0])
        both[0] += row.debit_minor
        both[1] += row.credit_minor
    return [
        reports.TotalOut(
            currency=currency,
            debit=decimal_text(debit_minor, currency),
            credit=decimal_text(credit_minor, currency),
            balance=decimal_text(debit_minor - credit_minor, currency),
        )
        for currency, (debit_minor, credit_minor) in sorted(sums.items())
    ]
