"""The reactors with real parts: store, sandboxes, adapters and sockets, and something that breaks.

The providers' own books are the truth: every payment was taken at most once, and the ledger says of
it what they say.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.base import Accepted, Charge
from adapters.sandbox.faults import Faults, Outage
from api.wiring import utc_now
from ledger import events
from ledger.entry import Context, RecordedEvent
from ledger.errors import StoreBusyError, StoreError, StoreUnavailableError
from ledger.events import Event
from ledger.memory import MemoryEventStore
from ledger.money import Money
from ledger.payment import Status
from ledger.sentences import Sentence
from ledger.store import DataKey
from tests.forgetting import forget
from tests.stage import ONLY_CALLBACKS, Stage, a_stage, sandboxes, serving

PAID = ("succeeded", ["succeeded"])
ENDINGS = {"01": "succeeded", "51": "failed", "52": "expired", "54": "succeeded"}
"""The last digits of MTN numbers, and what becomes of them."""


async def happened(stage: Stage, kind: str) -> list[str]:
    """The types of all events of one kind of stream, sorted."""
    log = await stage.services.store.read(0)
    return sorted(one.type for one in log if one.type.startswith(f"{kind}."))


async def test_with_every_callback_destroyed_every_payment_gets_its_final_word_by_polling(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path) as stage:
        for name in ("mtn", "orange"):
            await stage.providers.weather(name, Faults(callback_lost=1))
        expected = {}
        for number, (ending, word) in enumerate(ENDINGS.items()):
            expected[await stage.request(number, ending=ending)] = word
        for number, (ending, word) in enumerate({"01": "succeeded", "50": "failed"}.items(), 20):
            payment_id = await stage.request(number, provider="orange")
            await stage.visit(payment_id, ending)
            expected[payment_id] = word
        await stage.until_final(expected)
        assert await stage.told(expected) == {
            payment_id: (word, [word]) for payment_id, word in expected.items()
        }
        assert await happened(stage, "webhook") == []


@pytest.mark.parametrize("fault", ["silent_after_accept", "server_error_after"])
async def test_money_that_moved_before_the_answer_was_lost_moves_once(
    tmp_path: Path, fault: str
) -> None:
    async with a_stage(tmp_path) as stage:
        weather = Faults.model_validate({fault: 1, "callback_lost": 1})
        await stage.providers.weather("mtn", weather)
        paid = [await stage.request(number) for number in range(4)]
        await stage.until_final(paid)
        assert await stage.told(paid) == dict.fromkeys(paid, PAID)
        assert {"|".join(await stage.types(payment_id)) for payment_id in paid} == {
            "requested|submission_started|submission_doubted|evidence_recorded|succeeded"
        }


BAD_HOURS = {
    "reset before": Faults(connection_reset_before=1),
    "reset after": Faults(connection_reset_after=1),
    "html, one way": Faults(html_with_200=1, seed=1),
    "html, the other way": Faults(html_with_200=1, seed=2),
    "500 before": Faults(server_error=1),
    "503": Faults(outages=(Outage(after_seconds=0, for_seconds=1e9),)),
}


@pytest.mark.parametrize("hour", BAD_HOURS)
async def test_a_bad_hour_at_the_providers_passes_and_everybody_is_charged_once(
    tmp_path: Path, hour: str
) -> None:
    async with a_stage(tmp_path, pace={"retry_first_seconds": 0.2}) as stage:
        # A first payment in fair weather: later on no token is needed, only money moves or not.
        warm = [await stage.request(1), await stage.request(2, provider="orange")]
        await stage.until_status(warm, Status.PENDING, Status.SUCCEEDED)
        for name in ("mtn", "orange"):
            await stage.providers.weather(name, BAD_HOURS[hour])
        paid = [await stage.request(3), await stage.request(4)]
        orders = [await stage.request(5, provider="orange")]

        async def each_was_hurt() -> bool:
            return all([len(await stage.types(one)) >= 4 for one in (*paid, *orders)])

        await stage.until(each_was_hurt)
        for name in ("mtn", "orange"):
            await stage.providers.weather(name)
        for order in (warm[1], *orders):
            await stage.visit(order)
        everything = [*warm, *paid, *orders]
        await stage.until_final(everything)
        told = await stage.told(everything)
        # An order whose answer was lost stays at Orange without a page that anybody could pay on.
        seen = {
            payment_id: (status, [word for word in words if word != "INITIATED"])
            for payment_id, (status, words) in told.items()
        }
        assert seen == dict.fromkeys(everything, PAID)


async def test_a_payment_nobody_could_be_reached_for_in_time_is_given_up_and_says_why(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, unsent_seconds_max=0.5) as stage:
        await stage.providers.leave("mtn")
        unsent = await stage.request(1)
        await stage.until_final([unsent])
        shown = (await stage.get(f"/v1/payments/{unsent}")).json
        types = await stage.types(unsent)
        assert (shown["status"], shown["reason"]) == (
            "expired",
            "no access token: could not connect: Connection refused",
        )
        assert types[:3] == ["requested", "submission_started", "submission_withdrawn"]
        assert types[-1] == "expired"
        assert stage.providers.words() == {}


async def test_news_of_a_payment_that_was_given_up_make_us_ask_and_believe_the_answer(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, unsent_seconds_max=0.3) as stage:
        await stage.providers.leave("mtn")
        given_up = await stage.request(1)
        await stage.until_final([given_up])
        await stage.providers.weather("mtn")
        # What a gateway does that kept our request in a queue and hung up on us.
        adapter = stage.services.adapters["mtn"]
        reference = (await stage.state(given_up)).attempts[-1].reference
        charge = Charge(
            payment_id=given_up,
            money=Money(1001, "XAF"),
            phone="+237650000101",
            country="CM",
            description="",
            callback_url=f"{stage.services.settings.base_url}/webhooks/mtn/{given_up}/{reference}",
        )
        assert isinstance(await adapter.submit(charge, reference), Accepted)
        await stage.until_status([given_up], Status.SUCCEEDED)
        assert await stage.told([given_up]) == {given_up: PAID}
        assert (await stage.types(given_up))[-5:] == [
            "expired",
            "inquiry_requested",
            "submission_doubted",
            "evidence_recorded",
            "succeeded",
        ]


async def test_a_callback_that_overtakes_the_answer_is_waited_for_and_then_asked_about(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, pace=ONLY_CALLBACKS) as stage:
        await stage.providers.weather("mtn", Faults(callback_early=1))
        paid = [await stage.request(number) for number in range(3)]
        await stage.until_final(paid)
        assert await stage.told(paid) == dict.fromkeys(paid, PAID)
        assert await stage.types(paid[0]) == [
            "requested",
            "submission_started",
            "submitted",
            "inquiry_requested",
            "evidence_recorded",
            "succeeded",
        ]


async def test_repeated_and_swapped_callbacks_are_each_understood_once(tmp_path: Path) -> None:
    async with a_stage(tmp_path, pace=ONLY_CALLBACKS) as stage:
        weather = Faults(callback_duplicated=1, callback_reordered=1, callback_late_seconds=0.1)
        for name in ("mtn", "orange"):
            await stage.providers.weather(name, weather)
        paid = [await stage.request(number) for number in range(4)]
        orders = [await stage.request(number, provider="orange") for number in range(4, 6)]
        for order in orders:
            await stage.visit(order)
        await stage.until_final([*paid, *orders])

        async def all_are_understood() -> bool:
            return (await happened(stage, "webhook")).count("webhook.understood") == 6

        await stage.until(all_are_understood)
        await stage.providers.mtn.sender.settled()
        await stage.providers.orange.sender.settled()
        assert await stage.told([*paid, *orders]) == dict.fromkeys([*paid, *orders], PAID)
        attempts = [*stage.providers.mtn.sender.attempts, *stage.providers.orange.sender.attempts]
        assert {one.status for one in attempts} == {200}
        assert len(attempts) > 6
        assert await happened(stage, "webhook") == [
            *["webhook.received"] * 6,
            *["webhook.understood"] * 6,
        ]


async def test_an_orange_notification_with_another_token_is_turned_away_and_kept_nowhere(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path, pace=ONLY_CALLBACKS) as stage:
        payment_id = await stage.request(1, provider="orange")
        await stage.page_of(payment_id)
        reference = (await stage.state(payment_id)).attempts[0].reference
        before = await stage.services.store.position()
        forged = {"status": "SUCCESS", "notif_token": "0" * 32, "txnid": "MP1"}
        answer = await stage.call_back(f"orange/{payment_id}/{reference}", forged)
        assert (answer.status, answer.code) == (401, "webhook_refused")
        assert await stage.services.store.position() == before


async def test_late_words_about_a_final_payment_are_kept_and_change_nothing(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path) as stage:
        for name in ("mtn", "orange"):
            await stage.providers.weather(name, Faults(callback_lost=1))
        mtn, orange = await stage.request(1), await stage.request(2, provider="orange")
        await stage.visit(orange)
        await stage.until_final([mtn, orange])
        references = {one: (await stage.state(one)).attempts[0].reference for one in (mtn, orange)}
        (order,) = stage.providers.orange.books.orders.values()
        late = [
            await stage.call_back(
                f"mtn/{mtn}/{references[mtn]}", {"status": "FAILED", "externalId": mtn}, "PUT"
            ),
            await stage.call_back(
                f"orange/{orange}/{references[orange]}",
                {"status": "FAILED", "notif_token": order.notif_token},
            ),
        ]

        async def both_are_understood() -> bool:
            return (await happened(stage, "webhook")).count("webhook.understood") == 2

        await stage.until(both_are_understood)
        assert [one.status for one in late] == [200, 200]
        assert await stage.told([mtn, orange]) == {mtn: PAID, orange: PAID}
        # Orange's had its token: a word to be kept beside the stronger one. MTN's proves nothing.
        assert (await stage.types(mtn))[-1] == "succeeded"
        assert (await stage.types(orange))[-2:] == ["succeeded", "evidence_recorded"]


async def test_words_about_payments_nobody_knows_are_kept_as_orphans(tmp_path: Path) -> None:
    async with a_stage(tmp_path) as stage:
        nobody = "pay_" + "a" * 26
        requested = await stage.request(1, provider="orange")
        answers = [
            await stage.call_back(f"mtn/{nobody}/x", {"status": "SUCCESSFUL"}, "PUT"),
            await stage.call_back(
                f"orange/{nobody}/x", {"status": "SUCCESS", "notif_token": "0" * 32}
            ),
            await stage.call_back(f"mtn/{requested}/x", {"status": "SUCCESSFUL"}),
            await stage.ask("POST", "/webhooks/mtn/x/y", data=b"\xff{"),
        ]

        async def all_are_read() -> bool:
            return (await happened(stage, "webhook")).count("webhook.orphaned") == 4

        await stage.until(all_are_read)
        log = await stage.services.store.read(0)
        reasons = [one.event.reason for one in log if isinstance(one.event, events.WebhookOrphaned)]
        assert [one.status for one in answers] == [200] * 4
        assert sorted(reasons) == [
            "it is about a payment nobody knows",
            "it is about a payment nobody knows",
            f"payment {requested} was never submitted to mtn",
            "the body is no JSON object",
        ]


class MoodyStore(MemoryEventStore):
    """A log that refuses the first appends of every kind of event in a payment's stream."""

    def __init__(self, *errors: StoreError) -> None:
        super().__init__(clock=utc_now)
        self._errors = {cls: list(errors) for cls in events.EVENTS.values()}
        self.refused = 0

    async def append(
        self,
        stream: str,
        expected_version: int,
        new: Sequence[Event],
        *,
        context: Context,
        keys: Sequence[DataKey] = (),
    ) -> list[RecordedEvent]:
        """See `EventStore.append`."""
        if context.actor.startswith("reactor:") and (errors := self._errors[type(new[0])]):
            self.refused += 1
            raise errors.pop()
        return await super().append(stream, expected_version, new, context=context, keys=keys)


