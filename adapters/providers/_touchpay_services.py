"""Which of TouchPay's services reaches an operator, and how its numbers are written.

A service's code is a matter of the contract with InTouch. Those here are what several published
integrations use; whoever has others says so in the settings. Of most the payer is asked on the
telephone; a few want a one-time code instead, which the payer gets from the operator beforehand.
"""

from collections.abc import Mapping
from typing import Final

from adapters.directory import BY_CODE, parse_phone
from ledger.errors import InvalidPhoneError

COLLECTIONS: Final[Mapping[str, str]] = {
    "moov-bf": "BF_PAIEMENTMARCHAND_MOBICASH",
    "moov-ci": "PAIEMENTMARCHAND_MOOV_CI",
    "moov-ml": "ML_PAIEMENTMARCHAND_MOOV_TP",
    "mtn-ci": "PAIEMENTMARCHAND_MTN_CI",
    "mtn-cm": "PAIEMENTMARCHAND_MTN_CM",
    "mtn-gn": "PAIEMENTMARCHAND_MTN_GN",
    "orange-bf": "BF_PAIEMENTMARCHAND_OM_TP",
    "orange-ci": "PAIEMENTMARCHANDOMPAYCIDIRECT",
    "orange-cm": "CM_PAIEMENTMARCHAND_OM_TP",
    "orange-gn": "PAIEMENTMARCHANDOMPAYGNDIRECT",
    "orange-sn": "PAIEMENTMARCHANDOM",
    "yas-sn": "PAIEMENTMARCHANDTIGO",
}
"""Operator -> the service that takes money from its customers."""

CODE_SERVICES: Final = ("PAIEMENTMARCHANDOM",)
"""The services that want the payer's one-time code."""

PAYOUTS: Final[Mapping[str, str]] = {
    "moov-bf": "BF_CASHIN_MOBICASH",
    "moov-ci": "CASHINMOOVPART2",
    "mtn-ci": "CASHINMTNPART2",
    "mtn-gn": "GN_CASHIN_MTN_PART",
    "orange-bf": "BF_CASHIN_OM",
    "orange-ci": "CASHINOMCIPART2",
    "orange-gn": "GN_CASHIN_OM_PART",
}
"""Operator -> the service that pays its customers."""

COUNTRIES: Final = frozenset(BY_CODE[one].country for one in COLLECTIONS)
CURRENCIES: Final = frozenset(BY_CODE[one].currency for one in COLLECTIONS)


def route_of(phone: str, services: Mapping[str, str]) -> tuple[str, str] | None:
    """Find the service for a number, and the number as it is written at home; None for none."""
    try:
        read = parse_phone(phone, None)
    except InvalidPhoneError:
        return None
    if read.operator is None or read.operator.code not in services:
        return None
    return services[read.operator.code], read.national
