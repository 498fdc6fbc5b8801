"""The README's blocks are executed, against a real server, or are declared to be output.

A person who follows the page from its first block to its last does what these tests do: the same
commands in the same order in one shell, of which each prints what the page shows. What a merchant's
server would hear is heard by the page's own programs. The HTML is opened by `test_readme_pages`.
"""

import json
import os
import queue
import re
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from api.settings import PREFIX
from api.settings_access import AccessSettings
from tests.api_world import HURRIED, a_world, settings_in
from tests.conftest import FakeClock
from tests.fenced import Block, Ran, blocks_of, faults_of, run_all, started
from tests.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
PORT = "8080"
WITNESS_PORT = "8090"
SHOP = "https://shop.example/cauri"
SECONDS_MAX = 240.0
STARTED = "server.started"


EXECUTED = {
    "runs: first": "the blocks run after it",
    "runs: server": "started, with what follows run against it",
    "runs": "run, in one shell",
    "runs: hears": "hears what the server sends",
    "opens": "opened in a browser by tests/test_readme_pages.py",
    "client": "run by tests/test_clients_openapi.py, where its generator is",
    "scripts": "run by tests/test_demo.py, and by whoever runs these tests",
}
"""Marks of blocks that a test executes, and how."""

COMPARED = {
    "shows": "what the block before it printed",
    "headers": "what an answer has",
    "drawn": "a drawing, for people",
    "floors": "the floors of the architecture",
    "entry": "an entry that decodes, with its hash",
    "settings": "a settings file that is read",
}
"""Marks of blocks that are output, and of what."""


def test_the_blocks_run_and_show_what_the_page_shows(tmp_path: Path) -> None:
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            reason = f"{program} is not on this machine, and the README's blocks use it"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    blocks = blocks_of(PAGE)
    environment = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    environment["CAURI_PORT"] = "0"
    checkout, folder = tmp_path / "checkout", tmp_path / "own"
    for made in (checkout, folder):
        made.mkdir()
    (checkout / ".venv").symlink_to(Path(sys.executable).parent.parent, target_is_directory=True)
    (first,) = _marked(blocks, "runs: first")
    (server,) = _marked(blocks, "runs: server")
    (hears,) = _marked(blocks, "runs: hears")

    def as_told(block: Block) -> Block:
        """In the checkout what the page says to do there; then go to the other folder."""
        return block._replace(text=f"cd {checkout}\n{first.text}cd {folder}\n{block.text}")

    with (
        a_merchant_who_listens() as heard,
        started(
            as_told(server), STARTED, folder=folder, environment=environment, seconds_max=60.0
        ) as said,
    ):
        port = re.findall(r"127\.0\.0\.1:(\d+)", said)[0]
        watch = str(free_port())
        here = {PORT: port, SHOP: heard.url}
        here |= {f"{before}{WITNESS_PORT}": f"{before}{watch}" for before in (":", "port ")}
        running = _marked(blocks, "runs")
        # What is told to the second endpoint, once the page's own program listens there.
        last = Block("runs", "bash", HEARD_LAST, PAGE.count("\n") + 1)
        ran = run_all(
            [
                _here(as_told(running[0]), here),
                *(_here(block, here) for block in running[1:]),
                last,
            ],
            folder=folder,
            environment=environment,
            seconds_max=SECONDS_MAX,
        )
        paid = json.loads(ran.pop().printed)["id"]
        shown = list(_shown([_here(block, here) for block in blocks], ran))
        faults = [fault for block, one in shown for fault in faults_of(block, one)]
        assert not faults, "\n".join(faults)
        heard.until_shipped(hears, folder, paid)


HEARD_LAST = """
pay order-heard '{
  "amount": "900", "currency": "XAF",
  "payer": {"phone": "+237670000401"}
}'
"""


def _marked(blocks: list[Block], mark: str) -> list[Block]:
    return [block for block in blocks if block.mark == mark]


