"""The stage: the product's own commands as processes, as a person would start them."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from api.sandboxes import sandbox_names

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 30.0
WITNESS = "demo.example/witness"


class StageError(Exception):
    """A part of the demonstration did not start; says where its log is."""


class Stage:
    """A folder with a database, and the server that runs on it."""

    def __init__(self, folder: Path, seed: int, port: int, *, weather: str = "storm") -> None:
        self.folder, self.seed, self.weather = folder, seed, weather
        self.database = folder / "cauri.db"
        self.log = folder / "server.log"
        self.port = port or _free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.watcher: subprocess.Popen[bytes] | None = None
        self.witness, self.policy = folder / "witness", folder / "policy.txt"
        self.run_id = secrets.token_hex(4)

    def sandbox_url(self, name: str) -> str:
        """Where a sandbox listens: the ports after the API's, in the order of their names."""
        return f"http://127.0.0.1:{self.port + 1 + sandbox_names().index(name)}"

    def cauri(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command of the product to its end."""
        return subprocess.run(
            [sys.executable, "-m", "api", *arguments],
            capture_output=True,
            text=True,
            env=self._environment(),
            check=False,
        )

    def asked(self, *arguments: str) -> Any:
        """Run a command and read its JSON.

        Raises:
            StageError: it failed; says what it said.
        """
        done = self.cauri(*arguments, "--json", "--database", f"sqlite:///{self.database}")
        if done.returncode != 0:
            raise StageError(f"cauri {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def watch(self) -> None:
        """Start a witness that knows the log's key, and write the policy that trusts both.

        Raises:
            StageError: it did not start; says what it said.
        """
        self.asked("checkpoint", "make")
        key = self.asked("log-key", "list")[-1]["key"]
        told = ("--dir", str(self.witness))
        made = self.cauri("witness", "init", *told, "--name", WITNESS, "--json")
        added = self.cauri("witness", "add-log", *told, key)
        if made.returncode or added.returncode:
            raise StageError(f"cauri witness: {(made.stderr + added.stderr).strip()}")
        witness = json.loads(made.stdout)["public_key"]
        self.policy.write_text(
            f"log {key}\nwitness demo {witness}\nquorum demo\n", encoding="utf-8"
        )
        with (self.folder / "witness.log").open("ab") as log:
            self.watcher = subprocess.Popen(
                [
                    *(sys.executable, "-m", "api", "witness", "serve", *told),
                    *("--port", str(self._witness_port)),
                ],
                stdout=log,
                stderr=log,
                env=self._environment(),
            )
        if not _until_answers(self.watcher, f"http://127.0.0.1:{self._witness_port}/"):
            raise StageError(f"the witness did not start; its log is in {self.folder}")

    def start(self) -> None:
        """Start the server with its sandboxes, and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "api", "serve", "--sandbox", "--faults", self.weather),
                    *("--seed", str(self.seed), "--port", str(self.port)),
                    *("--database", f"sqlite:///{self.database}"),
                ],
                stdout=log,
                stderr=log,
                env=self._environment(),
            )
        if _until_answers(self.process, f"{self.url}/readyz"):
            return
        tail = self.log.read_text(errors="replace")[-800:]
        self.stop()
        raise StageError(f"the server did not start; its log is {self.log}:\n{tail}")

    def stop(self) -> None:
        """Stop the server as its operator would, and the witness after it."""
        for process in (self.process, self.watcher):
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.process = self.watcher = None

    @property
    def _witness_port(self) -> int:
        """The port after those of the sandboxes."""
        return self.port + 1 + len(sandbox_names())

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("CAURI_")}
        if self.watcher is not None:
            own["CAURI_WITNESS_POLICY_FILE"] = str(self.policy)
            own["CAURI_WITNESSES"] = f"demo=http://127.0.0.1:{self._witness_port}"
        # One key asks for everybody, who all come at once.
        return own | {
            "CAURI_LOG_LEVEL": "warning",
            "CAURI_KEY_REQUESTS_PER_SECOND_MAX": "10000",
        }


def _until_answers(process: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until a process answers at a URL; False if it has ended, or has not in time."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _free_ports() -> int:
    """Find free ports in a row: the API's, those of all sandboxes, and the witness's.

    Below 32768, where systems take the ports of outgoing connections from: one that is free now
    would be taken by somebody's connection before the server has started.
    """
    count = 2 + len(sandbox_names())
    for _ in range(100):
        port = 20_000 + secrets.randbelow(12_000)
        taken = []
        try:
            taken += [socket.create_server(("127.0.0.1", port + more)) for more in range(count)]
        except OSError:
            continue
        else:
            return port
        finally:
            for one in taken:
                one.close()
    raise StageError(f"no {count} free ports in a row were found on this machine")
