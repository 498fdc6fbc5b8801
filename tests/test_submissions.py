"""Submissions at the worst moments: somebody oversleeps, the answer is late, the time is over.

The adapter here says what a test tells it to say and lets things happen in the middle of a call;
the reactors, the ledger, the vault and the store are real, and the clock stands still until a test
moves it. `asked` is what would have reached the provider, in order.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
import pytest

from adapters.base import (
    Accepted,
    Adapter,
    Capability,
    Charge,
    Declined,
    Due,
    Final,
    Inquiry,
    NotFound,
    NotSent,
    Pace,
    Pending,
    Power,
    Submission,
    Unaskable,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
)
from adapters.breaker import Breaker
from adapters.contract import Contract
from adapters.dispatch import (
    INTENT_MARGIN_SECONDS,
    OVERSLEPT,
    PROBED_SECONDS,
    UNBACKED,
    UNBACKED_SECONDS,
    Dispatcher,
    submission_seconds_max,
)
from adapters.lapsing import LAST_INQUIRY, UNREACHED
from adapters.polling import GIVEN_UP, Poller
from adapters.powers import Prepared, Return, Transfer
from adapters.recording import Recorder
from adapters.refusals import Refusal
from adapters.serving import Serving
from adapters.ways import Ways
from ledger import commands, events
from ledger.commands import PaymentCommand
from ledger.commands_cancelling import CancelPayment
from ledger.entry import Context, RecordedEvent
from ledger.events import Event
from ledger.evidence import Source, Word
from ledger.handling import Handler
from ledger.identity import Candidate, Kind
from ledger.memory import MemoryEventStore
from ledger.payment import Payment, Status
from ledger.payment_ending import CANCELLED
from ledger.store import DataKey
from ledger.vault import MasterKeys, Vault
from tests.builders import CONTEXT, NOW, a_request, a_word
from tests.conftest import FakeClock

MASTER = MasterKeys.generate()
SUCCESS = Final(word=Word.SUCCEEDED, provider_transaction_id="7")

Step = Submission | Inquiry | BaseException
During = Callable[[], Awaitable[None]]


class ScriptedAdapter:
    """A provider of few words: the next one of `says`, after what happens `during` the call."""

    name: ClassVar[str] = "mtn"
    display_name: ClassVar[str] = "A provider"
    countries: ClassVar[frozenset[str]] = frozenset({"CM"})
    currencies: ClassVar[frozenset[str]] = frozenset({"XAF"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"collection"})
    documentation_url: ClassVar[str] = "https://provider.example"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset({"collection"})
    webhook_proof: ClassVar[WebhookProof] = "nothing"
    is_askable: ClassVar[bool] = True
    reaches: ClassVar[frozenset[str]] = frozenset()
    refusals: ClassVar[Mapping[str, Refusal]] = {}
    pace = Pace(
        call_timeout_seconds=10,
        concurrency_max=4,
        calls_per_second_max=100,
        inquiry_first_seconds=30,
        inquiry_factor=2,
        inquiry_seconds_max=600,
    )
    contract = Contract(countries, currencies)

    def __init__(self, *says: Step, during: During | None = None) -> None:
        self.says, self.during = list(says), during
        self.asked: list[str] = []

    def reference_for(self, payment_id: str, number: int) -> str:
        return f"{payment_id}-{number}"

    async def submit(self, charge: Charge, reference: str) -> Submission:
        return await self._answer(f"submit {reference}")  # type: ignore[return-value]

    async def inquire(self, reference: str, handle: object) -> Inquiry:
        return await self._answer(f"inquire {reference}")  # type: ignore[return-value]

    async def _answer(self, what: str) -> Submission | Inquiry:
        self.asked.append(what)
        during, self.during = self.during, None
        if during is not None:
            await during()
        said = self.says.pop(0)
        if isinstance(said, BaseException):
            raise said
        return said

    def authenticate(self, call: WebhookCall, is_token: object, now: object) -> Verdict:
        return "unsigned"

    def translate(self, call: WebhookCall, verdict: Verdict, now: Any) -> Sequence[PaymentCommand]:
        return []

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        return ""

    async def close(self) -> None:
        pass


class PreparingAdapter(ScriptedAdapter):
    """A provider that can be asked by nothing but what it gave beforehand."""

    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()

    def __init__(self, *says: Step | Prepared, during: During | None = None) -> None:
        super().__init__(*says, during=during)  # type: ignore[arg-type]
        self.handles: list[Mapping[str, str] | None] = []

    async def prepare(
        self, order: Charge | Transfer | Return, reference: str
    ) -> Prepared | Declined | NotSent:
        return await self._answer(f"prepare {reference}")  # type: ignore[return-value]

    async def submit(self, charge: Charge, reference: str) -> Submission:
        self.handles.append(charge.handle)
        return await super().submit(charge, reference)

    async def inquire(self, reference: str, handle: Any) -> Inquiry:
        self.handles.append(handle)
        return await super().inquire(reference, handle)


class PayingAdapter(ScriptedAdapter):
    """A provider at which a payout cannot be made twice under one reference; a payment can."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"payout"})
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset({"payout"})

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        return await self._answer(f"pay out {reference}")  # type: ignore[return-value]

    async def inquire_payout(self, reference: str, handle: object) -> Inquiry:
        return await self._answer(f"inquire {reference}")  # type: ignore[return-value]


