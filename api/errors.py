"""Errors as HTTP: every kind of problem, and the one table from a ledger's error to its kind.

A kind of problem has a `code`, stable and made for programs, a category that is one of the GSMA
Mobile Money API's six, and a title in French and English. HTTP numbers stand here and nowhere else.
What is not in the table is our own mistake, `internal`. How an occurrence is told: `api.problems`.
"""

from collections.abc import Mapping
from typing import Final

from api.errors_notes import NOTE_PROBLEMS
from api.errors_people import PEOPLE_PROBLEMS
from api.errors_statements import STATEMENT_PROBLEMS
from api.problem import Place, Problem, ProblemError
from ledger import errors as ledger_errors
from ledger.errors import LedgerError
from ledger.payment_ending import NotCancellableError

__all__ = ["Place", "Problem", "ProblemError"]

RETRY_SECONDS: Final = 1

MALFORMED_JSON: Final = Problem(
    400,
    "malformed_json",
    "validation",
    "The body is not a JSON object",
    "Le corps n'est pas un objet JSON",
)
INVALID_REQUEST: Final = Problem(
    422,
    "invalid_request",
    "validation",
    "The request cannot be used as it is",
    "La requête est inutilisable telle quelle",
)
IDEMPOTENCY_KEY_MISSING: Final = Problem(
    400,
    "idempotency_key_missing",
    "validation",
    "The Idempotency-Key header is missing",
    "L'en-tête Idempotency-Key manque",
)
IDEMPOTENCY_KEY_INVALID: Final = Problem(
    400,
    "idempotency_key_invalid",
    "validation",
    "The Idempotency-Key cannot be used",
    "L'Idempotency-Key est inutilisable",
)
IDEMPOTENCY_KEY_IN_FLIGHT: Final = Problem(
    409,
    "idempotency_key_in_flight",
    "businessRule",
    "A request with this Idempotency-Key is under way",
    "Une requête avec cette Idempotency-Key est en cours",
    RETRY_SECONDS,
)
UNSERVED: Final = Problem(
    422,
    "operator_not_served",
    "businessRule",
    "No enabled provider serves this payment",
    "Aucun prestataire activé ne sert ce paiement",
)
AMOUNT_OUTSIDE_LIMITS: Final = Problem(
    422,
    "amount_outside_limits",
    "businessRule",
    "The amount is outside of the limits for this operator",
    "Le montant est hors des limites pour cet opérateur",
)
UNAUTHENTICATED: Final = Problem(
    401,
    "unauthenticated",
    "authorisation",
    "A valid API key is needed",
    "Il faut une clé d'API valide",
)
FORBIDDEN: Final = Problem(
    403,
    "forbidden",
    "authorisation",
    "This key's role may not do that",
    "Le rôle de cette clé ne le permet pas",
)
WEBHOOK_REFUSED: Final = Problem(
    401,
    "webhook_refused",
    "authorisation",
    "The call did not prove that it comes from the provider",
    "L'appel n'a pas prouvé qu'il vient du prestataire",
)
NOT_FOUND: Final = Problem(
    404, "not_found", "identification", "There is nothing here", "Il n'y a rien ici"
)
UNKNOWN_PROVIDER: Final = Problem(
    404,
    "unknown_provider",
    "identification",
    "This provider is not enabled",
    "Ce prestataire n'est pas activé",
)
METHOD_NOT_ALLOWED: Final = Problem(
    405,
    "method_not_allowed",
    "validation",
    "This address takes other methods",
    "Cette adresse accepte d'autres méthodes",
)
BODY_TOO_LARGE: Final = Problem(
    413, "body_too_large", "validation", "The body is too large", "Le corps est trop grand"
)
BODY_TOO_SLOW: Final = Problem(
    408,
    "body_too_slow",
    "validation",
    "The body came too slowly",
    "Le corps est venu trop lentement",
)
HEAD_TOO_SLOW: Final = Problem(
    408,
    "head_too_slow",
    "validation",
    "The request's head came too slowly",
    "L'en-tête de la requête est venu trop lentement",
)
UNSUPPORTED_MEDIA_TYPE: Final = Problem(
    415,
    "unsupported_media_type",
    "validation",
    "Only application/json is read",
    "Seul application/json est lu",
)
BAD_REQUEST: Final = Problem(
    400, "bad_request", "validation", "The request cannot be read", "La requête est illisible"
)
TOO_MANY_REQUESTS: Final = Problem(
    429,
    "too_many_requests",
    "businessRule",
    "This was asked for too often",
    "Cela a été demandé trop souvent",
)
UNKNOWN_KEY: Final = Problem(
    404, "unknown_key", "identification", "There is no such key", "Cette clé n'existe pas"
)
PROJECTION_BEHIND: Final = Problem(
    503,
    "projection_behind",
    "serviceUnavailable",
    "The list has not reached that position yet",
    "La liste n'a pas encore atteint cette position",
    RETRY_SECONDS,
)
INTERNAL: Final = Problem(
    500, "internal", "internal", "Something went wrong here", "Une erreur s'est produite chez nous"
)
BUSY: Final = Problem(
    503,
    "busy",
    "serviceUnavailable",
    "Too much is waiting already",
    "Trop de demandes attendent déjà",
    RETRY_SECONDS,
)
SERVER_TOO_SLOW: Final = Problem(
    503, "server_too_slow", "serviceUnavailable", "It took too long", "Cela a pris trop de temps", 5
)
_UNAVAILABLE: Final = Problem(
    503,
    "store_unavailable",
    "serviceUnavailable",
    "The ledger cannot write or read now",
    "Le registre ne peut ni écrire ni lire pour l'instant",
    5,
)
LOG_RESTORED: Final = Problem(
    412,
    "log_restored",
    "businessRule",
    "The log was restored from a backup since",
    "Le registre a été restauré depuis une sauvegarde entre-temps",
)
NOT_REFUNDABLE: Final = Problem(
    409,
    "not_refundable",
    "businessRule",
    "This payment cannot be given back this way",
    "Ce paiement ne peut pas être remboursé ainsi",
)
UNKNOWN_ENDPOINT: Final = Problem(
    404,
    "unknown_endpoint",
    "identification",
    "There is no such endpoint",
    "Cette adresse de notification n'existe pas",
)
UNKNOWN_MESSAGE: Final = Problem(
    404,
    "unknown_message",
    "identification",
    "There is no such message",
    "Cette notification n'existe pas",
)
TOO_MANY_STREAMS: Final = Problem(
    429,
    "too_many_streams",
    "serviceUnavailable",
    "Too many live streams are open",
    "Trop de flux en direct sont ouverts",
    RETRY_SECONDS,
)
TOO_MANY_ENDPOINTS: Final = Problem(
    409,
    "too_many_endpoints",
    "businessRule",
    "You have as many endpoints as may be",
    "Vous avez autant d'adresses de notification que possible",
)
CODE_NOT_AWAITED: Final = Problem(
    409,
    "code_not_awaited",
    "businessRule",
    "No one-time code is awaited for this payment",
    "Aucun code à usage unique n'est attendu pour ce paiement",
)
DISK_FULL: Final = Problem(
    507,
    "disk_full",
    "serviceUnavailable",
    "The ledger's disk is full",
    "Le disque du registre est plein",
    60,
)
NOT_IN_LOG: Final = Problem(
    404,
    "not_in_log",
    "identification",
    "The log has no such checkpoint or tile",
    "Le registre n'a pas ce point de contrôle ou cette tuile",
)
CHECKPOINT_PENDING: Final = Problem(
    409,
    "checkpoint_pending",
    "serviceUnavailable",
    "Nothing commits to the latest entries yet",
    "Rien n'engage encore le registre sur les dernières entrées",
    retry_seconds=10,
)
UNKNOWN_PAYMENT: Final = Problem(
    404, "unknown_payment", "identification", "There is no such payment", "Ce paiement n'existe pas"
)

