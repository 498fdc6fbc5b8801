"""The log, its tree, its keys; append-only by the database itself."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SHA-256 of nothing: the root of the empty tree, RFC 6962 section 2.1.
EMPTY_ROOT: Final = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the four tables and the triggers."""
    op.create_table(
        "log",
        sa.Column("position", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("stream", _NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("type", _NAME, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_log"),
        sa.UniqueConstraint("stream", "version", name="uq_log_stream_version"),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("index", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name="pk_tiles"),
    )
    head = op.create_table(
        "head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_head"),
        sa.CheckConstraint("id = 1", name="ck_head_one_row"),
    )
    op.bulk_insert(head, [{"id": 1, "size": 0, "root": EMPTY_ROOT}])
    op.create_table(
        "data_keys",
        sa.Column("key_id", _NAME, nullable=False),
        sa.Column("subject", _NAME, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("master_key_id", _NAME, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_data_keys"),
    )
    op.create_index("ix_data_keys_subject", "data_keys", ["subject"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in ("log", "tiles"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb} refused'); END"
            )
    # INSERT OR REPLACE deletes the old row without asking a DELETE trigger.
    for table, key in (
        ("log", "position = NEW.position OR (stream = NEW.stream AND version = NEW.version)"),
        ("tiles", 'level = NEW.level AND "index" = NEW."index"'),
    ):
        stands = f"SELECT 1 FROM {table} WHERE {key}"  # noqa: S608 - the names stand above
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS ({stands}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: REPLACE refused'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP; END $$"
    )
    for table in ("log", "tiles"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Refuse: a log is never taken back to an older shape."""
    raise NotImplementedError("the log is never taken back to an older shape")
