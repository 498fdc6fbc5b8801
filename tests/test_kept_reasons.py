"""Reasons that the log keeps: said in French where they are shown, and kept as they were."""

import ast
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api.french_reasons import FRENCH_OF_REASONS
from api.kept_reasons import kept_reason
from ledger.endpoint import DELETED
from projections.deliveries_rows import DISABLED, TAKEN_OVER
from tests.api_world import World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.test_api_endpoints import add, attempt, messages
from tests.test_api_payments import paid
from tests.test_sentences import placeholders

ROOT = Path(__file__).resolve().parent.parent
FRENCH = {"Accept-Language": "fr"}
WRITERS = (
    *("api/routing.py", "api/refunds.py", "api/endpoints.py"),
    *("adapters/transport_outward.py", "adapters/notify/merchants.py"),
)
"""Where reasons are written that are shown again."""
REFUSED = "Wave cannot give a payment back."


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as made:
        yield made


def written_in(source: str) -> Iterator[str]:
    """Every text that becomes a reason, with something in the place of each value."""
    for node in ast.walk(ast.parse(source)):
        texts: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = node.args[1:2] if node.func.id in {"Sent", "Choice", "Candidate"} else []
        if isinstance(node, ast.Call):
            texts = [*texts, *(one.value for one in node.keywords if one.arg == "reason")]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            texts = [node.value] if node.targets[0].id == "reason" else []
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value
            elif isinstance(text, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else _value(part)
                    for part in text.values
                )


def _value(part: ast.expr) -> str:
    is_reason = isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == "reason"
    return REFUSED if is_reason else "x"


def test_every_reason_that_is_written_to_be_shown_can_be_said_in_french() -> None:
    found = {text for one in WRITERS for text in written_in((ROOT / one).read_text())}
    # A refund's goes on with why its provider was chosen, which is tried below.
    # Of a repeat nothing is recorded.
    found -= {f"{REFUSED} x", "it is a repeat"}
    found |= {DELETED, DISABLED, TAKEN_OVER}

    assert [one for one in sorted(found) if kept_reason(one, "fr") == one] == []
    assert len(found) > 15


def test_the_french_of_a_reason_has_the_same_values() -> None:
    for english, french in FRENCH_OF_REASONS.items():
        assert placeholders(french) == placeholders(english)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (
            "it is MTN MoMo Cameroon's own rail",
            "c'est le canal propre à MTN MoMo Cameroun",
        ),
        (
            "the number is in a range of no known operator",
            "le numéro n'est dans la tranche d'aucun opérateur connu",
        ),
        (
            "Wave cannot give a payment back. It pays out instead",
            "Wave ne peut pas rembourser un paiement. Il fait un versement à la place",
        ),
        (
            "Wave cannot give a payment back. it is an integrator that reaches Wave Senegal",
            "Wave ne peut pas rembourser un paiement. c'est un agrégateur qui atteint Wave Sénégal",
        ),
        (
            "the address is not called: it is not https",
            "l'adresse n'est pas appelée\xa0: elle n'est pas en https",
        ),
        ("no answer within 0.3 seconds", "pas de réponse en 0.3\xa0s"),
        # Words of others, and what nobody has written.
        ("Insufficient balance. Try again", "Insufficient balance. Try again"),
        ("could not connect: Connection refused", "could not connect: Connection refused"),
        ("status 500" + "0" * 400, "status 500" + "0" * 400),
        ("", ""),
    ],
)
def test_our_own_words_are_said_in_french_and_others_stay(kept: str, said: str) -> None:
    assert (kept_reason(kept, "fr"), kept_reason(kept, "en")) == (said, kept)


async def test_a_payment_says_why_it_goes_there_in_french_and_its_trail_what_was_kept(
    world: World,
) -> None:
    payment = (await world.pay(a_payment(provider="mtn"))).json["id"]

    english = await world.get(f"/v1/payments/{payment}")
    french = await world.get(f"/v1/payments/{payment}", headers=FRENCH)
    trail = await world.get(f"/v1/payments/{payment}/events", headers=FRENCH)

    assert english.json["route_reason"] == "the caller named the provider"
    assert french.json == english.json | {"route_reason": "l'appelant a nommé le prestataire"}
    assert french.headers["Content-Language"] == "fr"
    assert b"the caller named the provider" in trail.body


async def test_an_attempt_at_a_message_says_in_french_what_came_of_it(world: World) -> None:
    endpoint_id = await add(world)
    await paid(world, (await world.pay()).json["id"])
    _, told = await messages(world, endpoint_id)
    await attempt(world, told, is_delivered=False)
    position = await world.services.store.position()
    path = f"/v1/webhook-endpoints/{endpoint_id}/messages"

    listed = await world.get(f"{path}?min_position={position}", headers=FRENCH)
    shown = await world.get(f"{path}/{told['id']}", headers=FRENCH)

    assert [one["reason"] for one in listed.json["messages"]] == [None, "statut 500"]
    assert [one["reason"] for one in shown.json["attempts_made"]] == ["statut 500"]
    assert (shown.json["reason"], shown.headers["Content-Language"]) == ("statut 500", "fr")


async def test_a_message_says_why_a_payment_goes_there_in_the_payments_language(
    world: World,
) -> None:
    ids = []
    for key, more in (("plain", {}), ("english", {"language": "en"})):
        ids.append((await world.pay(a_payment(provider="mtn", **more), key=key)).json["id"])
        await paid(world, ids[-1])
    position = await world.services.store.position()
    page = (await world.get(f"/v1/notices?min_position={position}")).json["notices"]

    said = {one["data"]["id"]: one["data"]["route_reason"] for one in page}
    assert said == {
        ids[0]: "l'appelant a nommé le prestataire",
        ids[1]: "the caller named the provider",
    }


async def test_who_is_shown_the_operators_reads_why_each_provider_stands_there(
    world: World,
) -> None:
    path = "/v1/operators?phone=650000001"
    english = await world.get(path)
    french = await world.get(path, headers=FRENCH)

    (plan,) = french.json["collection"]["plan"]
    assert plan == {"provider": "mtn", "reason": "c'est le canal propre à MTN MoMo Cameroun"}
    assert english.json["collection"]["plan"][0]["reason"] == "it is MTN MoMo Cameroon's own rail"
    languages = [one.headers["Content-Language"] for one in (english, french)]
    assert languages == ["en", "fr"]


async def test_a_notice_says_why_an_endpoint_is_told_nothing(world: World) -> None:
    endpoint_id = await add(world)
    path = f"/v1/webhook-endpoints/{endpoint_id}/disable"
    await world.ask("POST", path, who="mer_1", json=None)
    position = await world.services.store.position()
    path = f"/v1/notices?min_position={position}"

    said = [
        (await world.get(path, headers=headers)).json["notices"][-1]["data"]["reason"]
        for headers in ({}, FRENCH)
    ]

    assert said == ["its merchant disabled it", "son marchand l'a désactivée"]
