"""French about operators' notes: from English templates; see `api.french`."""

from typing import Final

FRENCH_OF_NOTES: Final[dict[str, str]] = {
    "Proposing this note": "La proposition de cette note",
    "Agreeing to this note": "L'accord à cette note",
    "Taking this note back": "Le retrait de cette note",
    "Looking for this note": "L'examen de cette note",
    "the payment has no such note.": "ce paiement n'a pas cette note.",
    "The payment has no note with this id.": ("Ce paiement n'a pas de note avec cet identifiant."),
    "Check it in the list of the payment's notes.": (
        "Vérifiez-le dans la liste des notes du paiement."
    ),
    "the payment is being submitted at this moment.": (
        "le paiement est en train d'être transmis en ce moment."
    ),
    "Wait until its provider has answered, or is being asked about it.": (
        "Attendez que son prestataire ait répondu, ou qu'il soit interrogé à son sujet."
    ),
    "the payment was never submitted to a provider, so there is nothing to say.": (
        "le paiement n'a jamais été transmis à un prestataire, il n'y a donc rien à dire."
    ),
    "Wait: it is sent, or given up by itself.": (
        "Attendez : il sera transmis, ou abandonné de lui-même."
    ),
    "Send one of the payment's `attempts`, or none for the last one.": (
        "Envoyez l'une des tentatives, dans `attempts`, ou aucune pour la dernière."
    ),
    "the payment has no such note that was approved and still counts.": (
        "le paiement n'a pas de telle note approuvée et qui compte encore."
    ),
    "Send the `note` of a word in the payment's `evidence`.": (
        "Envoyez la `note` d'un élément de l'`evidence` du paiement."
    ),
    "{note} has settled this reference already.": "{note} a déjà tranché pour cette référence.",
    "If that was wrong, name it in `replaces`.": (
        "Si c'était une erreur, nommez-la dans `replaces`."
    ),
    "an earlier note tells when the money moved.": (
        "une note précédente dit quand l'argent a bougé."
    ),
    "Tell it as well: that one's time would stay.": (
        "Dites-le aussi : la date de l'autre resterait."
    ),
    "no money moved, so there is no time when it did.": (
        "aucun argent n'a bougé, il n'y a donc pas de date."
    ),
    "no money moved, so there is no amount of it.": (
        "aucun argent n'a bougé, il n'y a donc pas de montant."
    ),
    "Leave it out.": "Laissez-le de côté.",
    "the time has not come yet.": "cette date n'est pas encore venue.",
    "Send when the money moved, in UTC or with its offset.": (
        "Envoyez quand l'argent a bougé, en UTC ou avec le décalage."
    ),
    "the payment was not asked for at that time.": (
        "le paiement n'était pas encore demandé à cette date."
    ),
    "Send when the money moved; look at the payment's `created_at`.": (
        "Envoyez quand l'argent a bougé ; regardez `created_at` du paiement."
    ),
    "the payment is in {currency}.": "le paiement est en {currency}.",
    "Tell what moved in that currency, or leave it out.": (
        "Dites ce qui a bougé dans cette devise, ou laissez-la de côté."
    ),
    "{note} waits for a second operator already.": (
        "{note} attend déjà l'accord d'un second opérateur."
    ),
    "Approve that one, or take it back first.": (
        "Donnez votre accord à celle-là, ou retirez-la d'abord."
    ),
    "the payment has {notes} notes already.": "le paiement a déjà {notes} notes.",
    "Approve none that is wrong; what is left is to be settled in the books.": (
        "N'en approuvez aucune qui soit fausse ; le reste se règle dans les livres."
    ),
    "it was taken back.": "elle a été retirée.",
    "Propose it anew if it holds all the same.": (
        "Proposez-la à nouveau si elle vaut malgré tout."
    ),
    "Propose it anew if it still holds.": "Proposez-la à nouveau si elle vaut encore.",
    "what would become of the payment, its money or its refunds is not what it was when it was "
    "proposed.": (
        "ce que deviendraient le paiement, son argent ou ses remboursements n'est plus ce que "
        "c'était lors de la proposition."
    ),
    "Look at the payment again, and propose anew what still holds.": (
        "Regardez à nouveau le paiement, et proposez encore ce qui vaut toujours."
    ),
    "the operator who proposed it cannot be the one who agrees.": (
        "l'opérateur qui l'a proposée ne peut pas être celui qui donne son accord."
    ),
    "Have another operator look at it, with his own key.": (
        "Faites-la examiner par un autre opérateur, avec sa propre clé."
    ),
    "a second operator has agreed to it, and it is evidence.": (
        "un second opérateur a donné son accord, et elle fait foi."
    ),
    "If it was wrong, propose another one that names it in `replaces`.": (
        "Si elle était fausse, proposez-en une autre qui la nomme dans `replaces`."
    ),
}
"""English template -> French template."""
