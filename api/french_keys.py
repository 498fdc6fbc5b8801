"""French: what is said of master keys, of keys that sign and of policies; a part of `api.french`.

A ring of master keys is a `trousseau`. Words of the files (`log`, `witness`, `quorum`, `lookup`)
stay as they are written there.
"""

from typing import Final

FRENCH_OF_KEYS: Final[dict[str, str]] = {
    # The ring of master keys
    "A master key": "Une clé maîtresse",
    "The lookup secret": "Le secret de recherche",
    "{what} is not base64.": "{what} n'est pas en base64.",
    "{what} has {size} bytes; exactly {needed} are needed.": (
        "{what} a {size} octets ; il en faut exactement {needed}."
    ),
    "{what} repeats a pattern; it is not random.": (
        "{what} répète un motif ; ce n'est pas du hasard."
    ),
    "{what} is readable text in disguise; it is not random.": (
        "{what} est un texte lisible déguisé ; ce n'est pas du hasard."
    ),
    "Make one with `openssl rand -base64 32`.": "Faites-en une par `openssl rand -base64 32`.",
    "The key ring has {keys} master keys; it may have 1 to {most}.": (
        "Le trousseau a {keys} clés maîtresses ; il peut en avoir de 1 à {most}."
    ),
    "The key ring has {keys} master keys and {lookups} lookup secrets.": (
        "Le trousseau a {keys} clés maîtresses et {lookups} secrets de recherche."
    ),
    "A ring of several keys needs exactly one line `lookup <secret>`: the one the ring had before; "
    "without it no person would be found again.": (
        "Un trousseau de plusieurs clés demande exactement une ligne `lookup <secret>` : celle "
        "qu'il avait auparavant ; sans elle, personne ne serait plus retrouvé."
    ),
    "The key ring holds the same secret twice.": (
        "Le trousseau contient deux fois le même secret."
    ),
    "Keep each once.": "Gardez chacun une seule fois.",
    "The key ring is too long to be one.": "Ce texte est trop long pour un trousseau.",
    "The key ring is empty.": "Le trousseau est vide.",
    "A line of the key ring is neither a key nor `lookup` and a secret.": (
        "Une ligne du trousseau n'est ni une clé, ni `lookup` et un secret."
    ),
    "There is no master key.": "Il n'y a pas de clé maîtresse.",
    "There is no master key file at {path}.": (
        "Il n'y a pas de fichier de clé maîtresse à l'adresse {path}."
    ),
    "Make one with `openssl rand -base64 32 > {name}` and keep a copy in a safe.": (
        "Faites-en un par `openssl rand -base64 32 > {name}`, et gardez-en une copie dans un "
        "coffre."
    ),
    "The master key file {path} cannot be read ({error}).": (
        "Le fichier de clé maîtresse {path} est illisible ({error})."
    ),
    "Give it to the account Cauri runs under, and to nobody else.": (
        "Donnez-le au compte sous lequel Cauri tourne, et à personne d'autre."
    ),
    "The master key file {path} is not text.": (
        "Le fichier de clé maîtresse {path} n'est pas du texte."
    ),
    "Keep keys in base64: `openssl rand -base64 32`.": (
        "Gardez les clés en base64 : `openssl rand -base64 32`."
    ),
    "The ring has no former master key {key_id!r}.": (
        "Le trousseau n'a pas d'ancienne clé maîtresse {key_id!r}."
    ),
    "Look for its id with `cauri master-key list`.": (
        "Cherchez son identifiant par `cauri master-key list`."
    ),
    "The new ring has another lookup secret.": (
        "Le nouveau trousseau a un autre secret de recherche."
    ),
    "Keep the line `lookup <secret>` as it was.": (
        "Gardez la ligne `lookup <secret>` telle qu'elle était."
    ),
    "A data key is wrapped under master key {key_id!r}, which the key ring does not hold.": (
        "Une clé de données est scellée par la clé maîtresse {key_id!r}, que le trousseau ne "
        "contient pas."
    ),
    "Put that key back into the ring, below the current one.": (
        "Remettez cette clé dans le trousseau, sous la clé actuelle."
    ),
    "The database was sealed under another master key.": (
        "La base de données a été scellée par une autre clé maîtresse."
    ),
    "The database holds sealed data, and its master key is not at {file}.": (
        "La base contient des données scellées, et sa clé maîtresse n'est pas à l'adresse {file}."
    ),
    "Restore the key file that belongs to this database.": (
        "Restaurez le fichier de clé qui va avec cette base."
    ),
    "CAURI_MASTER_KEY_COMMAND is no command.": "CAURI_MASTER_KEY_COMMAND n'est pas une commande.",
    "The command for the master key cannot be run ({error}).": (
        "La commande de la clé maîtresse ne peut pas être lancée ({error})."
    ),
    "The command for the master key failed (status {status}).": (
        "La commande de la clé maîtresse a échoué (statut {status})."
    ),
    "The command for the master key takes too long.": (
        "La commande de la clé maîtresse met trop de temps."
    ),
    "The command for the master key answers no text.": (
        "La commande de la clé maîtresse ne répond pas par du texte."
    ),
    "The command for the master key answers too much.": (
        "La commande de la clé maîtresse répond trop long."
    ),
    "Run it by hand as the account Cauri runs under; it must print the key ring.": (
        "Lancez-la à la main, sous le compte de Cauri ; elle doit imprimer le trousseau."
    ),
    # The key that signs the log
    "no key that signs the log is set up: set CAURI_SIGNING_KEY_FILE.": (
        "aucune clé qui signe le registre n'est configurée : définissez CAURI_SIGNING_KEY_FILE."
    ),
    "the key that signs the log is not here: {key}.": (
        "la clé qui signe le registre n'est pas ici : {key}."
    ),
    "the key that signs the log is not at {file}: {key}.": (
        "la clé qui signe le registre n'est pas à l'adresse {file} : {key}."
    ),
    "Restore the file of that key; `cauri log-key rotate` replaces it by a new one.": (
        "Restaurez le fichier de cette clé ; `cauri log-key rotate` la remplace par une nouvelle."
    ),
    "the keys of the log keep changing": "les clés du registre ne cessent de changer",
    "the file is no signing key ({error}).": "le fichier n'est pas une clé de signature ({error}).",
    "Name a file with one line PRIVATE+KEY+{name}+<id>+<base64>.": (
        "Nommez un fichier d'une ligne PRIVATE+KEY+{name}+<id>+<base64>."
    ),
    "the file cannot be read: {error}": "le fichier est illisible : {error}",
    "the key is named {named!r}, the log {name!r}": (
        "la clé se nomme {named!r}, le registre {name!r}"
    ),
    "a key is written <name>+<id in 8 hex digits>+<base64>": (
        "une clé s'écrit <nom>+<identifiant en 8 chiffres hexadécimaux>+<base64>"
    ),
    "a signing key begins with {start}": "une clé de signature commence par {start}",
    "a witness's key begins with {start}": "la clé d'un témoin commence par {start}",
    "the seed of a key has not {size} bytes": "la graine d'une clé n'a pas {size} octets",
    "the key of {name} has not {n} bytes": "la clé de {name} n'a pas {n} octets",
    "the key of {name} is not base64": "la clé de {name} n'est pas en base64",
    "the key of {name} is not of type {kind}": "la clé de {name} n'est pas du type {kind}",
    "the id of {name}'s key does not belong to it": (
        "l'identifiant de la clé de {name} n'est pas le sien"
    ),
    "the name of a key is empty, or has spaces or a plus": (
        "le nom d'une clé est vide, ou contient des espaces ou un plus"
    ),
    "two of the trusted keys have one name and one id": (
        "deux des clés de confiance ont le même nom et le même identifiant"
    ),
    # A policy's lines
    "line {line}: {reason}": "ligne {line} : {reason}",
    "a policy has at most {most} bytes": "une politique a au plus {most} octets",
    "a policy has at most {most} logs": "une politique a au plus {most} registres",
    "a policy has at most {most} witnesses": "une politique a au plus {most} témoins",
    "a policy has at most {most} groups": "une politique a au plus {most} groupes",
    "there is a control character other than tab and newline": (
        "il y a un caractère de contrôle autre que la tabulation et la fin de ligne"
    ),
    "the line does not end in a newline": "la ligne ne se termine pas par une fin de ligne",
    "{word} is not log, witness, group or quorum": (
        "{word} n'est ni log, ni witness, ni group, ni quorum"
    ),
    "there is no quorum line": "il n'y a pas de ligne quorum",
    "there is a quorum line already": "il y a déjà une ligne quorum",
    "the quorum is written: quorum <name>": "le quorum s'écrit : quorum <nom>",
    "a log is written: log <key> [<url>]": "un registre s'écrit : log <clé> [<url>]",
    "a log with this key is there already": "un registre de cette clé est déjà là",
    "a witness is written: witness <name> <key> [<url>]": (
        "un témoin s'écrit : witness <nom> <clé> [<url>]"
    ),
    "a witness with this key is there already": "un témoin de cette clé est déjà là",
    "a group is written: group <name> <k, any or all> <name>...": (
        "un groupe s'écrit : group <nom> <k, any ou all> <nom>..."
    ),
    "{word} is a member already, here or above": "{word} est déjà membre, ici ou plus haut",
    "{word} is not any, all, or a number from 1 to {most}": (
        "{word} n'est ni any, ni all, ni un nombre de 1 à {most}"
    ),
    "the name none means that no witness is needed": (
        "le nom none veut dire qu'aucun témoin n'est nécessaire"
    ),
    "the name {word} is taken already": "le nom {word} est déjà pris",
    "no line above defines {word}": "aucune ligne plus haut ne définit {word}",
}
"""English template -> French template."""
