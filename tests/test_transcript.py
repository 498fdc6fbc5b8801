"""Transcripts keep what a dispute needs and nothing that acts for anybody."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from adapters.answer import Answer, Request
from adapters.transcript import MASK, Scrubber, basic, figure, said, written

SECRET = "s3cr3t-key"
scrub = Scrubber(
    secret_keys={"partyId", "access_token", "message_to_payer"},
    kept_keys={"financialTransactionId", "amount"},
    secrets=(SECRET,),
)


def a_request(body: bytes, **headers: str) -> Request:
    """Make a request, valid by default."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(
        method="POST", target=URL("https://provider.example/pay?x=1"), headers=named, body=body
    )


def test_a_transcript_keeps_what_a_dispute_needs() -> None:
    request = a_request(
        b'{"amount":"150000000","payer":{"partyId":"46733123450"}}',
        X_Reference_Id="3f1b7c52-0a4e-4a53-9c39-6f2f1f0a7d11",
        Authorization=basic("user", SECRET),
        X_Unheard_Of="whatever",
    )
    answer = Answer(
        500,
        {"Content-Type": "text/html", "Set-Cookie": "a=b"},
        b'<p>46733123450 or +237 650 00 00 01</p>{"financialTransactionId": "1000000001"}',
    )
    assert scrub(written(request, "500", answer)).splitlines() == [
        "POST /pay?x=1",
        "X-Reference-Id: 3f1b7c52-0a4e-4a53-9c39-6f2f1f0a7d11",
        f"Authorization: {MASK}",
        f"X-Unheard-Of: {MASK}",
        "",
        f'{{"amount":"150000000","payer":{{"partyId":"{MASK}"}}}}',
        "",
        "500",
        "Content-Type: text/html",
        f"Set-Cookie: {MASK}",
        "",
        f'<p>{MASK} or {MASK}</p>{{"financialTransactionId": "1000000001"}}',
    ]


def test_elements_of_xml_hide_what_members_of_json_hide() -> None:
    told = (
        "<a><partyId>46733123450</partyId><access_token n='1'>a&amp;b</access_token>"
        "<amount>150000000</amount><other>250000000</other></a> 46733123450 a&amp;b"
    )
    hidden = (
        f"<a><partyId>{MASK}</partyId><access_token n='1'>{MASK}</access_token>"
        f"<amount>150000000</amount><other>{MASK}</other></a> {MASK} {MASK}"
    )
    assert scrub(told) == scrub(hidden) == hidden
    assert scrub("<partyId></partyId><amount>1</amount>") == "<partyId></partyId><amount>1</amount>"


def test_a_secret_place_without_a_secret_spoils_nothing_else() -> None:
    assert scrub('{"partyId":null,"amount":"1"}{"reason":null}') == (
        f'{{"partyId":"{MASK}","amount":"1"}}{{"reason":null}}'
    )


SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\*&=,}]'),
    min_size=4,
    max_size=20,
).filter(lambda text: text not in "partyId access_token message_to_payer null true false 500 POST")


@given(SECRETS, SECRETS, st.sampled_from(["partyId", "access_token", "message_to_payer"]))
def test_what_stood_in_a_secret_place_is_in_no_place(one: str, other: str, key: str) -> None:
    request = a_request(orjson.dumps({key: one, "x": other}), Authorization=other)
    answer = Answer(200, {}, f"<p>{one}</p> {SECRET}".encode())
    text = scrub(written(request, "200", answer))
    assert SECRET not in text
    body = text.partition("\n\n")[2]
    assert one not in body or one in f'{{"{key}":"{MASK}","x":"{other}"}}'


@given(st.binary(max_size=300))
def test_any_bytes_can_be_scrubbed_and_scrubbing_twice_changes_nothing_more(raw: bytes) -> None:
    once = scrub(written(a_request(raw), "200", Answer(200, {}, raw)))
    assert scrub(once) == once


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, None),
        ("", None),
        (" \n\t ", None),
        ({"code": "X"}, None),
        ("NOT_ENOUGH_FUNDS", "NOT_ENOUGH_FUNDS"),
        (23, "23"),
        ("a\r\nb\x00c", "a b c"),
        ("Account 46733123450 is closed", f"Account {MASK} is closed"),
        ("call +237 650 00 00 01 now", f"call {MASK} now"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_providers_word_becomes_one_clean_line(value: object, line: str | None) -> None:
    assert said(value) == line


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("12.5", "12.5"),
        (100, "100"),
        (12.5, "12.5"),
        (1000000001, "1000000001"),
        ("", None),
        (None, None),
        (True, None),
        (["1"], None),
        ("9" * 100, "9" * 64),
    ],
)
def test_figures_are_kept_as_they_came(value: object, kept: str | None) -> None:
    assert figure(value) == kept
