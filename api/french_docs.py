"""The description of the API in French: operations, groups, parameters, headers and answers.

The English text is the key, as it stands in the routes and models. What the fields of shapes say is
in `api.french_docs_shapes` and `api.french_docs_records`. A payout is a `versement`, a refund a
`remboursement`, an endpoint of a merchant an `adresse`.
"""

from typing import Final

INTRODUCTION: Final = """\
Encaissez, remboursez et versez par les opérateurs d'argent mobile d'Afrique.

- **Clés.** Envoyez la vôtre : `Authorization: Bearer ck_...`. Un marchand ne voit que ce qui est à
  lui ; ce qui est à un autre reçoit la même réponse que ce qui n'existe pas.
- **L'argent** est un texte décimal en unités principales, avec une devise ISO 4217 ; jamais un
  nombre.
- **Idempotence.** Ce qui déplace de l'argent prend une `Idempotency-Key` de votre choix. Répétez
  une requête avec sa clé : vous recevez sa première réponse, pour toujours ; personne ne paie deux
  fois.
- **Pas encore fini** se dit `202` : regardez à l'adresse `Location` jusqu'à ce que `is_final` soit
  vrai.
- **Positions.** `Cauri-Position` dit jusqu'où du registre parle la réponse ; pour un seul paiement,
  c'est la position de son propre dernier événement. Donnez-la à une liste comme `min_position`, et
  la liste a vu ce que vous venez d'écrire. Gardez avec elle le `Cauri-Log` de la réponse et envoyez
  les deux : si le registre a été restauré depuis une sauvegarde entre-temps, `log_restored` vous
  refuse et dit d'où repartir.
- **Les erreurs** sont des documents RFC 9457 avec un `code` stable. `errors` dit où, pourquoi, et
  quoi envoyer.
- **Langues.** Les textes sont en français ou en anglais, selon `Accept-Language`.
- **Conversations.** Envoyez votre `X-Correlation-Id`, ou citez celui que vous recevez.
"""
"""What the document begins with."""

_GROUPS: Final[dict[str, str]] = {
    "An event-sourced ledger and gateway for mobile money.": (
        "Un registre d'événements et une passerelle pour l'argent mobile."
    ),
    "Money from a customer to the merchant.": "L'argent d'un client vers le marchand.",
    "Money back to a customer.": "L'argent rendu à un client.",
    "Money from the merchant to somebody.": "L'argent du marchand vers quelqu'un.",
    "A hosted page on which a customer pays.": (
        "Une page, hébergée ici, sur laquelle un client paie."
    ),
    "For whoever runs the server.": "Pour qui fait tourner le serveur.",
    "Your own events, live or page by page.": "Vos propres événements, en direct ou page par page.",
    "The log itself.": "Le registre lui-même.",
    "Addresses of yours that are told what happens.": (
        "Des adresses à vous, où l'on annonce ce qui se passe."
    ),
    "Why money does not move, in one vocabulary.": (
        "Pourquoi l'argent ne bouge pas, en un seul vocabulaire."
    ),
    "The books.": "Les comptes.",
    "How payments fare.": "Comment vont les paiements.",
    "What the log commits to.": "Ce à quoi le registre s'engage.",
    "Mobile money operators, and what a number tells.": (
        "Les opérateurs d'argent mobile, et ce que dit un numéro."
    ),
    "Keys to this API.": "Les clés de cette API.",
    "For providers, who call here.": "Pour les prestataires, qui appellent ici.",
    "What your webhook endpoints are sent.": "Ce qui est envoyé à vos adresses.",
    "An API key, `ck_...`. It is shown once, when it is made.": (
        "Une clé d'API, `ck_...`. Elle n'est montrée qu'une fois, à sa création."
    ),
    "For keys of: {roles}.": "Pour les clés de : {roles}.",
    "`{code}`: {title}": "`{code}` : {title}",
}

