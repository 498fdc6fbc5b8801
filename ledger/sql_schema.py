"""The tables of the log, as SQLAlchemy sees them.

`log` holds the entries, `tiles` the complete tiles of their tree, `head` (one row) the size and
root after the last commit, `data_keys` the only rows that may ever be destroyed. They are created
and upgraded by the steps in `ledger/migrations`, which also plant the triggers that refuse to
change or delete what is in `log` and `tiles`; a test compares both.

What is not here: the tables of projections, which belong to the projections and may be thrown away.

Why `head` is a row and not a query: it is what an appender compares under the lock, to notice that
another process has appended, and what a verifier compares with the root it computed itself.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION: Final = "0001"
"""The last step in `ledger/migrations/versions`: what this code was written for."""

VERSION_TABLE: Final = "alembic_version"

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite takes only the exact word INTEGER for a key that is the row's own number.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
# Stream names are compared byte by byte: the same order everywhere, and a cheaper index.
_NAME: Final = Text().with_variant(Text(collation="C"), "postgresql")

log: Final = Table(
    "log",
    metadata,
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("stream", _NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", _NAME, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version"),
)

tiles: Final = Table(
    "tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", _NUMBER, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

head: Final = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", _NUMBER, nullable=False),
    Column("root", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

data_keys: Final = Table(
    "data_keys",
    metadata,
    Column("key_id", _NAME, primary_key=True),
    Column("subject", _NAME, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master_key_id", _NAME, nullable=False),
    Index(None, "subject"),
)
