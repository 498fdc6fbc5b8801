"""Routes to merchants' endpoints and what is delivered to them; a part of `api.routes`."""

from typing import Final

from api import endpoints
from api import schemas_endpoints as shapes
from api.authentication import Role
from api.route import Route
from api.schemas import NoBody, PositionQuery

_OWN: Final[frozenset[Role]] = frozenset({"merchant"})
_CARING: Final[frozenset[Role]] = frozenset({"merchant", "operator", "admin"})
_ONE: Final = ("unknown_endpoint",)

ENDPOINTS: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/v1/webhook-endpoints",
        name="create_endpoint",
        endpoint=endpoints.create_endpoint,
        summary="Be told at an address of yours what becomes of your payments.",
        roles=_OWN,
        body=shapes.EndpointRequest,
        answers={201: shapes.EndpointSecretOut},
        problems=("too_many_endpoints",),
    ),
    Route(
        method="GET",
        path="/v1/webhook-endpoints",
        name="list_endpoints",
        endpoint=endpoints.list_endpoints,
        summary="List your endpoints.",
        roles=_OWN,
        query=shapes.EndpointsQuery,
        answers={200: shapes.EndpointList},
        problems=("projection_behind",),
    ),
    Route(
        method="GET",
        path="/v1/webhook-endpoints/{endpoint_id}",
        name="show_endpoint",
        endpoint=endpoints.show_endpoint,
        summary="Show an endpoint.",
        roles=_CARING,
        query=PositionQuery,
        answers={200: shapes.EndpointOut},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/webhook-endpoints/{endpoint_id}",
        name="change_endpoint",
        endpoint=endpoints.change_endpoint,
        summary="Change an endpoint's address, types or description. Repeated, it changes nothing.",
        roles=_OWN,
        body=shapes.EndpointChange,
        answers={200: shapes.EndpointOut},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/webhook-endpoints/{endpoint_id}/delete",
        name="delete_endpoint",
        endpoint=endpoints.delete_endpoint,
        summary="Let an endpoint go for good; what it was told stays. Repeated, it does nothing.",
        roles=_OWN,
        body=NoBody,
        answers={200: shapes.EndpointOut},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/webhook-endpoints/{endpoint_id}/rotate",
        name="rotate_secret",
        endpoint=endpoints.rotate_secret,
        summary="Replace an endpoint's secrets; the former ones sign along for a while.",
        roles=_OWN,
        body=shapes.RotationRequest,
        answers={200: shapes.EndpointSecretOut},
        problems=("unknown_endpoint",),
    ),
    Route(
        method="POST",
        path="/v1/webhook-endpoints/{endpoint_id}/disable",
        name="disable_endpoint",
        endpoint=endpoints.disable_endpoint,
        summary="Deliver nothing more to an endpoint; what waits is parked.",
        roles=_CARING,
        body=NoBody,
        answers={200: shapes.EndpointOut},
        problems=_ONE,
    ),
    Route(
        method="POST",
        path="/v1/webhook-endpoints/{endpoint_id}/enable",
        name="enable_endpoint",
        endpoint=endpoints.enable_endpoint,
        summary="Deliver to an endpoint again.",
        roles=_CARING,
        body=NoBody,
        answers={200: shapes.EndpointOut},
        problems=(*_ONE, "too_many_endpoints"),
    ),
    Route(
        method="GET",
        path="/v1/webhook-endpoints/{endpoint_id}/messages",
        name="list_messages",
        endpoint=endpoints.list_messages,
        summary="List what an endpoint was told, is told and could not be told, newest first.",
        roles=_CARING,
        query=shapes.MessagesQuery,
        answers={200: shapes.MessagePage},
        problems=(*_ONE, "projection_behind"),
    ),
    Route(
        method="GET",
        path="/v1/webhook-endpoints/{endpoint_id}/messages/{message_id}",
        name="show_message",
        endpoint=endpoints.show_message,
        summary="Show a message to an endpoint, with every attempt to deliver it.",
        roles=_CARING,
        query=shapes.MessageQuery,
        answers={200: shapes.MessageDetail},
        problems=(*_ONE, "unknown_message", "projection_behind"),
    ),
    Route(
        method="POST",
        path="/v1/webhook-endpoints/{endpoint_id}/replay",
        name="replay_messages",
        endpoint=endpoints.replay_messages,
        summary="Deliver one message, or all that are parked, once more.",
        roles=_CARING,
        body=shapes.ReplayRequest,
        answers={202: shapes.ReplayOut},
        problems=("unknown_endpoint",),
    ),
)
