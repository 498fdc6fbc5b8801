"""Receipts as people read them: French and English, text and HTML, whatever the shop is called."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any, Final, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.directory_countries import COUNTRIES
from adapters.directory_zones import UTC_HOURS
from adapters.notify import receipt
from adapters.notify.receipt import (
    HEADERS,
    HeaderInjectedError,
    Told,
    amount_text,
    plain,
    time_text,
    without_number,
    written_of,
)
from adapters.notify.receipt_texts import TEXTS, Fact, Side
from adapters.refusal_texts import Language
from ledger.money import Money
from tests.test_api_french import english_in

SENDER: Final = "recus@cauri.example"
HOSTILE: Final = (
    "Shop\r\nBcc: thief@evil.example",
    "Shop\n\n<script>alert(1)</script>",
    'A "quoted" <b>shop</b>, <x@y.example>',
    "=?utf-8?q?Shop=0ABcc=3A_thief?=",
    "\u2028Bcc: x\u2029\x85Cc: y\x0b\x0c",
    "{amount} {0} %s",
    "\u202eevitceles",
    ".\r\n.\r\nMAIL FROM:<x@y.example>",
    "é" * 300,
)


def a_told(**changes: Any) -> Told:
    """A receipt for a payer in Cameroon."""
    fields: dict[str, Any] = {
        "mail_id": "pay_zoagm6tl42bpqdp6qmegss2kwm.7.payer",
        "fact": "receipt",
        "is_test": False,
        "recipient": "payer",
        "address": "aminata@shop.example",
        "language": "fr",
        "merchant": "Chez Aminatou",
        "money": Money(1500, "XAF"),
        "wallet": "MTN MoMo",
        "digits": "01",
        "description": "Deux poulets",
        "at": datetime(2026, 3, 1, 12, 5, tzinfo=UTC),
        "country": "CM",
        "transaction_id": "2081330124",
        "payment_id": "pay_zoagm6tl42bpqdp6qmegss2kwm",
        "position": 7,
        "fingerprint": "ce19e9ed" * 8,
    }
    return Told(**(fields | changes))


def read(told: Told) -> EmailMessage:
    """Write a letter as it goes over the wire, and read it as its recipient does."""
    written = written_of(told, sender=SENDER)
    message = message_from_bytes(written, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class Page(HTMLParser):
    """What is on a page: the tags and their attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


TAGS: Final = {*("html", "head", "meta", "body", "p", "table", "tr", "th", "td")}
ATTRIBUTES: Final = {"lang", "charset", "name", "content", "style", "scope"}


def test_a_french_receipt_reads_as_one() -> None:
    message = read(a_told())
    assert dict(message.items()) | {"Content-Type": ""} == {
        "From": "Chez Aminatou <recus@cauri.example>",
        "To": "aminata@shop.example",
        "Subject": "Reçu\xa0: 1\u202f500\xa0FCFA payés à Chez Aminatou",
        "Date": "Sun, 01 Mar 2026 12:05:00 +0000",
        "Message-ID": "<pay_zoagm6tl42bpqdp6qmegss2kwm.7.payer@cauri.example>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "fr",
        "MIME-Version": "1.0",
        "Content-Type": "",
    }
    assert part(message, "plain") == (
        "Bonjour,\n\n"
        "Chez Aminatou a reçu votre paiement de 1\u202f500\xa0FCFA.\n\n"
        "Montant du paiement\xa0: 1\u202f500\xa0FCFA\n"
        "Marchand\xa0: Chez Aminatou\n"
        "Objet\xa0: Deux poulets\n"
        "Compte du client\xa0: MTN MoMo, numéro se terminant par 01\n"
        "Confirmé le\xa0: 1er mars 2026 à 13:05 (UTC+1), soit 12:05 UTC\n"
        "Transaction de l'opérateur\xa0: 2081330124\n"
        "Référence du paiement\xa0: pay_zoagm6tl42bpqdp6qmegss2kwm\n"
        f"Inscription au registre\xa0: nº 7, empreinte {'ce19e9ed' * 8}\n\n"
        "Pour vérifier\xa0: Comparez le numéro de transaction avec le SMS ou l'historique de votre "
        "compte MTN MoMo. Personne n'a besoin de votre code secret\xa0: ne le donnez jamais.\n\n"
        "Cet e-mail est envoyé automatiquement. Pour toute question, adressez-vous à "
        "Chez Aminatou.\n"
    )


@pytest.mark.parametrize("language", get_args(Language))
def test_whom_to_ask_stands_in_a_letter_where_somebody_is_named(language: Language) -> None:
    row = {"fr": "Aide\xa0: aide@cauri.example", "en": "Help: aide@cauri.example"}[language]
    without = part(read(a_told(language=language)), "plain").splitlines()
    asked = a_told(language=language, support="aide@cauri.example")
    lines = part(read(asked), "plain").splitlines()
    assert [one for one in lines if one not in without] == [row]
    assert "aide@cauri.example" in part(read(asked), "html")


