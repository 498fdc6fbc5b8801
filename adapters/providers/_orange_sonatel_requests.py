"""What we write to Sonatel: a part of `adapters.providers.orange_sonatel`. All is pure."""

from adapters.base import Charge
from adapters.pages import home_of
from adapters.providers._orange_sonatel_settings import Settings
from ledger.money import Money


def build_code(settings: Settings, charge: Charge, reference: str) -> dict[str, object]:
    """Build the body of a new code; the payer's number is no part of it."""
    body: dict[str, object] = {
        "code": settings.merchant_code,
        "name": settings.merchant_name,
        "amount": build_amount(charge.money),
        "reference": reference,
        "validity": settings.code_seconds,
        "metadata": {"reference": reference},
        "restrictions": {"isSingleUse": True},
    }
    home = settings.return_url or charge.return_url
    if home is None and charge.callback_url is not None:
        home = home_of(charge.callback_url)
    if home is not None:
        body["callbackSuccessUrl"] = charge.return_url or home
        body["callbackCancelUrl"] = charge.cancel_url or charge.return_url or home
    return body


def build_cashin(
    retailer: str, sealed_pin: str, payee: str, money: Money, reference: str
) -> dict[str, object]:
    """Build the body of a cash-in to a number of nine digits."""
    return {
        "partner": build_party(retailer, sealed_pin),
        "customer": {"idType": "MSISDN", "id": payee},
        "amount": build_amount(money),
        "reference": reference,
        "receiveNotification": True,
        "metadata": {"reference": reference},
    }


def build_party(retailer: str, sealed_pin: str) -> dict[str, object]:
    """Name the retailer, with its sealed PIN."""
    return {"idType": "MSISDN", "id": retailer, "encryptedPinCode": sealed_pin}


def build_amount(money: Money) -> dict[str, object]:
    """Write an amount of XOF, which has no smaller unit, as a number."""
    return {"value": money.amount_minor, "unit": money.currency}
