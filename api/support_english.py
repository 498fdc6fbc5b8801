"""English: what support says, to who pays or is paid, and to the merchant; and a payment's history.

Spoken language, as a helpful person at a counter in Douala or Abidjan would say it. The holder of
the number reads no provider's name, no code and no word of programs; the merchant may. What a
refusal means stands in `adapters.refusal_english`; here is only what its holder can do about it.
"""

from collections.abc import Mapping
from typing import Final

from adapters.refusals import Refusal
from api.support_english_incoming import INCOMING
from api.support_english_outgoing import OUTGOING
from api.support_words import Moment, Step, Tongue

_ANOTHER_WAY: Final = Step("Ask {merchant} for another way to pay.")
_LATER: Final = Step("Wait a few minutes, then pay again, or use the number of another operator.")
_NOT_YOURS: Final = Step("The mistake is not yours: tell {merchant}.")

_INCOMING_STEPS: Final[Mapping[Refusal, Step]] = {
    Refusal.INSUFFICIENT_FUNDS: Step(
        "Top up your account, with a little more than the amount for possible fees, then pay again."
    ),
    Refusal.PAYER_NOT_FOUND: Step(
        "Check the number. If it is right, open a mobile money account for it, or pay with another "
        "number."
    ),
    Refusal.PAYEE_NOT_FOUND: _NOT_YOURS,
    Refusal.PAYER_LIMIT_REACHED: Step(
        "Pay with another number, or wait until your limit starts anew. {merchant} may also accept "
        "a smaller amount."
    ),
    Refusal.PAYEE_LIMIT_REACHED: _ANOTHER_WAY,
    Refusal.REJECTED_BY_PAYER: Step(
        "If that was a mistake, pay again and confirm on your phone. If you did not know this "
        "request, you did well: you have nothing to do."
    ),
    Refusal.CANCELLED: Step("If you still want to pay, start again."),
    Refusal.TIMED_OUT: Step(
        "Keep your phone at hand, switched on and connected, then pay again and confirm at once."
    ),
    Refusal.WRONG_PIN: Step(
        "Pay again, and enter your PIN slowly. If you have forgotten it, have {operator} give you "
        "a new one first.",
        "Do not guess: after several wrong PINs your account is blocked. Never tell anybody your "
        "PIN.",
    ),
    Refusal.WRONG_CODE: Step(
        "Get a fresh code from {operator}, then pay again and enter it with care.",
        "Do not use the same code again, and do not enter your PIN in its place.",
    ),
    Refusal.CODE_EXPIRED: Step(
        "Get a fresh code from {operator}, then pay again at once: a code is good for a few "
        "minutes, and for one payment.",
        "Do not use the same code again, and do not enter your PIN in its place.",
    ),
    Refusal.CODE_REQUIRED: Step(
        "Get the code from {operator}, then pay again and enter it where you are asked for it.",
        "Do not enter your PIN in its place.",
    ),
    Refusal.ACCOUNT_BLOCKED: Step(
        "Call {operator} or go to a branch to have your account opened again, or pay with another "
        "number."
    ),
    Refusal.NOT_ALLOWED: Step(
        "Pay with another number, or ask {operator} what your account allows."
    ),
    Refusal.WRONG_OPERATOR: Step("Choose the operator of your number, then pay again."),
    Refusal.AMOUNT_TOO_LOW: _ANOTHER_WAY,
    Refusal.AMOUNT_TOO_HIGH: Step(
        "Ask {merchant} whether you can pay in several parts, or another way."
    ),
    Refusal.INVALID_NUMBER: Step("Check the number, with its country code, then pay again."),
    Refusal.INVALID_AMOUNT: _NOT_YOURS,
    Refusal.INVALID_CURRENCY: _NOT_YOURS,
    Refusal.INVALID_REQUEST: _NOT_YOURS,
    Refusal.DUPLICATE: Step(
        "Look at your messages: you may have paid already. Show {merchant} what you find.",
        "Do not pay again before {merchant} has looked: you could pay twice.",
    ),
    Refusal.NOT_REFUNDABLE: _NOT_YOURS,
    Refusal.MERCHANT_FUNDS_SHORT: _NOT_YOURS,
    Refusal.MERCHANT_NOT_ALLOWED: _ANOTHER_WAY,
    Refusal.PROVIDER_UNAVAILABLE: _LATER,
    Refusal.PROVIDER_ERROR: _LATER,
    Refusal.UNKNOWN: Step("Tell {merchant}, who can find out from {operator} what is wrong."),
}

_ASK: Final = Step("Ask {merchant} how you will be paid.")
_CANNOT_SEND: Final = _ASK._replace(happened="{merchant} cannot send it for now.")
_OTHER_NUMBER: Final = Step("Check the number with {merchant}, or give {merchant} another one.")
_MAKE_ROOM: Final = Step(
    "Withdraw or spend some of what is in your account, or give {merchant} another number."
)