def test_an_english_refund_reads_as_one() -> None:
    told = a_told(
        fact="refund",
        recipient="merchant",
        language="en",
        money=Money(1_250_050, "GHS"),
        refunded=Money(1250, "GHS"),
        country="GH",
        refund_id="re_zoagm6tl42bpqdp6qmegss2kwm",
        transaction_id=None,
        description=None,
    )
    message = read(told)
    assert message["Subject"] == "Refund done: 12.50\xa0GHS"
    assert part(message, "plain").splitlines()[2:12] == [
        "You have given back 12.50\xa0GHS of a payment of 12,500.50\xa0GHS.",
        "",
        "Amount given back: 12.50\xa0GHS",
        "Amount of the payment: 12,500.50\xa0GHS",
        "Merchant: Chez Aminatou",
        "Customer's account: MTN MoMo, number ending in 01",
        "Confirmed on: 1 March 2026 at 12:05 UTC",
        "Refund reference: re_zoagm6tl42bpqdp6qmegss2kwm",
        "Payment reference: pay_zoagm6tl42bpqdp6qmegss2kwm",
        f"Entry in the ledger: no. 7, fingerprint {'ce19e9ed' * 8}",
    ]


LETTERS: Final = [
    (fact, who, language)
    for fact in get_args(Fact)
    for who in ("payer", "merchant")
    for language in get_args(Language)
]


@pytest.mark.parametrize(("fact", "who", "language"), LETTERS)
def test_a_letter_about_a_test_differs_by_saying_so_first(
    fact: Fact, who: str, language: Language
) -> None:
    told = a_told(fact=fact, recipient=who, language=language)
    banner, subject = {
        "fr": ("Essai\xa0: aucun argent n'a circulé.", "[Essai] "),
        "en": ("Test: no money moved.", "[Test] "),
    }[language]
    tried, real = read(replace(told, is_test=True)), read(told)
    assert tried["Subject"] == f"{subject}{real['Subject']}"
    assert part(tried, "plain") == f"{banner}\n\n{part(real, 'plain')}"
    texts = [
        [one for one in Page(part(each, "html")).texts if one.strip()] for each in (tried, real)
    ]
    assert texts[0] == [banner, *texts[1]]


@pytest.mark.parametrize(("fact", "who", "language"), LETTERS)
def test_text_and_page_say_the_same_and_lead_nowhere(
    fact: Fact, who: str, language: Language
) -> None:
    is_correction = fact.endswith("correction")
    told = a_told(
        fact=fact,
        recipient=who,
        language=language,
        refunded=Money(500, "XAF") if "refund" in fact else None,
        corrected_at=datetime(2026, 3, 9, 8, tzinfo=UTC) if is_correction else None,
    )
    message = read(told)
    text, page = part(message, "plain"), Page(part(message, "html"))
    assert " ".join("".join(page.texts).split()) == " ".join(
        re.sub(r"(?m)^([^:\n]{3,30}?)\xa0?: (?=.)", _without_colon(page), text).split()
    )
    assert (page.tags - TAGS, page.attributes - ATTRIBUTES) == (set(), set())
    assert not re.search(r"https?:|www\.|cid:|url\(", part(message, "html"))
    assert message["Date"].datetime.day == (9 if is_correction else 1)
    if language == "fr":
        assert english_in(text.replace(told.merchant, "").replace("Transaction", "")) == []
        lines = [message["Subject"], *text.splitlines()]
        assert [one for one in lines if re.search(r"(?<!\xa0)[:;?!»](?=\s|$)", one)] == []


def _without_colon(page: Page) -> Any:
    """On the page, what is a row of the table needs no colon."""
    names = {one for one in page.texts if one.strip()}

    def write(found: re.Match[str]) -> str:
        return found[1] if found[1] in names else found[0]

    return write


def test_the_two_languages_have_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    french, english = TEXTS["fr"], TEXTS["en"]
    for name in type(french).__slots__:
        one, other = getattr(french, name), getattr(english, name)
        if isinstance(one, str):
            assert values(one) == values(other), name
        elif isinstance(one, dict):
            sides: list[tuple[Side, Side]] = [(one[fact], other[fact]) for fact in get_args(Fact)]
            for here, there in sides:
                assert values(here.opening) == values(there.opening)
                assert values(here.subject) == values(there.subject)


