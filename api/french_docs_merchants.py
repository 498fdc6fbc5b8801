"""The description of the API in French: balances, endpoints that change, attempts and notices."""

from typing import Final

FRENCH_OF_MERCHANTS: Final[dict[str, str]] = {
    "A merchant's money of one currency, as the ledger has it. Fees are not booked.": (
        "L'argent d'un marchand dans une devise, selon le registre. Les frais n'y sont pas."
    ),
    "A merchant's money, and what lies at the providers.": (
        "L'argent d'un marchand, et ce qui se trouve chez les prestataires."
    ),
    "A message that an endpoint could not be told, and which waits for a replay.": (
        "Une notification qu'une adresse n'a pas pu recevoir, et qui attend un renvoi."
    ),
    "An endpoint as it stood then.": ("Une adresse telle qu'elle était alors."),
    "As it was planned then; null: never.": ("Comme prévu alors ; null : jamais."),
    "Change an endpoint's address, types or description. Repeated, it changes nothing.": (
        "Change l'adresse, les types ou la description. Répété, cela ne change rien."
    ),
    "Change an endpoint; what is left out stays as it is.": (
        "Change une adresse de notification ; ce qui manque reste comme avant."
    ),
    "Follow what happens to your payments, payouts, refunds, checkout sessions and "
    "endpoints, live.": (
        "Suit en direct vos paiements, versements, remboursements, pages de paiement et adresses."
    ),
    "Let an endpoint go for good; what it was told stays. Repeated, it does nothing.": (
        "Supprime une adresse ; ce qui lui fut dit reste. Répété, cela ne fait rien."
    ),
    "List the refunds of all payments, newest first.": (
        "Liste les remboursements de tous les paiements, le plus récent d'abord."
    ),
    "List what happened to your payments, payouts, refunds, checkout sessions and "
    "endpoints, the oldest first.": (
        "Liste ce qui est arrivé à vos paiements, versements, remboursements, pages et "
        "adresses, le plus ancien d'abord."
    ),
    "Of the answer; null where none came.": ("De la réponse ; null s'il n'y en a pas eu."),
    "Of those, from 0 to 1 with at most four decimals; null while there are none.": (
        "De ceux-là, de 0 à 1, avec quatre décimales au plus ; null tant qu'il n'y en a pas."
    ),
    "One attempt to deliver a message.": ("Une tentative de remettre une notification."),
    "One message as endpoints are sent it; or what happened to a session or an endpoint.": (
        "Une notification telle qu'envoyée aux adresses ; ou ce qui est arrivé à une "
        "page ou à une adresse."
    ),
    "One message to one endpoint, with every attempt to deliver it.": (
        "Une notification à une adresse, avec chaque tentative."
    ),
    "Only refunds of this payment.": ("Seulement les remboursements de ce paiement."),
    "Only tests, or only what is real; a merchant's key has one.": (
        "Seulement les essais, ou seulement le réel ; la clé d'un marchand a l'un des deux."
    ),
    "Send it as `message_id` to have it replayed.": (
        "Envoyez-le comme `message_id` pour un renvoi."
    ),
    "Show a message to an endpoint, with every attempt to deliver it.": (
        "Montre une notification à une adresse, avec chaque tentative."
    ),
    "Tell a merchant what the ledger says of his money; staff, what the providers say.": (
        "Dit au marchand ce que le registre dit de son argent ; au personnel, ce que "
        "disent les prestataires."
    ),
    "Have an endpoint told something signed, to see that it hears: no payment moves.": (
        "Faire parvenir un message signé à une adresse, pour voir qu'elle entend : aucun paiement "
        "ne bouge."
    ),
    "A message that is sent to an endpoint, to see that it hears.": (
        "Un message envoyé à une adresse, pour voir qu'elle entend."
    ),
    "The `webhook-id` it is sent with: look at its attempts by this.": (
        "Le `webhook-id` avec lequel il est envoyé : ses tentatives se lisent par lui."
    ),
    "Null for a test, which is about no payment.": (
        "Null pour un essai, qui ne concerne aucun paiement."
    ),
    "What an endpoint is told when its merchant tests it: nothing has happened.": (
        "Ce qui est dit à une adresse que son marchand met à l'essai : rien ne s'est passé."
    ),
    "The endpoint that a test is sent to.": "L'adresse à laquelle un essai est envoyé.",
    "The endpoint itself; no payment is meant.": "L'adresse elle-même ; aucun paiement.",
    "When it was asked for.": "Quand il a été demandé.",
    "Whether it is told of tests or of what is real.": (
        "Si elle est informée des essais ou de ce qui est réel."
    ),
    "What else it is told; empty: everything.": "Ce qu'elle reçoit d'autre ; vide : tout.",
    "The event that the message tells of.": ("L'événement dont parle la notification."),
    "The first bytes of your server's answer, as text. Null where it said nothing, "
    "and for other roles than its merchant.": (
        "Les premiers octets de la réponse de votre serveur, en texte. Null s'il n'a "
        "rien dit, et pour les rôles autres que son marchand."
    ),
    "The first one first.": ("La première d'abord."),
    "The log position `money` stands at; null where the providers were asked.": (
        "La position du registre où en est `money` ; null si les prestataires ont été interrogés."
    ),
    "The merchant's, by currency.": ("Celui du marchand, par devise."),
    "The payment, payout, refund, checkout session or endpoint as it stood then, or the message.": (
        "Le paiement, versement, remboursement, la page ou l'adresse d'alors, ou la notification."
    ),
    "What came back, or why nothing did.": ("Ce qui est revenu, ou pourquoi rien n'est revenu."),
    "What customers paid, by the last word about each payment.": (
        "Ce que les clients ont payé, selon le dernier mot sur chaque paiement."
    ),
    "What is being given back.": ("Ce qui est en cours de remboursement."),
    "What is being paid out.": ("Ce qui est en cours de versement."),
    "What was paid out.": ("Ce qui a été versé."),
    "`suspense_in` less `suspense_out`.": "`suspense_in` moins `suspense_out`.",
    "What came in by contradicting words and waits to be settled. It is in none of the sums "
    "above.": (
        "Ce qui est entré selon des mots contraires et attend d'être tranché. Aucune somme "
        "ci-dessus ne le compte."
    ),
    "What went out likewise.": "Ce qui est sorti de même.",
    "The one that was asked for under this Idempotency-Key, or none; always current. Other keys "
    "than the merchant's own send `merchant_id` with it.": (
        "Celui qui a été demandé sous cette Idempotency-Key, ou aucun ; toujours à jour. Les clés "
        "autres que celle du marchand envoient aussi `merchant_id`."
    ),
    "End a payment that certainly no provider has. Repeated, it changes nothing.": (
        "Annuler un paiement qu'aucun prestataire n'a, avec certitude. Répété, ne change rien."
    ),
    "End a payout that certainly no provider has. Repeated, it changes nothing.": (
        "Annuler un versement qu'aucun prestataire n'a, avec certitude. Répété, ne change rien."
    ),
    "End a refund that certainly no provider has. Repeated, it changes nothing.": (
        "Annuler un remboursement qu'aucun prestataire n'a, avec certitude. Répété, ne change rien."
    ),
    "A payment, payout or refund that its merchant ended before any provider had it.": (
        "Un paiement, versement ou remboursement que son marchand a annulé avant qu'un prestataire "
        "ne l'ait."
    ),
    "What tells it from one whose time was over.": (
        "Ce qui le distingue de celui dont le délai était passé."
    ),
    "What the ledger says of a merchant's money; or what the providers say lies with them.": (
        "Ce que le registre dit de l'argent d'un marchand ; ou ce que disent les prestataires."
    ),
    "What the ledger says of this merchant's money. A merchant's key has its own; "
    "without it, others are told what the providers say.": (
        "Ce que le registre dit de l'argent de ce marchand. La clé d'un marchand a le "
        "sien ; sans lui, les autres lisent ce que disent les prestataires."
    ),
    "What was asked of customers, and has no end yet.": (
        "Ce qui est demandé aux clients, et n'a pas encore d'issue."
    ),
    "When it had ended.": ("Quand elle fut finie."),
    "Where to from now on, under the same rules. What waits goes there too.": (
        "Où désormais, selon les mêmes règles. Ce qui attend y va aussi."
    ),
    "Whether it is gone for good; what it was told stays.": (
        "Si elle est supprimée ; ce qui lui fut dit reste."
    ),
    "Whether your server took it.": ("Si votre serveur l'a prise."),
    "Which messages from now on; an empty list: all of them.": (
        "Quelles notifications désormais ; une liste vide : toutes."
    ),
    "Why nothing is delivered to it.": ("Pourquoi rien ne lui est remis."),
    "`collected` less `refunded` less `paid_out`.": (
        "`collected` moins `refunded` moins `paid_out`."
    ),
    "`payment.succeeded`, `payout.failed`, ...; `checkout.completed`, ...; "
    "`endpoint.disabled`, ...; `delivery.parked`.": (
        "Par exemple `payment.succeeded`, `checkout.completed`, `endpoint.disabled`, "
        "`delivery.parked`."
    ),
    "What people call its holder; null: it was made without one.": (
        "Comment on appelle son détenteur ; null : elle a été créée sans étiquette."
    ),
}