class InterruptedStore(MemoryEventStore):
    """A log with a moment just before, or just after, an append in which something happens."""

    before: During | None = None
    after: During | None = None

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
        before, self.before = self.before, None
        if before is not None:
            await before()
        recorded = await super().append(stream, expected_version, new, context=context, keys=keys)
        after, self.after = self.after, None
        if after is not None:
            await after()
        return recorded


@dataclass
class World:
    """One log and one clock; as many processes as a test makes."""

    clock: FakeClock = field(default_factory=FakeClock)
    payment_id: str = "pay_1"

    def __post_init__(self) -> None:
        self.store = InterruptedStore(clock=self.clock)
        self.handler = Handler(self.store)
        self.vault = Vault(MASTER, self.store)
        self.clock.now = NOW
        self.ways = Ways(lambda: self.clock().timestamp())

    async def request(
        self,
        *plan: str,
        kind: Kind = "collection",
        refund_of: str | None = None,
        power: Kind = "payout",
    ) -> None:
        """A merchant asks; it is given up after an hour. `plan`: where it may go, if several.

        A refund is paid out here, unless the power says otherwise.
        """
        payer = self.vault.person("+237650000001")
        particulars = orjson.dumps({"phone": "+237650000001"})
        sealed = self.vault.seal(payer, particulars, context=self.payment_id)
        assert sealed.new_key is not None
        command = replace(
            a_request(self.payment_id, payer=payer),
            sealed=sealed.text,
            plan=tuple(Candidate(name, "it reaches the operator") for name in plan),
            kind=kind,
            refund_of=refund_of,
            power=None if refund_of is None else power,
        )
        await self.handler.handle(command, context=CONTEXT, keys=[sealed.new_key])

    def dispatch(
        self, adapter: ScriptedAdapter, *others: Adapter
    ) -> Coroutine[Any, Any, datetime | None]:
        """What a process does with a piece of work that is to be submitted."""
        recorder = Recorder(self.handler, self.vault, pause=self._pause)
        adapters: dict[str, Adapter] = {"mtn": adapter} | {one.name: one for one in others}
        dispatcher = Dispatcher(
            recorder,
            Serving.everything_as("test", adapters),
            clock=self.clock,
            public_url="https://cauri.example",
            ways=self.ways,
        )
        return dispatcher.perform(self._due("submit"))

    def breaker(self, provider: str = "mtn") -> Breaker:
        """What stands before a provider's collections."""
        return self.ways.of(provider, "collection").breaker

    def open_breaker(self, provider: str = "mtn") -> None:
        """Let a provider fail until it is not called any more, for five seconds."""
        while (permit := self.breaker(provider).admit()) is not None:
            self.breaker(provider).settle(permit, is_success=False)

    def poll(self, adapter: ScriptedAdapter) -> Awaitable[datetime | None]:
        """What a process does with a piece of work that is to be asked about."""
        recorder = Recorder(self.handler, self.vault, pause=self._pause)
        poller = Poller(recorder, Serving.everything_as("test", {"mtn": adapter}), clock=self.clock)
        return poller.perform(self._due("inquire"))

    async def state(self) -> Payment:
        """Where the payment stands."""
        return (await self.handler.payment(self.payment_id))[0]

    async def types(self) -> list[str]:
        """The payment's events so far."""
        _, recorded = await self.handler.payment(self.payment_id)
        return [one.type.partition(".")[2] for one in recorded]

    async def last(self) -> Event:
        """The payment's last event."""
        return (await self.handler.payment(self.payment_id))[1][-1].event

    def _due(self, kind: Any) -> Due:
        return Due(kind, self.payment_id, "mtn", self.clock(), 1)

    async def _pause(self, seconds: float) -> None:
        self.clock.advance(seconds)


async def a_world(*plan: str) -> World:
    """A world in which one payment was requested."""
    world = World()
    await world.request(*plan)
    return world


class UnrepeatableAdapter(ScriptedAdapter):
    """A provider at which the same submission again may charge twice."""

    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()


async def oversleep(world: World, adapter: ScriptedAdapter, seconds: float) -> None:
    """Let a process that has just recorded its intent sleep so long before it calls."""

    async def sleep() -> None:
        world.clock.advance(seconds)

    world.store.after = sleep
    await world.dispatch(adapter)


