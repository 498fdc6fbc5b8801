"""French about forgetting people: from English templates; see `api.french`."""

from typing import Final

FRENCH_OF_PEOPLE: Final[dict[str, str]] = {
    "Forgetting this person": "L'effacement de cette personne",
    "Agreeing to this erasure": "L'accord à cet effacement",
    "Finishing this erasure": "L'achèvement de cet effacement",
    "Looking for this request": "L'examen de cette demande",
    "Noting what is left of it": "Le constat de ce qu'il en reste",
    "there is no such request to forget somebody.": "cette demande d'effacement n'existe pas.",
    "There is no request to forget somebody with this id.": (
        "Il n'existe pas de demande d'effacement avec cet identifiant."
    ),
    "Check it in the list of requests.": "Vérifiez-le dans la liste des demandes.",
    "some payments of this person have no end yet ({payments}): {told}.": (
        "des paiements de cette personne n'ont pas encore d'issue ({payments}) : {told}."
    ),
    "some payments of this person have no end yet ({payments}): {told}. Both operators' agreement "
    "stands; it is carried out by itself once they have one.": (
        "des paiements de cette personne n'ont pas encore d'issue ({payments}) : {told}. L'accord "
        "des deux opérateurs tient ; l'effacement s'exécutera de lui-même quand ils en auront une."
    ),
    "This person's payments kept changing while they were looked at.": (
        "Les paiements de cette personne ne cessaient de changer pendant leur examen."
    ),
    "It is {status}, and has no end yet.": "État : {status} ; il n'a pas encore d'issue.",
    "Once it has its end, the erasure is carried out by itself.": (
        "Quand il aura son issue, l'effacement s'exécutera de lui-même."
    ),
    "Ask again once it has its end.": "Redemandez quand il aura son issue.",
    "nobody agreed within {hours} hours.": "personne n'a donné son accord en {hours} heures.",
    "the operator who asked for it cannot be the one who agrees.": (
        "l'opérateur qui l'a demandé ne peut pas être celui qui donne son accord."
    ),
    "The reason is blank, or has too many digits.": "Le motif est vide, ou a trop de chiffres.",
    "Say why, and write no telephone number into it: it is kept for ever.": (
        "Dites pourquoi, sans aucun numéro de téléphone : il est conservé pour toujours."
    ),
    "The lists have not caught up with the log.": (
        "Les listes n'ont pas encore rattrapé le registre."
    ),
    "no key was destroyed yet.": "aucune clé n'a encore été détruite.",
    "no second operator has agreed to it.": "aucun second opérateur n'a donné son accord.",
}
"""English template -> French template."""
