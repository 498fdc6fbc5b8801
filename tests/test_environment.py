"""The bootstrap: what stands in the requirements files, and when an environment is made again."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import environment

NAMES = sorted(path.stem for path in environment.REQUIREMENTS.glob("*.txt"))
PIN = re.compile(r"^[\w.-]+(\[[\w,-]+\])?==\S+( ;[^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@pytest.mark.parametrize("name", NAMES)
def test_a_requirements_file_holds_pins_and_hashes_and_nothing_else(name: str) -> None:
    lines = (environment.REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    assert [line for line in lines if not (PIN.match(line) or HASH.match(line))] == []


@pytest.mark.parametrize("name", ["dev", "bench"])
def test_what_the_product_runs_on_is_what_is_tested_and_measured(name: str) -> None:
    assert {"run", name} <= set(environment._satisfied_by(name))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose requirements are empty, so that nothing is fetched."""
    requirements = tmp_path / "scripts" / "requirements"
    requirements.mkdir(parents=True)
    for name in ("dev", "run", "other"):
        (requirements / f"{name}.txt").write_text("# nothing\n")
    (requirements / "other.txt").write_text("nowhere==1 --hash=sha256:00\n")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "REQUIREMENTS", requirements)
    return tmp_path


def test_an_environment_is_made_once_and_again_only_when_something_changed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made: list[str] = []
    install = environment._install

    def watched(home: Path, name: str, lock: int) -> None:
        assert not (home / environment.STAMP).exists()
        made.append(name)
        install(home, name, lock)

    monkeypatch.setattr(environment, "_install", watched)
    home = checkout / ".venv"

    python = environment.ensure("dev")
    environment.ensure("dev")
    environment.ensure("run")
    (home / environment.STAMP).unlink()
    environment.ensure("run")
    (checkout / "scripts" / "requirements" / "dev.txt").write_text("# nothing else\n")
    environment.ensure("dev")

    assert (made, python, sorted(json.loads((home / environment.STAMP).read_text()))) == (
        ["dev", "run", "dev"],
        home / "bin" / "python",
        ["dev", "run"],
    )
    (checkout / "api").mkdir()
    (checkout / "api" / "cli.py").write_text("def main():\n    print('started')\n    return 3\n")
    capfd.readouterr()
    started = subprocess.run([home / "bin" / "cauri"], check=False, cwd="/")
    assert (started.returncode, capfd.readouterr().out) == (3, "started\n")


def test_a_python_that_is_too_old_is_told_which_one_to_use(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "python3.12").write_text("")
    (checkout / "python3.12").chmod(0o755)
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    monkeypatch.setattr(sys, "version", "3.8.18 (default)")
    monkeypatch.setattr(sys, "argv", ["scripts/test", "-q"])
    with pytest.raises(environment.EnvironmentNotReadyError) as refused:
        environment.ensure()
    assert str(refused.value) == (
        "Python 3.11 or newer is needed, this is 3.8.18.\n"
        "You have one. Run: python3.12 scripts/test -q"
    )


def test_what_cannot_be_installed_is_said_with_a_remedy_and_tried_again_next_time(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "INSTALL_SECONDS_BETWEEN", 0)
    monkeypatch.setitem(os.environ, "PIP_NO_INDEX", "1")
    with pytest.raises(environment.EnvironmentNotReadyError) as refused:
        environment.ensure("other", ".venv-other")
    said = capfd.readouterr().err
    assert ("nowhere" in said, refused.value.reason, "PIP_INDEX_URL" in refused.value.remedy) == (
        True,
        "what other.txt pins could not be installed; pip's reason stands above.",
        True,
    )
    assert not environment._is_ready(checkout / ".venv-other", "other")


def test_a_process_that_imports_the_command_begins_nothing(tmp_path: Path) -> None:
    command = tmp_path / "cauri"
    command.write_text(environment.LAUNCHER.format(python=sys.executable))
    loaded = set(sys.modules)
    # As a process that `multiprocessing` spawned names what its parent runs.
    assert "main" not in runpy.run_path(str(command), run_name="__mp_main__")
    assert set(sys.modules) == loaded
