"""What `cauri verify` says of a database that somebody changed by hand; the tool is sqlite3."""

import json
import sqlite3
from contextlib import closing

import pytest
from pydantic import SecretStr

from api.master_key import master_keys_for
from api.settings import Settings
from ledger.errors import MasterKeyError
from ledger.store import DataKey
from ledger.vault_master import KEY_BYTES, MasterKeys
from tests.test_cli import Here, here

__all__ = ["here"]


def meddle(here: Here, statements: str) -> None:
    """Change the database as nobody should."""
    with closing(sqlite3.connect(here.database, isolation_level=None)) as connection:
        connection.executescript(statements)


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


def test_a_broken_data_key_does_not_make_the_master_key_the_wrong_one() -> None:
    ours, other = MasterKeys.generate(), MasterKeys.generate()
    wrapped, name = ours.wrap(bytes(range(KEY_BYTES)))
    settings = Settings(master_key=SecretStr(ours.text()))
    broken = DataKey("0" * 16, "somebody", bytes(len(wrapped)), name)
    assert master_keys_for(settings, sample=broken).ids == ours.ids
    foreign = DataKey("0" * 16, "somebody", *other.wrap(bytes(range(KEY_BYTES))))
    with pytest.raises(MasterKeyError, match="another master key"):
        master_keys_for(settings, sample=foreign)


MEDDLED = [
    ("DROP TRIGGER log_refuses_update", "the trigger log_refuses_update is gone: log can be"),
    (
        "CREATE TRIGGER extra AFTER INSERT ON head BEGIN DELETE FROM tiles; END",
        "there is a trigger 'extra' on head that is none of ours",
    ),
    (
        """DROP TRIGGER log_refuses_delete;
        CREATE TRIGGER log_refuses_delete BEFORE DELETE ON log BEGIN SELECT 1; END""",
        "the trigger log_refuses_delete is not the one that was made",
    ),
    (
        "ALTER TABLE log RENAME TO other; CREATE VIEW log AS SELECT * FROM other",
        "log is no table any more",
    ),
]


@pytest.mark.parametrize(("statements", "warning"), MEDDLED)
def test_who_verifies_is_warned_that_the_guards_are_not_as_they_were_made(
    here: Here, statements: str, warning: str
) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    assert here.asked("verify")["warnings"] == []
    meddle(here, statements)
    told = here.on("verify")
    assert f"\nWARNING: {warning}" in told.out, told


def test_the_first_line_says_that_projections_are_not_what_the_log_gives(here: Here) -> None:
    here.asked("merchants", "add", "Boutique", "--country", "CM")
    here.asked("rebuild")
    honest = here.on("verify", "--projections", "--processes", "1")
    meddle(here, "DELETE FROM merchants")
    told = here.on("verify", "--projections", "--processes", "1")
    assert (honest.status, honest.out.startswith("verified: ")) == (0, True)
    assert told.status == 1
    assert told.out.startswith("NOT VERIFIED: not what the log gives, of the projections: keys\n")
