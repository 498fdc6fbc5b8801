"""Receipts from the request to the mail server: sent once it is true, again until it is taken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.notify.mail import AGE_DAYS_MAX, HOLD_SECONDS, RETRY_SECONDS, Mails
from adapters.recording import Recorder
from adapters.transport_mail import MailServer, Post
from ledger import commands, events
from ledger.errors import UnknownPaymentError
from ledger.evidence import Evidence, Source, Word
from ledger.mail import mail_stream
from ledger.payment import Status
from ledger.vault import key_id_of
from projections.mails import MailRow, MailsProjection
from projections.queues import Due
from tests.api_world import (
    CONTEXT,
    MTN_PHONE,
    World,
    a_payment,
    a_world,
    captured_logs,
    settings_in,
)
from tests.conftest import FakeClock
from tests.forgetting import forget
from tests.mail_server import DIE, PASSWORD, USER, MailHandler, a_certificate, a_mail_server
from tests.stage import WAIT_SECONDS, a_stage

PAYER: Final = "aminata.njoya@customer.example"
MERCHANT: Final = "caisse@boutique.example"
SENDER: Final = "recus@cauri.example"
DAY_SECONDS: Final = 86_400.0


def mail_settings(port: int, **changes: Any) -> dict[str, Any]:
    """Settings of a server whose mail server is on this machine."""
    return {"mail_host": "127.0.0.1", "mail_port": port, "mail_tls": "none"} | {
        "mail_from": SENDER,
        **changes,
    }


@dataclass
class MailWorld:
    """A ledger at which nobody submits anything, a mail server, and what sends between them."""

    world: World
    server: MailHandler
    mails: Mails
    clock: FakeClock
    holder: str = "test"

    @property
    def queue(self) -> MailsProjection:
        return self.world.services.projections.of(MailsProjection)

    async def asked(self, *, key: str = "order-1", **changes: Any) -> str:
        """Ask for a payment that wants receipts; its id."""
        content = a_payment(
            payer={"phone": MTN_PHONE, "email": PAYER}, receipt_email=MERCHANT, **changes
        )
        answer = await self.world.pay(content, key=key)
        assert answer.status == 202, answer.body
        return str(answer.json["id"])

    async def do(self, command: Any) -> None:
        await self.world.services.handler.handle(command, context=CONTEXT)

    async def submitted(self, payment_id: str) -> None:
        """Let the provider have a payment."""
        at = self.clock() + timedelta(minutes=1)
        reference = f"{payment_id}-1"
        await self.do(
            commands.StartSubmission(
                payment_id=payment_id, provider="mtn", reference=reference, inquire_at=at
            )
        )
        await self.do(
            commands.ConfirmSubmission(
                payment_id=payment_id,
                reference=reference,
                sealed_handle=None,
                token_digest=None,
                inquire_at=at,
            )
        )

    async def word(self, payment_id: str, says: Word, source: Source = Source.POLL) -> Status:
        """Let a word be heard about a payment; where it stands then."""
        transaction_id = "2081330124" if says is Word.SUCCEEDED else None
        word = Evidence(
            source=source,
            provider="mtn",
            reference=f"{payment_id}-1",
            word=says,
            provider_transaction_id=transaction_id,
        )
        await self.do(commands.RecordEvidence(payment_id=payment_id, evidence=word))
        return (await self.world.services.handler.payment(payment_id))[0].status

    async def paid(self, **changes: Any) -> str:
        """A payment that has succeeded; its id."""
        payment_id = await self.asked(**changes)
        await self.submitted(payment_id)
        assert await self.word(payment_id, Word.SUCCEEDED) is Status.SUCCEEDED
        return payment_id

    async def refunded(self, payment_id: str, amount: str = "500") -> str:
        """Give a part of a payment back; the refund's id."""
        answer = await self.world.ask(
            "POST",
            f"/v1/payments/{payment_id}/refunds",
            who="mer_1",
            headers={"Idempotency-Key": "back-1"},
            json={"amount": amount},
        )
        assert answer.status == 202, answer.body
        refund_id = str(answer.json["id"])
        await self.submitted(refund_id)
        await self.word(refund_id, Word.SUCCEEDED)
        await self.settled(payment_id, refund_id, is_given_back=True)
        return refund_id

    async def settled(self, payment_id: str, refund_id: str, *, is_given_back: bool) -> None:
        """Tell the payment what became of its refund."""
        await self.do(
            commands.SettleRefund(
                payment_id=payment_id,
                refund_id=refund_id,
                is_given_back=is_given_back,
                reason="as it was told",
            )
        )

    async def deliver(self) -> int:
        """Perform every letter that is due; how many were leased."""
        await self.world.caught_up()
        leased = await self.queue.lease(
            "mail", None, holder=self.holder, limit=50, now=self.clock(), seconds=60
        )
        for due in leased:
            until = await self.mails.perform(_due(due))
            if until is not None:
                await self.queue.hold(due, holder=self.holder, until=until)
        await self.world.caught_up()
        return len(leased)

    async def letters(self, payment_id: str) -> list[tuple[str, str, str, int]]:
        """The letters about a payment: kind, recipient, state, attempts."""
        return [
            (row.kind, row.recipient, row.state, row.attempts)
            for row in await self.rows(payment_id)
        ]

    async def rows(self, payment_id: str) -> list[MailRow]:
        await self.world.caught_up()
        return await self.queue.letters(payment_id)

    async def recorded(self, payment_id: str) -> list[Any]:
        """The events of the stream of letters."""
        store = self.world.services.store
        return [one.event for one in await store.read_stream(mail_stream(payment_id))]


