"""The virtual environments: made from pinned, hashed requirements when absent or out of date.

Standard library only, because this runs before anything is installed; and only words that an old
Python can read, because it is this file that tells its reader that the Python is too old.

The trick: a stamp inside the environment names every requirements file that it satisfies, by
digest. It is removed before an installation and written last, so that an interrupted one is done
again; `run.txt` is part of `dev.txt`, so whoever installed the second has the first. A lock file
lets two scripts start at the same time: the second waits, then finds everything ready.

An environment is upgraded where it stands, and taken over if it was made by hand. It is emptied
only if the Python beneath it has gone or has changed. What is no longer required stays until
somebody removes the folder: CI always starts without one.

Why a `.pth` file and a launcher instead of an editable installation: that needs a build backend,
one more thing to download and pin, and leaves its own folders in the checkout; a line that names
the checkout does the same. What is given up is the distribution's metadata.

By hand: `python3 scripts/environment.py NAME FOLDER`, e.g. `bench .venv-bench`.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "scripts" / "requirements"
PYTHON_MIN = (3, 11)
PYTHON_KNOWN_MAX = (3, 14)
LOCK_SECONDS_MAX = 900
LOCK_SECONDS_BETWEEN = 0.2
INSTALL_TRIES_MAX = 2
INSTALL_SECONDS_BETWEEN = 3
STAMP = "made-from.json"
MARK = "CAURI_SCRIPT_STARTED_AGAIN"
RUNNING = ".".join(map(str, sys.version_info[:2]))

# A shell finds the Python, because a "#!" line may hold neither a blank nor a long path.
LAUNCHER = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

# Processes that help to verify import this file too, and must neither begin anew nor load all this.
if __name__ == "__main__":
    from api.cli import main

    sys.exit(main())
"""


class EnvironmentNotReadyError(Exception):
    """The environment cannot be made: why, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}\n{remedy}")
        self.reason, self.remedy = reason, remedy


def reexec(name: str = "dev", folder: str = ".venv") -> None:
    """Go on inside the environment `folder`, made from `<name>.txt` if need be.

    Call it before importing anything that is not in the standard library: it starts the script
    again, with its arguments, and returns only inside the environment. Ends the process with a
    sentence and a remedy if the environment cannot be made.
    """
    home = ROOT / folder
    came_from_here = os.environ.pop(MARK, "") == str(home)
    try:
        is_ready = _is_ready(home, name)
        python = ensure(name, folder)
    except EnvironmentNotReadyError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    if is_ready and _is_inside(home):
        return
    if is_ready and came_from_here:
        sys.exit(f"{python} starts outside {folder}: unset PYTHONHOME, or remove that folder.")
    sys.stdout.flush()
    os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ[MARK] = str(home)
    os.execv(str(python), [str(python), *sys.argv])  # noqa: S606 - no shell is wanted


def ensure(name: str = "dev", folder: str = ".venv") -> Path:
    """Make the environment `folder` from `<name>.txt` if it is absent or out of date; its Python.

    Raises:
        EnvironmentNotReadyError: this Python is too old, has no venv, or pip failed.
    """
    _refuse_an_old_python()
    home = ROOT / folder
    if not _is_ready(home, name):
        with _Lock(ROOT / f"{folder}.lock") as lock:
            if not _is_ready(home, name):
                _make(home, name, lock)
    return _python(home)


def main(argv: "list[str]") -> int:
    """Make one environment by hand and print its Python; 0 if it is ready."""
    if not 1 <= len(argv) <= 2 or argv[0].startswith("-"):
        print(__doc__)
        return 2
    try:
        print(ensure(*argv))
    except EnvironmentNotReadyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _refuse_an_old_python() -> None:
    if os.name != "posix":
        raise EnvironmentNotReadyError(
            "this needs Linux, macOS or another POSIX system.", "On Windows use WSL."
        )
    if sys.version_info >= PYTHON_MIN:
        return
    names = [f"python3.{minor}" for minor in range(PYTHON_KNOWN_MAX[1], PYTHON_MIN[1] - 1, -1)]
    found = next((name for name in names if shutil.which(name)), None)
    needed = ".".join(map(str, PYTHON_MIN))
    remedy = f"Install it (python.org, or your system's packages) and run: python{needed}"
    raise EnvironmentNotReadyError(
        f"Python {needed} or newer is needed, this is {sys.version.split()[0]}.",
        f"{f'You have one. Run: {found}' if found else remedy} {' '.join(sys.argv)}",
    )


def _is_ready(home: Path, name: str) -> bool:
    """Whether the environment has what `<name>.txt` asks for, for the Python it runs on."""
    wanted = _digest(home, name)
    if _is_inside(home) and _version(home) != RUNNING:
        return False
    try:
        is_linked = _path_file(home).read_text() == f"{ROOT}\n"
        made_from = json.loads((home / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return is_linked and _python(home).exists() and made_from.get(name) == wanted


def _digest(home: Path, name: str) -> str:
    """What the stamp says of a requirements file: SHA-256 of its bytes and the Python's version."""
    requirements = REQUIREMENTS / f"{name}.txt"
    if not requirements.is_file():
        known = ", ".join(sorted(path.stem for path in REQUIREMENTS.glob("*.txt")))
        raise EnvironmentNotReadyError(
            f"there is no scripts/requirements/{name}.txt.", f"There are: {known}."
        )
    return hashlib.sha256(requirements.read_bytes() + _version(home).encode()).hexdigest()


