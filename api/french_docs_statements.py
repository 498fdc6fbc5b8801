"""French of the API's description of providers' statements; see `api.openapi_french`."""

from typing import Final

FRENCH_OF_STATEMENTS_DOCS: Final[dict[str, str]] = {
    "What providers say that moved.": "Ce qui a bougé, selon les prestataires.",
    "A line of this statement agrees.": "Une ligne de ce relevé concorde.",
    "A line of this statement speaks of it, and differs.": (
        "Une ligne de ce relevé en parle, et diffère."
    ),
    "A provider's statement, and what it comes to.": "Un relevé de prestataire, et ce qu'il donne.",
    "A provider's statement, whole.": "Un relevé de prestataire, entier.",
    "A provider's statement, without its lines.": "Un relevé de prestataire, sans ses lignes.",
    "A success of the ledger that no line of any statement speaks of.": (
        "Un succès du registre dont aucune ligne d'aucun relevé ne parle."
    ),
    "All lines.": "Toutes les lignes.",
    "As the statement has it.": "Telle qu'elle figure sur le relevé.",
    "Every movement in that time. Hand in a longer statement in parts.": (
        "Tous les mouvements de cette période. Remettez un relevé plus long en plusieurs parties."
    ),
    "Agree as a second person: a statement's lines settle the payments they speak of.": (
        "Approuver en tant que seconde personne : les lignes d'un relevé tranchent pour les "
        "paiements dont elles parlent."
    ),
    "Hand in a provider's statement: it is compared, and a second person approves it.": (
        "Remettre le relevé d'un prestataire : il est comparé, et une seconde personne l'approuve."
    ),
    "How many lines have yet to be told to the payments they speak of; none are before the "
    "statement is approved.": (
        "Combien de lignes doivent encore être annoncées aux paiements dont elles parlent ; "
        "aucune avant l'approbation du relevé."
    ),
    "Lines that agree with a payment that has not succeeded nor failed, and were not told to it: "
    "it succeeds once the statement is approved.": (
        "Les lignes qui concordent avec un paiement ni réussi ni échoué, et qui ne lui ont pas "
        "été annoncées : il réussit dès que le relevé est approuvé."
    ),
    "Lines that were not told to their payment and contradict it, its failure or one another: a "
    "question for a person, or a failure that becomes a success, once the statement is "
    "approved.": (
        "Les lignes qui n'ont pas été annoncées à leur paiement et qui le contredisent, lui, son "
        "échec ou une autre ligne : une question pour une personne, ou un échec qui devient un "
        "succès, dès que le relevé est approuvé."
    ),
    "The second person's key; null: nobody agreed, and its lines settle nothing.": (
        "La clé de la seconde personne ; null : personne n'a approuvé, et ses lignes ne "
        "tranchent rien."
    ),
    "When its lines became words that settle; null: they are none.": (
        "Quand ses lignes sont devenues des paroles décisives ; null : elles n'en sont pas."
    ),
    "How many lines it has.": "Combien de lignes il a.",
    "How many there are.": "Combien il y en a.",
    "How many, and their money.": "Combien, et leur argent.",
    "ISO 4217 code of all its amounts.": "Le code ISO 4217 de tous ses montants.",
    "ISO 4217 code of that.": "Le code ISO 4217 de ce montant.",
    "Into your wallet at the provider, or out of it.": (
        "Vers votre portefeuille chez le prestataire (`in`), ou hors de lui (`out`)."
    ),
    "Into your wallet, or out of it.": "Vers votre portefeuille (`in`), ou hors de lui (`out`).",
    "Its number in the statement, from 1.": "Son numéro dans le relevé, à partir de 1.",
    "Lines of a statement, in its order.": "Des lignes d'un relevé, dans son ordre.",
    "Lines of which no payment is known.": "Les lignes dont on ne connaît aucun paiement.",
    "Lines that agree with the payment they speak of.": (
        "Les lignes qui concordent avec le paiement dont elles parlent."
    ),
    "Lines that contradict a payment, or one another.": (
        "Les lignes qui contredisent un paiement, ou qui se contredisent."
    ),
    "List a statement's lines: matched, settled, differing or unknown.": (
        "Lister les lignes d'un relevé : rapprochées, décisives, différentes ou inconnues."
    ),
    "List the statements that were handed in.": "Lister les relevés remis.",
    "List what succeeded in a statement's time and no statement speaks of.": (
        "Lister ce qui a réussi dans la période d'un relevé et dont aucun relevé ne parle."
    ),
    "Made from its content.": "Tiré de son contenu.",
    "No line of this statement, nor an approved one, speaks of it.": (
        "Aucune ligne de ce relevé, ni d'un relevé approuvé, n'en parle."
    ),
    "Another statement, a line of which speaks against this one; it counts here only once it is "
    "approved. Null: none does.": (
        "Un autre relevé, dont une ligne s'oppose à celle-ci ; elle ne compte ici qu'une fois "
        "approuvée. Null : aucun."
    ),
    "One line, and what it comes to.": "Une ligne, et ce qu'elle donne.",
    "One movement as the statement has it. It takes nobody's number and nobody's name.": (
        "Un mouvement tel qu'il figure sur le relevé. Ni numéro ni nom de personne n'y entre."
    ),
    "Only a line of another approved statement speaks of it.": (
        "Seule une ligne d'un autre relevé, approuvé, en parle."
    ),
    "Only lines that come to this; `settled` and `outside` are among the matched, "
    "`would_settle` and `would_contradict` are what an approval would do.": (
        "Seulement les lignes qui donnent cela ; `settled` et `outside` sont parmi les "
        "rapprochées, `would_settle` et `would_contradict` sont ce que ferait une approbation."
    ),
    "Send it as `after` for the next page: a line's number; null at the end.": (
        "Envoyez-le dans `after` pour la page suivante : un numéro de ligne ; null à la fin."
    ),
    "Show what a statement comes to: three sums that add up.": (
        "Montrer ce que donne un relevé : trois sommes qui tombent juste."
    ),
    "Statements, newest first.": "Des relevés, du plus récent au plus ancien.",
    "Take back a statement that nobody approved.": "Retirer un relevé que personne n'a approuvé.",
    "The key of whoever took it back; null: nobody did.": (
        "La clé de qui l'a retiré ; null : personne."
    ),
    "When it was taken back, for ever.": "Quand il a été retiré, pour toujours.",
    "The beginning of the time it is about.": "Le début de la période dont il parle.",
    "The beginning of the time it is about; a day begins at 00:00 UTC.": (
        "Le début de la période dont il parle ; un jour commence à 00:00 UTC."
    ),
    "The end of that time, not included.": "La fin de cette période, non comprise.",
    "The end of that time, not included; it must be past.": (
        "La fin de cette période, non comprise ; elle doit être passée."
    ),
    "The lines by what they come to: all are those that match, differ or are unknown.": (
        "Les lignes selon ce qu'elles donnent : toutes sont rapprochées, différentes ou inconnues."
    ),
    "The lines.": "Les lignes.",
    "The log position the sums stand at.": "La position du registre à laquelle valent ces sommes.",
    "The payment, payout or refund; null: unknown.": (
        "Le paiement, versement ou remboursement ; null : inconnu."
    ),
    "The two payments that it names, one by its reference and one by its transaction id; empty: "
    "it does not name two.": (
        "Les deux paiements qu'elle nomme, l'un par sa référence et l'autre par son identifiant "
        "de transaction ; vide : elle n'en nomme pas deux."
    ),
    "The payments, payouts and refunds.": "Les paiements, versements et remboursements.",
    "The provider's own id of the movement.": "L'identifiant du mouvement chez le prestataire.",
    "The statements.": "Les relevés.",
    "Those of the matched whose payment had not succeeded without them.": (
        "Celles des rapprochées sans lesquelles leur paiement n'avait pas réussi."
    ),
    "Those of the matched whose payment is none of the ledger's successes in the time that the "
    "statement covers.": (
        "Celles des rapprochées dont le paiement n'est pas un succès du registre dans la "
        "période du relevé."
    ),
    "Under which the provider has it.": "Sous laquelle le prestataire le connaît.",
    "What a statement lacks, newest first. That it is not there proves nothing by itself.": (
        "Ce qui manque à un relevé, du plus récent au plus ancien. Une absence ne prouve rien "
        "à elle seule."
    ),
    "What its lines come to.": "Ce que donnent ses lignes.",
    "What moved, before fees: a decimal string in major units.": (
        "Ce qui a bougé, avant frais : un texte décimal, en unités principales."
    ),
    "What of it came in.": "Ce qui en est entré.",
    "What of it went out.": "Ce qui en est sorti.",
    "What succeeded by the ledger in that time at that provider: the other four together.": (
        "Ce qui a réussi selon le registre dans cette période chez ce prestataire : les quatre "
        "autres ensemble."
    ),
    "What the ledger has of the time that the statement covers.": (
        "Ce que le registre a de la période du relevé."
    ),
    "What the provider took for it. It is kept and shown, and not booked.": (
        "Ce que le prestataire a pris pour cela. C'est conservé et montré, et non comptabilisé."
    ),
    "What the provider took; it is not booked.": (
        "Ce que le prestataire a pris ; ce n'est pas comptabilisé."
    ),
    "What was asked for there.": "Ce qui y était demandé.",
    "When it moved, by the statement.": "Quand l'argent a bougé, selon le relevé.",
    "When it was handed in.": "Quand il a été remis.",
    "When its money moved.": "Quand son argent a bougé.",
    "Whether it agrees with a payment of the ledger.": (
        "Si elle concorde avec un paiement du registre."
    ),
    "Whether it made its payment succeed.": "Si c'est elle qui a fait réussir son paiement.",
    "Whether it matches a payment that is none of the ledger's successes in that time.": (
        "Si elle concorde avec un paiement qui n'est pas un succès du registre dans cette période."
    ),
    "Whether its payment is yet to be told.": "Si elle doit encore être annoncée à son paiement.",
    "Whether no line is known, and nothing at all succeeded at that provider in its currency and "
    "mode: one of them may be wrong.": (
        "Si aucune ligne n'est connue, et si rien n'a jamais réussi chez ce prestataire dans sa "
        "devise et son mode : l'un d'eux est peut-être faux."
    ),
    "Which payments it is held against: tests, or those for real; by default as the deployment "
    "is.": (
        "Les paiements auxquels il est comparé : les essais, ou les vrais ; par défaut comme "
        "le déploiement."
    ),
    "The key of whoever handed it in.": "La clé de qui l'a remis.",
    "Whose statement it is.": "De qui est le relevé.",
    "Why it differs. `two`: it names two payments, and is matched with neither. "
    "`contradiction`: another line, of this statement or an approved one, says another "
    "amount or payment of the same transaction. `direction`: the payment goes the other way. "
    "`currency`, `amount`: not what was asked. `twice`: another transaction is of the same "
    "payment. `refused`: the payment keeps no more words. `overruled`: it was told, and "
    "other words stand against it. Null: it does not differ.": (
        "Pourquoi elle diffère. `two` : elle nomme deux paiements, et n'est rapprochée d'aucun. "
        "`contradiction` : une autre ligne, de ce relevé ou d'un relevé approuvé, donne un autre "
        "montant ou paiement à la même transaction. `direction` : le paiement va dans l'autre "
        "sens. "
        "`currency`, `amount` : ce n'est pas ce qui était demandé. `twice` : une autre "
        "transaction est du même paiement. `refused` : le paiement ne garde plus de paroles. "
        "`overruled` : elle lui a été annoncée, et d'autres paroles s'y opposent. "
        "Null : elle ne diffère pas."
    ),
    "Your name for the payment at the provider: `reference` of its attempt, or the payment's own "
    "id.": (
        "Votre nom pour le paiement chez le prestataire : `reference` de sa tentative, ou "
        "l'identifiant du paiement."
    ),
    "`next_after` of the page before: a line's number.": (
        "Le `next_after` de la page précédente : un numéro de ligne."
    ),
}