def _due(due: Due) -> Any:
    """The two rooms do not know each other; their pieces have the same fields."""
    return due


@asynccontextmanager
async def a_mail_world(folder: Path, clock: FakeClock) -> AsyncIterator[MailWorld]:
    async with a_mail_server() as server:
        settings = settings_in(folder, **mail_settings(server.port))
        async with a_world(settings, clock=clock) as world:
            services = world.services
            post = Post(
                MailServer(
                    host="127.0.0.1",
                    port=server.port,
                    tls="none",
                    user=None,
                    password=None,
                    sender=SENDER,
                    seconds_max=5.0,
                ),
                is_loopback_only=True,
            )
            recorder = Recorder(services.handler, services.vault)
            mails = Mails(
                recorder,
                post,
                services.adapters,
                sender=SENDER,
                support=SUPPORT,
                clock=clock,
            )
            yield MailWorld(world, server, mails, clock)


@pytest.fixture
async def mail(tmp_path: Path, clock: FakeClock) -> AsyncIterator[MailWorld]:
    async with a_mail_world(tmp_path, clock) as made:
        yield made


SUPPORT: Final = "aide@cauri.example"
BOTH: Final = ("merchant", "payer")


async def test_a_payment_that_succeeds_is_told_to_both_each_by_a_letter_of_its_own(
    mail: MailWorld,
) -> None:
    payment_id = await mail.asked(description=f"Deux poulets, {MTN_PHONE}", language="fr")
    assert await mail.deliver() == 0
    await mail.submitted(payment_id)
    await mail.word(payment_id, Word.SUCCEEDED)
    assert await mail.deliver() == 2
    assert await mail.deliver() == 0
    taken = {one.recipients[0]: one for one in mail.server.taken}
    assert {one.sender for one in mail.server.taken} == {SENDER}
    assert [one.recipients for one in mail.server.taken] == [[one] for one in taken]
    assert taken.keys() == {PAYER, MERCHANT}
    assert taken[PAYER].message["Subject"] == "[Essai] Reçu\xa0: 1\u202f500\xa0FCFA payés à A shop"
    assert taken[MERCHANT].message["Subject"] == "[Essai] Paiement reçu\xa0: 1\u202f500\xa0FCFA"
    own, other = taken[PAYER].content.decode(), taken[MERCHANT].content.decode()
    assert (MERCHANT in own, PAYER in other) == (False, False)
    text = taken[PAYER].part("plain")
    for words in (
        f"Aide\xa0: {SUPPORT}",
        "MTN MoMo Cameroun, numéro se terminant par 01",
        "2081330124",
        payment_id,
        "…01",
    ):
        assert words in text
    assert "65000" not in text
    assert await mail.letters(payment_id) == [("receipt", who, "sent", 1) for who in BOTH]


