"""Alembic's way in: runs the steps over the connection that `ledger.sql_database` hands it.

There is no `alembic.ini` and no engine of its own here: the connection arrives in the
configuration's attributes, inside a transaction that already holds the writers' lock, so two
servers that start together on an empty database do not create it twice.
"""

from alembic import context

from ledger.sql_schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
context.run_migrations()
