"""The way to the mail server: one letter, handed over once.

The trick is in knowing what an answer is worth. A server that says 5xx to a letter will never take
it; 4xx, or no connection, means that it certainly has not taken it; and a connection that breaks
after the letter was written and before the answer tells nothing: it may have been taken. What is
said while we connect and log in (a wrong password, say) is about us and not about the letter, so
it is never final.

A letter has a connection of its own. Receipts are few, and a connection that is kept is one more
thing that can be half dead.

What a server says in words is never repeated: servers like to quote the address they refuse. Only
its numbers are told.
"""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import aiosmtplib

from adapters.transport import is_loopback

QUIT_SECONDS_MAX: Final = 2.0
"""How long we wait for a goodbye, once the letter is taken."""

Result = Literal["accepted", "refused", "deferred", "unknown"]
Tls = Literal["starttls", "tls", "none"]

_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)
_ABOUT_US: Final = frozenset({530, 534, 535, 538})
"""Log in, or encrypt, first: RFC 4954 and RFC 3207."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of handing a letter over, without a word of the server's or an address."""

    result: Result
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over, and how."""

    host: str
    port: int
    tls: Tls
    user: str | None
    password: str | None
    sender: str
    """The address that letters come from and bounce to."""
    seconds_max: float
    ca_file: Path | None = None
    """Whose certificates are believed; by default, those the system believes."""

    def __repr__(self) -> str:
        """Say where it is; the password never."""
        return f"MailServer({self.host}:{self.port}, {self.tls})"


class Post:
    """Hands letters to one mail server.

    Args:
        server: which one.
        is_loopback_only: whether only this machine may be called.

    Raises:
        ValueError: it is elsewhere, and only this machine may be called.
        OSError, ssl.SSLError: the file of certificates cannot be used.
    """

    def __init__(self, server: MailServer, *, is_loopback_only: bool = False) -> None:
        if is_loopback_only and not is_loopback(server.host):
            raise ValueError("the mail server is not on this machine")
        self._server = server
        self._context: ssl.SSLContext | None = None
        if server.tls != "none":
            self._context = ssl.create_default_context(cafile=server.ca_file)

    async def hand_over(self, recipient: str, message: bytes) -> Handed:
        """Hand one letter over; never raises for what the server or the network does."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            # By default it would look up and tell this machine's own name.
            local_hostname=server.sender.rpartition("@")[2],
            timeout=server.seconds_max,
            use_tls=server.tls == "tls",
            # True also where the server does not offer it: whoever cut the offer out gains nothing.
            start_tls=server.tls == "starttls",
            tls_context=self._context,
        )
        stage = "CONNECT"
        try:
            async with asyncio.timeout(server.seconds_max):
                await client.connect()
                stage = "MAIL"
                await client.mail(server.sender)
                stage = "RCPT"
                await client.rcpt(recipient)
                stage = "DATA"
                await client.data(message)
            with suppress(Exception):
                await client.quit(timeout=QUIT_SECONDS_MAX)
        except aiosmtplib.SMTPResponseException as error:
            return _answered(error, stage)
        except TimeoutError:
            return _broken(stage, f"no answer within {server.seconds_max:g} seconds")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _broken(stage, f"the connection broke ({type(error).__name__})")
        finally:
            client.close()
        return Handed("accepted", "the mail server took it")


def _answered(error: aiosmtplib.SMTPResponseException, stage: str) -> Handed:
    """Judge a refusal by where it came and by its numbers."""
    code = error.code
    if not 400 <= code <= 599:
        return _broken(stage, "the mail server's answer could not be read")
    enhanced = _ENHANCED.match(str(error.message))
    numbers = f"{code} {enhanced[0]}" if enhanced else f"{code}"
    is_final = code >= 500 and stage != "CONNECT" and code not in _ABOUT_US
    reason = f"the mail server answered {numbers} to {stage}"
    return Handed("refused" if is_final else "deferred", reason)


def _broken(stage: str, reason: str) -> Handed:
    """Judge silence: only once the letter was on its way may it have arrived."""
    return Handed("unknown" if stage == "DATA" else "deferred", f"{reason}, at {stage}")
