"""A receipt as a page: the same as the file, for people, in French or English, to be printed.

Made of the receipt alone: what is shown is what its entries say, folded as the ledger folds them,
so the page can be made on any machine that has the file. The file itself stands at its end, so a
page that was saved can be verified too.

It says what a receipt proves and what it does not, for a judge reads the page and not our code.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from adapters.dates import utc_text
from adapters.directory import BY_CODE
from adapters.directory_names import full_name_in
from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french
from api.pages.rendering import rendered, style_of
from api.support_history import history_of
from api.support_texts import TONGUES, About, amount_text, writer_of
from ledger import payment
from ledger.checkpoint import Checkpoint
from ledger.entry import RecordedEvent
from ledger.evidence import Word, counting
from ledger.payment import Payment, Status
from projections.payments_rows import MOVED


class ReceiptWords(NamedTuple):
    """The page's texts in one language."""

    title: str
    test: str
    succeeded_in_test: str
    facts: str
    history: str
    when: str
    what: str
    commitment: str
    proves_title: str
    proves: str
    witnessed: str
    unwitnessed: str
    proves_not: str
    verify_title: str
    verify: str
    entries_title: str
    entries: str
    names: Mapping[str, str]
    statuses: Mapping[Status, str]


_ENGLISH: Final = ReceiptWords(
    title="Proof of a payment",
    test="Test: no money moved.",
    succeeded_in_test="Succeeded, in the test",
    facts="What was asked",
    history="What happened",
    when="When",
    what="What",
    commitment="What it was committed to",
    proves_title="What this proves",
    proves="Whoever keeps this ledger committed, with a signature, to exactly these entries at "
    "these places, and to the payment having had no others by then.",
    witnessed="The witnesses named above are independent of the ledger: at the times shown "
    "they had seen this commitment, as the continuation of all they had seen before. So the "
    "entries can no longer be taken back or changed unseen.",
    unwitnessed="No witness has cosigned this commitment: it binds whoever keeps the ledger by his "
    "signature alone.",
    proves_not="It does not prove that nothing was added after this commitment, nor that what a "
    "provider told the ledger was true.",
    verify_title="How to verify it",
    verify="With Python and the one file verify_receipt.py, without a network and without this "
    "ledger. The policy, a text that says whose keys you trust, has to come from somebody else "
    "than whoever gave you this receipt.",
    entries_title="The receipt itself",
    entries="This is the file, byte for byte; only it can be verified. Telephone numbers and names "
    "are sealed in it.",
    names={
        "payment": "Payment",
        "merchant": "Merchant",
        "kind": "Kind",
        "operator": "Operator",
        "country": "Country",
        "references": "References at the provider",
        "transactions": "The provider's transaction numbers",
        "moved": "When the money moved, by the provider's clock",
        "support": "Help",
        "entries": "Entries",
        "origin": "Log",
        "size": "Entries in the log",
        "root": "Root of the tree",
        "witness": "Witness {name}",
        "none": "none",
    },
    statuses={
        Status.REQUESTED: "Asked for; not sent to the operator yet",
        Status.SUBMITTING: "Being sent to the operator",
        Status.PENDING: "With the operator; no final word yet",
        Status.UNKNOWN: "The operator has not answered; it is being asked",
        Status.SUCCEEDED: "Succeeded: the money has moved",
        Status.FAILED: "Failed: no money has moved",
        Status.EXPIRED: "Expired: no money has moved",
        Status.DECLINED: "Refused: no money has moved",
        Status.CONFLICT: "Contradictory words of the operator; a person decides",
    },
)
_FRENCH: Final = ReceiptWords(
    title="Preuve d'un paiement",
    test="Essai : aucun argent n'a circulé.",
    succeeded_in_test="Réussi, dans l'essai",
    facts="Ce qui a été demandé",
    history="Ce qui s'est passé",
    when="Quand",
    what="Quoi",
    commitment="L'engagement du registre",
    proves_title="Ce que cela prouve",
    proves="Celui qui tient ce registre s'est engagé, par sa signature, sur exactement ces "
    "entrées à ces places, et sur le fait que le paiement n'en avait alors aucune autre.",
    witnessed="Les témoins nommés ci-dessus sont indépendants du registre : aux heures indiquées, "
    "ils avaient vu cet engagement, comme la suite de tout ce qu'ils avaient vu auparavant. Les "
    "entrées ne peuvent donc plus être reprises ni modifiées sans que cela se voie.",
    unwitnessed="Aucun témoin n'a cosigné cet engagement : il ne lie celui qui tient le "
    "registre que par sa seule signature.",
    proves_not="Cela ne prouve pas que rien n'a été ajouté après cet engagement, ni que ce qu'un "
    "prestataire a dit au registre est vrai.",
    verify_title="Comment le vérifier",
    verify="Avec Python et le seul fichier verify_receipt.py, sans réseau et sans ce registre. La "
    "politique, un texte qui dit à quelles clés vous vous fiez, doit vous venir de quelqu'un "
    "d'autre que celui qui vous a remis ce reçu.",
    entries_title="Le reçu lui-même",
    entries="Voici le fichier, octet par octet ; lui seul se vérifie. Les numéros de téléphone et "
    "les noms y sont scellés.",
    names={
        "payment": "Paiement",
        "merchant": "Marchand",
        "kind": "Nature",
        "operator": "Opérateur",
        "country": "Pays",
        "references": "Références chez le prestataire",
        "transactions": "Numéros de transaction du prestataire",
        "moved": "Heure du mouvement, d'après l'horloge du prestataire",
        "support": "Aide",
        "entries": "Entrées",
        "origin": "Registre",
        "size": "Entrées du registre",
        "root": "Racine de l'arbre",
        "witness": "Témoin {name}",
        "none": "aucun",
    },
    statuses={
        Status.REQUESTED: "Demandé ; pas encore envoyé à l'opérateur",
        Status.SUBMITTING: "En cours d'envoi à l'opérateur",
        Status.PENDING: "Chez l'opérateur ; sans réponse définitive",
        Status.UNKNOWN: "L'opérateur n'a pas répondu ; on l'interroge",
        Status.SUCCEEDED: "Réussi : l'argent a été transféré",
        Status.FAILED: "Échoué : aucun argent n'a été transféré",
        Status.EXPIRED: "Expiré : aucun argent n'a été transféré",
        Status.DECLINED: "Refusé : aucun argent n'a été transféré",
        Status.CONFLICT: "L'opérateur s'est contredit ; une personne tranche",
    },
)


