"""What the pages say and how they look, without any page: words, amounts, colours, operators."""

import re
from pathlib import Path
from string import Formatter

import pytest

from adapters.directory import OPERATORS
from api.pages import rendering
from api.pages.amounts import amount_text
from api.pages.colours import COLOURS, PLAIN, Colours, class_of, style_of_tags
from api.pages.offers import numbers_of, offers_of
from api.pages.words import WORDS
from api.pages.words_english import ENGLISH
from api.pages.words_french import FRENCH
from ledger.money import Money
from tests.conftest import FakeClock
from tests.test_api_french import english_in
from tests.test_routing import an_adapter

NBSP = "\N{NO-BREAK SPACE}"
CONTRAST_MIN = 4.5
STYLE = (rendering.FOLDER / "static" / "checkout.css").read_text()


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    assert ENGLISH.keys() == FRENCH.keys()
    assert {name: names_in(text) for name, text in ENGLISH.items()} == {
        name: names_in(text) for name, text in FRENCH.items()
    }


@pytest.mark.parametrize(("name", "text"), WORDS["fr"].texts.items())
def test_the_french_is_french_and_set_as_french_is(name: str, text: str) -> None:
    assert english_in(text) == []
    assert re.findall(rf"(?<!{NBSP})[:;?!»](?=\s|$)|«(?!{NBSP})|  ", text) == []


def test_every_text_is_said_somewhere_and_none_is_missing() -> None:
    folder = rendering.FOLDER
    sources = [path.read_text() for path in (*folder.glob("*.py"), *folder.glob("templates/*"))]
    said = "\n".join(text for text in sources if "ENGLISH: Final" not in text)
    composed = {"title", "text", "hint", "warning"}
    unsaid = [
        name
        for name in ENGLISH
        if f"'{name}'" not in said
        and f'"{name}"' not in said
        and name.rpartition("_")[2] not in composed
        and not name.startswith(("step_", "refused_"))
    ]

    assert unsaid == []


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (1500, "XAF", "fr", f"1{NBSP}500{NBSP}FCFA"),
        (1500, "XAF", "en", f"1,500{NBSP}FCFA"),
        (999, "XOF", "fr", f"999{NBSP}FCFA"),
        (123456789, "GNF", "fr", f"123{NBSP}456{NBSP}789{NBSP}GNF"),
        (125050, "GHS", "en", f"1,250.50{NBSP}GHS"),
        (125050, "GHS", "fr", f"1{NBSP}250,50{NBSP}GHS"),
        (5, "EUR", "fr", f"0,05{NBSP}EUR"),
    ],
)
def test_amounts_are_written_as_people_read_them(
    minor: int, currency: str, language: str, text: str
) -> None:
    assert amount_text(Money(minor, currency), language) == text  # type: ignore[arg-type]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(one * 2 for one in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("brand", "colours"), [*COLOURS.items(), ("", PLAIN)])
def test_every_operators_name_can_be_read_on_its_colours(brand: str, colours: Colours) -> None:
    assert contrast(*colours) >= CONTRAST_MIN
    assert f".{class_of(brand)}{{" in style_of_tags()


def test_colours_are_those_of_operators_that_exist_and_have_names_of_their_own() -> None:
    brands = {brand for _, brand in OPERATORS}

    assert set(COLOURS) <= brands
    assert len({class_of(brand) for brand in COLOURS}) == len(COLOURS)
    assert class_of("Nobody") == "o-plain"


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("#18181b", "#f4f4f5"),
        ("#52525b", "#ffffff"),
        ("#52525b", "#f4f4f5"),
        ("#1d4ed8", "#f4f4f5"),
        ("#1d4ed8", "#ffffff"),
        ("#d4d4d8", "#18181b"),
        ("#ffffff", "#15803d"),
        ("#ffffff", "#b91c1c"),
        ("#ffffff", "#b45309"),
    ],
)
def test_what_is_written_can_be_read(ink: str, ground: str) -> None:
    short = {"#ffffff": "#fff"}
    assert {short.get(one, one) in STYLE for one in (ink, ground)} == {True}
    assert contrast(ink, ground) >= CONTRAST_MIN


def test_the_style_loads_nothing_from_anywhere() -> None:
    assert re.findall(r"url\(|@import|expression", STYLE) == []


def test_offers_are_the_operators_of_the_country_that_somebody_here_reaches(
    tmp_path: Path, clock: FakeClock
) -> None:
    adapters = {name: an_adapter(name, tmp_path, clock) for name in ("mtn", "orange")}

    cameroon = offers_of(adapters, "CM", "XAF")

    assert [(one.code, one.name, one.way) for one in cameroon] == [
        ("mtn-cm", "MTN MoMo", "prompt"),
        ("orange-cm", "Orange Money", "page"),
    ]
    assert offers_of(adapters, "CM", "GHS") == ()
    assert offers_of(adapters, "", "XAF") == ()
    assert offers_of({}, "CM", "XAF") == ()
    assert numbers_of("CM", cameroon) == ("237", "", "650123401")
    assert numbers_of("", ()) == ("", "", None)
