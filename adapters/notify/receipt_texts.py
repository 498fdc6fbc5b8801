"""Texts of receipts, in French and English; templates only, `adapters.notify.receipt` fills them.

Each of `Texts` stands in both languages with the same values. `for_payer` and `for_merchant` tell
the same fact from two sides. Nothing here asks for anything or leads anywhere: a receipt that asks
its reader to click teaches people to fall for those that are not ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french

Fact = Literal["receipt", "refund", "correction", "refund_correction"]


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two is told: the subject, and the first sentences."""

    subject: str
    opening: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Everything in one language."""

    test: str
    test_subject: str
    greeting: str
    for_payer: Mapping[Fact, Side]
    for_merchant: Mapping[Fact, Side]
    amount: str
    refunded: str
    merchant: str
    description: str
    paid_with: str
    ending: str
    at: str
    corrected: str
    transaction: str
    payment: str
    support: str
    refund: str
    entry: str
    entry_value: str
    verify: str
    verify_payer: str
    verify_payer_untold: str
    verify_merchant: str
    automatic_payer: str
    automatic_merchant: str
    time_local: str


_FRENCH: Final = Texts(
    test="Essai : aucun argent n'a circulé.",
    test_subject="[Essai] {subject}",
    greeting="Bonjour,",
    for_payer={
        "receipt": Side(
            "Reçu : {amount} payés à {merchant}",
            "{merchant} a reçu votre paiement de {amount}.",
        ),
        "refund": Side(
            "Remboursement par {merchant} : {refunded}",
            "{merchant} vous a remboursé {refunded} sur votre paiement de {amount}.",
        ),
        "correction": Side(
            "Rectification : votre paiement à {merchant} n'a pas abouti",
            "Nous vous avons écrit que votre paiement de {amount} à {merchant} était confirmé. "
            "Ce n'est plus exact : selon l'opérateur, il n'a pas abouti. Le reçu que vous avez "
            "ne vaut plus.",
        ),
        "refund_correction": Side(
            "Rectification : le remboursement par {merchant} n'a pas abouti",
            "Nous vous avons écrit : « {merchant} vous a remboursé {refunded} ». Ce n'est plus "
            "exact : selon l'opérateur, ce remboursement n'a pas abouti.",
        ),
    },
    for_merchant={
        "receipt": Side(
            "Paiement reçu : {amount}",
            "Un client vous a payé {amount}.",
        ),
        "refund": Side(
            "Remboursement effectué : {refunded}",
            "Vous avez remboursé {refunded} sur un paiement de {amount}.",
        ),
        "correction": Side(
            "Rectification : un paiement de {amount} n'a pas abouti",
            "Nous vous avons écrit qu'un paiement de {amount} était confirmé. Ce n'est plus "
            "exact : selon l'opérateur, il n'a pas abouti. Ne livrez rien sur la foi du premier "
            "message.",
        ),
        "refund_correction": Side(
            "Rectification : un remboursement de {refunded} n'a pas abouti",
            "Nous vous avons écrit qu'un remboursement de {refunded} était effectué. Ce n'est "
            "plus exact : selon l'opérateur, il n'a pas abouti.",
        ),
    },
    amount="Montant du paiement",
    refunded="Montant remboursé",
    merchant="Marchand",
    description="Objet",
    paid_with="Compte du client",
    ending="{wallet}, numéro se terminant par {digits}",
    at="Confirmé le",
    corrected="Rectifié le",
    transaction="Transaction de l'opérateur",
    payment="Référence du paiement",
    support="Aide",
    refund="Référence du remboursement",
    entry="Inscription au registre",
    entry_value="nº {position}, empreinte {fingerprint}",
    verify="Pour vérifier",
    verify_payer="Comparez le numéro de transaction avec le SMS ou l'historique de votre compte "
    "{wallet}. Personne n'a besoin de votre code secret : ne le donnez jamais.",
    verify_payer_untold="Comparez le montant et l'heure avec le SMS ou l'historique de votre "
    "compte {wallet}. Personne n'a besoin de votre code secret : ne le donnez jamais.",
    verify_merchant="Demandez GET /v1/payments/{payment_id} avec votre clé d'API, et ne croyez "
    "que cette réponse ou une notification signée : un e-mail s'imite.",
    automatic_payer="Cet e-mail est envoyé automatiquement. Pour toute question, adressez-vous à "
    "{merchant}.",
    automatic_merchant="Cet e-mail est envoyé automatiquement.",
    time_local="{date} à {local} (UTC{offset}), soit {utc} UTC",
)

_ENGLISH: Final = Texts(
    test="Test: no money moved.",
    test_subject="[Test] {subject}",
    greeting="Hello,",
    for_payer={
        "receipt": Side(
            "Receipt: {amount} paid to {merchant}",
            "{merchant} has received your payment of {amount}.",
        ),
        "refund": Side(
            "Refund: {refunded} from {merchant}",
            "{merchant} has given you back {refunded} of your payment of {amount}.",
        ),
        "correction": Side(
            "Correction: your payment to {merchant} did not go through",
            "We wrote to you that your payment of {amount} to {merchant} was confirmed. This is "
            "no longer right: by the operator's word, it did not go through. The receipt you "
            "have is no longer valid.",
        ),
        "refund_correction": Side(
            "Correction: the refund from {merchant} did not go through",
            "We wrote to you that {merchant} had given you back {refunded}. This is no longer "
            "right: by the operator's word, that refund did not go through.",
        ),
    },
    for_merchant={
        "receipt": Side(
            "Payment received: {amount}",
            "A customer has paid you {amount}.",
        ),
        "refund": Side(
            "Refund done: {refunded}",
            "You have given back {refunded} of a payment of {amount}.",
        ),
        "correction": Side(
            "Correction: a payment of {amount} did not go through",
            "We wrote to you that a payment of {amount} was confirmed. This is no longer right: "
            "by the operator's word, it did not go through. Deliver nothing on the strength of "
            "the first message.",
        ),
        "refund_correction": Side(
            "Correction: a refund of {refunded} did not go through",
            "We wrote to you that a refund of {refunded} was done. This is no longer right: by "
            "the operator's word, it did not go through.",
        ),
    },
    amount="Amount of the payment",
    refunded="Amount given back",
    merchant="Merchant",
    description="For",
    paid_with="Customer's account",
    ending="{wallet}, number ending in {digits}",
    at="Confirmed on",
    corrected="Corrected on",
    transaction="Operator's transaction",
    payment="Payment reference",
    support="Help",
    refund="Refund reference",
    entry="Entry in the ledger",
    entry_value="no. {position}, fingerprint {fingerprint}",
    verify="To verify",
    verify_payer="Compare the transaction number with the SMS or the history of your {wallet} "
    "account. Nobody needs your secret code: never give it to anyone.",
    verify_payer_untold="Compare the amount and the time with the SMS or the history of your "
    "{wallet} account. Nobody needs your secret code: never give it to anyone.",
    verify_merchant="Ask GET /v1/payments/{payment_id} with your API key, and trust only that "
    "answer or a signed notification: an e-mail can be imitated.",
    automatic_payer="This e-mail is sent automatically. If you have a question, ask {merchant}.",
    automatic_merchant="This e-mail is sent automatically.",
    time_local="{date} at {local} (UTC{offset}), which is {utc} UTC",
)

THOUSANDS: Final[Mapping[Language, str]] = {"fr": "\N{NARROW NO-BREAK SPACE}", "en": ","}
DECIMAL_MARKS: Final[Mapping[Language, str]] = {"fr": ",", "en": "."}
COLONS: Final[Mapping[Language, str]] = {"fr": "\N{NO-BREAK SPACE}:", "en": ":"}


def _typeset(texts: Texts) -> Texts:
    """Put French spaces where they belong, in every text."""

    def sides(of: Mapping[Fact, Side]) -> Mapping[Fact, Side]:
        return {
            fact: Side(typeset_french(one.subject), typeset_french(one.opening))
            for fact, one in of.items()
        }

    values: dict[str, Any] = {name: getattr(texts, name) for name in Texts.__slots__}
    changed: dict[str, Any] = {
        name: typeset_french(value) for name, value in values.items() if isinstance(value, str)
    }
    changed["for_payer"] = sides(texts.for_payer)
    changed["for_merchant"] = sides(texts.for_merchant)
    return Texts(**(values | changed))


TEXTS: Final[Mapping[Language, Texts]] = {"fr": _typeset(_FRENCH), "en": _ENGLISH}
