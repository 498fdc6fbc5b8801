"""Keys that are gone: every kind of thing that brings one is looked for, and what explains it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.missing_keys import COUNTED_MAX, NAMES, KeyCount, MissingKeys
from ledger import events, people
from ledger.checkout import session_id_of
from ledger.checkout import stream_of as page_stream
from ledger.events import Event
from ledger.evidence import Word
from ledger.sql import Database, SqlEventStore
from ledger.store import DataKey
from ledger.verify import verify_log
from ledger.verify_keys import BRINGS_KEYS, keys_brought
from tests.builders import CONTEXT, NOW, a_requested, a_word
from tests.test_sealed_events import SEALED

BESIDE = {
    ("payment.submission_started", "sealed_handle"),
    ("payment.submitted", "sealed_handle"),
    ("payment.refund_reserved", "sealed"),
    ("delivery.attempted", "sealed_answer"),
}
"""What lies under the key of something else that is looked for."""

CODES = {place for place in SEALED if place[1] == "sealed_code"}
"""Destroyed by the ledger itself before they are used."""

PAYER = f"person-{'a' * 32}"
PAGE = session_id_of("1" * 64)
PAGE_EVENTS = page_stream(PAGE)
PAYMENT_EVENTS, PERSON_EVENTS = "payment-pay_1", people.stream_of(PAYER)

Told = tuple[str, Event]
"""(stream, event)."""


def key(letter: str) -> str:
    """A text that is sealed under a key of this letter."""
    return f"{letter * 16}.text"


def requested(**changes: Any) -> Told:
    made = msgspec.structs.replace(a_requested(), payer=PAYER, sealed=key("p"))
    return PAYMENT_EVENTS, msgspec.structs.replace(made, **changes)


def asked(ends_at: datetime) -> Told:
    return PERSON_EVENTS, events.PersonErasureRequested(
        erasure_id="era_1", person=PAYER, by="one", reason="asked", ends_at=ends_at, sealed=key("n")
    )


AGREED: Told = (
    PERSON_EVENTS,
    events.PersonErasureApproved(erasure_id="era_1", person=PAYER, by="two"),
)
ERASED: Told = (
    PERSON_EVENTS,
    events.PersonErased(
        erasure_id="era_1", person=PAYER, keys=1, payments=1, sessions=0, webhooks=0
    ),
)


def page(**changes: Any) -> Told:
    made = events.CheckoutCreated(
        session_id=PAGE,
        merchant_id="mer_1",
        amount_minor=1500,
        currency="XAF",
        country="CM",
        sealed=key("s"),
        content_digest="digest",
        expires_at=NOW,
        mode="live",
    )
    return PAGE_EVENTS, msgspec.structs.replace(made, **changes)


TRIED: Told = PAGE_EVENTS, events.CheckoutAttemptStarted(attempt=1, payment_id="pay_1")


def call(payment_id: str | None) -> Told:
    return "webhook-mtn-1", events.WebhookReceived(
        provider="mtn", payment_id=payment_id, verdict="unsigned", digest="d", sealed=key("w")
    )


def exchange(hides: Any) -> Told:
    return "exchange-mtn-2026-03-01", events.ExchangeRecorded(
        provider="mtn",
        power="other",
        method="POST",
        path="/",
        result="unknown",
        sent_at=NOW,
        answered_at=NOW,
        milliseconds=1,
        request_sha256="0",
        request_bytes=0,
        is_whole=False,
        hides=hides,
        sealed=key("x"),
    )


OUTLOOK = events.NoteOutlook(status="unknown", postings=(), refunds_minor=0)
NOTE: Told = (
    PAYMENT_EVENTS,
    events.PaymentNoteProposed(
        note_id="note_1",
        by="one",
        evidence=a_word(Word.SUCCEEDED),
        stood=OUTLOOK,
        becomes=OUTLOOK,
        reason_digest="0",
        sealed_reason=key("r"),
        ends_at=NOW,
    ),
)
ENDPOINT: Sequence[Told] = (
    (
        "endpoint-we_1",
        events.EndpointAdded(endpoint_id="we_1", merchant_id="mer_1", mode="live", sealed=key("e")),
    ),
    ("endpoint-we_1", events.EndpointChanged(sealed_url=key("u"))),
    ("endpoint-we_1", events.EndpointSecretRotated(sealed=key("t"), former_until=NOW)),
)


TABLE: dict[str, tuple[Sequence[Told], str, dict[str, int]]] = {
    "a payment": ([requested()], "p", {"payments": 1}),
    "a payment whose key is there": ([requested()], "", {}),
    "a payment of who was erased": ([requested(), AGREED, ERASED], "p", {}),
    "a payment of who is being erased": ([requested(), AGREED], "p", {}),
    "a payment of who came back": ([AGREED, ERASED, requested()], "p", {"payments": 1}),
    "a code": ([requested(sealed_code=key("c"))], "c", {}),
    "a page": ([page()], "s", {"checkout sessions": 1}),
    "a page on which who was erased paid": (
        [page(), requested(), TRIED, AGREED, ERASED],
        "ps",
        {},
    ),
    "a page on which somebody paid": (
        [page(), requested(), TRIED],
        "s",
        {"checkout sessions": 1},
    ),
    "a page that names who was erased": (
        [page(payer=PAYER, sealed_payer=key("o")), AGREED, ERASED],
        "o",
        {},
    ),
    "the same without its own key": (
        [page(payer=PAYER, sealed_payer=key("o")), AGREED, ERASED],
        "os",
        {"checkout sessions": 1},
    ),
    "a page that names somebody": (
        [page(payer=PAYER, sealed_payer=key("o"))],
        "o",
        {"checkout sessions": 1},
    ),
    "a call": ([requested(), call("pay_1")], "w", {"calls of providers": 1}),
    "a call that came late": ([requested(), AGREED, ERASED, call("pay_1")], "pw", {}),
    "nobody's call": ([call(None)], "w", {"calls of providers": 1}),
    "nobody's call where somebody was erased": ([call(None), AGREED, ERASED], "w", {}),
    "an exchange without persons": ([exchange("persons")], "x", {"exchanges with providers": 1}),
    "an exchange beside its payment": ([exchange("secrets")], "x", {}),
    "a note": ([requested(), NOTE], "r", {"operators' notes": 1}),
    "an endpoint, its address and its secret": (ENDPOINT, "etu", {"webhook endpoints": 3}),
    "a number": ([asked(NOW + timedelta(days=1))], "n", {"requests to forget somebody": 1}),
    "a number of a request that lapsed": ([asked(NOW)], "n", {}),
    "a number of who is being erased": ([asked(NOW + timedelta(days=1)), AGREED], "n", {}),
    "several": ([requested(), page()], "ps", {"payments": 1, "checkout sessions": 1}),
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlEventStore]:
    database = await Database.open(f"sqlite:///{tmp_path}/cauri.db", create=True)
    made = SqlEventStore(database, clock=lambda: NOW)
    await made.start()
    yield made
    await made.close()
    await database.close()


class Alone(SqlEventStore):
    """A store that only its own process can read: verified page by page."""

    def scan(self) -> None:  # type: ignore[override]
        return None


async def missing(store: SqlEventStore) -> MissingKeys:
    """What is missing; the same by spans and page by page."""
    found = []
    alone = Alone(store.database, clock=lambda: NOW)
    for one in (store, alone):
        keys = KeyCount(one, at=NOW)
        await verify_log(one, lacking=keys.see)
        found.append(keys.found())
    await alone.close()
    assert found[0] == found[1]
    return found[0]


async def tell(store: SqlEventStore, told: Sequence[Told], gone: str) -> None:
    """Record events with the keys that they need, but for those that are gone."""
    versions: dict[str, int] = {}
    for stream, event in told:
        version = versions.get(stream, 0)
        versions[stream] = version + 1
        ids = {
            str(text).partition(".")[0]
            for name, text in msgspec.structs.asdict(event).items()
            if name.startswith("sealed") and text
        }
        keys = [DataKey(one, f"of-{one[0]}", b"wrapped", "mk") for one in sorted(ids)]
        await store.append(
            stream,
            version,
            [event],
            context=CONTEXT,
            keys=[one for one in keys if one.key_id[0] not in gone],
        )


@pytest.mark.parametrize("named", TABLE)
async def test_a_key_that_is_gone_is_missing_unless_the_log_explains_it(
    store: SqlEventStore, named: str
) -> None:
    told, gone, expected = TABLE[named]
    await tell(store, told, gone)
    found = await missing(store)
    assert (found.counts, bool(found.position)) == (expected, bool(expected))


async def test_what_is_missing_is_said_in_one_sentence_and_the_count_ends(
    store: SqlEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(store, [*ENDPOINT, requested(), page()], "etups")
    assert (await missing(store)).told() == (
        "webhook endpoints whose data key is missing: 3, payments: 1, checkout sessions: 1, the "
        "first at position 1; no erasure is recorded: restore the keys from a backup"
    )
    monkeypatch.setattr("api.missing_keys.COUNTED_MAX", 2)
    found = await missing(store)
    assert (found.total, COUNTED_MAX) == (2, 1000)
    assert "2 or more" in found.told()


def test_whatever_is_sealed_brings_a_key_that_is_looked_for_or_lies_under_one_that_is() -> None:
    brought = {
        (kind, field)
        for kind, field in SEALED
        if keys_brought(kind, f'{{"{field}":"{key("k")}"}}'.encode()) and kind in BRINGS_KEYS
    }
    assert brought == SEALED.keys() - BESIDE - CODES
    assert NAMES.keys() == BRINGS_KEYS
