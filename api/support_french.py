"""French: what `api.support_english` says, for those who read French.

It is written as it is spoken in Douala, Abidjan or Dakar, not translated: one pays `à nouveau`,
a message is an `SMS`, a PIN a `code secret`. As in `api.french`, a provider is a `prestataire`;
only the merchant reads of one. No sentence begins with `{operator}`, which may be `l'opérateur`,
and nothing before it would have to be elided.
"""

from collections.abc import Mapping
from typing import Final

from adapters.refusals import Refusal
from adapters.typesetting import typeset_french
from api.support_french_incoming import INCOMING
from api.support_french_outgoing import OUTGOING
from api.support_words import Advice, Moment, Said, Step, Tongue

_ANOTHER_WAY: Final = Step("Demandez à {merchant} un autre moyen de payer.")
_LATER: Final = Step(
    "Attendez quelques minutes, puis payez à nouveau, ou utilisez un numéro d'un autre opérateur."
)
_NOT_YOURS: Final = Step("L'erreur ne vient pas de vous : parlez-en à {merchant}.")

_INCOMING_STEPS: Final[Mapping[Refusal, Step]] = {
    Refusal.INSUFFICIENT_FUNDS: Step(
        "Rechargez votre compte, avec un peu plus que le montant pour les frais éventuels, puis "
        "payez à nouveau."
    ),
    Refusal.PAYER_NOT_FOUND: Step(
        "Vérifiez le numéro. S'il est juste, ouvrez un compte de paiement mobile, ou payez avec un "
        "autre numéro."
    ),
    Refusal.PAYEE_NOT_FOUND: _NOT_YOURS,
    Refusal.PAYER_LIMIT_REACHED: Step(
        "Payez avec un autre numéro, ou attendez que votre plafond se renouvelle. Vous pouvez "
        "aussi demander à {merchant} un montant plus petit."
    ),
    Refusal.PAYEE_LIMIT_REACHED: _ANOTHER_WAY,
    Refusal.REJECTED_BY_PAYER: Step(
        "Si c'était une erreur, payez à nouveau et confirmez sur votre téléphone. Si cette demande "
        "ne vous disait rien, vous avez bien fait : vous n'avez rien à faire."
    ),
    Refusal.CANCELLED: Step("Si vous voulez toujours payer, recommencez."),
    Refusal.TIMED_OUT: Step(
        "Gardez votre téléphone sous la main, allumé et avec du réseau, puis payez à nouveau et "
        "confirmez aussitôt."
    ),
    Refusal.WRONG_PIN: Step(
        "Payez à nouveau et tapez votre code secret sans vous presser. Si vous l'avez oublié, "
        "demandez-en d'abord un nouveau à {operator}.",
        "N'essayez pas au hasard : après plusieurs codes faux, votre compte est bloqué. Ne donnez "
        "jamais votre code secret à personne.",
    ),
    Refusal.WRONG_CODE: Step(
        "Demandez un nouveau code à {operator}, puis payez à nouveau et saisissez-le avec "
        "attention.",
        "N'utilisez pas deux fois le même code, et ne saisissez pas votre code secret à la place.",
    ),
    Refusal.CODE_EXPIRED: Step(
        "Demandez un nouveau code à {operator}, puis payez à nouveau aussitôt : un code n'est "
        "valable que quelques minutes, et pour un seul paiement.",
        "N'utilisez pas deux fois le même code, et ne saisissez pas votre code secret à la place.",
    ),
    Refusal.CODE_REQUIRED: Step(
        "Demandez le code à {operator}, puis payez à nouveau et saisissez-le là où on vous le "
        "demande.",
        "Ne saisissez pas votre code secret à la place.",
    ),
    Refusal.ACCOUNT_BLOCKED: Step(
        "Appelez {operator} ou passez en agence pour faire débloquer votre compte, ou payez avec "
        "un autre numéro."
    ),
    Refusal.NOT_ALLOWED: Step(
        "Payez avec un autre numéro, ou demandez à {operator} ce que permet votre compte."
    ),
    Refusal.WRONG_OPERATOR: Step("Choisissez l'opérateur de votre numéro, puis payez à nouveau."),
    Refusal.AMOUNT_TOO_LOW: _ANOTHER_WAY,
    Refusal.AMOUNT_TOO_HIGH: Step(
        "Demandez à {merchant} si vous pouvez payer en plusieurs fois, ou autrement."
    ),
    Refusal.INVALID_NUMBER: Step(
        "Vérifiez le numéro, avec l'indicatif du pays, puis payez à nouveau."
    ),
    Refusal.INVALID_AMOUNT: _NOT_YOURS,
    Refusal.INVALID_CURRENCY: _NOT_YOURS,
    Refusal.INVALID_REQUEST: _NOT_YOURS,
    Refusal.DUPLICATE: Step(
        "Regardez vos SMS : vous avez peut-être déjà payé. Montrez à {merchant} ce que vous "
        "trouvez.",
        "Ne payez pas à nouveau avant une vérification par {merchant} : vous risquez de payer deux "
        "fois.",
    ),
    Refusal.NOT_REFUNDABLE: _NOT_YOURS,
    Refusal.MERCHANT_FUNDS_SHORT: _NOT_YOURS,
    Refusal.MERCHANT_NOT_ALLOWED: _ANOTHER_WAY,
    Refusal.PROVIDER_UNAVAILABLE: _LATER,
    Refusal.PROVIDER_ERROR: _LATER,
    Refusal.UNKNOWN: Step(
        "Parlez-en à {merchant}, qui peut demander à {operator} ce qui ne va pas."
    ),
}

