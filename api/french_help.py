"""French: the command line's help, from its English; one entry a text, by families of commands.

A command's text is its docstring, an option's its `help`; a test walks the whole command line and
finds what has no French, and what French is left over. Families have modules of their own:
`api.french_help_log`, `api.french_help_people`, `api.french_help_payments`,
`api.french_help_statements`.
"""

from collections.abc import Mapping
from typing import Final

from adapters.typesetting import typeset_french
from api.french_help_accounts import FRENCH_OF_ACCOUNTS_HELP
from api.french_help_log import FRENCH_OF_LOG_HELP
from api.french_help_payments import FRENCH_OF_PAYMENTS_HELP
from api.french_help_people import FRENCH_OF_PEOPLE_HELP
from api.french_help_statements import FRENCH_OF_STATEMENTS_HELP

FRENCH_OF_SERVER_HELP: Final[dict[str, str]] = {
    # The whole
    "An event-sourced ledger and gateway for mobile money, whose history can be proved.": (
        "Un registre d'événements et une passerelle pour l'argent mobile, dont l'histoire se "
        "prouve."
    ),
    "Show this message and exit.": "Afficher cette aide et quitter.",
    # Options of many commands
    "sqlite:///cauri.db, a file's path, or postgresql://user@host/name.": (
        "sqlite:///cauri.db, le chemin d'un fichier, ou postgresql://utilisateur@hôte/nom."
    ),
    "Answer in JSON, for programs.": "Répondre en JSON, pour les programmes.",
    "How many.": "Combien.",
    "The file with the master key.": "Le fichier de la clé maîtresse.",
    # serve, sandbox
    "Serve the API until told to stop.": "Servir l'API jusqu'à l'ordre d'arrêt.",
    "Where to listen.": "Où écouter.",
    "0 picks one.": "0 en choisit un.",
    "Start the bundled provider sandboxes too.": (
        "Démarrer aussi les serveurs d'essai des prestataires, qui sont fournis."
    ),
    "What goes wrong on the way to the sandboxes.": (
        "Ce qui va mal sur le chemin des serveurs d'essai."
    ),
    "Chooses which calls the faults hit.": "Choisit les appels que les pannes frappent.",
    "Run the provider sandboxes alone, and say how to point a server at them.": (
        "Lancer les seuls serveurs d'essai des prestataires, et dire comment y diriger un serveur."
    ),
    "Of the first one.": "Celui du premier.",
    # providers
    "Show every provider there is: where, what it can do, and how it proves itself.": (
        "Montrer tous les prestataires : où ils sont, ce qu'ils savent faire, et par quoi ils se "
        "prouvent."
    ),
    "Answer as a table for a page, such as the README.": (
        "Répondre par un tableau pour une page, comme le README."
    ),
    # migrate, restored
    "Create the tables, or bring them up to this code.": (
        "Créer les tables, ou les mettre au niveau de ce code."
    ),
    "Say that this database was put back from a backup: what the lost one sent is looked for.": (
        "Dire que cette base vient d'une sauvegarde : ce que la base perdue a envoyé est recherché."
    ),
    "When the backup was made; by default the time of the log's last event.": (
        "Quand la sauvegarde a été faite ; par défaut, l'heure du dernier événement du registre."
    ),
    "For how long providers are asked before they are sent.": (
        "Pendant combien de jours les prestataires sont interrogés avant tout envoi."
    ),
    "Send to this provider although it cannot be asked; may charge a payer twice.": (
        "Envoyer à ce prestataire bien qu'il ne puisse pas être interrogé ; un payeur risque "
        "d'être débité deux fois."
    ),
    "Send what waited in the backup although it may have been cancelled since.": (
        "Envoyer ce qui attendait dans la sauvegarde, bien que cela ait pu être annulé depuis."
    ),
    # master-key
    "The master key: what wraps every data key, replaced while servers run.": (
        "La clé maîtresse, qui scelle chaque clé de données ; elle se remplace pendant que les "
        "serveurs tournent."
    ),
    "Make a new current key and wrap every data key under it; repeat it after an interruption.": (
        "Faire une nouvelle clé actuelle et resceller par elle chaque clé de données ; à répéter "
        "après une interruption."
    ),
    "Take a former key out of the ring; refused while anything is wrapped under it.": (
        "Retirer une ancienne clé du trousseau ; refusé tant que quelque chose est scellé par elle."
    ),
    "Of a former key.": "Celui d'une ancienne clé.",
    "List the ring's keys by id, and how many data keys each wraps.": (
        "Lister les clés du trousseau par identifiant, et combien de clés de données chacune "
        "scelle."
    ),
}
"""English text -> French text."""

FRENCH_OF_HELP: Final[Mapping[str, str]] = {
    english: typeset_french(french)
    for english, french in {
        **FRENCH_OF_SERVER_HELP,
        **FRENCH_OF_LOG_HELP,
        **FRENCH_OF_PEOPLE_HELP,
        **FRENCH_OF_PAYMENTS_HELP,
        **FRENCH_OF_ACCOUNTS_HELP,
        **FRENCH_OF_STATEMENTS_HELP,
    }.items()
}
"""English text -> French text, of all of it."""

PANELS: Final[Mapping[str, str]] = {
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commandes",
    "DEFAULT_STRING": typeset_french("[par défaut : {}]"),
    "REQUIRED_LONG_STRING": "[obligatoire]",
}
"""The library's own words around them, by their names in `typer.rich_utils`."""
