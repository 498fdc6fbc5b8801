"""Handing letters to a real mail server: what each answer is worth, and what is never told."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from adapters.transport_mail import Handed, MailServer, Post
from tests.mail_server import DIE, PASSWORD, USER, MailHandler, a_certificate, a_mail_server

RECIPIENT = "aminata@shop.example"
LETTER = b"Subject: a test\r\n\r\n.a dot first\r\n"


def a_post(server: MailHandler, **changes: Any) -> Post:
    """The way to a server, in clear and without a password unless a test says so."""
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "tls": "none",
        "user": None,
        "password": None,
        "sender": "receipts@cauri.example",
        "seconds_max": 5.0,
    }
    return Post(MailServer(**(fields | changes)), is_loopback_only=True)


async def test_a_letter_is_taken_byte_for_byte() -> None:
    async with a_mail_server() as server:
        handed = await a_post(server).hand_over(RECIPIENT, LETTER)
    assert handed == Handed("accepted", "the mail server took it")
    (taken,) = server.taken
    assert (taken.sender, taken.recipients) == ("receipts@cauri.example", [RECIPIENT])
    assert taken.content == LETTER


@pytest.mark.parametrize(
    ("answer", "result", "numbers"),
    [
        (f"550 5.1.1 <{RECIPIENT}> is unknown", "refused", "550 5.1.1"),
        (f"554 no {RECIPIENT}", "refused", "554"),
        (f"450 4.2.0 {RECIPIENT} is greylisted", "deferred", "450 4.2.0"),
        ("421 4.3.0 too busy", "deferred", "421 4.3.0"),
        ("530 5.7.0 log in first", "deferred", "530 5.7.0"),
    ],
)
@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
async def test_a_refusal_is_judged_by_its_numbers_and_its_words_are_not_repeated(
    stage: str, answer: str, result: str, numbers: str
) -> None:
    async with a_mail_server() as server:
        setattr(server, f"at_{stage.lower()}", lambda _: answer)
        handed = await a_post(server).hand_over(RECIPIENT, LETTER)
    assert handed == Handed(result, f"the mail server answered {numbers} to {stage}")  # type: ignore[arg-type]
    assert server.taken == []


@pytest.mark.parametrize(("stage", "result"), [("RCPT", "deferred"), ("DATA", "unknown")])
async def test_a_connection_that_breaks_says_nothing_only_once_the_letter_was_on_its_way(
    stage: str, result: str
) -> None:
    async with a_mail_server() as server:
        setattr(server, f"at_{stage.lower()}", lambda _: DIE)
        handed = await a_post(server).hand_over(RECIPIENT, LETTER)
    assert handed.result == result
    assert handed.reason.endswith(f"at {stage}")
    assert len(server.taken) == (stage == "DATA")


async def test_nobody_there_is_a_letter_that_was_certainly_not_taken() -> None:
    async with a_mail_server() as server:
        post = a_post(server)
    handed = await post.hand_over(RECIPIENT, LETTER)
    assert handed.result == "deferred"


async def test_a_server_that_says_nothing_is_waited_for_no_longer_than_was_said() -> None:
    is_over = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        is_over.set()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        post = a_post(MailHandler(port=port), seconds_max=0.1)
        async with asyncio.timeout(5):
            handed = await post.hand_over(RECIPIENT, LETTER)
            await is_over.wait()
    assert handed == Handed("deferred", "no answer within 0.1 seconds, at CONNECT")


@pytest.mark.parametrize(("tls", "is_tls_only"), [("starttls", False), ("tls", True)])
async def test_a_letter_and_a_password_go_encrypted_to_a_server_whose_certificate_is_believed(
    tmp_path: Path, tls: str, is_tls_only: bool
) -> None:
    certificate = a_certificate(tmp_path)
    options: dict[str, Any] = {"tls": tls, "user": USER, "password": PASSWORD}
    async with a_mail_server(
        certificate=certificate, is_tls_only=is_tls_only, asks_login=True
    ) as server:
        believed = a_post(server, ca_file=certificate, **options)
        handed = await believed.hand_over(RECIPIENT, LETTER)
        distrusted = await a_post(server, **options).hand_over(RECIPIENT, LETTER)
        wrong = a_post(server, ca_file=certificate, **(options | {"password": "another"}))
        refused = await wrong.hand_over(RECIPIENT, LETTER)
    assert handed.result == "accepted"
    (taken,) = server.taken
    assert (taken.is_encrypted, taken.is_logged_in) == (True, True)
    assert distrusted.result == "deferred"
    # A wrong password is our own fault, and no letter is lost by it.
    assert refused == Handed("deferred", "the mail server answered 535 5.7.8 to CONNECT")


async def test_nothing_is_said_in_clear_where_the_offer_of_starttls_is_missing() -> None:
    async with a_mail_server() as server:
        post = a_post(server, tls="starttls", user=USER, password=PASSWORD)
        handed = await post.hand_over(RECIPIENT, LETTER)
    assert (handed.result, server.said) == ("deferred", [])


def test_a_password_is_not_shown_and_the_outside_is_not_called_where_only_this_machine_may_be(
    tmp_path: Path,
) -> None:
    server = MailServer(
        host="mail.example",
        port=25,
        tls="none",
        user=USER,
        password=PASSWORD,
        sender="x@y.example",
        seconds_max=1,
    )
    assert PASSWORD not in repr(server)
    with pytest.raises(ValueError, match="not on this machine"):
        Post(server, is_loopback_only=True)
    with pytest.raises((OSError, ssl.SSLError)):
        Post(MailServer(**{**_fields(server), "tls": "tls", "ca_file": tmp_path / "none"}))


def _fields(server: MailServer) -> dict[str, Any]:
    return {name: getattr(server, name) for name in MailServer.__slots__}