PROBLEMS: Final[Mapping[type[LedgerError], Problem]] = {
    ledger_errors.InvalidInputError: INVALID_REQUEST,
    ledger_errors.InvalidMoneyError: Problem(
        422,
        "invalid_money",
        "validation",
        "The amount or currency cannot be used",
        "Le montant ou la devise est inutilisable",
    ),
    ledger_errors.InvalidPhoneError: Problem(
        422,
        "invalid_phone",
        "validation",
        "The telephone number cannot be used",
        "Le numéro de téléphone est inutilisable",
    ),
    ledger_errors.CommandRefusedError: Problem(
        409,
        "command_refused",
        "businessRule",
        "The ledger will not do this now",
        "Le registre ne le fera pas maintenant",
    ),
    ledger_errors.UnknownPaymentError: UNKNOWN_PAYMENT,
    ledger_errors.UnknownMerchantError: Problem(
        404,
        "unknown_merchant",
        "identification",
        "There is no such merchant",
        "Ce marchand n'existe pas",
    ),
    ledger_errors.UnknownCheckoutError: Problem(
        404,
        "unknown_checkout_session",
        "identification",
        "There is no such checkout session",
        "Cette page de paiement n'existe pas",
    ),
    ledger_errors.IdempotencyKeyReusedError: Problem(
        422,
        "idempotency_key_reused",
        "businessRule",
        "The Idempotency-Key was used for another request",
        "L'Idempotency-Key a servi pour une autre requête",
    ),
    ledger_errors.NotRefundableError: NOT_REFUNDABLE,
    ledger_errors.CodeNotAwaitedError: CODE_NOT_AWAITED,
    NotCancellableError: Problem(
        409,
        "not_cancellable",
        "businessRule",
        "This cannot be cancelled any more",
        "Cela ne peut plus être annulé",
    ),
    ledger_errors.UnknownEndpointError: UNKNOWN_ENDPOINT,
    **NOTE_PROBLEMS,
    **PEOPLE_PROBLEMS,
    **STATEMENT_PROBLEMS,
    ledger_errors.StoreError: _UNAVAILABLE,
    ledger_errors.WrongVersionError: BUSY,
    ledger_errors.StoreBusyError: BUSY,
    ledger_errors.StreamTooLongError: Problem(
        409,
        "stream_too_long",
        "businessRule",
        "Too much has happened to this already",
        "Il s'y est déjà passé trop de choses",
    ),
    ledger_errors.StoreClosedError: Problem(
        503,
        "store_closed",
        "serviceUnavailable",
        "The server is stopping",
        "Le serveur s'arrête",
        RETRY_SECONDS,
    ),
    ledger_errors.StoreUnavailableError: _UNAVAILABLE,
    ledger_errors.SchemaVersionError: Problem(
        503,
        "schema_version",
        "serviceUnavailable",
        "The database and the code do not fit together",
        "La base de données et le code ne vont pas ensemble",
    ),
    ledger_errors.EntryTooLargeError: Problem(
        413,
        "entry_too_large",
        "validation",
        "The request does not fit into one log entry",
        "La requête ne tient pas dans une entrée du registre",
    ),
}
"""Error class -> problem; a class that is not listed is looked up by its nearest listed base."""

