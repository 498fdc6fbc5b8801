"""What we write to Wave and what its sandbox answers, judged by a third party's description."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from adapters.answer import Answer
from adapters.base import Accepted
from adapters.providers.wave import WaveAdapter
from ledger.money import Money
from tests.contracts.rail import PAYOUT_ID, REFUND_ID
from tests.replay import PAYMENT_ID
from tests.wave_specification import FOLDER, WaveSpecification, requires_specification
from tests.wave_world import NUMBER, WaveWorld, a_world

NOT_DESCRIBED = {"/v1/payouts/search"}
"""Wave's own page lists it, the schemas do not."""


class Heard:
    """Every call an adapter makes, before anything is taken out of it."""

    def __init__(self, adapter: WaveAdapter) -> None:
        self.calls: list[tuple[str, str, Any, Answer]] = []
        call = adapter._transport.call

        async def listen(method: Any, url: str, *arguments: Any, **options: Any) -> Answer:
            answer = await call(method, url, *arguments, **options)
            said = options.get("json", dict(parse_qsl(urlsplit(url).query)))
            self.calls.append((method, urlsplit(url).path, said, answer))
            return answer

        adapter._transport.call = listen  # type: ignore[method-assign]


async def everything(world: WaveWorld) -> None:
    """Make every call the adapter can make, with a good and a bad end."""
    adapter = world.adapter
    original = await world.paid_original()
    charge = world.charge("paid")
    refused = await adapter.submit(charge, f"{PAYMENT_ID}-2")
    assert isinstance(refused, Accepted)
    await world.visit(refused, NUMBER + "51")
    await world.told()
    await adapter.inquire(f"{PAYMENT_ID}-2", refused.handle)
    await adapter.inquire(f"{PAYMENT_ID}-1", None)
    await adapter.inquire(f"{PAYMENT_ID}-3", {"id": "cos-nobody"})
    for number, ending in enumerate(("paid", "refused"), 1):
        reference = adapter.reference_for(PAYOUT_ID, number)
        await adapter.pay_out(world.transfer(ending), reference)
        await adapter.inquire_payout(reference, None)
        (movement,) = world.sandbox.books.of_reference("payout", reference)
        await adapter.inquire_payout(reference, {"id": movement.id})
    wrong = world.transfer("paid", money=Money(1, "XAF"))
    await adapter.pay_out(wrong, adapter.reference_for(PAYOUT_ID, 3))
    await adapter.refund(world.giving_back(original), adapter.reference_for(REFUND_ID, 1))
    await adapter.balances()
    await adapter.check_account(charge.phone, "SN")


@requires_specification
@pytest.mark.parametrize("is_payer_fixed", [False, True])
async def test_requests_and_answers_are_as_described(tmp_path: Path, is_payer_fixed: bool) -> None:
    specification = WaveSpecification()
    changes = {"is_payer_fixed": is_payer_fixed}
    async with a_world(tmp_path, changes=changes, failed_attempt="stays_open") as world:
        heard = Heard(world.adapter)
        await everything(world)
    problems, named, strange = [], set(), set()
    for method, path, body, answer in heard.calls:
        name = specification.name_of(method, path)
        if name is None:
            strange.add(path)
            continue
        named.add(name)
        found = specification.request_problems(name, body)
        found += specification.answer_problems(name, answer.status, answer.body)
        problems += [f"{method} {path}, {answer.status}: {one}" for one in found]
    assert (problems, strange) == ([], NOT_DESCRIBED)
    assert named == {
        *("create_checkout_session", "verify_payment", "search_checkouts", "refund_checkout"),
        *("send_payout", "get_payout", "get_balance", "verify_recipient"),
    }


@requires_specification
async def test_the_webhook_of_a_paid_session_is_as_described(tmp_path: Path) -> None:
    specification = WaveSpecification()
    async with a_world(tmp_path) as world:
        await world.paid_original()
    event = orjson.loads(world.notified[-1].body)
    assert specification.request_problems("webhook_payment_completed", event) == []


@requires_specification
def test_the_facts_are_those_of_the_description() -> None:
    provider = orjson.loads((FOLDER / "provider.json").read_bytes())
    currencies = {one for call in WaveSpecification().calls.values() for one in call["currency"]}
    assert set(provider["country_code"]) == WaveAdapter.countries
    assert currencies == WaveAdapter.currencies
    assert provider["docs_url"] == WaveAdapter.documentation_url


@requires_specification
@pytest.mark.parametrize(
    "body",
    [
        {"amount": 1500, "currency": "XOF", "error_url": "https://x", "success_url": "https://x"},
        {"amount": "1500", "currency": "XOF", "error_url": "https://x"},
        dict.fromkeys(("amount", "currency", "error_url", "success_url", "unheard_of"), "x"),
    ],
)
def test_the_judge_sees_what_is_wrong(body: dict[str, object]) -> None:
    assert len(WaveSpecification().request_problems("create_checkout_session", body)) == 1
