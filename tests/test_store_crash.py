"""Crashes of a writing process, on both databases."""

from pathlib import Path

import pytest

from tests.contracts.crash import CrashContract


class TestSqliteCrash(CrashContract):
    @pytest.fixture
    def database_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/cauri.db"


class TestPostgresCrash(CrashContract):
    @pytest.fixture
    def database_url(self, postgres_database: str) -> str:
        return postgres_database