async def test_an_outcome_is_recorded_however_busy_the_store_is(tmp_path: Path) -> None:
    store = MoodyStore(
        StoreBusyError(1),
        StoreUnavailableError(Sentence("The disk is full."), Sentence("Free some.")),
    )
    async with a_stage(tmp_path, store=store) as stage:
        paid = [await stage.request(1), await stage.request(2, provider="orange")]
        await stage.visit(paid[1])
        await stage.until_final(paid)
        assert await stage.told(paid) == dict.fromkeys(paid, PAID)
        assert [len((await stage.state(one)).attempts) for one in paid] == [1, 1]
        assert store.refused >= 6


async def test_a_provider_that_is_switched_off_is_asked_when_it_is_on_again(
    tmp_path: Path,
) -> None:
    async with sandboxes(tmp_path) as providers:
        await providers.weather("orange", Faults(callback_lost=1))
        async with serving(tmp_path, providers, pace=ONLY_CALLBACKS) as stage:
            orange = await stage.request(1, provider="orange")
            await stage.visit(orange)
            keys = stage.keys
        async with serving(tmp_path, providers, enabled=("mtn",), keys=keys) as stage:
            mtn = await stage.request(2)
            await stage.until_final([mtn])
            refused = await stage.call_back(f"orange/{orange}/x", {"status": "SUCCESS"})
            waiting = (await stage.get(f"/v1/payments/{orange}")).json["status"]
            reading = await stage.services.worklist.listing(now=utc_now(), provider="orange")
        assert (refused.status, refused.code, waiting) == (404, "unknown_provider", "pending")
        assert [(one.kind, one.stream_id, one.holder) for one in reading] == [
            ("inquire", orange, None)
        ]
        async with serving(tmp_path, providers, keys=keys) as stage:
            # Its time had been set far off; whoever wants it sooner says so.
            reference = (await stage.state(orange)).attempts[0].reference
            (order,) = providers.orange.books.orders.values()
            news = {"status": "SOMETHING", "notif_token": order.notif_token}
            await stage.call_back(f"orange/{orange}/{reference}", news)
            await stage.until_final([orange])
            assert await stage.told([mtn, orange]) == {mtn: PAID, orange: PAID}