@given(merchant=st.text(max_size=100), description=st.text(max_size=200), other=st.text())
@example(merchant=HOSTILE[0], description=HOSTILE[1], other=HOSTILE[2])
@example(merchant=HOSTILE[2], description=HOSTILE[4], other=HOSTILE[0])
@example(merchant=HOSTILE[3], description=HOSTILE[5], other=HOSTILE[4])
@example(merchant=HOSTILE[4], description=HOSTILE[0], other=HOSTILE[3])
@example(merchant=HOSTILE[5], description=HOSTILE[6], other=HOSTILE[7])
@example(merchant=HOSTILE[6], description=HOSTILE[7], other=HOSTILE[5])
@example(merchant=HOSTILE[7], description=HOSTILE[8], other=HOSTILE[1])
@example(merchant=HOSTILE[8], description=HOSTILE[3], other=HOSTILE[8])
@example(merchant="", description="", other="")
def test_no_name_or_description_makes_a_header_a_line_or_a_tag(
    merchant: str, description: str, other: str
) -> None:
    told = a_told(merchant=merchant, description=description, transaction_id=other, wallet=other)
    message = read(told)
    plainly = read(a_told(description="x", transaction_id="x"))
    assert sorted(name for name, _ in message.items()) == sorted(HEADERS)
    assert [one.addr_spec for one in message["From"].addresses] == [SENDER]
    assert [one.addr_spec for one in message["To"].addresses] == [told.address]
    # The reader's library keeps the spaces between two encoded words, which are none.
    name = plain(merchant, 80).replace("=?", "= ?").replace(" ", "")
    assert message["From"].addresses[0].display_name.replace(" ", "") == name
    subject = f"Reçu\xa0: 1\u202f500\xa0FCFA payés à {name}".replace(" ", "")
    assert message["Subject"].replace(" ", "") == subject
    lines = len(part(plainly, "plain").splitlines())
    left_out = (not plain(description, 160)) + (not plain(other, 64))
    assert len(part(message, "plain").splitlines()) == lines - left_out
    page = Page(part(message, "html"))
    assert (page.tags - TAGS, page.attributes - ATTRIBUTES) == (set(), set())
    assert [len(one) for one in message.as_bytes().splitlines() if len(one) > 998] == []


def test_a_letter_with_a_header_that_is_not_ours_is_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receipt, "_for_header", lambda line: line)
    with pytest.raises(HeaderInjectedError):
        written_of(a_told(merchant=HOSTILE[3]), sender=SENDER)


@given(st.text(), st.integers(1, 100))
def test_a_text_from_outside_becomes_one_line_of_visible_signs(text: str, most: int) -> None:
    line = plain(text, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert all(one.isprintable() for one in line)


def test_a_letter_is_the_same_bytes_each_time_and_each_letter_has_an_id_of_its_own() -> None:
    one, same = (written_of(a_told(), sender=SENDER) for _ in range(2))
    other = read(a_told(mail_id="pay_zoagm6tl42bpqdp6qmegss2kwm.7.merchant"))
    assert one == same
    assert other["Message-ID"] not in one.decode()


@pytest.mark.parametrize(
    ("money", "french", "english"),
    [
        (Money(0, "XOF"), "0\xa0FCFA", "0\xa0FCFA"),
        (Money(1_234_567, "GNF"), "1\u202f234\u202f567\xa0GNF", "1,234,567\xa0GNF"),
        (Money(123_456, "ZMW"), "1\u202f234,56\xa0ZMW", "1,234.56\xa0ZMW"),
        (Money(5, "EUR"), "0,05\xa0EUR", "0.05\xa0EUR"),
    ],
)
def test_amounts_are_written_as_people_do(money: Money, french: str, english: str) -> None:
    assert (amount_text(money, "fr"), amount_text(money, "en")) == (french, english)


@pytest.mark.parametrize(
    ("country", "told"),
    [
        ("SN", "31 décembre 2026 à 22:30 UTC"),
        ("CM", "31 décembre 2026 à 23:30 (UTC+1), soit 22:30 UTC"),
        ("KE", "1er janvier 2027 à 01:30 (UTC+3), soit 22:30 UTC"),
        ("CD", "31 décembre 2026 à 22:30 UTC"),
    ],
)
def test_a_time_is_told_by_the_clocks_of_the_country_and_by_utc(country: str, told: str) -> None:
    assert time_text(datetime(2026, 12, 31, 22, 30, tzinfo=UTC), country, "fr") == told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Deux poulets, 670 00 00 01", "Deux poulets, …01"),
        ("+237 6.70.00.00.01 et 00237670000001", "…01 et …01"),
        ("670-000-002, commande 20260301", "670-000-002, commande 20260301"),
    ],
)
def test_the_payers_number_is_cut_down_wherever_it_was_written(text: str, shown: str) -> None:
    assert without_number(text, "+237670000001") == shown


def test_every_country_with_one_time_has_it() -> None:
    assert COUNTRIES.keys() - UTC_HOURS.keys() == {"CD"}
    assert UTC_HOURS.keys() - COUNTRIES.keys() == set()
