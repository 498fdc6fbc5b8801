"""Signatures: `v1` as the library of Standard Webhooks verifies it, `v1a` as its specification.

That library knows no `v1a`, in no language that we could run here, and nothing else on the package
index that verifies it installs on every Python that we support (`authweave-webhooks`, the only one,
needs 3.12). So `v1a` is held to the example that the authors of the specification publish: Ed25519
signs the same bytes with the same key alike everywhere, and one byte more or less would show.
"""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.notify.signing import SigningPair, new_pair, signed_headers

BODY = b'{"type":"payment.succeeded","data":{"id":"pay_1"}}'
ID = "ep_1.7"


def bytes_of(seed: int) -> SigningPair:
    """A pair from bytes that are not random."""
    return new_pair(lambda size: bytes([seed]) * size)


def verify_v1a(public_key: str, headers: dict[str, str], body: bytes) -> None:
    """Check the `v1a` signatures: the base64 of an Ed25519 signature over `id.timestamp.body`.

    Raises:
        InvalidSignature: none of them is of this key.
    """
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signatures = [one.partition(",") for one in headers["webhook-signature"].split(" ")]
    for version, _, signature in signatures:
        if version != "v1a":
            continue
        try:
            key.verify(base64.b64decode(signature), content)
        except InvalidSignature:
            continue
        return
    raise InvalidSignature


def test_the_library_verifies_what_is_signed() -> None:
    pair = bytes_of(1)
    headers = signed_headers(ID, datetime.now(UTC), BODY, [pair])
    assert Webhook(pair.secret).verify(BODY, headers)["data"] == {"id": "pay_1"}
    verify_v1a(pair.public_key, headers, BODY)


@pytest.mark.parametrize("part", ["body", "id", "timestamp", "secret"])
def test_nothing_can_be_changed_unnoticed(part: str) -> None:
    pair = bytes_of(1)
    at = datetime.now(UTC)
    headers = signed_headers(ID, at, BODY, [pair])
    body, other = BODY, pair
    if part == "body":
        body = BODY.replace(b"pay_1", b"pay_2")
    elif part == "secret":
        other = bytes_of(2)
    else:
        changed = {"id": "ep_1.8", "timestamp": str(int(at.timestamp()) + 1)}[part]
        headers[f"webhook-{part}"] = changed
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(other.secret).verify(body, headers)
    with pytest.raises(InvalidSignature):
        verify_v1a(other.public_key, headers, body)


def test_a_former_secret_signs_along_and_both_verify() -> None:
    new, former = bytes_of(2), bytes_of(1)
    headers = signed_headers(ID, datetime.now(UTC), BODY, [new, former])
    versions = [one.partition(",")[0] for one in headers["webhook-signature"].split(" ")]
    assert versions == ["v1", "v1a", "v1", "v1a"]
    for pair in (new, former):
        Webhook(pair.secret).verify(BODY, headers)
        verify_v1a(pair.public_key, headers, BODY)


def test_an_example_computed_elsewhere_comes_out_the_same() -> None:
    # The example of the specification: its secret, id, time and body, and their signature.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    pair = SigningPair(secret, bytes_of(1).private_key)
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [pair],
    )
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"].split(" ")[0] == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_an_ed25519_example_computed_elsewhere_comes_out_the_same() -> None:
    # That of the Svix server's test `test_asymmetric_key_signing`; its signature is also the one
    # in the specification's example of the headers. The key is written as private and public part.
    both = base64.b64decode(
        "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
    )
    pair = SigningPair(bytes_of(1).secret, f"whsk_{base64.b64encode(both[:32]).decode()}")
    body = b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, [pair])
    signature = (
        "hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    )
    published = f"v1a,{signature}"
    assert pair.public_key == "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
    assert headers["webhook-signature"].split(" ")[1] == published
    verify_v1a(pair.public_key, headers | {"webhook-signature": published}, body)


def test_secrets_have_the_form_and_size_of_the_specification() -> None:
    pair = bytes_of(1)
    for text, prefix in (
        (pair.secret, "whsec_"),
        (pair.private_key, "whsk_"),
        (pair.public_key, "whpk_"),
    ):
        assert text.startswith(prefix)
        assert len(base64.b64decode(text.removeprefix(prefix), validate=True)) == 32


def test_the_time_is_told_in_whole_seconds() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    assert signed_headers(ID, at, BODY, [bytes_of(1)])["webhook-timestamp"] == "1772366400"