async def test_an_erased_payer_is_not_submitted_and_one_already_submitted_still_gets_a_word(
    tmp_path: Path,
) -> None:
    async with a_stage(tmp_path) as stage:
        submitted = await stage.request(1, provider="orange")
        page = await stage.page_of(submitted)
        await stage.providers.leave("mtn")
        unsent = await stage.request(2)
        for payment_id in (submitted, unsent):
            payer = (await stage.state(payment_id)).requested.payer
            await forget(stage.services.vault, stage.services.store, payer)
        await stage.until_final([unsent])

        async def was_asked_in_vain() -> bool:
            return "inquired" in await stage.types(submitted)

        await stage.until(was_asked_in_vain)
        notes = [(await stage.state(one)).note for one in (unsent, submitted)]
        assert notes == [
            "the payer was erased before the payment was submitted",
            "the payer was erased, and with it what the provider wants to be asked",
        ]
        assert (await stage.get(f"/v1/payments/{submitted}")).json.get("redirect_url") is None
        # The page is still open on the payer's telephone; the notification's token still proves.
        await stage.pay_at(page)
        await stage.until_final([submitted])
        assert await stage.told([submitted, unsent]) == {submitted: PAID, unsent: ("expired", [])}


async def test_being_told_to_slow_down_is_no_word_about_a_payment(tmp_path: Path) -> None:
    switches = {"mtn": {"status_calls_per_second_max": 1}}
    async with a_stage(tmp_path, switches=switches) as stage:
        await stage.providers.weather("mtn", Faults(callback_lost=1))
        paid = [await stage.request(number) for number in range(3)]
        await stage.until_final(paid)
        details = [
            one.event.detail
            for payment_id in paid
            for one in (await stage.services.handler.payment(payment_id))[1]
            if isinstance(one.event, events.PaymentInquired) and one.event.result == "no_answer"
        ]
        assert await stage.told(paid) == dict.fromkeys(paid, PAID)
        assert set(details) == {"status 429: Rate limit is exceeded. Try again in 1 seconds."}


