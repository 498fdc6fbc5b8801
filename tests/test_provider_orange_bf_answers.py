"""What Orange Burkina's answers mean, from files: see `adapters.providers._orange_bf_answers`."""

import pytest

from adapters.base import Declined, Final, NotSent, Submission, Unknown
from adapters.providers._orange_bf_answers import REFUSALS, parse_payment
from ledger.evidence import Word
from tests.replay import recorded

PAID = Final(word=Word.SUCCEEDED, provider_transaction_id="MP2510140001")


def read(name: str, status: int) -> Submission:
    return parse_payment(recorded("orange_bf", name, status), frozenset(REFUSALS))


@pytest.mark.parametrize(
    ("name", "status", "meant"),
    [
        ("paid.xml", 200, PAID),
        ("paid_declared.xml", 201, PAID),
        (
            "other_amount.xml",
            200,
            Declined(code="08", reason="status 200: 08 Le montant ne correspond pas."),
        ),
        (
            "no_account.xml",
            200,
            Declined(code="990422", reason="status 200: 990422 Le *** est sans compte."),
        ),
        (
            "no_account_other.xml",
            400,
            Declined(code="00066", reason="status 400: 00066 Pas de compte."),
        ),
        (
            "used_code.xml",
            422,
            Declined(code="990418", reason="status 422: 990418 OTP deja utilise."),
        ),
    ],
)
def test_a_word_that_is_listed_is_final(name: str, status: int, meant: Submission) -> None:
    assert read(name, status) == meant


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("paid.xml", 302),
        ("paid.xml", 400),
        ("paid.xml", 500),
        ("paid_without_transaction.xml", 200),
        ("paid_cut.xml", 200),
        ("unlisted.xml", 200),
        ("unlisted.xml", 400),
        ("used_code.xml", 500),
        ("two_statuses.xml", 200),
        ("with_entities.xml", 200),
        ("with_a_root.xml", 200),
        ("page.html", 200),
        ("page.html", 502),
        ("empty", 200),
        ("empty", 400),
        ("empty", 404),
    ],
)
def test_what_is_unclear_stays_unknown(name: str, status: int) -> None:
    assert isinstance(read(name, status), Unknown)


@pytest.mark.parametrize("status", [401, 403, 429])
@pytest.mark.parametrize("name", ["empty", "page.html"])
def test_who_is_turned_away_without_a_word_has_sent_nothing(name: str, status: int) -> None:
    assert read(name, status) == NotSent(f"status {status}")


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_word_counts_for_more_than_the_door(status: int) -> None:
    assert isinstance(read("used_code.xml", status), Declined)
    assert isinstance(read("unlisted.xml", status), Unknown)
