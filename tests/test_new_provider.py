"""`scripts/new_provider`: a skeleton that is clean, promises nothing, and says what it lacks.

It is generated into a copy of the checkout, and its own tests are run there, by programs of their
own; what counts is that each of them fails, and why.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from adapters.providers import provider_names
from scripts.skeletons import FILES, NAME_CHARACTERS_MAX, RefusedError, write_skeleton

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("adapters", "api", "ledger", "projections", "scripts", "tests", "pyproject.toml")
LEFT = shutil.ignore_patterns("__pycache__", "*.egg-info")
NAMES = ("ay", "acme_ci", "z" * NAME_CHARACTERS_MAX)
"""A short one, one of two words, and the longest: imports stand in another order for each."""

LACKS = {
    "test_the_facts_make_it_a_provider": "ADAPTER.countries is missing or empty",
    "test_its_own_codes_lead_to_refusals": "no code is mapped to a refusal yet",
    "test_its_answers_were_recorded": "tests/fixtures/acme_ci holds no recorded answer yet",
    "test_the_sandbox_serves_its_calls": "the sandbox serves no call yet",
}
"""The tests beside the contract -> what each of them says."""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment in a folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with skeletons in it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=LEFT)
        else:
            shutil.copy2(source, folder / name)
    for name in NAMES:
        done = run(folder, "scripts/new_provider", name)
        assert (done.returncode, done.stderr) == (0, "")
        written = [path.format(name=name) for path in FILES]
        assert done.stdout.splitlines()[:-1] == written
        assert all((folder / path).is_file() for path in written)
    return folder


def python_of(name: str) -> list[str]:
    """The modules of a skeleton."""
    return [path.format(name=name) for path in FILES if path.endswith(".py")]


@pytest.mark.parametrize("name", NAMES)
def test_a_skeleton_is_what_the_linter_and_the_formatter_would_make_of_it(
    copy: Path, name: str
) -> None:
    for verb in (["check", "--no-cache"], ["format", "--no-cache", "--check"]):
        done = run(copy, "-m", "ruff", *verb, *python_of(name))
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_skeleton_is_typed(copy: Path) -> None:
    modules = [path for name in NAMES for path in python_of(name)]
    done = run(copy, "-m", "mypy", "--follow-imports=silent", "--no-incremental", *modules)
    assert done.returncode == 0, done.stdout


def test_every_test_of_a_skeleton_fails_and_says_what_is_missing(copy: Path) -> None:
    done = run(
        copy,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=report.xml"),
        "tests/test_provider_acme_ci.py",
    )

    assert done.returncode == 1, done.stdout + done.stderr
    cases = ET.parse(copy / "report.xml").getroot().findall(".//testcase")
    told = {case.attrib["name"]: case.find("failure") for case in cases}
    ended = Counter(child.tag for case in cases for child in case if child.tag != "properties")
    assert (len(cases) > len(LACKS) + 20, ended) == (True, Counter(failure=len(cases)))
    for name, failure in told.items():
        assert failure is not None, f"{name} passed"
        wanted = LACKS.get(name, "is not written yet")
        assert wanted in failure.attrib["message"], name
        assert name in LACKS or "NotImplementedError: acme_ci: " in failure.attrib["message"]
    assert LACKS.keys() <= told.keys()


def test_a_skeleton_is_refused_by_name_and_the_other_providers_are_not(copy: Path) -> None:
    told = run(copy, "-m", "api", "providers", "--json")
    served = subprocess.run(
        [sys.executable, "-m", "api", "serve", "--port", "0"],
        cwd=copy,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("CAURI_")},
            "PYTHONPATH": str(copy),
            "CAURI_PROVIDERS": "acme_ci",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (told.returncode, told.stdout.count('"display_name"')) == (1, len(provider_names()))
    for name in NAMES:
        assert f"error: provider {name}: ADAPTER.countries is missing or empty" in told.stderr
    assert served.returncode == 2
    assert "CAURI_PROVIDERS: provider acme_ci: ADAPTER.countries is missing" in served.stderr
    assert "Traceback" not in served.stderr


def test_what_exists_is_not_overwritten(copy: Path) -> None:
    before = (copy / "adapters/providers/acme_ci.py").read_bytes()

    again = run(copy, "scripts/new_provider", "acme_ci")

    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == (
        "new_provider: 'acme_ci' is taken: adapters/providers/acme_ci.py exists. "
        "Take another name, or go on with that file.\n"
    )
    assert (copy / "adapters/providers/acme_ci.py").read_bytes() == before


def test_a_file_that_is_in_the_way_stops_all_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "fixtures" / "acme"
    folder.mkdir(parents=True)

    with pytest.raises(RefusedError, match="tests/fixtures/acme exists"):
        write_skeleton(tmp_path, "acme")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((one, "is taken") for one in provider_names()),
        ("rail", "adapters/sandbox/rail.py exists"),
        ("Acme", "is no name of a provider"),
        ("acme-ci", "is no name of a provider"),
        ("_acme", "is no name of a provider"),
        ("acme_", "is no name of a provider"),
        ("acme__ci", "is no name of a provider"),
        ("2acme", "is no name of a provider"),
        ("../acme", "is no name of a provider"),
        ("acmé", "is no name of a provider"),
        ("acme\n", "is no name of a provider"),
        ("", "is no name of a provider"),
        ("a" * (NAME_CHARACTERS_MAX + 1), "is no name of a provider"),
        ("class", "is a word of Python"),
        ("match", "is a word of Python"),
        ("acme_trial", "ends like the module that starts a sandbox"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused_with_a_remedy(name: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason) as refused:
        write_skeleton(ROOT, name)
    assert refused.value.remedy.startswith("Take ")


def test_it_helps_without_writing_anything(copy: Path) -> None:
    before = sorted(copy.rglob("*.py"))

    done = run(copy, "scripts/new_provider", "--help")

    assert (done.returncode, "NAME" in done.stdout) == (0, True)
    assert sorted(copy.rglob("*.py")) == before
