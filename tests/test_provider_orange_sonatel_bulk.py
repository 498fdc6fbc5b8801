"""Several payouts in one call of Sonatel's: who is told what, and that no money moves twice.

Batches here go when they are full, and never by the clock: `wait_for_ever` is the wait for others
unless a test ends it. The sandbox's books say what moved.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from aioresponses import CallbackResult, aioresponses

from adapters.base import Accepted, Declined, Final, NotSent, Pending, Submission, Unknown
from adapters.providers._orange_sonatel_bulk import WINDOW_SECONDS, parse_bulk
from adapters.providers.orange_sonatel import OrangeSonatelAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.orange_sonatel import OrangeSonatelSandbox
from adapters.sandbox.orange_sonatel_bodies import first_key, key_body, opened
from adapters.transport import CLOSED
from adapters.ways import on_errand
from ledger.commands import RequestInquiry
from ledger.evidence import Word
from tests.api_world import World as ApiWorld
from tests.contracts.law import Law
from tests.contracts.rail import END_SECONDS, PayoutContract
from tests.contracts.world import SPOILT, WEATHERS, World, waiting_in
from tests.orange_sonatel_world import NUMBER, SonatelWorld, a_world
from tests.replay import fixture, opening, recorded, replaying
from tests.test_api_route import a_living_world, settled
from tests.test_provider_orange_sonatel_answers import (
    BASE,
    KEY,
    SETTINGS,
    TRANSFER,
    WALLET,
    declined,
)

KEYS, BULK = "/api/account/v1/publicKeys", "/api/eWallet/v1/bulkcashins"
SINGLE = "/api/eWallet/v1/cashins"
NOT_FOUND = Unknown("no transaction is found under this reference, which proves nothing")
BULK_ID = orjson.dumps({"bulkId": "bulk-1"})
TAKEN = Accepted(handle={"bulk_id": "bulk-1"})


async def wait_for_ever(_seconds: float) -> None:
    """Wait until nobody waits any more."""
    await asyncio.Event().wait()


@asynccontextmanager
async def a_world_of_batches(
    folder: Path, size_max: int, **given: Any
) -> AsyncIterator[SonatelWorld]:
    """Open a world whose batches go when they are full; `given` is as for `a_world`."""
    usual: dict[str, Any] = {"changes": {"bulk_cashins_max": size_max}, "wait": wait_for_ever}
    async with a_world(folder, **(usual | given)) as world:
        yield world
        assert world.shown() == []


def reference_to(person: int, number: int = 1) -> str:
    """The reference of the nth submission of one person's payout."""
    return f"po_{'abcdefghij'[person] * 26}-{number}"


async def paid_out(world: SonatelWorld, *digits: str, number: int = 1) -> list[Submission]:
    """Pay several people at once, whose numbers end so."""
    paying = [
        world.adapter.pay_out(
            world.transfer(
                "paid",
                phone=NUMBER + ending,
                callback_url=world.receiver.url(f"/webhooks/orange_sonatel/{person}"),
            ),
            reference_to(person, number),
        )
        for person, ending in enumerate(digits)
    ]
    return list(await asyncio.gather(*paying))


async def asked(world: SonatelWorld, people: int, outcomes: list[Submission]) -> list[Any]:
    """Ask about each by what it was told."""
    handles = [one.handle if isinstance(one, Accepted) else None for one in outcomes]
    return [
        await world.adapter.inquire_payout(reference_to(person), handles[person])
        for person in range(people)
    ]


def paths_of(world: SonatelWorld) -> list[str]:
    """What was called, but for tokens and questions."""
    seen = [one.path for one in world.exchanges]
    return [path for path in seen if path in {KEYS, BULK, SINGLE}]


class TestBatchOfOne(PayoutContract, Law):
    """The law of payouts, where a batch is waited for and nobody else comes."""

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder, changes={"bulk_cashins_max": 5}) as world:
            yield world
            assert BULK not in paths_of(world)


