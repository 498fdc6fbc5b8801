"""The floors: who may import whom, what is pure, and how the house looks from outside.

A module this table does not know fails the test, or the rule would rot.
"""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "adapters", "projections", "api", "scripts")
LINES_MAX = 400
PROVIDER_LINES_MAX = 350
"""A provider's file is read whole by whoever looks for what an answer means."""
STANDALONE = {"api.bundles.verify_bundle": 1042}
"""What is carried away as one file has all in it: its own lines, by its name."""
TOP_LEVEL = {"pyproject.toml", "README.md", *ROOMS, "tests"}

# Module prefix -> (floor, unit). Imports go to a lower floor or stay inside the unit.
FLOORS: dict[str, tuple[float, str]] = {
    "ledger.sentences": (0, "sentences"),
    "ledger.errors": (0.05, "errors"),
    "ledger.money": (0.1, "money"),
    "ledger.leftover": (0.1, "leftover"),
    "ledger.evidence": (0.2, "evidence"),
    "ledger.statement_line": (0.2, "statement_line"),
    "ledger.identity": (0.2, "identity"),
    "ledger.events": (1, "events"),
    "ledger.commands": (1, "commands"),
    "ledger.entry": (2, "entry"),
    "ledger.merkle": (2, "merkle"),
    "ledger.checkpoint": (2, "checkpoint"),
    "ledger.cosignature": (2.05, "cosignature"),
    "ledger.policy": (2.1, "policy"),
    "ledger.witness": (2.1, "witness"),
    "ledger.scan": (2, "scan"),
    "ledger.store": (2.1, "store"),
    "ledger.receipt": (2.2, "receipt"),
    "ledger.payment": (2, "payment"),
    "ledger.merchant": (2, "merchant"),
    "ledger.webhook": (2, "webhook"),
    "ledger.checkout": (2, "checkout"),
    "ledger.provider": (2, "provider"),
    "ledger.endpoint": (2, "endpoint"),
    "ledger.notices": (2, "notices"),
    "ledger.support": (2, "support"),
    "ledger.mail": (2, "mail"),
    "ledger.commitment": (2, "commitment"),
    "ledger.restoration": (2, "restoration"),
    "ledger.statement": (2, "statement"),
    "ledger.introduction": (2.1, "introduction"),
    "ledger.proving": (2.2, "proving"),
    "ledger.people": (2, "people"),
    "ledger.master_key": (2, "master_key"),
    "ledger.exchange": (2, "exchange"),
    "ledger.journal": (2.1, "journal"),
    "ledger.operator_notes": (2.2, "operator_notes"),
    "ledger.forgotten": (2.2, "forgotten"),
    "ledger.memory": (3, "memory"),
    "ledger.sql": (3, "sql"),
    "ledger.migrations": (3, "sql"),
    "ledger.handling": (3, "handling"),
    "ledger.subscriptions": (3, "subscriptions"),
    "ledger.vault": (3, "vault"),
    "ledger.volumes": (3, "volumes"),
    "ledger.particulars": (3.1, "particulars"),
    "ledger.verify": (3, "verify"),
    "ledger.rereading": (3, "rereading"),
    "ledger.checkpointing": (3.1, "checkpointing"),
    "adapters": (4, "adapters"),
    "projections": (4, "projections"),
    "api": (5, "api"),
    "scripts": (6, "scripts"),
}
PURE_FLOOR_MAX = 2.9
PURE = {"msgspec", "orjson", "cryptography", "iso4217"}
IMPURE_STANDARD = {"os", "socket", "asyncio", "random", "secrets", "time", "subprocess", "sqlite3"}
OUTSIDE = {
    "sqlalchemy": ("ledger.sql", "ledger.migrations", "projections", "api.wiring", "scripts"),
    "aiosqlite": ("ledger.sql",),
    "asyncpg": ("ledger.sql", "scripts"),
    "alembic": ("ledger.sql", "ledger.migrations"),
    "redis": ("adapters.sharing_redis",),
    "aiosmtplib": ("adapters.transport",),
    "aiohttp.web": ("api", "adapters.listening", "adapters.sandbox", "scripts"),
    "aiohttp": ("api", "adapters.listening", "adapters.transport", "adapters.sandbox", "scripts"),
}
# Whoever wants to contact the outside needs one of these words of aiohttp.
CLIENT_WORDS = {"ClientSession", "ClientTimeout", "TCPConnector", "UnixConnector", "request"}
CLIENTS = ("adapters.transport", "adapters.sandbox", "scripts")
# What only api.wiring may name in api: the classes that were chosen among several.
CHOSEN = (
    *("ledger.sql", "ledger.memory", "ledger.subscriptions", "adapters.providers"),
    *("adapters.transport", "adapters.dispatch", "adapters.polling", "adapters.translate"),
    "adapters.confirming",
    *("adapters.worker", "adapters.outages", "adapters.sharing", "adapters.keeping"),
)
UNUSED_WORDS = {"utils", "helpers", "common", "core", "data", "info", "manager", "service", "bus"}


