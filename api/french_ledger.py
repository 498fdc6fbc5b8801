"""French of the ledger: what its errors say, from their English templates; see `api.french`."""

from typing import Final

FRENCH_OF_LEDGER: Final[dict[str, str]] = {
    "{letters} letters were written about it already.": (
        "{letters} lettres ont déjà été écrites à ce sujet."
    ),
    # Money
    "{currency!r} is not a currency this ledger keeps.": (
        "{currency!r} n'est pas une devise que tient ce registre."
    ),
    "Send {currency}, in capitals.": "Envoyez {currency}, en majuscules.",
    "Send one of {currencies}.": "Envoyez l'une des devises suivantes : {currencies}.",
    "Send {central} for Central Africa (Cameroon, Gabon, Chad ...), or {western} for West Africa "
    "(Senegal, Ivory Coast, Mali ...).": (
        "Envoyez {central} pour l'Afrique centrale (Cameroun, Gabon, Tchad ...), ou {western} pour "
        "l'Afrique de l'Ouest (Sénégal, Côte d'Ivoire, Mali ...)."
    ),
    "the amount is not a whole number of minor units within bounds.": (
        "le montant n'est pas un nombre entier d'unités mineures dans les limites admises."
    ),
    "Send 0 to {maximum} minor units.": "Envoyez de 0 à {maximum} unités mineures.",
    "the amount is not a plain decimal number.": "le montant n'est pas un simple nombre décimal.",
    'Send a string of digits in major units such as "1500" or "12.50", without sign, spaces or '
    "separators.": (
        'Envoyez une chaîne de chiffres en unités principales, par exemple "1500" ou "12.50", '
        "sans signe, espaces ni séparateurs de milliers."
    ),
    "{currency} has {decimals} decimals, and the amount has {given}.": (
        "le montant a trop de décimales ({given}) : {currency} en admet {decimals}."
    ),
    'Send at most {decimals} decimals, for example "{example}".': (
        'Limitez le nombre de décimales à {decimals}, par exemple "{example}".'
    ),
    "the amount is zero.": "le montant est nul.",
    "the amount is negative.": "le montant est négatif.",
    "the amount is too large.": "le montant est trop grand.",
    'Send at most "{largest}" {currency}.': 'Envoyez au plus "{largest}" {currency}.',
    "Send an amount above zero.": "Envoyez un montant supérieur à zéro.",
    # Telephone numbers
    "it is not a telephone number.": "ce n'est pas un numéro de téléphone.",
    "it is too long for a telephone number.": "ce texte est trop long pour un numéro de téléphone.",
    'it has no "+" with a country code, and no default country is known.': (
        "le numéro n'a pas de \"+\" suivi d'un indicatif, et aucun pays par défaut n'est connu."
    ),
    "its country code is no country's.": "son indicatif n'est celui d'aucun pays.",
    "no country has the code {country!r}.": "aucun pays n'a le code {country!r}.",
    "Send the two capitals of ISO 3166, or the number with its country code.": (
        "Envoyez les deux majuscules d'ISO 3166, ou le numéro avec l'indicatif du pays."
    ),
    "no such number can exist in its country's numbering plan.": (
        "ce numéro ne peut pas exister dans le plan de numérotation de son pays."
    ),
    "Send one number, with country code.": "Envoyez un seul numéro, avec l'indicatif du pays.",
    'Send it with its country code, for example "+237" and nine digits; in an address the + is '
    "written %2B.": (
        'Envoyez-le avec l\'indicatif du pays, par exemple "+237" et neuf chiffres ; dans une '
        "adresse, le + s'écrit %2B."
    ),
    "Check the digits and the country code.": "Vérifiez les chiffres et l'indicatif du pays.",
    # Refused commands
    "{command} was refused: {reason}": "{command} a été refusé : {reason}",
    "Refused: {reason}": "Refusé : {reason}",
    "Refused while it is {status}: {reason}": "Refusé dans l'état {status} : {reason}",
    "there is no payment {payment_id!r}.": "le paiement {payment_id!r} n'existe pas.",
    "there is no merchant {merchant_id!r}.": "le marchand {merchant_id!r} n'existe pas.",
    "there is no key {key_id!r}.": "la clé {key_id!r} n'existe pas.",
    "there is no such checkout session.": "cette page de paiement n'existe pas.",
    "it is paid.": "elle est payée.",
    "it is closed.": "elle est fermée.",
    "its time is over.": "son temps est écoulé.",
    "its time is not over.": "son temps n'est pas écoulé.",
    "a payment is under way, and its end is not known.": (
        "un paiement est en cours, et son issue n'est pas connue."
    ),
    "it was tried {attempts} times already.": "il y a déjà eu {attempts} essais.",
    "somebody else has tried it meanwhile.": "quelqu'un d'autre a essayé entre-temps.",
    "the payment is none of this session's.": "ce paiement n'est pas de cette page.",
    "this key is worth nothing any more.": "cette clé ne vaut plus rien.",
    "this key was rotated {rotations} times already.": (
        "cette clé a déjà été renouvelée {rotations} fois."
    ),
    "the id is taken by something else.": "l'identifiant est déjà pris par autre chose.",
    "the call was never stored.": "l'appel n'a jamais été enregistré.",
    "the call was understood already.": "l'appel a déjà été compris.",
    "this Idempotency-Key already made {payment_id} from other content.": (
        "cette Idempotency-Key a déjà créé {payment_id} avec un autre contenu."
    ),
    "Repeat the first content exactly, or use a new key for a new payment.": (
        "Répétez exactement le premier contenu, ou prenez une nouvelle clé pour un nouveau "
        "paiement."
    ),
    "Only what a customer has paid can be given back.": (
        "Seul ce qu'un client a payé peut être remboursé."
    ),
    "Name a payment that a customer made.": "Nommez un paiement fait par un client.",
    "The payment is {status}: only one that succeeded can be given back.": (
        "Le paiement est dans l'état {status} : seul un paiement réussi peut être remboursé."
    ),
    "Look at it again once it is final; what failed took nothing.": (
        "Regardez-le de nouveau quand il sera terminé ; ce qui a échoué n'a rien pris."
    ),
    "Money may have been taken: ask the provider what happened, and give it back once the "
    "conflict is settled.": (
        "De l'argent a pu être pris : demandez au prestataire ce qui s'est passé, et remboursez-le "
        "une fois la contradiction tranchée."
    ),
    "It was paid in {currency}.": "Il a été payé en {currency}.",
    "Give it back in the currency in which it was paid.": (
        "Remboursez-le dans la devise où il a été payé."
    ),
    "It has {refunds} refunds already.": "Il compte déjà {refunds} remboursements.",
    "Pay the customer the rest by a payout.": "Versez le reste au client par un versement.",
    "Nothing of it is left to give back.": "Il n'en reste rien à rembourser.",
    "Look at the refunds it has.": "Regardez les remboursements qu'il compte.",
    "At most {left} of it is left to give back.": "Il en reste au plus {left} à rembourser.",
    "Send no more than that, or no amount to give back all that is left.": (
        "Envoyez au plus cela, ou aucun montant pour rembourser tout ce qui reste."
    ),
    "An earlier refund of it, {refund}, is in doubt again.": (
        "Un remboursement antérieur, {refund}, est de nouveau incertain."
    ),
    "Look at that refund, and ask again once it is final.": (
        "Regardez ce remboursement, et redemandez quand il sera définitif."
    ),
    "it has no such refund.": "il n'a pas ce remboursement.",
    "The payment is {status} and awaits no code.": (
        "Le paiement est à l'état {status} et n'attend aucun code."
    ),
    "Hand in a code only while the payment says that it awaits one.": (
        "Ne remettez un code que tant que le paiement dit qu'il en attend un."
    ),
    "{codes} codes were tried already.": "{codes} codes ont déjà été essayés.",
    "Let this payment expire and make a new one.": (
        "Laissez expirer ce paiement et faites-en un nouveau."
    ),
    "there is no code to be handed over.": "il n'y a aucun code à transmettre.",
    "this provider has declined it already.": "ce prestataire l'a déjà refusé.",
    "only a payment that no provider has may be submitted.": (
        "seul un paiement qu'aucun prestataire ne détient peut être soumis."
    ),
    "only a payment that no provider has may be given up.": (
        "seul un paiement qu'aucun prestataire ne détient peut être abandonné."
    ),
    "it was submitted {attempts} times already.": "il a déjà été soumis {attempts} fois.",
    "somebody else has submitted it meanwhile.": "quelqu'un d'autre l'a soumis entre-temps.",
    "the reference belongs to another provider.": (
        "la référence appartient à un autre prestataire."
    ),
    "the payment was never submitted under this reference.": (
        "le paiement n'a jamais été soumis sous cette référence."
    ),
    "{words} different words are kept already.": (
        "le nombre maximal de témoignages différents est déjà conservé : {words}."
    ),
    # The store
    "stream {stream} is at version {actual}, not at the expected {expected}": (
        "le flux {stream} est à la version {actual}, et non à la version attendue, {expected}"
    ),
    "{queued_max} appends are already waiting; try again shortly": (
        "la file des entrées en attente est pleine ({queued_max}) ; réessayez dans un instant"
    ),
    "stream {stream} may not have more than {events_max} events": (
        "le flux {stream} ne peut pas avoir plus de {events_max} événements"
    ),
    "an entry of type {event_type} would take {size_bytes} bytes; at most {size_bytes_max} are "
    "allowed": (
        "une entrée de type {event_type} prendrait {size_bytes} octets ; {size_bytes_max} au plus "
        "sont permis"
    ),
    "the store is not open: nothing was written": (
        "le registre n'est pas ouvert : rien n'a été écrit"
    ),
    "the store was stopped: nothing was written": "le registre a été arrêté : rien n'a été écrit",
    "the store was stopped in the middle": "le registre a été arrêté en plein travail",
    "the store is closed: nothing can be read": "le registre est fermé : rien ne peut être lu",
    "the store was stopped in the middle of a read": (
        "le registre a été arrêté au milieu d'une lecture"
    ),
    "the database is at schema {found}, this code needs {wanted}. {remedy}": (
        "schéma de la base de données : {found} ; schéma qu'exige ce code : {wanted}. {remedy}"
    ),
    "Run `cauri migrate`.": "Lancez `cauri migrate`.",
    "Upgrade the code: a newer version has written to this database.": (
        "Mettez le code à jour : une version plus récente a écrit dans cette base de données."
    ),
    "The commit failed ({error}).": "L'enregistrement a échoué ({error}).",
    "Run `cauri verify`: something else may have written to this log.": (
        "Lancez `cauri verify` : un autre programme a peut-être écrit dans ce registre."
    ),
    # The database
    "The database is locked by another program.": (
        "La base de données est verrouillée par un autre programme."
    ),
    "Close the program that holds it (a database browser, a backup) and try again.": (
        "Fermez le programme qui la retient (un explorateur de bases, une sauvegarde) et réessayez."
    ),
    "The database is locked by another connection.": (
        "La base de données est verrouillée par une autre connexion."
    ),
    "Try again shortly.": "Réessayez dans un instant.",
    "Try again.": "Réessayez.",
    "The database cannot be written to.": "Rien ne peut être écrit dans la base de données.",
    "Make the file and its folder writable for this user.": (
        "Donnez à cet utilisateur le droit d'écrire dans le fichier et dans son dossier."
    ),
    "The database may not be opened.": "L'accès à la base de données n'est pas permis.",
    "Make the file and its folder readable and writable for this user.": (
        "Donnez à cet utilisateur le droit de lire et d'écrire le fichier et son dossier."
    ),
    "The database cannot be opened.": "La base de données ne peut pas être ouverte.",
    "Check that its folder exists and is writable for this user.": (
        "Vérifiez que son dossier existe et que cet utilisateur peut y écrire."
    ),
    "The disk failed while the database was used.": (
        "Le disque a failli pendant l'usage de la base de données."
    ),
    "Check the disk and the system's log.": "Vérifiez le disque et les messages du système.",
    "The disk is full.": "Le disque est plein.",
    "A process that verifies was ended from outside.": (
        "Un processus qui vérifie a été arrêté de l'extérieur."
    ),
    "Give it more memory, or fewer processes.": "Donnez plus de mémoire, ou moins de processus.",
    "Free some space, then repeat the command or the request; nothing was lost.": (
        "Libérez de l'espace, puis répétez la commande ou la requête ; rien n'a été perdu."
    ),
    "The file is no SQLite database, or its beginning is damaged.": (
        "Le fichier n'est pas une base de données SQLite, ou son début est endommagé."
    ),
    "Name another file, or restore this one from a copy that verifies.": (
        "Nommez un autre fichier, ou restaurez celui-ci depuis une copie qui se vérifie."
    ),
    "The connection to the database was lost.": ("La connexion à la base de données a été perdue."),
    "Check that the server runs and try again.": (
        "Vérifiez que le serveur fonctionne et réessayez."
    ),
    "The database server is shutting down or starting.": (
        "Le serveur de base de données s'arrête ou démarre."
    ),
    "The database server's disk is full.": "Le disque du serveur de base de données est plein.",
    "Free some space there, then repeat the command or the request; nothing was lost.": (
        "Libérez-y de l'espace, puis répétez la commande ou la requête ; rien n'a été perdu."
    ),
    "The database server has run out of memory or connections.": (
        "Le serveur de base de données n'a plus de mémoire ou de connexions."
    ),
    "Free some, then repeat the command or the request; nothing was lost.": (
        "Libérez-en, puis répétez la commande ou la requête ; rien n'a été perdu."
    ),
    "Find it in pg_stat_activity.": "Cherchez-le dans pg_stat_activity.",
    "The database gave this transaction up for another one.": (
        "La base de données a abandonné cette transaction au profit d'une autre."
    ),
    "Connect to the primary server.": "Connectez-vous au serveur principal.",
    "The database refused the user or password.": (
        "La base de données a refusé l'utilisateur ou le mot de passe."
    ),
    "Check the database URL.": "Vérifiez l'URL de la base de données.",
    "There is no such database on the server.": (
        "Cette base de données n'existe pas sur le serveur."
    ),
    "Create it, or check the database URL.": "Créez-la, ou vérifiez l'URL de la base de données.",
    "The database user lacks a right.": (
        "Il manque un droit à l'utilisateur de la base de données."
    ),
    "Grant it SELECT, INSERT and UPDATE.": "Accordez-lui SELECT, INSERT et UPDATE.",
    "The database server's disk failed.": "Le disque du serveur de base de données a failli.",
    "Check the server's disk and its log.": "Vérifiez le disque du serveur et ses messages.",
    "There is no folder {folder}.": "Le dossier {folder} n'existe pas.",
    "Make it first.": "Créez-le d'abord.",
    "There is no database at {path}.": "Il n'y a pas de base de données à l'adresse {path}.",
    "Check the address; to make a new one there, run `cauri migrate`.": (
        "Vérifiez l'adresse ; pour en créer une nouvelle, lancez `cauri migrate`."
    ),
    "this is no database URL that is served.": (
        "cette URL n'est pas celle d'une base de données que nous servons."
    ),
    "Use sqlite:///path/to/cauri.db or postgresql://user@host/name.": (
        "Utilisez sqlite:///chemin/vers/cauri.db ou postgresql://utilisateur@hôte/nom."
    ),
    "a database in memory would be another one for every connection.": (
        "une base de données en mémoire serait une autre pour chaque connexion."
    ),
    "Name a file: sqlite:///path/to/cauri.db.": (
        "Nommez un fichier : sqlite:///chemin/vers/cauri.db."
    ),
    "{name!r} is no projection.": "{name!r} n'est pas une projection.",
    "Use one of {names}.": "Utilisez l'une des suivantes : {names}.",
    # Erased keys, and copies that can only be read
    "Somebody is in the middle of reading, and keeps the erased keys' bytes in the database's -wal "
    "file.": (
        "Quelqu'un est en train de lire, et retient les octets des clés effacées dans le fichier "
        "-wal de la base."
    ),
    "They go when it ends (a backup, a database browser).": (
        "Ils disparaîtront quand il aura fini (une sauvegarde, un navigateur de bases)."
    ),
    "The database user does not own the table of keys, and may not vacuum it.": (
        "L'utilisateur de la base ne possède pas la table des clés et ne peut pas la nettoyer."
    ),
    "Let its owner do it: VACUUM data_keys.": (
        "Laissez faire son propriétaire : VACUUM data_keys."
    ),
    "A transaction with an older view of the database keeps the erased keys' bytes.": (
        "Une transaction qui voit un état plus ancien de la base retient les octets des clés "
        "effacées."
    ),
    "They go when it ends: find it in pg_stat_activity.": (
        "Ils disparaîtront à sa fin : cherchez-la dans pg_stat_activity."
    ),
    "The server recycles its write-ahead log (wal_recycle is on): old segments keep the erased "
    "keys' bytes until they are written over.": (
        "Le serveur recycle ses fichiers de transactions (wal_recycle est activé) : d'anciens "
        "segments gardent les octets des clés effacées jusqu'à ce qu'ils soient réécrits."
    ),
    "Set wal_recycle = off and reload the server; segments that wait already go as they are used "
    "up. Then approve the erasure again to have it noted.": (
        "Mettez wal_recycle = off et rechargez le serveur ; les segments déjà en attente "
        "disparaissent à mesure qu'ils servent. Redonnez ensuite l'accord pour que cela soit noté."
    ),
    "The erased keys' bytes could not be removed from the database's files.": (
        "Les octets des clés effacées n'ont pas pu être retirés des fichiers de la base."
    ),
    "The server's log says why (`keys.scrub_failed`); it is tried again.": (
        "Les lignes du serveur disent pourquoi (`keys.scrub_failed`) ; un nouvel essai se fait."
    ),
    "The last entries are still in {unmerged}, which cannot be read where nobody may write.": (
        "Les dernières entrées sont encore dans {unmerged}, qui ne peut être lu là où personne ne "
        "peut écrire."
    ),
    "Copy it and {name} to a folder that you can write, or make the copy with SQLite's online "
    "backup.": (
        "Copiez ce fichier et {name} dans un dossier où vous pouvez écrire, ou faites la copie par "
        "la sauvegarde en ligne de SQLite."
    ),
}