async def test_several_go_in_one_call_and_each_ends_by_being_asked_about(tmp_path: Path) -> None:
    async with a_world_of_batches(tmp_path, 5) as world:
        outcomes = await paid_out(world, "01", "50", "53", "54", "51")
        early = await asked(world, 5, outcomes)
        world.timer.advance(END_SECONDS)
        final = await asked(world, 5, outcomes)
        paths, moved = paths_of(world), world.movements("payout")
        url = world.receiver.url("/webhooks/orange_sonatel/0")
        (call,) = [one.transcript for one in world.exchanges if one.path == BULK]
    assert paths == [KEYS, BULK]
    (bulk_id,) = {one.details["bulk"] for one in moved}
    assert outcomes == [Accepted(handle={"bulk_id": bulk_id})] * 5
    assert early[3] == Pending("PENDING")
    assert [one.word for one in final] == [
        Word.SUCCEEDED,
        Word.FAILED,
        Word.FAILED,
        Word.SUCCEEDED,
        Word.FAILED,
    ]
    assert [one.provider_transaction_id for one in final] == [one.id for one in moved]
    assert [one.reference for one in moved] == [reference_to(person) for person in range(5)]
    assert {one.callback_url for one in moved} == {url}
    assert call.count('"encryptedPinCode":"***"') == 5
    assert f'"reference":"{reference_to(4)}"' in call
    assert '"bulkId":"***"' in call
    assert bulk_id not in call


async def test_what_the_retailer_has_not_for_all_fails_for_whom_it_is_missing(
    tmp_path: Path,
) -> None:
    async with a_world_of_batches(tmp_path, 3, opening_balance_minor=3500) as world:
        final = await asked(world, 3, await paid_out(world, "01", "02", "03"))
    assert [one.word for one in final] == [Word.SUCCEEDED, Word.SUCCEEDED, Word.FAILED]


@pytest.mark.parametrize(
    ("digits", "code", "kind"), [("53", "2000", Unknown), ("51", "2023", Unknown)]
)
async def test_a_refusal_that_may_be_about_one_of_them_is_unknown_for_all(
    tmp_path: Path, digits: str, code: str, kind: type
) -> None:
    async with a_world_of_batches(tmp_path, 2, bulk_judging="all_or_nothing") as world:
        outcomes = await paid_out(world, "01", digits)
        again = await asked(world, 2, outcomes)
        assert world.movements("payout") == []
    assert [type(one) for one in outcomes] == [kind] * 2
    assert all(isinstance(one, Unknown) and code in one.reason for one in outcomes)
    assert again == [NOT_FOUND] * 2


async def test_that_the_retailers_funds_are_short_is_unknown_for_all(tmp_path: Path) -> None:
    given: dict[str, Any] = {"bulk_judging": "all_or_nothing", "opening_balance_minor": 2000}
    async with a_world_of_batches(tmp_path, 2, **given) as world:
        outcomes = await paid_out(world, "01", "02")
        assert world.movements("payout") == []
    assert all(isinstance(one, Unknown) and "2020" in one.reason for one in outcomes)


@pytest.mark.parametrize("shape", ["number", "nested", "other_name", "nothing"])
async def test_a_bulk_is_taken_by_its_id_and_else_unknown_and_found_all_the_same(
    tmp_path: Path, shape: str
) -> None:
    async with a_world_of_batches(tmp_path, 2, bulk_answer=shape) as world:
        outcomes = await paid_out(world, "01", "02")
        final = await asked(world, 2, outcomes)
    assert {type(one) for one in outcomes} == {Accepted if shape == "number" else Unknown}
    assert [one.word for one in final] == [Word.SUCCEEDED] * 2


