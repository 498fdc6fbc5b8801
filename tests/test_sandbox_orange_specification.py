"""The Orange sandbox against a third party's description of Orange's Mali segment.

The description is not Orange's; it stands beside the repository, not in it. What it requires of a
request the sandbox must require too, and what the sandbox answers must fit it.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from jsonschema import Draft7Validator

from tests.callback_receiver import CallbackReceiver
from tests.orange_merchant import World, a_world

FOLDER: Final = Path(__file__).resolve().parents[2] / "shared" / "specs" / "orange_webpay"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the Orange description is not beside the repository (../shared/specs/orange_webpay)",
)


def described(file_name: str, part: str) -> dict[str, Any]:
    """Return one schema; with `type: object`, which its authors leave to the reader."""
    document = orjson.loads((FOLDER / file_name).read_bytes())
    schema: dict[str, Any] = {"type": "object"} | document[part]
    return schema


def faults(schema: dict[str, Any], value: object, *, closed: bool = False) -> list[str]:
    """Say what is wrong with a value; `closed` forbids fields that are not described."""
    wanted = schema | ({"additionalProperties": False} if closed else {})
    return [error.message for error in Draft7Validator(wanted).iter_errors(value)]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world(segment="ml") as made:
        yield made


CREATION: Final = "create_payment_schema.json"
NOTIFICATION: Final = "webhook_payment_completed_schema.json"


async def test_our_requests_answers_and_errors_fit_the_description(world: World) -> None:
    request = world.merchant.wanted()
    accepted = await world.merchant.create()
    refused = await world.merchant.create()
    assert (
        faults(described(CREATION, "input_schema"), request, closed=True),
        faults(described(CREATION, "response_schema"), accepted.body, closed=True),
        faults(described(CREATION, "error_schema"), refused.body, closed=True),
        sorted(accepted.body) == sorted(described(CREATION, "response_schema")["properties"]),
        refused.status,
    ) == ([], [], [], True, 403)


async def test_what_it_requires_is_required_here_and_nothing_else(world: World) -> None:
    required = set(described(CREATION, "input_schema")["required"])
    refused = set()
    for number, name in enumerate(described(CREATION, "input_schema")["properties"]):
        changes: dict[str, Any] = {"order_id": f"order-{number}", name: None}
        answer = await world.merchant.create(**changes)
        if answer.status != 201:
            refused.add(name)
    assert refused == required


@pytest.mark.parametrize("fields", ["official", "extended", "extended_text_amount"])
async def test_our_notifications_fit_it_in_every_form(fields: str) -> None:
    async with (
        a_world(segment="ml", notification_fields=fields) as world,
        CallbackReceiver() as receiver,
    ):
        for digits in ("01", "50"):
            number = f"2236500000{digits}"
            await world.paid(f"order-{digits}", number=number, notif_url=receiver.url())
            await world.settled()
        schema = described(NOTIFICATION, "input_schema")
        said = [orjson.loads(call.body) for call in receiver.received]
        assert [faults(schema, body, closed=True) for body in said] == [[], []]


async def test_the_address_it_gives_is_served(world: World) -> None:
    document = orjson.loads((FOLDER / CREATION).read_bytes())
    path = document["endpoint"]["url"].removeprefix("https://api.orange.com")
    body = orjson.dumps(world.merchant.wanted(currency=document["currency"][0]))
    headers = {"Authorization": f"Bearer {world.merchant.token}"}
    answer = await world.merchant.call("POST", path, headers=headers, body=body)
    assert answer.status == 201
