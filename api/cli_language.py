"""The language in which a command speaks to who sits there: English, or French where it is asked.

Help, what is wrong with the settings, what every command reports, and what it refuses and why are
said in the language of `CAURI_LANGUAGE`. Commands about people are given to those who answer for
personal data, and not only to whoever runs the server; so they take `--lang fr` too, which comes
first. What programs read (`--json`) is the same in both.

Why a setting and not the system's locale: what a command says stands in documentation and in other
people's scripts, and would change under them.
"""

import tomllib
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path
from typing import Final

from adapters.refusal_texts import Language
from api.settings import FILE_VARIABLE, PREFIX
from ledger.sentences import Sentence

ASKING: Final = "--lang"
_ASKED: Final[ContextVar[Language | None]] = ContextVar("language_asked", default=None)
_SET_UP: Final[ContextVar[Language]] = ContextVar("language_set_up", default="en")


def speak(language: Language | None) -> None:
    """Speak a language from now on, until the command ends; None: what is set up."""
    _ASKED.set(language)


def speak_unless_asked(set_up: str | None) -> None:
    """Speak what the settings say, where the command was not asked for a language."""
    _SET_UP.set("fr" if set_up == "fr" else "en")


def asked_in(arguments: Sequence[str]) -> Language | None:
    """The language that a call names by `--lang`, for its help and for what is wrong with it."""
    for one, following in pairwise([*arguments, ""]):
        named = following if one == ASKING else one.removeprefix(f"{ASKING}=")
        if one.startswith(ASKING) and named in {"en", "fr"}:
            return "fr" if named == "fr" else "en"
    return None


def language_set_up(environment: Mapping[str, str]) -> str | None:
    """What the settings say of the language, before anything else of them is looked at.

    Help needs no settings, and what is wrong with them is to be told in it too. Of a file that
    cannot be read nothing is said here.
    """
    named, file = environment.get(f"{PREFIX}LANGUAGE"), environment.get(FILE_VARIABLE)
    if named is not None or file is None:
        return named
    try:
        return str(tomllib.loads(Path(file).read_text(encoding="utf-8")).get("language"))
    except (OSError, ValueError):
        return None


def spoken() -> Language:
    """The language that is spoken."""
    return _ASKED.get() or _SET_UP.get()


def said(text: object) -> str:
    """A sentence, or an error's, in the language that is spoken, as far as it has one there."""
    sentence = text.args[0] if isinstance(text, Exception) and text.args else text
    if spoken() == "en" or not isinstance(sentence, Sentence):
        return str(text)
    from api.french_terminal import FRENCH_OF_TERMINAL  # noqa: PLC0415 - rarely needed, and large

    return sentence.written(FRENCH_OF_TERMINAL)


def head_said(name: str) -> str:
    """The head of a table's column, or the name of a fact, in the language that is spoken."""
    if spoken() == "en":
        return name
    from api.french_reports import FRENCH_OF_HEADS  # noqa: PLC0415 - rarely needed

    return FRENCH_OF_HEADS.get(name, name)