async def test_what_a_callback_says_of_one_of_them_makes_us_ask(tmp_path: Path) -> None:
    async with a_world_of_batches(tmp_path, 2, bulk_callbacks=True) as world:
        await paid_out(world, "01", "02")
        call = await world.told()
        verdict = world.adapter.authenticate(call, None, world.now())
        assert verdict == "authenticated"
        (command,) = world.adapter.translate(call, verdict, world.now())
    assert isinstance(command, RequestInquiry)
    assert command.payment_id in {reference_to(person)[:-2] for person in range(2)}


@pytest.mark.parametrize("weather", [*WEATHERS, *SPOILT])
async def test_in_any_weather_each_of_a_batch_is_paid_at_most_once(
    tmp_path: Path, weather: str
) -> None:
    people = 3
    async with a_world_of_batches(tmp_path, people) as world:
        await world.adapter.balances()
        await world.weather((WEATHERS | SPOILT)[weather])
        with waiting_in(weather):
            outcomes = await paid_out(world, "01", "02", "03")
        moved = [one.reference for one in world.movements("payout")]
        assert moved in ([], [reference_to(person) for person in range(people)])
        # What one of them is told, all are; what may have moved is never said to be not sent.
        assert outcomes == [outcomes[0]] * people
        allowed = (Accepted, Unknown) if moved else (Unknown, NotSent)
        assert isinstance(outcomes[0], allowed)
        assert world.hides(outcomes)
        await world.weather(Faults.none())
        world.timer.advance(END_SECONDS)
        if isinstance(outcomes[0], NotSent):
            outcomes = await paid_out(world, "01", "02", "03", number=2)
            assert isinstance(outcomes[0], Accepted)
        else:
            final = await asked(world, people, outcomes)
            words = [one.word if isinstance(one, Final) else one for one in final]
            assert words == ([Word.SUCCEEDED] * people if moved else [NOT_FOUND] * people)
        paid = [one.phone for one in world.movements("payout") if one.ending == "succeeded"]
        assert len(paid) == len(set(paid))


@pytest.mark.parametrize(
    ("status", "name", "meaning"),
    [
        (200, "request_rejected.txt", Unknown("status 200: no JSON without a bulk id")),
        (201, "empty", Unknown("status 201: empty without a bulk id")),
        (201, "cashin_success.json", Unknown("status 201: without a bulk id")),
        (400, "funds.json", Unknown("status 400: 2020 Insufficient balance")),
        (
            403,
            "wrong_pin.json",
            declined("2011", "status 403: 2011 Invalid pin code two tries left"),
        ),
        (422, "key_revoked.json", declined("4003", "status 422: 4003 Public key revoked")),
        (400, "credentials.json", declined("10", "status 400: 10 Invalid credentials")),
        (401, "credentials.json", NotSent("status 401: 10 Invalid credentials")),
        (403, "request_rejected.txt", NotSent("status 403: no JSON")),
        (429, "empty", NotSent("status 429: empty")),
        (400, "request_rejected.txt", Unknown("status 400: no JSON")),
        (404, "funds.json", Unknown("status 404: 2020 Insufficient balance")),
        (302, "empty", Unknown("status 302: empty")),
        (500, "funds.json", Unknown("status 500: 2020 Insufficient balance")),
        (503, "unavailable.json", Unknown("status 503: 51 Service unavailable")),
    ],
)
def test_what_an_answer_to_several_means(status: int, name: str, meaning: Submission) -> None:
    assert parse_bulk(recorded("orange_sonatel", name, status)) == meaning


@pytest.mark.parametrize(
    "name", ["bad_request", "ceiling", "customer_missing", "internal_with_400", "unlisted"]
)
@pytest.mark.parametrize("status", [400, 403, 422])
def test_no_other_code_is_a_refusal_of_all(status: int, name: str) -> None:
    assert isinstance(parse_bulk(recorded("orange_sonatel", f"{name}.json", status)), Unknown)


@pytest.mark.parametrize("bulk_id", [b"null", b'""', b"true", b"{}", b'" "'])
def test_what_is_no_id_is_none(bulk_id: bytes) -> None:
    answer = recorded("orange_sonatel", "empty", 201)
    answer = type(answer)(201, {}, b'{"bulkId":%s}' % bulk_id)
    assert parse_bulk(answer) == Unknown("status 201: without a bulk id")


