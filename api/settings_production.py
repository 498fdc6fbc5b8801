"""What production refuses of settings that are good for trying: a part of `api.settings`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from api.settings_fault import Fault
from ledger.sentences import Sentence

MAKE_A_FILE: Final = Sentence(
    "Make one with `(umask 077; openssl rand -base64 32 > master.key)`, keep a copy in a safe, and "
    "set CAURI_MASTER_KEY_FILE to the file."
)


class Chosen(Protocol):
    """What of a deployment's settings production looks at."""

    @property
    def master_key(self) -> SecretStr | None:
        """The key itself."""
        ...

    @property
    def master_key_command(self) -> str | None:
        """What prints it."""
        ...

    @property
    def master_key_file(self) -> Path | None:
        """Where it is."""
        ...

    @property
    def signing_key_file(self) -> Path | None:
        """Where the key that signs the log is."""
        ...

    @property
    def public_url(self) -> str | None:
        """This server's address as others know it."""
        ...

    @property
    def endpoint_loopback(self) -> bool:
        """Whether endpoints may be on this machine."""
        ...

    @property
    def providers(self) -> tuple[str, ...]:
        """Who is enabled."""
        ...

    def mail_faults(self) -> list[Fault]:
        """What of the mail server's settings is refused."""
        ...


def production_faults(settings: Chosen) -> Iterator[Fault]:
    """Say everything that production refuses."""
    sources = (settings.master_key, settings.master_key_command, settings.master_key_file)
    if sources == (None, None, None):
        yield Fault(
            "CAURI_MASTER_KEY_FILE",
            Sentence("production has no master key."),
            MAKE_A_FILE,
        )
    if settings.signing_key_file is None:
        yield Fault(
            "CAURI_SIGNING_KEY_FILE",
            Sentence("production has no key that signs the log."),
            Sentence(
                "Make one with `cauri keys signing --name NAME --file signing.key`, keep a copy in "
                "a safe, and set CAURI_SIGNING_KEY_FILE to the file and CAURI_LOG_NAME to NAME."
            ),
        )
    if settings.public_url is None or urlsplit(settings.public_url).scheme != "https":
        yield Fault(
            "CAURI_PUBLIC_URL",
            Sentence("providers must reach this server over https."),
            Sentence("Set it to the https address of your reverse proxy."),
        )
    if settings.endpoint_loopback:
        yield Fault(
            "CAURI_ENDPOINT_LOOPBACK",
            Sentence("merchants' endpoints must not be on this machine."),
            Sentence("Leave it out."),
        )
    yield from settings.mail_faults()
    if not settings.providers:
        yield Fault(
            "CAURI_PROVIDERS",
            Sentence("no provider is enabled."),
            Sentence("Set it to, say, `mtn,orange`."),
        )
