"""What `cauri verify` says of a database that somebody changed by hand; the tool is sqlite3."""

import json
import sqlite3
from contextlib import closing

from tests.test_cli import Here, here

__all__ = ["here"]


def meddle(here: Here, *statements: str) -> None:
    """Change the database as nobody should."""
    with closing(sqlite3.connect(here.database, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_log_whose_head_is_gone_is_not_verified_and_says_so(here: Here) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    meddle(here, "DELETE FROM head")
    told, as_json = here.on("verify"), here.on("verify", "--json")
    others = [here.on("rebuild", "--check"), here.on("merchants", "add", "B", "--country", "CM")]
    assert (told.status, told.out) == (
        1,
        "NOT VERIFIED: position 1: the head, which states the size of the log, is missing\n",
    )
    assert json.loads(as_json.out)["is_verified"] is False
    for one in others:
        assert one.status != 0
        assert "the head, which states the size of the log, is missing" in one.err
        assert "Traceback" not in one.err
