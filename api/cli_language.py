"""The language in which a command speaks to who sits there: English, or French where it is asked.

What every command refuses, and why, it says in the language of `CAURI_LANGUAGE`. Commands about
people are given to those who answer for personal data, and not only to whoever runs the server; so
they take `--lang fr` too, which comes first. What programs read (`--json`) is the same in both.

Why a setting and not the system's locale: what a command says stands in documentation and in other
people's scripts, and would change under them.
"""

from contextvars import ContextVar
from typing import Final

from adapters.refusal_texts import Language
from ledger.sentences import Sentence

_ASKED: Final[ContextVar[Language | None]] = ContextVar("language_asked", default=None)
_SET_UP: Final[ContextVar[Language]] = ContextVar("language_set_up", default="en")


def speak(language: Language | None) -> None:
    """Speak a language from now on, until the command ends; None: what is set up."""
    _ASKED.set(language)


def speak_unless_asked(set_up: str | None) -> None:
    """Speak what the settings say, where the command was not asked for a language."""
    _SET_UP.set("fr" if set_up == "fr" else "en")


def spoken() -> Language:
    """The language that is spoken."""
    return _ASKED.get() or _SET_UP.get()


def said(text: object) -> str:
    """A sentence, or an error's, in the language that is spoken, as far as it has one there."""
    sentence = text.args[0] if isinstance(text, Exception) and text.args else text
    if spoken() == "en" or not isinstance(sentence, Sentence):
        return str(text)
    from api.commands.people_said import FRENCH_OF_TERMINAL  # noqa: PLC0415 - rarely needed, and large
    from api.french import FRENCH  # noqa: PLC0415 - as above

    return sentence.written({**FRENCH, **FRENCH_OF_TERMINAL})
