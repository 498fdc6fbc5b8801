"""The pages' texts in French; no-break spaces are put in where they are used."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "switch": "Langue",
    "safety": "Ne tapez jamais votre code secret Mobile Money sur cette page. Il n'est demandé que "
    "sur votre téléphone ou sur la page de votre opérateur.",
    "test": "Essai : aucun argent ne bouge.",
    "reference": "Référence : {payment_id}",
    "help": "Besoin d'aide pour ce paiement ?",
    "help_title": "Ce qui s'est passé, et que faire",
    "help_shop": "Contactez {merchant} en donnant la référence.",
    "help_support": "Aide : {contact}",
    "help_operator": "Service client {operator} : {number}",
    "look_again": "Actualiser",
    # Le formulaire
    "form_title": "Payer par Mobile Money",
    "retry_title": "Non payé",
    "nothing_taken": "Rien n'a été prélevé. Vous pouvez réessayer.",
    "phone_label": "Votre numéro",
    "phone_hint": "Par exemple {example}",
    "operator_label": "Votre opérateur",
    "operator_auto": "Celui de mon numéro",
    "operator_seen": "Reconnu : {operator}",
    "code_summary": "Mon opérateur m'a donné un code",
    "code_label": "Code à usage unique",
    "code_hint": "Seulement si votre opérateur vous en a donné un pour ce paiement.",
    "code_dial": "{operator} : on l'obtient d'ordinaire en composant {dialled} sur le téléphone "
    "qui paie.",
    "code_menu": "Demandez-le dans le menu ou l'application de votre opérateur.",
    "email_label": "Votre e-mail, pour le reçu",
    "optional": "(facultatif)",
    "email_hint": "Le reçu part une fois le paiement réussi. Votre adresse ne sert à rien d'autre.",
    "next_title": "La suite",
    "next_prompt": "Vous recevrez une demande sur votre téléphone. Confirmez-la avec votre code "
    "secret ; cela prend 1 à 2 minutes.",
    "next_page": "Vous confirmez sur la page de l'opérateur, puis vous revenez ici.",
    "next_code": "Il faut un code à usage unique, que vous demandez avec votre téléphone. "
    "Tapez-le ci-dessus si vous l'avez déjà ; sinon, cette page vous le demandera.",
    "next_told": "Vous confirmez sur votre téléphone, avec un code à usage unique ou sur la page "
    "de l'opérateur : cette page vous dira comment.",
    "pay": "Payer {amount}",
    "cancel": "Annuler ce paiement",
    "minutes_left": "Minutes restantes pour payer : {minutes}",
    # L'avancement
    "steps": "Avancement",
    "step_1": "Votre numéro",
    "step_2": "Demande envoyée",
    "step_3": "Votre accord",
    "step_4": "Paiement reçu",
    "step_done": "fait",
    "step_now": "en cours",
    # Ce qu'il en est
    "sending_title": "Votre demande est en route",
    "sending_text": "Nous la transmettons à {operator}. Gardez votre téléphone à portée de "
    "main : dans un instant, cette page vous dira la suite.",
    "confirm_title": "Confirmez sur votre téléphone",
    "confirm_text": "{operator} vous demande de confirmer, sur le téléphone dont le numéro finit "
    "par {ending}. Tapez-y votre code secret. Cela prend 1 à 2 minutes, et cette page se met à "
    "jour toute seule.",
    "confirm_hint": "Aucune demande ? Ouvrez le menu ou l'application de votre opérateur, et "
    "cherchez les paiements qui attendent votre accord.",
    "code_title": "Tapez votre code",
    "code_text": "{operator} demande un code à usage unique pour ce paiement. Tapez-le ici.",
    "code_none": "Je n'ai pas de code, ou je veux payer autrement",
    "code_none_text": "Sans code, rien n'est prélevé. Attendez simplement que cette demande "
    "prenne fin chez {operator} : cette page vous laissera alors payer avec un autre numéro ou un "
    "autre opérateur.",
    "code_wrong": "Le dernier code n'a pas été accepté. Vérifiez-le, ou demandez-en "
    "un nouveau, et tapez-le.",
    "code_send": "Envoyer le code",
    "codes_used_up_title": "Aucun code n'a été accepté",
    "codes_used_up_text": "On ne peut plus essayer d'autre code pour ce paiement. Attendez qu'il "
    "se termine : cette page vous le dira, et vous pourrez réessayer si rien n'a été prélevé.",
    "go_title": "Confirmez chez {operator}",
    "go_text": "Vous payez sur la page de l'opérateur ({operator}), puis vous revenez ici.",
    "go_hint": "Vous avez déjà confirmé ? Alors attendez ici : nous interrogeons {operator}.",
    "go": "Continuer chez {operator}",
    "asking_title": "Nous interrogeons encore {operator}",
    "asking_text": "Nous ne savons pas encore si l'argent a bougé.",
    "asking_warning": "Ne payez pas une deuxième fois.",
    "asking_hint": "Cette page vous le dira dès que nous le saurons. Vous pouvez la fermer, et "
    "revenir plus tard à cette adresse.",
    "paid_title": "Payé",
    "paid_text": "Votre paiement de {amount} à {merchant} a réussi.",
    "paid_at": "Date",
    "paid_with": "Opérateur",
    "paid_transaction": "Numéro de transaction",
    "paid_keep": "Pour en garder une trace, imprimez cette page ou faites-en une capture d'écran.",
    "back": "Revenir à la boutique",
    "conflict_title": "Nous ne pouvons pas encore dire si vous avez payé",
    "conflict_text": "Chez {operator}, les réponses se contredisent. Quelqu'un va s'en occuper. "
    "Demandez à {merchant}, en donnant la référence ci-dessous.",
    "expired_title": "Cette page a expiré",
    "expired_text": "Rien n'a été payé ici. Demandez-en une nouvelle à {merchant}.",
    "cancelled_title": "Annulé",
    "cancelled_text": "Vous avez annulé ce paiement. Rien n'a été prélevé.",
    "tried_out_title": "Trop d'essais",
    "tried_out_text": "Rien n'a été prélevé. Demandez une nouvelle page à {merchant}.",
    # Pourquoi rien n'a bougé, quand aucun code ne le dit
    "refused_expired": "Ce paiement n'a pas été confirmé à temps.",
    "refused_failed": "L'opérateur dit que ce paiement a échoué.",
    "refused_declined": "L'opérateur a refusé ce paiement.",
    # Les erreurs du formulaire
    "mistake_phone": "Ce n'est pas un numéro de téléphone utilisable ici. Vérifiez ses chiffres.",
    "mistake_phone_home": "Ce n'est pas un numéro de téléphone utilisable ici. Vérifiez ses "
    "chiffres ; s'il est d'un autre pays, écrivez d'abord + et l'indicatif de ce pays.",
    "mistake_unserved": "Ce numéro ne peut pas payer ici. Choisissez son opérateur ci-dessous, ou "
    "utilisez un autre numéro.",
    "mistake_nobody": "Ce numéro ne peut pas payer ici. Utilisez un autre numéro.",
    "mistake_abroad": "Votre numéro est d'un autre pays ({country}). Choisissez votre opérateur "
    "parmi ceux de ce pays, puis payez.",
    "mistake_operator": "Cet opérateur ne va pas avec le numéro. Choisissez-en un autre.",
    "mistake_currency": "Le compte de ce numéro n'est pas dans la devise demandée ici. Utilisez "
    "un autre numéro.",
    "mistake_amount": "Cet opérateur n'accepte pas un tel montant en un seul paiement. Utilisez "
    "un autre numéro.",
    "mistake_often": "Ce numéro a été sollicité trop souvent. Attendez une minute, puis réessayez.",
    "mistake_code": "Un code compte 4 à 10 chiffres. Laissez le champ vide si vous n'en avez pas.",
    "mistake_code_given": "Tapez le code que vous avez reçu : 4 à 10 chiffres, sans lettre.",
    "mistake_email": "Ce n'est pas une adresse e-mail. Corrigez-la, ou laissez le champ vide.",
    "mistake_code_unused": "Cet opérateur n'accepte pas de code à l'avance. Laissez le champ vide.",
    # Les pages qui ne sont d'aucun paiement
    "unknown_title": "Cette page n'existe pas",
    "unknown_text": "Aucun paiement n'a cette adresse. Vérifiez-la, ou demandez à la boutique.",
    "forged_title": "Ce formulaire n'est plus valable",
    "forged_text": "Il n'est plus à jour, ou vient d'un autre site. Il n'a déclenché aucun "
    "paiement.",
    "broken_title": "Une erreur s'est produite chez nous",
    "broken_text": "Si vous venez de confirmer un paiement, ne payez pas une deuxième fois. "
    "Rouvrez cette page dans une minute : elle dira ce qu'il en est.",
    "open_again": "Rouvrir la page",
}