ALL_PROBLEMS: Final[Mapping[str, Problem]] = {
    problem.code: problem
    for problem in (
        MALFORMED_JSON,
        INVALID_REQUEST,
        IDEMPOTENCY_KEY_MISSING,
        IDEMPOTENCY_KEY_INVALID,
        IDEMPOTENCY_KEY_IN_FLIGHT,
        TOO_MANY_ENDPOINTS,
        TOO_MANY_STREAMS,
        UNSERVED,
        AMOUNT_OUTSIDE_LIMITS,
        UNAUTHENTICATED,
        FORBIDDEN,
        WEBHOOK_REFUSED,
        NOT_FOUND,
        UNKNOWN_PROVIDER,
        METHOD_NOT_ALLOWED,
        BODY_TOO_LARGE,
        BODY_TOO_SLOW,
        HEAD_TOO_SLOW,
        UNSUPPORTED_MEDIA_TYPE,
        BAD_REQUEST,
        TOO_MANY_REQUESTS,
        UNKNOWN_KEY,
        UNKNOWN_MESSAGE,
        NOT_IN_LOG,
        CHECKPOINT_PENDING,
        PROJECTION_BEHIND,
        DISK_FULL,
        SERVER_TOO_SLOW,
        LOG_RESTORED,
        INTERNAL,
        *PROBLEMS.values(),
    )
}
"""Every problem there is, by its code: for the README and the OpenAPI document."""