async def test_a_revoked_key_is_fetched_anew_for_all_and_the_call_is_made_once_more(
    tmp_path: Path,
) -> None:
    async with a_world_of_batches(tmp_path, 2) as world:
        await world.adapter.balances()
        world.sandbox.rotate_key()
        outcomes = await paid_out(world, "01", "02")
        paths, moved = paths_of(world), world.movements("payout")
    assert paths == [KEYS, BULK, KEYS, BULK]
    assert [type(one) for one in outcomes] == [Accepted] * 2
    assert [one.ending for one in moved] == ["succeeded"] * 2


async def test_a_wrong_pin_is_declined_for_all_and_never_tried_again(tmp_path: Path) -> None:
    changes = {"bulk_cashins_max": 2, "retailer_pin": "1357"}
    async with a_world_of_batches(tmp_path, 2, changes=changes) as world:
        outcomes = await paid_out(world, "01", "02")
        assert (paths_of(world), world.movements("payout")) == ([KEYS, BULK], [])
    assert [one.code for one in outcomes if isinstance(one, Declined)] == ["2010", "2010"]


async def test_who_is_not_let_in_is_told_so_on_every_errand(tmp_path: Path) -> None:
    async with a_world_of_batches(tmp_path, 2, approved_apis={"keys"}) as world:
        seen: list[tuple[Submission, bool]] = []

        async def go(person: int) -> None:
            with on_errand("payout") as errand:
                outcome = await world.adapter.pay_out(world.transfer("paid"), reference_to(person))
                seen.append((outcome, errand.was_turned_away))

        await asyncio.gather(go(0), go(1))
        assert paths_of(world) == [KEYS, BULK]
    assert seen == [(NotSent("status 403: empty"), True)] * 2


async def test_nobody_connected_is_not_sent_for_all(tmp_path: Path) -> None:
    async with a_world_of_batches(tmp_path, 2) as world:
        await world.adapter.balances()
        await world.leave()
        outcomes = await paid_out(world, "01", "02")
    assert [type(one) for one in outcomes] == [NotSent] * 2


async def test_a_payout_that_cannot_be_made_is_in_no_batch(tmp_path: Path) -> None:
    async with a_world_of_batches(tmp_path, 2) as world:
        wrong = world.adapter.pay_out(world.transfer("paid", phone="+2250700000001"), "wrong-1")
        assert isinstance(await wrong, Declined)
        await paid_out(world, "01", "02")
        assert len(world.movements("payout")) == 2


@pytest.mark.parametrize("size_max", [0, 1])
async def test_unless_it_is_set_payouts_go_one_by_one(tmp_path: Path, size_max: int) -> None:
    async with a_world_of_batches(tmp_path, size_max) as world:
        outcomes = await paid_out(world, "01", "02")
        paths = paths_of(world)
    assert ([type(one) for one in outcomes], paths.count(SINGLE)) == ([Final] * 2, 2)
    assert BULK not in paths


async def test_more_than_fit_go_in_the_next_call_and_the_last_one_alone(tmp_path: Path) -> None:
    asked_to_wait: list[float] = []

    async def wait(seconds: float) -> None:
        asked_to_wait.append(seconds)

    async with a_world_of_batches(tmp_path, 2, wait=wait) as world:
        outcomes = await paid_out(world, "01", "02", "03", "04", "05")
        paths, moved = paths_of(world), world.movements("payout")
    assert (paths.count(BULK), paths.count(SINGLE)) == (2, 1)
    assert [type(one) for one in outcomes] == [Accepted] * 4 + [Final]
    assert len({one.reference for one in moved}) == len(moved) == 5
    assert set(asked_to_wait) == {WINDOW_SECONDS}


