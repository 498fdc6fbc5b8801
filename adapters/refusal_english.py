"""English: what each refusal means, for the payer, for the merchant, and what to do next.

The texts also serve payouts and refunds, where who reads `for_payer` is paid: they say "this
payment" and never in which direction money should have moved, unless the refusal itself does.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from adapters.refusals import Refusal


class Wording(NamedTuple):
    """One refusal in one language."""

    for_payer: str
    """May be shown to whoever has the number, as it is."""
    for_merchant: str
    next_step: str
    """What the merchant can do about it."""


ENGLISH: Final[Mapping[Refusal, Wording]] = {
    Refusal.INSUFFICIENT_FUNDS: Wording(
        "Your balance is too low for this payment.",
        "The payer's balance is too low.",
        "Ask the payer to top up the account, then make {another}.",
    ),
    Refusal.PAYER_NOT_FOUND: Wording(
        "This number has no mobile money account with this operator.",
        "The payer's number has no account with this operator.",
        "Check the number with the payer, or ask for one that has an account.",
    ),
    Refusal.PAYEE_NOT_FOUND: Wording(
        "The number to be paid has no mobile money account with this operator.",
        "The payee's number has no account with this operator.",
        "Check the number with the payee, or ask for one that has an account.",
    ),
    Refusal.PAYER_LIMIT_REACHED: Wording(
        "This payment exceeds the limits of your account.",
        "The payment exceeds the limits of the payer's account.",
        "Ask for a smaller amount, or wait until the operator's limit starts anew.",
    ),
    Refusal.PAYEE_LIMIT_REACHED: Wording(
        "The account to be paid cannot receive this amount: it has reached its limit.",
        "The payment exceeds the limits of the payee's account.",
        "Send a smaller amount, or wait until the operator's limit starts anew.",
    ),
    Refusal.REJECTED_BY_PAYER: Wording(
        "You refused this payment.",
        "The payer refused the payment.",
        "Ask the payer; make {another} only if the payer agrees.",
    ),
    Refusal.CANCELLED: Wording(
        "This payment was cancelled.",
        "The payment was cancelled before it was confirmed.",
        "If it is still wanted, make {another}.",
    ),
    Refusal.TIMED_OUT: Wording(
        "This payment was not confirmed in time.",
        "The payment was not confirmed in time.",
        "Make sure that the phone is at hand and switched on, then make {another}.",
    ),
    Refusal.WRONG_PIN: Wording(
        "The PIN you entered is wrong.",
        "The payer entered a wrong PIN.",
        "Make {another}, and ask the payer to enter the PIN with care: "
        "after several wrong ones the operator blocks the account.",
    ),
    Refusal.WRONG_CODE: Wording(
        "The one-time code was not accepted: it is wrong, too old, or already used.",
        "The payer's one-time code was not accepted: it is wrong, too old, or already used.",
        "Ask the payer for a fresh code, and make {another} with it as `payer.one_time_code`.",
    ),
    Refusal.CODE_EXPIRED: Wording(
        "The one-time code has expired, or was already used.",
        "The payer's one-time code has expired, or was already used.",
        "Ask the payer for a fresh code, and make {another} with it at once as "
        "`payer.one_time_code`.",
    ),
    Refusal.CODE_REQUIRED: Wording(
        "This payment needs a code, which your operator gives you.",
        "The provider takes this payment only with the payer's one-time code.",
        "Ask the payer for the operator's code, and make {another} with it as "
        "`payer.one_time_code`.",
    ),
    Refusal.ACCOUNT_BLOCKED: Wording(
        "The mobile money account is blocked or not active. Please contact the operator.",
        "The account at the other end is blocked, suspended or not active.",
        "Use another number; only the operator can open the account again.",
    ),
    Refusal.NOT_ALLOWED: Wording(
        "The mobile money account does not allow this kind of payment.",
        "The account at the other end may not take part in this kind of payment.",
        "Use another number, or refer the holder of the account to the operator.",
    ),
    Refusal.WRONG_OPERATOR: Wording(
        "This number belongs to another operator.",
        "The number belongs to another operator than the one that was asked.",
        "Make {another}, and name the number's `operator` if you know it.",
    ),
    Refusal.AMOUNT_TOO_LOW: Wording(
        "The amount is too low for this means of payment.",
        "The amount is below the least that the provider takes.",
        "Make {another} of a larger amount.",
    ),
    Refusal.AMOUNT_TOO_HIGH: Wording(
        "The amount is too high for this means of payment.",
        "The amount is above the most that the provider takes.",
        "Make {another} of a smaller amount, or divide it.",
    ),
    Refusal.INVALID_NUMBER: Wording(
        "This phone number is not valid.",
        "The provider does not take this phone number for a valid one.",
        "Check the number, with its country code, then make {another}.",
    ),
    Refusal.INVALID_AMOUNT: Wording(
        "This amount cannot be paid.",
        "The provider does not take an amount of this form.",
        "Make {another} of a whole amount, or of a multiple that the provider takes.",
    ),
    Refusal.INVALID_CURRENCY: Wording(
        "This currency is not accepted.",
        "The provider does not take this currency.",
        "Make {another} in the currency of the account at the other end.",
    ),
    Refusal.INVALID_REQUEST: Wording(
        "This payment could not be made. Please contact the merchant.",
        "The provider does not accept the request as it was sent.",
        "Give the payment's id and its `code` to whoever runs this server.",
    ),
    Refusal.DUPLICATE: Wording(
        "This payment was already asked for. Please contact the merchant.",
        "The provider takes the payment for a repeat of another one.",
        "Look for the other payment before you make a new one.",
    ),
    Refusal.NOT_REFUNDABLE: Wording(
        "This payment cannot be given back this way. Please contact the merchant.",
        "The provider will not give this payment back.",
        "Pay the customer back by a payout, or another way.",
    ),
    Refusal.MERCHANT_FUNDS_SHORT: Wording(
        "The merchant cannot make this payment for now. Please contact the merchant.",
        "Your own account at the provider holds too little.",
        "Fund the account at the provider, then make {another}.",
    ),
    Refusal.MERCHANT_NOT_ALLOWED: Wording(
        "The merchant cannot use this means of payment. Please contact the merchant.",
        "Your contract, credentials or settings at the provider do not allow this payment.",
        "Have the contract, the credentials and the settings at the provider checked.",
    ),
    Refusal.PROVIDER_UNAVAILABLE: Wording(
        "The payment service is not available for now. Please try again in a few minutes.",
        "The provider is not available, or is asked too often.",
        "Make {another} in a few minutes.",
    ),
    Refusal.PROVIDER_ERROR: Wording(
        "The payment service had a problem. Please try again in a few minutes.",
        "Something failed at the provider, and it says no more.",
        "Make {another} in a few minutes; if it fails again, quote `code` to the provider.",
    ),
    Refusal.UNKNOWN: Wording(
        "This payment could not be made. Please contact the merchant.",
        "The provider gave a reason that we do not know; it is in `code`.",
        "Ask the provider what `code` means before you make {another}.",
    ),
}