_OPERATIONS: Final[dict[str, str]] = {
    "Take a payment. Repeated with the same key and body, it gives the same answer.": (
        "Demander un paiement. Répété avec la même clé et le même corps, il donne la même réponse."
    ),
    "List payments, newest first.": "Lister les paiements, le plus récent d'abord.",
    "Show a payment as its events say: now, or as of a position or a time.": (
        "Montrer un paiement tel que le disent ses événements : maintenant, à une position ou à "
        "un moment."
    ),
    "Show a payment's audit trail.": "Montrer la piste d'audit d'un paiement.",
    "Hand in the payer's one-time code. Repeated, it gives the same answer.": (
        "Remettre le code à usage unique du payeur. Répété, il donne la même réponse."
    ),
    "Give a payment back, whole or in part. Repeated, it gives the same answer.": (
        "Rembourser un paiement, en tout ou en partie. Répété, il donne la même réponse."
    ),
    "List the refunds of a payment, newest first.": (
        "Lister les remboursements d'un paiement, le plus récent d'abord."
    ),
    "Show a refund as its events say: now, or as of a position or a time.": (
        "Montrer un remboursement tel que le disent ses événements : maintenant, à une position "
        "ou à un moment."
    ),
    "Pay somebody. Repeated with the same key and body, it gives the same answer.": (
        "Payer quelqu'un. Répété avec la même clé et le même corps, il donne la même réponse."
    ),
    "List payouts, newest first.": "Lister les versements, le plus récent d'abord.",
    "Show a payout as its events say: now, or as of a position or a time.": (
        "Montrer un versement tel que le disent ses événements : maintenant, à une position ou à "
        "un moment."
    ),
    "Create a page on which a customer pays. Repeated, it gives the same answer.": (
        "Créer une page sur laquelle un client paie. Répété, il donne la même réponse."
    ),
    "List checkout sessions, newest first.": (
        "Lister les sessions de paiement, la plus récente d'abord."
    ),
    "Show a checkout session as its events say.": (
        "Montrer une session de paiement telle que la disent ses événements."
    ),
    "Close a checkout session that nobody is paying. Repeated, it changes nothing.": (
        "Fermer une session de paiement que personne ne paie. Répété, il ne change rien."
    ),
    "Give a file that checkout pages, or pages of merchants, use.": (
        "Donner un fichier dont se servent les pages de paiement, ou celles des marchands."
    ),
    "Show a customer the page of a checkout session.": (
        "Montrer à un client la page d'une session de paiement."
    ),
    "Take what a customer sent by the page's forms; leads back to the page.": (
        "Recevoir ce qu'un client a envoyé par les formulaires de la page ; ramène à la page."
    ),
    "Tell a checkout page, by server-sent events, when it would show something else.": (
        "Dire à une page de paiement, par des événements du serveur, quand elle montrerait autre "
        "chose."
    ),
    "Give the address of a checkout page as a QR code.": (
        "Donner l'adresse d'une page de paiement en code QR."
    ),
    "Tell what has become of a payment, and what to do now, in plain words.": (
        "Dire en mots simples ce qu'est devenu un paiement, et que faire maintenant."
    ),
    "Tell what has become of a payout, and what to do now, in plain words.": (
        "Dire en mots simples ce qu'est devenu un versement, et que faire maintenant."
    ),
    "Tell what has become of a refund, and what to do now, in plain words.": (
        "Dire en mots simples ce qu'est devenu un remboursement, et que faire maintenant."
    ),
    "Be told at an address of yours what becomes of your payments.": (
        "Être averti, à une adresse à vous, de ce que deviennent vos paiements."
    ),
    "List your endpoints.": "Lister vos adresses.",
    "Show an endpoint.": "Montrer une adresse.",
    "Replace an endpoint's secrets; the former ones sign along for a while.": (
        "Remplacer les secrets d'une adresse ; les anciens signent aussi pendant un temps."
    ),
    "Deliver nothing more to an endpoint; what waits is parked.": (
        "Ne plus rien livrer à une adresse ; ce qui attend est mis de côté."
    ),
    "Deliver to an endpoint again.": "Livrer de nouveau à une adresse.",
    "List what an endpoint was told, is told and could not be told, newest first.": (
        "Lister ce qu'une adresse a reçu, reçoit et n'a pas pu recevoir, le plus récent d'abord."
    ),
    "Deliver one message, or all that were not taken, now.": (
        "Livrer maintenant un message, ou tous ceux qui n'ont pas été reçus."
    ),
    "Give every reason why money does not move, with its texts in French or English.": (
        "Donner chaque raison pour laquelle l'argent ne bouge pas, avec ses textes en français "
        "ou en anglais."
    ),
    "Give the log's next entries, verbatim.": (
        "Donner les entrées suivantes du registre, mot pour mot."
    ),
    "Give the trial balance, now or as of a position or a time.": (
        "Donner la balance, maintenant, à une position ou à un moment."
    ),
    "Give counts, rates, times and amounts over a window.": (
        "Donner nombres, taux, temps et montants sur une période."
    ),
    "Tell a number's country, operator, limits and route; without one, all operators.": (
        "Dire le pays, l'opérateur, les limites et la route d'un numéro ; sans numéro, tous les "
        "opérateurs."
    ),
    "List your API keys of this key's mode, newest first, and when each was last used.": (
        "Lister vos clés d'API du mode de cette clé, la plus récente d'abord, avec leur dernière "
        "utilisation."
    ),
    "Replace a key by a new one; the old one ends by itself after the overlap.": (
        "Remplacer une clé par une nouvelle ; l'ancienne prend fin d'elle-même après le "
        "recouvrement."
    ),
    "Make a key worth nothing, at once.": "Rendre une clé sans valeur, tout de suite.",
    "Take a provider's call: it is stored first, and understood afterwards.": (
        "Recevoir l'appel d'un prestataire : il est stocké d'abord, et compris ensuite."
    ),
    "Answer a provider that asks something; nothing is stored.": (
        "Répondre à un prestataire qui demande quelque chose ; rien n'est stocké."
    ),
    "Alive.": "Vivant.",
    "Ready: the store can be read and every subscription moves.": (
        "Prêt : le stockage peut être lu et chaque lecteur avance."
    ),
    "Describe every operation, for programs (OpenAPI 3.1).": (
        "Décrire chaque opération, pour les programmes (OpenAPI 3.1)."
    ),
    "Show the same as a page, in French or English.": (
        "Montrer la même chose en une page, en français ou en anglais."
    ),
}