@pytest.mark.parametrize("kind", [ScriptedAdapter, UnrepeatableAdapter])
async def test_who_oversleeps_between_intent_and_call_says_that_nothing_was_sent(
    kind: type[ScriptedAdapter],
) -> None:
    world = await a_world()
    asleep = kind(Accepted())
    await oversleep(world, asleep, INTENT_MARGIN_SECONDS)
    withdrawn = await world.last()
    assert isinstance(withdrawn, events.PaymentSubmissionWithdrawn)
    assert (asleep.asked, withdrawn.reason, withdrawn.was_not_sent) == ([], OVERSLEPT, True)
    assert withdrawn.retry_at == world.clock() + timedelta(seconds=asleep.pace.retry_first_seconds)

    await world.dispatch(asleep)
    number = 1 if asleep.idempotent_powers else 2
    assert asleep.asked == [f"submit pay_1-{number}"]
    assert (await world.types())[1:] == [
        "submission_started",
        "submission_withdrawn",
        "submission_started",
        "submitted",
    ]


async def test_who_oversleeps_what_others_may_have_sent_again_leaves_it_to_those_who_ask() -> None:
    world = await a_world()
    asleep = ScriptedAdapter()
    await oversleep(world, asleep, submission_seconds_max(asleep))
    assert (asleep.asked, await world.types()) == ([], ["requested", "submission_started"])

    awake = ScriptedAdapter(NotFound(), Accepted(), SUCCESS)
    await world.poll(awake)
    await world.dispatch(awake)
    await world.poll(awake)
    assert awake.asked == ["inquire pay_1-1", "submit pay_1-1", "inquire pay_1-1"]
    assert (await world.types())[2:] == [
        "inquired",
        "submission_withdrawn",
        "submission_started",
        "submitted",
        "evidence_recorded",
        "succeeded",
    ]


@pytest.mark.parametrize("others_found", [Unaskable("nobody can be asked"), NotFound()])
async def test_what_nobody_can_be_asked_about_is_submitted_by_who_overslept_however_long(
    others_found: Inquiry,
) -> None:
    world = await a_world("mtn", "orange")
    other = UnrepeatableAdapter(others_found)

    async def sleep() -> None:
        world.clock.advance(1000)
        await world.poll(other)

    world.store.after = sleep
    asleep = UnrepeatableAdapter(Accepted())
    await world.dispatch(asleep)
    assert (await world.state()).status is Status.REQUESTED
    await world.dispatch(asleep)
    # Where somebody asked there was a doubt, and what was in doubt goes to no other provider.
    assert (other.asked, asleep.asked) == (["inquire pay_1-1"], ["submit pay_1-2"])


async def test_who_finds_another_ones_old_intent_does_not_believe_that_nothing_was_sent() -> None:
    world = await a_world()
    killed = UnrepeatableAdapter()

    async def die() -> None:
        raise KeyboardInterrupt

    world.store.after = die
    with pytest.raises(KeyboardInterrupt):
        await world.dispatch(killed)
    world.clock.advance(1000)
    finder = UnrepeatableAdapter(Unaskable("nobody can be asked"))
    await world.dispatch(finder)
    await world.poll(finder)
    assert (finder.asked, (await world.state()).status) == (["inquire pay_1-1"], Status.UNKNOWN)


async def test_nobody_is_asked_about_before_the_longest_call_has_ended() -> None:
    world = await a_world()
    adapter = ScriptedAdapter(Accepted())
    await world.dispatch(adapter)
    _, recorded = await world.handler.payment(world.payment_id)
    intent = recorded[1].event
    assert isinstance(intent, events.PaymentSubmissionStarted)
    longest = submission_seconds_max(adapter)
    assert longest > adapter.pace.call_timeout_seconds + adapter.pace.queue_seconds_max()
    assert intent.inquire_at == NOW + timedelta(seconds=longest + INTENT_MARGIN_SECONDS)


async def test_of_two_processes_with_the_same_piece_one_calls() -> None:
    world = await a_world()
    quick, late = ScriptedAdapter(NotSent("away"), Accepted()), ScriptedAdapter()

    async def somebody_is_faster() -> None:
        await world.dispatch(quick)

    # The late one has read that the payment is to be submitted, and is about to say so.
    world.store.before = somebody_is_faster
    await world.dispatch(late)
    assert (quick.asked, late.asked) == (["submit pay_1-1"], [])
    assert await world.types() == ["requested", "submission_started", "submission_withdrawn"]


