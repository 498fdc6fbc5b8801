"""French of the API's description of the log; see `api.openapi_french`."""

from typing import Final

FRENCH_OF_LOG_DOCS: Final[dict[str, str]] = {
    "Say what the log commits to: size and root; and the published checkpoint.": (
        "Dire à quoi le registre s'engage : taille et racine ; et le point de contrôle publié."
    ),
    "List the recorded checkpoints, newest first, with their cosignatures.": (
        "Lister les points de contrôle enregistrés, du plus récent au plus ancien, avec leurs "
        "cosignatures."
    ),
    "Make a checkpoint now, if anything happened since the last one.": (
        "Établir un point de contrôle maintenant, si quelque chose s'est passé depuis le dernier."
    ),
    "List the keys that sign the log, and which checkpoints each signs.": (
        "Lister les clés qui signent le registre, et les points de contrôle que chacune signe."
    ),
    "Prove that an entry is in the log of a size.": (
        "Prouver qu'une entrée est dans le registre d'une taille donnée."
    ),
    "Prove that the log of a size only added to that of an earlier one.": (
        "Prouver que le registre n'a fait que s'allonger d'une taille à une autre."
    ),
    "Give the published checkpoint as a signed note (C2SP tlog-tiles).": (
        "Donner le point de contrôle publié sous forme de note signée (C2SP tlog-tiles)."
    ),
    "Give a bundle of entries: `<N>[.p/<W>]` (C2SP tlog-tiles).": (
        "Donner un paquet d'entrées : `<N>[.p/<W>]` (C2SP tlog-tiles)."
    ),
    "Give a tile of the tree: `<L>/<N>[.p/<W>]` (C2SP tlog-tiles).": (
        "Donner une tuile de l'arbre : `<L>/<N>[.p/<W>]` (C2SP tlog-tiles)."
    ),
    "What a projection's rows hash to at a position.": (
        "L'empreinte des lignes d'une projection à une position."
    ),
    "In hexadecimal.": ("En hexadécimal."),
    "The version of the projection's code that made the rows.": (
        "La version du code de la projection qui a fait les lignes."
    ),
    "One checkpoint with everybody who signed it.": (
        "Un point de contrôle avec tous ceux qui l'ont signé."
    ),
    "A C2SP signed note.": ("Une note signée C2SP."),
    "The witnesses whose cosignatures the note carries.": (
        "Les témoins dont la note porte les cosignatures."
    ),
    "Projection -> what its rows hash to.": ("Projection -> empreinte de ses lignes."),
    "The event that records it.": ("L'événement qui l'enregistre."),
    "What the log commits to at this moment, and the checkpoint that is published.": (
        "Ce à quoi le registre s'engage à cet instant, et le point de contrôle publié."
    ),
    "The newest recorded checkpoint, a cosigned one if there is one of late.": (
        "Le dernier point de contrôle enregistré, cosigné s'il y en a un récent."
    ),
    "Checkpoints, newest first.": ("Des points de contrôle, du plus récent au plus ancien."),
    "A checkpoint that is recorded.": ("Un point de contrôle enregistré."),
    "Whether it was made just now; else nothing has happened.": (
        "S'il vient d'être établi ; sinon rien ne s'est passé."
    ),
    "Those smaller than this size.": ("Ceux qui sont plus petits que cette taille."),
    "A key that signs the log.": ("Une clé qui signe le registre."),
    "A public key, `<name>+<id>+<base64>`.": ("Une clé publique, `<name>+<id>+<base64>`."),
    "The event that introduced it.": ("L'événement qui l'a présentée."),
    "The smallest size it signs.": ("La plus petite taille qu'elle signe."),
    "The largest one; null: it signs now.": ("La plus grande ; null : elle signe actuellement."),
    "Its introduction, signed by it and by the key before it.": (
        "Sa présentation, signée par elle et par la clé précédente."
    ),
    "Every key of the log, in the order they were introduced.": (
        "Toutes les clés du registre, dans l'ordre de leur présentation."
    ),
    "By default that of the published checkpoint.": (
        "Par défaut celle du point de contrôle publié."
    ),
    "An entry is in the tree of a size (RFC 6962, section 2.1.1).": (
        "Une entrée est dans l'arbre d'une taille donnée (RFC 6962, section 2.1.1)."
    ),
    "From 1; the leaf's index in the tree is one less.": (
        "À partir de 1 ; l'indice de la feuille dans l'arbre est inférieur d'une unité."
    ),
    "The leaf's sibling first.": ("La sœur de la feuille d'abord."),
    "The checkpoint recorded at this size; null: none was. Prove up to one that was.": (
        "Le point de contrôle enregistré à cette taille ; null : aucun. Prouvez jusqu'à l'un d'eux."
    ),
    "The size of the earlier tree.": ("La taille du premier arbre."),
    "Of the later one; by default of the published checkpoint.": (
        "Celle du second ; par défaut celle du point de contrôle publié."
    ),
    "The tree of a size only added to that of another (RFC 6962, section 2.1.2).": (
        "L'arbre n'a fait que s'allonger d'une taille à une autre (RFC 6962, section 2.1.2)."
    ),
    "How many entries it holds.": ("Combien d'entrées il contient."),
    "When it was recorded.": ("Quand cela a été enregistré."),
    "The position at which it stands.": ("La position où cela se situe."),
    "A hash, in base64.": ("Une empreinte, en base64."),
    "The hashes of the proof.": ("Les empreintes de la preuve."),
    **{
        f"Prove a {english}'s history: entries, proofs and a signed checkpoint, in one file.": (
            f"Prouver l'histoire d'un {french} : entrées, preuves et point de contrôle signé, "
            "dans un seul fichier."
        )
        for english, french in (
            ("payment", "paiement"),
            ("payout", "versement"),
            ("refund", "remboursement"),
        )
    },
    "What is to be signed of the answer (RFC 9421): it then carries `Content-Digest`, "
    "`Signature-Input` and `Signature`, by the key that signs the log.": (
        "Ce qui est à signer de la réponse (RFC 9421) : elle porte alors `Content-Digest`, "
        "`Signature-Input` et `Signature`, par la clé qui signe le registre."
    ),
    "Say how far old entries were read again and compared, and what came out.": (
        "Dire jusqu'où d'anciennes entrées ont été relues et comparées, et ce qui en est sorti."
    ),
    "The first thing that is not as it was recorded.": (
        "La première chose qui n'est pas telle qu'elle a été enregistrée."
    ),
    "Where it is.": ("Où elle se trouve."),
    "`entry`, `version`, `tile`, `head` or `checkpoint`.": (
        "`entry` (entrée), `version`, `tile` (tuile), `head` (tête) ou `checkpoint` (point de "
        "contrôle)."
    ),
    "How far old entries were read again.": ("Jusqu'où d'anciennes entrées ont été relues."),
    "Of the round under way: up to here all is as it was recorded.": (
        "Du tour en cours : jusqu'ici tout est tel qu'il a été enregistré."
    ),
    "How many entries that round reads; 0 between two rounds.": (
        "Combien d'entrées ce tour lit ; 0 entre deux tours."
    ),
    "How many entries the last full round found as they were recorded.": (
        "Combien d'entrées le dernier tour complet a trouvées telles qu'enregistrées."
    ),
    "When that round ended.": ("Quand ce tour s'est achevé."),
    "What the last round found wrong.": ("Ce que le dernier tour a trouvé de faux."),
    "Whether the projections are what the log alone gives.": (
        "Si les projections sont ce que le registre seul donne."
    ),
    "When their rows were hashed last.": (
        "Quand l'empreinte de leurs lignes a été prise pour la dernière fois."
    ),
    "When what came out was held against the log last.": (
        "Quand le résultat a été confronté au registre pour la dernière fois."
    ),
    "Those whose rows were not the log's then.": (
        "Celles dont les lignes n'étaient alors pas celles du registre."
    ),
    "Of the log's own entries.": ("Des entrées mêmes du registre."),
    "Of what is made from them.": ("De ce qui en est fait."),
    "What this server finds when it reads its own past again.": (
        "Ce que ce serveur trouve quand il relit son propre passé."
    ),
}
