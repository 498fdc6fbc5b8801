"""The Mojaloop adapter against the Mojaloop sandbox: the contract, and what is Mojaloop's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest
from aiohttp import web
from yarl import URL

from adapters.answer import Answer, Method
from adapters.base import (
    Accepted,
    Charge,
    Declined,
    Final,
    NotSent,
    Pending,
    Unknown,
    WebhookCall,
)
from adapters.powers import AccountCheck, AnswersCalls, ChecksAccounts, Reply, Transfer
from adapters.providers.mojaloop import MojaloopAdapter, Settings
from adapters.sandbox.faults import Faults
from adapters.sandbox.mojaloop import MojaloopSandbox
from adapters.sandbox.mojaloop_rules import MojaloopSandboxSettings
from adapters.sandbox.timer import ManualTimer
from adapters.transport import Transport
from ledger.commands import RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.money import Money
from tests.callback_receiver import CallbackReceiver, Received
from tests.contracts.provider import Ending, ProviderContract, World, ready, submit
from tests.contracts.rail import (
    END_SECONDS,
    LAST_DIGITS,
    PAYOUT_ID,
    PayoutContract,
    RailWorld,
    RefundContract,
)
from tests.contracts.webhook import WebhookContract
from tests.processes import free_port
from tests.replay import CALL_SECONDS, NOW, PAYMENT_ID, PatientTransport, a_charge, at_once

SECRET = "synthetic-backend-secret"
PARTY_ID = "cauri-shop"


class Backend(CallbackReceiver):
    """Our side of the backend API: judges, keeps and answers as the webhook door does."""

    adapter: MojaloopAdapter

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[tuple[WebhookCall, Reply]] = []

    async def _keep(self, request: web.Request) -> web.Response:
        body = await request.read()
        call = WebhookCall(
            method=request.method,
            path=tuple(request.path.split("/")[3:]),
            headers=dict(request.headers),
            body=body,
        )
        verdict = self.adapter.authenticate(call, None, NOW)
        if verdict == "refused":
            return web.Response(status=401)
        if request.method != "GET":
            self.received.append(
                Received(method=call.method, path=request.path, body=body, headers={})
            )
        said = self.adapter.reply(call, verdict)
        self.replies.append((call, said))
        return web.Response(
            status=said.status, body=orjson.dumps(said.body), content_type="application/json"
        )


class RecordingTransport(PatientTransport):
    """A transport that keeps what was sent and what came back, whole."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.calls: list[tuple[str, str, Any, Answer]] = []

    async def call(self, method: Method, url: str, *arguments: Any, **options: Any) -> Answer:
        answer = await super().call(method, url, *arguments, **options)
        self.calls.append((method, URL(url).path, options.get("json"), answer))
        return answer


@dataclass(kw_only=True)
class MojaloopWorld(RailWorld):
    """The SDK's sandbox, and a backend that it calls."""

    sandbox: MojaloopSandbox
    adapter: MojaloopAdapter
    receiver: Backend
    transports: list[RecordingTransport]
    currency: str = "XOF"

    def charge(self, ending: Ending) -> Charge:
        return a_charge(
            money=Money(1500, self.currency),
            phone=f"+22507000000{LAST_DIGITS[ending]}",
            country="CI",
            callback_url=None,
        )

    def transfer(self, ending: str) -> Transfer:
        return Transfer(
            payment_id=PAYOUT_ID,
            money=Money(2500, self.currency),
            phone=f"+22507000000{LAST_DIGITS[ending]}",
            country="CI",
            description="Wages n° 1",
            callback_url=None,
        )

    async def end(self, reference: str, accepted: Accepted, ending: Ending) -> None:
        await self.pass_time()

    async def pass_time(self) -> None:
        """Let the payer decide, and whatever follows from it."""
        before = len(self.receiver.received)
        for _ in range(2):
            self.timer.advance(END_SECONDS)
            await self.sandbox.idle()
        self.notified += [call_of(one) for one in self.receiver.received[before:]]

    def known(self) -> set[str]:
        return {one.partition(":")[0] for one in super().known()} - {
            self.adapter.reference_for("pay_" + "b" * 26, 99)
        }


