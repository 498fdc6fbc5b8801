"""The description of the API in French: the fields of endpoints, keys, books and operators."""

from typing import Final

_ENDPOINTS: Final[dict[str, str]] = {
    "What stands in the place of a payment that is too large for a message.": (
        "Ce qui tient lieu d'un paiement trop grand pour un message."
    ),
    "Look at it by this.": "À utiliser pour le regarder.",
    "Whether it is told of tests or of what is real: as your key is.": (
        "Si elle est avertie des essais ou du réel : selon votre clé."
    ),
    "Null for other roles than its merchant.": "Null pour d'autres rôles que son marchand.",
    "Empty: all of them.": "Vide : tous.",
    "What `v1a` signatures are checked with.": "Ce qui vérifie les signatures `v1a`.",
    "How many there are, by state.": "Combien il y en a, par état.",
    "Where to: https, and reachable from the public internet.": (
        "Vers où : en https, et joignable depuis l'internet public."
    ),
    "Which messages; by default all of them.": "Quels messages ; par défaut tous.",
    "`whsec_...`: what `v1` signatures are checked with.": (
        "`whsec_...` : ce qui vérifie les signatures `v1`."
    ),
    "`whpk_...`: what `v1a` signatures are checked with.": (
        "`whpk_...` : ce qui vérifie les signatures `v1a`."
    ),
    "What an endpoint is told about one event of a payment, payout or refund.": (
        "Ce qu'une adresse apprend d'un événement d'un paiement, d'un versement ou d'un "
        "remboursement."
    ),
    "When it happened.": "Quand cela s'est passé.",
    "The event it is about.": "L'événement dont il parle.",
    "The payment, payout or refund as it stood then; cut to its id where it is too large for a "
    "message.": (
        "Le paiement, le versement ou le remboursement tel qu'il était alors ; réduit à son "
        "identifiant s'il est trop grand pour un message."
    ),
    "One message to one endpoint.": "Un message à une adresse.",
    "The `webhook-id` it is sent with.": "Le `webhook-id` avec lequel il est envoyé.",
    "The position of the event it tells of.": "La position de l'événement dont il parle.",
    "Of the last answer.": "De la dernière réponse.",
    "Send as `after` for the next page.": "À envoyer comme `after` pour la page suivante.",
    "Deliver messages once more.": "Livrer des messages encore une fois.",
    "One message; without it all that were not taken.": (
        "Un message ; sans lui, tous ceux qui n'ont pas été reçus."
    ),
    "How many are sent now: one that stands behind another one brings that along.": (
        "Combien partent maintenant : celui qui en suit un autre l'emmène avec lui."
    ),
    "How many wait, these among them; the others follow, each after the one before.": (
        "Combien attendent, ceux-ci compris ; les autres suivent, chacun après le précédent."
    ),
    "When the oldest message that waits was made; null: none waits.": (
        "Quand le plus ancien message en attente a été fait ; null : aucun n'attend."
    ),
    "When one of them is tried next.": "Quand l'un d'eux est essayé la prochaine fois.",
    "Replace an endpoint's secrets.": "Remplacer les secrets d'une adresse.",
    "How long messages are signed with the former secrets as well.": (
        "Combien de temps les messages sont aussi signés avec les anciens secrets."
    ),
}

_KEYS: Final[dict[str, str]] = {
    "An API key, without its secret, which nobody knows.": (
        "Une clé d'API, sans son secret, que personne ne connaît."
    ),
    "`test` keys never reach a provider that moves money. Null: its role moves none, and sees "
    "both.": (
        "Les clés `test` n'atteignent jamais un prestataire qui déplace de l'argent. Null : son "
        "rôle n'en déplace pas, et voit les deux."
    ),
    "`ending`: it was rotated, and ends at `ends_at`.": (
        "`ending` : elle a été remplacée, et prend fin à `ends_at`."
    ),
    "Late by at most `CAURI_KEY_USES_NOTED_SECONDS`; null: never.": (
        "En retard d'au plus `CAURI_KEY_USES_NOTED_SECONDS` ; null : jamais."
    ),
    "The id of the key that took its place.": "L'identifiant de la clé qui a pris sa place.",
    "The position of `key.issued` in the log.": "La position de `key.issued` dans le registre.",
    "The log position this list stands at.": (
        "La position du registre à laquelle se tient cette liste."
    ),
    "Why; kept for ever.": "Pourquoi ; gardé pour toujours.",
    "Replace a key by a new one.": "Remplacer une clé par une nouvelle.",
    "How long the old key lives on; 0 ends it at once.": (
        "Combien d'heures l'ancienne clé vit encore ; 0 y met fin tout de suite."
    ),
    "The key itself: shown this once, and kept nowhere.": (
        "La clé elle-même : montrée cette seule fois, et gardée nulle part."
    ),
    "The id of the key that ends.": "L'identifiant de la clé qui prend fin.",
    "When it ends, by itself.": "Quand elle prend fin d'elle-même.",
    "The position of `key.rotated` in the log.": "La position de `key.rotated` dans le registre.",
    "The position of `key.revoked` in the log.": "La position de `key.revoked` dans le registre.",
}

