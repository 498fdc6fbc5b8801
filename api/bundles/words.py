"""The words of a bundle's report and of its README, in English and French."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from adapters.typesetting import typeset_french


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWords:
    """All texts of a report in one language; `{name}` is filled in."""

    language: str
    title: str
    what: str
    period: str
    names: Mapping[str, str]
    """Of a fact -> how it is called."""
    is_met: str
    is_introduced: str
    is_not_met: str
    seen_at: str
    nothing: str
    payments_title: str
    payments_note: str
    payments_columns: tuple[str, ...]
    balance_title: str
    balance_note: str
    balance_stated: str
    balance_columns: tuple[str, ...]
    entries_title: str
    entries_note: str
    entries_columns: tuple[str, ...]
    digests_title: str
    digests_note: str
    digests_columns: tuple[str, ...]
    verify_title: str
    verify: tuple[str, ...]
    proves_title: str
    proves: tuple[str, ...]
    witnessed: str
    unwitnessed: str
    unnamed: str
    proves_not_title: str
    proves_not: tuple[str, ...]
    files_title: str
    files: Mapping[str, str]
    glossary_title: str
    glossary: Mapping[str, str]
    modes: Mapping[str, str]
    kinds: Mapping[str, str]
    statuses: Mapping[str, str]


COMMAND: Final = "python3 -I verify_bundle.py --policy ../my-policy.txt ."

ENGLISH: Final = ReportWords(
    language="en",
    title="Audit bundle",
    what="This is a stretch of the log of a payment ledger, with all that is needed to check it on "
    "a machine without the ledger, a network or a database.",
    period="Entries {first} to {last}",
    names={
        "origin": "Log",
        "asked_from": "Asked for from (UTC)",
        "asked_to": "Asked for until (included, UTC)",
        "from": "First entry",
        "from_at": "First entry recorded at (UTC)",
        "to": "Last entry",
        "to_at": "Last entry recorded at (UTC)",
        "size": "Entries in the log at its checkpoint",
        "root": "Root of the tree (base64)",
        "made_at": "Bundle made at (UTC)",
        "tool": "Made with",
        "witness": "Witness {name}",
        "policy": "The bundle's own policy",
    },
    is_met="It holds the checkpoint for valid.",
    is_introduced="By its letter it does not hold the checkpoint for valid: it does not name "
    "the log's key that signed. But a key that it names introduced that one (keys.jsonl). The "
    "log's key was rotated; whoever has checked the introduction adds: log {key}",
    is_not_met="It does not hold the checkpoint for valid: a signature it asks for is missing.",
    seen_at="saw the checkpoint at {at}",
    nothing="None.",
    payments_title="Payments asked for in the period",
    payments_note="Every payment that was asked for within these entries, by where it stood at the "
    "last of them.",
    payments_columns=("Mode", "Kind", "Provider", "Status", "Currency", "Number", "Sum"),
    balance_title="Trial balance",
    balance_note="Debit and credit are what the entries of the period book, by the rules in the "
    "verifier; the closing balance is the opening balance, debit added and credit taken off. A "
    "balance without a sign is a debit.",
    balance_stated="The period does not begin with the log. So the opening balance is the ledger's "
    "word; hold it against the closing balance of the bundle before this one.",
    balance_columns=(
        *("Mode", "Account", "Name", "Holder", "Currency"),
        *("Opening", "Debit", "Credit", "Closing"),
    ),
    entries_title="Entries by type",
    entries_note="Every entry of the period, whatever it speaks of.",
    entries_columns=("Type", "Number"),
    digests_title="What the checkpoints say of the ledger's tables",
    digests_note="The SHA-256 of all rows of a table as the ledger held it at a position. Whoever "
    "makes the table anew from the log gets the same.",
    digests_columns=("Table", "Position", "SHA-256"),
    verify_title="How to verify it",
    verify=(
        "You need Python 3.9 or newer, and nothing else. In the folder of the bundle:",
        (
            "The policy is a text that says whose keys you trust. Take it from somebody else than "
            "whoever gave you this bundle, and put it beside the folder: the bundle holds what its "
            "manifest names, and a file that was put into it makes it fail. Without --policy the "
            "bundle's own is used: then it is only shown that the bundle agrees with itself."
        ),
        (
            "Take verify_bundle.py from somebody else too, or read it before you run it. Somebody "
            "who has Cauri says: cauri audit verify BUNDLE --policy my-policy.txt. The two share "
            "no code."
        ),
    ),
    proves_title="What it proves",
    proves=(
        (
            "Whoever holds the log's key committed, with a signature, to exactly these entries, in "
            "this order, at these places."
        ),
        "All checkpoints in this bundle are of one log that only grew.",
        "The numbers in this report are those that the entries give.",
    ),
    witnessed="The witnesses named above had seen the commitment at the times shown, as the "
    "continuation of all that they had seen before: the entries can no longer be taken back or "
    "changed unseen.",
    unwitnessed="No witness has cosigned the commitment: it binds whoever keeps the ledger by the "
    "log's signature alone.",
    unnamed="Witnesses: none that this bundle's policy names. Signatures of others in the "
    "note: {number}. What they are worth is for a policy that names them to say.",
    proves_not_title="What it does not prove",
    proves_not=(
        "That what was written down is true: a provider may have told the ledger something false.",
        "That everything was written down: money that never came to the ledger's ears is not here.",
        "What happened after the last entry.",
        "The opening balance, where the period does not begin with the log.",
        (
            "Who a payment was from or for: numbers and names are sealed in the entries, and may "
            "have been forgotten since."
        ),
    ),
    files_title="What is in it",
    files={
        "entries/": "The entries of the period, byte for byte, a line of JSON each.",
        "context/": "Earlier entries of payments that the period goes on with.",
        "tiles/": "The hashes of the tree, as C2SP tlog-tiles lays them out.",
        "checkpoints/": "The signed and cosigned checkpoints (C2SP tlog-checkpoint).",
        "keys.jsonl": "The entries that introduced the keys of the log.",
        "keys.txt": "These keys.",
        "policy.txt": "The ledger's own policy (C2SP tlog-policy).",
        "digests.json": "What the checkpoints say of the ledger's tables.",
        "totals.json": "The numbers of this report, for programs.",
        "verify_bundle.py": "The verifier.",
        "manifest.json": "Size and SHA-256 of every other file.",
    },
    glossary_title="Glossary",
    glossary={
        "Entry": "One thing that happened, written down once and never changed.",
        "Log": "All entries, in one order.",
        "Position": "The place of an entry in the log, from 1, without gaps.",
        "Root": "One number that changes when any entry changes.",
        "Checkpoint": "A signed text: so many entries, and this root.",
        "Witness": "Somebody independent who signs a checkpoint only if it continues the last one.",
        "Policy": "How many of whose signatures are enough for you.",
        "Trial balance": "All accounts with what they hold; over all of them it sums to zero.",
        "Suspense": "Where money stands while the words about it contradict each other.",
    },
    modes={"live": "live", "test": "test", "": "not said"},
    kinds={"collection": "Payment", "payout": "Payout", "refund": "Refund"},
    statuses={
        "requested": "Asked for",
        "submitting": "Being sent",
        "pending": "With the provider",
        "unknown": "No answer yet",
        "succeeded": "Succeeded",
        "failed": "Failed",
        "expired": "Expired",
        "declined": "Refused",
        "conflict": "In conflict",
    },
)

_FRENCH: Final = ReportWords(
    language="fr",
    title="Dossier d'audit",
    what="Ceci est un extrait d'un registre de paiements, avec tout ce qu'il faut pour le "
    "contrôler sur une machine qui n'a ni le registre entier, ni réseau, ni base de données.",
    period="Entrées {first} à {last}",
    names={
        "origin": "Registre",
        "asked_from": "Demandé à partir de (UTC)",
        "asked_to": "Demandé jusqu'à (inclus, UTC)",
        "from": "Première entrée",
        "from_at": "Première entrée enregistrée le (UTC)",
        "to": "Dernière entrée",
        "to_at": "Dernière entrée enregistrée le (UTC)",
        "size": "Entrées du registre à son point de contrôle",
        "root": "Racine de l'arbre (base64)",
        "made_at": "Dossier établi le (UTC)",
        "tool": "Établi avec",
        "witness": "Témoin {name}",
        "policy": "La politique jointe au dossier",
    },
    is_met="Elle tient le point de contrôle pour valable.",
    is_introduced="À la lettre, elle ne tient pas le point de contrôle pour valable : elle ne "
    "nomme pas la clé du registre qui a signé. Mais une clé qu'elle nomme a introduit celle-ci "
    "(keys.jsonl). La clé du registre a été remplacée ; qui a vérifié l'introduction ajoute : "
    "log {key}",
    is_not_met="Elle ne tient pas le point de contrôle pour valable : il manque une signature "
    "qu'elle exige.",
    seen_at="a vu le point de contrôle le {at}",
    nothing="Aucun.",
    payments_title="Opérations demandées pendant la période",
    payments_note="Toutes les opérations demandées dans ces entrées, selon leur état à la "
    "dernière d'entre elles.",
    payments_columns=("Mode", "Nature", "Prestataire", "État", "Devise", "Nombre", "Somme"),
    balance_title="Balance générale",
    balance_note="Le débit et le crédit sont ce que les entrées de la période comptabilisent, "
    "d'après les règles du vérificateur ; le solde de clôture est le solde d'ouverture, augmenté "
    "du débit et diminué du crédit. Un solde sans signe est débiteur.",
    balance_stated="La période ne commence pas au début du registre. Le solde d'ouverture est donc "
    "une déclaration du registre : comparez-le au solde de clôture du dossier précédent.",
    balance_columns=(
        *("Mode", "Compte", "Intitulé", "Titulaire", "Devise"),
        *("Ouverture", "Débit", "Crédit", "Clôture"),
    ),
    entries_title="Entrées par type",
    entries_note="Toutes les entrées de la période, quel que soit leur objet.",
    entries_columns=("Type", "Nombre"),
    digests_title="Ce que les points de contrôle disent des tables du registre",
    digests_note="L'empreinte SHA-256 de toutes les lignes d'une table, telle que le registre la "
    "tenait à une position. Quiconque reconstruit la table à partir du registre obtient la même.",
    digests_columns=("Table", "Position", "SHA-256"),
    verify_title="Comment le vérifier",
    verify=(
        "Il suffit de Python 3.9 ou plus récent. Dans le dossier :",
        (
            "La politique est un texte qui dit à quelles clés vous faites confiance. Obtenez-la "
            "d'une autre personne que celle qui vous a remis ce dossier, et placez-la à côté du "
            "dossier : il contient ce que son manifeste nomme, et un fichier qu'on y met le fait "
            "échouer. Sans --policy, c'est la politique jointe qui sert : on montre alors "
            "seulement que le dossier est d'accord avec lui-même."
        ),
        (
            "Obtenez verify_bundle.py d'une autre personne aussi, ou lisez-le avant de le lancer. "
            "Qui dispose de Cauri tape : cauri audit verify DOSSIER --policy my-policy.txt. Les "
            "deux programmes n'ont aucun code en commun."
        ),
    ),
    proves_title="Ce qu'il prouve",
    proves=(
        (
            "Celui qui détient la clé du registre s'est engagé, par sa signature, sur exactement "
            "ces entrées, dans cet ordre et à ces places."
        ),
        (
            "Tous les points de contrôle de ce dossier sont ceux d'un seul registre, qui n'a fait "
            "que s'allonger."
        ),
        "Les nombres de ce rapport sont ceux que donnent les entrées.",
    ),
    witnessed="Les témoins nommés ci-dessus avaient vu l'engagement aux heures indiquées, comme la "
    "suite de tout ce qu'ils avaient vu auparavant : les entrées ne peuvent plus être reprises "
    "ni modifiées sans que cela se voie.",
    unwitnessed="Aucun témoin n'a cosigné l'engagement : il ne lie celui qui tient le registre "
    "que par sa seule signature.",
    unnamed="Témoins : aucun que nomme la politique de ce dossier. Signatures d'autres dans la "
    "note : {number}. Ce qu'elles valent, une politique qui les nomme le dira.",
    proves_not_title="Ce qu'il ne prouve pas",
    proves_not=(
        (
            "Que ce qui a été écrit est vrai : un prestataire a pu dire au registre quelque chose "
            "de faux."
        ),
        "Que tout a été écrit : l'argent dont le registre n'a jamais entendu parler n'est pas ici.",
        "Ce qui s'est passé après la dernière entrée.",
        "Le solde d'ouverture, lorsque la période ne commence pas au début du registre.",
        (
            "De qui venait un paiement, ni à qui il allait : les numéros et les noms sont scellés "
            "dans les entrées, et ont pu être oubliés depuis."
        ),
    ),
    files_title="Ce qu'il contient",
    files={
        "entries/": "Les entrées de la période, octet pour octet, une ligne de JSON chacune.",
        "context/": "Les entrées antérieures des paiements que la période poursuit.",
        "tiles/": "Les empreintes de l'arbre, disposées selon C2SP tlog-tiles.",
        "checkpoints/": "Les points de contrôle signés et cosignés (C2SP tlog-checkpoint).",
        "keys.jsonl": "Les entrées qui ont introduit les clés du registre.",
        "keys.txt": "Ces clés.",
        "policy.txt": "La politique du registre lui-même (C2SP tlog-policy).",
        "digests.json": "Ce que les points de contrôle disent des tables du registre.",
        "totals.json": "Les nombres de ce rapport, pour les programmes.",
        "verify_bundle.py": "Le vérificateur.",
        "manifest.json": "La taille et l'empreinte SHA-256 de tous les autres fichiers.",
    },
    glossary_title="Glossaire",
    glossary={
        "Entrée": "Une chose qui s'est passée, écrite une fois et jamais modifiée.",
        "Registre": "Toutes les entrées, dans un seul ordre.",
        "Position": "La place d'une entrée dans le registre, à partir de 1, sans trou.",
        "Racine": "Un nombre qui change dès qu'une entrée change.",
        "Point de contrôle": "Un texte signé : tant d'entrées, et cette racine.",
        "Témoin": "Un tiers indépendant, qui ne signe un point de contrôle que s'il prolonge le "
        "précédent.",
        "Politique": "Combien de signatures, et de qui, vous suffisent.",
        "Balance générale": "Tous les comptes et leurs soldes ; leur total est nul.",
        "Compte d'attente": "Où se trouve l'argent tant que les informations à son sujet se "
        "contredisent.",
    },
    modes={"live": "réel", "test": "essai", "": "non précisé"},
    kinds={"collection": "Encaissement", "payout": "Versement", "refund": "Remboursement"},
    statuses={
        "requested": "Demandée",
        "submitting": "En cours d'envoi",
        "pending": "Chez le prestataire",
        "unknown": "Sans réponse",
        "succeeded": "Réussie",
        "failed": "Échouée",
        "expired": "Expirée",
        "declined": "Refusée",
        "conflict": "Contradictoire",
    },
)


def _typeset(found: object) -> object:
    if isinstance(found, str):
        return typeset_french(found)
    if isinstance(found, tuple):
        return tuple(typeset_french(one) for one in found)
    assert isinstance(found, dict)
    return {name: typeset_french(text) for name, text in found.items()}


FRENCH: Final = ReportWords(
    **{one.name: _typeset(getattr(_FRENCH, one.name)) for one in fields(_FRENCH)}  # type: ignore[arg-type]
)

WORDS: Final = {"en": ENGLISH, "fr": FRENCH}
