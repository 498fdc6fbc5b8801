"""The words of an export's page, in English and French: labels, and what a stored word means.

What an event keeps is one word for programs (`poll`, `deferred`); a person is told what it means.
Statuses of payments are those of receipts, which say whether money has moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """All texts of the page in one language; `{name}` is filled in."""

    labels: Mapping[str, str]
    """Of a title, a column or a member of what was sealed."""
    exchanges: str
    """How many there are, and where they stand."""
    kinds: Mapping[str, str]
    pages: Mapping[str, str]
    """Where a checkout page stands."""
    erasures: Mapping[str, str]
    sources: Mapping[str, str]
    """Where a word about a payment came from."""
    words: Mapping[str, str]
    powers: Mapping[str, str]
    """What a provider was called for."""
    recipients: Mapping[str, str]
    letters: Mapping[str, str]
    results: Mapping[str, str]
    verdicts: Mapping[str, str]
    languages: Mapping[str, str]
    askers: Mapping[str, str]


_ENGLISH: Final = PageWords(
    labels={
        "title": "What is held about you",
        "number": "Telephone number",
        "person": "Name in the ledger",
        "made": "Made at",
        "wire": "Exchanges with providers",
        "payments": "Payments, payouts and refunds",
        "sessions": "Checkout pages",
        "webhooks": "Calls of payment providers",
        "erasures": "Requests to be forgotten",
        "none": "There are none.",
        "erased": "erased",
        "unreadable": "kept, but it cannot be read any more",
        "counted": "In all",
        "left_out": "Kept, but cannot be read any more",
        "id": "Id",
        "when": "When",
        "kind": "Kind",
        "status": "Status",
        "amount": "Amount",
        "merchant": "Merchant",
        "provider": "Provider",
        "reason": "Reason",
        "content": "What was kept",
        "attempts": "Sent to providers",
        "reference": "Reference there",
        "evidence": "What was heard of it",
        "source": "From where",
        "word": "What it said",
        "transaction": "Transaction number",
        "moved": "When the money moved",
        "letters": "Letters",
        "letter": "Letter",
        "recipient": "To whom",
        "result": "Result",
        "support": "Looked up for support",
        "asker": "By whom",
        "exchanges": "What went to providers and came back",
        "power": "What for",
        "answer_status": "HTTP status",
        "sent": "What was sent",
        "came": "What came back",
        "answers": "What the merchant's endpoint answered",
        "endpoint": "Endpoint",
        "answer": "Answer",
        "proof": "Who called",
        "address": "The end of the address called",
        "headers": "Headers of the call",
        "body": "The call",
        "ends": "Ends by itself, without a second operator's word",
        "phone": "Telephone number",
        "email": "E-mail",
        "description": "Description",
        "metadata": "The merchant's notes",
        "return_url": "Where the page led afterwards",
        "cancel_url": "Where the page led who gave up",
        "language": "Language",
        "payer_email": "E-mail",
        "receipt_email": "The merchant's e-mail, for receipts",
        "payer": "Who was to pay",
    },
    exchanges="{number}; each stands above, with its payment, and in the JSON file under "
    "`payments`, `exchanges`. Secrets between machines are `***` in them.",
    kinds={"collection": "Payment", "payout": "Payout", "refund": "Refund"},
    pages={
        "open": "Open",
        "completed": "Paid",
        "expired": "Expired: nobody paid in time",
        "cancelled": "Cancelled",
    },
    erasures={
        "requested": "Asked for; a second operator has to agree",
        "approved": "Agreed to; keys are being destroyed",
        "erased": "Done: the keys are destroyed",
        "lapsed": "Ended: nobody agreed in time",
    },
    sources={
        "webhook": "Call of the provider",
        "poll": "Answer of the provider, who was asked",
        "statement": "Statement of the provider",
        "operator": "Word of an operator of this ledger",
    },
    words={"succeeded": "Paid", "failed": "Not paid", "expired": "Expired, not paid"},
    powers={
        "collection": "Payment",
        "payout": "Payout",
        "refund": "Refund",
        "balance": "Balance",
        "account_check": "Account looked up",
        "one_time_code": "One-time code",
        "confirmation": "Confirmation with a code",
        "inquiry": "Question what became of it",
        "other": "Something else",
    },
    recipients={"payer": "You", "merchant": "The merchant"},
    letters={"receipt": "Receipt", "refund": "Refund", "correction": "Correction"},
    results={
        "accepted": "Taken by the mail server",
        "refused": "Refused by the mail server",
        "deferred": "Not taken for the moment",
        "unknown": "Nobody knows whether it was taken",
    },
    verdicts={"authenticated": "The provider, proved", "unsigned": "Nobody can prove it"},
    languages={"fr": "French", "en": "English"},
    askers={"key": "Holder of the key {id}", "merchant": "The merchant {id}", "": "{id}"},
)

_FRENCH: Final = PageWords(
    labels={
        "title": "Ce qui est conservé à votre sujet",
        "number": "Numéro de téléphone",
        "person": "Nom dans le registre",
        "made": "Établi le",
        "wire": "Échanges avec les prestataires",
        "payments": "Paiements, versements et remboursements",
        "sessions": "Pages de paiement",
        "webhooks": "Appels des prestataires de paiement",
        "erasures": "Demandes d'effacement",
        "none": "Il n'y en a pas.",
        "erased": "effacé",
        "unreadable": "conservé, mais ne peut plus être lu",
        "counted": "Au total",
        "left_out": "Conservés, mais ne peuvent plus être lus",
        "id": "Identifiant",
        "when": "Date",
        "kind": "Nature",
        "status": "État",
        "amount": "Montant",
        "merchant": "Marchand",
        "provider": "Prestataire",
        "reason": "Motif",
        "content": "Ce qui a été conservé",
        "attempts": "Envois aux prestataires",
        "reference": "Référence chez lui",
        "evidence": "Ce que l'on en a appris",
        "source": "D'où",
        "word": "Ce qui a été dit",
        "transaction": "Numéro de transaction",
        "moved": "Date du mouvement de l'argent",
        "letters": "Courriers",
        "letter": "Courrier",
        "recipient": "À qui",
        "result": "Résultat",
        "support": "Consultations par l'assistance",
        "asker": "Par qui",
        "exchanges": "Ce qui a été envoyé aux prestataires, et ce qui en est revenu",
        "power": "Pour quoi",
        "answer_status": "Code HTTP",
        "sent": "Ce qui a été envoyé",
        "came": "Ce qui est revenu",
        "answers": "Ce que le serveur du marchand a répondu",
        "endpoint": "Point de réception",
        "answer": "Réponse",
        "proof": "Qui a appelé",
        "address": "Fin de l'adresse appelée",
        "headers": "En-têtes de l'appel",
        "body": "L'appel",
        "ends": "Prend fin d'elle-même, sans l'accord d'un second opérateur",
        "phone": "Numéro de téléphone",
        "email": "E-mail",
        "description": "Objet",
        "metadata": "Notes du marchand",
        "return_url": "Où la page menait ensuite",
        "cancel_url": "Où la page menait qui renonçait",
        "language": "Langue",
        "payer_email": "E-mail",
        "receipt_email": "E-mail du marchand, pour les reçus",
        "payer": "Qui devait payer",
    },
    exchanges="{number} ; chacun figure ci-dessus, avec son paiement, et dans le JSON sous "
    "`payments`, `exchanges`. Les secrets entre machines y sont remplacés par `***`.",
    kinds={"collection": "Paiement", "payout": "Versement", "refund": "Remboursement"},
    pages={
        "open": "Ouverte",
        "completed": "Payée",
        "expired": "Expirée : personne n'a payé à temps",
        "cancelled": "Annulée",
    },
    erasures={
        "requested": "Demandé ; un second opérateur doit donner son accord",
        "approved": "Accordé ; la destruction des clés est en cours",
        "erased": "Fait : les clés sont détruites",
        "lapsed": "Terminé : personne n'a donné son accord à temps",
    },
    sources={
        "webhook": "Appel du prestataire",
        "poll": "Réponse du prestataire, interrogé",
        "statement": "Relevé du prestataire",
        "operator": "Parole d'un opérateur de ce registre",
    },
    words={"succeeded": "Payé", "failed": "Non payé", "expired": "Expiré, non payé"},
    powers={
        "collection": "Paiement",
        "payout": "Versement",
        "refund": "Remboursement",
        "balance": "Solde",
        "account_check": "Recherche du compte",
        "one_time_code": "Code à usage unique",
        "confirmation": "Confirmation par un code",
        "inquiry": "Question sur ce qu'il est devenu",
        "other": "Autre chose",
    },
    recipients={"payer": "Vous", "merchant": "Le marchand"},
    letters={"receipt": "Reçu", "refund": "Remboursement", "correction": "Rectification"},
    results={
        "accepted": "Pris par le serveur de courrier",
        "refused": "Refusé par le serveur de courrier",
        "deferred": "Pas pris pour le moment",
        "unknown": "Nul ne sait s'il a été pris",
    },
    verdicts={"authenticated": "Le prestataire, prouvé", "unsigned": "Nul ne peut le prouver"},
    languages={"fr": "Français", "en": "Anglais"},
    askers={"key": "Détenteur de la clé {id}", "merchant": "Le marchand {id}", "": "{id}"},
)


def _typeset(words: PageWords) -> PageWords:
    set_: dict[str, Any] = {}
    for one in fields(words):
        found = getattr(words, one.name)
        if isinstance(found, str):
            set_[one.name] = typeset_french(found)
        else:
            set_[one.name] = {name: typeset_french(text) for name, text in found.items()}
    return PageWords(**set_)


PAGE_WORDS: Final[Mapping[Language, PageWords]] = {"en": _ENGLISH, "fr": _typeset(_FRENCH)}