@pytest.mark.parametrize(
    "late_word",
    [Unknown("no answer"), NotSent("no turn"), Declined(code="NOT_ALLOWED", reason="no")],
    ids=lambda word: type(word).__name__,
)
async def test_what_a_late_process_learned_of_its_call_leaves_a_later_call_alone(
    late_word: Submission,
) -> None:
    world = await a_world()
    is_sent, may_wake = asyncio.Event(), asyncio.Event()

    async def sleep() -> None:
        is_sent.set()
        await may_wake.wait()

    async def wake_the_first() -> None:
        may_wake.set()
        await asleep

    asleep = asyncio.create_task(world.dispatch(ScriptedAdapter(late_word, during=sleep)))
    await is_sent.wait()
    world.clock.advance(1000)
    await world.poll(ScriptedAdapter(NotFound()))
    await world.dispatch(ScriptedAdapter(Accepted(), during=wake_the_first))
    assert (await world.types())[1:] == [
        "submission_started",
        "inquired",
        "submission_withdrawn",
        "submission_started",
        "submitted",
    ]


async def test_an_adapter_that_raises_may_have_moved_money_and_is_asked() -> None:
    world = await a_world()
    adapter = ScriptedAdapter(KeyError("oops"), ZeroDivisionError(), SUCCESS)
    await world.dispatch(adapter)
    await world.poll(adapter)
    await world.poll(adapter)
    notes = [
        one.event.reason
        if isinstance(one.event, events.PaymentSubmissionDoubted)
        else one.event.detail
        for one in (await world.handler.payment(world.payment_id))[1]
        if isinstance(one.event, events.PaymentSubmissionDoubted | events.PaymentInquired)
    ]
    assert notes == ["the adapter raised KeyError", "the adapter raised ZeroDivisionError"]
    assert (await world.state()).status == "succeeded"


async def test_a_status_nobody_announced_is_no_final_word_and_is_asked_about_ever_more_slowly() -> (
    None
):
    world = await a_world()
    adapter = ScriptedAdapter(Accepted(), *[Pending("ON_THE_MOON")] * 8)
    await world.dispatch(adapter)
    waits = []
    for _ in range(8):
        await world.poll(adapter)
        last = await world.last()
        assert isinstance(last, events.PaymentInquired)
        waits.append((last.inquire_at - world.clock()).total_seconds())
        world.clock.now = last.inquire_at
    assert waits == [60, 120, 240, 480, 600, 600, 600, 600]
    assert ((await world.state()).status, (await world.state()).reason) == (
        "pending",
        "ON_THE_MOON",
    )


ANSWERS: list[Inquiry] = [
    Final(word=Word.SUCCEEDED, provider_transaction_id="7"),
    Final(word=Word.FAILED, code="NOT_ALLOWED"),
    Final(word=Word.EXPIRED),
    Pending("PENDING"),
    Pending("OTP", awaits_code=True),
    Unknown("no answer"),
    NotFound("it is not listed"),
    NotSent("nobody was asked to pay"),
]
"""What an inquiry may bring; that nobody can be asked is what `_repeat` is tested for."""


@pytest.mark.parametrize("kind", [ScriptedAdapter, UnrepeatableAdapter])
@pytest.mark.parametrize("submitted", [Accepted(), Unknown("no answer")], ids=["taken", "doubted"])
async def test_whatever_is_answered_in_whatever_order_what_is_still_asked_is_due_again_later(
    kind: type[ScriptedAdapter], submitted: Submission
) -> None:
    for answers in itertools.product(ANSWERS, repeat=3):
        world = await a_world()
        adapter = kind(submitted, *answers)
        await world.dispatch(adapter)
        for _ in answers:
            before = len(await world.types())
            if (await world.state()).status not in {Status.PENDING, Status.UNKNOWN}:
                break
            await world.poll(adapter)
            # What leaves no event stays due since then: it would be asked about without an end.
            assert len(await world.types()) > before, answers
            last, status = await world.last(), (await world.state()).status
            if status in {Status.PENDING, Status.UNKNOWN}:
                assert isinstance(last, events.PaymentInquired), answers
                assert last.inquire_at > world.clock(), answers
            else:
                assert status is Status.REQUESTED or status.is_final, answers


async def test_what_seemed_pending_and_was_never_sent_is_submitted_again() -> None:
    world = await a_world()
    adapter = UnrepeatableAdapter(
        Unknown("no answer"), Pending("PENDING"), NotSent("nobody was asked to pay"), Accepted()
    )
    await world.dispatch(adapter)
    await world.poll(adapter)
    assert (await world.state()).status is Status.PENDING
    await world.poll(adapter)
    await world.dispatch(adapter)
    assert (await world.types())[-4:] == [
        "inquired",
        "submission_withdrawn",
        "submission_started",
        "submitted",
    ]
    assert adapter.asked[-1] == "submit pay_1-2"


async def doubted_and_overdue(world: World) -> None:
    """It was sent, not found, withdrawn; and then its time was over."""
    adapter = ScriptedAdapter(Unknown("no answer"), NotFound())
    await world.dispatch(adapter)
    await world.poll(adapter)
    assert (await world.types())[-1] == "submission_withdrawn"
    world.clock.now = NOW + timedelta(hours=1)


