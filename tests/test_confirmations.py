"""One-time codes at the worst moments: who holds one, when it is destroyed, what a crash leaves.

As in `tests.test_submissions`, the adapter says what a test tells it to say; the reactors, the
ledger, the vault and the store are real.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import orjson
import pytest

from adapters.base import (
    Accepted,
    Capability,
    Charge,
    Declined,
    Final,
    NotSent,
    Pending,
    Power,
    Submission,
    Unknown,
)
from adapters.confirming import Confirmer
from adapters.dispatch import INTENT_MARGIN_SECONDS, SPENT
from adapters.powers import CodeRefused, Taken
from adapters.recording import Recorder
from adapters.serving import Serving
from ledger import commands
from ledger.errors import ErasedError
from ledger.identity import Candidate
from ledger.payment import Status
from ledger.payment_codes import code_context, code_subject
from tests.builders import CONTEXT, a_request
from tests.test_submissions import SUCCESS, During, ScriptedAdapter, Step, World

CODE = "918273"
HANDLE = {"intent": "its own name"}


class AskingAdapter(ScriptedAdapter):
    """A provider that is given codes, with the payment or after it; nothing may be repeated."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"collection", "one_time_code", "confirmation"}
    )
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()

    def __init__(self, *says: Step | Taken | CodeRefused, during: During | None = None) -> None:
        super().__init__(*says, during=during)  # type: ignore[arg-type]
        self.codes: list[str | None] = []

    async def submit(self, charge: Charge, reference: str) -> Submission:
        self.codes.append(charge.one_time_code)
        return await super().submit(charge, reference)

    async def confirm(
        self, reference: str, handle: Mapping[str, str] | None, one_time_code: str
    ) -> Any:
        assert handle == HANDLE
        self.codes.append(one_time_code)
        return await self._answer(f"confirm {reference}")


class CodeWorld(World):
    """A log in which a payment may have a code."""

    async def request_with_code(self, *plan: str) -> None:
        """A merchant asks, and sends a code along."""
        payer = self.vault.person("+237650000001")
        particulars = orjson.dumps({"phone": "+237650000001"})
        sealed = self.vault.seal(payer, particulars, context=self.payment_id)
        code = self._sealed_code()
        assert sealed.new_key is not None
        assert code.new_key is not None
        command = replace(
            a_request(self.payment_id, payer=payer),
            sealed=sealed.text,
            plan=tuple(Candidate(name, "it reaches the operator") for name in plan),
            sealed_code=code.text,
        )
        await self.handler.handle(command, context=CONTEXT, keys=[sealed.new_key, code.new_key])

    async def hand_in(self, confirmation_id: str = "c1") -> None:
        """A merchant hands a code in."""
        code = self._sealed_code()
        assert code.new_key is not None
        command = commands.GiveCode(
            payment_id=self.payment_id,
            confirmation_id=confirmation_id,
            sealed_code=code.text,
            content_digest=confirmation_id,
        )
        await self.handler.handle(command, context=CONTEXT, keys=[code.new_key])

    async def confirm(self, adapter: AskingAdapter) -> None:
        """What a process does with a piece of work that is to be confirmed."""
        recorder = Recorder(self.handler, self.vault, pause=self._pause)
        confirmer = Confirmer(
            recorder, Serving.everything_as("test", {"mtn": adapter}), clock=self.clock
        )
        await confirmer.perform(self._due("confirm"))

    async def awaiting(self, *says: Step | Taken | CodeRefused) -> AskingAdapter:
        """A payment that awaits a code, which was handed in."""
        adapter = AskingAdapter(Accepted(handle=HANDLE, awaits_code=True), *says)
        await self.request()
        await self.dispatch(adapter)
        await self.hand_in()
        return adapter

    async def is_readable(self, sealed_code: str | None) -> bool:
        """Whether anybody can read a code that stands in the log."""
        assert sealed_code is not None
        try:
            context = code_context(self.payment_id)
            return (await self.vault.open(sealed_code, context=context)) == CODE.encode()
        except ErasedError:
            return False

    def _sealed_code(self) -> Any:
        context = code_context(self.payment_id)
        return self.vault.seal(code_subject(self.payment_id), CODE.encode(), context=context)


@pytest.fixture
def world() -> CodeWorld:
    return CodeWorld()


async def test_a_code_that_came_along_is_destroyed_before_the_provider_has_it(
    world: CodeWorld,
) -> None:
    await world.request_with_code()
    sealed = (await world.state()).sealed_code
    readable = [await world.is_readable(sealed)]

    async def during() -> None:
        readable.append(await world.is_readable(sealed))

    adapter = AskingAdapter(SUCCESS, during=during)
    await world.dispatch(adapter)
    assert (adapter.codes, readable) == ([CODE], [True, False])
    assert (await world.state()).status is Status.SUCCEEDED


