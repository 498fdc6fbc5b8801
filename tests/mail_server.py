"""A mail server on a real socket of this machine, which a test tells how to behave.

It speaks SMTP by aiosmtpd, in the test's own event loop. What it took lies in `taken`; `said` holds
every address it was told, taken or not.
"""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = Callable[[Envelope], str | None]
"""What to answer to RCPT or to DATA; None: take it. `DIE` breaks the connection."""

DIE = "die"
USER, PASSWORD = "cauri", "a-synthetic-password"


@dataclass
class Taken:
    """A letter that was taken."""

    sender: str
    recipients: list[str]
    content: bytes
    is_encrypted: bool
    is_logged_in: bool

    @property
    def message(self) -> EmailMessage:
        """The letter, read."""
        return message_from_bytes(self.content, policy=policy.default)

    def part(self, kind: Literal["plain", "html"]) -> str:
        """One of its two parts."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


@dataclass
class MailHandler:
    """What aiosmtpd asks at each step."""

    taken: list[Taken] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    at_rcpt: Behaviour = lambda envelope: None
    at_data: Behaviour = lambda envelope: None
    port: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, nobody hears whether a letter was taken."""
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.may_answer.set()

    async def until_taken(self, count: int, seconds: float = 30) -> None:
        """Wait until so many letters were taken."""
        async with self._came, asyncio.timeout(seconds):
            await self._came.wait_for(lambda: len(self.taken) >= count)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.said.append(address)
        envelope.rcpt_tos.append(address)
        return self._answer(server, self.at_rcpt(envelope))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        answer = self.at_data(envelope)
        if answer is None or answer == DIE:
            content = envelope.original_content
            assert content is not None
            self.taken.append(
                Taken(
                    str(envelope.mail_from),
                    list(envelope.rcpt_tos),
                    content,
                    is_encrypted=_is_encrypted(server),
                    is_logged_in=bool(session.authenticated),
                )
            )
            async with self._came:
                self._came.notify_all()
        await self.may_answer.wait()
        return self._answer(server, answer)

    def _answer(self, server: SMTP, answer: str | None) -> str:
        if answer == DIE:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK" if answer in {None, DIE} else str(answer)


def _is_encrypted(server: SMTP) -> bool:
    assert server.transport is not None
    return server.transport.get_extra_info("ssl_object") is not None


def _check(server: SMTP, session: Session, envelope: Envelope, way: str, given: Any) -> AuthResult:
    known = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=given == known, handled=False)


class _Protocol(SMTP):
    """One connection; remembers what it was made over."""

    def __init__(self, opened: list[asyncio.Transport], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._opened.append(transport)
        super().connection_made(transport)


@asynccontextmanager
async def a_mail_server(
    *, certificate: Path | None = None, is_tls_only: bool = False, asks_login: bool = False
) -> AsyncIterator[MailHandler]:
    """Serve on a free port of this machine.

    Args:
        certificate: PEM of a key and a certificate; then it asks for STARTTLS.
        is_tls_only: whether it speaks TLS from the first byte instead.
        asks_login: whether it takes letters only from who has logged in.
    """
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    handler = MailHandler()
    loop = asyncio.get_running_loop()

    opened: list[asyncio.Transport] = []

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It warns of logins in clear, and knows only of the TLS that it was asked for itself.
            warnings.simplefilter("ignore")
            return _made()

    def _made() -> SMTP:
        return _Protocol(
            opened,
            handler,
            hostname="mail.example",
            loop=loop,
            tls_context=None if is_tls_only else context,
            require_starttls=context is not None and not is_tls_only,
            authenticator=_check if asks_login else None,
            auth_required=asks_login,
            auth_require_tls=not is_tls_only,
        )

    listening = await loop.create_server(
        protocol, "127.0.0.1", 0, ssl=context if is_tls_only else None
    )
    handler.port = listening.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        listening.close()
        for transport in opened:
            # After a handshake that failed it would leave the connection open.
            transport.abort()
        await listening.wait_closed()


def a_certificate(folder: Path) -> Path:
    """Make a key and a certificate that signs itself, for this machine; the file of both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
