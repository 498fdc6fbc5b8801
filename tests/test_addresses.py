"""Addresses that somebody else has chosen: a table of those that are called, and of those never."""

import pytest

from adapters.addresses import (
    URL_CHARACTERS_MAX,
    ForbiddenAddressError,
    checked_url,
    is_public,
    judge,
)

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "41.202.207.1",
    "2606:4700:4700::1111",
    "2a00:1450:4007:80e::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
OWN = ["127.0.0.1", "127.255.255.254", "::1"]
FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001:0:53aa:64c:0:0:f5ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "localhost",
    "",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_called(address: str) -> None:
    assert is_public(address)
    judge(address, allows_loopback=False)


@pytest.mark.parametrize("address", [*OWN, *FORBIDDEN])
def test_what_is_not_public_is_not_called(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(ForbiddenAddressError, match="not public"):
        judge(address, allows_loopback=False)


@pytest.mark.parametrize("address", OWN)
def test_this_machine_is_called_where_that_is_allowed(address: str) -> None:
    judge(address, allows_loopback=True)


@pytest.mark.parametrize("address", [one for one in FORBIDDEN if not one.startswith("::ffff:127")])
def test_nothing_else_is_allowed_with_this_machine(address: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        judge(address, allows_loopback=True)


# What somebody writes -> what is called, or None where it is refused.
URLS = [
    ("https://shop.example/cauri", "https://shop.example/cauri"),
    ("https://shop.example", "https://shop.example"),
    ("https://shop.example:8443/a?b=c", "https://shop.example:8443/a?b=c"),
    ("https://shop.example/a#part", "https://shop.example/a"),
    ("HTTPS://Shop.Example/A", "https://shop.example/A"),
    ("https://xn--caf-dma.example/", "https://xn--caf-dma.example/"),
    ("https://café.example/é", "https://xn--caf-dma.example/%C3%A9"),
    ("https://8.8.8.8/", "https://8.8.8.8/"),
    ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"),
    ("http://shop.example/", None),
    ("ftp://shop.example/", None),
    ("javascript:alert(1)", None),
    ("file:///etc/passwd", None),
    ("//shop.example/", None),
    ("shop.example", None),
    ("", None),
    ("https://", None),
    ("https:///path", None),
    ("https://me@shop.example/", None),
    ("https://me:secret@shop.example/", None),
    ("https://:secret@shop.example/", None),
    ("https://shop.example\\@127.0.0.1/", None),
    ("https://127.0.0.1\\.shop.example/", None),
    ("https://a b.example/", None),
    ("https://%31%32%37.0.0.1/", None),
    ("https://shop.example:0/", None),
    ("https://shop.example:99999/", None),
    ("https://shop.example:port/", None),
    ("https://shop.example/" + "a" * URL_CHARACTERS_MAX, None),
    ("https://localhost/", None),
    ("https://LOCALHOST/", None),
    ("https://127.0.0.1/", None),
    ("https://127.1/", None),
    ("https://0/", None),
    ("https://2130706433/", None),
    ("https://0x7f000001/", None),
    ("https://0x7f.1/", None),
    ("https://0177.0.0.1/", None),
    ("https://127.0.0.1./", None),
    ("https://127。0。0。1/", None),
    ("https://①②⑦.0.0.1/", None),
    ("https://10.0.0.1/", None),
    ("https://169.254.169.254/latest/meta-data", None),
    ("https://[::1]/", None),
    ("https://[::ffff:10.0.0.1]/", None),
    ("https://[fd00::1]/", None),
    ("https://[fe80::1%25eth0]/", None),
    ("https://0.0.0.0/", None),
]


@pytest.mark.parametrize(("text", "called"), URLS)
def test_an_address_is_judged_by_its_text(text: str, called: str | None) -> None:
    if called is None:
        with pytest.raises(ForbiddenAddressError):
            checked_url(text, allows_loopback=False)
    else:
        assert str(checked_url(text, allows_loopback=False)) == called


@pytest.mark.parametrize(
    "text",
    ["http://127.0.0.1:8000/hook", "http://localhost:8000/", "http://[::1]/", "https://localhost/"],
)
def test_this_machine_may_be_named_where_that_is_allowed_also_without_https(text: str) -> None:
    assert checked_url(text, allows_loopback=True)


@pytest.mark.parametrize(
    "text",
    ["http://shop.example/", "http://10.0.0.1/", "https://169.254.169.254/", "http://127.1/"],
)
def test_nothing_else_may_be_named_with_this_machine(text: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        checked_url(text, allows_loopback=True)


def test_a_refusal_says_why_and_never_repeats_the_address() -> None:
    with pytest.raises(ForbiddenAddressError) as caught:
        checked_url("https://me:secret@shop.example/", allows_loopback=False)
    assert (caught.value.reason, str(caught.value)) == ("it holds a name or a password",) * 2