async def test_a_code_that_was_not_sent_is_sealed_anew_and_sent_the_next_time(
    world: CodeWorld,
) -> None:
    await world.request_with_code()
    first = (await world.state()).sealed_code
    adapter = AskingAdapter(NotSent("connection refused"), SUCCESS)
    await world.dispatch(adapter)
    second = (await world.state()).sealed_code
    assert (await world.is_readable(first), await world.is_readable(second)) == (False, True)
    world.clock.now += timedelta(minutes=1)
    await world.dispatch(adapter)
    assert adapter.codes == [CODE, CODE]
    assert await world.is_readable(second) is False


async def test_a_code_whose_fate_is_unknown_is_never_sent_again(world: CodeWorld) -> None:
    await world.request_with_code()
    adapter = AskingAdapter(Unknown("no answer"), NotSent("it never had it"))
    await world.dispatch(adapter)
    await world.poll(adapter)
    state = await world.state()
    assert (adapter.codes, state.status, state.sealed_code) == ([CODE], Status.REQUESTED, None)


async def test_a_crash_before_the_call_leaves_a_code_that_nobody_can_send(world: CodeWorld) -> None:
    await world.request_with_code()
    state = await world.state()
    await world.vault.erase(code_subject(world.payment_id))
    adapter = AskingAdapter()
    await world.dispatch(adapter)
    after = await world.state()
    assert (adapter.asked, after.status, after.note) == ([], Status.EXPIRED, SPENT)
    assert state.sealed_code is not None


async def test_a_code_goes_on_to_the_next_provider_with_a_technical_refusal(
    world: CodeWorld,
) -> None:
    await world.request_with_code("mtn", "orange")
    declined = Declined(code="CLOSED", reason=f"not with {CODE}", is_technical=True)
    first = AskingAdapter(declined)
    await world.dispatch(first)
    state = await world.state()
    assert (state.provider, await world.is_readable(state.sealed_code)) == ("orange", True)
    assert CODE not in str(state)


async def test_a_code_is_destroyed_with_a_payment_that_is_given_up(world: CodeWorld) -> None:
    await world.request_with_code()
    sealed = (await world.state()).sealed_code
    world.clock.now += timedelta(hours=2)
    await world.dispatch(AskingAdapter())
    assert (await world.state()).status is Status.EXPIRED
    assert await world.is_readable(sealed) is False


@pytest.mark.parametrize(
    ("said", "awaits_code", "reason"),
    [
        (Taken("processing"), False, "processing"),
        (CodeRefused(f"{CODE} is wrong"), True, "*** is wrong"),
        (NotSent("connection refused"), True, "connection refused"),
        (Unknown("no answer"), False, "no answer"),
        (RuntimeError("a mistake"), False, "the adapter raised RuntimeError"),
    ],
)
async def test_what_came_of_a_code_is_told_and_never_the_code(
    world: CodeWorld, said: Any, awaits_code: bool, reason: str
) -> None:
    adapter = await world.awaiting(said)
    sealed = (await world.state()).sealed_code
    await world.confirm(adapter)
    state = await world.state()
    assert adapter.codes == [None, CODE]
    assert (state.status, state.awaits_code, state.note) == (Status.PENDING, awaits_code, reason)
    assert (await world.is_readable(sealed), state.is_confirming) == (False, False)


async def test_a_final_word_in_the_answer_to_a_code_is_evidence(world: CodeWorld) -> None:
    adapter = await world.awaiting(SUCCESS)
    await world.confirm(adapter)
    assert (await world.state()).status is Status.SUCCEEDED


async def test_a_crash_after_the_intent_is_mended_by_asking_and_no_code_goes_twice(
    world: CodeWorld,
) -> None:
    adapter = await world.awaiting(SystemExit(1), Pending("processing"), SUCCESS)
    with pytest.raises(SystemExit):
        await world.confirm(adapter)
    started = await world.state()
    await world.confirm(adapter)
    await world.poll(adapter)
    await world.poll(adapter)
    after = await world.state()
    assert (started.is_confirming, started.sealed_code) == (True, None)
    assert (adapter.codes, after.status) == ([None, CODE], Status.SUCCEEDED)


async def test_two_processes_hand_one_code_over_once(world: CodeWorld) -> None:
    adapter = await world.awaiting(Taken())
    other = AskingAdapter()

    async def meanwhile() -> None:
        await world.confirm(adapter)

    world.store.before = meanwhile
    await world.confirm(other)
    assert (adapter.codes, other.codes) == ([None, CODE], [])


async def test_an_intent_that_has_become_old_is_not_acted_upon(world: CodeWorld) -> None:
    adapter = await world.awaiting()

    async def sleep() -> None:
        world.clock.now += timedelta(seconds=INTENT_MARGIN_SECONDS)

    world.store.after = sleep
    await world.confirm(adapter)
    state = await world.state()
    assert (adapter.codes, state.is_confirming) == ([None], True)


async def test_a_code_that_comes_too_late_for_its_payment_is_destroyed(world: CodeWorld) -> None:
    adapter = await world.awaiting(Final(word=SUCCESS.word))
    sealed = (await world.state()).sealed_code
    await world.poll(adapter)
    await world.confirm(adapter)
    assert (await world.state()).status is Status.SUCCEEDED
    assert (adapter.codes, await world.is_readable(sealed)) == ([None], False)
