"""The description of the API in French: the fields of payments, of help, and of checkouts."""

from typing import Final

_MONEY: Final[dict[str, str]] = {
    "A decimal string in major units, never a number.": (
        "Un texte décimal en unités principales, jamais un nombre."
    ),
    "ISO 4217.": "Selon ISO 4217.",
    "The number, international (+237...) or national.": (
        "Le numéro, international (+237...) ou national."
    ),
    "ISO 3166 country of a national number; by default the merchant's.": (
        "Le pays (ISO 3166) d'un numéro national ; par défaut celui du marchand."
    ),
    "A code that the payer's operator gave them for this payment beforehand (Orange in Senegal: "
    "by dialling `#144#391#`). It is never shown again.": (
        "Un code que l'opérateur du payeur lui a donné auparavant pour ce paiement (Orange au "
        "Sénégal : en composant `#144#391#`). Il n'est plus jamais montré."
    ),
    "Where the payer is sent a receipt once the payment has succeeded, and a note of every "
    "refund.": (
        "Où le payeur reçoit un reçu une fois le paiement réussi, et un mot à chaque remboursement."
    ),
    "Whether nothing more is asked or sent by itself.": (
        "Si plus rien n'est demandé ni envoyé de soi-même."
    ),
    "Why it stands where it stands.": "Pourquoi il en est là.",
    "What the code means, where no money moved; null where no code says why. Its texts are in "
    "French or English, by `Accept-Language`.": (
        "Ce que le code veut dire, quand l'argent n'a pas bougé ; null si aucun code ne dit "
        "pourquoi. Ses textes sont en français ou en anglais, selon `Accept-Language`."
    ),
    "`test`: no money moves. `live`: it does.": (
        "`test` : aucun argent ne bouge. `live` : il bouge."
    ),
    "Where it was last submitted, or is to be.": "Où il a été soumis en dernier, ou doit l'être.",
    "Where the payer must go, while it is pending.": (
        "Où le payeur doit aller, tant que c'est en attente."
    ),
    "What the provider waits for: hand it in at `/v1/payments/{id}/confirmation`.": (
        "Ce que le prestataire attend : remettez-le à `/v1/payments/{id}/confirmation`."
    ),
    "On whose page the payer asked for it.": (
        "La session sur la page de laquelle le payeur l'a demandé."
    ),
    "Of a payment: how much of it was given back.": "D'un paiement : ce qui en a été remboursé.",
    "Of a payment: what may still be asked back; 0 once the payer is forgotten.": (
        "D'un paiement : ce qui peut encore être remboursé ; 0 dès que le payeur a été oublié."
    ),
    "Where it may go, best first, if it certainly did not get to the one before.": (
        "Où il peut aller, le meilleur d'abord, s'il n'est certainement pas arrivé chez le "
        "précédent."
    ),
    "When the provider is asked next.": "Quand le prestataire est interrogé de nouveau.",
    "The position of its last event in the log.": (
        "La position de son dernier événement dans le registre."
    ),
    "What the provider is asked to do.": "Ce qui est demandé au prestataire.",
    "Of the key that asked; absent where keys had none yet.": (
        "De la clé qui a demandé ; absent quand les clés n'en avaient pas encore."
    ),
    "When it is given up if no provider can be reached.": (
        "Quand on y renonce si aucun prestataire n'est joignable."
    ),
    "The position of `payment.requested` in the log.": (
        "La position de `payment.requested` dans le registre."
    ),
    "Take an amount from a payer's mobile money.": (
        "Encaisser un montant sur l'argent mobile d'un payeur."
    ),
    "The provider to use; by default guessed from the number.": (
        "Le prestataire à utiliser ; par défaut deviné d'après le numéro."
    ),
    "The operator, where the number was ported and you know it.": (
        "L'opérateur, si le numéro a été porté et que vous le savez."
    ),
    "What the other one may see; some providers cut it short.": (
        "Ce que l'autre peut voir ; certains prestataires le raccourcissent."
    ),
    "Your own pairs; sealed, and given back when you look.": (
        "Vos propres paires ; scellées, et rendues quand vous regardez."
    ),
    "The language of hosted pages and messages.": "La langue des pages hébergées et des messages.",
    "Where a hosted page sends the payer afterwards.": (
        "Où une page hébergée envoie le payeur ensuite."
    ),
    "Where a hosted page sends a payer who gives up.": (
        "Où une page hébergée envoie un payeur qui renonce."
    ),
    "Where you are sent the same, in your own words; the payer never sees it.": (
        "Où vous recevez la même chose, écrite pour vous ; le payeur ne la voit jamais."
    ),
    "A payment, payout or refund in a list.": (
        "Un paiement, un versement ou un remboursement dans une liste."
    ),
    "Pay an amount into somebody's mobile money.": (
        "Verser un montant sur l'argent mobile de quelqu'un."
    ),
    "Somebody with a mobile money account.": "Quelqu'un qui a un compte d'argent mobile.",
    "A decimal string in major units; by default all that is left.": (
        "Un texte décimal en unités principales ; par défaut tout ce qui reste."
    ),
    "Give a payment back, whole or in part.": "Rembourser un paiement, en tout ou en partie.",
    "What the payer may see; some providers cut it short.": (
        "Ce que le payeur peut voir ; certains prestataires le raccourcissent."
    ),
    "Whether the payer may be paid by a payout where the provider cannot refund; it costs what a "
    "payout costs.": (
        "Si le payeur peut être remboursé par un versement quand le prestataire ne sait pas "
        "rembourser ; cela coûte ce que coûte un versement."
    ),
    "One submission to a provider.": "Un envoi à un prestataire.",
    "One provider of a route plan.": "Un prestataire d'un plan de route.",
    "Why it stands there.": "Pourquoi il est à cette place.",
    "Hand in the code that the operator gave the payer.": (
        "Remettre le code que l'opérateur a donné au payeur."
    ),
    "Digits, as the payer reads them.": "Des chiffres, comme le payeur les lit.",
    "Which code it is of those handed in for the payment, from 1.": (
        "Le rang de ce code parmi ceux remis pour le paiement, à partir de 1."
    ),
    "The position of `payment.code_given` in the log.": (
        "La position de `payment.code_given` dans le registre."
    ),
    "One event of a payment, with what proves it.": (
        "Un événement d'un paiement, avec ce qui le prouve."
    ),
    "RFC 6962 leaf hash of the stored entry, hex.": (
        "Empreinte de feuille RFC 6962 de l'entrée stockée, en hexadécimal."
    ),
    "One trusted outside word about the payment, as the provider said it.": (
        "Une parole digne de foi sur le paiement, telle que le prestataire l'a dite."
    ),
}