async def test_a_payment_that_was_ever_in_doubt_is_asked_about_before_it_is_given_up() -> None:
    world = await a_world()
    await doubted_and_overdue(world)
    adapter = ScriptedAdapter(SUCCESS)
    await world.dispatch(adapter)
    last = await world.last()
    assert isinstance(last, events.PaymentSubmissionDoubted)
    assert (last.reason, last.inquire_at, adapter.asked) == (LAST_INQUIRY, world.clock(), [])
    await world.poll(adapter)
    assert ((await world.state()).status, adapter.asked) == ("succeeded", ["inquire pay_1-1"])


async def test_it_is_given_up_at_the_answer_that_the_provider_does_not_have_it() -> None:
    world = await a_world()
    await doubted_and_overdue(world)
    adapter = ScriptedAdapter(NotFound("RESOURCE_NOT_FOUND"))
    await world.dispatch(adapter)
    await world.poll(adapter)
    assert (await world.types())[-3:] == ["inquired", "submission_withdrawn", "expired"]
    assert (await world.state()).reason == "RESOURCE_NOT_FOUND"


async def test_as_long_as_the_provider_cannot_be_asked_it_is_not_given_up() -> None:
    world = await a_world()
    await doubted_and_overdue(world)
    adapter = ScriptedAdapter(*[Unknown("could not connect")] * 3)
    await world.dispatch(adapter)
    for _ in range(3):
        await world.poll(adapter)
        world.clock.advance(600)
    assert (await world.state()).status == "unknown"


async def test_what_was_certainly_never_sent_is_given_up_without_asking() -> None:
    world = await a_world()
    adapter = ScriptedAdapter(NotSent("could not connect"))
    await world.dispatch(adapter)
    world.clock.now = NOW + timedelta(hours=1)
    await world.dispatch(adapter)
    assert (await world.types())[1:] == ["submission_started", "submission_withdrawn", "expired"]
    assert ((await world.state()).reason, adapter.asked) == (
        "could not connect",
        ["submit pay_1-1"],
    )


async def test_an_erased_payer_is_asked_about_once_more_and_then_given_up() -> None:
    world = await a_world()
    adapter = ScriptedAdapter(Unknown("no answer"), NotFound(), NotFound())
    await world.dispatch(adapter)
    await world.poll(adapter)
    await world.vault.erase((await world.state()).requested.payer)
    await world.dispatch(adapter)
    await world.poll(adapter)
    assert adapter.asked == ["submit pay_1-1", "inquire pay_1-1", "inquire pay_1-1"]
    assert (await world.types())[-1] == "expired"


async def test_what_was_not_found_is_sent_again_under_the_reference_that_cannot_be_used_twice() -> (
    None
):
    world = World()
    await world.request(kind="payout")
    adapter = PayingAdapter(Unknown("no answer"), NotFound(), Accepted())
    await world.dispatch(adapter)
    await world.poll(adapter)
    await world.dispatch(adapter)
    # What was sent first may still arrive: under another reference it would be paid as well.
    assert adapter.asked == ["pay out pay_1-1", "inquire pay_1-1", "pay out pay_1-1"]


@pytest.mark.parametrize("seconds", [60, 4000], ids=["in its time", "when that is over"])
async def test_news_of_what_was_declined_after_a_doubt_find_a_success_and_never_send_it_again(
    seconds: float,
) -> None:
    world = await a_world()
    refused = Declined(code="NOT_ENOUGH_FUNDS", reason="too little")
    provider = ScriptedAdapter(Unknown("no answer"), NotFound(), refused, NotFound(), SUCCESS)
    await world.dispatch(provider)
    await world.poll(provider)
    await world.dispatch(provider)
    world.clock.advance(seconds)
    hint = commands.RequestInquiry(payment_id="pay_1", reason="news", inquire_at=world.clock())
    await world.handler.handle(hint, context=CONTEXT)
    await world.poll(provider)
    false_news = await world.state()
    assert (false_news.status, false_news.code) == (Status.DECLINED, "NOT_ENOUGH_FUNDS")

    await world.handler.handle(hint, context=CONTEXT)
    await world.poll(provider)
    assert (await world.state()).status is Status.SUCCEEDED
    assert [one.split()[0] for one in provider.asked] == [
        *("submit", "inquire", "submit", "inquire", "inquire")
    ]


async def test_a_question_that_had_no_turn_was_not_asked_and_comes_when_it_has_one() -> None:
    world = await a_world()
    provider = ScriptedAdapter(Unknown("no answer"), Unknown("no turn", again_seconds=25))
    await world.dispatch(provider)
    before = await world.types()
    again_at = await world.poll(provider)
    assert again_at == world.clock() + timedelta(seconds=25)
    assert (await world.types(), (await world.state()).inquiries) == (before, 0)