def _satisfied_by(name: str) -> "list[str]":
    """The requirements files whose every pin stands in `<name>.txt` too, itself included."""

    def pins(path: Path) -> "set[str]":
        return {line for line in path.read_text().splitlines() if "==" in line}

    installed = pins(REQUIREMENTS / f"{name}.txt")
    return [path.stem for path in REQUIREMENTS.glob("*.txt") if pins(path) <= installed]


def _version(home: Path) -> str:
    """The version of the Python that made the environment, e.g. "3.11"; "" if there is none."""
    try:
        lines = (home / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return ""
    words = dict(line.replace(" ", "").split("=", 1) for line in lines if "=" in line)
    return ".".join(words.get("version", words.get("version_info", "")).split(".")[:2])


def _is_inside(home: Path) -> bool:
    return Path(sys.prefix).resolve() == home.resolve()


def _python(home: Path) -> Path:
    return home / "bin" / "python"


def _path_file(home: Path) -> Path:
    return home / "lib" / f"python{_version(home)}" / "site-packages" / "cauri.pth"


def _make(home: Path, name: str, lock: int) -> None:
    _say(f"{home.name}: installing {name}.txt; a minute or two, once ...")
    began = time.monotonic()
    if (home / STAMP).exists():
        (home / STAMP).unlink()
    if not _is_usable(home):
        _make_empty(home)
    _install(home, name, lock)
    _path_file(home).write_text(f"{ROOT}\n")
    launcher = home / "bin" / "cauri"
    launcher.write_text(LAUNCHER.format(python=_python(home)))
    launcher.chmod(0o755)
    written = home / f"{STAMP}.new"
    written.write_text(json.dumps({each: _digest(home, each) for each in _satisfied_by(name)}))
    written.replace(home / STAMP)
    _say(f"{home.name}: ready after {time.monotonic() - began:.0f} s")


def _is_usable(home: Path) -> bool:
    """Whether its Python starts, is still the one that made it, and has pip."""
    if not _python(home).exists():
        return False
    asked = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    said = subprocess.run(
        [str(_python(home)), "-c", asked],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return said.stdout.decode().strip() == _version(home)


def _make_empty(home: Path) -> None:
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out, and venv fails late
        import venv  # noqa: F401, PLC0415 - likewise
    except ImportError:
        raise EnvironmentNotReadyError(
            "this Python has no venv or no ensurepip.",
            f"On Debian and Ubuntu: apt install python{RUNNING}-venv. Then run this again.",
        ) from None
    # From inside an environment the Python beneath it makes the next one: it outlives `--clear`.
    python = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([python, "-m", "venv", "--clear", str(home)], check=False)
    if made.returncode != 0:
        raise EnvironmentNotReadyError(
            f"{home} could not be made; the reason stands above.",
            "See that the checkout is writable and the disk has 500 MB left. Then run this again.",
        )


def _install(home: Path, name: str, lock: int) -> None:
    command = [str(_python(home)), "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--require-hashes", "--requirement"]
    for tries_left in reversed(range(INSTALL_TRIES_MAX)):
        # pip inherits the lock: if this process is killed, the next one waits for the end of pip.
        installed = subprocess.run(
            [*command, str(REQUIREMENTS / f"{name}.txt")],
            check=False,
            pass_fds=(lock,),
            stderr=subprocess.PIPE,
        )
        if installed.returncode == 0:
            return
        if tries_left:
            time.sleep(INSTALL_SECONDS_BETWEEN)
    _say(installed.stderr.decode(errors="replace"))
    raise EnvironmentNotReadyError(
        f"what {name}.txt pins could not be installed; pip's reason stands above.",
        "If the package index cannot be reached: check the connection, set PIP_PROXY or\n"
        "PIP_INDEX_URL; or, on a machine that reaches it, run `python3 -m pip download\n"
        f"--dest wheels --requirement scripts/requirements/{name}.txt`, bring the folder here and\n"
        "set PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels. Then run this again.",
    )


class _Lock:
    """One maker at a time; the system lets go of the lock when its holder dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def __enter__(self) -> int:
        import fcntl  # noqa: PLC0415 - absent where the refusal above must still be read

        try:
            self.descriptor = os.open(str(self.path), os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as error:
            raise EnvironmentNotReadyError(
                f"{self.path} cannot be written: {error.strerror}.",
                "Make the checkout writable for you, or copy it to where it is.",
            ) from None
        deadline = time.monotonic() + LOCK_SECONDS_MAX
        is_first_try = True
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if is_first_try:
                    _say(f"{self.path.stem}: another script is making it; waiting ...")
                if time.monotonic() > deadline:
                    raise EnvironmentNotReadyError(
                        f"another script has been making it for {LOCK_SECONDS_MAX} s.",
                        "End that script, or the pip that it left behind, and run this again.",
                    ) from None
                is_first_try = False
                time.sleep(LOCK_SECONDS_BETWEEN)
            else:
                return self.descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
