"""French: where a payment stands, for who pays and for the merchant; a part of
`api.support_french`.
"""

from collections.abc import Mapping
from typing import Final

from api.support_words import Advice, Said, Situation

_NOT_TWICE: Final = (
    "Ne créez pas un deuxième paiement pour la même commande : le client risque de payer deux fois."
)

INCOMING: Final[Mapping[Situation, Advice]] = {
    Situation.REQUESTED: Advice(
        Said(
            "{merchant} vous demande {amount}, et nous allons transmettre la demande.",
            "Gardez votre téléphone sous la main : dans un instant, vous devrez confirmer.",
            "Ne payez pas une deuxième fois : ce paiement vient seulement de commencer.",
        ),
        Said(
            "Le paiement est enregistré et va être transmis à l'opérateur.",
            "Regardez à nouveau dans quelques secondes.",
            _NOT_TWICE,
        ),
    ),
    Situation.PROVIDER_AWAY: Advice(
        Said(
            "Pour le moment, nous n'arrivons pas à joindre {operator}. Nous continuons d'essayer.",
            "Vous n'avez rien à faire : gardez votre téléphone sous la main, on vous demandera de "
            "confirmer dès que ça remarche. Si vous ne voulez pas attendre, dites-le à {merchant}.",
            "Ne payez pas une deuxième fois entre-temps : cette demande peut encore arriver sur "
            "votre téléphone.",
        ),
        Said(
            "Le prestataire est injoignable, ou en panne et laissé de côté pour un moment. Le "
            "paiement partira dès que possible, jusqu'à son `expires_at`.",
            "Dites au client de patienter, ou de payer autrement une fois ce paiement terminé.",
            _NOT_TWICE,
        ),
    ),
    Situation.REROUTED: Advice(
        Said(
            "Le premier chemin vers {operator} n'a pas marché, nous en prenons donc un autre.",
            "Gardez votre téléphone sous la main : dans un instant, vous devrez confirmer.",
            "Ne payez pas une deuxième fois : ce paiement continue.",
        ),
        Said(
            "Le premier prestataire n'a certainement pas le paiement ; le suivant prend le relais.",
            "Regardez à nouveau dans quelques secondes ; `attempts` dit qui l'a.",
            _NOT_TWICE,
        ),
    ),
    Situation.SUBMITTING: Advice(
        Said(
            "Nous transmettons votre paiement à {operator} en ce moment même.",
            "Gardez votre téléphone sous la main : dans un instant, vous devrez confirmer.",
            "Ne payez pas une deuxième fois : ce paiement est en cours.",
        ),
        Said(
            "Nous appelons le prestataire, qui n'a pas encore répondu.",
            "Regardez à nouveau dans quelques secondes.",
            _NOT_TWICE,
        ),
    ),
    Situation.PROMPT_OPEN: Advice(
        Said(
            "Une demande de {amount} vous attend sur votre téléphone.",
            "Regardez votre téléphone, vérifiez le montant et confirmez avec votre code secret. "
            "Si rien ne s'affiche, ouvrez le menu de paiement mobile et cherchez les paiements qui "
            "attendent votre accord.",
            "Ne donnez jamais votre code secret à personne. Ne payez pas une deuxième fois tant "
            "que cette demande est ouverte.",
        ),
        Said(
            "On a demandé au client de confirmer sur son téléphone, et il n'a pas encore répondu.",
            "Dites au client de regarder son téléphone. Nous interrogeons le prestataire jusqu'à "
            "sa réponse finale.",
            _NOT_TWICE,
        ),
    ),
    Situation.PAGE_OPEN: Advice(
        Said(
            "Votre paiement de {amount} vous attend sur la page de paiement.",
            "Ouvrez la page et suivez ce qu'elle indique.",
            "Ne donnez jamais votre code secret à personne. Ne payez pas une deuxième fois tant "
            "que cette page est ouverte.",
        ),
        Said(
            "La page de paiement est prête, et le client n'a pas encore terminé.",
            "Envoyez le client vers `page_url`.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODE_AWAITED: Advice(
        Said(
            "Pour votre paiement de {amount}, il manque le code que vous donne {operator}.",
            "Saisissez ce code là où on vous le demande. Il n'est valable que quelques minutes.",
            "Ne saisissez pas votre code secret à la place, et ne payez pas une deuxième fois.",
        ),
        Said(
            "Le prestataire attend le code à usage unique du client.",
            "Demandez le code au client et transmettez-le à l'adresse `confirmation` du paiement.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODE_AGAIN: Advice(
        Said(
            "Le code que vous avez donné n'a pas été accepté : il est peut-être faux ou trop "
            "ancien. Il en faut un autre pour votre paiement de {amount}.",
            "Demandez un nouveau code à {operator} et saisissez-le avec attention.",
            "Ne saisissez pas votre code secret à la place, et ne payez pas une deuxième fois.",
        ),
        Said(
            "Le prestataire n'a pas accepté le code à usage unique du client et en attend un "
            "autre.",
            "Demandez un nouveau code au client et transmettez-le à l'adresse `confirmation` du "
            "paiement.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODES_USED_UP: Advice(
        Said(
            "Aucun des codes que vous avez donnés n'a été accepté, et on ne peut plus en essayer "
            "d'autre pour votre paiement de {amount}.",
            "Patientez : ce paiement se termine tout seul, et nous vous dirons comment. Si vous ne "
            "voulez pas attendre, dites-le à {merchant}.",
            "Ne saisissez votre code secret nulle part, et ne payez pas une deuxième fois tant que "
            "ce paiement est ouvert.",
        ),
        Said(
            "Tous les essais de code à usage unique permis pour un paiement sont épuisés, et aucun "
            "code n'a été accepté.",
            "Attendez la fin du paiement. Nous interrogeons le prestataire jusqu'à sa réponse "
            "finale.",
            _NOT_TWICE,
        ),
    ),
    Situation.CODE_GIVEN: Advice(
        Said(
            "Nous avons bien reçu votre code, et il est en cours de vérification.",
            "Patientez un instant : nous vous dirons comment cela s'est terminé.",
            "Ne payez pas une deuxième fois : ce paiement est en cours.",
        ),
        Said(
            "Le code du client a été transmis ; le prestataire n'a pas encore dit son dernier mot.",
            "Regardez à nouveau dans quelques secondes.",
            _NOT_TWICE,
        ),
    ),
    Situation.UNKNOWN: Advice(
        Said(
            "Nous ne savons pas encore si votre argent est parti. Nous posons toujours la question "
            "à {operator}.",
            "Attendez notre réponse, s'il vous plaît. Si vous recevez un SMS de paiement, "
            "gardez-le.",
            "Ne payez pas à nouveau : vous risquez de payer deux fois.",
        ),
        Said(
            "Nous n'avons reçu aucune réponse exploitable : personne ne sait encore si l'argent "
            "est parti. Nous interrogeons le prestataire jusqu'à sa réponse finale.",
            "Attendez cette réponse et laissez la commande ouverte ; `next_inquiry_at` dit quand "
            "nous poserons de nouveau la question.",
            _NOT_TWICE,
        ),
    ),
    Situation.SUCCEEDED: Advice(
        Said(
            "{merchant} a reçu votre paiement de {amount}.",
            "Vous n'avez plus rien à faire. Gardez le SMS de confirmation : c'est votre reçu.",
            "Ne payez pas à nouveau.",
        ),
        Said(
            "Le client a payé {amount}.",
            "Livrez la commande. Un remboursement permet de rendre l'argent.",
            None,
        ),
    ),
    Situation.REFUND_UNDER_WAY: Advice(
        Said(
            "{merchant} a reçu votre paiement de {amount}, et de l'argent est en route vers vous.",
            "Attendez le SMS qui annonce le retour de l'argent.",
            "Ne payez pas à nouveau.",
        ),
        Said(
            "Le client a payé, et un remboursement est en cours.",
            "Consultez le remboursement pour savoir où il en est.",
            "Ne rendez pas le même argent d'une autre façon tant que le remboursement est en "
            "cours.",
        ),
    ),
    Situation.PARTLY_REFUNDED: Advice(
        Said(
            "{merchant} a reçu votre paiement de {amount}, et {refunded} vous ont été rendus.",
            "Vérifiez votre solde et vos SMS. S'il manque quelque chose, parlez-en à {merchant}.",
            "Ne payez pas à nouveau.",
        ),
        Said(
            "Le client a payé {amount}, et {refunded} lui ont été rendus.",
            "Vous n'avez plus rien à faire ; `refundable` dit ce qui reste.",
            None,
        ),
    ),
    Situation.REFUNDED: Advice(
        Said(
            "Tout ce que vous aviez payé à {merchant} vous a été rendu : {refunded}.",
            "Vérifiez votre solde et vos SMS. S'il manque quelque chose, parlez-en à {merchant}.",
            None,
        ),
        Said(
            "Tout ce que le client avait payé lui a été rendu : {refunded}.",
            "Vous n'avez plus rien à faire.",
            None,
        ),
    ),
    Situation.FAILED: Advice(
        Said(
            "Le paiement n'est pas passé, et on ne nous a pas dit pourquoi. Aucun argent n'a été "
            "pris.",
            "Vous pouvez payer à nouveau. Si cela échoue encore, demandez à {merchant} un autre "
            "moyen de payer.",
            None,
        ),
        Said(
            "Le prestataire dit que le paiement a échoué, sans motif. Aucun argent n'a été pris.",
            "Créez un nouveau paiement si le client veut toujours payer.",
            None,
        ),
    ),
    Situation.EXPIRED: Advice(
        Said(
            "Vous n'avez pas confirmé à temps, le paiement a donc été abandonné. Aucun argent n'a "
            "été pris.",
            "Si vous voulez toujours payer, gardez votre téléphone sous la main et payez à "
            "nouveau.",
            None,
        ),
        Said(
            "Le client n'a pas confirmé à temps. Aucun argent n'a été pris.",
            "Créez un nouveau paiement si le client veut toujours payer.",
            None,
        ),
    ),
    Situation.UNSENT: Advice(
        Said(
            "Nous n'avons pas réussi à joindre {operator} à temps, le paiement a donc été "
            "abandonné. Aucun argent n'a été pris.",
            "Vous pouvez payer à nouveau un peu plus tard, ou demander à {merchant} un autre moyen "
            "de payer.",
            None,
        ),
        Said(
            "Aucun prestataire n'a pris le paiement avant son `expires_at`. Aucun argent n'a été "
            "pris.",
            "Créez un nouveau paiement un peu plus tard, ou proposez un autre opérateur.",
            None,
        ),
    ),
    Situation.DOUBTED: Advice(
        Said(
            "Le paiement est terminé et, à notre connaissance, aucun argent n'a été pris. Mais une "
            "fois, nous n'avons pas eu de réponse claire de la part de l'opérateur.",
            "Regardez votre solde et vos SMS. Si l'argent est parti, montrez le SMS à {merchant}. "
            "Sinon, demandez à {merchant} comment continuer.",
            "Ne payez pas à nouveau avant d'avoir regardé.",
        ),
        Said(
            "Le paiement s'est terminé sans argent, mais l'un de ses envois est resté sans "
            "réponse.",
            "Demandez au client le SMS de l'opérateur, et comparez avec votre relevé.",
            "Ne créez pas un nouveau paiement avant d'avoir comparé : le client risque de payer "
            "deux fois.",
        ),
    ),
    Situation.OVERTURNED: Advice(
        Said(
            "On nous a dit que vous aviez payé, et aussi que non. La source la plus sûre dit "
            "qu'aucun argent n'a été pris.",
            "Si vous avez un SMS de paiement, gardez-le et montrez-le à {merchant}.",
            "Ne payez pas à nouveau sans réponse claire : {merchant} doit d'abord vous dire que "
            "rien n'est arrivé.",
        ),
        Said(
            "Une source dit que le client a payé, et une source plus sûre (un relevé ou une "
            "personne) dit qu'aucun argent n'a été pris ; `evidence` les donne toutes.",
            "Comparez avec votre relevé, puis dites au client ce que vous avez trouvé.",
            "Ne créez pas un nouveau paiement avant d'avoir comparé : le client risque de payer "
            "deux fois.",
        ),
    ),
    Situation.TWICE: Advice(
        Said(
            "Il semble que votre paiement de {amount} ait été pris deux fois. Quelqu'un est en "
            "train de vérifier.",
            "Gardez vos SMS de paiement et montrez-les à {merchant}.",
            "Ne payez pas à nouveau : le paiement a été pris au moins une fois.",
        ),
        Said(
            "Deux mouvements d'argent sont annoncés pour ce paiement, et des deux on dit que le "
            "client a payé : il a peut-être payé deux fois. Les deux sont dans `evidence` ; "
            "l'argent reste en attente.",
            "Comparez avec votre relevé, et donnez l'identifiant du paiement à l'exploitant de ce "
            "serveur. Ce qui est venu deux fois est au client.",
            _NOT_TWICE,
        ),
    ),
    Situation.CONFLICT: Advice(
        Said(
            "On nous a dit deux choses différentes sur votre paiement. Quelqu'un est en train de "
            "vérifier.",
            "Si vous avez un SMS de paiement, gardez-le et montrez-le à {merchant}.",
            "Ne payez pas à nouveau : vous risquez de payer deux fois.",
        ),
        Said(
            "Les informations sur ce paiement se contredisent ; elles sont toutes dans `evidence`. "
            "L'argent reste en attente jusqu'à ce qu'une information plus sûre tranche.",
            "Comparez avec votre relevé, et donnez l'identifiant du paiement à l'exploitant de ce "
            "serveur.",
            _NOT_TWICE,
        ),
    ),
}
