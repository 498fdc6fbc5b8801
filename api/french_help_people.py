"""French: help of the commands about merchants, keys and people; a part of `api.french_help`."""

from typing import Final

FRENCH_OF_PEOPLE_HELP: Final[dict[str, str]] = {
    # merchants
    "Merchants: who may take payments.": "Marchands : qui peut encaisser des paiements.",
    "Add a merchant and print its API key, this once.": (
        "Ajouter un marchand et imprimer sa clé d'API, cette seule fois."
    ),
    "What people call the merchant.": "Comment les gens nomment le marchand.",
    "ISO 3166 code: the default for national numbers.": (
        "Code ISO 3166 : le pays des numéros sans indicatif."
    ),
    "For trying or for real; by default as the deployment is.": (
        "Pour les essais ou pour de vrai ; par défaut comme le déploiement."
    ),
    "List the merchants.": "Lister les marchands.",
    # keys
    "API keys: who may ask for what.": "Clés d'API : qui peut demander quoi.",
    "Make an API key and print it, this once.": (
        "Faire une clé d'API et l'imprimer, cette seule fois."
    ),
    "What the key may do.": "Ce que la clé permet.",
    "Whose, for the role merchant.": "De quel marchand, pour le rôle merchant.",
    "Who holds it, for lists: at most 80 characters, kept for ever, no number.": (
        "Qui la détient, pour les listes : 80 caractères au plus, conservés pour toujours, aucun "
        "numéro."
    ),
    "Replace an API key and print the new one, this once; the old one ends by itself.": (
        "Remplacer une clé d'API et imprimer la nouvelle, cette seule fois ; l'ancienne prend fin "
        "d'elle-même."
    ),
    "The id of the key that shall end.": "L'identifiant de la clé qui doit prendre fin.",
    "How long the old key lives on.": "Combien d'heures l'ancienne clé vaut encore.",
    "Make an API key worth nothing, at once.": "Ôter toute valeur à une clé d'API, aussitôt.",
    "The key's id: the part after its role.": (
        "L'identifiant de la clé : la partie qui suit son rôle."
    ),
    "Kept for ever.": "Conservé pour toujours.",
    "List the API keys and when each was last used; their secrets are known to nobody.": (
        "Lister les clés d'API et quand chacune a servi la dernière fois ; personne ne connaît "
        "leurs secrets."
    ),
    "Make the key that signs checkpoints; print the public key for those who verify.": (
        "Faire la clé qui signe les points de contrôle ; imprimer la clé publique pour qui vérifie."
    ),
    "The log's own name: a host and path you control.": (
        "Le nom du registre : un hôte et un chemin à vous."
    ),
    "Where the private key is written, once.": "Où la clé privée est écrite, une seule fois.",
    # people
    "People: what is held about somebody, and forgetting them. Two operators have to agree; what "
    "remains is a keyed hash of the number, amounts and times. The README's section on personal "
    "data says which laws this answers to.": (
        "Personnes : ce qui est détenu sur quelqu'un, et son effacement. Deux opérateurs doivent "
        "donner leur accord ; il reste une empreinte à clé du numéro, les montants et les heures. "
        "La section du README sur les données personnelles dit à quelles lois cela répond."
    ),
    "Ask that a person be forgotten; a second operator agrees, and then the keys are destroyed.": (
        "Demander l'effacement d'une personne ; un second opérateur donne son accord, et les clés "
        "sont alors détruites."
    ),
    "The file with your own API key, of an operator.": (
        "Le fichier de votre propre clé d'API, celle d'un opérateur."
    ),
    "The person's number. Left out, it is asked for; `-` reads it from a pipe: so it stands in no "
    "shell's history.": (
        "Le numéro de la personne. Omis, il est demandé ; `-` le lit d'un tube : ainsi il n'est "
        "dans l'historique d'aucun shell."
    ),
    "ISO 3166 code, for a number without a country code.": (
        "Code ISO 3166, pour un numéro sans indicatif de pays."
    ),
    "Kept for ever: no name and no number. Left out, that the person asked for it.": (
        "Conservé pour toujours : ni nom ni numéro. Omis, que la personne l'a demandé."
    ),
    "Agree to this request, as a second operator.": (
        "Donner son accord à cette demande, en second opérateur."
    ),
    "The language in which it speaks to you.": "La langue dans laquelle la commande vous parle.",
    "Tell everything that is held about a person, opened; who asked is kept.": (
        "Dire tout ce qui est détenu sur une personne, en clair ; qui l'a demandé est conservé."
    ),
    "As a page to read, in this language, instead of JSON.": (
        "En page à lire, dans cette langue, au lieu de JSON."
    ),
    "Where to write it, once; by default stdout.": (
        "Où l'écrire, une seule fois ; par défaut la sortie standard."
    ),
    "List requests to forget somebody, newest first.": (
        "Lister les demandes d'effacement, la plus récente d'abord."
    ),
}
"""English text -> French text."""
