"""Refusals: each is described in both languages, and every adapter's codes lead to one."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Final, NamedTuple, get_args

import pytest

from adapters.providers import adapter_class, provider_names
from adapters.refusal_english import ENGLISH, Wording
from adapters.refusal_french import FRENCH
from adapters.refusal_texts import DESCRIPTIONS, Category
from adapters.refusals import Refusal, meanings_of

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

POOR: Final = Refusal.INSUFFICIENT_FUNDS


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


def codes_of(name: str) -> dict[str, Mapping[str, Refusal]]:
    """The tables of a provider's codes: for money that comes in, and for money that goes out."""
    facts = adapter_class(name)
    return {way: meanings_of(facts, is_outgoing=way == "out") for way in ("in", "out")}


@pytest.mark.parametrize("name", provider_names())
def test_every_code_of_a_provider_is_a_text_that_leads_to_a_described_refusal(name: str) -> None:
    for way, codes in codes_of(name).items():
        assert codes, f"{name} maps no codes ({way})"
        assert [code for code in codes if type(code) is not str or not code.strip()] == []
        assert [code for code, one in codes.items() if one not in DESCRIPTIONS] == []


@pytest.mark.parametrize("name", provider_names())
def test_a_code_of_a_provider_is_never_listed_as_unlisted(name: str) -> None:
    unknown = [
        code
        for codes in codes_of(name).values()
        for code, refusal in codes.items()
        if refusal is Refusal.UNKNOWN
    ]
    assert unknown == []


@pytest.mark.parametrize("name", provider_names())
def test_what_is_known_of_money_that_comes_in_is_known_of_money_that_goes_out(name: str) -> None:
    codes = codes_of(name)
    assert codes["in"].keys() - codes["out"].keys() == set()


def test_where_a_provider_has_one_table_it_holds_both_ways() -> None:
    one = SimpleNamespace(refusals={"a": Refusal.CANCELLED})
    two = SimpleNamespace(refusals={}, outgoing_refusals={"a": Refusal.DUPLICATE})

    assert meanings_of(one, is_outgoing=True) == meanings_of(one, is_outgoing=False) == one.refusals
    assert meanings_of(two, is_outgoing=True) == two.outgoing_refusals
    assert meanings_of(two, is_outgoing=False) == {}


@pytest.mark.parametrize("name", provider_names())
def test_where_money_goes_out_no_payer_is_told_of_an_empty_account(name: str) -> None:
    """The payer is the merchant then, and whoever is paid has nothing to do with it."""
    blamed = {one for one, refusal in codes_of(name)["out"].items() if refusal is POOR}
    assert blamed == set()


class Enumeration(NamedTuple):
    """Where the facts list a provider's codes, and how to tell a code from the words around it."""

    provider: str
    file: str
    begins: str
    """The words before the list; it ends with its line."""
    code: str
    count_min: int
    """How many there are at the least: the facts may have been written anew."""


MTN_CODE: Final = r"\b[A-Z]+(?:_[A-Z]+)+\b(?:\.(?=`))?|\bEXPIRED\b"
QUOTED: Final = r"\b[a-z]+(?:_[a-z]+)+\b|\btimeout\b"
INTEGRATORS: Final = "orange_and_integrators.md"
ENUMERATIONS: Final = (
    Enumeration("mtn", "mtn.md", "- ErrorReason.code, Collection & Disbursement", MTN_CODE, 17),
    Enumeration("mtn", "mtn.md", "- Remittance (", MTN_CODE, 10),
    Enumeration("mtn", "mtn.md", "- **Real reasons outside the enum**", MTN_CODE, 6),
    Enumeration("mtn", "mtn.md", "- INTERNAL_PROCESSING_ERROR", MTN_CODE, 1),
    Enumeration(
        "orange", INTEGRATORS, "- `INITIATED` waiting for user entry", r"EXPIRED|FAILED", 2
    ),
    Enumeration("orange", INTEGRATORS, "- A TMF-style API elsewhere", r"\b[24][0-9](?= )", 12),
    Enumeration("hub2", INTEGRATORS, "Failure causes: ", QUOTED, 11),
)


@pytest.mark.parametrize("listed", ENUMERATIONS, ids=lambda one: f"{one.provider} {one.begins}")
def test_every_code_that_the_facts_list_is_mapped(listed: Enumeration) -> None:
    facts = SHARED / "providers" / listed.file
    if not facts.is_file():
        pytest.skip(f"the facts are not beside the repository (../shared/providers/{listed.file})")
    _, found, rest = facts.read_text().partition(listed.begins)
    assert found, f"{listed.file} has no line with {listed.begins!r}"
    line = listed.begins + rest.partition("\n")[0]
    named = set(re.findall(listed.code, line))
    assert len(named) >= listed.count_min
    for codes in codes_of(listed.provider).values():
        assert named - codes.keys() == set()