_OUTGOING_STEPS: Final[Mapping[Refusal, Step]] = {
    Refusal.INSUFFICIENT_FUNDS: _CANNOT_SEND,
    Refusal.PAYER_NOT_FOUND: _OTHER_NUMBER,
    Refusal.PAYEE_NOT_FOUND: _OTHER_NUMBER,
    Refusal.PAYER_LIMIT_REACHED: _ASK._replace(happened="{merchant} cannot send so much for now."),
    Refusal.PAYEE_LIMIT_REACHED: _MAKE_ROOM,
    Refusal.REJECTED_BY_PAYER: _ASK._replace(happened="This was refused before it reached you."),
    Refusal.CANCELLED: _ASK,
    Refusal.TIMED_OUT: _ASK,
    Refusal.WRONG_PIN: _ASK._replace(happened="{merchant} could not confirm it."),
    Refusal.WRONG_CODE: _ASK._replace(happened="{merchant} could not confirm it."),
    Refusal.CODE_EXPIRED: _ASK._replace(happened="{merchant} could not confirm it in time."),
    Refusal.CODE_REQUIRED: _ASK._replace(happened="{merchant} could not send it this way."),
    Refusal.ACCOUNT_BLOCKED: Step(
        "Call {operator} or go to a branch to have your account opened again, or give {merchant} "
        "another number."
    ),
    Refusal.NOT_ALLOWED: Step(
        "Ask {operator} what your account allows, or give {merchant} another number."
    ),
    Refusal.WRONG_OPERATOR: Step("Tell {merchant} which operator your number is with."),
    Refusal.AMOUNT_TOO_LOW: _ASK,
    Refusal.AMOUNT_TOO_HIGH: _ASK,
    Refusal.INVALID_NUMBER: _OTHER_NUMBER,
    Refusal.INVALID_AMOUNT: _ASK,
    Refusal.INVALID_CURRENCY: _ASK,
    Refusal.INVALID_REQUEST: _ASK,
    Refusal.DUPLICATE: Step(
        "Look at your balance and your messages: the money may be there. Tell {merchant} what you "
        "see."
    ),
    Refusal.NOT_REFUNDABLE: _ASK,
    Refusal.MERCHANT_FUNDS_SHORT: _CANNOT_SEND,
    Refusal.MERCHANT_NOT_ALLOWED: _ASK,
    Refusal.PROVIDER_UNAVAILABLE: _ASK,
    Refusal.PROVIDER_ERROR: _ASK,
    Refusal.UNKNOWN: _ASK,
}

_MOMENTS: Final[Mapping[Moment, str]] = {
    Moment.REQUESTED: "{merchant} asked for {thing} of {amount}.",
    Moment.SENT: "{Thing} was passed on to {operator}.",
    Moment.SENT_AGAIN: "{Thing} was passed on once more.",
    Moment.PROMPTED: "The customer was asked to confirm.",
    Moment.PAGE_MADE: "The payment page was made ready for the customer.",
    Moment.CODE_ASKED: "A one-time code was asked of the customer.",
    Moment.TAKEN: "{Thing} was accepted, and is being carried out.",
    Moment.REFUSED_AT_ONCE: "{Thing} was refused at once.",
    Moment.NOT_SENT: "{Thing} could not be passed on, and was kept to be sent again.",
    Moment.DOUBTED: "No clear answer came back, so we began to ask {operator}.",
    Moment.STILL_PENDING: "We asked: there was no final word yet.",
    Moment.NO_ANSWER: "We asked, and got no answer.",
    Moment.NOT_KNOWN: "We asked, and were told that {thing} is not known there.",
    Moment.CODE_GIVEN: "A one-time code was handed in.",
    Moment.CODE_TAKEN: "The one-time code was accepted.",
    Moment.CODE_REFUSED: "The one-time code was not accepted.",
    Moment.CODE_LOST: "We do not know whether the one-time code arrived.",
    Moment.REROUTED: "We took another way to {operator}.",
    Moment.SUCCEEDED: "We were told that {thing} succeeded.",
    Moment.FAILED: "We were told that {thing} failed.",
    Moment.EXPIRED: "We were told that {thing} was not confirmed in time.",
    Moment.ALSO_SUCCEEDED: "We were also told that {thing} succeeded; that changed nothing here.",
    Moment.ALSO_FAILED: "We were also told that {thing} failed; that changed nothing here.",
    Moment.ALSO_EXPIRED: "We were also told that {thing} was not confirmed in time; that changed "
    "nothing here.",
    Moment.GIVEN_UP: "{Thing} was given up: nobody could be reached in time.",
    Moment.CANCELLED: "{merchant} cancelled {thing}: no money moved.",
    Moment.CONFLICTED: "The answers do not fit together; a person has to look into it.",
    Moment.SETTLED: "A person of the server's operator looked into {thing} and settled it.",
    Moment.REOPENED: "The answer we had no longer holds, and we are asking again.",
    Moment.REFUND_ASKED: "A refund of {amount} was asked for.",
    Moment.REFUND_MADE: "{amount} was given back.",
    Moment.REFUND_DROPPED: "A refund of {amount} came to nothing.",
    Moment.REFUND_DOUBTED: "Two answers about a refund of {amount} contradict each other.",
}

ENGLISH: Final = Tongue(
    things={"collection": "the payment", "payout": "the transfer", "refund": "the refund"},
    any_operator="your operator",
    any_merchant="the merchant",
    incoming=INCOMING,
    outgoing=OUTGOING,
    incoming_steps=_INCOMING_STEPS,
    outgoing_steps=_OUTGOING_STEPS,
    moments=_MOMENTS,
    duplicate_do_not="Do not make a new one before you have looked: the money could move twice.",
    usually="Half of the time it takes {median} or less, and nearly always {high} or less.",
    usually_same="It nearly always takes {high} or less.",
    minute="a minute",
    minutes="{number} minutes",
    hours="{number} hours",
    thousands=",",
)
