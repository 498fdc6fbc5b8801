"""Refusals: each is described in both languages, and every adapter's codes lead to one."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from adapters.refusal_english import ENGLISH, Wording
from adapters.refusal_french import FRENCH
from adapters.refusal_texts import DESCRIPTIONS, Category
from adapters.refusals import Refusal

SHARED: Final = Path(__file__).resolve().parents[2] / "shared"
SPECIFICATION: Final = (
    SHARED / "specs" / "gsma" / "mobile-money-api-specification-1.2.0-master_0.yaml"
)

GSMA_CATEGORIES: Final = {
    *("identification", "validation", "authorisation"),
    *("businessRule", "internal", "serviceUnavailable"),
}
NEVER_AGAIN: Final = {
    Refusal.INSUFFICIENT_FUNDS,
    Refusal.INVALID_NUMBER,
    Refusal.MERCHANT_NOT_ALLOWED,
    Refusal.ACCOUNT_BLOCKED,
    Refusal.REJECTED_BY_PAYER,
}
"""What somebody must put right first, or has decided."""


def listed_in(name: str) -> set[str]:
    """The values of an enum of the specification's error object."""
    if not SPECIFICATION.is_file():
        pytest.skip("GSMA's specification is not beside the repository (../shared/specs/gsma)")
    text = SPECIFICATION.read_text()
    _, _, rest = text.partition("\n    errorObject:\n")
    _, _, rest = rest.partition(f"        {name}:\n")
    _, _, rest = rest.partition("          enum:\n")
    values = re.match(r'(?: {10}- "\w+"\n)+', rest)
    assert values, f"the specification has no enum {name}"
    return set(re.findall(r'"(\w+)"', values[0]))


def test_every_refusal_is_described_in_both_languages_and_nothing_else_is() -> None:
    every = list(Refusal)
    assert (list(DESCRIPTIONS), list(ENGLISH), list(FRENCH)) == (every, every, every)


@pytest.mark.parametrize("refusal", Refusal)
def test_no_text_is_empty_or_the_same_in_both_languages(refusal: Refusal) -> None:
    wordings = DESCRIPTIONS[refusal].wordings
    for english, french in zip(wordings["en"], wordings["fr"], strict=True):
        assert english != french
        for text in (english, french):
            assert re.fullmatch(r"[A-ZÉÀ].{15,200}\.", text), text
            assert not re.search(r"(?<!\xa0)[:;?!»](?=\s|$)|  ", text) or text is english
            assert set(re.findall(r"`([^`]*)`", english)) == set(re.findall(r"`([^`]*)`", french))


@pytest.mark.parametrize("refusal", Refusal)
def test_what_the_payer_is_told_holds_no_word_of_programs(refusal: Refusal) -> None:
    for wording in DESCRIPTIONS[refusal].wordings.values():
        assert "`" not in wording.for_payer
        assert not re.search(r"\b(API|id|code`|provider|prestataire)\b", wording.for_payer)


@pytest.mark.parametrize("refusal", Refusal)
def test_an_advice_to_wait_is_only_given_where_waiting_helps(refusal: Refusal) -> None:
    description = DESCRIPTIONS[refusal]
    is_waiting = "few minutes" in description.wordings["en"].next_step
    assert ("quelques minutes" in description.wordings["fr"].next_step) is is_waiting
    assert description.may_retry or not is_waiting


def test_categories_are_those_of_the_gsma() -> None:
    used = {one.category for one in DESCRIPTIONS.values()}
    assert (set(get_args(Category)), used) == (GSMA_CATEGORIES, GSMA_CATEGORIES)


def test_categories_and_codes_stand_in_the_specification() -> None:
    assert set(get_args(Category)) == listed_in("errorCategory")
    assert {one.gsma_code for one in DESCRIPTIONS.values()} - listed_in("errorCode") == set()


def test_what_must_be_put_right_first_is_never_tried_again_by_itself() -> None:
    assert [one for one in NEVER_AGAIN if DESCRIPTIONS[one].may_retry] == []


def test_a_provider_that_is_away_is_tried_again_or_replaced() -> None:
    away = DESCRIPTIONS[Refusal.PROVIDER_UNAVAILABLE]
    assert (away.may_retry, away.may_reroute) == (True, True)
    assert DESCRIPTIONS[Refusal.TIMED_OUT].may_retry


def test_a_description_is_a_value_that_nobody_changes() -> None:
    one = DESCRIPTIONS[Refusal.UNKNOWN]
    with pytest.raises(AttributeError):
        one.may_retry = True  # type: ignore[misc]
    assert isinstance(one.wordings["fr"], Wording)