async def test_a_payer_who_reads_english_is_written_to_in_english(mail: MailWorld) -> None:
    await mail.paid(language="en")
    await mail.deliver()
    subjects = {str(one.message["Subject"]) for one in mail.server.taken}
    assert subjects == {
        "[Test] Receipt: 1,500\xa0FCFA paid to A shop",
        "[Test] Payment received: 1,500\xa0FCFA",
    }


async def test_a_refund_is_told_to_the_same_addresses(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    refund_id = await mail.refunded(payment_id)
    await mail.deliver()
    refunds = [one for one in mail.server.taken if "embours" in str(one.message["Subject"])]
    assert sorted(one.recipients[0] for one in refunds) == sorted([PAYER, MERCHANT])
    assert all(refund_id in one.part("plain") for one in refunds)
    assert all("500\xa0FCFA" in one.part("plain") for one in refunds)
    assert await mail.letters(payment_id) == [
        (kind, who, "sent", 1) for kind in ("receipt", "refund") for who in BOTH
    ]


async def test_what_is_refused_for_good_is_parked_and_the_other_one_is_still_told(
    mail: MailWorld,
) -> None:
    def refuse_payer(envelope: Any) -> str | None:
        return f"550 5.1.1 <{PAYER}> unknown" if PAYER in envelope.rcpt_tos else None

    mail.server.at_rcpt = refuse_payer
    payment_id = await mail.paid()
    await mail.deliver()
    mail.clock.advance(DAY_SECONDS)
    assert await mail.deliver() == 0
    assert await mail.letters(payment_id) == [
        ("receipt", "merchant", "sent", 1),
        ("receipt", "payer", "parked", 1),
    ]
    told = [one for one in await mail.recorded(payment_id) if one.recipient == "payer"]
    assert [(one.type, one.reason) for one in told] == [
        ("mail.attempted", "the mail server answered 550 5.1.1 to RCPT"),
        ("mail.parked", "the mail server answered 550 5.1.1 to RCPT"),
    ]


async def test_greylisting_is_waited_out(mail: MailWorld) -> None:
    mail.server.at_rcpt = lambda _: "450 4.2.0 come back in five minutes"
    payment_id = await mail.paid()
    await mail.deliver()
    mail.clock.advance(RETRY_SECONDS[0])
    await mail.deliver()
    mail.server.at_rcpt = lambda _: None
    mail.clock.advance(RETRY_SECONDS[1] - 1)
    assert await mail.deliver() == 0
    mail.clock.advance(1)
    await mail.deliver()
    assert await mail.letters(payment_id) == [("receipt", who, "sent", 3) for who in BOTH]
    results = [one.result for one in await mail.recorded(payment_id)]
    assert sorted(results) == ["accepted"] * 2 + ["deferred"] * 4


async def test_a_server_that_is_away_is_tried_for_a_day_ever_more_slowly_and_then_no_more(
    mail: MailWorld,
) -> None:
    mail.server.at_data = lambda _: "451 4.3.0 try later"
    payment_id = await mail.paid()
    began = mail.clock()
    tries: list[float] = []
    while (due_at := await mail.queue.next_due_at()) or not tries:
        mail.clock.now = max(mail.clock(), due_at or mail.clock())
        tries.append((mail.clock() - began).total_seconds())
        await mail.deliver()
    pauses = [later - before for before, later in pairwise(tries)]
    assert pauses == list(RETRY_SECONDS)
    assert tries[-1] == DAY_SECONDS
    assert await mail.letters(payment_id) == [
        ("receipt", who, "parked", len(RETRY_SECONDS) + 1) for who in BOTH
    ]


async def test_a_letter_whose_answer_was_lost_is_sent_again_under_the_same_id(
    mail: MailWorld,
) -> None:
    mail.server.at_data = lambda _: DIE
    payment_id = await mail.paid()
    await mail.deliver()
    mail.server.at_data = lambda _: None
    mail.clock.advance(RETRY_SECONDS[0])
    await mail.deliver()
    for who in (PAYER, MERCHANT):
        first, second = [one for one in mail.server.taken if one.recipients == [who]]
        assert first.content == second.content
    ids = {str(one.message["Message-ID"]) for one in mail.server.taken}
    assert len(ids) == 2
    results = [one.result for one in await mail.recorded(payment_id)]
    assert results == ["unknown"] * 2 + ["accepted"] * 2


async def test_two_processes_that_send_the_same_letter_record_it_once(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    await mail.world.caught_up()
    (one, _) = await mail.queue.lease(
        "mail", None, holder="a", limit=2, now=mail.clock(), seconds=60
    )
    await asyncio.gather(mail.mails.perform(_due(one)), mail.mails.perform(_due(one)))
    assert await mail.mails.perform(_due(one)) is None
    assert [each.attempt for each in await mail.recorded(payment_id)] == [1]
    assert len({each.content for each in mail.server.taken}) == 1


async def test_nothing_is_told_while_words_contradict_each_other(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    assert await mail.word(payment_id, Word.FAILED) is Status.CONFLICT
    assert await mail.deliver() == 2
    mail.clock.advance(HOLD_SECONDS - 1)
    assert (await mail.deliver(), mail.server.taken) == (0, [])
    assert await mail.word(payment_id, Word.SUCCEEDED, Source.STATEMENT) is Status.SUCCEEDED
    mail.clock.advance(1)
    assert await mail.deliver() == 2
    assert await mail.letters(payment_id) == [("receipt", who, "sent", 1) for who in BOTH]


async def test_a_receipt_that_was_overturned_before_it_went_never_goes(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    assert await mail.word(payment_id, Word.FAILED, Source.STATEMENT) is Status.FAILED
    await mail.deliver()
    mail.clock.advance(HOLD_SECONDS)
    await mail.deliver()
    assert mail.server.said == []
    assert await mail.letters(payment_id) == [
        (kind, who, "parked", 0) for kind in ("receipt", "correction") for who in BOTH
    ]


async def test_a_receipt_that_may_have_arrived_and_was_overturned_is_taken_back(
    mail: MailWorld,
) -> None:
    def lose_merchants(envelope: Any) -> str | None:
        return "550 5.7.1 no" if MERCHANT in envelope.rcpt_tos else DIE

    mail.server.at_data = lose_merchants
    payment_id = await mail.paid()
    await mail.deliver()
    mail.server.at_data = lambda _: None
    await mail.word(payment_id, Word.FAILED, Source.STATEMENT)
    mail.clock.advance(RETRY_SECONDS[0])
    await mail.deliver()
    mail.clock.advance(HOLD_SECONDS)
    await mail.deliver()
    # The merchant's was refused, so there is nothing to take back.
    assert await mail.letters(payment_id) == [
        ("receipt", "merchant", "parked", 1),
        ("receipt", "payer", "parked", 1),
        ("correction", "merchant", "parked", 0),
        ("correction", "payer", "sent", 1),
    ]
    correction = mail.server.taken[-1]
    assert correction.recipients == [PAYER]
    assert correction.message["Subject"] == (
        "[Essai] Rectification\xa0: votre paiement à A shop n'a pas abouti"
    )


async def test_a_refund_in_conflict_waits_and_one_that_failed_after_all_is_taken_back(
    mail: MailWorld,
) -> None:
    payment_id = await mail.paid()
    refund_id = await mail.refunded(payment_id)
    assert await mail.word(refund_id, Word.FAILED) is Status.CONFLICT
    await mail.deliver()
    assert len(mail.server.taken) == 2
    await mail.word(refund_id, Word.SUCCEEDED, Source.STATEMENT)
    mail.clock.advance(HOLD_SECONDS)
    await mail.deliver()
    assert len(mail.server.taken) == 4
    assert await mail.word(refund_id, Word.FAILED, Source.OPERATOR) is Status.FAILED
    await mail.settled(payment_id, refund_id, is_given_back=False)
    await mail.deliver()
    assert [one[:3] for one in await mail.letters(payment_id)] == [
        (kind, who, "sent") for kind in ("receipt", "refund", "correction") for who in BOTH
    ]
    assert {str(one.message["Subject"]) for one in mail.server.taken[-2:]} == {
        "[Essai] Rectification\xa0: le remboursement par A shop n'a pas abouti",
        "[Essai] Rectification\xa0: un remboursement de 500\xa0FCFA n'a pas abouti",
    }


async def test_a_letter_that_could_not_go_for_too_long_is_parked(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    await mail.word(payment_id, Word.FAILED)
    mail.clock.advance(AGE_DAYS_MAX * DAY_SECONDS + 1)
    await mail.deliver()
    assert await mail.letters(payment_id) == [("receipt", who, "parked", 0) for who in BOTH]
    assert mail.server.said == []


async def test_nobody_writes_to_who_was_forgotten(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    vault = mail.world.services.vault
    await forget(vault, mail.world.services.store, vault.person(MTN_PHONE))
    await mail.deliver()
    assert mail.server.said == []
    parked = await mail.recorded(payment_id)
    assert {one.reason for one in parked} == {"the payer was erased, and with them the address"}


async def test_a_letter_whose_key_is_missing_waits_until_it_is_restored(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    services = mail.world.services
    state, _ = await services.handler.payment(payment_id)
    key_id = key_id_of(state.requested.sealed)
    kept = (await services.store.data_keys([key_id]))[key_id]
    await services.vault.erase(kept.subject)
    await mail.deliver()
    assert await mail.recorded(payment_id) == []
    assert mail.server.said == []
    # It comes back beside an event of no importance, as out of a backup.
    added = events.MerchantAdded(merchant_id="mer_9", name="Nine", country="CM")
    await services.store.append("merchant-mer_9", 0, [added], context=CONTEXT, keys=[kept])
    mail.clock.advance(HOLD_SECONDS)
    await mail.deliver()
    assert {one[2] for one in await mail.letters(payment_id)} == {"sent"}


async def test_a_letter_about_nothing_is_a_mistake(mail: MailWorld) -> None:
    payment_id = await mail.paid()
    due = Due("mail", f"{payment_id}.1.payer", "payer", mail.clock(), 1)
    with pytest.raises(UnknownPaymentError):
        await mail.mails.perform(_due(due))


def _bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_no_address_stands_in_the_files_or_the_logs(tmp_path: Path, clock: FakeClock) -> None:
    with captured_logs() as written:
        async with a_mail_world(tmp_path, clock) as mail:
            payment_id = await mail.paid(description="Deux poulets")
            refused = f"550 5.1.1 <{PAYER}> and {MERCHANT} are unknown"
            mail.server.at_rcpt = lambda _: refused
            await mail.deliver()
            assert mail.server.said
            mail.server.at_rcpt = lambda _: None
            await mail.refunded(payment_id)
            await mail.deliver()
            assert len(mail.server.taken) == 2
            shown = await mail.world.get(f"/v1/payments/{payment_id}")
            trail = await mail.world.get(f"/v1/payments/{payment_id}/events", who="auditor")
            log = await mail.world.get("/v1/events", who="auditor")
    kept = _bytes_in(tmp_path)
    everything = kept + written.getvalue() + shown.body + trail.body + log.body
    assert b"mail.attempted" in kept
    for secret in (PAYER, MERCHANT, PAYER.partition("@")[0], "customer.example", "boutique"):
        assert secret.encode() not in everything
    requested = trail.json["events"][0]["data"]
    assert requested["receipts"] == ["payer", "merchant"]


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"payer": {"phone": MTN_PHONE, "email": PAYER}}, ["/payer/email"]),
        ({"receipt_email": MERCHANT}, ["/receipt_email"]),
    ],
)
async def test_a_receipt_that_nobody_could_send_is_refused_and_named(
    tmp_path: Path, clock: FakeClock, changes: dict[str, Any], pointers: list[str]
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        answer = await world.pay(a_payment(**changes))
        plain = await world.pay(a_payment())
    assert (answer.status, answer.code, plain.status) == (422, "invalid_request", 202)
    assert [one["pointer"] for one in answer.json["errors"]] == pointers
    assert [value.encode() in answer.body for value in (PAYER, MERCHANT)] == [False, False]


async def test_a_repeat_gets_its_first_answer_when_mail_is_sent_no_more(
    tmp_path: Path, clock: FakeClock
) -> None:
    content = a_payment(receipt_email=MERCHANT)
    async with a_world(settings_in(tmp_path, **mail_settings(9)), clock=clock) as world:
        first, keys = await world.pay(content), world.keys
    async with a_world(settings_in(tmp_path), clock=clock) as world:
        world.keys = keys
        again = await world.pay(content)
        other = await world.pay(content, key="order-2")
    assert (first.body, again.status, other.status) == (again.body, 202, 422)


@pytest.mark.parametrize(
    "address",
    [
        *("", "x", "x@", "@x.example", "x@example", "x y@shop.example", "x@shop.example\n"),
        *("x@shop.example\r\nBcc: y@z.example", "x@shop..example", "x..y@shop.example", ".x@a.bc"),
        *('"x"@shop.example', "x@[127.0.0.1]", "x@127.0.0.1", "x@-a.example", "é@shop.example"),
        *("x@boutique.é", "x@shop.example, y@shop.example", "<x@shop.example>", "x%y@shop.example"),
        *("-x@shop.example", "x" * 65 + "@shop.example", "x@" + "a." * 130 + "example", "a@b@c.de"),
    ],
)
async def test_what_is_no_address_is_refused(mail: MailWorld, address: str) -> None:
    content = a_payment(payer={"phone": MTN_PHONE, "email": address}, receipt_email=address)
    answer = await mail.world.pay(content)
    assert (answer.status, answer.code) == (422, "invalid_request")
    pointers = [one["pointer"] for one in answer.json["errors"]]
    assert pointers == ["/payer/email", "/receipt_email"]


@pytest.mark.parametrize(
    "address",
    ["a@b.cm", "aminata+cauri@mail.boutique.example", "o'neil_1@x-y.example", "x" * 64 + "@a.bc"],
)
async def test_an_address_as_people_have_them_is_taken(mail: MailWorld, address: str) -> None:
    answer = await mail.world.pay(a_payment(payer={"phone": MTN_PHONE, "email": address}))
    assert answer.status == 202


async def test_a_payment_through_a_provider_is_told_by_the_server_itself(tmp_path: Path) -> None:
    certificate = a_certificate(tmp_path)
    async with a_mail_server(certificate=certificate, asks_login=True) as server:
        settings = mail_settings(
            server.port,
            mail_tls="starttls",
            mail_ca_file=certificate,
            mail_user=USER,
            mail_password=PASSWORD,
        )
        async with a_stage(tmp_path, **settings) as stage:
            content = a_payment(payer={"phone": MTN_PHONE, "email": PAYER}, receipt_email=MERCHANT)
            payment_id = str((await stage.pay(content)).json["id"])

            async def is_told() -> bool:
                told = await stage.services.handler.mail(payment_id)
                return len(told.letters) == 2

            await stage.until(is_told, WAIT_SECONDS)
            recorded = await stage.services.store.read_stream(mail_stream(payment_id))
            state = await stage.state(payment_id)
    attempted = [one.event for one in recorded]
    assert all(isinstance(one, events.MailAttempted) for one in attempted)
    assert [one.result for one in attempted] == ["accepted", "accepted"]  # type: ignore[attr-defined]
    assert sorted(one.recipients[0] for one in server.taken) == sorted([PAYER, MERCHANT])
    assert all(one.is_encrypted and one.is_logged_in for one in server.taken)
    transaction_id = state.settled.provider_transaction_id
    assert transaction_id is not None
    assert all(transaction_id in one.part("plain") for one in server.taken)
