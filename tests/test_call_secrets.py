"""What is told of a provider's call: all that was said, and nothing that proves who said it."""

import pytest

from adapters.base import WebhookCall
from adapters.call_secrets import without_secrets

NUMBER = "237690000001"


def a_call(body: str, *, path: tuple[str, ...] = (), **headers: str) -> WebhookCall:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookCall(method="POST", path=path, headers=named, body=body.encode())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            f'{{"status":"SUCCESS","notif_token":"dd497bda3b25","txnid":"MP1","n":"{NUMBER}"}}',
            f'{{"status":"SUCCESS","notif_token":"***","txnid":"MP1","n":"{NUMBER}"}}',
        ),
        ('{"payToken": "MP22abc", "message": "MP22abc"}', '{"payToken": "***", "message": "***"}'),
        ('{"api-key":"k-12345","shipping":"DHL"}', '{"api-key":"***","shipping":"DHL"}'),
        (f"pin=1234&msisdn={NUMBER}", f"pin=***&msisdn={NUMBER}"),
        (
            "<r><password>s3cret</password><id>7</id></r>",
            "<r><password>***</password><id>7</id></r>",
        ),
        ('{"token":"abcd1234', '{"token":"***"'),
        (f'{{"payer":{{"partyId":"{NUMBER}"}}}}', f'{{"payer":{{"partyId":"{NUMBER}"}}}}'),
    ],
)
def test_secrets_of_a_body_go_and_the_person_stays(body: str, told: str) -> None:
    assert without_secrets(a_call(body)).body.decode() == told


def test_what_stood_in_a_secret_place_goes_from_everywhere() -> None:
    call = a_call(
        '{"notif_token":"dd497bda","again":"Basic dTpwYXNz or dTpwYXNz"}',
        path=("pay_1", "dd497bda"),
        Authorization="Basic dTpwYXNz",
        X_Wave_Signature="t=1,v1=abc",
        Content_Type="application/json",
        X_Echo="dd497bda",
    )

    told = without_secrets(call)

    assert told.body == b'{"notif_token":"***","again":"*** or ***"}'
    assert told.path == ("pay_1", "***")
    assert told.headers == {
        "Authorization": "***",
        "X-Wave-Signature": "***",
        "Content-Type": "application/json",
        "X-Echo": "***",
    }


def test_bytes_that_are_no_text_can_be_written() -> None:
    call = WebhookCall(
        method="POST",
        path=(),
        headers={"X-Odd": b"\xff".decode("utf-8", "surrogateescape")},
        body=b"\xfe",
    )

    told = without_secrets(call)

    assert (told.headers, told.body) == ({"X-Odd": "\\udcff"}, b"\\xfe")