def _typeset(text: Any) -> Any:
    return typeset_french(text) if isinstance(text, str) else text


WORDS: Final[Mapping[Language, ReceiptWords]] = {
    "en": _ENGLISH,
    "fr": ReceiptWords(*map(_typeset, _FRENCH))._replace(
        statuses={one: typeset_french(text) for one, text in _FRENCH.statuses.items()},
    ),
}


def receipt_page(
    receipt: str,
    entries: Sequence[RecordedEvent],
    checkpoint: Checkpoint,
    cosigned: Mapping[str, int],
    *,
    language: Language,
    merchant: str | None = None,
    support: str | None = None,
) -> str:
    """Write the page.

    Args:
        receipt: the receipt's text.
        entries: its entries, checked.
        checkpoint: its checkpoint.
        cosigned: witness -> when it signed, in seconds since 1970.
        language: the page's.
        merchant: the shop's name, where it is known; its id otherwise.
        support: whom people may ask, where somebody is named.
    """
    state = payment.INITIAL
    for entry in entries:
        state = payment.evolve(state, entry.event)
    words, request = WORDS[language], state.requested
    operator = BY_CODE.get(request.operator or "")
    about = About(
        kind=state.kind,
        amount_minor=request.amount_minor,
        refunded_minor=state.refunded_minor,
        currency=request.currency,
        merchant=merchant or request.merchant_id,
        operator=full_name_in(operator, language) if operator else None,
        is_merchant_id=merchant is None,
    )
    write, moments = writer_of(about, language), TONGUES[language].moments
    told = history_of(entries, has_page=False, history_max=len(entries)).told
    names, is_test = words.names, request.mode == "test"
    status = words.statuses[state.status]
    if is_test and state.status is Status.SUCCEEDED:
        status = words.succeeded_in_test
    facts = [
        (names["payment"], request.payment_id),
        (names["merchant"], about.merchant),
        (names["kind"], TONGUES[language].things[state.kind]),
        (names["operator"], about.operator or request.operator or names["none"]),
        (names["country"], request.country),
        (names["references"], ", ".join(one.reference for one in state.attempts) or names["none"]),
        (names["transactions"], ", ".join(_transactions(state)) or names["none"]),
        *((names["moved"], _time(at, language)) for at in _told_times(state)),
        (names["entries"], str(len(entries))),
        *([(names["support"], support)] if support else []),
    ]
    commitment = [
        (names["origin"], checkpoint.origin),
        (names["size"], str(checkpoint.size)),
        (names["root"], checkpoint.root.hex()),
        *(
            (names["witness"].format(name=name), _time(datetime.fromtimestamp(at, UTC), language))
            for name, at in cosigned.items()
        ),
    ]
    return rendered(
        "receipt.html",
        {
            "language": language,
            "words": words,
            "style": style_of("receipt.css"),
            "payment_id": request.payment_id,
            "is_test": is_test,
            "amount": amount_text(request.amount_minor, request.currency, language),
            "status": status,
            "facts": facts,
            "history": [
                (_time(one.at, language), write(moments[one.moment], one.amount_minor))
                for one in told
            ],
            "commitment": commitment,
            "witnessing": words.witnessed if cosigned else words.unwitnessed,
            "receipt": receipt,
        },
    )


def _transactions(state: Payment) -> list[str]:
    told = counting(state.evidence)
    return sorted({one.provider_transaction_id or "" for one in told} - {""})


def _told_times(state: Payment) -> list[datetime]:
    """What words tell of when money moved, as they tell it; nothing where none is known to have."""
    if state.status.value not in MOVED:
        return []
    paid = (one for one in counting(state.evidence) if one.word is Word.SUCCEEDED)
    return sorted({one.occurred_at for one in paid if one.occurred_at})


def _time(moment: datetime, language: Language) -> str:
    return utc_text(moment, language, has_seconds=True)