@pytest.mark.parametrize("answer", [NotFound("nothing listed"), Unaskable("no such question")])
@pytest.mark.parametrize(
    ("unsent", "after", "then"),
    [
        (NotSent("turned away"), Status.REQUESTED, ["submit pay_1-2"]),
        (Declined(code="NO", reason="no"), Status.DECLINED, []),
    ],
    ids=["not sent", "declined at once"],
)
async def test_false_news_of_what_certainly_never_left_hold_nothing_up(
    unsent: Submission, after: Status, then: list[str], answer: Inquiry
) -> None:
    world = await a_world()
    provider = UnrepeatableAdapter(unsent, answer, Accepted())
    await world.dispatch(provider)
    hint = commands.RequestInquiry(payment_id="pay_1", reason="news", inquire_at=world.clock())
    await world.handler.handle(hint, context=CONTEXT)
    await world.poll(provider)
    assert (await world.state()).status is after
    provider.asked.clear()
    await world.dispatch(provider)
    assert provider.asked == then


async def test_false_news_of_what_was_cancelled_leave_it_cancelled_at_any_provider() -> None:
    world = await a_world()
    provider = UnrepeatableAdapter(NotSent("turned away"), NotFound("nothing listed"))
    await world.dispatch(provider)
    cancel = CancelPayment(payment_id="pay_1", may_be_elsewhere=False)
    await world.handler.handle(cancel, context=CONTEXT)
    hint = commands.RequestInquiry(payment_id="pay_1", reason="news", inquire_at=world.clock())
    await world.handler.handle(hint, context=CONTEXT)
    assert (await world.state()).status is Status.UNKNOWN
    await world.poll(provider)
    state = await world.state()
    assert (state.status, state.code) == (Status.EXPIRED, CANCELLED)


async def test_a_not_found_that_was_heard_before_the_next_submission_says_nothing_about_it() -> (
    None
):
    world = await a_world()
    await world.dispatch(ScriptedAdapter(Unknown("no answer")))
    other = ScriptedAdapter(NotFound(), Unknown("no answer"))

    async def the_other_is_faster() -> None:
        await world.poll(other)
        await world.dispatch(other)

    await world.poll(ScriptedAdapter(NotFound(), during=the_other_is_faster))
    assert (await world.types())[3:] == [
        "inquired",
        "submission_withdrawn",
        "submission_started",
        "submission_doubted",
    ]


HANDLE = {"pay_token": "MP1"}


async def test_what_was_prepared_is_there_whatever_becomes_of_the_call() -> None:
    world = await a_world()
    adapter = PreparingAdapter(
        Prepared(handle=HANDLE), asyncio.CancelledError(), Pending(), SUCCESS
    )
    with pytest.raises(asyncio.CancelledError):
        await world.dispatch(adapter)
    assert await world.types() == ["requested", "submission_started"]
    await world.poll(adapter)
    await world.poll(adapter)
    assert adapter.handles == [HANDLE, HANDLE, HANDLE]
    assert adapter.asked[:2] == ["prepare pay_1-1", "submit pay_1-1"]
    assert (await world.state()).status == "succeeded"


async def test_a_handle_is_sealed_in_the_intent_and_an_acceptance_without_one_keeps_it() -> None:
    world = await a_world()
    adapter = PreparingAdapter(Prepared(handle=HANDLE), Accepted(), Pending())
    await world.dispatch(adapter)
    await world.poll(adapter)
    intent = (await world.handler.payment(world.payment_id))[1][1].event
    assert isinstance(intent, events.PaymentSubmissionStarted)
    assert "MP1" not in (intent.sealed_handle or "MP1")
    assert adapter.handles == [HANDLE, HANDLE]


@pytest.mark.parametrize("word", [NotSent("no token"), KeyError("oops")], ids=["no", "raised"])
async def test_what_could_not_be_prepared_is_not_submitted_and_is_tried_again(word: Any) -> None:
    world = await a_world()
    adapter = PreparingAdapter(word, Prepared(handle=HANDLE), Accepted())
    await world.dispatch(adapter)
    await world.dispatch(adapter)
    assert adapter.asked == ["prepare pay_1-1", "prepare pay_1-2", "submit pay_1-2"]
    assert (await world.types())[1:] == [
        "submission_started",
        "submission_withdrawn",
        "submission_started",
        "submitted",
    ]


async def test_what_is_declined_while_it_is_prepared_is_declined() -> None:
    world = await a_world()
    adapter = PreparingAdapter(Declined(code="NO", reason="no"))
    await world.dispatch(adapter)
    assert (adapter.asked, (await world.state()).status) == (["prepare pay_1-1"], "declined")


async def test_a_doubted_submission_is_asked_about_by_what_was_prepared() -> None:
    world = await a_world()
    adapter = PreparingAdapter(Prepared(handle=HANDLE), Unknown("no answer"), Pending())
    await world.dispatch(adapter)
    await world.poll(adapter)
    assert adapter.handles == [HANDLE, HANDLE]
    assert (await world.state()).status == "pending"


