"""French: what `adapters.refusal_english` says, for those who read French.

As in `api.french`, a provider is a `prestataire` and an operator an `opérateur`; code words stay as
they are.
"""

from collections.abc import Mapping
from typing import Final

from adapters.refusal_english import Wording
from adapters.refusals import Refusal
from adapters.typesetting import typeset_french

_AS_TYPED: Final[Mapping[Refusal, Wording]] = {
    Refusal.INSUFFICIENT_FUNDS: Wording(
        "Votre solde est insuffisant pour ce paiement.",
        "Le solde du payeur est insuffisant.",
        "Invitez le payeur à recharger son compte, puis créez {another}.",
    ),
    Refusal.PAYER_NOT_FOUND: Wording(
        "Ce numéro n'a pas de compte de paiement mobile chez cet opérateur.",
        "Le numéro du payeur n'a pas de compte chez cet opérateur.",
        "Vérifiez le numéro avec le payeur, ou demandez-en un autre qui ait un compte.",
    ),
    Refusal.PAYEE_NOT_FOUND: Wording(
        "Le numéro du bénéficiaire n'a pas de compte de paiement mobile chez cet opérateur.",
        "Le numéro du bénéficiaire n'a pas de compte chez cet opérateur.",
        "Vérifiez le numéro avec le bénéficiaire, ou demandez-en un autre qui ait un compte.",
    ),
    Refusal.PAYER_LIMIT_REACHED: Wording(
        "Ce paiement dépasse les plafonds de votre compte.",
        "Le paiement dépasse les plafonds du compte du payeur.",
        "Demandez un montant plus faible, ou attendez que le plafond de l'opérateur se renouvelle.",
    ),
    Refusal.PAYEE_LIMIT_REACHED: Wording(
        "Le compte du bénéficiaire ne peut pas recevoir ce montant : son plafond est atteint.",
        "Le paiement dépasse les plafonds du compte du bénéficiaire.",
        "Envoyez un montant plus faible, ou attendez que le plafond de l'opérateur se renouvelle.",
    ),
    Refusal.REJECTED_BY_PAYER: Wording(
        "Vous avez refusé ce paiement.",
        "Le payeur a refusé le paiement.",
        "Voyez avec le payeur ; ne créez {another} que s'il est d'accord.",
    ),
    Refusal.CANCELLED: Wording(
        "Ce paiement a été annulé.",
        "Le paiement a été annulé avant d'être confirmé.",
        "S'il est toujours souhaité, créez {another}.",
    ),
    Refusal.TIMED_OUT: Wording(
        "Ce paiement n'a pas été confirmé à temps.",
        "Le paiement n'a pas été confirmé dans le délai imparti.",
        "Assurez-vous que le téléphone est à portée de main et allumé, puis créez {another}.",
    ),
    Refusal.WRONG_PIN: Wording(
        "Le code secret que vous avez saisi est incorrect.",
        "Le payeur a saisi un code secret incorrect.",
        "Créez {another} et invitez le payeur à saisir son code secret avec attention : "
        "après plusieurs erreurs, l'opérateur bloque le compte.",
    ),
    Refusal.WRONG_CODE: Wording(
        "Le code à usage unique n'a pas été accepté : il est faux, trop ancien ou déjà utilisé.",
        "Le code à usage unique du payeur n'a pas été accepté : il est faux, trop ancien ou déjà "
        "utilisé.",
        "Demandez un nouveau code au payeur, puis créez {another} en l'indiquant "
        "(`payer.one_time_code`).",
    ),
    Refusal.CODE_EXPIRED: Wording(
        "Le code à usage unique a expiré, ou a déjà servi.",
        "Le code à usage unique du payeur a expiré, ou a déjà servi.",
        "Demandez un nouveau code au payeur, puis créez aussitôt {another} en "
        "l'indiquant (`payer.one_time_code`).",
    ),
    Refusal.CODE_REQUIRED: Wording(
        "Ce paiement nécessite un code, que votre opérateur vous fournit.",
        "Le prestataire n'accepte ce paiement qu'avec le code à usage unique du payeur.",
        "Demandez au payeur le code de son opérateur, puis créez {another} en "
        "l'indiquant (`payer.one_time_code`).",
    ),
    Refusal.ACCOUNT_BLOCKED: Wording(
        "Le compte de paiement mobile est bloqué ou inactif. Veuillez contacter l'opérateur.",
        "Le compte de l'autre partie est bloqué, suspendu ou inactif.",
        "Utilisez un autre numéro ; seul l'opérateur peut rouvrir le compte.",
    ),
    Refusal.NOT_ALLOWED: Wording(
        "Le compte de paiement mobile n'autorise pas ce type de paiement.",
        "Le compte de l'autre partie n'est pas autorisé à effectuer ce type de paiement.",
        "Utilisez un autre numéro, ou orientez le titulaire du compte vers son opérateur.",
    ),
    Refusal.WRONG_OPERATOR: Wording(
        "Ce numéro est chez un autre opérateur.",
        "Le numéro est chez un autre opérateur que celui à qui le paiement a été demandé.",
        "Créez {another} en indiquant l'opérateur du numéro (`operator`), si vous le connaissez.",
    ),
    Refusal.AMOUNT_TOO_LOW: Wording(
        "Le montant est trop faible pour ce moyen de paiement.",
        "Le montant est inférieur au minimum que le prestataire accepte.",
        "Créez {another} d'un montant plus élevé.",
    ),
    Refusal.AMOUNT_TOO_HIGH: Wording(
        "Le montant est trop élevé pour ce moyen de paiement.",
        "Le montant est supérieur au maximum que le prestataire accepte.",
        "Créez {another} d'un montant plus faible, ou répartissez-le en plusieurs.",
    ),
    Refusal.INVALID_NUMBER: Wording(
        "Ce numéro de téléphone n'est pas valide.",
        "Le prestataire ne reconnaît pas ce numéro de téléphone comme valide.",
        "Vérifiez le numéro et son indicatif de pays, puis créez {another}.",
    ),
    Refusal.INVALID_AMOUNT: Wording(
        "Ce montant ne peut pas être payé.",
        "Le prestataire n'accepte pas un montant de cette forme.",
        "Créez {another} d'un montant entier, ou d'un multiple que le prestataire accepte.",
    ),
    Refusal.INVALID_CURRENCY: Wording(
        "Cette devise n'est pas acceptée.",
        "Le prestataire n'accepte pas cette devise.",
        "Créez {another} dans la devise du compte de l'autre partie.",
    ),
    Refusal.INVALID_REQUEST: Wording(
        "Ce paiement n'a pas pu être effectué. Veuillez contacter le marchand.",
        "Le prestataire n'accepte pas la demande telle qu'elle a été envoyée.",
        "Communiquez l'identifiant du paiement et son `code` à l'exploitant de ce serveur.",
    ),
    Refusal.DUPLICATE: Wording(
        "Ce paiement a déjà été demandé. Veuillez contacter le marchand.",
        "Le prestataire prend le paiement pour la répétition d'un autre.",
        "Recherchez l'autre paiement avant d'en créer un nouveau.",
    ),
    Refusal.NOT_REFUNDABLE: Wording(
        "Ce paiement ne peut pas être remboursé par ce moyen. Veuillez contacter le marchand.",
        "Le prestataire ne rembourse pas ce paiement.",
        "Remboursez le client par un versement, ou par un autre moyen.",
    ),
    Refusal.MERCHANT_FUNDS_SHORT: Wording(
        "Le marchand ne peut pas effectuer ce paiement pour le moment. Veuillez le contacter.",
        "Le solde de votre propre compte chez le prestataire est insuffisant.",
        "Approvisionnez votre compte chez le prestataire, puis créez {another}.",
    ),
    Refusal.MERCHANT_NOT_ALLOWED: Wording(
        "Le marchand ne peut pas utiliser ce moyen de paiement. Veuillez le contacter.",
        "Votre contrat, vos identifiants ou vos réglages chez le prestataire n'autorisent pas ce "
        "paiement.",
        "Faites vérifier le contrat, les identifiants et les réglages chez le prestataire.",
    ),
    Refusal.PROVIDER_UNAVAILABLE: Wording(
        "Le service de paiement est momentanément indisponible. Veuillez réessayer dans quelques "
        "minutes.",
        "Le prestataire est indisponible ou débordé.",
        "Créez {another} dans quelques minutes.",
    ),
    Refusal.PROVIDER_ERROR: Wording(
        "Le service de paiement a rencontré un problème. Veuillez réessayer dans quelques minutes.",
        "Le prestataire a eu un problème et n'en dit pas plus.",
        "Créez {another} dans quelques minutes ; en cas de nouvel échec, citez `code` au "
        "prestataire.",
    ),
    Refusal.UNKNOWN: Wording(
        "Ce paiement n'a pas pu être effectué. Veuillez contacter le marchand.",
        "Le prestataire a donné un motif que nous ne connaissons pas ; il est dans `code`.",
        "Demandez au prestataire ce que signifie `code` avant de créer {another}.",
    ),
}

FRENCH: Final[Mapping[Refusal, Wording]] = {
    refusal: Wording(*map(typeset_french, wording)) for refusal, wording in _AS_TYPED.items()
}
