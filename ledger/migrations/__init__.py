"""The steps that create and upgrade the log's tables; run by `ledger.sql.migrate`."""