class OtherAdapter(ScriptedAdapter):
    """Another provider that could do it."""

    name: ClassVar[str] = "wave"


async def test_a_payment_waits_without_a_word_while_its_provider_is_not_called() -> None:
    world = await a_world()
    world.open_breaker()
    adapter = ScriptedAdapter(Accepted())
    again_at = await world.dispatch(adapter)
    assert (again_at, adapter.asked) == (NOW + timedelta(seconds=5), [])
    assert await world.types() == ["requested"]

    world.clock.advance(5)
    assert await world.dispatch(adapter) is None
    assert await world.types() == ["requested", "submission_started", "submitted"]


async def test_one_payment_at_a_time_sets_out_to_a_provider_that_is_probed() -> None:
    world = await a_world()
    world.open_breaker()
    world.clock.advance(5)
    way, adapter = world.ways.of("mtn", "collection"), ScriptedAdapter(Accepted())
    with way.place() as is_free:
        again_at = await world.dispatch(adapter)
    assert (is_free, adapter.asked) == (True, [])
    assert again_at == world.clock() + timedelta(seconds=PROBED_SECONDS)
    assert await world.types() == ["requested"]
    assert await world.dispatch(adapter) is None
    assert (await world.state()).status is Status.PENDING


async def test_a_payment_goes_to_the_next_provider_at_once_where_its_own_is_not_called() -> None:
    world = await a_world("mtn", "wave")
    world.open_breaker()
    # What the transport gives while the breaker is open.
    adapter = ScriptedAdapter(NotSent("mtn kept failing"))
    other = OtherAdapter(Accepted())
    assert await world.dispatch(adapter, other) is None
    assert (await world.state()).provider == "wave"
    assert await world.dispatch(adapter, other) is None
    assert other.asked == ["submit pay_1-2"]
    assert (await world.types())[1:] == [
        "submission_started",
        "submission_withdrawn",
        "rerouted",
        "submission_started",
        "submitted",
    ]


async def test_a_payment_stays_and_waits_where_no_other_provider_is_called_either() -> None:
    world = await a_world("mtn", "wave")
    world.open_breaker("mtn")
    world.open_breaker("wave")
    assert await world.dispatch(ScriptedAdapter(), OtherAdapter()) == NOW + timedelta(seconds=5)
    assert await world.types() == ["requested"]


async def test_a_payment_that_was_in_doubt_waits_for_its_own_provider() -> None:
    world = await a_world("mtn", "wave")
    adapter = ScriptedAdapter(Unknown("silence"), NotFound())
    await world.dispatch(adapter, OtherAdapter())
    await world.poll(adapter)
    world.open_breaker()
    assert await world.dispatch(adapter, OtherAdapter()) == NOW + timedelta(seconds=5)
    assert (await world.state()).status is Status.REQUESTED


async def test_a_payment_whose_provider_is_never_called_again_is_given_up_in_time() -> None:
    world = await a_world()
    expires_at = (await world.state()).requested.expires_at
    world.clock.now = expires_at - timedelta(seconds=2)
    world.open_breaker()
    assert await world.dispatch(ScriptedAdapter()) == expires_at
    world.clock.now = expires_at
    assert await world.dispatch(ScriptedAdapter()) is None
    assert await world.last() == events.PaymentExpired(reason=UNREACHED)


async def a_refund_whose_collection_is_in_conflict() -> World:
    world = World()
    await world.request(kind="refund", refund_of="pay_0")
    await take_pay_0(world)
    word = a_word(Word.FAILED, Source.WEBHOOK, reference="pay_0-1")
    told = commands.RecordEvidence(payment_id="pay_0", evidence=word)
    await world.handler.handle(told, context=CONTEXT)
    return world


async def take_pay_0(world: World) -> None:
    """Let the payment that a refund gives back succeed."""
    word = a_word(Word.SUCCEEDED, Source.WEBHOOK, reference="pay_0-1")
    for command in (
        a_request("pay_0"),
        commands.StartSubmission(
            payment_id="pay_0", provider="mtn", reference="pay_0-1", inquire_at=NOW
        ),
        commands.RecordEvidence(payment_id="pay_0", evidence=word),
    ):
        await world.handler.handle(command, context=CONTEXT)


async def test_what_does_not_stand_as_paid_is_not_given_back_until_it_does() -> None:
    world = await a_refund_whose_collection_is_in_conflict()
    adapter = PayingAdapter(Accepted())
    assert await world.dispatch(adapter) == NOW + timedelta(seconds=UNBACKED_SECONDS)
    assert (await world.types(), adapter.asked) == (["requested"], [])
    settling = a_word(Word.SUCCEEDED, Source.STATEMENT, reference="pay_0-1")
    settled = commands.RecordEvidence(payment_id="pay_0", evidence=settling)
    await world.handler.handle(settled, context=CONTEXT)
    assert await world.dispatch(adapter) is None
    assert adapter.asked == ["pay out pay_1-1"]


