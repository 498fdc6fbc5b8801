"""Routes to API keys; a part of `api.routes`."""

from typing import Final

from api import access, key_documents
from api.authentication import Role
from api.route import Route

HOLDERS: Final[frozenset[Role]] = frozenset({"merchant", "admin"})
_CHANGING: Final = ("unknown_key",)

KEYS: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/v1/keys",
        name="list_keys",
        endpoint=access.list_keys,
        summary="List your API keys of this key's mode, newest first, and when each was last used.",
        roles=HOLDERS,
        query=key_documents.KeysQuery,
        answers={200: key_documents.KeyPage},
        problems=("unknown_merchant", "projection_behind"),
    ),
    Route(
        method="POST",
        path="/v1/keys/{key_id}/rotate",
        name="rotate_key",
        endpoint=access.rotate_key,
        summary="Replace a key by a new one; the old one ends by itself after the overlap.",
        roles=HOLDERS,
        body=key_documents.KeyRotation,
        answers={201: key_documents.NewKeyOut},
        problems=_CHANGING,
    ),
    Route(
        method="POST",
        path="/v1/keys/{key_id}/revoke",
        name="revoke_key",
        endpoint=access.revoke_key,
        summary="Make a key worth nothing, at once.",
        roles=HOLDERS,
        body=key_documents.KeyRevocation,
        answers={200: key_documents.RevokedKeyOut},
        problems=_CHANGING,
    ),
)