_BOOKS: Final[dict[str, str]] = {
    "All accounts of a currency: debit and credit agree.": (
        "Tous les comptes d'une devise : débit et crédit concordent."
    ),
    "One account's sums; debit minus credit is `balance`.": (
        "Les sommes d'un compte ; le débit moins le crédit est `balance`."
    ),
    "What lies in one account at a provider.": (
        "Ce qui se trouve sur un compte chez un prestataire."
    ),
    "Which account, where the provider has several.": (
        "Quel compte, si le prestataire en a plusieurs."
    ),
    "As the provider writes it.": "Tel que le prestataire l'écrit.",
    "C2SP signed note, where a signing key is set up.": (
        "Note signée C2SP, si une clé de signature est en place."
    ),
    "The last position of the log.": "La dernière position du registre.",
    "One group of payments: of a provider or all (null), of a currency or all (null).": (
        "Un groupe de paiements : d'un prestataire ou de tous (null), d'une devise ou de toutes "
        "(null)."
    ),
    "How many stand in each status now.": "Combien sont maintenant dans chaque statut.",
    "Their money; null for several currencies.": "Leur argent ; null pour plusieurs devises.",
    "How many became final in the window.": "Combien sont devenus définitifs dans la période.",
    "The money taken in the window.": "L'argent encaissé dans la période.",
    "Request to final status, in milliseconds.": (
        "De la demande au statut définitif, en millisecondes."
    ),
    "A provider that did not say.": "Un prestataire qui n'a rien dit.",
    "How far one reader of the log has come.": "Où en est un lecteur du registre.",
}

_OPERATORS: Final[dict[str, str]] = {
    "Between what an amount must lie, as far as a source tells; null: it does not.": (
        "Entre quoi un montant doit se trouver, selon une source ; null : elle ne le dit pas."
    ),
    "What an amount must be a multiple of.": "Ce dont un montant doit être un multiple.",
    "Through which provider; null: through any.": (
        "Par quel prestataire ; null : par n'importe lequel."
    ),
    "Whether an amount outside is refused; if not, others have only seen it so.": (
        "Si un montant au-dehors est refusé ; sinon, d'autres l'ont seulement constaté."
    ),
    "One kind of movement: who would carry it, and what amounts.": (
        "Un genre de mouvement : qui le porterait, et quels montants."
    ),
    "The enabled providers, best first.": "Les prestataires activés, le meilleur d'abord.",
    "Those that reach the operator, but are not set up for it here, and why.": (
        "Ceux qui atteignent l'opérateur, mais ne sont pas configurés pour lui ici, et pourquoi."
    ),
    "How a country writes its mobile numbers.": "Comment un pays écrit ses numéros mobiles.",
    "What stands after the `+`.": "Ce qui suit le `+`.",
    "How many digits they have at home.": "Combien de chiffres ils ont dans le pays.",
    "What is dialled before them at home.": "Ce que l'on compose devant dans le pays.",
    "What a number tells by itself; it may have been ported since.": (
        "Ce qu'un numéro dit de lui-même ; il a pu être porté depuis."
    ),
    "Its code, to be named in a payment.": "Son code, à nommer dans un paiement.",
    "What its customers call their mobile money.": "Le nom de l'argent mobile pour ses clients.",
    "The range's owner in the numbering plan.": (
        "À qui est la tranche dans le plan de numérotation."
    ),
    "Whether numbers move between operators there.": (
        "Si les numéros y passent d'un opérateur à l'autre."
    ),
    "Another number in the operator's ranges.": "Un autre numéro des tranches de l'opérateur.",
    "The enabled provider that would be used.": "Le prestataire activé qui serait utilisé.",
    "All operators, by country.": "Tous les opérateurs, par pays.",
    "One operator of the directory.": "Un opérateur de l'annuaire.",
    "A number in its ranges; null: it has no ranges.": (
        "Un numéro de ses tranches ; null : il n'en a pas."
    ),
    "How its numbers begin at home; a longer beginning of another's wins.": (
        "Comment ses numéros commencent dans le pays ; un début plus long d'un autre l'emporte."
    ),
}

_PAST: Final[dict[str, str]] = {
    "What the log held by then: a position, an RFC 3339 time, or the beginning of a day in UTC. "
    "`as_of` is the same.": (
        "Ce que le registre contenait alors : une position, un moment RFC 3339, ou le début d'un "
        "jour en UTC. `as_of` dit la même chose."
    ),
    "What the log held by then: a position, or an RFC 3339 time. The window ends there.": (
        "Ce que le registre contenait alors : une position, ou un moment RFC 3339. La période "
        "finit là."
    ),
    "Only what moved then or later; a day begins at 00:00 UTC.": (
        "Seulement ce qui a bougé alors ou plus tard ; un jour commence à 00:00 UTC."
    ),
    "Only what moved before that; a day is not itself included.": (
        "Seulement ce qui a bougé avant ; un jour n'est pas lui-même compris."
    ),
    "Only what had moved by then; instead of `effective_to`.": (
        "Seulement ce qui avait bougé à ce moment ; à la place de `effective_to`."
    ),
    "The log is looked at as it stood there; null: as it stands now.": (
        "Le registre est vu tel qu'il était là ; null : tel qu'il est maintenant."
    ),
    "Only what moved then or later.": "Seulement ce qui a bougé alors ou plus tard.",
    "Only what moved before that.": "Seulement ce qui a bougé avant.",
    "When its money moved: by the provider's own clock where that is told and can be, else when we "
    "learned of it; null: none moved.": (
        "Quand son argent a bougé : d'après l'horloge du prestataire si elle est donnée et "
        "possible, sinon quand nous l'avons appris ; null : rien n'a bougé."
    ),
    "When the money moved, by the provider's own clock; null: it does not say.": (
        "Quand l'argent a bougé, d'après l'horloge du prestataire ; null : il ne le dit pas."
    ),
}

FRENCH_OF_RECORDS: Final[dict[str, str]] = _ENDPOINTS | _KEYS | _BOOKS | _OPERATORS | _PAST
"""English -> French, before it is typeset."""
