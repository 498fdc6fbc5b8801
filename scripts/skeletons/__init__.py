"""Skeletons: the files of a provider that is still to be written, made from templates.

A skeleton is honest: it can be imported and started, its facts promise nothing, and each of its
tests fails and says what is missing. None of its texts has to be believed.

Standard library only, so that nothing has to be installed first; the templates are what the tools
would make of them, and only imports are put in order here, because that depends on the name.
"""

import keyword
import re
from pathlib import Path
from string import Template
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent
NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NAME_CHARACTERS_MAX: Final = 20
LINE_CHARACTERS_MAX: Final = 100

FILES: Final = {
    "adapters/providers/{name}.py": "adapter.txt",
    "adapters/sandbox/{name}.py": "sandbox.txt",
    "adapters/sandbox/{name}_trial.py": "trial.txt",
    "tests/test_provider_{name}.py": "test.txt",
    "tests/fixtures/{name}/SOURCES.md": "sources.txt",
}
"""Path in the checkout -> the template it is made from."""

_IMPORT: Final = re.compile(r"from ([\w.]+) import (\w+(?:, \w+)*)")


class RefusedError(Exception):
    """A name that cannot be taken: why, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.reason, self.remedy = reason, remedy


def check_name(name: str) -> None:
    """Refuse a name that is no name of a provider.

    Raises:
        RefusedError: says what a name looks like.
    """
    remedy = (
        f"Take 1 to {NAME_CHARACTERS_MAX} lower-case letters and digits, the first one a letter, "
        "with single underscores between them: `acme`, `acme_ci`."
    )
    if not NAME.fullmatch(name) or len(name) > NAME_CHARACTERS_MAX:
        raise RefusedError(f"{name!r} is no name of a provider.", remedy)
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise RefusedError(f"{name!r} is a word of Python.", remedy)
    if name.endswith("_trial"):
        reason = f"{name!r} ends like the module that starts a sandbox."
        raise RefusedError(reason, "Take a name without `_trial` at its end.")


def write_skeleton(root: Path, name: str) -> list[Path]:
    """Write the files of a provider into a checkout; all of them or none.

    Raises:
        RefusedError: the name is ill-formed, or one of the files exists.
    """
    check_name(name)
    wanted = {root / path.format(name=name): template for path, template in FILES.items()}
    standing = [path for path in (*wanted, root / "tests" / "fixtures" / name) if path.exists()]
    if standing:
        where = standing[0].relative_to(root)
        raise RefusedError(
            f"{name!r} is taken: {where} exists.", "Take another name, or go on with that file."
        )
    for path, template in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(filled(template, name))
    return list(wanted)


def filled(template: str, name: str) -> str:
    """Fill a template in for a provider."""
    text = (FOLDER / template).read_text(encoding="utf-8")
    words = name.split("_")
    made = Template(text).substitute(
        name=name,
        class_name="".join(word.capitalize() for word in words),
        display=" ".join(word.capitalize() for word in words),
    )
    return _in_order(made)


def _in_order(text: str) -> str:
    """Put each block of one-line imports in the order of the linter, and break what is too long."""
    lines: list[str] = []
    block: list[tuple[str, str]] = []
    for line in text.split("\n"):
        found = _IMPORT.fullmatch(line)
        if found:
            block.append((found[1], found[2]))
            continue
        lines += _written(block)
        block = []
        lines.append(line)
    return "\n".join([*lines, *_written(block)])


def _written(block: list[tuple[str, str]]) -> list[str]:
    lines = []
    for module, words in sorted(block):
        names = sorted(words.split(", "), key=lambda word: (not word.isupper(), word.lower()))
        line = f"from {module} import {', '.join(names)}"
        if len(line) <= LINE_CHARACTERS_MAX:
            lines.append(line)
        else:
            lines += [f"from {module} import (", *(f"    {one}," for one in names), ")"]
    return lines