def _here(block: Block, names: Mapping[str, str]) -> Block:
    """The block with this machine's names in the place of the page's."""
    text = block.text
    for name, other in names.items():
        text = text.replace(name, other)
    return block._replace(text=text)


class Listener:
    """What a merchant's server was sent, for the page's own program to hear."""

    def __init__(self) -> None:
        self.calls: queue.Queue[tuple[bytes, dict[str, str]]] = queue.Queue()
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                calls.put((body, dict(self.headers)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/cauri"

    def until_shipped(self, block: Block, folder: Path, payment_id: str) -> None:
        """Let the page's program hear what comes, until it ships; a changed message raises."""
        shipped: list[str] = []
        text = block.text.replace("hearing.json", str(folder / "hearing.json"))
        program: dict[str, Any] = {"ship": shipped.append}
        exec(compile(text, f"README.md, line {block.line}", "exec"), program)
        while payment_id not in shipped:
            body, headers = self.calls.get(timeout=SECONDS_MAX)
            with pytest.raises(WebhookVerificationError):
                program["hear"](body.replace(b"pay_", b"pay_0"), headers)
            program["hear"](body, headers)
        assert shipped.count(payment_id) == 1


@contextmanager
def a_merchant_who_listens() -> Iterator[Listener]:
    """Listen on a free port of this machine."""
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever)
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        thread.join()
        listener.server.server_close()


def _shown(blocks: list[Block], ran: list[Ran]) -> Iterator[tuple[Block, str]]:
    """Every block that shows something, with what was printed by the one that ran before it."""
    for shown in blocks:
        if shown.mark == "shows":
            before = max((one for one in ran if one.block.line < shown.line), key=_line)
            yield shown, before.printed


def _line(one: Ran) -> int:
    return one.block.line


def test_every_block_is_executed_or_declared_to_be_output() -> None:
    blocks = blocks_of(PAGE)
    unmarked = [block.line for block in blocks if block.mark not in {*EXECUTED, *COMPARED}]
    # A fence that is indented, or of another form, would be no block here and is one for readers.
    fences = [line for line in PAGE.splitlines() if re.match(r"\s*(```|~~~)", line)]
    assert (unmarked, len(fences)) == ([], 2 * len(blocks))
    assert {block.mark for block in blocks} == {*EXECUTED, *COMPARED}
    drawn = [block for block in blocks if block.mark in COMPARED]
    assert {block.language for block in drawn} == {"text", "json", "toml"}, "code is executed"


def test_what_is_shown_stands_behind_what_prints_it() -> None:
    marks = [block.mark for block in blocks_of(PAGE)]
    assert {before for before, mark in pairwise(marks) if mark == "shows"} == {"runs"}


def test_a_new_block_without_a_mark_is_found() -> None:
    (block,) = blocks_of("Some text.\n\n```bash\nrm important\n```\n")
    (other,) = blocks_of("<!-- shown -->\n```text\nabc\n```\n")
    assert {block.mark, other.mark} & {*EXECUTED, *COMPARED} == set()


def test_every_script_shown_is_there_to_be_run() -> None:
    lines = [
        line.partition("#")[0].split()
        for block in _marked(blocks_of(PAGE), "scripts")
        for line in block.text.splitlines()
    ]
    assert {one for one, *_ in lines} == {"scripts/demo", "scripts/test"}
    assert [one for one, *_ in lines if not os.access(ROOT / one, os.X_OK)] == []


async def test_the_headers_shown_are_those_of_a_first_payment(
    tmp_path: Path, clock: FakeClock
) -> None:
    (shown,) = _marked(blocks_of(PAGE), "headers")
    limits = AccessSettings().model_dump(include={*HURRIED})
    async with a_world(settings_in(tmp_path, **limits), clock=clock, is_in_memory=True) as world:
        answer = await world.pay()
    names = ("RateLimit-Policy", "RateLimit")
    assert shown.text == "".join(f"{name}: {answer.headers[name]}\n" for name in names)