def _unit(module: str) -> tuple[float, str] | None:
    """The floor and unit of a module: the longest prefix in the table."""
    names = [
        name for name in FLOORS if module == name or module.startswith((f"{name}.", f"{name}_"))
    ]
    return FLOORS[max(names, key=len)] if names else None


def _starts(module: str, prefixes: str | tuple[str, ...]) -> bool:
    """Whether a module is one of these, in one of them, or one of their parts (`sql_schema`)."""
    prefixes = (prefixes,) if isinstance(prefixes, str) else prefixes
    return any(module == each or module.startswith((f"{each}.", f"{each}_")) for each in prefixes)


def _imports(source: str) -> list[str]:
    """Every name that is imported, in full; a relative import starts with a dot."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found += [f"{module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found += [f"aiohttp.{node.attr}"] if node.value.id == "aiohttp" else []
    return found


def faults_of(module: str, source: str) -> list[str]:
    """Everything in a module's imports that the floors forbid."""
    here = _unit(module)
    if here is None:
        return [f"{module}: not in the table of floors"]
    faults = [
        fault
        for imported in _imports(source)
        for check in (_floor_fault, _purity_fault, _outside_fault, _room_fault)
        if (fault := check(module, here, imported))
    ]
    return [f"{module}: {fault}" for fault in faults]


def _floor_fault(module: str, here: tuple[float, str], imported: str) -> str:
    top = imported.partition(".")[0]
    if top in {"", "tests"} or (top == "scripts" and not _starts(module, "scripts")):
        return f"imports {imported}"
    if top not in ROOMS or imported in ROOMS:
        return ""
    there = _unit(imported) or _unit(imported.rpartition(".")[0])
    if there is None and imported.count(".") > 1:
        return f"imports unknown {imported}"
    if there and there[1] != here[1] and there[0] >= here[0]:
        return f"imports {imported}, which is not below it"
    return ""


def _purity_fault(module: str, here: tuple[float, str], imported: str) -> str:
    top = imported.partition(".")[0]
    if here[0] > PURE_FLOOR_MAX or top in ROOMS:
        return ""
    is_pure = top in PURE or (top in sys.stdlib_module_names and top not in IMPURE_STANDARD)
    return "" if is_pure else f"is pure, and imports {top}"


def _outside_fault(module: str, here: tuple[float, str], imported: str) -> str:
    top, _, word = imported.partition(".")
    if top == "aiohttp" and word.split(".")[-1] in CLIENT_WORDS and not _starts(module, CLIENTS):
        return f"contacts the outside by {imported}"
    for outside, allowed in OUTSIDE.items():
        if _starts(imported, outside):
            return "" if _starts(module, allowed) else f"may not import {outside}"
    return ""


def _room_fault(module: str, here: tuple[float, str], imported: str) -> str:
    provider, sandbox = "adapters.providers", "adapters.sandbox"
    of_two = {
        name.split(".")[2].removeprefix("_").split("_")[0]
        for name in (module, imported)
        if name.startswith(f"{provider}.")
    }
    if len(of_two) > 1:
        return f"imports {imported}: a provider knows no other provider"
    is_mixed = _starts(module, provider) and _starts(imported, sandbox)
    is_mixed |= _starts(module, sandbox) and _starts(imported, provider)
    if is_mixed and not module.endswith("_trial"):
        return f"imports {imported}: a provider and its sandbox would share their mistakes"
    word = imported.rpartition(".")[2]
    is_class = word[0].isupper() and not word.isupper()
    is_wiring = _starts(module, "api.wiring")
    if _starts(module, "api") and not is_wiring and is_class and _starts(imported, CHOSEN):
        return f"names {imported}, which api.wiring chooses"
    return ""


