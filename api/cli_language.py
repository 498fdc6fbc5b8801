"""The language in which a command speaks to who sits there: English, or French where it is asked.

Commands about people are given to those who answer for personal data, and not only to whoever runs
the server; so they take `--lang fr`. What programs read (`--json`) is the same in both.

Why an option and not the system's locale: what a command says stands in documentation and in other
people's scripts, and would change under them.
"""

from contextvars import ContextVar
from typing import Final

from adapters.refusal_texts import Language
from ledger.sentences import Sentence

_LANGUAGE: Final[ContextVar[Language]] = ContextVar("language", default="en")


def speak(language: Language) -> None:
    """Speak a language from now on, until the command ends."""
    _LANGUAGE.set(language)


def spoken() -> Language:
    """The language that is spoken."""
    return _LANGUAGE.get()


def said(text: object) -> str:
    """A sentence, or an error's, in the language that is spoken, as far as it has one there."""
    sentence = text.args[0] if isinstance(text, Exception) and text.args else text
    if spoken() == "en" or not isinstance(sentence, Sentence):
        return str(text)
    from api.commands.people_said import FRENCH_OF_TERMINAL  # noqa: PLC0415 - rarely needed, and large
    from api.french import FRENCH  # noqa: PLC0415 - as above

    return sentence.written({**FRENCH, **FRENCH_OF_TERMINAL})