_REFUSALS: Final[dict[str, str]] = {
    "Where something is wrong, why, and what to send instead.": (
        "Où quelque chose ne va pas, pourquoi, et quoi envoyer à la place."
    ),
    "RFC 9457 problem details.": "Le détail d'un problème, selon RFC 9457.",
    "Why money did not move.": "Pourquoi l'argent n'a pas bougé.",
    "One reason why money does not move.": "Une raison pour laquelle l'argent ne bouge pas.",
    "One word for programs.": "Un mot pour les programmes.",
    "Of the GSMA Mobile Money API 1.2.": "De l'API Mobile Money 1.2 de la GSMA.",
    "The nearest error code of that interface.": (
        "Le code d'erreur le plus proche de cette interface."
    ),
    "Whether the same payment may go through a little later.": (
        "Si le même paiement peut passer un peu plus tard."
    ),
    "May be shown to whoever has the number, as it is.": (
        "Peut être montré tel quel à qui a le numéro."
    ),
    "What you can do about it.": "Ce que vous pouvez y faire.",
    "Whether another provider might take the payment.": (
        "Si un autre prestataire pourrait prendre le paiement."
    ),
    "Why money did not move, in one vocabulary for all providers.": (
        "Pourquoi l'argent n'a pas bougé, en un seul vocabulaire pour tous les prestataires."
    ),
}

