"""French over HTTP: every kind of problem is provoked by a caller who reads French.

Each request is sent twice, for the two languages, and not one text of the two answers may be the
same; nor may a word of English stand in the French one.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, ValidationError

from adapters import directory_rails
from adapters.directory_rails import Limit
from api import endpoints
from api.errors import ALL_PROBLEMS
from api.faults import explanation_of
from api.french import FRENCH
from api.routes import ROUTES
from ledger import commands, errors
from ledger.money import decimals_of
from ledger.sentences import Sentence
from ledger.sql import migrate
from ledger.statement import StatementRefusedError
from tests.api_world import CONTEXT, MTN_PHONE, Answer, World, a_payment, a_world, settings_in
from tests.conftest import FakeClock
from tests.held_store import HeldStore
from tests.test_api_modes import in_production
from tests.test_api_webhooks import REFERENCE, an_orange_payment

ENGLISH: Final = re.compile(
    r"\b(the|this|that|there|is|are|was|has|have|not|no|of|and|or|with|it|its|to|from|by|"
    r"send|try|check|see|make|add|ask|run|use|free|name|your|again|at|most|more|less)\b",
    re.IGNORECASE,
)
HEADERS: Final = {"Content-Type": "application/json"}
DEEP: Final = b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"
SHILLINGS: Final = {"amount": "15", "currency": "KES"}
BROKEN: Final = HEADERS | {"Content-Encoding": "gzip", "Connection": "close"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    settings = settings_in(
        tmp_path, body_bytes_max=4096, body_seconds_max=0.05, wait_seconds_max=0.05
    )
    async with a_world(settings, clock=clock, is_in_memory=True) as made:
        yield made


def texts_of(answer: Answer) -> list[str]:
    """What a problem says to people."""
    problem = answer.json
    placed = [place[part] for place in problem["errors"] for part in ("reason", "remedy")]
    return [problem["title"], problem["detail"], *placed]


def english_in(text: str) -> list[str]:
    """The English words outside of code."""
    return [match[0] for match in ENGLISH.finditer(re.sub(r'`[^`]*`|"[^"]*"|/\S+', "", text))]


async def in_both(ask: Callable[[dict[str, str]], Any]) -> tuple[Answer, Answer]:
    """Ask for the same in English and in French."""
    return await ask({}), await ask({"Accept-Language": "fr-CM, fr;q=0.9, en;q=0.5"})


def check(english: Answer, french: Answer, code: str) -> None:
    """Hold the two answers against each other."""
    pairs = list(zip(texts_of(english), texts_of(french), strict=True))
    assert (english.code, french.code) == (code, code)
    assert french.headers["Content-Language"] == "fr"
    assert [pair for pair in pairs if pair[0] == pair[1]] == []
    assert [text for _, text in pairs if english_in(text)] == []


async def three_endpoints(world: World) -> tuple[str, str, str]:
    """Add an endpoint, one that is disabled, and one that is deleted."""
    ids = []
    for verb in ("delete", "disable", None):
        content = {"url": "https://shop.example/hooks"}
        added = await world.ask("POST", "/v1/webhook-endpoints", who="mer_1", json=content)
        ids.append(str(added.json["id"]))
        if verb is not None:
            await world.ask("POST", f"/v1/webhook-endpoints/{ids[-1]}/{verb}", who="mer_1")
    return ids[2], ids[1], ids[0]


async def slowly() -> AsyncIterator[bytes]:
    """Begin a body that never ends."""
    yield b"{"
    await asyncio.Event().wait()


REQUESTS: Final[list[tuple[str, str, str, dict[str, Any]]]] = [
    ("malformed_json", "POST", "/v1/payments", {"data": b"{", "headers": HEADERS}),
    ("malformed_json", "POST", "/v1/payments", {"json": []}),
    ("invalid_request", "POST", "/v1/payments", {"data": b'{"a":1,"a":2}', "headers": HEADERS}),
    ("invalid_request", "POST", "/v1/payments", {"data": DEEP, "headers": HEADERS}),
    ("invalid_request", "GET", "/v1/payments?limit=1&limit=2", {}),
    ("invalid_request", "GET", "/v1/payments/{id}?as_of=0001-01-01T00:00:00%2B01:00", {}),
    ("invalid_request", "POST", "/v1/payments", {"json": a_payment(amount=1500)}),
    ("invalid_request", "POST", "/v1/payments", {"json": a_payment(operator="xyz-cm")}),
    ("invalid_request", "POST", "/v1/payments", {"json": a_payment(operator="mtn-gh")}),
    ("invalid_request", "POST", "/v1/payments", {"json": a_payment(receipt_email="x@y.example")}),
    ("invalid_request", "POST", "/v1/payments", {"json": a_payment(receipt_email="x at y")}),
    ("invalid_request", "GET", "/v1/payments?limit=0&status=lost&stauts=x", {}),
    ("invalid_request", "GET", "/v1/payments?min_position=4000", {}),
    ("invalid_request", "GET", "/v1/payments?idempotency_key=order-1&status=failed", {}),
    ("invalid_request", "GET", "/v1/payments?idempotency_key=order-1", {"who": "operator"}),
    ("invalid_request", "GET", "/v1/payments/{id}?as_of=4000", {}),
    ("invalid_request", "GET", "/v1/payments/{id}?as_of=soon", {}),
    ("invalid_request", "GET", "/v1/payments/{id}?as_of=1&known_at=1", {}),
    ("invalid_request", "GET", "/v1/payments?known_at=soon", {}),
    (
        "invalid_request",
        "GET",
        "/v1/payments?effective_to=2026-03-01&effective_at=2026-03-01",
        {},
    ),
    ("invalid_request", "GET", "/v1/payments/{id}?as_of=2090-01-31T12:00:00Z", {}),
    ("invalid_request", "GET", "/v1/payments/{id}?as_of=2020-01-31T12:00:00", {}),
    ("idempotency_key_missing", "POST", "/v1/payments", {"json": {}, "key": None}),
    ("idempotency_key_invalid", "POST", "/v1/payments", {"json": {}, "key": "é"}),
    ("operator_not_served", "POST", "/v1/payments", {"json": a_payment(provider="wave")}),
    ("operator_not_served", "POST", "/v1/payments", {"json": a_payment(currency="GHS")}),
    (
        "operator_not_served",
        "POST",
        "/v1/payments",
        {"json": a_payment(provider="orange", currency="GHS")},
    ),
    (
        "operator_not_served",
        "POST",
        "/v1/payments",
        {"json": a_payment(payer={"phone": "+254712345678"})},
    ),
    (
        "operator_not_served",
        "POST",
        "/v1/payments",
        {"json": a_payment(payer={"phone": "+46701740605"})},
    ),
    ("unknown_note", "POST", "/v1/payments/{id}/notes/note_1/approval", {"who": "operator"}),
    (
        "note_refused",
        "POST",
        "/v1/payments/{id}/notes",
        {"who": "operator", "json": {"word": "succeeded", "reason": "seen"}},
    ),
    (
        "invalid_request",
        "POST",
        "/v1/payments/{id}/notes",
        {"who": "operator", "json": {"word": "lost", "reason": "x\n", "replaces": "note"}},
    ),
    ("unknown_erasure", "POST", "/v1/people/erasures/era_1/approval", {"who": "operator"}),
    (
        "payments_open",
        "POST",
        "/v1/people/erasures",
        {"who": "operator", "json": {"phone": MTN_PHONE, "reason": "asked for"}},
    ),
    (
        "invalid_phone",
        "POST",
        "/v1/people/exports",
        {"who": "operator", "json": {"phone": "+237 1"}},
    ),
    (
        "invalid_request",
        "POST",
        "/v1/people/erasures",
        {"who": "operator", "json": {"phone": MTN_PHONE, "reason": "650 00 00 01"}},
    ),
    ("unauthenticated", "GET", "/v1/payments", {"who": None}),
    ("unauthenticated", "GET", "/v1/payments", {"who": "ck_merchant_1_2"}),
    ("unauthenticated", "GET", "/v1/payments", {"who": "ck_test_merchant_1"}),
    ("forbidden", "GET", "/v1/events", {}),
    ("log_restored", "GET", "/v1/payments", {"headers": {"Cauri-Log": "of-another-log"}}),
    (
        "webhook_refused",
        "POST",
        "/webhooks/orange/{orange}/" + REFERENCE,
        {"json": {"status": "SUCCESS", "notif_token": "0" * 32}},
    ),
    ("not_found", "GET", "/v2", {}),
    ("not_found", "POST", "/webhooks/mtn/" + "x/" * 20, {}),
    ("unknown_provider", "POST", "/webhooks/mpesa/x", {}),
    ("method_not_allowed", "DELETE", "/v1/payments", {}),
    ("body_too_large", "POST", "/v1/payments", {"json": a_payment(description="x" * 5000)}),
    ("body_too_slow", "POST", "/v1/payments", {"slowly": True, "headers": HEADERS}),
    ("unsupported_media_type", "POST", "/v1/payments", {"data": {"amount": "1"}}),
    ("bad_request", "POST", "/v1/payments", {"data": b"no gzip", "headers": BROKEN}),
    ("invalid_money", "POST", "/v1/payments", {"json": a_payment(amount="12.50")}),
    ("invalid_money", "POST", "/v1/payments", {"json": a_payment(amount="0")}),
    ("invalid_money", "POST", "/v1/payments", {"json": a_payment(amount="1e3")}),
    ("invalid_money", "POST", "/v1/payments", {"json": a_payment(amount="-5")}),
    ("invalid_money", "POST", "/v1/payments", {"json": a_payment(amount="9" * 18)}),
    ("invalid_money", "POST", "/v1/payments", {"json": a_payment(currency="XXX")}),
    ("invalid_money", "POST", "/v1/payments", {"json": a_payment(currency="xaf")}),
    (
        "invalid_phone",
        "POST",
        "/v1/payments",
        {"json": a_payment(payer={"phone": "650000001", "country": "ZZ"})},
    ),
    ("invalid_phone", "POST", "/v1/payments", {"json": a_payment(payer={"phone": "+999 1234567"})}),
    ("malformed_json", "POST", "/v1/payments", {"data": b'{"a": "\xe9"}', "headers": HEADERS}),
    ("invalid_phone", "POST", "/v1/payments", {"json": a_payment(payer={"phone": "call"})}),
    ("invalid_phone", "POST", "/v1/payments", {"json": a_payment(payer={"phone": "+2371"})}),
    ("invalid_phone", "GET", "/v1/operators?phone=" + "1" * 39 + "x", {}),
    ("invalid_phone", "GET", "/v1/operators?phone=650000001", {"who": "auditor"}),
    ("unknown_key", "POST", "/v1/keys/none/revoke", {"json": {}}),
    ("command_refused", "POST", "/v1/keys/{revoked}/rotate", {"json": {}}),
    ("invalid_request", "GET", "/v1/payments?mode=live", {}),
    ("invalid_request", "POST", "/v1/keys/none/rotate", {"json": {"overlap_hours": -1}}),
    ("not_in_log", "GET", "/checkpoint", {"who": "auditor"}),
    ("not_in_log", "GET", "/tile/0/999", {"who": "auditor"}),
    ("not_in_log", "GET", "/tile/entries/0", {"who": "auditor"}),
    ("invalid_request", "GET", "/v1/log/proofs/inclusion?position=9&size=8", {"who": "auditor"}),
    ("invalid_request", "GET", "/v1/log/proofs/inclusion?position=1&size=99", {"who": "auditor"}),
    ("unknown_payment", "GET", "/v1/payments/pay_none", {}),
    ("unknown_payment", "GET", "/v1/payments/{id}?as_of=1", {}),
    ("unknown_endpoint", "GET", "/v1/webhook-endpoints/we_none", {}),
    ("unknown_message", "GET", "/v1/webhook-endpoints/{endpoint}/messages/x", {}),
    ("invalid_request", "POST", "/v1/webhook-endpoints/{endpoint}", {"json": {"url": "http://x"}}),
    ("command_refused", "POST", "/v1/webhook-endpoints/{gone}/enable", {}),
    ("command_refused", "POST", "/v1/webhook-endpoints/{gone}/replay", {"json": {}}),
    ("invalid_request", "POST", "/v1/webhook-endpoints", {"json": {"url": "http://10.0.0.1/"}}),
    (
        "invalid_request",
        "POST",
        "/v1/webhook-endpoints",
        {"json": {"url": "https://shop.example/", "types": ["lost"]}},
    ),
    (
        "invalid_request",
        "POST",
        "/v1/webhook-endpoints/{endpoint}/replay",
        {"json": {"message_id": "none"}},
    ),
    ("command_refused", "POST", "/v1/webhook-endpoints/{off}/replay", {"json": {}}),
    ("unknown_merchant", "GET", "/v1/payments?merchant_id=mer_2", {}),
    ("unknown_checkout_session", "GET", "/v1/checkout-sessions/cs_none", {}),
    ("unknown_statement", "POST", "/v1/statements/stm_none/approval", {"who": "accountant"}),
    ("unknown_statement", "GET", "/v1/statements/stm_none", {"who": "accountant"}),
    (
        "invalid_request",
        "POST",
        "/v1/statements",
        {"who": "accountant", "json": {"provider": "mtn", "lines": [{"reference": "x y"}]}},
    ),
    ("operator_not_served", "POST", "/v1/checkout-sessions", {"json": SHILLINGS}),
    (
        "operator_not_served",
        "POST",
        "/v1/checkout-sessions",
        {"json": {"amount": "1500", "currency": "XOF", "country": "CM"}},
    ),
    (
        "operator_not_served",
        "POST",
        "/v1/checkout-sessions",
        {"json": {"amount": "1500", "currency": "XAF", "country": "FR"}},
    ),
    (
        "operator_not_served",
        "POST",
        "/v1/payments",
        {"json": a_payment(operator="orange-cm", provider="mtn")},
    ),
    ("not_refundable", "POST", "/v1/payments/{id}/refunds", {"json": {}}),
    ("not_cancellable", "POST", "/v1/payments/{orange}/cancellation", {}),
    (
        "code_not_awaited",
        "POST",
        "/v1/payments/{id}/confirmation",
        {"json": {"one_time_code": "123456"}},
    ),
    ("idempotency_key_reused", "POST", "/v1/payments", {"json": a_payment(), "key": "order-0"}),
]

LANGUAGES: Final[list[dict[str, str]]] = [{}, {"Accept-Language": "fr"}]
NOTHING: Final = Sentence("the store is not open: nothing was written")
FAILURES: Final[list[tuple[str, Exception]]] = [
    ("internal", RuntimeError("a mistake")),
    ("command_refused", errors.CommandRefusedError("x", NOTHING, status="pending")),
    (
        "statement_refused",
        StatementRefusedError(
            Sentence("some of its lines are missing."),
            Sentence("Hand it in once more; what is missing is added."),
        ),
    ),
    ("busy", errors.StoreBusyError(4)),
    ("busy", errors.WrongVersionError("x", 1, 2)),
    ("stream_too_long", errors.StreamTooLongError("x", 4)),
    ("store_closed", errors.StoreClosedError(NOTHING)),
    ("schema_version", errors.SchemaVersionError("0", "1", Sentence("Run `cauri migrate`."))),
    ("entry_too_large", errors.EntryTooLargeError("x", 5, 4)),
    (
        "disk_full",
        errors.StoreUnavailableError(
            Sentence("The disk is full."),
            Sentence("Free some space, then repeat the command or the request; nothing was lost."),
        ),
    ),
    (
        "store_unavailable",
        errors.StoreUnavailableError(
            Sentence("The connection to the database was lost."),
            Sentence("Check that the server runs and try again."),
        ),
    ),
]


async def a_revoked_key(world: World) -> str:
    """The id of a key of the first merchant that is worth nothing."""
    key_id = await world.add_key("revoked", "merchant", "mer_1")
    command = commands.RevokeKey(key_id=key_id, reason="lost")
    await world.services.handler.handle(command, context=CONTEXT)
    return key_id


@pytest.mark.parametrize(("code", "method", "path", "options"), REQUESTS)
async def test_a_refusal_is_told_in_french_to_whoever_reads_french(
    world: World, code: str, method: str, path: str, options: dict[str, Any]
) -> None:
    first = await world.pay(a_payment(amount="700"), key="order-0")
    orange = await an_orange_payment(world) if "{orange}" in path else ""
    revoked = await a_revoked_key(world) if "{revoked}" in path else ""
    endpoint, off, gone = ("", "", "")
    if "endpoints/{" in path:
        endpoint, off, gone = await three_endpoints(world)
    address = path.format(
        id=first.json["id"], orange=orange, revoked=revoked, endpoint=endpoint, off=off, gone=gone
    )

    async def ask(language: dict[str, str]) -> Answer:
        given = {"who": "mer_1", "key": "order-2", **options}
        headers = given.pop("headers", {}) | language
        if (key := given.pop("key")) is not None:
            headers["Idempotency-Key"] = key
        if given.pop("slowly", False):
            given["data"] = slowly()
        return await world.ask(method, address, headers=headers, **given)

    check(*await in_both(ask), code)


@pytest.mark.parametrize(("code", "error"), FAILURES)
async def test_a_failure_is_told_in_french_to_whoever_reads_french(
    world: World, monkeypatch: pytest.MonkeyPatch, code: str, error: Exception
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(world.services.store, "append", fail)

    check(*await in_both(lambda language: world.pay(headers=language)), code)


async def test_a_list_that_is_behind_says_so_in_french(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stand(*_: object) -> int:
        return 1

    monkeypatch.setattr(world.services.projections, "position", stand)

    async def ask(language: dict[str, str]) -> Answer:
        return await world.get("/v1/payments?min_position=2", headers=language)

    check(*await in_both(ask), "projection_behind")


async def test_what_takes_too_long_and_what_is_under_way_are_told_in_french(
    tmp_path: Path, clock: FakeClock
) -> None:
    store = HeldStore(clock=clock)
    settings = settings_in(tmp_path, handler_seconds_max=2)
    decimals_of("XAF")  # the first time it takes long
    async with a_world(settings, clock=clock, store=store) as world:

        async def ask(language: dict[str, str]) -> Answer:
            return await world.pay(headers=language)

        store.hold()
        slow = [
            asyncio.create_task(world.pay(key=f"slow-{n}", headers=LANGUAGES[n])) for n in (0, 1)
        ]
        hidden = asyncio.create_task(world.pay())
        await store.has_waiting(3)

        check(*await in_both(ask), "idempotency_key_in_flight")
        check(await slow[0], await slow[1], "server_too_slow")
        assert (await hidden).status == 503


async def test_what_two_currencies_are_called_is_refused_in_french(world: World) -> None:
    async def ask(language: dict[str, str]) -> Answer:
        return await world.pay(a_payment(currency="FCFA"), headers=language)

    check(*await in_both(ask), "invalid_money")


@pytest.mark.parametrize("changes", [{"key_requests_per_second_max": 1}, {}])
async def test_who_asks_too_often_is_told_in_french(
    tmp_path: Path, clock: FakeClock, changes: dict[str, Any]
) -> None:
    settings = settings_in(tmp_path, payer_payments_per_minute_max=1, **changes)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        await world.pay(key="order-0")

        async def ask(language: dict[str, str]) -> Answer:
            return await world.pay(headers=language)

        check(*await in_both(ask), "too_many_requests")


@pytest.mark.parametrize("provider", ["mtn", "orange"])
async def test_a_provider_of_the_other_mode_is_refused_in_french(
    tmp_path: Path, clock: FakeClock, provider: str
) -> None:
    settings = in_production(tmp_path)
    await migrate(settings.database_url)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        await world.add_key("mtn", "merchant", "mer_1", mode="test")
        await world.add_key("orange", "merchant", "mer_1", mode="live")

        async def ask(language: dict[str, str]) -> Answer:
            return await world.pay(a_payment(provider=provider), who=provider, headers=language)

        check(*await in_both(ask), "operator_not_served")


@pytest.mark.parametrize("provider", [None, "mtn"])
@pytest.mark.parametrize("amount", ["90", "2005", "107"])
async def test_an_amount_outside_of_a_limit_is_refused_in_french(
    world: World, monkeypatch: pytest.MonkeyPatch, amount: str, provider: str | None
) -> None:
    limit = Limit("XAF", 100, 2000, 5, provider, is_binding=True, source="a test")
    monkeypatch.setitem(directory_rails.LIMITS, ("mtn-cm", "collection"), (limit,))

    async def ask(language: dict[str, str]) -> Answer:
        return await world.pay(a_payment(amount=amount), headers=language)

    english, french = await in_both(ask)

    check(english, french, "amount_outside_limits")
    assert [place["pointer"] for place in english.json["errors"]] == ["/amount"]


@pytest.mark.parametrize("most", ["endpoints_per_merchant_max", "ENDPOINTS_EVER_MAX"])
async def test_one_endpoint_too_many_is_refused_in_french(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    settings = settings_in(tmp_path)
    if most.isupper():
        monkeypatch.setattr(endpoints, most, 2)
    else:
        settings = settings.with_changes(**{most: 1})
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        if most.isupper():
            await three_endpoints(world)
        content = {"url": "https://shop.example/hooks"}

        async def ask(language: dict[str, str]) -> Answer:
            return await world.ask(
                "POST", "/v1/webhook-endpoints", who="mer_1", json=content, headers=language
            )

        if not most.isupper():
            await ask({})
        check(*await in_both(ask), "too_many_endpoints")


async def test_one_stream_too_many_is_refused_in_french(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.feed, "count_of", lambda *_: 99)

    async def ask(language: dict[str, str]) -> Answer:
        return await world.get("/v1/events/stream", headers=language)

    check(*await in_both(ask), "too_many_streams")


def test_every_kind_of_problem_was_provoked() -> None:
    provoked = {code for code, *_ in REQUESTS} | {code for code, _ in FAILURES}
    # What a head asks for is not known before the head is there.
    elsewhere = {
        "projection_behind",
        "amount_outside_limits",
        "too_many_requests",
        "too_many_endpoints",
        "too_many_streams",
        "checkpoint_pending",
        "idempotency_key_in_flight",
        "server_too_slow",
    }
    assert ALL_PROBLEMS.keys() - provoked == elsewhere | {"head_too_slow"}


async def test_a_french_answer_reads_as_french(world: World) -> None:
    answer = await world.pay(a_payment(amount="12.50"), headers={"Accept-Language": "fr"})

    assert answer.json | {"instance": ""} == {
        "type": "urn:cauri:problem:invalid_money",
        "title": "Le montant ou la devise est inutilisable",
        "status": 422,
        "detail": "/amount\xa0: le montant a trop de décimales (2)\xa0: XAF en admet 0. "
        'Limitez le nombre de décimales à 0, par exemple "1250".',
        "instance": "",
        "code": "invalid_money",
        "category": "validation",
        "errors": [
            {
                "pointer": "/amount",
                "reason": "le montant a trop de décimales (2)\xa0: XAF en admet 0.",
                "remedy": 'Limitez le nombre de décimales à 0, par exemple "1250".',
            }
        ],
    }


async def test_an_unknown_id_is_not_repeated(world: World) -> None:
    answers = [
        await world.get(f"/v1/payments/{MTN_PHONE}"),
        await world.get("/v1/payments", params={"merchant_id": MTN_PHONE}),
    ]

    assert [answer.status for answer in answers] == [404, 404]
    assert [answer for answer in answers if b"650000001" in answer.body] == []


SENT: Final[tuple[Any, ...]] = (
    *(None, True, 1.5, -1, 10**30, [], {}, {"a": 1}, {"": "x"}, {"k" * 41: "x"}, {"k": "x" * 201}),
    {str(number): "x" for number in range(21)},
    *("", "x" * 600, "é!", "maybe", "-1", "1.5", "9" * 5000, "9" * 25, "2030-13-01"),
    *("2030-01-01T00:00:00", "2030-01-01", "99999999"),
)
"""What no field or not every field takes."""


def faults_of(model: type[BaseModel], *, is_query: bool) -> Iterator[Any]:
    """Every fault the model finds when each field is given each of these."""
    fields = {
        name: field.annotation for name, field in model.model_fields.items() if field.annotation
    }
    for name, annotation in [*fields.items(), ("unknown", str)]:
        inner = annotation if isinstance(annotation, type) else str
        if issubclass(inner, BaseModel):
            yield from faults_of(inner, is_query=is_query)
        for value in SENT:
            if is_query and not isinstance(value, str):
                continue
            try:
                model.model_validate({name: value})
            except ValidationError as error:
                yield from error.errors()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_fault_a_model_can_find_has_words_of_its_own(route: Any) -> None:
    found = [*faults_of(route.query, is_query=True)]
    if route.body is not None:
        found += faults_of(route.body, is_query=False)
    nameless = explanation_of("a type of tomorrow", [], {})
    explained = {
        fault["type"]: explanation_of(
            fault["type"], [str(part) for part in fault["loc"]], fault.get("ctx", {})
        )
        for fault in found
    }

    assert [kind for kind, words in explained.items() if words == nameless] == []
    french = [one.written(FRENCH) for words in explained.values() for one in words]
    assert [text for text in french if english_in(text)] == []
