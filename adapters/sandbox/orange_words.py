"""The payment page's words in French and English, and how an amount is written in each.

One value per language with the same fields, so a missing word is a type error, not a blank on a
page. Amounts are whole units: Orange takes no others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from adapters.sandbox.orange_orders import Mistake

Language = Literal["fr", "en"]

NARROW_SPACE: Final = "\u202f"
HARD_SPACE: Final = "\u00a0"

NAME_BY_CURRENCY: Final[Mapping[str, str]] = {"XAF": "FCFA", "XOF": "FCFA"}
"""What people call a currency; the others are shown by their code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything the page says in one language. Braces are filled in by the page."""

    language: Language
    other_language: Language
    other_language_name: str
    grouping: str
    banner: str
    payee: str
    merchant_unnamed: str
    order: str
    number_label: str
    number_hint: str
    code_label: str
    code_hint: str
    confirm: str
    cancel: str
    minutes_left: str
    mistakes: Mapping[Mistake, str]
    form_title: str
    waiting_title: str
    waiting_text: str
    paid_title: str
    paid_text: str
    failed_title: str
    failed_texts: Mapping[str, str]
    failed_text: str
    expired_title: str
    expired_text: str
    unknown_title: str
    unknown_text: str
    back: str
    try_title: str
    try_code: str
    try_numbers: Mapping[str, str]


FRENCH: Final = Words(
    language="fr",
    other_language="en",
    other_language_name="English",
    grouping=NARROW_SPACE,
    banner="Bac à sable : aucun argent réel",
    payee="Marchand",
    merchant_unnamed="votre marchand",
    order="Commande",
    number_label="Votre numéro de téléphone",
    number_hint="Celui de votre compte Orange Money",
    code_label="Votre code à usage unique",
    code_hint="Reçu de l’opérateur par USSD",
    confirm="Confirmer",
    cancel="Annuler",
    minutes_left="Cette page reste ouverte encore {minutes}\u00a0min.",
    mistakes={
        Mistake.NUMBER_MISSING: "Entrez votre numéro de téléphone.",
        Mistake.NUMBER_UNREADABLE: "Ce numéro n’est pas complet : 8 à 15 chiffres, espaces permis.",
        Mistake.NUMBER_UNKNOWN: "Ce numéro n’a pas de compte Orange Money.",
        Mistake.CODE_MISSING: "Entrez le code à usage unique.",
        Mistake.CODE_UNREADABLE: "Le code n’a que des chiffres, de 4 à 8.",
        Mistake.CODE_WRONG: "Ce code n’est pas le bon. Essais restants : {tries}.",
    },
    form_title="Payer avec Orange Money",
    waiting_title="Paiement en cours",
    waiting_text="Votre opérateur traite le paiement. Cette page se met à jour toute seule.",
    paid_title="Paiement effectué",
    paid_text="Cette commande est déjà payée. Vous n’avez plus rien à faire.",
    failed_title="Paiement refusé",
    failed_texts={
        "insufficient_funds": "Le solde de votre compte ne suffit pas. Rien n’a été débité.",
        "too_many_wrong_codes": "Trop de codes erronés. Rien n’a été débité.",
        "cancelled_by_payer": "Vous avez annulé ce paiement. Rien n’a été débité.",
    },
    failed_text="L’opérateur a refusé ce paiement. Rien n’a été débité.",
    expired_title="Page expirée",
    expired_text="Le délai pour payer est passé. Rien n’a été débité. "
    "Recommencez chez votre marchand.",
    unknown_title="Page introuvable",
    unknown_text="Aucun paiement ne correspond à cette adresse. Vérifiez le lien reçu.",
    back="Retour chez {merchant}",
    try_title="Essayer le bac à sable",
    try_code="Le code est {code}. La fin du numéro décide de la suite :",
    try_numbers={
        "50": "refusé par l’opérateur",
        "51": "solde insuffisant",
        "52": "jamais confirmé, expire",
        "53": "sans compte Orange Money",
        "54": "payé, mais lentement",
        "": "tout autre numéro : payé",
    },
)

ENGLISH: Final = Words(
    language="en",
    other_language="fr",
    other_language_name="Français",
    grouping=",",
    banner="Sandbox: no real money",
    payee="Merchant",
    merchant_unnamed="your merchant",
    order="Order",
    number_label="Your phone number",
    number_hint="The one of your Orange Money account",
    code_label="Your one-time code",
    code_hint="Sent by the operator over USSD",
    confirm="Confirm",
    cancel="Cancel",
    minutes_left="This page stays open for another {minutes}\u00a0min.",
    mistakes={
        Mistake.NUMBER_MISSING: "Enter your phone number.",
        Mistake.NUMBER_UNREADABLE: "This number is not complete: 8 to 15 digits, spaces allowed.",
        Mistake.NUMBER_UNKNOWN: "This number has no Orange Money account.",
        Mistake.CODE_MISSING: "Enter the one-time code.",
        Mistake.CODE_UNREADABLE: "The code is digits only, 4 to 8 of them.",
        Mistake.CODE_WRONG: "This is not the right code. Tries left: {tries}.",
    },
    form_title="Pay with Orange Money",
    waiting_title="Payment in progress",
    waiting_text="Your operator is handling the payment. This page updates by itself.",
    paid_title="Payment made",
    paid_text="This order is already paid. There is nothing left to do.",
    failed_title="Payment refused",
    failed_texts={
        "insufficient_funds": "The balance of your account is too low. Nothing was debited.",
        "too_many_wrong_codes": "Too many wrong codes. Nothing was debited.",
        "cancelled_by_payer": "You cancelled this payment. Nothing was debited.",
    },
    failed_text="The operator refused this payment. Nothing was debited.",
    expired_title="Page expired",
    expired_text="The time to pay is over. Nothing was debited. Start again at your merchant.",
    unknown_title="Page not found",
    unknown_text="No payment belongs to this address. Check the link you were given.",
    back="Back to {merchant}",
    try_title="Try the sandbox",
    try_code="The code is {code}. The end of the number decides what happens:",
    try_numbers={
        "50": "refused by the operator",
        "51": "balance too low",
        "52": "never confirmed, expires",
        "53": "no Orange Money account",
        "54": "paid, but slowly",
        "": "any other number: paid",
    },
)

WORDS: Final[Mapping[str, Words]] = {"fr": FRENCH, "en": ENGLISH}


def amount_text(amount: int, currency: str, words: Words) -> str:
    """Write an amount as people read it: `12 500 FCFA`, `12,500 FCFA`; it never breaks a line."""
    grouped = f"{amount:,}".replace(",", words.grouping)
    return f"{grouped}{HARD_SPACE}{NAME_BY_CURRENCY.get(currency, currency)}"
