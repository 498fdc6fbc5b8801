"""The OpenAPI document in French: every summary and description, from its English one.

Models and routes say what they are in English, where they stand. The English text is the key here;
one that has no translation stays as it is, and a test finds it.
"""

from collections.abc import Mapping
from typing import Any, Final

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french
from api.french_docs import FRENCH_OF_DOCS
from api.french_docs_checkout import FRENCH_OF_CHECKOUT
from api.french_docs_exchanges import FRENCH_OF_EXCHANGES_DOCS
from api.french_docs_log import FRENCH_OF_LOG_DOCS
from api.french_docs_merchants import FRENCH_OF_MERCHANTS
from api.french_docs_notes import FRENCH_OF_NOTES_DOCS
from api.french_docs_people import FRENCH_OF_PEOPLE_DOCS
from api.french_docs_records import FRENCH_OF_RECORDS
from api.french_docs_shapes import FRENCH_OF_SHAPES
from api.french_docs_statements import FRENCH_OF_STATEMENTS_DOCS
from api.french_docs_witness import FRENCH_OF_WITNESS_DOCS
from api.openapi_fields import FIELDS

_WRITTEN: Final = frozenset({"summary", "description"})
_NOT_OURS: Final = frozenset({"example", "examples", "value", "default", "enum", "const"})
"""Members that hold values of others, and no words of the document."""

TRANSLATED: Final = (
    FRENCH_OF_DOCS
    | FRENCH_OF_SHAPES
    | FRENCH_OF_RECORDS
    | FRENCH_OF_CHECKOUT
    | FRENCH_OF_MERCHANTS
    | FRENCH_OF_LOG_DOCS
    | FRENCH_OF_WITNESS_DOCS
    | FRENCH_OF_NOTES_DOCS
    | FRENCH_OF_PEOPLE_DOCS
    | FRENCH_OF_EXCHANGES_DOCS
    | FRENCH_OF_STATEMENTS_DOCS
    | dict(FIELDS.values())
)
_FRENCH: Final[Mapping[str, str]] = {
    english: typeset_french(french) for english, french in TRANSLATED.items()
}


def told(english: str, language: Language) -> str:
    """A text of the document in a language."""
    return _FRENCH.get(english, english) if language == "fr" else english


def in_language(document: Any, language: Language) -> Any:
    """The same document with its texts in a language."""
    return document if language == "en" else _translated(document, is_named=False)


def _translated(part: Any, *, is_named: bool) -> Any:
    """Translate; `is_named` says that the members are things by name, as properties are."""
    if isinstance(part, list):
        return [_translated(one, is_named=False) for one in part]
    if not isinstance(part, dict):
        return part
    if is_named:
        return {name: _translated(one, is_named=False) for name, one in part.items()}
    return {
        key: one
        if key in _NOT_OURS
        else told(one, "fr")
        if key in _WRITTEN and isinstance(one, str)
        else _translated(one, is_named=key in {"properties", "headers", "schemas"})
        for key, one in part.items()
    }
