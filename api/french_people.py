"""French about forgetting people: from English templates; see `api.french`."""

from typing import Final

FRENCH_OF_PEOPLE: Final[dict[str, str]] = {
    "there is no such request to forget somebody.": "cette demande d'effacement n'existe pas.",
    "There is no request to forget somebody with this id.": (
        "Il n'existe pas de demande d'effacement avec cet identifiant."
    ),
    "Check it in the list of requests.": "Vérifiez-le dans la liste des demandes.",
    "{payments} payments of this person have no end yet: {told}.": (
        "des paiements de cette personne n'ont pas encore d'issue ({payments}) : {told}."
    ),
    "It is {status}, and has no end yet.": "État : {status} ; il n'a pas encore d'issue.",
    "Ask again once it has its end.": "Redemandez quand il aura son issue.",
    "nobody agreed within {hours} hours.": "personne n'a donné son accord en {hours} heures.",
    "the operator who asked for it cannot be the one who agrees.": (
        "l'opérateur qui l'a demandé ne peut pas être celui qui donne son accord."
    ),
    "The reason has too many digits.": "Le motif a trop de chiffres.",
    "Write no telephone number into it: it is kept for ever.": (
        "N'y écrivez aucun numéro de téléphone : il est conservé pour toujours."
    ),
    "The lists have not caught up with the log.": (
        "Les listes n'ont pas encore rattrapé le registre."
    ),
    "no key was destroyed yet.": "aucune clé n'a encore été détruite.",
    "no second operator has agreed to it.": "aucun second opérateur n'a donné son accord.",
}
"""English template -> French template."""
