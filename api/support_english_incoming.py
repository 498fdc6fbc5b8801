"""English: where a payment stands, for who pays and for the merchant; a part of
`api.support_english`.
"""

from collections.abc import Mapping
from typing import Final

from api.support_words import Advice, Said, Situation

_NOT_TWICE: Final = "Do not make a second payment for the same order: the customer could pay twice."

INCOMING: Final[Mapping[Situation, Advice]] = {
    Situation.REQUESTED: Advice(
        Said(
            "{merchant} has asked you for {amount}, and we are about to pass it on.",
            "Keep your phone at hand: you will be asked to confirm in a moment.",
            "Do not pay a second time: this payment has only just begun.",
        ),
        Said(
            "The payment is recorded, and is about to be passed on to the operator.",
            "Look again in a few seconds.",
            _NOT_TWICE,
        ),
    ),
    Situation.PROVIDER_AWAY: Advice(
        Said(
            "We cannot get through to {operator} just now. We keep trying by ourselves.",
            "You have nothing to do: keep your phone at hand, and you will be asked to confirm "
            "when it works again. If you would rather not wait, tell {merchant}.",
            "Do not pay a second time meanwhile: this request may still reach your phone.",
        ),
        Said(
            "The provider cannot be reached, or keeps failing and is left alone for a while. The "
            "payment is sent as soon as it can be, until its `expires_at`.",
            "Tell the customer to wait, or to pay another way once this one has ended.",
            _NOT_TWICE,
        ),
    ),
    Situation.REROUTED: Advice(
        Said(
            "The first way to {operator} did not work, so we are taking another one.",
            "Keep your phone at hand: you will be asked to confirm in a moment.",
            "Do not pay a second time: this payment goes on.",
        ),
        Said(
            "The first provider certainly does not have the payment; the next one takes over.",
            "Look again in a few seconds; `attempts` tells who has it.",
            _NOT_TWICE,
        ),
    ),
    Situation.SUBMITTING: Advice(
        Said(
            "We are passing your payment on to {operator} right now.",
            "Keep your phone at hand: you will be asked to confirm in a moment.",
            "Do not pay a second time: this payment is under way.",
        ),
        Said(
            "The provider is being called, and has not answered yet.",
            "Look again in a few seconds.",
            _NOT_TWICE,
        ),
    ),
    Situation.PROMPT_OPEN: Advice(
        Said(
            "A request for {amount} is waiting on your phone.",
            "Look at your phone, check the amount, and confirm with your PIN. If you see "
            "nothing, open the menu of {operator} and look for payments that wait for your "
            "approval.",
            "Never tell anybody your PIN. Do not pay a second time while this request is open.",
        ),
        Said(
            "The customer has been asked to confirm on the phone, and has not answered yet.",
            "Ask the customer to look at the phone. We ask the provider until it has a final word.",
            _NOT_TWICE,
        ),
    ),
    Situation.PAGE_OPEN: Advice(
        Said(
            "Your payment of {amount} is waiting for you on the payment page.",
            "Open the page and follow what it says.",
            "Never tell anybody your PIN. Do not pay a second time while this page is open.",
        ),
        Said(
            "The payment page is ready, and the customer has not finished there yet.",
            "Send the customer to `page_url`.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODE_AWAITED: Advice(
        Said(
            "Your payment of {amount} is waiting for the code that {operator} gives you for it.",
            "Enter that code where you are asked for it. It is only good for a few minutes.",
            "Do not enter your PIN in its place, and do not pay a second time.",
        ),
        Said(
            "The provider is waiting for the customer's one-time code.",
            "Ask the customer for the code, and hand it in at the payment's `confirmation`.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODE_AGAIN: Advice(
        Said(
            "The code you gave was not accepted: it may be wrong or too old. Your payment of "
            "{amount} is waiting for another one.",
            "Get a fresh code from {operator} and enter it with care.",
            "Do not enter your PIN in its place, and do not pay a second time.",
        ),
        Said(
            "The provider did not accept the customer's one-time code, and waits for another one.",
            "Ask the customer for a fresh code, and hand it in at the payment's `confirmation`.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODES_USED_UP: Advice(
        Said(
            "None of the codes you gave was accepted, and no more can be tried for your payment of "
            "{amount}.",
            "Wait: this payment ends by itself, and we will tell you how. If you would rather not "
            "wait, tell {merchant}.",
            "Do not enter your PIN anywhere, and do not pay a second time while this one is open.",
        ),
        Said(
            "As many one-time codes were tried as may be for one payment, and none was accepted.",
            "Wait until the payment has ended. We ask the provider until it has a final word.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODE_GIVEN: Advice(
        Said(
            "We have your code, and it is being checked.",
            "Wait a moment: we will tell you how it ended.",
            "Do not pay a second time: this payment is under way.",
        ),
        Said(
            "The customer's one-time code was handed in; the provider has not given its final "
            "word.",
            "Look again in a few seconds.",
            _NOT_TWICE,
        ),
    ),
    Situation.UNKNOWN: Advice(
        Said(
            "We do not know yet whether your money has left. We are still asking {operator}.",
            "Please wait for our answer. If you get a message from {operator}, keep it.",
            "Do not pay again: you could pay twice.",
        ),
        Said(
            "No usable answer came, so nobody knows yet whether the money moved. The provider is "
            "asked until it says a final word.",
            "Wait for the final word, and keep the order open; `next_inquiry_at` tells when we "
            "ask next.",
            _NOT_TWICE,
        ),
    ),
    Situation.SUCCEEDED: Advice(
        Said(
            "You have paid {amount} to {merchant}.",
            "You have nothing more to do. Keep the message from {operator}: it is your receipt.",
            "Do not pay again.",
        ),
        Said(
            "The customer has paid {amount}.",
            "Deliver the order. You can give the money back by a refund.",
            None,
        ),
    ),
    Situation.REFUND_UNDER_WAY: Advice(
        Said(
            "You have paid {amount} to {merchant}, and money is on its way back to you.",
            "Wait for the message from {operator}.",
            "Do not pay again.",
        ),
        Said(
            "The customer has paid, and a refund is under way.",
            "Look at the refund to see how it stands.",
            "Do not give the same money back another way while the refund is under way.",
        ),
    ),
    Situation.PARTLY_REFUNDED: Advice(
        Said(
            "You have paid {amount} to {merchant}, and {refunded} came back to you.",
            "Check the message from {operator}. If something is missing, ask {merchant}.",
            "Do not pay again.",
        ),
        Said(
            "The customer has paid {amount}, and {refunded} was given back.",
            "You have nothing more to do; `refundable` tells what is left.",
            None,
        ),
    ),
    Situation.REFUNDED: Advice(
        Said(
            "{merchant} has given you back all you paid: {refunded}.",
            "Check the message from {operator}. If something is missing, ask {merchant}.",
            None,
        ),
        Said(
            "All that the customer paid was given back: {refunded}.",
            "You have nothing more to do.",
            None,
        ),
    ),
    Situation.FAILED: Advice(
        Said(
            "The payment did not go through, and {operator} did not say why. No money was taken.",
            "You can pay again. If it fails once more, ask {merchant} for another way to pay.",
            None,
        ),
        Said(
            "The provider says that the payment failed, and gives no reason. No money was taken.",
            "Make a new payment if the customer still wants to pay.",
            None,
        ),
    ),
    Situation.EXPIRED: Advice(
        Said(
            "You did not confirm in time, so the payment was dropped. No money was taken.",
            "If you still want to pay, keep your phone at hand and pay again.",
            None,
        ),
        Said(
            "The customer did not confirm in time. No money was taken.",
            "Make a new payment if the customer still wants to pay.",
            None,
        ),
    ),
    Situation.UNSENT: Advice(
        Said(
            "We could not get through to {operator} in time, so the payment was dropped. No money "
            "was taken.",
            "You can pay again a little later, or ask {merchant} for another way to pay.",
            None,
        ),
        Said(
            "No provider took the payment before its `expires_at`. No money was taken.",
            "Make a new payment a little later, or offer another operator.",
            None,
        ),
    ),
    Situation.DOUBTED: Advice(
        Said(
            "The payment has ended, and we know of no money that was taken. But once we got no "
            "clear answer from {operator}.",
            "Look at your balance and your messages. If the money has left, show the message to "
            "{merchant}. If not, ask {merchant} how to go on.",
            "Do not pay again before you have looked.",
        ),
        Said(
            "The payment has ended without money, but one of its submissions was never answered "
            "for.",
            "Ask the customer for the operator's message, and compare your statement.",
            "Do not make a new payment before you have compared: the customer could pay twice.",
        ),
    ),
    Situation.OVERTURNED: Advice(
        Said(
            "We were told that you had paid, and also that you had not. Whoever knows better says "
            "that no money was taken.",
            "Keep the message from {operator} if you have one, and show it to {merchant}.",
            "Do not pay again before {merchant} has told you that no money came.",
        ),
        Said(
            "One word says that the customer paid, and a more trusted one (a statement's, or a "
            "person's) says that no money was taken; `evidence` has all of them.",
            "Compare your statement, then tell the customer what you found.",
            "Do not make a new payment before you have compared: the customer could pay twice.",
        ),
    ),
    Situation.TWICE: Advice(
        Said(
            "It looks as if your payment of {amount} was taken twice. Somebody is looking into it.",
            "Keep the messages from {operator}, and show them to {merchant}.",
            "Do not pay again: it was taken at least once.",
        ),
        Said(
            "Two movements of money are told for this payment, and of both that the customer paid: "
            "it may have been paid twice. Both are in `evidence`; the money is in suspense.",
            "Compare your statement, and give the payment's id to whoever runs this server. What "
            "came twice is the customer's.",
            _NOT_TWICE,
        ),
    ),
    Situation.CONFLICT: Advice(
        Said(
            "We have been told two different things about your payment. Somebody is looking into "
            "it.",
            "Keep the message from {operator} if you have one, and show it to {merchant}.",
            "Do not pay again: you could pay twice.",
        ),
        Said(
            "The words about this payment contradict each other; `evidence` has all of them. The "
            "money is in suspense until a better word settles it.",
            "Compare your statement, and give the payment's id to whoever runs this server.",
            _NOT_TWICE,
        ),
    ),
}
