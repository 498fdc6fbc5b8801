"""French: what only the command line refuses, and everything else a terminal may show.

Other people's words (the system's reason why a file cannot be had) stay as they are.
"""

from collections.abc import Mapping
from typing import Final

from adapters.typesetting import typeset_french
from api.french import FRENCH
from api.french_reports import FRENCH_OF_REPORTS
from api.french_settings import FRENCH_OF_SETTINGS
from api.french_settings_aggregators import FRENCH_OF_AGGREGATORS_SETTINGS
from api.french_settings_operators import FRENCH_OF_OPERATORS_SETTINGS

FRENCH_OF_COMMANDS: Final[dict[str, str]] = {
    **FRENCH_OF_REPORTS,
    # api.cli_faults: a call that cannot be understood
    "See `{command} --help`.": "Consultez `{command} --help`.",
    "Is {near} meant? {remedy}": "Vouliez-vous dire {near} ? {remedy}",
    "{name} is missing.": "{name} manque.",
    "there is no command {name}.": "il n'y a pas de commande {name}.",
    "there is no option {name}.": "il n'y a pas d'option {name}.",
    "{name} needs a value.": "{name} demande une valeur.",
    "{name} takes no value.": "{name} ne prend pas de valeur.",
    "there is no place for {given}.": "il n'y a pas de place pour {given}.",
    "no command is named.": "aucune commande n'est nommée.",
    # api.cli_faults: what the system says cannot be had
    "{reason}: {where}. {remedy}": "{reason} : {where}. {remedy}",
    "the address or file cannot be had": "l'adresse ou le fichier est indisponible",
    "See that it can be had, then repeat the command.": (
        "Faites en sorte qu'il soit disponible, puis répétez la commande."
    ),
    "Make it and its folder writable for this user, or give the command in a folder that is.": (
        "Donnez à cet utilisateur le droit d'y écrire, et dans son dossier, ou lancez la commande "
        "dans un dossier où il l'a."
    ),
    "Free some space, then repeat the command.": "Libérez de l'espace, puis répétez la commande.",
    "Allow larger files (ulimit -f), then repeat the command.": (
        "Permettez de plus grands fichiers (ulimit -f), puis répétez la commande."
    ),
    "Name another file: this one is left as it is.": (
        "Nommez un autre fichier : celui-ci reste tel quel."
    ),
    "Check the name, or make it first.": "Vérifiez le nom, ou créez-le d'abord.",
    "Stop what listens there, or choose another --port.": (
        "Arrêtez ce qui écoute là, ou choisissez un autre --port."
    ),
    "Choose a --host that is an address of this machine.": (
        "Choisissez un --host qui soit une adresse de cette machine."
    ),
    # api.commands.console, serve, verify, log
    "there is no provider {name}.": "le prestataire {name} n'existe pas.",
    "production takes no payments from sandboxes.": (
        "la production ne prend pas de paiements des serveurs d'essai."
    ),
    "set CAURI_PROVIDERS, or use --sandbox": "définissez CAURI_PROVIDERS, ou prenez --sandbox",
    "Leave it out, or unset CAURI_MODE.": "Retirez cette option, ou ne définissez pas CAURI_MODE.",
    "Its group or others may read it: run `chmod 600` on it.": (
        "Son groupe ou d'autres peuvent la lire : lancez `chmod 600` sur ce fichier."
    ),
    "The projections here are not those of this version of the code.": (
        "Les projections ne sont pas ici celles de cette version du code."
    ),
    "Use the version that keeps them, or run `cauri rebuild` first.": (
        "Prenez la version qui les tient, ou lancez d'abord `cauri rebuild`."
    ),
    "no checkpoint was signed yet, so any key will do.": (
        "aucun point de contrôle n'a encore été signé : n'importe quelle clé fera l'affaire."
    ),
    # api.commands.audit, policies
    "no checkpoint covers position {end} yet.": (
        "aucun point de contrôle ne couvre encore la position {end}."
    ),
    "Make one with `cauri checkpoint make`, or send an earlier end.": (
        "Établissez-en un par `cauri checkpoint make`, ou donnez une fin antérieure."
    ),
    "the log has no checkpoint yet, so nothing of it can be proved.": (
        "le registre n'a pas encore de point de contrôle : rien n'en peut être prouvé."
    ),
    "Make one with `cauri checkpoint make`.": "Établissez-en un par `cauri checkpoint make`.",
    "the log has no entry by then; its first is of {begin}.": (
        "le registre n'a pas d'entrée à ce moment ; sa première est du {begin}."
    ),
    "Send a later one.": "Donnez-en un plus tard.",
    "no entry lies from there to the end, position {end}.": (
        "aucune entrée ne se trouve de là jusqu'à la fin, position {end}."
    ),
    "Send an earlier one, or a later `--to`.": (
        "Donnez un début antérieur, ou un `--to` plus tardif."
    ),
    "it is no policy ({error}).": "ce n'est pas une politique ({error}).",
    # api.commands.kept, receipts
    "the log has no checkpoint yet that a key could have signed.": (
        "le registre n'a pas encore de point de contrôle qu'une clé ait pu signer."
    ),
    "SIZE:ROOT has no signature that it could be held to.": (
        "SIZE:ROOT n'a pas de signature à laquelle se tenir."
    ),
    "this is neither SIZE:ROOT nor a file that can be read.": (
        "ce n'est ni SIZE:ROOT, ni un fichier lisible."
    ),
    "the file holds no checkpoint ({error}).": (
        "le fichier ne contient pas de point de contrôle ({error})."
    ),
    "the file is no answer of /v1/log/checkpoint.": (
        "le fichier n'est pas une réponse de /v1/log/checkpoint."
    ),
    "the saved answer holds no signed note.": (
        "la réponse enregistrée ne contient pas de note signée."
    ),
    "the root is not 64 hexadecimal digits.": (
        "la racine n'est pas faite de 64 chiffres hexadécimaux."
    ),
    "Give SIZE:ROOT, a saved answer of /v1/log/checkpoint, or a note.": (
        "Donnez SIZE:ROOT, une réponse enregistrée de /v1/log/checkpoint, ou une note."
    ),
    "Leave --key out, or give a signed note as --checkpoint.": (
        "Retirez --key, ou donnez une note signée à --checkpoint."
    ),
    "nobody is trusted, so nothing can be proved.": (
        "il n'est fait confiance à personne : rien ne peut être prouvé."
    ),
    "Give --key with the log's public key, or --policy.": (
        "Donnez --key avec la clé publique du registre, ou --policy."
    ),
    "the key that signs the log is not set up here.": (
        "la clé qui signe le registre n'est pas configurée ici."
    ),
    "Set CAURI_SIGNING_KEY_FILE, as the server has it.": (
        "Définissez CAURI_SIGNING_KEY_FILE, comme le serveur l'a."
    ),
    "no checkpoint by the log's present key covers it yet.": (
        "aucun point de contrôle signé par la clé actuelle du registre ne le couvre encore."
    ),
    "Make one with `cauri checkpoint make`, then try again.": (
        "Établissez-en un par `cauri checkpoint make`, puis réessayez."
    ),
    # api.commands.keys
    "no number was given.": "aucun numéro n'a été donné.",
    "Type it where it is asked for, or name it with --phone.": (
        "Saisissez-le quand il est demandé, ou nommez-le par --phone."
    ),
    "this is no ISO 3166 country code.": "ce n'est pas un code de pays ISO 3166.",
    "Send two letters, such as CM.": "Donnez deux lettres, par exemple CM.",
    "this is no name.": "ce n'est pas un nom.",
    "Send 1 to {maximum} characters.": "Donnez de 1 à {maximum} caractères.",
    "a key of the role merchant belongs to a merchant, and no other key does.": (
        "une clé de rôle merchant appartient à un marchand, et aucune autre."
    ),
    "Add --merchant ID, or leave it out.": "Ajoutez --merchant ID, ou retirez cette option.",
    "a key of the role {role} moves no money, and sees both modes.": (
        "une clé de rôle {role} ne déplace pas d'argent, et voit les deux modes."
    ),
    "Leave --mode out.": "Retirez --mode.",
    "{error}.": "{error}.",
    "Send one such as pay.example/log.": "Donnez-en un comme pay.example/log.",
    "this is no label that can be kept for ever.": (
        "ce n'est pas une étiquette que l'on puisse conserver pour toujours."
    ),
    "Send 1 to {maximum} characters, such as `Awa, support`, and no telephone number.": (
        "Donnez de 1 à {maximum} caractères, par exemple `Awa, support`, et aucun numéro de "
        "téléphone."
    ),
    "in development everything is for trying, and no key is live.": (
        "en développement tout sert aux essais, et aucune clé n'est réelle."
    ),
    "Leave --mode out, or set CAURI_MODE=production.": (
        "Retirez --mode, ou définissez CAURI_MODE=production."
    ),
    # api.commands.master_key
    "Another process is changing the ring of master keys just now.": (
        "Un autre processus est en train de changer le trousseau de clés maîtresses."
    ),
    "Let it end, look with `cauri master-key list`, and run this again if need be.": (
        "Laissez-le finir, regardez par `cauri master-key list`, et recommencez au besoin."
    ),
    "The ring lacks the master key {missing}, which is in use: it was rotated elsewhere.": (
        "Il manque au trousseau la clé maîtresse {missing}, qui est en usage : elle a été "
        "renouvelée ailleurs."
    ),
    "Put the newest copy of the ring here, then run this again.": (
        "Mettez ici la copie la plus récente du trousseau, puis recommencez."
    ),
    "The ring comes from the environment or a command, which cannot be written to.": (
        "Le trousseau vient de l'environnement ou d'une commande, où rien ne peut être écrit."
    ),
    "Put a new key at its head there (`openssl rand -base64 32`), keep the former ones and the "
    "line `lookup` below it, and run this again.": (
        "Mettez-y en tête une nouvelle clé (`openssl rand -base64 32`), gardez dessous les "
        "anciennes et la ligne `lookup`, et recommencez."
    ),
    # api.commands.people
    "an approval names its request, and no number.": (
        "un accord nomme sa demande, et aucun numéro."
    ),
    "Leave --phone out.": "Laissez --phone de côté.",
    "this is no reason that can be kept for ever.": (
        "ce n'est pas un motif que l'on puisse conserver pour toujours."
    ),
    "Say in 1 to 200 characters why, and write no telephone number.": (
        "Dites pourquoi en 1 à 200 caractères, et n'écrivez aucun numéro de téléphone."
    ),
    "there is no good key of an operator or an admin in it.": (
        "il ne contient pas de clé valable d'un opérateur ou d'un administrateur."
    ),
    "Make one with `cauri keys add --role operator`, each operator his own.": (
        "Faites-en une par `cauri keys add --role operator`, à chaque opérateur la sienne."
    ),
    "there is no good key of an accountant, an operator or an admin in it.": (
        "il ne contient pas de clé valable de comptable, d'opérateur ou d'administrateur."
    ),
    "Make one with `cauri keys add --role accountant`, each person their own.": (
        "Créez-en une avec `cauri keys add --role accountant`, chacun la sienne."
    ),
    # api.commands.accounts
    "the books have no account {account}.": "les livres n'ont pas de compte {account}.",
    "Send one of {accounts}.": "Donnez l'un de {accounts}.",
    # api.commands.rebuild, replay, restored
    "a rebuild goes to the log's end.": "une reconstruction va jusqu'à la fin du registre.",
    "Add --check.": "Ajoutez --check.",
    "the checkpoint recorded no digest of it.": (
        "le point de contrôle n'en a enregistré aucune empreinte."
    ),
    "Leave the name out.": "Retirez le nom.",
    "no checkpoint has digests of projections yet.": (
        "aucun point de contrôle n'a encore d'empreintes des projections."
    ),
    "Make one with `cauri checkpoint make` after something has happened. On a log of more than "
    "{entries} entries a running server hashes first, and with CAURI_DIGEST_SECONDS=0 none is ever "
    "made.": (
        "Établissez-en un par `cauri checkpoint make` après que quelque chose s'est passé. Sur un "
        "registre de plus de {entries} entrées, un serveur en marche calcule d'abord les "
        "empreintes ; avec CAURI_DIGEST_SECONDS=0, il n'y en a jamais."
    ),
    "this checkpoint has no digests of projections.": (
        "ce point de contrôle n'a pas d'empreintes des projections."
    ),
    "there is no such checkpoint.": "ce point de contrôle n'existe pas.",
    "Send the size of one that has digests in `cauri checkpoint list`.": (
        "Donnez la taille d'un point de contrôle qui a des empreintes dans `cauri checkpoint list`."
    ),
    "say once of which point in the past.": "dites une seule fois de quel moment du passé.",
    "Give --known-at, or --until, which is the same.": (
        "Donnez --known-at, ou --until, qui est la même chose."
    ),
    "this is neither test nor live.": "ce n'est ni test, ni live.",
    "Send --mode test, or --mode live.": "Donnez --mode test, ou --mode live.",
    "no time lies between this one and --effective-to.": (
        "aucun moment ne se situe entre celui-ci et --effective-to."
    ),
    "this is no time with its offset from UTC.": (
        "ce n'est pas une heure avec son décalage par rapport à UTC."
    ),
    "Send 2025-01-31T12:00:00Z, or 2025-01-31.": "Donnez 2025-01-31T12:00:00Z, ou 2025-01-31.",
    "this log is empty: put the backup in its place first.": (
        "ce registre est vide : mettez d'abord la sauvegarde à sa place."
    ),
    # api.commands.webhooks, witness
    "there is no such message.": "cette notification n'existe pas.",
    "this endpoint has no such message to replay.": (
        "cette adresse de notification n'a pas cette notification à rejouer."
    ),
    "Look for it with `cauri webhooks list`.": "Cherchez-la par `cauri webhooks list`.",
    "the file is no answer of /v1/log/keys.": ("le fichier n'est pas une réponse de /v1/log/keys."),
    "Save that answer, or what `cauri log-key list --json` prints.": (
        "Enregistrez cette réponse, ou ce qu'imprime `cauri log-key list --json`."
    ),
    "it says how to read a provider's own file, and no form is named.": (
        "cela dit comment lire le fichier d'un prestataire, et aucune forme n'est nommée."
    ),
    "Name one with --form.": "Nommez-en une par --form.",
}
"""Of sentences that only commands say: English template -> French template."""

FRENCH_OF_TERMINAL: Final[Mapping[str, str]] = {
    **FRENCH,
    **{
        english: typeset_french(french)
        for english, french in {
            **FRENCH_OF_COMMANDS,
            **FRENCH_OF_SETTINGS,
            **FRENCH_OF_OPERATORS_SETTINGS,
            **FRENCH_OF_AGGREGATORS_SETTINGS,
        }.items()
    },
}
"""English template -> French template, of everything that a terminal may show."""
