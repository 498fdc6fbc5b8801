"""Published clients of the providers, run as processes of their own virtual environments.

They are not ours and not installed with ours: each `scripts/requirements/clients*.txt` is one
environment. Where CI is "true" it is made, else its tests skip and say how to make it.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from scripts import environment

SECONDS_MAX: Final = 60


def client_python(name: str) -> Path:
    """Return the Python of `.venv-<name>`; makes it in CI, elsewhere skips if it is absent."""
    folder = f".venv-{name}"
    python = environment.ROOT / folder / "bin" / "python"
    if os.environ.get("CI") == "true":
        return environment.ensure(name, folder)
    if not python.exists():
        pytest.skip(
            f"{folder} is absent; to make it: python3 -c "
            f"\"from scripts.environment import ensure; ensure('{name}', '{folder}')\""
        )
    return python


async def run_client(python: Path, program: str, arguments: Sequence[str]) -> Any:
    """Run a program text with arguments; return the JSON of the last line it prints."""
    process = await asyncio.create_subprocess_exec(
        python,
        "-c",
        program,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONWARNINGS": "ignore"},
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()
    return json.loads(output.splitlines()[-1])
