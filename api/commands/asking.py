"""Asking whoever sits there whether a command shall go on.

The answer may be in either language, whichever is spoken. What is no answer is a no: nothing is
done because a pipe has ended or somebody has pressed a key by chance.
"""

import sys
from collections.abc import Mapping
from typing import Final

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french
from api.cli_language import spoken

ANSWERS_MAX: Final = 3
"""How often it is asked of somebody who answers neither yes nor no."""

ANSWER_CHARACTERS_MAX: Final = 100

YES: Final = frozenset({"y", "yes", "o", "oui"})
NO: Final = frozenset({"", "n", "no", "non"})

_HINTS: Final[Mapping[Language, tuple[str, str]]] = {
    "en": ("[y/N]", "Answer yes or no."),
    "fr": ("[o/N]", "Répondez par oui ou par non."),
}
"""Language -> how to answer in short, and in a sentence."""


def is_agreed(question: str) -> bool:
    """Ask a question to which the answer may be yes; an end of what is read is a no."""
    hint, remedy = _HINTS[spoken()]
    for _ in range(ANSWERS_MAX):
        asked = typeset_french(question) if spoken() == "fr" else question
        sys.stderr.write(f"{asked} {hint} ")
        sys.stderr.flush()
        line = sys.stdin.readline(ANSWER_CHARACTERS_MAX)
        if not line:
            sys.stderr.write("\n")
            return False
        said = line.strip().casefold()
        if said in YES or said in NO:
            return said in YES
        sys.stderr.write(f"{remedy}\n")
    return False