class Held:
    """Sonatel's answer to several, which comes when a test lets it."""

    def __init__(self, replayed: aioresponses) -> None:
        self.begun, self.released = asyncio.Event(), asyncio.Event()
        self.awaited = asyncio.Event()
        """Whether a batch waits for others."""
        self.sent: list[Any] = []
        token = fixture("orange_sonatel", "token.json")
        replayed.post(f"{BASE}/oauth/v1/token", body=token)
        replayed.get(f"{BASE}{KEYS}", body=KEY)
        replayed.post(f"{WALLET}/bulkcashins", callback=self._answer, repeat=True)
        replayed.post(
            f"{WALLET}/cashins", status=201, body=fixture("orange_sonatel", "cashin_success.json")
        )

    async def _answer(self, _url: Any, **options: Any) -> CallbackResult:
        self.sent.append(orjson.loads(options["data"]))
        self.begun.set()
        await self.released.wait()
        return CallbackResult(status=201, body=BULK_ID)


@asynccontextmanager
async def an_adapter(size_max: int) -> AsyncIterator[tuple[OrangeSonatelAdapter, Held]]:
    """Make an adapter and the answer that waits for us."""
    settings = Settings.model_validate({**SETTINGS.model_dump(), "bulk_cashins_max": size_max})
    with replaying() as replayed:
        held = Held(replayed)

        async def wait(seconds: float) -> None:
            held.awaited.set()
            await wait_for_ever(seconds)

        adapter = OrangeSonatelAdapter(settings, opening(), wait=wait)
        try:
            yield adapter, held
        finally:
            await adapter.close()


def paying(adapter: OrangeSonatelAdapter, people: int) -> list[asyncio.Task[Submission]]:
    """Begin to pay several people."""
    return [
        asyncio.create_task(adapter.pay_out(TRANSFER, reference_to(person)))
        for person in range(people)
    ]


def references_in(sent: list[Any]) -> list[list[str]]:
    return [[one["reference"] for one in call] for call in sent]


async def test_a_pin_is_sealed_once_for_a_call() -> None:
    async with an_adapter(3) as (adapter, held):
        held.released.set()
        assert await asyncio.gather(*paying(adapter, 3)) == [TAKEN] * 3
    (call,) = held.sent
    (sealed,) = {one["partner"]["encryptedPinCode"] for one in call}
    assert opened(first_key(), sealed) == "2486"
    assert orjson.loads(KEY) == key_body(first_key())
    assert call[1] == {
        "partner": {"idType": "MSISDN", "id": "780000000", "encryptedPinCode": sealed},
        "customer": {"idType": "MSISDN", "id": "770000001"},
        "amount": {"value": 1500, "unit": "XOF"},
        "reference": reference_to(1),
        "receiveNotification": True,
        "metadata": {"reference": reference_to(1)},
    }


@pytest.mark.parametrize("gone", [0, 1])
async def test_who_is_cancelled_during_the_call_does_not_end_it_for_the_others(gone: int) -> None:
    async with an_adapter(3) as (adapter, held):
        tasks = paying(adapter, 3)
        await held.begun.wait()
        tasks[gone].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[gone]
        held.released.set()
        told = [await task for task in tasks if task is not tasks[gone]]
    assert told == [TAKEN] * 2
    assert references_in(held.sent) == [[reference_to(person) for person in range(3)]]


async def test_who_is_cancelled_while_others_are_waited_for_is_not_paid() -> None:
    async with an_adapter(3) as (adapter, held):
        tasks = paying(adapter, 2)
        await held.awaited.wait()
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        more = [asyncio.create_task(adapter.pay_out(TRANSFER, reference_to(n))) for n in (4, 5)]
        held.released.set()
        assert [await task for task in (tasks[1], *more)] == [TAKEN] * 3
    assert references_in(held.sent) == [[reference_to(person) for person in (1, 4, 5)]]


