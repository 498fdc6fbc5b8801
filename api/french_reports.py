"""French: what commands report when they succeed, and the heads of their tables.

Codes stay codes: a status, an event's type, the name of a fact in the API are what one looks for
in the documentation, and are the same in every language. So is what programs read.
"""

from typing import Final

FRENCH_OF_REPORTS: Final[dict[str, str]] = {
    # api.commands.verify, and what it finds beside the log
    "NOT VERIFIED: {why}": "NON VÉRIFIÉ : {why}",
    "verified: {read}": "vérifié : {read}",
    "{size} entries, root {root}": "entrées : {size}, racine {root}",
    "the log itself is what it was: {read}": "le registre lui-même est ce qu'il était : {read}",
    "WARNING: {warning}": "ATTENTION : {warning}",
    "and they continue the checkpoint of {size} entries": (
        "et elles continuent le point de contrôle de {size} entrées"
    ),
    "which is signed by {key}": "qui est signé par {key}",
    "the key that you trust": "la clé à laquelle vous faites confiance",
    "introduced by {anchor}, the key that you trust": (
        "introduite par {anchor}, la clé à laquelle vous faites confiance"
    ),
    "cosignatures of known witnesses: {count}": "cosignatures de témoins connus : {count}",
    "no witness is known here, so no cosignature was checked: give --policy FILE": (
        "aucun témoin n'est connu ici, donc aucune cosignature n'a été vérifiée : donnez --policy "
        "FICHIER"
    ),
    "and the checkpoints in the log, {count}, are signed by its keys; {known}": (
        "et les points de contrôle du registre, {count}, sont signés par ses clés ; {known}"
    ),
    "not what the log gives, of the projections: {names}": (
        "autres que ce que donne le registre, parmi les projections : {names}"
    ),
    "{told}, the first at position {position}; no erasure is recorded: restore the keys from a "
    "backup": (
        "{told}, la première à la position {position} ; aucun effacement n'est enregistré : "
        "restaurez les clés d'une sauvegarde"
    ),
    "{name} whose data key is missing: {count}": "{name} sans leur clé de données : {count}",
    "{told}, {name}: {count}": "{told}, {name} : {count}",
    "{count} or more": "{count} ou plus",
    "payments": "paiements",
    "checkout sessions": "sessions de paiement",
    "calls of providers": "appels de prestataires",
    "exchanges with providers": "échanges avec des prestataires",
    "operators' notes": "notes d'opérateurs",
    "requests to forget somebody": "demandes d'oublier quelqu'un",
    "webhook endpoints": "adresses de notification",
    "{table} is no table any more: what is read may be anything": (
        "{table} n'est plus une table : ce qui est lu peut être n'importe quoi"
    ),
    "the trigger {name} is gone: {table} can be changed": (
        "le déclencheur {name} a disparu : {table} peut être modifiée"
    ),
    "the trigger {name} is not the one that was made: {table} can be changed": (
        "le déclencheur {name} n'est pas celui qui a été créé : {table} peut être modifiée"
    ),
    "there is a {kind} {name!r} on {table} that is none of ours": (
        "il y a sur {table} un {kind} {name!r} qui n'est pas à nous"
    ),
    # api.commands.replay, history, exchanges
    "Payments ({mode}) at position {position} ({time}){moved}": (
        "Paiements ({mode}) à la position {position} ({time}){moved}"
    ),
    ", moved from {since} before {before}": ", dont l'argent a bougé dès {since} et avant {before}",
    ", moved from {since}": ", dont l'argent a bougé dès {since}",
    ", moved before {before}": ", dont l'argent a bougé avant {before}",
    "Trial balance": "Balance générale",
    "Payment {payment}": "Paiement {payment}",
    "Audit trail": "Piste d'audit",
    "meaning": "ce que cela veut dire",
    "next step": "que faire",
    "Exchanges about {payment}": "Échanges au sujet de {payment}",
    "* exchange {exchange}, {time}, {what}": "* échange {exchange}, {time}, {what}",
    "* the person was erased, and the bytes with them; these hashes are left:": (
        "* la personne a été effacée, et les octets avec elle ; il reste ces empreintes :"
    ),
    "* {why} These hashes are left:": "* {why} Il reste ces empreintes :",
    "* request {hash}": "* demande {hash}",
    "* answer {hash}": "* réponse {hash}",
    "* not all of it is here: it broke off, or was cut": (
        "* tout n'est pas ici : l'échange s'est interrompu, ou a été coupé"
    ),
    "the hashes in the log agree": "les empreintes du registre concordent",
    "THE HASHES DO NOT AGREE": "LES EMPREINTES NE CONCORDENT PAS",
    "* {ms} ms; {agrees}": "* {ms} ms ; {agrees}",
    # api.commands.master_key, keys
    "current master key": "clé maîtresse actuelle",
    "data keys wrapped anew: {keys}": "clés de données enveloppées de nouveau : {keys}",
    "Bytes of former wrappings are still in the files: {left}": (
        "Des octets d'anciennes enveloppes sont encore dans les fichiers : {left}"
    ),
    "master key {key} is out of the ring": "la clé maîtresse {key} est retirée du trousseau",
    "master key {key} is needed by nothing: take it out of the ring": (
        "rien n'a besoin de la clé maîtresse {key} : retirez-la du trousseau"
    ),
    "Master keys": "Clés maîtresses",
    "merchant {merchant}": "marchand {merchant}",
    "key id": "id de la clé",
    "key": "clé",
    "Keep the key: it is shown this once, and nobody can find it again.": (
        "Gardez la clé : elle est montrée cette seule fois, et personne ne peut la retrouver."
    ),
    "key {key} ends at {time}": "la clé {key} prend fin à {time}",
    "key {key} is revoked": "la clé {key} est révoquée",
    "key {key} is revoked already": "la clé {key} est déjà révoquée",
    "the private key is in {file}; set CAURI_SIGNING_KEY_FILE and CAURI_LOG_NAME": (
        "la clé privée est dans {file} ; définissez CAURI_SIGNING_KEY_FILE et CAURI_LOG_NAME"
    ),
    "public key: {key}": "clé publique : {key}",
    "Merchants": "Marchands",
    "API keys": "Clés d'API",
    "made a new ledger at {place}": "nouveau registre créé à {place}",
    # api.commands.receipts, log
    "it cannot be read as a receipt: not all of it is text": (
        "cela ne peut se lire comme un reçu : tout n'y est pas du texte"
    ),
    "no trusted log has signed its checkpoint; {rotated}": (
        "aucun registre de confiance n'a signé son point de contrôle ; {rotated}"
    ),
    "its checkpoint lacks cosignatures: {missing}": (
        "il manque des cosignatures à son point de contrôle : {missing}"
    ),
    "signed by a key that the key you trust introduced, itself or by others between:": (
        "signé par une clé que celle à laquelle vous faites confiance a introduite, elle-même ou "
        "par d'autres entre elles :"
    ),
    "cosigned by {name}": "cosigné par {name}",
    "verified: all {entries} entries in the first {size} of {origin}": (
        "vérifié : toutes les entrées ({entries}) sont parmi les {size} premières de {origin}"
    ),
    "written: {file}": "écrit : {file}",
    "Signed": "Signé",
    "verified: this is what was answered to that question": (
        "vérifié : c'est bien ce qui a été répondu à cette question"
    ),
    "Checkpoints": "Points de contrôle",
    "Keys of the log": "Clés du registre",
    "the log is signed by {key}": "le registre est signé par {key}",
    "If the key before it is lost, nobody has handed over to this one: give it to\n"
    "everybody who trusted that one; until then they refuse new receipts.": (
        "Si la clé précédente est perdue, nul n'a passé la main à celle-ci : donnez-la à\n"
        "tous ceux qui se fiaient à l'autre ; d'ici là ils refusent les nouveaux reçus."
    ),
    "Give it to your auditors and to whoever runs a witness. The key before it signed its\n"
    "introduction (/v1/log/keys), so they can check it. Receipts and bundles carry that\n"
    "along from now on; but signed answers, witnesses and policy files take only the\n"
    "keys that they are given: add this one.": (
        "Donnez-la à vos auditeurs et à qui tient un témoin. La clé précédente a signé son\n"
        "introduction (/v1/log/keys) : ils peuvent donc la vérifier. Reçus et dossiers la portent\n"
        "désormais avec eux ; mais les réponses signées, les témoins et les politiques ne\n"
        "prennent que les clés qu'on leur donne : ajoutez celle-ci."
    ),
    # api.commands.rebuild, migrate, restored, sandbox
    "Projections made anew": "Projections refaites",
    "Projections against the log": "Les projections face au registre",
    "yes": "oui",
    "NO": "NON",
    "made by other code": "faite par un autre code",
    "the database is at schema {schema}, its log at position {position}": (
        "la base est au schéma {schema}, son registre à la position {position}"
    ),
    "the log was restored: it ends at position {last}, and what happened\n"
    "after {since} is lost. Recorded at position {position}.": (
        "le registre a été restauré : il finit à la position {last}, et ce qui s'est passé\n"
        "après {since} est perdu. Enregistré à la position {position}."
    ),
    "Until {until} nothing is submitted before its providers were asked:": (
        "Jusqu'à {until} rien n'est soumis avant que ses prestataires aient été interrogés :"
    ),
    "{name}: {asked}": "{name} : {asked}",
    "cannot be asked, so it waits": "ne peut être interrogé : on attend",
    "{name}: SENT WITHOUT ASKING; it may charge twice what was paid in between": (
        "{name} : ENVOYÉ SANS INTERROGER ; ce qui a été payé entre-temps peut être pris deux fois"
    ),
    "What waited in the backup is held until its time is over: it may have been cancelled since.": (
        "Ce qui attendait dans la sauvegarde est retenu jusqu'à la fin de son délai : on a pu "
        "l'annuler depuis."
    ),
    "What waited in the backup IS SENT, although it may have been cancelled since.": (
        "Ce qui attendait dans la sauvegarde EST ENVOYÉ, bien que cela ait pu être annulé depuis."
    ),
    "# The sandboxes listen. To point a server at them:": (
        "# Les serveurs d'essai écoutent. Pour y adresser un serveur :"
    ),
    # api.commands.providers
    "error: provider {name}: {faults}": "erreur : prestataire {name} : {faults}",
    "Providers": "Prestataires",
    "nothing": "rien",
    "a token of each payment": "un jeton par paiement",
    "a fixed secret": "un secret fixe",
    "a signature": "une signature",
    "it sends none": "il n'en envoie pas",
    "itself": "lui-même",
    "always": "toujours",
    "not always": "pas toujours",
    # api.commands.webhooks, orphans
    "Endpoints": "Adresses des marchands",
    "Messages to {endpoint}": "Notifications à {endpoint}",
    "Message {message}": "Notification {message}",
    "Attempts": "Essais",
    "there are none": "il n'y en a pas",
    "it was never tried": "elle n'a jamais été essayée",
    "messages sent now: {messages}": "notifications envoyées maintenant : {messages}",
    "message {message} is sent by a running server": (
        "la notification {message} part d'un serveur qui tourne"
    ),
    "what came back: cauri webhooks show {message}": (
        "ce qui est revenu : cauri webhooks show {message}"
    ),
    "Calls nobody understood": "Appels que personne n'a compris",
    "calls to be read once more: {calls}": "appels à relire : {calls}",
    "not read yet: a server that has {provider} enabled will read it": (
        "pas encore lu : un serveur où {provider} est activé le lira"
    ),
    # api.commands.witness
    "asked about a smaller log: a sign of an older copy put back, and not yet a proof, until that "
    "log grows otherwise": (
        "interrogé sur un registre plus petit : signe qu'une copie plus ancienne a été remise, et "
        "pas encore une preuve, tant que ce registre ne grandit pas autrement"
    ),
    "signed by no key known here: the log's key may have been rotated; check its introduction at "
    "/v1/log/keys and add the new key with `cauri witness add-log`": (
        "signé par aucune clé connue ici : la clé du registre a pu être remplacée ; vérifiez son "
        "introduction à /v1/log/keys et ajoutez la nouvelle clé par `cauri witness add-log`"
    ),
    "Never restore this folder from a backup: a witness must not forget what it saw.": (
        "Ne restaurez jamais ce dossier d'une sauvegarde : un témoin ne doit pas oublier ce qu'il "
        "a vu."
    ),
    "{name} is watched": "{name} est surveillé",
    "{name} is watched already, by this key": "{name} est déjà surveillé, avec cette clé",
    "a key that was known here has signed its introduction": (
        "une clé connue ici a signé son introduction"
    ),
    "It was not checked that a key known here introduced this one: repeat that with\n"
    "--introduction FILE, a saved answer of /v1/log/keys.": (
        "On n'a pas vérifié qu'une clé connue ici a introduit celle-ci : recommencez avec\n"
        "--introduction FICHIER, une réponse enregistrée de /v1/log/keys."
    ),
    "{at} {origin}: {kind} (status {status})": "{at} {origin} : {kind} (statut {status})",
    "{entries} entries were cosigned before:": "{entries} entrées étaient cosignées auparavant :",
    "and this was refused:": "et ceci a été refusé :",
    "nothing was refused that could prove anything": (
        "rien n'a été refusé qui puisse prouver quoi que ce soit"
    ),
    "{at} {origin}: {meaning}": "{at} {origin} : {meaning}",
    "{times} times since {first_at}; the latest of {size} entries, where {before} were cosigned "
    "before": (
        "{times} fois depuis {first_at} ; la dernière fois pour {size} entrées, là où {before} "
        "étaient cosignées"
    ),
    "said to be signed by {key}": "dit signé par {key}",
    # api.commands.audit
    "{folder}: entries {first} to {last}, {files} files": (
        "{folder} : entrées {first} à {last}, {files} fichiers"
    ),
    "proved by the checkpoint of {size} entries, root {root}": (
        "prouvé par le point de contrôle de {size} entrées, racine {root}"
    ),
    "The witness policy does not hold that checkpoint for valid: see the report.": (
        "La politique des témoins ne tient pas ce point de contrôle pour valable : voyez le "
        "rapport."
    ),
    "verified: entries {first} to {last} of {origin}": (
        "vérifié : entrées {first} à {last} de {origin}"
    ),
    "and {checkpoints} checkpoints, the last of {size} entries": (
        "et {checkpoints} points de contrôle, le dernier de {size} entrées"
    ),
    "witness {name}: {time}": "témoin {name} : {time}",
    "the policy came with the bundle. Give yours: --policy FILE.": (
        "la politique est venue avec le dossier. Donnez la vôtre : --policy FICHIER."
    ),
    "only its tables were checked.": "seuls ses tableaux ont été vérifiés.",
    "it was not checked.": "il n'a pas été vérifié.",
    "{name} is not worded as this version of Cauri does; {what}": (
        "{name} n'est pas rédigé comme par cette version de Cauri ; {what}"
    ),
    "warning: {text}": "attention : {text}",
    "The policy does not name the log's key that signed, only one that introduced it.\n"
    "Whoever has checked the introduction adds to the policy: log {key}": (
        "La politique ne nomme pas la clé du registre qui a signé, mais une qui l'a introduite.\n"
        "Qui a vérifié l'introduction ajoute à la politique : log {key}"
    ),
}
"""English template -> French template."""

