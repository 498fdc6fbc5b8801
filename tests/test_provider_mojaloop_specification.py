"""Adapter and sandbox against Mojaloop's own OpenAPI files, both ways, in every scenario."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.answer import Answer, object_in
from adapters.base import WebhookCall
from ledger.money import Money
from tests.contracts.provider import ready, submit
from tests.contracts.rail import LAST_DIGITS, PAYOUT_ID
from tests.mojaloop_specification import MojaloopSpecification, requires_specifications
from tests.replay import PAYMENT_ID, a_charge
from tests.test_provider_mojaloop import MojaloopWorld, a_world

pytestmark = requires_specifications

SWITCHES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "UUIDs and bare quotes": {"id_form": "uuid", "shows_received": False},
    "by itself": {"auto_accept_party": True, "auto_accept_quotes": True},
    "forgetful": {"remembers_errors": False, "names_transaction": False},
    "currencies": {"supported_currencies": ("XAF", "XOF")},
}


@pytest.fixture(params=SWITCHES)
async def world(tmp_path: Path, request: Any) -> AsyncIterator[MojaloopWorld]:
    # What the SDK shows of notices is from its source, and not in the document.
    async with a_world(tmp_path, shows_notices=False, **SWITCHES[request.param]) as made:
        yield made


async def play(world: MojaloopWorld) -> None:
    """Go through every scenario, both ways."""
    for number, ending in enumerate(LAST_DIGITS, start=1):
        reference = f"{PAYOUT_ID}.{number}"
        transfer, forbidden = await ready(world.adapter, world.transfer(ending), reference)
        if forbidden is None:
            await world.adapter.pay_out(transfer, reference)
            await world.adapter.inquire_payout(reference, transfer.handle)
        charge = a_charge(
            money=Money(1550, "GHS"),
            phone=f"+22507000000{LAST_DIGITS[ending]}",
            callback_url=None,
        )
        await submit(world.adapter, charge, f"{PAYMENT_ID}.{number}")
        await world.pass_time()
        await world.adapter.check_account(charge.phone, "CI")


def parsed(content: bytes) -> object:
    """Read a body; None where it is empty."""
    return orjson.loads(content) if content else None


def outbound_problems(world: MojaloopWorld) -> list[str]:
    """What is wrong with our requests to the SDK, and with its answers."""
    described = MojaloopSpecification("outbound")
    (transport,) = world.transports
    problems = []
    for method, path, body, answer in transport.calls:
        problems += described.request_problems(method, path, body)
        if answer.status == 204 or _is_known_to_differ(method, path, answer):
            continue
        content = parsed(answer.body)
        problems += described.answer_problems(method, path, answer.status, content)
    return problems


def _is_known_to_differ(method: str, path: str, answer: Answer) -> bool:
    """Where the SDK, by its own source, answers what its document does not describe."""
    state = (object_in(answer.body) or {}).get("currentState")
    is_of_a_request = "/requestToPay" in path
    is_a_question = method == "GET" and path.startswith("/transfers/")
    return (
        state == "ABORTED"
        # The document has no failed request to pay at POST, and another body for one at PUT.
        or (is_of_a_request and answer.status == 500)
        # It describes a failed question as text and status alone; the code is beside them.
        or (is_a_question and answer.status == 500)
    )


def backend_problems(world: MojaloopWorld) -> list[str]:
    """What is wrong with the sandbox's calls to our backend, and with our answers."""
    described = MojaloopSpecification("backend")
    problems = []
    for call, said in world.receiver.replies:
        path = "/" + "/".join(call.path[1:])
        problems += described.request_problems(call.method, path, parsed(call.body))
        if call.method != "PUT":
            problems += described.answer_problems(call.method, path, said.status, dict(said.body))
    return problems


async def test_every_call_and_answer_is_what_the_documents_say(world: MojaloopWorld) -> None:
    await play(world)
    (transport,) = world.transports
    statuses = {answer.status for _, _, _, answer in transport.calls}
    assert (outbound_problems(world), backend_problems(world)) == ([], [])
    assert {200, 404, 500, 504} <= statuses
    assert {call.method for call, _ in world.receiver.replies} == {"POST", "PUT"}


BACKEND_CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "parties/BUSINESS/cauri-shop", None),
    ("GET", "parties/BUSINESS/somebody", None),
    ("GET", "otp/01ARZ3NDEKTSV4RRFFQ69G5FAV", None),
    (
        "POST",
        "transactionrequests",
        {
            "transactionRequestId": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "to": {"idType": "BUSINESS", "idValue": "cauri-shop"},
            "from": {"idType": "MSISDN", "idValue": "2250700000001"},
            "amount": "1500",
            "currency": "XOF",
            "transactionType": "TRANSFER",
            "initiator": "PAYEE",
            "initiatorType": "BUSINESS",
        },
    ),
]


@pytest.mark.parametrize(("method", "path", "body"), BACKEND_CALLS)
async def test_what_the_sandbox_never_asks_is_answered_by_the_document_too(
    tmp_path: Path, method: str, path: str, body: dict[str, Any] | None
) -> None:
    described = MojaloopSpecification("backend")
    content = b"" if body is None else orjson.dumps(body)
    async with a_world(tmp_path) as world:
        call = WebhookCall(method=method, path=("s", *path.split("/")), headers={}, body=content)
        said = world.adapter.reply(call, "authenticated")
    assert described.request_problems(method, f"/{path}", body) == []
    assert described.answer_problems(method, f"/{path}", said.status, dict(said.body)) == []