def call_of(received: Received) -> WebhookCall:
    """What the door makes of a call."""
    path = tuple(received.path.split("/")[3:])
    return WebhookCall(method=received.method, path=path, headers={}, body=received.body)


@asynccontextmanager
async def a_world(
    folder: Path, *, changes: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[MojaloopWorld]:
    """Open a world; `switches` are the sandbox's, `changes` the adapter's settings."""
    timer = ManualTimer()
    async with Backend() as backend:
        settings = MojaloopSandboxSettings.model_validate(
            {
                "books_path": folder / "mojaloop.jsonl",
                "webhook_url": backend.url("/webhooks/mojaloop/portal"),
                "backend_secret": SECRET,
                "decide_after_seconds": 1,
                "quote_lifetime_seconds": 100 * END_SECONDS,
            }
            | switches
        )
        fixed = settings.model_copy(update={"port": free_port()})

        def remake(faults: Faults) -> MojaloopSandbox:
            return MojaloopSandbox(fixed, clock=timer.clock, faults=faults, timer=timer)

        sandbox = remake(Faults.none())
        await sandbox.start()
        exchanges: list[Any] = []
        adapter_settings = Settings.model_validate(
            {
                "base_url": sandbox.url,
                "party_id": PARTY_ID,
                "display_name": "Chez Aminatou",
                "backend_secret": SECRET,
                "sdk_waits": True,
                "call_timeout_seconds": CALL_SECONDS,
            }
            | (changes or {})
        )
        transports: list[RecordingTransport] = []

        def opening(*arguments: Any, **options: Any) -> Transport:
            transports.append(recording(*arguments, **options))
            return transports[-1]

        recording = partial(
            RecordingTransport,
            clock=timer.clock,
            observer=exchanges.append,
            is_loopback_only=True,
            sleep=at_once,
        )
        adapter = backend.adapter = MojaloopAdapter(adapter_settings, opening)
        world = MojaloopWorld(
            adapter=adapter,
            exchanges=exchanges,
            secrets=(SECRET,),
            sandbox=sandbox,
            remake=remake,
            timer=timer,
            receiver=backend,
            transports=transports,
        )
        try:
            yield world
        finally:
            await adapter.close()
            await world.sandbox.stop()


class TestMojaloop(PayoutContract, RefundContract, WebhookContract, ProviderContract):
    """The contract, by an SDK that waits for every acceptance."""

    # A payer who never answers a request is silence at every server of the scheme.
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {
        "refused": Word.FAILED,
        "expired": None,
    }

    @asynccontextmanager
    async def open_world(self, folder: Path) -> AsyncIterator[World]:
        async with a_world(folder) as world:
            yield world

    def refused_at_once(self, world: World) -> Charge:
        return a_charge(money=Money(1500, "XOF"), phone="+2250700000053", callback_url=None)


async def prepared(world: MojaloopWorld, ending: str = "paid", **changes: Any) -> Transfer:
    """Prepare a payout; it with its handle."""
    wanted = replace(world.transfer(ending), **changes)
    transfer, forbidden = await ready(world.adapter, wanted, f"{PAYOUT_ID}.1")
    assert forbidden is None
    return transfer


async def accepted_by(world: MojaloopWorld, ending: Ending = "paid", **changes: Any) -> Accepted:
    """Ask a payer for money; the acceptance."""
    charge = replace(world.charge(ending), **changes)
    accepted = await submit(world.adapter, charge, f"{PAYMENT_ID}.1")
    assert isinstance(accepted, Accepted)
    return accepted


def asked_of_the_sdk(world: MojaloopWorld) -> list[str]:
    """Every call to the SDK, as method and resource."""
    return [f"{one.method} {one.path.split('/')[1]}" for one in world.exchanges]


async def test_it_answers_its_provider_and_checks_accounts(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        assert isinstance(world.adapter, AnswersCalls)
        assert isinstance(world.adapter, ChecksAccounts)
        checked = [
            await world.adapter.check_account(f"+22507000000{digits}", "CI")
            for digits in ("01", "53")
        ]
        await world.leave()
        away = await world.adapter.check_account("+2250700000001", "CI")
        transcripts = "".join(one.transcript + one.path for one in world.exchanges)
    assert checked == [AccountCheck(is_active=True), AccountCheck(is_active=False, detail="3204")]
    assert isinstance(away, Unknown)
    assert "22507000000" not in transcripts


async def test_a_payout_moves_nothing_until_its_id_is_kept(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        transfer = await prepared(world)
        (booked,) = world.movements("payout")
        assert (booked.ending, booked.details["state"]) == (None, "quoteReceived")
        final = await world.adapter.pay_out(transfer, f"{PAYOUT_ID}.1")
        (moved,) = world.movements("payout")
    assert asked_of_the_sdk(world) == ["POST transfers", "PUT transfers", "PUT transfers"]
    assert moved.ending == "succeeded"
    assert final == Final(
        word=Word.SUCCEEDED,
        amount="2500",
        currency="XOF",
        provider_transaction_id=booked.id,
        occurred_at=moved.ended_at,
    )


async def test_what_was_not_prepared_is_not_sent(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        original = await world.paid_original()
        world.exchanges.clear()
        outcomes = [
            await world.adapter.submit(world.charge("paid"), "r"),
            await world.adapter.pay_out(world.transfer("paid"), "r"),
            await world.adapter.refund(world.giving_back(original), "r"),
        ]
        assert world.exchanges == []
    assert outcomes == [NotSent("nothing was prepared")] * 3


async def test_accepting_and_asking_again_pays_once(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        transfer = await prepared(world)
        words = [await world.adapter.pay_out(transfer, "r") for _ in range(3)]
        asked = [await world.adapter.inquire_payout("r", transfer.handle) for _ in range(2)]
        (moved,) = world.movements("payout")
    assert [getattr(one, "word", one) for one in (*words, *asked)] == [Word.SUCCEEDED] * 5
    assert moved.times_asked == 1


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_timeout_is_asked_about_and_never_paid_twice(
    tmp_path: Path, remembers: bool
) -> None:
    async with a_world(tmp_path, remembers_errors=remembers, slow_seconds=25) as world:
        slow = await prepared(world, phone="+2250700000054")
        first = await world.adapter.pay_out(slow, "r")
        second = await world.adapter.inquire_payout("r", slow.handle)
        world.timer.advance(30)
        third = await world.adapter.inquire_payout("r", slow.handle)
        assert len([one for one in world.movements("payout") if one.ending == "succeeded"]) == 1
    assert (first, second) == (Accepted(handle=slow.handle), Pending("RESERVED"))
    assert getattr(third, "word", third) is Word.SUCCEEDED


async def test_a_transfer_that_the_scheme_gives_up_has_failed(tmp_path: Path) -> None:
    async with a_world(tmp_path, expire_after_seconds=60) as world:
        transfer = await prepared(world, "expired")
        reserved = await world.adapter.pay_out(transfer, "r")
        world.timer.advance(61)
        final = await world.adapter.inquire_payout("r", transfer.handle)
    assert reserved == Accepted(handle=transfer.handle)
    assert isinstance(final, Final)
    assert (final.word, final.code) == (Word.FAILED, "ABORTED")


async def test_a_refused_transfer_says_why(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        finals = [
            await world.adapter.pay_out(await prepared(world, ending), "r")
            for ending in ("refused", "short")
        ]
    assert [getattr(one, "code", one) for one in finals] == ["5104", "4001"]


@pytest.mark.parametrize(
    ("switches", "changes", "code"),
    [
        ({"fee": "0.5"}, {}, "QUOTE_UNREADABLE"),
        ({"fee": "1"}, {}, "QUOTE_TOO_DEAR"),
        ({"fee": "26"}, {"excess_minor_max": 25}, "QUOTE_TOO_DEAR"),
        ({"supported_currencies": ("XAF",)}, {}, "NEEDS_CONVERSION"),
    ],
)
async def test_a_quote_we_do_not_like_is_refused_and_pays_nobody(
    tmp_path: Path, switches: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    async with a_world(tmp_path, changes=changes, **switches) as world:
        outcome = await world.adapter.prepare(world.transfer("paid"), f"{PAYOUT_ID}.1")
        (booked,) = world.movements("payout")
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.is_technical) == (code, True)
    assert code in MojaloopAdapter.refusals
    assert (booked.ending, "asked" in booked.details) == (None, False)


@pytest.mark.parametrize(("shows", "amount"), [(True, "2500"), (False, None)])
async def test_a_fee_within_the_limit_is_borne(
    tmp_path: Path, shows: bool, amount: str | None
) -> None:
    changes = {"excess_minor_max": 25}
    async with a_world(tmp_path, changes=changes, fee="25", shows_received=shows) as world:
        final = await world.adapter.pay_out(await prepared(world), "r")
    assert isinstance(final, Final)
    assert (final.word, final.amount) == (Word.SUCCEEDED, amount)


@pytest.mark.parametrize("currency", ["GHS", "XOF"])
async def test_amounts_go_out_in_the_schemes_form(tmp_path: Path, currency: str) -> None:
    async with a_world(tmp_path) as world:
        world.currency = currency
        transfer = await prepared(world)
        request = orjson.loads(world.movements("payout")[0].details["request"])
        final = await world.adapter.pay_out(transfer, "r")
    assert request["amount"] == {"GHS": "25", "XOF": "2500"}[currency]
    assert isinstance(final, Final)
    assert final.amount == {"GHS": "25.00", "XOF": "2500"}[currency]


async def test_a_quote_that_has_ended_is_not_accepted_and_another_one_is_fetched(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, quote_lifetime_seconds=60) as world:
        late = await prepared(world)
        world.timer.advance(59)
        world.exchanges.clear()
        ended = await world.adapter.pay_out(late, "r")
        assert world.exchanges == []
        again = await world.adapter.pay_out(await prepared(world), "r")
    assert ended == NotSent("the quote has ended before it was accepted")
    assert getattr(again, "word", again) is Word.SUCCEEDED


async def test_one_that_nobody_accepted_may_be_sent_again_once_that_is_certain(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, quote_lifetime_seconds=60) as world:
        left = await prepared(world)
        seen = [await world.adapter.inquire_payout("r", left.handle)]
        world.timer.advance(600)
        seen += [await world.adapter.inquire_payout("r", left.handle)]
        world.timer.advance(100)
        seen += [await world.adapter.inquire_payout("r", left.handle) for _ in range(2)]
        (booked,) = world.movements("payout")
        late = await world.adapter.pay_out(left, "r")
    unknown = Pending("the scheme does not know the transfer")
    gone = NotSent("the scheme never got the transfer, and its quote was refused")
    assert seen == [unknown, unknown, gone, gone]
    assert isinstance(late, NotSent)
    assert "asked" not in booked.details


async def test_what_was_asked_about_before_it_was_accepted_can_not_be_paid_any_more(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        transfer = await prepared(world)
        await world.adapter.inquire_payout("r", transfer.handle)
        outcome = await world.adapter.pay_out(transfer, "r")
        (booked,) = world.movements("payout")
    assert outcome == Unknown("the scheme does not know the transfer")
    assert (booked.ending, "asked" in booked.details) == (None, False)


@pytest.mark.parametrize("seconds", [0, 10_000])
async def test_a_lost_answer_is_asked_about_however_late(tmp_path: Path, seconds: int) -> None:
    async with a_world(tmp_path, quote_lifetime_seconds=60) as world:
        transfer = await prepared(world)
        await world.weather(Faults(connection_reset_after=1))
        lost = await world.adapter.pay_out(transfer, "r")
        await world.weather(Faults.none())
        world.timer.advance(seconds)
        final = await world.adapter.inquire_payout("r", transfer.handle)
    assert isinstance(lost, Unknown)
    assert getattr(final, "word", final) is Word.SUCCEEDED


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_late_refusal_cannot_undo_what_the_scheme_has(
    tmp_path: Path, remembers: bool
) -> None:
    switches: dict[str, Any] = {"quote_lifetime_seconds": 60, "slow_seconds": 5000}
    async with a_world(tmp_path, remembers_errors=remembers, **switches) as world:
        slow = await prepared(world, phone="+2250700000054")
        await world.adapter.pay_out(slow, "r")
        seen = []
        for seconds in (2000, 4000):
            world.timer.advance(seconds)
            seen += [await world.adapter.inquire_payout("r", slow.handle)]
    assert seen[0] == Pending("RESERVED")
    assert getattr(seen[1], "word", seen[1]) is Word.SUCCEEDED


async def test_a_committed_transfer_without_proof_is_no_success(tmp_path: Path) -> None:
    async with a_world(tmp_path, false_fulfilment=True) as world:
        outcome = await world.adapter.pay_out(await prepared(world), "r")
    assert outcome == Unknown("COMMITTED, but its fulfilment does not open the quote's condition")


async def test_nothing_is_sent_to_an_sdk_of_which_nobody_says_that_it_waits(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, changes={"sdk_waits": False}) as world:
        outcomes = [
            await world.adapter.prepare(order, "r")
            for order in (world.charge("paid"), world.transfer("paid"))
        ]
        assert world.exchanges == []
    assert [getattr(one, "code", one) for one in outcomes] == ["SDK_DOES_NOT_WAIT"] * 2


@pytest.mark.parametrize("quotes", [True, False])
@pytest.mark.parametrize(
    ("number", "meaning"), [("01", Word.SUCCEEDED), ("50", Word.FAILED), ("54", Accepted)]
)
async def test_an_sdk_that_does_not_wait_after_all_is_found_out_and_paid_once(
    tmp_path: Path, quotes: bool, number: str, meaning: object
) -> None:
    switches: dict[str, Any] = {"auto_accept_party": True, "auto_accept_quotes": quotes}
    async with a_world(tmp_path, **switches) as world:
        transfer = await prepared(world, phone=f"+22507000000{number}")
        outcome = await world.adapter.pay_out(transfer, "r")
        (booked,) = world.movements("payout")
    assert getattr(outcome, "word", type(outcome)) is meaning
    assert booked.times_asked == 1
    assert ("is_beyond" in transfer.handle) is quotes


async def test_what_could_not_be_prepared_is_not_sent(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.weather(Faults(connection_reset_after=1))
        outcomes = [
            await world.adapter.prepare(order, "r")
            for order in (world.charge("paid"), world.transfer("paid"))
        ]
    assert [type(one) for one in outcomes] == [NotSent, NotSent]


async def paid(world: MojaloopWorld, ending: Ending = "paid") -> list[WebhookCall]:
    """Let a collection go to its end; the calls to our backend."""
    await accepted_by(world, ending)
    await world.pass_time()
    return world.notified


def understood(world: MojaloopWorld, call: WebhookCall) -> Any:
    """What a call means."""
    verdict = world.adapter.authenticate(call, None, NOW)
    (command,) = world.adapter.translate(call, verdict, NOW)
    return command


async def test_a_request_is_not_money_until_the_scheme_calls_us_with_committed(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, names_transaction=False) as world:
        reference = f"{PAYMENT_ID}.1"
        accepted = await accepted_by(world, "paid")
        await world.end(reference, accepted, "paid")
        asked = await world.adapter.inquire(reference, accepted.handle)
        calls = [(one.method, one.path[1]) for one in world.notified]
        commands = [understood(world, one) for one in world.notified]
        transfer_id = world.notified[-1].path[2]
        (movement,) = world.movements("collection")
    assert asked == Pending("the payer's provider has the request")
    assert calls == [("POST", "quoterequests"), ("POST", "transfers"), ("PUT", "transfers")]
    assert [type(one) for one in commands[:2]] == [RequestInquiry] * 2
    assert commands[2] == RecordEvidence(
        payment_id=PAYMENT_ID,
        evidence=Evidence(
            source=Source.WEBHOOK,
            provider="mojaloop",
            reference=reference,
            word=Word.SUCCEEDED,
            amount="1500",
            currency="XOF",
            provider_transaction_id=transfer_id,
            occurred_at=movement.ended_at,
        ),
    )


async def test_where_the_transfer_was_named_in_advance_it_can_be_asked_about(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        reference = f"{PAYMENT_ID}.1"
        accepted = await accepted_by(world, "paid")
        await world.weather(Faults(callback_lost=1))
        await world.end(reference, accepted, "paid")
        final = await world.adapter.inquire(reference, accepted.handle)
        told = [one.method for one in world.notified]
    assert told == ["POST", "POST"]
    assert isinstance(final, Final)
    assert final.word is Word.SUCCEEDED


@pytest.mark.parametrize("shows", [True, False])
async def test_a_payers_no_comes_by_call_and_where_it_is_shown_by_asking(
    tmp_path: Path, shows: bool
) -> None:
    async with a_world(tmp_path, shows_notices=shows) as world:
        reference = f"{PAYMENT_ID}.1"
        accepted = await accepted_by(world, "refused")
        await world.end(reference, accepted, "refused")
        asked = await world.adapter.inquire(reference, accepted.handle)
        (call,) = world.notified
        command = understood(world, call)
    assert (call.method, call.path[1]) == ("PUT", "requestToPay")
    assert (command.evidence.word, command.evidence.code) == (Word.FAILED, "REJECTED")
    assert isinstance(asked, Final if shows else Pending)


async def test_a_reserved_transfer_that_is_aborted_has_failed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await accepted_by(world, phone="+2250700000051")
        await world.pass_time()
        command = understood(world, world.notified[-1])
    assert (command.evidence.word, command.evidence.code) == (Word.FAILED, "ABORTED")
    assert command.evidence.amount is None


@pytest.mark.parametrize("amount", ["1", "1499", "15000", "1500.5"])
async def test_a_payer_who_pays_another_amount_is_refused(tmp_path: Path, amount: str) -> None:
    async with a_world(tmp_path, payer_pays=amount) as world:
        calls = await paid(world)
        (movement,) = world.movements("collection")
    assert [one.path[1] for one in calls] == ["quoterequests"]
    assert (movement.ending, movement.reason) == ("failed", "5103")


async def test_a_backend_that_was_away_is_called_again(tmp_path: Path) -> None:
    async with a_world(tmp_path, payer_retry_seconds=5) as world:
        await accepted_by(world)
        right, world.sandbox.webhook_url = world.sandbox.webhook_url, "http://localhost:9/x/y"
        world.timer.advance(2)
        await world.sandbox.idle()
        assert world.times_charged() == 0
        world.sandbox.webhook_url = right
        await world.pass_time()
        assert world.times_charged() == 1
        assert understood(world, world.notified[-1]).evidence.word is Word.SUCCEEDED


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        (SECRET, "authenticated"),
        ("the-former-secret", "authenticated"),
        ("another-secret-altogether", "refused"),
        (SECRET[:-1], "refused"),
        ("", "refused"),
        ("\ud800", "refused"),
    ],
)
async def test_the_secret_in_the_address_is_the_proof_and_may_be_changed(
    tmp_path: Path, shown: str, verdict: str
) -> None:
    changes = {"former_backend_secret": "the-former-secret"}
    async with a_world(tmp_path, changes=changes) as world:
        call = WebhookCall(method="PUT", path=(shown, "transfers", "x"), headers={}, body=b"{}")
        assert world.adapter.authenticate(call, None, NOW) == verdict


@pytest.mark.parametrize("secret", ["short", "with a blank in it", "with/a/slash/in/it", ""])
def test_a_secret_that_cannot_stand_in_an_address_is_refused(secret: str) -> None:
    values = {"base_url": "http://127.0.0.1:1", "party_id": "x", "backend_secret": secret}
    with pytest.raises(ValueError, match="backend_secret"):
        Settings.model_validate(values)


async def test_a_refund_is_a_transfer_to_who_paid(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        original = await world.paid_original()
        wanted, forbidden = await ready(world.adapter, world.giving_back(original, 500), "re_x.1")
        final = await world.adapter.refund(wanted, "re_x.1")
        asked = await world.adapter.inquire_refund("re_x.1", wanted.handle)
        (moved,) = world.movements("refund")
        request = orjson.loads(moved.details["request"])
    assert forbidden is None
    assert isinstance(final, Final)
    assert (final.word, final.amount, final) == (Word.SUCCEEDED, "500", asked)
    assert request["to"]["idValue"] == wanted.phone.removeprefix("+")
    assert request["note"] == f"Refund of {original.provider_transaction_id}"