_ASK: Final = Step("Demandez à {merchant} comment vous serez payé.")
_CANNOT_SEND: Final = _ASK._replace(happened="Pour le moment, {merchant} ne peut pas l'envoyer.")
_OTHER_NUMBER: Final = Step(
    "Vérifiez le numéro avec {merchant}, ou donnez à {merchant} un autre numéro."
)

_OUTGOING_STEPS: Final[Mapping[Refusal, Step]] = {
    Refusal.INSUFFICIENT_FUNDS: _CANNOT_SEND,
    Refusal.PAYER_NOT_FOUND: _OTHER_NUMBER,
    Refusal.PAYEE_NOT_FOUND: _OTHER_NUMBER,
    Refusal.PAYER_LIMIT_REACHED: _ASK._replace(
        happened="Pour le moment, {merchant} ne peut pas envoyer autant."
    ),
    Refusal.PAYEE_LIMIT_REACHED: Step(
        "Retirez ou dépensez une partie de ce qui est sur votre compte, ou donnez à {merchant} un "
        "autre numéro."
    ),
    Refusal.REJECTED_BY_PAYER: _ASK._replace(
        happened="L'envoi a été refusé avant d'arriver chez vous."
    ),
    Refusal.CANCELLED: _ASK,
    Refusal.TIMED_OUT: _ASK,
    Refusal.WRONG_PIN: _ASK._replace(happened="{merchant} n'a pas pu confirmer l'envoi."),
    Refusal.WRONG_CODE: _ASK._replace(happened="{merchant} n'a pas pu confirmer l'envoi."),
    Refusal.CODE_EXPIRED: _ASK._replace(
        happened="{merchant} n'a pas pu confirmer l'envoi à temps."
    ),
    Refusal.CODE_REQUIRED: _ASK._replace(happened="{merchant} n'a pas pu l'envoyer par ce moyen."),
    Refusal.ACCOUNT_BLOCKED: Step(
        "Appelez {operator} ou passez en agence pour faire débloquer votre compte, ou donnez à "
        "{merchant} un autre numéro."
    ),
    Refusal.NOT_ALLOWED: Step(
        "Demandez à {operator} ce que permet votre compte, ou donnez à {merchant} un autre numéro."
    ),
    Refusal.WRONG_OPERATOR: Step("Dites à {merchant} quel est l'opérateur de votre numéro."),
    Refusal.AMOUNT_TOO_LOW: _ASK,
    Refusal.AMOUNT_TOO_HIGH: _ASK,
    Refusal.INVALID_NUMBER: _OTHER_NUMBER,
    Refusal.INVALID_AMOUNT: _ASK,
    Refusal.INVALID_CURRENCY: _ASK,
    Refusal.INVALID_REQUEST: _ASK,
    Refusal.DUPLICATE: Step(
        "Regardez votre solde et vos SMS : l'argent est peut-être déjà là. Dites à {merchant} ce "
        "que vous voyez."
    ),
    Refusal.NOT_REFUNDABLE: _ASK,
    Refusal.MERCHANT_FUNDS_SHORT: _CANNOT_SEND,
    Refusal.MERCHANT_NOT_ALLOWED: _ASK,
    Refusal.PROVIDER_UNAVAILABLE: _ASK,
    Refusal.PROVIDER_ERROR: _ASK,
    Refusal.UNKNOWN: _ASK,
}

