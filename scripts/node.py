"""Packages of Node: installed from a lock in which every one of them has its SHA-512.

Standard library only, because CI runs this before anything else is installed. Nobody needs Node to
use Cauri: it is for tests that meet software of others which is written for it.

The trick: npm's lock says for each package from where it came and who may be thanked for it. Ours
keeps what the installation needs, and no address: npm asks whatever registry the machine is set up
for, and refuses what does not have the hash. No package's own script is run.

The packages are installed into a folder beside the final one, which takes its name at the end: who
finds it finds all of it. A stamp in it names the lock by digest.

    python3 scripts/node.py toolkit          make .node-toolkit, if it is absent or out of date
    python3 scripts/node.py toolkit --lock   make the lock anew from toolkit.package.json
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "scripts" / "requirements"
NODE_MIN = 20
SECONDS_MAX = 300
SAID_LENGTH_MAX = 2000
STAMP = "made-from.txt"
NPM = ["npm", "--ignore-scripts", "--omit=dev", "--omit=optional", "--no-audit", "--no-fund"]
NPM += ["--no-update-notifier", "--loglevel=error", "--fetch-retries=1"]
KEPT = {"version", "integrity", "dependencies", "peerDependencies", "peerDependenciesMeta"}
KEPT |= {"optionalDependencies", "optional", "name"}
"""What npm needs of a package in its lock; "name" stands where it differs from the folder's."""


class NodeNotReadyError(Exception):
    """The packages are not there: why, and what to do about it."""


def folder_of(name: str) -> Path:
    """Where the packages of a lock are."""
    return ROOT / f".node-{name}"


def installed(name: str) -> Path:
    """Return the folder that holds `node_modules`, as the lock has it.

    Raises:
        NodeNotReadyError: Node is absent or too old, or the packages are not installed.
    """
    _require_node()
    if not _is_ready(name):
        last = _last_failure(name)
        raise NodeNotReadyError(
            f"{folder_of(name).name} is absent or out of date{f' ({last})' if last else ''}; "
            f"to make it: python3 scripts/node.py {name}"
        )
    return folder_of(name)


def ensure(name: str) -> Path:
    """Install the packages of `<name>.package-lock.json` unless they are there; the folder.

    Raises:
        NodeNotReadyError: Node is absent or too old, or npm could not install; npm's words stand
            in `.node-<name>.log`.
    """
    _require_node()
    home = folder_of(name)
    if _is_ready(name):
        return home
    made = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=ROOT))
    try:
        shutil.copyfile(_manifest(name), made / "package.json")
        shutil.copyfile(_lock(name), made / "package-lock.json")
        _npm(name, made, "ci")
        (made / STAMP).write_text(_digest(name))
        shutil.rmtree(home, ignore_errors=True)
        made.rename(home)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return home


def relock(name: str) -> None:
    """Write `<name>.package-lock.json` for what `<name>.package.json` asks for."""
    _require_node()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copyfile(_manifest(name), folder / "package.json")
        _npm(name, folder, "install", "--package-lock-only", "--omit-lockfile-registry-resolved")
        whole = json.loads((folder / "package-lock.json").read_text())
    packages = {
        path: {key: value for key, value in said.items() if key in KEPT}
        for path, said in whole.pop("packages").items()
    }
    # One package a line: a change of one is a change of one line.
    lines = [f"{json.dumps(path)}:{_compact(said)}" for path, said in packages.items()]
    body = ",\n".join(lines)
    _lock(name).write_text(f'{_compact(whole)[:-1]},"packages":{{\n{body}\n}}}}\n')


def main(argv: "list[str]") -> int:
    """Install, or lock anew; 0 if it was done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = sorted(path.name.split(".")[0] for path in REQUIREMENTS.glob("*.package.json"))
    parser.add_argument("name", choices=known)
    parser.add_argument("--lock", action="store_true", help="make the lock anew")
    chosen = parser.parse_args(argv)
    try:
        if chosen.lock:
            relock(chosen.name)
        else:
            print(ensure(chosen.name))
    except NodeNotReadyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _manifest(name: str) -> Path:
    return REQUIREMENTS / f"{name}.package.json"


def _lock(name: str) -> Path:
    return REQUIREMENTS / f"{name}.package-lock.json"


def _log(name: str) -> Path:
    return ROOT / f"{folder_of(name).name}.log"


def _digest(name: str) -> str:
    return hashlib.sha256(_manifest(name).read_bytes() + _lock(name).read_bytes()).hexdigest()


def _is_ready(name: str) -> bool:
    try:
        return (folder_of(name) / STAMP).read_text() == _digest(name)
    except OSError:
        return False


def _last_failure(name: str) -> str:
    """The line in which npm said what went wrong; "" where it has not failed."""
    try:
        lines = _log(name).read_text().splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in lines if line.strip()), "")


def _require_node() -> None:
    remedy = f"Node {NODE_MIN} or newer with npm is needed: install it, and run this again"
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise NodeNotReadyError(f"node or npm is absent. {remedy}")
    said = subprocess.run(["node", "--version"], check=False, stdout=subprocess.PIPE)
    version = re.match(r"v(\d+)\.", said.stdout.decode())
    if version is None or int(version[1]) < NODE_MIN:
        raise NodeNotReadyError(f"this is Node {said.stdout.decode().strip()}. {remedy}")


def _npm(name: str, folder: Path, *arguments: str) -> None:
    """Run npm in a folder; what it says when it fails is kept in the log."""
    try:
        done = subprocess.run(
            [*NPM, *arguments],
            cwd=folder,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SECONDS_MAX,
        )
        said, is_done = done.stderr.decode(errors="replace"), done.returncode == 0
    except subprocess.TimeoutExpired:
        said, is_done = f"npm took more than {SECONDS_MAX} s\n", False
    if is_done:
        _log(name).unlink(missing_ok=True)
        return
    _log(name).write_text(said)
    print(said[:SAID_LENGTH_MAX], file=sys.stderr, flush=True)
    raise NodeNotReadyError(
        f"npm could not install what {_lock(name).name} pins; its reason stands above.\n"
        "If the registry cannot be reached: check the connection, or npm's own settings."
    )


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