_PARAMETERS: Final[dict[str, str]] = {
    "Your own name for this request, such as your order's number.": (
        "Votre propre nom pour cette requête, par exemple le numéro de votre commande."
    ),
    "`fr` or `en`, with weights if you like: the language of texts for people.": (
        "`fr` ou `en`, avec des poids si vous voulez : la langue des textes pour les gens."
    ),
    "The `id` of the last event you have: the stream goes on behind it.": (
        "L'`id` du dernier événement que vous avez : le flux reprend après lui."
    ),
    "`application/x-ndjson`: the stored lines and nothing around them. By default JSON.": (
        "`application/x-ndjson` : les lignes stockées et rien autour. Par défaut, JSON."
    ),
    "Where a payment stands.": "Où en est un paiement.",
    "Only for keys that see every merchant.": (
        "Seulement pour les clés qui voient tous les marchands."
    ),
    "Only tests, or only payments for real; a merchant's key has one.": (
        "Seulement les essais, ou seulement les vrais paiements ; la clé d'un marchand en a un."
    ),
    "A payer's number; it is searched by its keyed hash.": (
        "Le numéro d'un payeur ; il est cherché par son empreinte à clé."
    ),
    "`next_after` of the page before.": "Le `next_after` de la page précédente.",
    "A log position, an RFC 3339 time, or a day in UTC.": (
        "Une position du registre, un moment RFC 3339, ou un jour en UTC."
    ),
    "Whether to open what was sealed with it: description and metadata. The merchant, operators "
    "and admins may.": (
        "S'il faut ouvrir ce qui a été scellé avec lui : description et métadonnées. Le "
        "marchand, les `operator` et les `admin` le peuvent."
    ),
    "ISO 3166: offer this country's operators, if they can be paid by.": (
        "ISO 3166 : proposer les opérateurs de ce pays, si on peut payer par eux."
    ),
    "`1`: it is shown inside another page.": "`1` : elle est montrée dans une autre page.",
    "`1`: tell what has become of the payment, and what to do.": (
        "`1` : dire ce qu'est devenu le paiement, et que faire."
    ),
    "`1`: lead on to the provider's page.": "`1` : mener à la page du prestataire.",
    "Behind this position; by default with what comes next. `Last-Event-ID` wins.": (
        "Après cette position ; par défaut avec ce qui vient. `Last-Event-ID` l'emporte."
    ),
    "Tests, or payments for real; by default as the deployment is. The two are never added up.": (
        "Les essais, ou les vrais paiements ; par défaut comme le déploiement. Les deux ne sont "
        "jamais additionnés."
    ),
    "Payments, payouts or refunds.": "Paiements, versements ou remboursements.",
    "The number to tell about; without it all operators are listed.": (
        "Le numéro dont il s'agit ; sans lui, tous les opérateurs sont listés."
    ),
    "Of a national number, by default the merchant's; of a list, by default all.": (
        "D'un numéro national, par défaut celui du marchand ; d'une liste, par défaut tous."
    ),
    "Its language; by default that of `Accept-Language`.": (
        "Sa langue ; par défaut celle d'`Accept-Language`."
    ),
}

