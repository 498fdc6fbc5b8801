"""What goes wrong with a command, as sentences and an exit status: a part of `api.cli`.

What the library that reads the command line says of a call that cannot be understood is made a
sentence of ours, so that it names what is wrong and the remedy, in both languages.
"""

import errno
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import typer
from pydantic import ValidationError

from api.settings import SettingsError
from api.settings_faults import one_of, reason_of
from ledger.errors import (
    CommandRefusedError,
    InvalidInputError,
    LedgerError,
    MasterKeyError,
    StoreError,
)
from ledger.sentences import Sentence, explained

NO: Final = 1
UNUSABLE: Final = 2
UNAVAILABLE: Final = 3

TOLD: Final = (SettingsError, LedgerError, OSError, typer.TyperException)
"""What is told in sentences; anything else is a mistake of ours, and keeps its traceback."""


def told(error: Exception) -> tuple[list[object], int]:
    """What to say of an error of `TOLD`, and the exit status."""
    match error:
        case SettingsError():
            return [fault.sentence for fault in error.faults], UNUSABLE
        case InvalidInputError():
            return [error], UNUSABLE
        case StoreError() | MasterKeyError():
            return [error], UNAVAILABLE
        case CommandRefusedError():
            return [error.reason], NO
        case OSError():
            return [_of_system(error)], UNAVAILABLE
        case typer.TyperException():
            return _of_call(error), UNUSABLE
    return [error], NO


def _of_system(error: OSError) -> Sentence:
    remedy = _REMEDIES.get(error.errno or 0, _HAVE_IT)
    where = error.filename or Sentence("the address or file cannot be had")
    reason = error.strerror or str(error)
    return Sentence("{reason}: {where}. {remedy}", reason=reason, where=where, remedy=remedy)


_HAVE_IT: Final = Sentence("See that it can be had, then repeat the command.")
_WRITABLE: Final = Sentence(
    "Make it and its folder writable for this user, or give the command in a folder that is."
)
_ROOM: Final = Sentence("Free some space, then repeat the command.")
_REMEDIES: Final[Mapping[int, Sentence]] = {
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.EROFS: _WRITABLE,
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: Sentence("Allow larger files (ulimit -f), then repeat the command."),
    errno.EEXIST: Sentence("Name another file: this one is left as it is."),
    errno.ENOENT: Sentence("Check the name, or make it first."),
    errno.EADDRINUSE: Sentence("Stop what listens there, or choose another --port."),
    errno.EADDRNOTAVAIL: Sentence("Choose a --host that is an address of this machine."),
}
"""What the system says cannot be had -> what to do about it."""


def _of_call(error: typer.TyperException) -> list[object]:
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        # Help was shown.
        return []
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    path = context.command_path if context is not None else "cauri"
    remedy = Sentence("See `{command} --help`.", command=path)
    if kind == "MissingParameter":
        return [explained(Sentence("{name} is missing.", name=_name_of(parameter)), remedy)]
    if near := getattr(error, "possibilities", None) or _meant(error.message):
        remedy = Sentence("Is {near} meant? {remedy}", near=", ".join(near), remedy=remedy)
    reason = _reason(error)
    if parameter is None:
        return [explained(reason, remedy)]
    return [
        Sentence(
            "{name}: {reason} {remedy}", name=_name_of(parameter), reason=reason, remedy=remedy
        )
    ]


def _meant(said: str) -> list[str]:
    """The commands that the library finds near to what was written."""
    asked = _MEANT.search(said)
    return _QUOTED.findall(asked[1]) if asked is not None else []


def _reason(error: typer.TyperException) -> Sentence:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        found = cause.errors(include_url=False, include_input=False)[0]
        if (choice := _CHOICE.search(found["msg"])) is not None:
            return one_of(_QUOTED.findall(choice[1]))
        return reason_of(found, is_text=False)
    for pattern, sentence in _CALLS:
        if (match := pattern.match(error.message)) is not None:
            return sentence(match[1])
    return Sentence("{said}.", said=error.format_message().rstrip("."))


_CHOICE: Final = re.compile(r"is not one of (.*)\.$")
_MEANT: Final = re.compile(r"Did you mean (.*)\?$")
_QUOTED: Final = re.compile(r"'([^']*)'")
_CALLS: Final[tuple[tuple[re.Pattern[str], Callable[[str], Sentence]], ...]] = (
    (
        re.compile(r"No such command '(.*?)'\."),
        lambda name: Sentence("there is no command {name}.", name=name),
    ),
    (
        re.compile(r"No such option: (.*)"),
        lambda name: Sentence("there is no option {name}.", name=name),
    ),
    (
        re.compile(r"Option '(.*)' requires an argument\."),
        lambda name: Sentence("{name} needs a value.", name=name),
    ),
    (
        re.compile(r"Option '(.*)' does not take a value\."),
        lambda name: Sentence("{name} takes no value.", name=name),
    ),
    (
        re.compile(r"Got unexpected extra argument\(s\) \((.*)\)"),
        lambda given: Sentence("there is no place for {given}.", given=given),
    ),
    (re.compile(r"Missing (command)\."), lambda _: Sentence("no command is named.")),
)
"""What the library says of a call -> our sentence."""


def _name_of(parameter: Any) -> str:
    """An option as it is written, or what stands for an argument."""
    options = [one for one in parameter.opts if one.startswith("-")]
    return str(max(options, key=len) if options else parameter.metavar or parameter.name.upper())
