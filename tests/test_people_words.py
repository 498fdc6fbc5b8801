"""The words of an export's page: complete in both languages, and all that can be stored has one."""

import re
from dataclasses import fields
from typing import Any, get_args

import pytest

from adapters.refusal_texts import Language
from adapters.ways import AnyPower
from api.people_words import PAGE_WORDS, PageWords
from api.schemas_people import ErasureStatus
from ledger.checkout import CheckoutStatus
from ledger.evidence import Source, Word
from ledger.identity import Kind, Recipient
from tests.test_api_french import english_in

NBSP = "\N{NO-BREAK SPACE}"


def names_of(words: PageWords) -> dict[str, Any]:
    return {
        one.name: set(found) if isinstance(found := getattr(words, one.name), dict) else None
        for one in fields(words)
    }


def literals(kind: Any) -> set[str]:
    """The words of a literal, or of several put together."""
    return {word for one in get_args(kind) for word in (literals(one) or {one})}


def test_both_languages_have_the_same_words() -> None:
    assert names_of(PAGE_WORDS["en"]) == names_of(PAGE_WORDS["fr"])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_whatever_can_be_stored_has_a_word(language: Language) -> None:
    words = PAGE_WORDS[language]

    assert words.kinds.keys() == literals(Kind)
    assert words.pages.keys() == literals(CheckoutStatus)
    assert words.erasures.keys() == literals(ErasureStatus)
    assert words.sources.keys() == set(Source)
    assert words.words.keys() == set(Word)
    assert words.powers.keys() == literals(AnyPower)
    assert words.recipients.keys() == literals(Recipient)


def test_the_french_is_french_and_set_as_french_is() -> None:
    words = PAGE_WORDS["fr"]
    texts = [words.exchanges]
    for one in fields(words):
        if isinstance(found := getattr(words, one.name), dict):
            texts += found.values()

    assert [text for text in texts if english_in(text)] == []
    assert [text for text in texts if re.search(rf"(?<!{NBSP})[:;?!»](?=\s|$)", text)] == []
