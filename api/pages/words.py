"""What the pages say, in one language: every text a payer reads, by name.

Texts are templates of `str.format`; values are escaped where the page is written. The languages are
in `api.pages.words_english` and `api.pages.words_french`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french
from api.pages.words_english import ENGLISH
from api.pages.words_french import FRENCH

OTHER: Final[Mapping[Language, Language]] = {"fr": "en", "en": "fr"}
NAMES: Final[Mapping[Language, str]] = {"fr": "Français", "en": "English"}


class Words(NamedTuple):
    """The texts of one language."""

    language: Language
    texts: Mapping[str, str]

    def say(self, name: str, **values: object) -> str:
        """Write a text, filled in."""
        return self.texts[name].format_map(values)


WORDS: Final[Mapping[Language, Words]] = {
    "en": Words("en", ENGLISH),
    "fr": Words("fr", {name: typeset_french(text) for name, text in FRENCH.items()}),
}
