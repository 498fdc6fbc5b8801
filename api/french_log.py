"""French of the log's checkpoints, keys and proofs; see `api.french`."""

from typing import Final

FRENCH_OF_LOG: Final[dict[str, str]] = {
    "No checkpoint was made yet: wait a minute, or POST /v1/log/checkpoints.": (
        "Aucun point de contrôle n'a encore été établi : attendez une minute, ou faites POST "
        "/v1/log/checkpoints."
    ),
    "The tree has no such tile, or is not so wide there.": (
        "L'arbre n'a pas cette tuile, ou n'est pas si large à cet endroit."
    ),
    "no key that signs the log is set up.": "aucune clé qui signe le registre n'est configurée.",
    "the key that signs the log is not here.": "la clé qui signe le registre n'est pas ici.",
    "nothing has happened that a checkpoint could hold.": (
        "rien ne s'est passé qu'un point de contrôle puisse retenir."
    ),
    "The log of {size} entries has no such position.": (
        "Le registre de {size} entrées n'a pas cette position."
    ),
    "Send one that is not above the size.": "Envoyez-en une qui ne dépasse pas la taille.",
    "It is above `to`, where the log had {size} entries.": (
        "Cette taille dépasse `to`, où le registre comptait {size} entrées."
    ),
    "Send a size that is not above `to`.": "Envoyez une taille qui ne dépasse pas `to`.",
    "The log has not reached this size.": "Le registre n'a pas atteint cette taille.",
    "Send that of a checkpoint, or leave it out.": (
        "Envoyez celle d'un point de contrôle, ou omettez-la."
    ),
    "the log is signed by another key by now.": (
        "le registre est désormais signé par une autre clé."
    ),
    "No key that signs the log is set up here, so nothing can be proved.": (
        "Aucune clé qui signe le registre n'est configurée ici : rien ne peut être prouvé."
    ),
    "No checkpoint of the log covers the payment's last entry yet.": (
        "Aucun point de contrôle du registre ne couvre encore la dernière entrée du paiement."
    ),
    "It is longer than {limit} characters.": "Il dépasse {limit} caractères.",
    "It is no dictionary of structured fields (RFC 9651).": (
        "Ce n'est pas un dictionnaire de champs structurés (RFC 9651)."
    ),
    "It does not ask for exactly one signature.": "Il ne demande pas exactement une signature.",
    "It does not list what is to be signed in parentheses.": (
        "Il ne liste pas entre parenthèses ce qui est à signer."
    ),
    "{component} is not signed here.": "{component} n'est pas signé ici.",
    "It has a parameter that is not known here.": "Il a un paramètre inconnu ici.",
    "Answers are signed by ed25519 alone.": "Les réponses ne sont signées que par ed25519.",
    "Answers are signed by the key {key} alone.": (
        "Les réponses ne sont signées que par la clé {key}."
    ),
    "The request's method or address is not written as RFC 3986 has it.": (
        "La méthode ou l'adresse de la requête n'est pas écrite selon la RFC 3986."
    ),
    "Its {name} is no text, or too long.": "Son {name} n'est pas un texte, ou est trop long.",
    'Send `answer=("@status" "content-digest" "@method";req "@path";req)`, or leave it out.': (
        'Envoyez `answer=("@status" "content-digest" "@method";req "@path";req)`, ou omettez-le.'
    ),
    "It is written anew when that ends.": "Elle sera réécrite quand cela prendra fin.",
    "Somebody is in the middle of reading the keys: their table stays as it is.": (
        "Quelqu'un est en train de lire les clés : leur table reste telle quelle."
    ),
    "a server may still use it until {seconds} seconds after everything was wrapped anew.": (
        "un serveur peut encore s'en servir jusqu'à {seconds} secondes après que tout a été "
        "rescellé."
    ),
    "it is the current master key.": "c'est la clé maîtresse actuelle.",
    "{rows} data keys are still wrapped under it: run `cauri master-key rotate` first.": (
        "{rows} clés de données sont encore scellées par elle : lancez d'abord `cauri master-key "
        "rotate`."
    ),
    "Name a new folder, or a new file that ends in .tar.": (
        "Nommez un nouveau dossier, ou un nouveau fichier qui finit par .tar."
    ),
    "something is there already.": "il y a déjà quelque chose à cet endroit.",
    "the log has the positions 1 to {end}.": "le registre a les positions 1 à {end}.",
    "Send one of them, or a time.": "Envoyez l'une d'elles, ou une heure.",
    "this is neither a position nor a time with its offset from UTC.": (
        "ce n'est ni une position, ni une heure avec son décalage par rapport à UTC."
    ),
    "Send 1200, or 2025-01-31T12:00:00Z, or 2025-01-31.": (
        "Envoyez 1200, ou 2025-01-31T12:00:00Z, ou 2025-01-31."
    ),
    "this time has not come.": "ce moment n'est pas encore venu.",
    "Send a past one such as 2025-01-31T12:00:00Z.": (
        "Envoyez une heure passée, par exemple 2025-01-31T12:00:00Z."
    ),
    "No time lies between this one and `{end}`.": (
        "Aucun moment ne se situe entre celui-ci et `{end}`."
    ),
    "Send an earlier one.": "Envoyez un moment antérieur.",
    "the backup cannot be of a time to come.": (
        "la sauvegarde ne peut pas dater d'un moment à venir."
    ),
    "providers are asked first for 0 to {days} days.": (
        "les opérateurs sont d'abord interrogés pendant 0 à {days} jours."
    ),
}