async def test_nobody_gives_back_what_turns_out_to_be_with_another_provider() -> None:
    world = World()
    await world.request(kind="refund", refund_of="pay_0", power="refund")
    for command in (
        a_request("pay_0"),
        commands.StartSubmission(
            payment_id="pay_0", provider="orange", reference="pay_0-0", inquire_at=NOW
        ),
        commands.WithdrawSubmission(
            payment_id="pay_0", reference="pay_0-0", reason="could not connect", retry_at=NOW
        ),
    ):
        await world.handler.handle(command, context=CONTEXT)
    await take_pay_0(world)
    # Both took it, and two operators say that it was given back by the one that is to refund it.
    for word in (
        a_word(Word.SUCCEEDED, Source.STATEMENT, provider="orange", reference="pay_0-0"),
        a_word(Word.FAILED, Source.OPERATOR, reference="pay_0-1"),
    ):
        told = commands.RecordEvidence(payment_id="pay_0", evidence=word)
        await world.handler.handle(told, context=CONTEXT)
    collection, _ = await world.handler.payment("pay_0")
    assert (collection.status, collection.settled.reference) == ("succeeded", "pay_0-0")
    adapter = PayingAdapter(Accepted())
    assert await world.dispatch(adapter) == NOW + timedelta(seconds=UNBACKED_SECONDS)
    assert adapter.asked == []


async def test_a_refund_whose_payment_never_stands_again_is_given_up_in_time() -> None:
    world = await a_refund_whose_collection_is_in_conflict()
    world.clock.now = (await world.state()).requested.expires_at
    adapter = PayingAdapter(Accepted())
    assert await world.dispatch(adapter) is None
    assert (await world.last(), adapter.asked) == (events.PaymentExpired(reason=UNBACKED), [])


async def test_who_answers_no_question_is_asked_by_the_same_submission_again() -> None:
    world = await a_world()
    adapter = ScriptedAdapter(Unknown("no answer"), Unaskable(), Unknown("still none"))
    await world.dispatch(adapter)
    await world.poll(adapter)
    adapter.says = [Unaskable(), Declined(code="DUPLICATE", reason="it was made already")]
    world.clock.advance(600)
    await world.poll(adapter)
    # A refusal of the repeat may speak of the repeat alone.
    assert (await world.state()).status == "unknown"
    adapter.says = [Unaskable(), SUCCESS]
    world.clock.advance(600)
    await world.poll(adapter)
    assert (await world.state()).status == "succeeded"
    assert set(adapter.asked) == {"submit pay_1-1", "inquire pay_1-1"}
    assert (await world.types()).count("submission_started") == 1


async def test_nobody_is_asked_by_sending_what_its_merchant_cancelled() -> None:
    world = await a_world()
    adapter = ScriptedAdapter(NotSent("could not connect"), Unaskable())
    await world.dispatch(adapter)
    hint = commands.RequestInquiry(
        payment_id="pay_1", reason="unsigned webhook", inquire_at=world.clock()
    )
    for command in (CancelPayment(payment_id="pay_1", may_be_elsewhere=False), hint):
        await world.handler.handle(command, context=CONTEXT)
    await world.poll(adapter)
    assert adapter.asked == ["submit pay_1-1", "inquire pay_1-1"]
    assert ((await world.state()).status, (await world.state()).reason) == ("unknown", GIVEN_UP)


async def test_nobody_is_asked_by_giving_back_what_does_not_stand_as_paid_any_more() -> None:
    world = World()
    await world.request(kind="refund", refund_of="pay_0")
    await take_pay_0(world)
    adapter = PayingAdapter(Unknown("no answer"), Unaskable())
    await world.dispatch(adapter)
    overturning = a_word(Word.FAILED, Source.WEBHOOK, reference="pay_0-1")
    overturned = commands.RecordEvidence(payment_id="pay_0", evidence=overturning)
    await world.handler.handle(overturned, context=CONTEXT)
    await world.poll(adapter)
    assert adapter.asked == ["pay out pay_1-1", "inquire pay_1-1"]
    assert ((await world.state()).status, (await world.state()).reason) == ("unknown", UNBACKED)


async def test_where_a_repeat_would_charge_again_nothing_is_repeated() -> None:
    world = await a_world()
    adapter = PreparingAdapter(Prepared(handle=HANDLE), Unknown("no answer"), Unaskable())
    await world.dispatch(adapter)
    await world.poll(adapter)
    assert (await world.state()).status == "unknown"
    assert adapter.asked == ["prepare pay_1-1", "submit pay_1-1", "inquire pay_1-1"]