async def test_what_is_refused_at_once_is_declined_and_not_sent_again(tmp_path: Path) -> None:
    async with a_stage(tmp_path, switches={"mtn": {"scenarios_at_post": True}}) as stage:
        refused = await stage.request(1, ending="55")
        await stage.until_final([refused])
        shown = (await stage.get(f"/v1/payments/{refused}")).json
        assert (shown["status"], shown["code"]) == ("declined", "PAYER_NOT_FOUND")
        assert len(stage.providers.gauges["mtn"].began) == 2
        assert stage.providers.words() == {}


async def test_many_payments_are_in_flight_at_once_but_never_more_than_the_provider_wants(
    tmp_path: Path,
) -> None:
    pace = {"concurrency_max": 6, "calls_per_second_max": 60, "call_timeout_seconds": 5}
    async with a_stage(tmp_path, pace=pace) as stage:
        weather = Faults(slow_answer=1, slow_answer_seconds=0.15, callback_lost=1)
        await stage.providers.weather("mtn", weather)
        paid = list(await asyncio.gather(*(stage.request(number) for number in range(50))))
        await stage.until_final(paid)
        gauge = stage.providers.gauges["mtn"]
        assert await stage.told(paid) == dict.fromkeys(paid, PAID)
        assert gauge.most == 6
        # A tenth of a second's worth may come at once.
        assert gauge.most_within(1.0) <= 66
        assert {len((await stage.state(one)).attempts) for one in paid} == {1}
