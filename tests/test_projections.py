"""The law of projections on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest

from tests.contracts.projection import ProjectionContract
from tests.projecting import a_sqlite_url


class TestOnSqlite(ProjectionContract):
    @pytest.fixture
    def database_url(self, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
        return a_sqlite_url(tmp_path, tmp_path_factory.getbasetemp() / "template.db")


class TestOnPostgresql(ProjectionContract):
    @pytest.fixture
    def database_url(self, postgres_database: str) -> str:
        return postgres_database
