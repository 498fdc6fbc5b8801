"""Fuzzed: schemathesis reads the document and sends a real server what fits it and what does not.

It is a program of its own, so that its plug-in slows no other test down. Nobody listens at the
providers: what it makes stays unsent. It draws from a seed, and is bounded in time; with
CAURI_TEST_FUZZ_SECONDS it may go on for as long as one likes, and with CAURI_TEST_FUZZ_SEED it
draws something else.
"""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from api.openapi import openapi_document
from api.routes import ROUTES
from tests.api_world import a_world, captured_logs, settings_in
from tests.conftest import ROOT, FakeClock
from tests.fuzz_checks import IDS_VARIABLE
from tests.things import Things, operations_of

SEED: Final = int(os.environ.get("CAURI_TEST_FUZZ_SEED", "20300131"))
SECONDS: Final = float(os.environ.get("CAURI_TEST_FUZZ_SECONDS", "45"))
ALONE: Final = "examples,coverage,fuzzing"
IN_ORDER: Final = "stateful"
"""One request after another, by the document's links. On its own: it comes last, and what came
before it would take all the time."""

RUNS: Final = [
    ("mer_1", ALONE, 0.3),
    ("mer_1", IN_ORDER, 0.2),
    ("auditor", ALONE, 0.1),
    ("accountant", ALONE, 0.1),
    ("operator", ALONE, 0.15),
    ("admin", ALONE, 0.15),
]
"""Whose keys, what is done, and in which part of the time: most can be done by a merchant."""

LEFT_OUT: Final = "positive_data_acceptance"
"""`tests/fuzz_checks.py` has it in another form: it knows what no schema can say."""


async def fuzz(
    url: str, key: str, ids: dict[str, list[str]], *, folder: Path, phases: str, part: float
) -> str:
    """Let schemathesis loose on a server; what it found, empty where it found nothing."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
        *("--header", f"Authorization: Bearer {key}", "--seed", str(SEED), "--checks", "all"),
        *("--exclude-checks", LEFT_OUT, "--phases", phases),
        *("--max-time", str(max(1, round(SECONDS * part)))),
        *("--max-examples", str(max(100, round(SECONDS)))),
        # A stream of events goes on for as long as it is read: it has tests of its own.
        *("--exclude-path-regex", "/stream$"),
        *("--continue-on-failure", "--no-color", "--request-timeout", "20", "--warnings", "off"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.fuzz_checks",
            IDS_VARIABLE: json.dumps(ids),
        },
    )
    try:
        async with asyncio.timeout(SECONDS * part + 120):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert b"Traceback" not in said, said.decode()
    if phases == IN_ORDER:
        assert (covered := re.search(rb"API Links: +(\d+) covered", said)), said.decode()
        assert int(covered[1]) > 0, said.decode()
    return "" if process.returncode == 0 else said.decode()


@pytest.mark.slow
@pytest.mark.parametrize(("who", "phases", "part"), RUNS, ids=lambda one: str(one)[:8])
async def test_no_answer_is_a_server_error_or_undocumented(
    tmp_path: Path, clock: FakeClock, who: str, phases: str, part: float
) -> None:
    document = openapi_document(ROUTES, server_url="http://127.0.0.1:8080")
    with captured_logs("error") as logged:
        async with a_world(settings_in(tmp_path), clock=clock, is_working=True) as world:
            things = Things(world, document, "mer_1")
            ids: dict[str, list[str]] = {}
            for path in {one.path for one in operations_of(document) if one.roles}:
                for name, one in (await things.named_in(path)).items():
                    ids.setdefault(name, []).append(one)

            key = world.keys[who]
            found = await fuzz(world.url, key, ids, folder=tmp_path, phases=phases, part=part)

    assert found == "", found
    assert b"http.failed" not in logged.getvalue()
