"""The floors: who may import whom, what is pure, and how the house looks from outside.

A module this table does not know fails the test, or the rule would rot.
"""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "adapters", "projections", "api", "scripts")
LINES_MAX = 400
TOP_LEVEL = {"pyproject.toml", "README.md", *ROOMS, "tests"}

# Module prefix -> (floor, unit). Imports go to a lower floor or stay inside the unit.
FLOORS: dict[str, tuple[float, str]] = {
    "ledger.errors": (0, "errors"),
    "ledger.money": (0.1, "money"),
    "ledger.evidence": (0.2, "evidence"),
    "ledger.events": (1, "events"),
    "ledger.commands": (1, "commands"),
    "ledger.entry": (2, "entry"),
    "ledger.merkle": (2, "merkle"),
    "ledger.checkpoint": (2, "checkpoint"),
    "ledger.store": (2.1, "store"),
    "ledger.payment": (2, "payment"),
    "ledger.merchant": (2, "merchant"),
    "ledger.webhook": (2, "webhook"),
    "ledger.journal": (2.1, "journal"),
    "ledger.memory": (3, "memory"),
    "ledger.sql": (3, "sql"),
    "ledger.migrations": (3, "sql"),
    "ledger.handling": (3, "handling"),
    "ledger.subscriptions": (3, "subscriptions"),
    "ledger.vault": (3, "vault"),
    "ledger.verify": (3, "verify"),
    "adapters": (4, "adapters"),
    "projections": (4, "projections"),
    "api": (5, "api"),
    "scripts": (6, "scripts"),
}
PURE_FLOOR_MAX = 2.9
PURE = {"pydantic", "pydantic_core", "orjson", "cryptography", "iso4217"}
IMPURE_STANDARD = {"os", "socket", "asyncio", "random", "secrets", "time", "subprocess", "sqlite3"}
OUTSIDE = {
    "sqlalchemy": ("ledger.sql", "ledger.migrations", "projections", "api.wiring", "scripts"),
    "aiosqlite": ("ledger.sql",),
    "asyncpg": ("ledger.sql",),
    "alembic": ("ledger.sql", "ledger.migrations"),
    "aiohttp.web": ("api", "adapters.sandbox", "scripts"),
    "aiohttp": ("api", "adapters.transport", "adapters.sandbox", "scripts"),
}
UNUSED_WORDS = {"utils", "helpers", "common", "core", "data", "info", "manager", "service", "bus"}


def _unit(module: str) -> tuple[float, str] | None:
    """The floor and unit of a module: the longest prefix in the table."""
    names = [
        name for name in FLOORS if module == name or module.startswith((f"{name}.", f"{name}_"))
    ]
    return FLOORS[max(names, key=len)] if names else None


def _imports(source: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [f"{module}.{name.name}" for name in node.names]
    return found


def faults_of(module: str, source: str) -> list[str]:
    """Everything in a module's imports that the floors forbid."""
    faults = []
    here = _unit(module)
    if here is None:
        return [f"{module}: not in the table of floors"]
    for imported in _imports(source):
        top = imported.split(".")[0]
        if top in {"tests"} or (top == "scripts" and not module.startswith("scripts")):
            faults.append(f"{module}: imports {top}")
        if top in ROOMS and imported not in ROOMS:
            there = _unit(imported) or _unit(imported.rpartition(".")[0])
            if there is None and imported.count(".") > 1:
                faults.append(f"{module}: imports unknown {imported}")
            elif there and there[1] != here[1] and there[0] >= here[0]:
                faults.append(f"{module}: imports {imported}, which is not below it")
        if top not in ROOMS and here[0] <= PURE_FLOOR_MAX:
            is_standard = top in __import__("sys").stdlib_module_names
            if (not is_standard and top not in PURE) or top in IMPURE_STANDARD:
                faults.append(f"{module}: is pure, and imports {top}")
        for outside, allowed in OUTSIDE.items():
            if imported == outside or imported.startswith(f"{outside}."):
                if not module.startswith(allowed):
                    faults.append(f"{module}: may not import {outside}")
                break
    return faults


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def _modules() -> dict[str, Path]:
    return {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): ROOT / name
        for name in _tracked()
        if name.endswith(".py") and name.startswith(tuple(f"{room}/" for room in ROOMS))
    }


def test_imports_go_down_only_and_pure_floors_are_pure() -> None:
    faults = [
        fault
        for module, path in _modules().items()
        if module not in ROOMS
        for fault in faults_of(module, path.read_text())
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ledger.payment", "import sqlalchemy"),
        ("ledger.payment", "from ledger.sql import Database"),
        ("ledger.memory", "from ledger.sql import Database"),
        ("ledger.payment", "import os"),
        ("ledger.events", "import structlog"),
        ("adapters.dispatch", "from projections.worklist import WorklistProjection"),
        ("adapters.dispatch", "import sqlalchemy.ext.asyncio"),
        ("adapters.providers.mtn", "import aiohttp"),
        ("projections.payments", "from adapters.base import Due"),
        ("projections.payments", "from api.wiring import Services"),
        ("api.payments", "import sqlalchemy"),
        ("ledger.mystery", "import json"),
        ("api.app", "from tests.conftest import FakeClock"),
    ],
)
def test_a_planted_fault_is_found(module: str, source: str) -> None:
    assert faults_of(module, source)


def test_every_module_says_what_it_is_and_stays_below_the_wall() -> None:
    faults = []
    for module, path in _modules().items():
        source = path.read_text()
        if not ast.get_docstring(ast.parse(source)):
            faults.append(f"{module}: has no docstring")
        if len(source.splitlines()) > LINES_MAX:
            faults.append(f"{module}: is longer than {LINES_MAX} lines")
        if set(module.split(".")) & UNUSED_WORDS:
            faults.append(f"{module}: has a name that says nothing")
    assert faults == []


def test_the_top_level_is_the_fixed_one() -> None:
    found = {name.split("/")[0] for name in _tracked() if not name.startswith(".")}
    assert found - TOP_LEVEL == set()


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    hosts = [
        "pypi" + ".org",
        "python" + "hosted.org",
        "registry." + "npmjs.org",
        "deb.debian" + ".org",
    ]
    paths = ["/" + "work/", "/" + "root/", "/" + "farm/"]
    faults = [
        f"{name}: {word}"
        for name in _tracked()
        if name.endswith((".py", ".md", ".toml", ".txt", ".in", ".json", "run")) or "." not in name
        for word in hosts + paths
        if word in (ROOT / name).read_text(errors="replace")
    ]
    assert faults == []


def test_tests_wait_for_positions_and_never_sleep() -> None:
    sleeping = [
        name
        for name in _tracked()
        if name.startswith("tests/") and name.endswith(".py")
        for node in ast.walk(ast.parse((ROOT / name).read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr == "sleep"
        and isinstance(node.value, ast.Name)
        and node.value.id in {"time", "asyncio"}
    ]
    assert sleeping == []