_SUPPORT: Final[dict[str, str]] = {
    "Whom to contact.": "Qui il faut contacter.",
    "What `CAURI_SUPPORT_CONTACT` says.": "Ce que dit `CAURI_SUPPORT_CONTACT`.",
    "What happened, for either reader.": "Ce qui s'est passé, pour l'un et l'autre lecteur.",
    "May be shown to whoever has the number (who pays, or is paid), as it is.": (
        "Peut être montré tel quel à qui a le numéro (qui paie, ou est payé)."
    ),
    "What happened that means something to a person, oldest first.": (
        "Ce qui s'est passé et qui compte pour une personne, le plus ancien d'abord."
    ),
    "How many sentences of the middle are not shown.": (
        "Combien de phrases du milieu ne sont pas montrées."
    ),
    "Who is paid, or pays out.": "Qui est payé, ou verse.",
    "What one reader should do now, and should not.": (
        "Ce qu'un lecteur doit faire maintenant, et ne doit pas faire."
    ),
    "Whose number it is, as far as it is known.": (
        "À qui est le numéro, pour autant qu'on le sache."
    ),
    "What its customers dial; null where no two sources agree.": (
        "Ce que ses clients composent ; null si aucune source n'en confirme une autre."
    ),
    "Something that happened, in a sentence.": "Quelque chose qui s'est passé, en une phrase.",
    "When it happened last, if several times in a row.": (
        "La dernière fois, si c'est arrivé plusieurs fois de suite."
    ),
    "How often it happened in a row.": "Combien de fois c'est arrivé de suite.",
    "Where a payment stands, as it matters to who pays and to who is paid.": (
        "Où en est un paiement, tel que cela compte pour qui paie et pour qui est payé."
    ),
    "One word for programs, finer than the status.": (
        "Un mot pour les programmes, plus fin que le statut."
    ),
    "Whether the money moved, as far as anybody can know.": (
        "Si l'argent a bougé, pour autant qu'on puisse le savoir."
    ),
    "Why no money moved; as in `GET /v1/refusals`.": (
        "Pourquoi l'argent n'a pas bougé ; comme dans `GET /v1/refusals`."
    ),
    "The provider's own code, verbatim. Where Cauri sent nothing it is ours: "
    "`CANCELLED_BY_MERCHANT`, `PAYEE_INACTIVE`, `PAYEE_OVER_LIMITS`, ...": (
        "Le code du prestataire, mot pour mot. Quand Cauri n'a rien envoyé, il est de nous : "
        "`CANCELLED_BY_MERCHANT`, `PAYEE_INACTIVE`, `PAYEE_OVER_LIMITS`, ..."
    ),
    "The provider's own code, verbatim; not for the payer.": (
        "Le code du prestataire, mot pour mot ; pas pour le payeur."
    ),
    "Null where too few ended lately to say.": (
        "Null si trop peu ont abouti récemment pour le dire."
    ),
    "How long it usually takes with this provider, from the request to its final word.": (
        "Le temps que cela prend d'habitude chez ce prestataire, de la demande à son dernier mot."
    ),
    "From how many it is drawn, of all merchants: told to those who may know.": (
        "De combien de paiements cela est tiré, tous marchands confondus : dit à ceux qui "
        "peuvent le savoir."
    ),
    "The same in words, for anybody.": "La même chose en mots, pour chacun.",
    "What to do now, and what not to do.": "Ce qu'il faut faire maintenant, et ne pas faire.",
    "Whether it may be asked for anew: only where certainly no money moved.": (
        "S'il peut être redemandé : seulement si l'argent n'a certainement pas bougé."
    ),
    "Whether the very same may then go through a little later, with nothing put right first.": (
        "Si exactement le même peut alors passer un peu plus tard, sans rien corriger d'abord."
    ),
    "Where the payer must go, while that is awaited.": (
        "Où le payeur doit aller, tant que cela est attendu."
    ),
}

_CHECKOUT: Final[dict[str, str]] = {
    "One time that the customer tried to pay.": "Une fois où le client a essayé de payer.",
    "Look at it as at any other payment.": "À regarder comme tout autre paiement.",
    "How it ended without money moving; null while money may move, or has moved.": (
        "Comment elle a fini sans que l'argent bouge ; null tant qu'il peut bouger, ou a bougé."
    ),
    "What the page's forms send.": "Ce qu'envoient les formulaires de la page.",
    "As the page says it; null for other roles.": (
        "Tel que la page le dit ; null pour les autres rôles."
    ),
    "As you sent it; null for other roles.": (
        "Tel que vous l'avez envoyé ; null pour les autres rôles."
    ),
    "The payment that paid it.": "Le paiement qui l'a payée.",
    "The log position the list stands at.": "La position du registre à laquelle se tient la liste.",
    "`after` of the next page; null: no more.": (
        "Le `after` de la page suivante ; null : il n'y en a plus."
    ),
    "Whoever knows it can see the page.": "Qui le connaît peut voir la page.",
    "The page: send your customer there.": "La page : envoyez-y votre client.",
    "The page's address as a QR code, an SVG image.": (
        "L'adresse de la page en code QR, une image SVG."
    ),
    "The position of `checkout.created` in the log.": (
        "La position de `checkout.created` dans le registre."
    ),
    "Ask for a page on which a customer may pay an amount, once.": (
        "Demander une page sur laquelle un client peut payer un montant, une fois."
    ),
    "What the customer pays for; shown on the page.": "Ce que le client paie ; montré sur la page.",
    "What the page calls you; by default your name as a merchant.": (
        "Comment la page vous appelle ; par défaut votre nom de marchand."
    ),
    "ISO 3166 country of the customers' numbers; by default yours.": (
        "Le pays (ISO 3166) des numéros des clients ; par défaut le vôtre."
    ),
    "The page's first language; by default the browser's.": (
        "La première langue de la page ; par défaut celle du navigateur."
    ),
    "Where the page leads back to once it is paid.": (
        "Où la page ramène une fois qu'elle est payée."
    ),
    "Where it leads back to otherwise; by default `return_url`.": (
        "Où elle ramène sinon ; par défaut `return_url`."
    ),
    "The origin of the page of yours that may show it in a frame.": (
        "L'origine de votre page qui peut la montrer dans un cadre."
    ),
    "Your own pairs; sealed, and given back with the session and its payments.": (
        "Vos propres paires ; scellées, et rendues avec la session et ses paiements."
    ),
    "How long it can be paid; by default a day.": (
        "Combien de temps on peut la payer ; par défaut un jour."
    ),
    "A session in a list.": "Une session dans une liste.",
    "What paid it, else that of the last attempt.": (
        "Celui qui l'a payée, sinon celui de la dernière tentative."
    ),
}

FRENCH_OF_SHAPES: Final[dict[str, str]] = _MONEY | _REFUSALS | _SUPPORT | _CHECKOUT
"""English -> French, before it is typeset."""