def _tracked() -> list[str]:
    """The files of the project; without git or its folder, all but what tools leave behind."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        paths = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        listed = [
            str(path)
            for path in paths
            if not any(part == "__pycache__" or part.endswith(".egg-info") for part in path.parts)
            and (path.parts[0] in {".ci", ".gitignore"} or not path.parts[0].startswith("."))
        ]
    return [name for name in listed if (ROOT / name).is_file()]


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
        ("api.payments", "from aiohttp import ClientSession"),
        ("api.payments", "import aiohttp\naiohttp.ClientSession()"),
        ("api.payments", "from ledger.sql import SqlEventStore"),
        ("api.payments", "from adapters.dispatch import Dispatcher"),
        ("api.payments", "from . import wiring"),
        ("adapters.sandbox.mtn", "from adapters.providers.mtn import MtnAdapter"),
        ("adapters.providers.mtn", "from adapters.providers.orange import OrangeAdapter"),
        ("ledger.mystery", "import json"),
        ("api.app", "from tests.conftest import FakeClock"),
    ],
)
def test_a_planted_fault_is_found(module: str, source: str) -> None:
    assert faults_of(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ledger.payment", "import hashlib\nfrom ledger.events import Event"),
        ("ledger.sql_reads", "import sqlalchemy\nfrom ledger.sql_schema import events"),
        ("ledger.migrations.env", "from ledger.sql_schema import metadata"),
        ("adapters.transport", "from aiohttp import ClientSession"),
        ("adapters.sandbox.mtn_trial", "from adapters.providers.mtn import MtnAdapter"),
        ("projections.payments", "from ledger.sql_database import Database"),
        ("api.wiring", "from ledger.sql import SqlEventStore\nimport sqlalchemy"),
        ("api.app", "from aiohttp import web\nfrom api.wiring import Services"),
    ],
)
def test_what_goes_down_is_allowed(module: str, source: str) -> None:
    assert faults_of(module, source) == []


def test_every_module_says_what_it_is_and_stays_below_the_wall() -> None:
    faults = []
    for module, path in _modules().items():
        source = path.read_text()
        if not ast.get_docstring(ast.parse(source)):
            faults.append(f"{module}: has no docstring")
        lines_max = PROVIDER_LINES_MAX if module.startswith("adapters.providers.") else LINES_MAX
        lines_max = STANDALONE.get(module, lines_max)
        if len(source.splitlines()) > lines_max:
            faults.append(f"{module}: is longer than {lines_max} lines")
        if set(module.replace("_", ".").split(".")) & UNUSED_WORDS:
            faults.append(f"{module}: has a name that says nothing")
    assert faults == []


def test_every_package_ships_with_its_files() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    inside = [name for name in _tracked() if name.split("/")[0] in ROOMS and "scripts/" not in name]
    packages = {
        name.rpartition("/")[0].replace("/", ".") for name in inside if name.endswith("__init__.py")
    }
    shipped = {
        str(path.relative_to(ROOT))
        for package, patterns in settings["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    files = {name for name in inside if not name.endswith(".py")}
    assert (packages, files - shipped) == (set(settings["packages"]), set())


def test_the_top_level_is_the_fixed_one() -> None:
    found = {name.split("/")[0] for name in _tracked() if not name.startswith(".")}
    assert found == TOP_LEVEL


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    hosts = [
        "pypi" + ".org",
        "python" + "hosted.org",
        "registry." + "npmjs.org",
        "deb.debian" + ".org",
    ]
    paths = [f"/{folder}/" for folder in ("work", "root", "farm", "home", "opt", "tmp/cauri")]
    faults = [
        f"{name}: {word}"
        for name in _tracked()
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