async def test_a_batch_that_everybody_left_is_none() -> None:
    async with an_adapter(2) as (adapter, held):
        (alone,) = paying(adapter, 1)
        await held.awaited.wait()
        alone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await alone
        held.released.set()
        assert await asyncio.gather(*paying(adapter, 2)) == [TAKEN] * 2
    assert references_in(held.sent) == [[reference_to(0), reference_to(1)]]


async def test_a_caller_s_limit_of_time_is_its_own() -> None:
    async with an_adapter(2) as (adapter, held):

        async def impatient() -> Submission:
            async with asyncio.timeout(None) as limit:
                tasks.append(asyncio.create_task(adapter.pay_out(TRANSFER, reference_to(1))))
                limit_set.set_result(limit)
                outcome: Submission = await adapter.pay_out(TRANSFER, reference_to(0))
                return outcome

        tasks: list[asyncio.Task[Submission]] = []
        limit_set: asyncio.Future[asyncio.Timeout] = asyncio.get_running_loop().create_future()
        waiting = asyncio.create_task(impatient())
        limit = await limit_set
        await held.begun.wait()
        limit.reschedule(asyncio.get_running_loop().time())
        with pytest.raises(TimeoutError):
            await waiting
        held.released.set()
        assert await tasks[0] == TAKEN


async def test_closing_ends_what_waits_and_says_what_was_not_sent() -> None:
    async with an_adapter(2) as (adapter, held):
        sent = paying(adapter, 2)
        await held.begun.wait()
        held.awaited.clear()
        waiting = asyncio.create_task(adapter.pay_out(TRANSFER, reference_to(2)))
        await held.awaited.wait()
        await adapter.close()
        assert [await task for task in sent] == [Unknown(CLOSED)] * 2
        assert await waiting == NotSent(CLOSED)
        assert await adapter.pay_out(TRANSFER, reference_to(3)) == NotSent(CLOSED)
    assert references_in(held.sent) == [[reference_to(0), reference_to(1)]]


async def test_a_mistake_of_ours_is_everybody_s_and_nobody_waits_for_ever() -> None:
    async with an_adapter(2) as (adapter, _held):
        adapter._cashins._post = partial(int, "no number")  # type: ignore[assignment]
        outcomes = await asyncio.gather(*paying(adapter, 2), return_exceptions=True)
    assert [type(one) for one in outcomes] == [TypeError] * 2


async def pay_through(world: ApiWorld, person: int) -> str:
    """Ask the API for a payout; its id."""
    body = {
        "amount": str(1000 + person),
        "currency": "XOF",
        "payee": {"phone": f"{NUMBER}0{person + 1}"},
        "provider": "orange_sonatel",
    }
    headers = {"Idempotency-Key": f"wage-{person}"}
    answer = await world.ask("POST", "/v1/payouts", who="mer_1", json=body, headers=headers)
    assert answer.status == 202, answer
    return str(answer.json["id"])


async def test_five_payouts_at_once_go_through_the_api_in_one_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The batch goes when it is full, however slow this machine is.
    monkeypatch.setattr("adapters.providers._orange_sonatel_bulk.WINDOW_SECONDS", 60.0)
    table = {"orange_sonatel": {"bulk_cashins_max": "5", "call_timeout_seconds": "15"}}
    async with a_living_world(tmp_path, Faults.none(), tables=table) as (world, running):
        made = await asyncio.gather(*(pay_through(world, person) for person in range(5)))
        outcomes = [await settled(world, one, "succeeded", "failed") for one in made]
        (server,) = [one.server for one in running if isinstance(one.server, OrangeSonatelSandbox)]
        moved = list(server.books.succeeded("payout"))
    assert outcomes == ["succeeded"] * 5
    assert sorted(f"{one.reference}" for one in moved) == sorted(f"{one}-1" for one in made)
    assert sorted(one.amount_minor for one in moved) == [1000, 1001, 1002, 1003, 1004]
    assert len({one.details["bulk"] for one in moved}) == 1