_ANSWERS: Final[dict[str, str]] = {
    "The life of the log in which positions are told; another after a restoration.": (
        "La vie du registre dans laquelle les positions sont données ; une autre après une "
        "restauration."
    ),
    "The log position at which the answer stands; of what is not read from the log, as a problem "
    "is not, the last one that the lists had then.": (
        "La position du registre à laquelle se tient la réponse ; pour ce qui n'est pas lu dans "
        "le registre, comme un problème, la dernière que les listes avaient alors."
    ),
    "A `Cauri-Position` that the answer must have reached; waits for it (bounded).": (
        "Une `Cauri-Position` que la réponse doit avoir atteinte ; elle est attendue (durée "
        "limitée)."
    ),
    "Requested then or later; a day, `2030-01-31`, begins at 00:00 UTC.": (
        "Demandés à ce moment ou après ; un jour, `2030-01-31`, commence à 00:00 UTC."
    ),
    "Requested before that; a day is not itself included, as it begins at 00:00 UTC.": (
        "Demandés avant ; un jour n'est pas compris, puisqu'il commence à 00:00 UTC."
    ),
    "The process's figures, for Prometheus; with `CAURI_METRICS_TOKEN`.": (
        "Les chiffres du processus, pour Prometheus ; avec `CAURI_METRICS_TOKEN`."
    ),
    "No field is taken; the body may be empty.": "Aucun champ n'est lu ; le corps peut être vide.",
    "The answer.": "La réponse.",
    "The name of this conversation: yours, or a new one.": (
        "Le nom de cette conversation : le vôtre, ou un nouveau."
    ),
    "Where to look at what becomes of it.": "Où regarder ce que cela devient.",
    "Stands here where this is the first answer once more.": (
        "Présent quand c'est la première réponse, encore une fois."
    ),
    "The limits of your key, and of the payer: how many within how long.": (
        "Les limites de votre clé, et du payeur : combien en combien de temps."
    ),
    "What is left of them, and in how many seconds there is more.": (
        "Ce qu'il en reste, et dans combien de secondes il y en a plus."
    ),
    "The language of its texts.": "La langue de ses textes.",
    "How to prove who you are.": "Comment prouver qui vous êtes.",
    "In how many seconds to repeat.": "Dans combien de secondes répéter.",
    "The methods that are taken.": "Les méthodes acceptées.",
    "The answer to a request that moves money; a repeat of it is answered with the same.": (
        "La réponse à une requête qui déplace de l'argent ; si on la répète, la réponse est la "
        "même."
    ),
    "Payments, newest first.": "Des paiements, le plus récent d'abord.",
    "A payment as its events say, now or as of a position or time.": (
        "Un paiement tel que le disent ses événements, maintenant, à une position ou à un moment."
    ),
    "A payment's whole audit trail, in order.": (
        "Toute la piste d'audit d'un paiement, dans l'ordre."
    ),
    "A code that was handed in; a repeat of the request is answered with the same.": (
        "Un code qui a été remis ; si on répète la requête, la réponse est la même."
    ),
    "A session that was created; a repeat of the request is answered with the same.": (
        "Une session qui a été créée ; si on répète la requête, la réponse est la même."
    ),
    "A page of sessions, newest first.": "Une page de sessions, la plus récente d'abord.",
    "A session as its events say.": "Une session telle que la disent ses événements.",
    "What has become of a payment, payout or refund, in French or English by `Accept-Language`.": (
        "Ce qu'est devenu un paiement, un versement ou un remboursement, en français ou en "
        "anglais selon `Accept-Language`."
    ),
    "Messages after a position, the oldest first.": (
        "Des messages après une position, le plus ancien d'abord."
    ),
    "An endpoint's secrets, shown this once.": (
        "Les secrets d'une adresse, montrés cette seule fois."
    ),
    "A merchant's endpoints, in the order they were added.": (
        "Les adresses d'un marchand, dans l'ordre de leur ajout."
    ),
    "One endpoint.": "Une adresse.",
    "Messages to one endpoint, the newest first.": (
        "Des messages à une adresse, le plus récent d'abord."
    ),
    "What is delivered once more.": "Ce qui est livré encore une fois.",
    "The whole vocabulary of refusals, in French or English by `Accept-Language`.": (
        "Tout le vocabulaire des refus, en français ou en anglais selon `Accept-Language`."
    ),
    "Entries of the log, verbatim; as `application/x-ndjson` one stored line each.": (
        "Des entrées du registre, mot pour mot ; en `application/x-ndjson`, une ligne stockée "
        "chacune."
    ),
    "Every account; the balances of a currency sum to zero at every position.": (
        "Tous les comptes ; la somme des soldes d'une devise est nulle à chaque position."
    ),
    "How payments fare, per provider, per currency and in all.": (
        "Comment vont les paiements, par prestataire, par devise et au total."
    ),
    "What one number tells, or all operators.": "Ce que dit un numéro, ou tous les opérateurs.",
    "API keys, newest first.": "Des clés d'API, la plus récente d'abord.",
    "A key that was made in the place of another.": "Une clé créée à la place d'une autre.",
    "A key that is worth nothing from now on.": "Une clé désormais sans valeur.",
    "The call is kept; a provider with a form of its own for answers gets that instead.": (
        "L'appel est gardé ; un prestataire qui a sa propre forme de réponse la reçoit à la place."
    ),
    "Whether requests are served as they should be.": "Si les requêtes sont servies comme il faut.",
}

FRENCH_OF_DOCS: Final[dict[str, str]] = _GROUPS | _OPERATIONS | _PARAMETERS | _ANSWERS
"""English -> French, before it is typeset."""
