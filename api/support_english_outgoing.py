"""English: where a payout or refund stands, for who is paid and for the merchant; a part of
`api.support_english`.
"""

from collections.abc import Mapping
from typing import Final

from api.support_words import Advice, Said, Situation

_NOT_AGAIN: Final = "Do not send it a second time: the money could go out twice."

OUTGOING: Final[Mapping[Situation, Advice]] = {
    Situation.REQUESTED: Advice(
        Said(
            "{merchant} has asked us to send you {amount}, and we are about to pass it on.",
            "You have nothing to do: wait for the message from {operator}.",
        ),
        Said(
            "{Thing} is recorded, and is about to be passed on to the operator.",
            "Look again in a few seconds.",
            _NOT_AGAIN,
        ),
    ),
    Situation.PROVIDER_AWAY: Advice(
        Said(
            "We cannot get through to {operator} just now, so your money is late. We keep trying "
            "by ourselves.",
            "You have nothing to do: wait for the message from {operator}.",
        ),
        Said(
            "The provider cannot be reached, or keeps failing and is left alone for a while. "
            "{Thing} is sent as soon as it can be, until its `expires_at`.",
            "Tell whoever is to be paid that the money is late.",
            _NOT_AGAIN,
        ),
    ),
    Situation.REROUTED: Advice(
        Said(
            "The first way to {operator} did not work, so we are taking another one.",
            "You have nothing to do: wait for the message from {operator}.",
        ),
        Said(
            "The first provider certainly does not have it; the next one takes over.",
            "Look again in a few seconds; `attempts` tells who has it.",
            _NOT_AGAIN,
        ),
    ),
    Situation.SUBMITTING: Advice(
        Said(
            "We are passing your money on to {operator} right now.",
            "You have nothing to do: wait for the message from {operator}.",
        ),
        Said(
            "The provider is being called, and has not answered yet.",
            "Look again in a few seconds.",
            _NOT_AGAIN,
        ),
    ),
    Situation.UNDER_WAY: Advice(
        Said(
            "{amount} from {merchant} is on its way to you.",
            "You have nothing to do: wait for the message from {operator}.",
        ),
        Said(
            "The provider has {thing}, and has not given its final word.",
            "Wait. We ask the provider until it has a final word.",
            _NOT_AGAIN,
        ),
    ),
    Situation.UNKNOWN: Advice(
        Said(
            "We do not know yet whether {amount} has reached you. We are still asking {operator}.",
            "Look at your balance and your messages, and wait for our answer.",
        ),
        Said(
            "No usable answer came, so nobody knows yet whether the money moved. The provider is "
            "asked until it says a final word.",
            "Wait for the final word; `next_inquiry_at` tells when we ask next.",
            _NOT_AGAIN,
        ),
    ),
    Situation.SUCCEEDED: Advice(
        Said(
            "{merchant} has sent you {amount}.",
            "Check the message from {operator}. If the money is not there, call {operator}.",
        ),
        Said(
            "The money has arrived: {amount}.",
            "You have nothing more to do.",
            _NOT_AGAIN,
        ),
    ),
    Situation.FAILED: Advice(
        Said(
            "The money could not be sent, and {operator} did not say why.",
            "Ask {merchant} how you will be paid.",
        ),
        Said(
            "The provider says that {thing} failed, and gives no reason. No money has left.",
            "Send it again; if it fails once more, ask the provider.",
        ),
    ),
    Situation.EXPIRED: Advice(
        Said(
            "The money was not sent in time.",
            "Ask {merchant} how you will be paid.",
        ),
        Said(
            "The provider dropped {thing} because it took too long. No money has left.",
            "Send it again.",
        ),
    ),
    Situation.UNSENT: Advice(
        Said(
            "We could not get through to {operator} in time, so the money was not sent.",
            "Ask {merchant} how you will be paid.",
        ),
        Said(
            "No provider took it before its `expires_at`. No money has left.",
            "Send it again a little later.",
        ),
    ),
    Situation.DOUBTED: Advice(
        Said(
            "As far as we know the money was not sent. But once we got no clear answer from "
            "{operator}.",
            "Look at your balance and your messages, and tell {merchant} what you see.",
        ),
        Said(
            "{Thing} has ended without money, but one of its submissions was never answered for.",
            "Compare your statement, and ask whoever was to be paid whether the money came.",
            "Do not send it anew before you have compared: the money could go out twice.",
        ),
    ),
    Situation.OVERTURNED: Advice(
        Said(
            "We were told that the money had reached you, and also that it had not. Whoever knows "
            "better says that it did not.",
            "Look at your balance and your messages, and tell {merchant} what you see.",
        ),
        Said(
            "One word says that the money went out, and a more trusted one (a statement's, or a "
            "person's) says that it did not; `evidence` has all of them.",
            "Compare your statement, and ask whoever was to be paid whether the money came.",
            "Do not send it anew before you have compared: the money could go out twice.",
        ),
    ),
    Situation.TWICE: Advice(
        Said(
            "It looks as if the money was sent to you twice. Somebody is looking into it.",
            "Look at your balance and your messages, and tell {merchant} what you see.",
        ),
        Said(
            "Two movements of money are told for {thing}, and of both that they went out: it may "
            "have been paid twice. Both are in `evidence`; the money is in suspense.",
            "Compare your statement, and give the id to whoever runs this server.",
            _NOT_AGAIN,
        ),
    ),
    Situation.CONFLICT: Advice(
        Said(
            "We have been told two different things about your money. Somebody is looking into it.",
            "Look at your balance and your messages, and tell {merchant} what you see.",
        ),
        Said(
            "The words about {thing} contradict each other; `evidence` has all of them. The money "
            "is in suspense until a better word settles it.",
            "Compare your statement, and give the id to whoever runs this server.",
            _NOT_AGAIN,
        ),
    ),
}
