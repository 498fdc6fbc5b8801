"""Remedies: what to do about each kind of problem, in English and French.

A particular problem says more where it can, in `errors`; this is what is always true of its kind.
The page's list of problems in README says the same.
"""

from collections.abc import Mapping
from typing import Final

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french

_ID: Final = (
    "Check the id, and whose key you use.",
    "Vérifiez l'identifiant, et à qui est la clé.",
)
_FASTER: Final = ("Send it again, faster.", "Renvoyez-la plus vite.")

REMEDIES: Final[Mapping[str, tuple[str, str]]] = {
    "malformed_json": ("Send one JSON object.", "Envoyez un seul objet JSON."),
    "invalid_request": (
        "Correct the named fields or parameters.",
        "Corrigez les champs ou paramètres nommés.",
    ),
    "idempotency_key_missing": (
        "Send the header with a key of your own.",
        "Envoyez l'en-tête avec une clé à vous.",
    ),
    "idempotency_key_invalid": (
        "Send 1 to 255 printable ASCII characters.",
        "Envoyez de 1 à 255 caractères ASCII imprimables.",
    ),
    "too_many_endpoints": (
        "Disable one, or enable one of those you have.",
        "Désactivez-en une, ou activez l'une de celles que vous avez.",
    ),
    "too_many_streams": (
        "Close a stream, or ask `GET /v1/notices` from time to time.",
        "Fermez un flux, ou interrogez `GET /v1/notices` de temps en temps.",
    ),
    "operator_not_served": (
        "Name an enabled `provider`, or take another number.",
        "Nommez un `provider` activé, ou prenez un autre numéro.",
    ),
    "amount_outside_limits": (
        "Send an amount within the limit it tells.",
        "Envoyez un montant dans la limite indiquée.",
    ),
    "unauthenticated": (
        "Send a valid key as `Authorization: Bearer ck_...`.",
        "Envoyez une clé valide : `Authorization: Bearer ck_...`.",
    ),
    "forbidden": ("Use a key of a role that may.", "Utilisez une clé d'un rôle qui le peut."),
    "webhook_refused": (
        "For providers only: the token is missing or wrong.",
        "Pour les prestataires seulement : le jeton manque ou n'est pas le bon.",
    ),
    "not_found": (
        "Look up the address in `/openapi.json`.",
        "Cherchez l'adresse dans `/openapi.json`.",
    ),
    "unknown_provider": (
        "Enable it in `CAURI_PROVIDERS`, or correct the address.",
        "Activez-le dans `CAURI_PROVIDERS`, ou corrigez l'adresse.",
    ),
    "method_not_allowed": (
        "Use a method of the `Allow` header.",
        "Utilisez une méthode de l'en-tête `Allow`.",
    ),
    "body_too_large": (
        "Send less; see `CAURI_BODY_BYTES_MAX`.",
        "Envoyez moins ; voyez `CAURI_BODY_BYTES_MAX`.",
    ),
    "body_too_slow": _FASTER,
    "head_too_slow": _FASTER,
    "unsupported_media_type": (
        "Send `Content-Type: application/json`.",
        "Envoyez `Content-Type: application/json`.",
    ),
    "bad_request": ("Send well-formed HTTP.", "Envoyez du HTTP bien formé."),
    "too_many_requests": (
        "Send it again after `Retry-After`, under the same key.",
        "Renvoyez-la après `Retry-After`, avec la même clé.",
    ),
    "unknown_message": (
        "Look for it in the endpoint's messages.",
        "Cherchez-la dans les notifications de cette adresse.",
    ),
    "unknown_key": _ID,
    "not_in_log": (
        "Ask for tiles within the checkpoint's size, or have a checkpoint made first.",
        "Demandez des tuiles dans la taille du point de contrôle, ou faites-en d'abord établir un.",
    ),
    "checkpoint_pending": (
        "Ask again after `Retry-After`.",
        "Redemandez après `Retry-After`.",
    ),
    "projection_behind": (
        "Ask again after `Retry-After`; it stays so if a reader has stopped.",
        "Redemandez après `Retry-After` ; si cela dure, un lecteur s'est arrêté.",
    ),
    "disk_full": (
        "Make room; then repeat under the same key.",
        "Faites de la place, puis répétez avec la même clé.",
    ),
    "log_restored": (
        "Go on from the position it tells, with the `Cauri-Log` it names.",
        "Repartez de la position indiquée, avec le `Cauri-Log` qu'elle nomme.",
    ),
    "internal": (
        "Repeat under the same key; tell us the correlation id.",
        "Répétez avec la même clé ; donnez-nous l'identifiant de corrélation.",
    ),
    "invalid_money": (
        "Send a decimal string with no more decimals than the currency has.",
        "Envoyez un texte décimal, sans plus de décimales que la devise n'en a.",
    ),
    "invalid_phone": (
        "Send one number, with its country code.",
        "Envoyez un seul numéro, avec son indicatif de pays.",
    ),
    "command_refused": ("Look at it again; it has moved on.", "Relisez-le ; il a changé depuis."),
    "unknown_payment": _ID,
    "unknown_merchant": (
        "Check the id, or add the merchant.",
        "Vérifiez l'identifiant, ou ajoutez le marchand.",
    ),
    "unknown_checkout_session": _ID,
    "idempotency_key_reused": (
        "Repeat the first content, or take a new key.",
        "Répétez le premier contenu, ou prenez une nouvelle clé.",
    ),
    "not_refundable": (
        "Ask for less, or read what is left in `refundable`.",
        "Demandez moins, ou lisez ce qui reste dans `refundable`.",
    ),
    "not_cancellable": (
        "Wait for its end, and give it back by a refund if it succeeds.",
        "Attendez son issue, et remboursez-le s'il réussit.",
    ),
    "code_not_awaited": (
        "Hand in a code only while the payment's `awaits` is `one_time_code`.",
        "Ne donnez un code que si le champ `awaits` du paiement dit `one_time_code`.",
    ),
    "unknown_endpoint": _ID,
    "unknown_statement": (
        "Look for it with `GET /v1/statements`.",
        "Cherchez-le avec `GET /v1/statements`.",
    ),
    "statement_refused": (
        "Have another person approve it; the problem says what else stands against it.",
        "Faites-le approuver par une autre personne ; le problème dit ce qui s'y oppose d'autre.",
    ),
    "unknown_erasure": (
        "Look for it with `GET /v1/people/erasures`.",
        "Cherchez-la avec `GET /v1/people/erasures`.",
    ),
    "unknown_note": (
        "Look for it with `GET /v1/payments/{id}/notes`.",
        "Cherchez-la avec `GET /v1/payments/{id}/notes`.",
    ),
    "note_refused": (
        "Look at the payment and its notes; the problem says what may be proposed.",
        "Regardez le paiement et ses notes ; le problème dit ce qui peut être proposé.",
    ),
    "payments_open": (
        "Ask again once what it names is final.",
        "Redemandez quand ce qu'il nomme sera définitif.",
    ),
    "store_unavailable": (
        "Repeat under the same key; look at the database.",
        "Répétez avec la même clé ; regardez la base de données.",
    ),
    "busy": (
        "Repeat under the same key after `Retry-After`.",
        "Répétez avec la même clé après `Retry-After`.",
    ),
    "stream_too_long": (
        "Nothing: too much has happened to this one thing.",
        "Rien : il s'est passé trop de choses ici.",
    ),
    "store_closed": (
        "The server is stopping: repeat at the next one.",
        "Le serveur s'arrête : répétez auprès du suivant.",
    ),
    "schema_version": (
        "`cauri migrate`, or run the code that fits the database.",
        "`cauri migrate`, ou lancez le code qui va avec la base.",
    ),
    "entry_too_large": ("Send shorter texts.", "Envoyez des textes plus courts."),
    "server_too_slow": (
        "Repeat under the same key after `Retry-After`; look at the database.",
        "Répétez avec la même clé après `Retry-After`.",
    ),
    "idempotency_key_in_flight": (
        "Repeat it after `Retry-After`; you then get the first answer.",
        "Renvoyez-la après `Retry-After`, avec la même clé.",
    ),
}
"""Code -> what to do."""


def remedy(code: str, language: Language) -> str:
    """What to do about a kind of problem; empty where nobody has written it (a test finds it)."""
    english, french = REMEDIES.get(code, ("", ""))
    return typeset_french(french) if language == "fr" else english
