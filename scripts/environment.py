"""The virtual environments: made from pinned, hashed requirements when absent or out of date.

Standard library only, because this runs before anything is installed. A stamp beside the
environment holds the digest of the requirements it was made from; it is written last, so an
interrupted installation is done again. A lock file lets two scripts start at the same time.

Why a `.pth` file instead of an editable installation: that would need a build backend, which is
one more thing to download; the path of the checkout and a small launcher say the same.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "scripts" / "requirements"
PYTHON_MIN = (3, 11)
LOCK_SECONDS_MAX = 900
INSTALL_TRIES_MAX = 3

LAUNCHER = """#!{python}
import sys
from api.cli import main

sys.exit(main())
"""


def reexec(name: str = "dev", folder: str = ".venv") -> None:
    """Go on inside the environment `folder`, made from `<name>.txt` if need be.

    Call it first thing in a script: it returns only inside the environment.
    """
    python = ensure(name, folder)
    if Path(sys.prefix) == python.parent.parent:
        return
    os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.execv(python, [str(python), *sys.argv])


def ensure(name: str = "dev", folder: str = ".venv") -> Path:
    """Make the environment if it is absent or out of date; its Python."""
    if sys.version_info < PYTHON_MIN:
        _stop(
            f"Python {PYTHON_MIN[0]}.{PYTHON_MIN[1]} or newer is needed, this is "
            f"{sys.version.split()[0]}.",
            "Run this script with a newer python3.",
        )
    home = ROOT / folder
    python = home / "bin" / "python"
    requirements = REQUIREMENTS / f"{name}.txt"
    digest = hashlib.sha256(requirements.read_bytes())
    digest.update(f"{sys.version_info[:2]} {ROOT} 1".encode())
    wanted = digest.hexdigest()
    stamp = home / "made-from"
    if _stamp_of(stamp) == wanted and python.exists():
        return python
    with _Lock(ROOT / f"{folder}.lock"):
        if _stamp_of(stamp) != wanted or not python.exists():
            _make(home, python, requirements)
            stamp.write_text(wanted)
    return python


def _stamp_of(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""


def _make(home: Path, python: Path, requirements: Path) -> None:
    print(f"Preparing {home.name} from {requirements.name} (once) ...", file=sys.stderr, flush=True)
    began = time.monotonic()
    made = subprocess.run([sys.executable, "-m", "venv", str(home)], check=False)
    if made.returncode:
        _stop(
            "the virtual environment could not be made.",
            "Install Python's venv module (on Debian and Ubuntu: apt install python3-venv).",
        )
    for attempt in range(1, INSTALL_TRIES_MAX + 1):
        installed = subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            + ["--require-hashes", "--requirement", str(requirements)],
            check=False,
        )
        if installed.returncode == 0:
            break
        if attempt == INSTALL_TRIES_MAX:
            _stop(
                "the pinned libraries could not be installed (see pip's words above).",
                "Check the connection to your package index, then run this again.",
            )
        time.sleep(2 * attempt)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = home / "lib" / version / "site-packages"
    (packages / "cauri.pth").write_text(f"{ROOT}\n")
    launcher = home / "bin" / "cauri"
    launcher.write_text(LAUNCHER.format(python=python))
    launcher.chmod(0o755)
    print(f"Ready after {time.monotonic() - began:.0f} s.", file=sys.stderr, flush=True)


class _Lock:
    """One maker at a time; the system lets go of the lock when its holder dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = -1

    def __enter__(self) -> None:
        import fcntl

        self.descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o644)
        deadline = time.monotonic() + LOCK_SECONDS_MAX
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > deadline:
                    _stop(
                        f"another script has been making the environment for {LOCK_SECONDS_MAX} s.",
                        f"End it, or remove {self.path.name}.",
                    )
                time.sleep(0.2)
            else:
                return

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


def _stop(reason: str, remedy: str) -> NoReturn:
    sys.exit(f"{Path(sys.argv[0]).name}: {reason} {remedy}")
