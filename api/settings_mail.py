"""How receipts leave by mail: a part of `api.settings`.

Without a mail server there are no receipts, and a payment that asks for one is refused. A password
is never sent in clear over a network, in no mode; in production no letter is either.
"""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from adapters.transport import is_loopback
from api.settings_fault import Fault
from api.settings_values import PREFIX
from ledger.sentences import Sentence

MAILBOX: Final = (
    r"^[A-Za-z0-9_+'&=~][A-Za-z0-9_+'&=~-]*(?:\.[A-Za-z0-9_+'&=~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$"
)
"""An address as people have them: no quotes, comments, routes or addresses of machines."""

MAILBOX_CHARACTERS_MAX: Final = 254


class MailSettings(BaseModel):
    """The mail server, and the bounds of what is handed to it."""

    mail_host: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.:-]{1,253}$",
        description="The mail server that takes receipts. Without one, payments that ask for a "
        "receipt are refused.",
    )
    mail_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    mail_tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is encrypted: `starttls` (port 587), `tls` (port 465), or "
        "`none`, which in production is only for a server on this machine.",
    )
    mail_ca_file: Path | None = Field(
        default=None,
        description="The certificates that its certificate is checked against; by default, those "
        "the system believes.",
    )
    mail_user: str | None = Field(default=None, description="The name to log in with, if any.")
    mail_password: SecretStr | None = Field(
        default=None, validate_default=True, description="The password to it."
    )
    mail_from: str | None = Field(
        default=None,
        validate_default=True,
        max_length=MAILBOX_CHARACTERS_MAX,
        pattern=MAILBOX,
        description="The address that receipts come from, under the merchant's name.",
    )
    mail_seconds_max: float = Field(
        default=30.0, gt=0, le=300, description="How long handing over one letter may take."
    )
    mail_calls_max: int = Field(
        default=4, ge=1, le=100, description="How many letters are handed over at once."
    )

    @property
    def sends_mail(self) -> bool:
        """Whether receipts can be sent."""
        return self.mail_host is not None

    @field_validator("mail_password")
    @classmethod
    def _belongs_to_a_user(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        known = info.data
        if (value is None) != (known.get("mail_user") is None):
            names = "mail_user, mail_password"
            raise ValueError(Sentence("{names} belong together.", names=names))
        if value is not None and _is_open(known.get("mail_tls"), known.get("mail_host")):
            raise ValueError(Sentence("mail_tls=none would send it in clear."))
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_there(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("mail_host") is not None:
            raise ValueError(Sentence("it is missing, and mail_host is set."))
        return value

    def mail_faults(self) -> list[Fault]:
        """What production refuses."""
        if not _is_open(self.mail_tls, self.mail_host):
            return []
        reason = Sentence("receipts would cross the network in clear.")
        remedy = Sentence("Set it to `starttls` or `tls`.")
        return [Fault(f"{PREFIX}MAIL_TLS", reason, remedy)]


def _is_open(tls: str | None, host: str | None) -> bool:
    """Whether letters cross a network in clear."""
    return tls == "none" and host is not None and not is_loopback(host)
