"""What commands about statements say, in English and French."""

from typing import Final

from adapters.refusal_texts import Language

SAID: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "new": "handed in: {lines} lines",
        "known": "known already: {lines} lines, nothing was added",
        "left_out": 'left out, whose status is "{why}": {count} lines',
        "nothing": "left out, of nothing: {count} lines",
        "next": "Another person looks at it and agrees with "
        "`cauri statements approve {id} --key-file FILE`.",
        "handed_in": "handed in by {by}, {at}",
        "open": "not approved: its lines settle nothing yet",
        "approved": "approved by {by}, {at}",
        "withdrawn": "taken back by {by}, {at}: it counts nowhere",
        "list": "Statements, newest first",
        "of_list": "@id|provider|currency|@from|@to|#lines|state",
        "is_open": "not approved",
        "is_approved": "approved",
        "is_withdrawn": "taken back",
        "older": "Older ones are left out; `--limit` shows more.",
        "none": "there are none",
        "ask": "Let its lines settle the payments they speak of?",
        "left": "Nothing was done.",
        "title": "{provider}, {start} to {end}, {currency}",
        "waiting": "payments that a running server has yet to tell: {waiting}",
        "out_of_place": "look again: nothing succeeded at {provider} in {currency}, {mode}, and "
        "no line is known; the provider, --currency or --mode may be wrong",
        "lines": "lines",
        "successes": "ledger",
        "sums": "which|#count|#in|#out",
        "look_at": "Lines that would settle or contradict a payment, differ, or are unknown",
        "of_lines": "#line|@id|direction|#amount|result|why|approval|@payment",
        "would_settle": "would settle",
        "would_contradict": "would contradict",
        "against": "line {line}: the statement {against} speaks against it",
        "more": "not listed here, {list}: {count}; all are told by GET /v1/statements/{id}/{where}",
        "two": "line {line} names two payments, and is matched with neither:",
        "missing": "In the ledger, and on no statement",
        "of_missing": "@payment|kind|#amount|@moved",
    },
    "fr": {
        "new": "relevé remis ; lignes : {lines}",
        "known": "déjà connu ; lignes : {lines} ; rien n'a été ajouté",
        "left_out": "lignes laissées de côté, au statut « {why} » : {count}",
        "nothing": "lignes laissées de côté, sans montant : {count}",
        "next": "Une autre personne le regarde et l'approuve par "
        "`cauri statements approve {id} --key-file FICHIER`.",
        "handed_in": "remis par {by}, {at}",
        "open": "non approuvé : ses lignes ne tranchent encore rien",
        "approved": "approuvé par {by}, {at}",
        "withdrawn": "retiré par {by}, {at} : il ne compte nulle part",
        "list": "Relevés, du plus récent au plus ancien",
        "of_list": "@identifiant|prestataire|devise|@du|@au|#lignes|état",
        "is_open": "non approuvé",
        "is_approved": "approuvé",
        "is_withdrawn": "retiré",
        "older": "Les plus anciens sont laissés de côté ; `--limit` en montre plus.",
        "none": "il n'y en a pas",
        "ask": "Laisser ses lignes trancher pour les paiements dont elles parlent ?",
        "left": "Rien n'a été fait.",
        "title": "{provider}, du {start} au {end}, {currency}",
        "waiting": "paiements à qui un serveur doit encore l'annoncer : {waiting}",
        "out_of_place": "à revoir : rien n'a réussi chez {provider} en {currency}, {mode}, et "
        "aucune ligne n'est connue ; le prestataire, --currency ou --mode est peut-être faux",
        "lines": "lignes",
        "successes": "registre",
        "sums": "lesquels|#nombre|#entré|#sorti",
        "look_at": "Lignes qui trancheraient pour un paiement ou le contrediraient, "
        "qui diffèrent, ou que personne ne connaît",
        "of_lines": "#ligne|@identifiant|sens|#montant|résultat|pourquoi|approbation|@paiement",
        "would_settle": "trancherait",
        "would_contradict": "contredirait",
        "against": "ligne {line} : le relevé {against} s'y oppose",
        "more": "pas dans ces listes, {list} : {count} ; "
        "GET /v1/statements/{id}/{where} les donne tous",
        "two": "la ligne {line} nomme deux paiements, et n'est rapprochée d'aucun :",
        "missing": "Dans le registre, et sur aucun relevé",
        "of_missing": "@paiement|genre|#montant|@date",
    },
}
"""A line's name -> its text; columns are parted by bars, and marked as for `write_table`."""

SUMS_FRENCH: Final = {
    "all": "en tout",
    "matched": "rapprochés",
    "settled": "dont décisifs",
    "outside": "dont hors période",
    "differs": "différents",
    "unknown": "inconnus",
    "would_settle": "trancheraient",
    "would_contradict": "contrediraient",
    "elsewhere": "sur un autre relevé",
    "missing": "manquants",
}

CELLS_FRENCH: Final = {
    "in": "entrée",
    "out": "sortie",
    "matched": "rapprochée",
    "differs": "diffère",
    "unknown": "inconnue",
    "contradiction": "une autre ligne contredit",
    "direction": "autre sens",
    "currency": "autre devise",
    "amount": "autre montant",
    "two": "nomme deux paiements",
    "overruled": "d'autres paroles s'y opposent",
    "twice": "payé deux fois",
    "refused": "plus de place au paiement",
    "collection": "paiement",
    "payout": "versement",
    "refund": "remboursement",
}
"""What a line says in one word, for programs -> what a person reads."""
