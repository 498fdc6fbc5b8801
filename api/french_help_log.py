"""French: help of the commands about the log and its proofs; a part of `api.french_help`."""

from typing import Final

FRENCH_OF_LOG_HELP: Final[dict[str, str]] = {
    # tail
    "Print the log; with --json the entries themselves, one per line, byte for byte.": (
        "Imprimer le registre ; avec --json, les entrées elles-mêmes, une par ligne, à l'octet "
        "près."
    ),
    "From which position; by default the last 20.": (
        "Après quelle position ; par défaut les 20 dernières."
    ),
    "Go on with what comes.": "Continuer avec ce qui arrive.",
    # verify
    "Read the whole log and prove that nobody rewrote it.": (
        "Lire tout le registre et prouver que personne ne l'a réécrit."
    ),
    "What the log committed to earlier: a signed note, a saved answer of /v1/log/checkpoint, or "
    "size and root in hexadecimal.": (
        "Ce à quoi le registre s'est engagé plus tôt : une note signée, une réponse enregistrée de "
        "/v1/log/checkpoint, ou taille et racine en hexadécimal."
    ),
    "A public key of the log that you trust: it, or one it introduced, has to have signed the "
    "note; without a checkpoint, the newest one in the log.": (
        "Une clé publique du registre, à laquelle vous vous fiez : elle, ou une clé qu'elle a "
        "introduite, doit avoir signé la note ; sans point de contrôle, le dernier du registre."
    ),
    "Whose cosignatures to check: a C2SP tlog-policy file; by default the server's, "
    "CAURI_WITNESS_POLICY_FILE.": (
        "De qui vérifier les cosignatures : un fichier C2SP tlog-policy ; par défaut celui du "
        "serveur, CAURI_WITNESS_POLICY_FILE."
    ),
    "Compare every projection with what the log gives.": (
        "Comparer chaque projection à ce que donne le registre."
    ),
    "How many work at once; by default one a core.": (
        "Combien travaillent à la fois ; par défaut un par cœur."
    ),
    # replay
    "Show the state as it was then, from the log alone: payments by status, trial balance.": (
        "Montrer l'état d'alors, d'après le registre seul : paiements par état et balance générale."
    ),
    "What the log held by then, included; by default all.": (
        "Ce que le registre contenait alors, inclus ; par défaut tout."
    ),
    "The same as --known-at.": "La même chose que --known-at.",
    "Only what moved then or later; a day begins in UTC.": (
        "Seulement ce qui a bougé alors ou plus tard ; un jour commence en UTC."
    ),
    "Only what moved before that; it is not included.": (
        "Seulement ce qui a bougé avant ; ce moment n'est pas inclus."
    ),
    "Of which; by default as the deployment is.": (
        "De quel mode ; par défaut celui du déploiement."
    ),
    # rebuild
    "Make projections anew from the log alone.": (
        "Refaire les projections à partir du seul registre."
    ),
    "Which projection; by default all.": "Quelle projection ; par défaut toutes.",
    "Only compare with what the log gives.": "Seulement comparer à ce que donne le registre.",
    "With --check: compare the digests that a checkpoint recorded, the newest one's or that of a "
    "size.": (
        "Avec --check : comparer les empreintes qu'un point de contrôle a enregistrées, le dernier "
        "ou celui d'une taille."
    ),
    # checkpoint
    "Checkpoints: what the log commits to.": (
        "Points de contrôle : ce à quoi le registre s'engage."
    ),
    "Sign and record what the log holds now, and print the note.": (
        "Signer et enregistrer ce que le registre contient maintenant, et imprimer la note."
    ),
    "List the checkpoints, newest first, and who cosigned them.": (
        "Lister les points de contrôle, le plus récent d'abord, et qui les a cosignés."
    ),
    # log-key
    "The keys that sign the log.": "Les clés qui signent le registre.",
    "List the public keys that sign the log, and which checkpoints each signs.": (
        "Lister les clés publiques qui signent le registre, et les points de contrôle de chacune."
    ),
    "Let a new key sign the log from now on; the old one signs its introduction.": (
        "Faire signer le registre par une nouvelle clé désormais ; l'ancienne signe son "
        "introduction."
    ),
    "The old key cannot sign the handing over: every auditor has to be told the new key anew.": (
        "L'ancienne clé ne peut pas signer la passation : il faut redonner la nouvelle clé à "
        "chaque auditeur."
    ),
    # receipts
    "Receipts: proofs of a payment that anybody can check.": (
        "Reçus : des preuves d'un paiement, que n'importe qui peut vérifier."
    ),
    "Check a receipt against keys you trust; exit 1 where it does not hold.": (
        "Vérifier un reçu par des clés auxquelles vous vous fiez ; statut 1 s'il ne tient pas."
    ),
    "The receipt.": "Le reçu.",
    "Whom you trust: a file, C2SP tlog-policy.": (
        "À qui vous vous fiez : un fichier, C2SP tlog-policy."
    ),
    "A key of the log; may be given several times.": (
        "Une clé du registre ; peut être donnée plusieurs fois."
    ),
    "Write the page for people here, if it holds.": (
        "Écrire ici la page faite pour les gens, si le reçu tient."
    ),
    "The page's language.": "La langue de la page.",
    "Write the receipt of a payment, as far as checkpoints cover it.": (
        "Écrire le reçu d'un paiement, pour autant que des points de contrôle le couvrent."
    ),
    "The file to write.": "Le fichier à écrire.",
    "Print the program that checks receipts with nothing but Python: for strangers.": (
        "Imprimer le programme qui vérifie les reçus avec Python seul : pour les inconnus."
    ),
    # answers
    "Signed answers that a client has kept.": "Réponses signées qu'un client a gardées.",
    "Check the signature of an answer; exit 1 where it does not hold.": (
        "Vérifier la signature d'une réponse ; statut 1 si elle ne tient pas."
    ),
    "As `curl -i` printed it.": "Telle que `curl -i` l'a imprimée.",
    "What was asked: 'GET /v1/payments/pay_...'.": (
        "Ce qui a été demandé : 'GET /v1/payments/pay_...'."
    ),
    # witness
    "A witness: a small server that cosigns a log as long as it only grows.": (
        "Un témoin : un petit serveur qui cosigne un registre tant qu'il ne fait que croître."
    ),
    "Make a witness: its folder and key; print the public key for those who trust it.": (
        "Faire un témoin : son dossier et sa clé ; imprimer la clé publique pour qui s'y fie."
    ),
    "The witness's name, such as audit.example/witness.": (
        "Le nom du témoin, par exemple audit.example/witness."
    ),
    "The witness's folder.": "Le dossier du témoin.",
    "Watch a log from now on, or know a further key of it.": (
        "Veiller désormais sur un registre, ou en connaître une clé de plus."
    ),
    "The log's public key: <name>+<id>+<base64>.": (
        "La clé publique du registre : <nom>+<identifiant>+<base64>."
    ),
    "A saved answer of /v1/log/keys: the key is added only if one that is known here introduced "
    "it.": (
        "Une réponse enregistrée de /v1/log/keys : la clé n'est ajoutée que si une clé connue ici "
        "l'a introduite."
    ),
    "Serve the witness until told to stop: add-checkpoint for logs, a page for people.": (
        "Servir le témoin jusqu'à l'ordre d'arrêt : add-checkpoint pour les registres, une page "
        "pour les gens."
    ),
    "Where to listen; 0 picks one.": "Où écouter ; 0 en choisit un.",
    "Show what was refused and kept (exit status 1), and signs; with --json whole, one a line.": (
        "Montrer ce qui a été refusé et gardé (statut 1), et les indices ; avec --json en entier, "
        "un par ligne."
    ),
    # audit
    "Audit bundles: a stretch of the log with all that proves it.": (
        "Dossiers d'audit : une étendue du registre avec tout ce qui la prouve."
    ),
    "Write a bundle that can be checked on a machine without Cauri, network or database.": (
        "Écrire un dossier que l'on peut vérifier sur une machine sans Cauri, réseau ni base de "
        "données."
    ),
    "Where to: a new folder, or a new file ending in .tar.": (
        "Où : un nouveau dossier, ou un nouveau fichier qui finit par .tar."
    ),
    "The first entry, or the first of then or later; a day begins in UTC. By default the log's "
    "first.": (
        "La première entrée, ou la première de ce moment ou d'après ; un jour commence en UTC. Par "
        "défaut la première du registre."
    ),
    "The last entry, or the last by then, both included; so a day is its beginning in UTC. By "
    "default the last one a checkpoint covers.": (
        "La dernière entrée, ou la dernière à ce moment, l'une et l'autre incluses ; un jour est "
        "donc son début en UTC. Par défaut la dernière qu'un point de contrôle couvre."
    ),
    "The C2SP tlog-policy file that goes along, and by which the report says who cosigned; by "
    "default the server's, CAURI_WITNESS_POLICY_FILE.": (
        "Le fichier C2SP tlog-policy qui accompagne le dossier, et par lequel le rapport dit qui a "
        "cosigné ; par défaut celui du serveur, CAURI_WITNESS_POLICY_FILE."
    ),
    "Check a bundle: every byte, signature and number of it; name the first that is wrong.": (
        "Vérifier un dossier : chaque octet, signature et nombre ; nommer le premier qui est faux."
    ),
    "A folder or a .tar file.": "Un dossier ou un fichier .tar.",
    "Whom you trust: a C2SP tlog-policy file. By default the bundle's own.": (
        "À qui vous vous fiez : un fichier C2SP tlog-policy. Par défaut celui du dossier."
    ),
}
"""English text -> French text."""
