"""The law of projections on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.contracts.projection import ProjectionContract
from tests.projecting import a_postgresql_url, a_sqlite_url


class TestOnSqlite(ProjectionContract):
    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, tmp_path_factory: pytest.TempPathFactory) -> str:
        return a_sqlite_url(tmp_path_factory.mktemp("database"))


class TestOnPostgresql(ProjectionContract):
    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, postgres_url: str) -> Iterator[str]:
        yield from a_postgresql_url(postgres_url)
