"""The `webhooks` of the OpenAPI document: what merchants' endpoints are sent, one entry a type.

Everything in it is made from what sends: the types from `ledger.notices`, the body's schema from
the models of `api.schemas_messages`, the signatures of the example by signing the example. So a
reader may check a verifier of his own against it; a test does, with the library of Standard
Webhooks, and holds delivered messages against the schema.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from adapters.notify.merchants import GONE, RETRY_SECONDS
from adapters.notify.signing import PRIVATE_PREFIX, SECRET_PREFIX, SigningPair, signed_headers
from adapters.refusal_texts import Language
from api.calls import JSON
from api.documents import RefusalOut
from api.openapi_examples import Examples
from api.schemas_messages import EndpointTestContent, MessageContent
from ledger.notices import NOTICE_TYPES, TEST_TYPE
from ledger.payment import Status

JsonObject = dict[str, Any]

TAG: Final = "messages"
EXAMPLE_PAIR: Final = SigningPair(
    SECRET_PREFIX + b64encode(b"only an example: never use it.. ").decode(),
    PRIVATE_PREFIX + b64encode(b"only an example, as public as it").decode(),
)
"""What the examples are signed with: 32 bytes each that everybody knows."""

_DAY_SECONDS: Final = 86_400
_ENDPOINT: Final = "we_2c6mexg5vbn7hd4tq2lkzae3k2"
_COLLECTIONS: Final[Mapping[str, str]] = {
    "payment": "payments",
    "payout": "payouts",
    "refund": "refunds",
}
_SUBJECTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "payment": "A payment",
        "payout": "A payout",
        "refund": "A refund",
        "endpoint": "The endpoint",
    },
    "fr": {
        "payment": "Un paiement",
        "payout": "Un versement",
        "refund": "Un remboursement",
        "endpoint": "L'adresse",
    },
}
_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "pending": "{subject} is with the provider, whose final word is still to come.",
        "declined": "{subject} was not taken by any provider; no money moved.",
        "succeeded": "{subject} succeeded: the money has moved.",
        "failed": "{subject} failed: no money moved, and `refusal` says why.",
        "expired": "{subject} was not confirmed in time, by the provider's own word; or it "
        "was given up, or cancelled by you, before any provider had it.",
        "conflicted": "{subject} has words about it that contradict one another; a person looks "
        "into it.",
        "reopened": "{subject} that seemed final is not; wait for the next message.",
        "refunded": "{subject} was given back, whole or in part: see `refunded`.",
        "test": "{subject} is tested by its merchant, to see that it hears: no payment moves.",
    },
    "fr": {
        "pending": "{subject} est chez le prestataire, qui n'a pas encore dit son dernier mot.",
        "declined": "{subject} n'a été accepté par aucun prestataire ; l'argent n'a pas bougé.",
        "succeeded": "{subject} a réussi : l'argent est passé.",
        "failed": "{subject} a échoué : l'argent n'a pas bougé, et `refusal` dit pourquoi.",
        "expired": "{subject} n'a pas été confirmé à temps, selon le prestataire ; ou a été "
        "abandonné, ou annulé par vous, avant qu'un prestataire ne l'ait.",
        "conflicted": "{subject} fait l'objet de réponses contradictoires ; quelqu'un s'en occupe.",
        "reopened": "{subject} qui semblait terminé ne l'est pas ; attendez le message suivant.",
        "refunded": "{subject} a été remboursé, en tout ou en partie : voyez `refunded`.",
        "test": "{subject} est mise à l'essai par son marchand : aucun argent ne bouge.",
    },
}
_STATUSES: Final[Mapping[str, Status]] = {
    "pending": Status.PENDING,
    "declined": Status.DECLINED,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "expired": Status.EXPIRED,
    "conflicted": Status.CONFLICT,
    "reopened": Status.UNKNOWN,
    "refunded": Status.SUCCEEDED,
}
"""Word -> the status in the example; what does not fit another status is changed with it."""

_TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "description": "Sent by POST to each of your enabled endpoints that wants this type "
        "(`POST /v1/webhook-endpoints`), at least once, and in order for each payment. Verify the "
        "signature over the body's very bytes before you believe it.",
        "webhook-id": "The message's name, the same each time it is sent: whoever was told twice "
        "knows it by this.",
        "webhook-timestamp": "When it was sent, in seconds since 1970: refuse what is older than "
        "a few minutes.",
        "webhook-signature": "Signatures of `<webhook-id>.<webhook-timestamp>.<body>`, with blanks "
        "between them: `v1` is HMAC-SHA256 under the endpoint's secret, `v1a` Ed25519. One that is "
        "right is enough; while a secret is being replaced there are more.",
        "test": "Sent by POST to the one endpoint that you test (`POST "
        "/v1/webhook-endpoints/{endpoint_id}/test`), whatever types it wants, signed like every "
        "message; it waits for no other one. Verify the signature over the body's very bytes.",
        "heard": "Heard: this message is not sent again. Answer soon: the server "
        "waits for `CAURI_ENDPOINT_SECONDS_MAX`.",
        "gone": "The endpoint is gone: it is disabled, and told nothing more.",
        "other": "Not heard, as a redirect or no answer is: sent again after growing pauses, "
        "{times} times within {days} days, then parked until you replay it.",
    },
    "fr": {
        "description": "Envoyé par POST à chacune de vos adresses actives qui veut ce type "
        "(`POST /v1/webhook-endpoints`), au moins une fois, et dans l'ordre pour chaque paiement. "
        "Vérifiez la signature sur les octets mêmes du corps avant d'y croire.",
        "webhook-id": "Le nom du message, le même à chaque envoi : c'est à lui que l'on reconnaît "
        "un doublon.",
        "webhook-timestamp": "Quand il a été envoyé, en secondes depuis 1970 : refusez ce qui a "
        "plus de quelques minutes.",
        "webhook-signature": "Signatures de `<webhook-id>.<webhook-timestamp>.<body>`, séparées "
        "par des espaces : `v1` est un HMAC-SHA256 avec le secret de l'adresse, `v1a` de "
        "l'Ed25519. Une seule signature juste suffit ; il y en a plus pendant qu'un secret est "
        "remplacé.",
        "test": "Envoyé par POST à la seule adresse que vous mettez à l'essai (`POST "
        "/v1/webhook-endpoints/{endpoint_id}/test`), quels que soient les types qu'elle veut, "
        "signé comme tout message ; il n'en attend aucun autre. Vérifiez la signature sur les "
        "octets mêmes du corps.",
        "heard": "Entendu : ce message n'est plus envoyé. Répondez vite : le serveur attend "
        "`CAURI_ENDPOINT_SECONDS_MAX`.",
        "gone": "L'adresse n'existe plus : elle est désactivée, et rien n'y est plus envoyé.",
        "other": "Pas entendu, tout comme une redirection ou une absence de réponse : renvoyé "
        "après des pauses croissantes, {times} fois en {days} jours, puis mis de côté jusqu'à ce "
        "que vous le rejouiez.",
    },
}
_HEADERS: Final[Mapping[str, str]] = {
    "webhook-id": r"^\S+$",
    "webhook-timestamp": r"^[0-9]+$",
    "webhook-signature": r"^v1a?,[A-Za-z0-9+/=]+( v1a?,[A-Za-z0-9+/=]+)*$",
}
"""Header -> what it looks like."""


def webhooks_of(examples: Examples, language: Language) -> dict[str, JsonObject]:
    """Describe every type of message."""
    types = (*NOTICE_TYPES, TEST_TYPE)
    return {type_: {"post": _message(type_, examples, language)} for type_ in types}


def message_example(type_: str, examples: Examples) -> JsonObject:
    """An example of a message of a type."""
    if type_ == TEST_TYPE:
        test: JsonObject = examples.answer(EndpointTestContent.__name__)
        return test
    subject, _, word = type_.partition(".")
    status = _STATUSES[word]
    content = examples.about(_COLLECTIONS[subject], examples.answer(MessageContent.__name__))
    told = content["data"] | {"status": status.value, "is_final": status.is_final}
    told |= {"position": content["position"], "updated_at": content["timestamp"]}
    if status is not Status.SUCCEEDED:
        told |= {"evidence": [], "provider_transaction_id": None, "refundable": "0"}
        told |= {"moved_at": None}
    if word == "failed":
        told |= {"code": "NOT_ENOUGH_FUNDS", "refusal": examples.answer(RefusalOut.__name__)}
    if word == "refunded":
        told |= {"refunded": told["amount"], "refundable": "0"}
    if word == "declined":
        told["attempts"] = [one | {"is_accepted": False} for one in told["attempts"]]
    return {**content, "type": type_, "data": told}


def _message(type_: str, examples: Examples, language: Language) -> JsonObject:
    subject, _, word = type_.partition(".")
    texts, example = _TEXTS[language], message_example(type_, examples)
    signed = signed_headers(
        f"{_ENDPOINT}.{example['position']}",
        datetime.fromisoformat(example["timestamp"]),
        orjson.dumps(example),
        [EXAMPLE_PAIR],
    )
    model = EndpointTestContent if type_ == TEST_TYPE else MessageContent
    days = round(sum(RETRY_SECONDS) / _DAY_SECONDS)
    return {
        "operationId": type_.replace(".", "_"),
        "tags": [TAG],
        "summary": _WORDS[language][word].format(subject=_SUBJECTS[language][subject]),
        "description": texts["test" if type_ == TEST_TYPE else "description"],
        # Whoever calls is known by the signature; the document's keys are for calls to us.
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": texts[name],
                "schema": {"type": "string", "pattern": pattern},
                "example": signed[name],
            }
            for name, pattern in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {
                        "$ref": f"#/components/schemas/{model.__name__}",
                        "properties": {"type": {"const": type_}},
                    },
                    "example": example,
                }
            },
        },
        "responses": {
            "2XX": {"description": texts["heard"]},
            str(GONE): {"description": texts["gone"]},
            "default": {"description": texts["other"].format(times=len(RETRY_SECONDS), days=days)},
        },
    }
