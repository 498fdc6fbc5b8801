"""The disk of a PostgreSQL server is full: who writes is told so, and all goes on once it is not.

A trigger says what the server says then, with the same SQLSTATE, of every row that would need room:
of the log, and of the projections, which stop and go on by themselves.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from ledger.vault_master import MasterKeys
from ledger.verify import verify_log
from tests.api_world import a_world, settings_in
from tests.conftest import FakeClock

FULL = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END $$"""
TABLES = ("log", "payments", "checkpoints")


@asynccontextmanager
async def a_full_disk(url: str) -> AsyncIterator[None]:
    """Let nothing be written for a while."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(FULL))
            for table in TABLES:
                refusing = f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} "
                await connection.execute(text(refusing + "EXECUTE FUNCTION no_room()"))
            yield
            await connection.execute(text("DROP FUNCTION no_room() CASCADE"))
    finally:
        await engine.dispose()


async def test_a_full_disk_of_the_database_server_is_told_with_its_remedy_and_passes(
    tmp_path: Path, clock: FakeClock, postgres_database: str
) -> None:
    key = SecretStr(MasterKeys.generate().text())
    settings = settings_in(tmp_path, database_url=postgres_database, master_key=key)
    async with a_world(settings, clock=clock) as world:
        first = await world.pay(key="before")
        await world.caught_up()
        before = await world.services.store.position()
        async with a_full_disk(postgres_database):
            refused = await world.pay()
            in_french = await world.pay(headers={"Accept-Language": "fr"})
            webhook = await world.ask("POST", "/webhooks/mtn/p/r", data=b"{}")
            seen = await world.get(f"/v1/payments/{first.json['id']}")
        taken, again = await world.pay(), await world.pay()
        await world.caught_up()
        listed = (await world.get("/v1/payments")).json["payments"]

        assert [(one.status, one.code) for one in (refused, in_french, webhook)] == [
            (507, "disk_full")
        ] * 3
        assert refused.headers["Retry-After"] == "60"
        assert refused.json["detail"] == (
            "The database server's disk is full. Free some space there, then repeat the command "
            "or the request; nothing was lost."
        )
        assert in_french.json["detail"].startswith("Le disque du serveur de base de données est")
        assert (seen.status, taken.status, again.body) == (200, 202, taken.body)
        assert {one["id"] for one in listed} == {first.json["id"], taken.json["id"]}
        assert await world.services.store.position() == before + 1
        assert (await verify_log(world.services.store)).size == before + 1
