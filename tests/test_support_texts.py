"""What support says: both languages and both readers have every text, and no text says too much."""

import re
from collections.abc import Iterator
from string import Formatter
from typing import get_args

import pytest

from adapters.directory import BY_CODE
from adapters.directory_contacts import CUSTOMER_SERVICE
from adapters.refusal_texts import DESCRIPTIONS, Language
from adapters.refusals import Refusal
from api.support_situation import money_of
from api.support_texts import TONGUES, About, amount_text, usually_text, writer_of
from api.support_words import (
    ONLY_INCOMING,
    ONLY_OUTGOING,
    UNTOLD,
    Moment,
    Said,
    Situation,
    Tongue,
)
from ledger.identity import Kind

LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES = {"merchant", "operator", "amount", "refunded", "thing", "Thing"}

INVITING = re.compile(
    r"pay again|try again|start again|send it again|new payment|make a new"
    r"|payez à nouveau|payer à nouveau|recommencez|réessayer|envoyez-le à nouveau"
    r"|nouveau paiement|en créez",
    re.IGNORECASE,
)
"""What invites to move the money once more."""

ENGLISH = re.compile(
    r"\b(the|this|that|there|is|are|was|has|have|and|or|with|it|its|to|from|by|your|again|wait)\b"
)


def said_in(tongue: Tongue) -> Iterator[tuple[str, Situation, str, Said]]:
    """Which way, where, to whom, what."""
    for way, table in (("in", tongue.incoming), ("out", tongue.outgoing)):
        for situation, advice in table.items():
            yield way, situation, "payer", advice.for_payer
            yield way, situation, "merchant", advice.for_merchant


def texts_in(tongue: Tongue) -> list[str]:
    """Every template of a language."""
    said = [text for *_, one in said_in(tongue) for text in one]
    steps = [
        text
        for table in (tongue.incoming_steps, tongue.outgoing_steps)
        for step in table.values()
        for text in step
    ]
    return [text for text in (*said, *steps, *tongue.moments.values()) if text is not None]


def about(kind: Kind = "collection", **changes: str | None) -> About:
    """What a text is about."""
    told = About(kind, 1500, 500, "XAF", "Chez Aminatou", "Orange Money")
    return told._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_situation_refusal_and_moment_is_told_to_both_readers(language: Language) -> None:
    tongue = TONGUES[language]
    told = set(Situation) - UNTOLD
    assert set(tongue.incoming) == told - ONLY_OUTGOING
    assert set(tongue.outgoing) == told - ONLY_INCOMING
    assert set(tongue.incoming_steps) == set(tongue.outgoing_steps) == set(Refusal)
    assert set(tongue.moments) == set(Moment)
    # The rest of a refusal is the vocabulary's, which has both readers too.
    assert {language in one.wordings for one in DESCRIPTIONS.values()} == {True}


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_sentences_with_known_names_in_them(language: Language) -> None:
    for text in texts_in(TONGUES[language]):
        names = {name for _, name, *_ in Formatter().parse(text) if name}
        assert names <= NAMES, text
        assert re.fullmatch(r"(?:[A-ZÀÉ]|\{(?:merchant|amount|Thing)\}).{10,260}[.]", text), text
        assert not re.search(
            r"\{thing\} of|of \{thing\}s|  ", text.replace("{thing} of {amount}", "")
        )


def test_french_is_typeset_and_is_no_english() -> None:
    for text in texts_in(TONGUES["fr"]):
        assert not re.search(r"(?<!\N{NO-BREAK SPACE})[:;?!»](?=\s|$)", text), text
        assert not ENGLISH.search(re.sub(r"`[^`]*`|\{\w+\}", "", text)), text
        # Nothing may have to be elided or contracted before a name.
        assert not re.search(r"\b(de|que|le|au|du) \{operator\}|\b(de|du|au) \{thing\}", text), text


