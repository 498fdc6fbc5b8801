"""What nobody may find: numbers, keys, tokens, in any byte the product leaves behind.

Payments go through both providers in bad weather, and somebody sends numbers where none belong.
Then every byte of the database (files of SQLite, every table of PostgreSQL in both of its formats)
and every log line is searched for every number and secret that was used, in the forms in which it
might lie there.
"""

import base64
import io
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn_rules import MtnSandboxSettings
from adapters.sandbox.mtn_trial import USER
from api.exchanges import grouped, read_sealed
from ledger.events import ExchangeRecorded
from ledger.store import replay
from ledger.vault_master import MasterKeys
from tests.api_world import captured_logs
from tests.stage import Stage, a_stage

STRANGER = "650000999"


def forms(secret: str) -> list[bytes]:
    """As it is, and as it would look in a header or in a dump."""
    plain = secret.encode()
    return [plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")]


def found(hidden: Mapping[str, str], places: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Which of the hidden things lie in which place."""
    return [
        (name, place)
        for place, content in places.items()
        for name, secret in hidden.items()
        if any(form in content for form in forms(secret))
    ]


async def pay_in_bad_weather(stage: Stage) -> None:
    """Let both providers take payments, refuse some, and get some things wrong."""
    weather = {
        "html_with_200": 0.3,
        "server_error_after": 0.2,
        "connection_reset_after": 0.2,
        "seed": 4,
    }
    for name in ("mtn", "orange"):
        await stage.providers.weather(name, Faults.model_validate(weather))
    payments = [
        await stage.request(number, ending=ending) for number, ending in enumerate(("01", "51"))
    ]
    for number in (10, 11):
        payments.append(await stage.request(number, provider="orange"))
        await stage.visit(payments[-1])
    await stage.until_final(payments)
    reference = (await stage.state(payments[0])).attempts[0].reference
    body = {"payer": {"partyId": f"237{STRANGER}"}, "status": f"PAID by {STRANGER}"}
    for path in (f"mtn/{payments[0]}/{reference}", f"mtn/{STRANGER}/x", f"orange/x/{STRANGER}"):
        await stage.call_back(path, {**body, "notif_token": "0" * 32})
    await stage.pay({"amount": "1", "currency": "XAF", "payer": {"phone": f"{STRANGER}0"}})
    await stage.pay({"amount": 1, "currency": "XAF", "payer": {"phone": STRANGER}}, key=STRANGER)
    await stage.get(f"/v1/operators?phone={STRANGER}", who=stage.keys["mer_1"][:-1] + "x")

    async def every_call_is_read() -> bool:
        types = [one.type for one in await stage.services.store.read(0)]
        read = types.count("webhook.understood") + types.count("webhook.orphaned")
        return read == types.count("webhook.received")

    await stage.until(every_call_is_read)
    position = await stage.services.store.position()
    assert await stage.services.projections.wait_for(position, 20)


def hidden_in(stage: Stage, master: MasterKeys) -> dict[str, str]:
    """Everything that must not be found, by what it is."""
    hidden = {"a stranger's number": STRANGER}
    for one in stage.providers.mtn.books.payments.values():
        payer = str(one.person_id)
        hidden[f"the number of {one.reference}"] = payer
        hidden[f"the national number of {one.reference}"] = payer.removeprefix("237")
    for order in stage.providers.orange.books.orders.values():
        hidden[f"the pay_token of {order.order_id}"] = order.pay_token
        hidden[f"the notif_token of {order.order_id}"] = order.notif_token
    for number in (10, 11):
        hidden[f"the number of order {number}"] = f"69000{number}01"
    hidden |= {f"the API key of {who}": text.split("_", 3)[3] for who, text in stage.keys.items()}
    orange = stage.providers.orange.settings
    hidden |= {
        "MTN's subscription key": MtnSandboxSettings().subscription_keys[0],
        "MTN's key of disbursements": MtnSandboxSettings().disbursement_keys[0],
        "MTN's API key": USER.api_key,
        "Orange's client_secret": orange.client_secret,
        "Orange's merchant_key": orange.merchant_key,
        "MTN's access token": str(
            vars(stage.services.adapters["mtn"])["doors"]["collection"].tokens._value
        ),
        "Orange's access token": str(vars(stage.services.adapters["orange"])["_tokens"]._value),
    }
    lines = [line.split()[-1] for line in master.text().splitlines() if line]
    hidden |= {f"line {n} of the master key": line for n, line in enumerate(lines)}
    assert {name for name, secret in hidden.items() if len(secret) < 8} == set()
    return hidden


def files_of(folder: Path) -> dict[str, bytes]:
    """Every byte of the database, its write-ahead log and its shared memory."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("cauri.db*"))}


async def tables_of(url: str) -> dict[str, bytes]:
    """Every table of a PostgreSQL database, as text and as the bytes that it holds."""
    plain = make_url(url).set(drivername="postgresql")
    connection = await asyncpg.connect(plain.render_as_string(hide_password=False))
    try:
        names = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        tables = {}
        for (name,) in names:
            for form in ("text", "binary"):
                dumped = io.BytesIO()
                await connection.copy_from_table(name, output=dumped, format=form)
                tables[f"{name} as {form}"] = dumped.getvalue()
        return tables
    finally:
        await connection.close()


async def opened_exchanges(stage: Stage) -> bytes:
    """The bytes of every exchange that was kept, opened."""
    await stage.services.keeper.idle()
    recorded = [one async for one in replay(stage.services.store)]
    told = [one for one in recorded if isinstance(one.event, ExchangeRecorded)]
    halves: list[bytes] = []
    for name in {one.stream for one in told}:
        for kept in grouped(one for one in told if one.stream == name):
            parts = [one.event for one in kept.parts if isinstance(one.event, ExchangeRecorded)]
            written = await read_sealed(stage.services.vault, parts)
            halves += [one.wire for one in (written.request, written.answer) if one is not None]
    return b"\n".join(halves)


async def test_no_number_and_no_secret_stays_in_sqlites_files_or_in_the_logs(
    tmp_path: Path,
) -> None:
    master = MasterKeys.generate()
    with captured_logs() as logs:
        async with a_stage(tmp_path, master_key=master.text()) as stage:
            await pay_in_bad_weather(stage)
            hidden = hidden_in(stage, master)
            places = {f"{name}, while running": held for name, held in files_of(tmp_path).items()}
            exchanges = await opened_exchanges(stage)
        places |= files_of(tmp_path) | {"log lines": logs.getvalue()}
    assert len(places["cauri.db-wal, while running"]) > 100_000
    assert b"http.request" in places["log lines"]
    assert found(hidden, places) == []
    # Whoever may open the exchanges sees the numbers, and still no secret.
    secrets = {name: text for name, text in hidden.items() if "number" not in name}
    assert len(secrets) >= 10
    assert exchanges.count(b"HTTP/1.1") > 20
    assert b"23765" in exchanges
    assert found(secrets, {"opened exchanges": exchanges}) == []


async def test_no_number_and_no_secret_stays_in_postgresqls_tables(
    tmp_path: Path, postgres_database: str
) -> None:
    master = MasterKeys.generate()
    async with a_stage(tmp_path, database_url=postgres_database, master_key=master.text()) as stage:
        await pay_in_bad_weather(stage)
        hidden = hidden_in(stage, master)
    places = await tables_of(postgres_database)
    assert {"log as binary", "data_keys as binary", "payments as text"} <= set(places)
    assert b"payment.requested" in places["log as binary"]
    assert found(hidden, places) == []


@pytest.mark.parametrize("form", ["plain", "hex", "base64"])
def test_what_is_searched_for_would_be_found(form: str) -> None:
    content = dict(zip(("plain", "hex", "base64"), forms("237650000001"), strict=True))[form]
    assert found({"a number": "237650000001"}, {"a place": b"..." + content + b"..."}) == [
        ("a number", "a place")
    ]
