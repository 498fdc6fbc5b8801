"""French: where a payout or refund stands, for who is paid and for the merchant; a part of
`api.support_french`.
"""

from collections.abc import Mapping
from typing import Final

from api.support_words import Advice, Said, Situation

_NOT_AGAIN: Final = "Ne l'envoyez pas une deuxième fois : l'argent risque de partir deux fois."
_COMPARE_FIRST: Final = (
    "N'en refaites pas un autre avant d'avoir comparé : l'argent risque de partir deux fois."
)
_WAIT: Final = "Vous n'avez rien à faire : attendez le SMS qui annonce l'arrivée de l'argent."
_LOOK: Final = "Regardez votre solde et vos SMS, et dites à {merchant} ce que vous voyez."
_ASK: Final = "Demandez à {merchant} comment vous serez payé."

OUTGOING: Final[Mapping[Situation, Advice]] = {
    Situation.REQUESTED: Advice(
        Said(
            "{merchant} nous a demandé de vous envoyer {amount}, et nous nous en occupons.", _WAIT
        ),
        Said(
            "{Thing} est enregistré et va être transmis à l'opérateur.",
            "Regardez à nouveau dans quelques secondes.",
            _NOT_AGAIN,
        ),
    ),
    Situation.PROVIDER_AWAY: Advice(
        Said(
            "Pour le moment, nous n'arrivons pas à joindre {operator}, et votre argent prend du "
            "retard. Nous continuons d'essayer.",
            _WAIT,
        ),
        Said(
            "Le prestataire est injoignable, ou en panne et laissé de côté pour un moment. {Thing} "
            "partira dès que possible, jusqu'à son `expires_at`.",
            "Prévenez la personne à payer que l'argent a du retard.",
            _NOT_AGAIN,
        ),
    ),
    Situation.REROUTED: Advice(
        Said(
            "Le premier chemin vers {operator} n'a pas marché, nous en prenons donc un autre.",
            _WAIT,
        ),
        Said(
            "Le premier prestataire ne l'a certainement pas ; le suivant prend le relais.",
            "Regardez à nouveau dans quelques secondes ; `attempts` dit qui l'a.",
            _NOT_AGAIN,
        ),
    ),
    Situation.SUBMITTING: Advice(
        Said("Nous transmettons votre argent à {operator} en ce moment même.", _WAIT),
        Said(
            "Nous appelons le prestataire, qui n'a pas encore répondu.",
            "Regardez à nouveau dans quelques secondes.",
            _NOT_AGAIN,
        ),
    ),
    Situation.UNDER_WAY: Advice(
        Said("L'argent envoyé par {merchant}, {amount}, est en route.", _WAIT),
        Said(
            "Le prestataire a pris {thing}, et n'a pas encore dit son dernier mot.",
            "Patientez. Nous interrogeons le prestataire jusqu'à sa réponse finale.",
            _NOT_AGAIN,
        ),
    ),
    Situation.UNKNOWN: Advice(
        Said(
            "Nous ne savons pas encore si vous avez reçu {amount}. Nous posons toujours la "
            "question à {operator}.",
            "Regardez votre solde et vos SMS, et attendez notre réponse.",
        ),
        Said(
            "Nous n'avons reçu aucune réponse exploitable : personne ne sait encore si l'argent "
            "est parti. Nous interrogeons le prestataire jusqu'à sa réponse finale.",
            "Attendez cette réponse ; `next_inquiry_at` dit quand nous poserons de nouveau la "
            "question.",
            _NOT_AGAIN,
        ),
    ),
    Situation.SUCCEEDED: Advice(
        Said(
            "{merchant} vous a envoyé {amount}.",
            "Vérifiez votre solde et vos SMS. Si l'argent n'est pas là, appelez {operator}.",
        ),
        Said("L'argent est arrivé : {amount}.", "Vous n'avez plus rien à faire.", _NOT_AGAIN),
    ),
    Situation.FAILED: Advice(
        Said("L'argent n'a pas pu être envoyé, et on ne nous a pas dit pourquoi.", _ASK),
        Said(
            "Le prestataire dit que {thing} a échoué, sans motif. Aucun argent n'est parti.",
            "Envoyez-le à nouveau ; si cela échoue encore, interrogez le prestataire.",
        ),
    ),
    Situation.EXPIRED: Advice(
        Said("L'argent n'a pas été envoyé à temps.", _ASK),
        Said(
            "Le prestataire a abandonné {thing}, qui prenait trop de temps. Aucun argent n'est "
            "parti.",
            "Envoyez-le à nouveau.",
        ),
    ),
    Situation.UNSENT: Advice(
        Said(
            "Nous n'avons pas réussi à joindre {operator} à temps, et l'argent n'a pas été envoyé.",
            _ASK,
        ),
        Said(
            "Aucun prestataire ne l'a pris avant son `expires_at`. Aucun argent n'est parti.",
            "Envoyez-le à nouveau un peu plus tard.",
        ),
    ),
    Situation.DOUBTED: Advice(
        Said(
            "À notre connaissance, l'argent n'a pas été envoyé. Mais une fois, nous n'avons pas eu "
            "de réponse claire de la part de l'opérateur.",
            _LOOK,
        ),
        Said(
            "{Thing} s'est terminé sans argent, mais l'un de ses envois est resté sans réponse.",
            "Comparez avec votre relevé, et demandez à la personne à payer si l'argent est arrivé.",
            _COMPARE_FIRST,
        ),
    ),
    Situation.OVERTURNED: Advice(
        Said(
            "On nous a dit que l'argent vous était arrivé, et aussi que non. La source la plus "
            "sûre dit qu'il n'est pas arrivé.",
            _LOOK,
        ),
        Said(
            "Une source dit que l'argent est parti, et une source plus sûre (un relevé ou une "
            "personne) dit que non ; `evidence` les donne toutes.",
            "Comparez avec votre relevé, et demandez à la personne à payer si l'argent est arrivé.",
            _COMPARE_FIRST,
        ),
    ),
    Situation.TWICE: Advice(
        Said(
            "Il semble que l'argent vous ait été envoyé deux fois. Quelqu'un est en train de "
            "vérifier.",
            _LOOK,
        ),
        Said(
            "Deux mouvements d'argent sont annoncés pour {thing}, et des deux on dit que l'argent "
            "est parti : il est peut-être parti deux fois. Les deux sont dans `evidence` ; "
            "l'argent reste en attente.",
            "Comparez avec votre relevé, et donnez l'identifiant à l'exploitant de ce serveur.",
            _NOT_AGAIN,
        ),
    ),
    Situation.CONFLICT: Advice(
        Said(
            "On nous a dit deux choses différentes sur votre argent. Quelqu'un est en train de "
            "vérifier.",
            _LOOK,
        ),
        Said(
            "Les informations sur {thing} se contredisent ; elles sont toutes dans `evidence`. "
            "L'argent reste en attente jusqu'à ce qu'une information plus sûre tranche.",
            "Comparez avec votre relevé, et donnez l'identifiant à l'exploitant de ce serveur.",
            _NOT_AGAIN,
        ),
    ),
}