def test_both_languages_say_as_much() -> None:
    english, french = (TONGUES[one] for one in ("en", "fr"))
    pairs = zip(said_in(english), said_in(french), strict=True)
    uneven = [
        one[:3] for one, other in pairs if (one[3].do_not is None) != (other[3].do_not is None)
    ]
    assert uneven == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_holder_of_the_number_reads_no_word_of_programs(language: Language) -> None:
    tongue = TONGUES[language]
    texts = [text for *_, who, said in said_in(tongue) if who == "payer" for text in said]
    texts += [text for step in tongue.incoming_steps.values() for text in step]
    texts += [text for step in tongue.outgoing_steps.values() for text in step]
    texts += list(tongue.moments.values())
    for text in filter(None, texts):
        assert not re.search(r"`|\b(API|id|provider|prestataire|webhook|status)\b", text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_invited_to_move_money_again_that_may_have_moved(language: Language) -> None:
    inviting = [
        (way, situation, who, text)
        for way, situation, who, said in said_in(TONGUES[language])
        if money_of(situation, None) != "not_moved"
        for text in (said.happened, said.do)
        if INVITING.search(text)
    ]
    assert inviting == []
    steps = (TONGUES[language].incoming_steps, TONGUES[language].outgoing_steps)
    assert [one for one in steps if INVITING.search(one[Refusal.DUPLICATE].do)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_could_pay_twice_is_told_not_to(language: Language) -> None:
    incoming = TONGUES[language].incoming
    silent = [
        (situation, who)
        for situation, advice in incoming.items()
        if money_of(situation, None) == "may_have_moved"
        for who, said in zip(("payer", "merchant"), advice, strict=True)
        if said.do_not is None
    ]
    assert silent == []
    assert TONGUES[language].incoming_steps[Refusal.DUPLICATE].do_not is not None


def test_a_refusal_invites_only_where_certainly_no_money_moved() -> None:
    for refusal in Refusal:
        is_repeat = refusal is Refusal.DUPLICATE
        expected = "may_have_moved" if is_repeat else "not_moved"
        assert money_of(Situation.REFUSED, refusal) == expected
        for wording in DESCRIPTIONS[refusal].wordings.values():
            assert not is_repeat or not INVITING.search(wording.for_payer)


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_written_with_and_without_names(language: Language, kind: Kind) -> None:
    for told in (about(kind), about(kind, merchant=None, operator=None)):
        write = writer_of(told, language)
        for text in texts_in(TONGUES[language]):
            written = write(text)
            assert "{" not in written
            assert all(one[:1].isupper() or one[:1].isdigit() for one in re.split(r"[.] ", written))


def test_a_name_is_written_as_it_is_whatever_it_holds() -> None:
    write = writer_of(about(merchant="{amount} & fils"), "en")
    assert write("{merchant} has asked you.") == "{amount} & fils has asked you."


@pytest.mark.parametrize(
    ("amount_minor", "currency", "english", "french"),
    [
        (1500, "XAF", "1,500\xa0FCFA", "1\u202f500\xa0FCFA"),
        (1_250_000, "XOF", "1,250,000\xa0FCFA", "1\u202f250\u202f000\xa0FCFA"),
        (123450, "GHS", "1,234.50\xa0GHS", "1\u202f234,50\xa0GHS"),
        (700, "GNF", "700\xa0GNF", "700\xa0GNF"),
    ],
)
def test_amounts_are_written_as_people_do(
    amount_minor: int, currency: str, english: str, french: str
) -> None:
    assert amount_text(amount_minor, currency, "en") == english
    assert amount_text(amount_minor, currency, "fr") == french


@pytest.mark.parametrize(
    ("median", "high", "spans"),
    [
        (61, 400, ("2 minutes", "7 minutes")),
        (60, 5400, ("a minute", "90 minutes")),
        (5401, 7201, ("2 hours", "3 hours")),
    ],
)
def test_spans_of_time_are_rounded_up(median: float, high: float, spans: tuple[str, str]) -> None:
    french = [one.replace("a minute", "une minute").replace("hours", "heures") for one in spans]
    assert usually_text(median, high, "en") == (
        f"Half of the time it takes {spans[0]} or less, and nearly always {spans[1]} or less."
    )
    assert usually_text(median, high, "fr") == (
        f"Une fois sur deux, cela prend {french[0]} au plus, et presque toujours {french[1]} au "
        "plus."
    )


def test_spans_that_are_told_alike_are_told_once() -> None:
    assert usually_text(8, 50, "en") == "It nearly always takes a minute or less."
    assert usually_text(8, 50, "fr") == "Cela prend presque toujours une minute au plus."


def test_a_customer_service_is_told_only_where_two_sources_agree() -> None:
    assert CUSTOMER_SERVICE.keys() <= BY_CODE.keys()
    for known in CUSTOMER_SERVICE.values():
        hosts = {source.split("/")[2].removeprefix("www.") for source in known.sources}
        assert re.fullmatch(r"[0-9]{3,8}", known.number)
        assert len(hosts) == len(known.sources) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_about_a_one_time_code_speaks_of_the_pin_only_to_warn(language: Language) -> None:
    tongue, pin = TONGUES[language], re.compile(r"\bPIN\b|code secret")
    for refusal in (Refusal.WRONG_CODE, Refusal.CODE_EXPIRED, Refusal.CODE_REQUIRED):
        step = tongue.incoming_steps[refusal]
        told = (*DESCRIPTIONS[refusal].wordings[language], step.do)
        assert [text for text in told if pin.search(text)] == []
        assert step.do_not is not None
        assert pin.search(step.do_not)
    for situation in (Situation.CODE_AWAITED, Situation.CODE_AGAIN, Situation.CODES_USED_UP):
        said = tongue.incoming[situation].for_payer
        assert not pin.search(said.happened + said.do)
        assert pin.search(said.do_not or "")
    step = tongue.incoming_steps[Refusal.WRONG_PIN]
    assert pin.search(DESCRIPTIONS[Refusal.WRONG_PIN].wordings[language].for_payer)
    assert pin.search(step.do)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_history_tells_what_happened_in_the_tense_people_use(language: Language) -> None:
    # What was before something else that is not told: nobody says that at a counter.
    far_past = re.compile(r"\b(avait|avaient|était|étaient|had (?!no)\w+)\b")
    moments = TONGUES[language].moments
    assert [text for text in moments.values() if far_past.search(text)] == []