FRENCH_OF_HEADS: Final[dict[str, str]] = {
    "account": "compte",
    "added": "ajouté",
    "amount": "montant",
    "answer": "réponse",
    "at": "à",
    "attempts": "essais",
    "balance": "solde",
    "by": "par",
    "call": "appel",
    "can be asked": "peut être interrogé",
    "can do": "sait faire",
    "cosigned by": "cosigné par",
    "countries": "pays",
    "country": "pays",
    "credit": "crédit",
    "currencies": "devises",
    "currency": "devise",
    "data keys": "clés de données",
    "debit": "débit",
    "delivered": "remises",
    "digest": "empreinte",
    "digests": "empreintes",
    "documentation": "documentation",
    "endpoint": "adresse",
    "ends": "fin",
    "entry hash": "empreinte de l'entrée",
    "equal": "égales",
    "exchange": "échange",
    "for": "pour",
    "from the log": "d'après le registre",
    "holder": "titulaire",
    "id": "id",
    "introduced": "introduite",
    "issued": "délivrée",
    "key": "clé",
    "kind": "genre",
    "label": "étiquette",
    "last answer": "dernière réponse",
    "last used": "dernier usage",
    "live": "en service",
    "made": "fait",
    "merchant": "marchand",
    "message": "notification",
    "mode": "mode",
    "ms": "ms",
    "name": "nom",
    "next attempt": "prochain essai",
    "number": "numéro",
    "parked": "mises de côté",
    "payment": "paiement",
    "payments": "paiements",
    "position": "position",
    "projection": "projection",
    "provider": "prestataire",
    "reaches": "atteint",
    "reason": "raison",
    "received": "reçu",
    "recorded": "enregistrée",
    "recorded at": "enregistré à",
    "replaced by": "remplacée par",
    "request": "demande",
    "request hash": "empreinte de la demande",
    "revoked": "révoquée",
    "role": "rôle",
    "root": "racine",
    "sent at": "envoyé à",
    "since size": "dès la taille",
    "size": "taille",
    "state": "état",
    "status": "statut",
    "type": "type",
    "until size": "jusqu'à la taille",
    "value": "valeur",
    "version": "version",
    "waiting": "en attente",
    "waiting since": "attend depuis",
    "webhooks proved by": "appels prouvés par",
    "what": "quoi",
    "what came back": "ce qui est revenu",
    "what it says": "ce qui est dit",
    "who": "qui",
    "withdrawn": "retirées",
}
"""A table's head -> what stands there in French."""