_MOMENTS: Final[Mapping[Moment, str]] = {
    Moment.REQUESTED: "{merchant} a demandé {thing} de {amount}.",
    Moment.SENT: "{Thing} a été transmis à {operator}.",
    Moment.SENT_AGAIN: "{Thing} a été transmis une nouvelle fois.",
    Moment.PROMPTED: "Le client a été invité à confirmer.",
    Moment.PAGE_MADE: "La page de paiement a été préparée pour le client.",
    Moment.CODE_ASKED: "Un code à usage unique a été demandé au client.",
    Moment.TAKEN: "{Thing} a été accepté et est en cours.",
    Moment.REFUSED_AT_ONCE: "{Thing} a été refusé tout de suite.",
    Moment.NOT_SENT: "{Thing} n'a pas pu être transmis et a été gardé pour un nouvel envoi.",
    Moment.DOUBTED: "Nous n'avons pas reçu de réponse claire et avons commencé à interroger "
    "{operator}.",
    Moment.STILL_PENDING: "Nous avons posé la question : rien de définitif pour le moment.",
    Moment.NO_ANSWER: "Nous avons posé la question et n'avons pas reçu de réponse.",
    Moment.NOT_KNOWN: "Nous avons posé la question : on nous a répondu que {thing} est inconnu.",
    Moment.CODE_GIVEN: "Un code à usage unique nous a été donné.",
    Moment.CODE_TAKEN: "Le code à usage unique a été accepté.",
    Moment.CODE_REFUSED: "Le code à usage unique n'a pas été accepté.",
    Moment.CODE_LOST: "Nous ne savons pas si le code à usage unique est arrivé.",
    Moment.REROUTED: "Nous avons pris un autre chemin vers {operator}.",
    Moment.SUCCEEDED: "On nous a dit que {thing} a réussi.",
    Moment.FAILED: "On nous a dit que {thing} a échoué.",
    Moment.EXPIRED: "On nous a dit que {thing} n'a pas été confirmé à temps.",
    Moment.ALSO_SUCCEEDED: "On nous a aussi dit que {thing} a réussi ; cela n'a rien changé ici.",
    Moment.ALSO_FAILED: "On nous a aussi dit que {thing} a échoué ; cela n'a rien changé ici.",
    Moment.ALSO_EXPIRED: "On nous a aussi dit que {thing} n'a pas été confirmé à temps ; cela n'a "
    "rien changé ici.",
    Moment.GIVEN_UP: "{Thing} a été abandonné : personne n'a pu être joint à temps.",
    Moment.CANCELLED: "{merchant} a annulé {thing} ; l'argent n'a pas bougé.",
    Moment.CONFLICTED: "Les réponses ne vont pas ensemble ; quelqu'un doit vérifier.",
    Moment.SETTLED: "Une personne de l'exploitant du serveur a vérifié {thing} et a tranché.",
    Moment.REOPENED: "La réponse reçue ne vaut plus, et nous posons de nouveau la question.",
    Moment.REFUND_ASKED: "Un remboursement de {amount} a été demandé.",
    Moment.REFUND_MADE: "{amount} ont été rendus.",
    Moment.REFUND_DROPPED: "Un remboursement de {amount} n'a pas abouti.",
    Moment.REFUND_DOUBTED: "Deux réponses sur un remboursement de {amount} se contredisent.",
}


def _said(said: Said) -> Said:
    return Said(*(None if text is None else typeset_french(text) for text in said))  # type: ignore[arg-type]


def _step(step: Step) -> Step:
    return Step(*(None if text is None else typeset_french(text) for text in step))  # type: ignore[arg-type]


FRENCH: Final = Tongue(
    things={"collection": "le paiement", "payout": "le versement", "refund": "le remboursement"},
    any_operator="l'opérateur",
    any_merchant="votre marchand",
    incoming={one: Advice(*map(_said, told)) for one, told in INCOMING.items()},
    outgoing={one: Advice(*map(_said, told)) for one, told in OUTGOING.items()},
    incoming_steps={one: _step(step) for one, step in _INCOMING_STEPS.items()},
    outgoing_steps={one: _step(step) for one, step in _OUTGOING_STEPS.items()},
    moments={one: typeset_french(text) for one, text in _MOMENTS.items()},
    duplicate_do_not=typeset_french(
        "N'en créez pas un nouveau avant d'avoir vérifié : l'argent risque de partir deux fois."
    ),
    usually="Une fois sur deux, cela prend {median} au plus, et presque toujours {high} au plus.",
    usually_same="Cela prend presque toujours {high} au plus.",
    minute="une minute",
    minutes="{number} minutes",
    hours="{number} heures",
    thousands="\N{NARROW NO-BREAK SPACE}",
)
