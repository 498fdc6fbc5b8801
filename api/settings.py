"""Settings: what a deployment may choose, read once from the environment and an optional file.

Every field is `CAURI_<FIELD>` in the environment, or `<field>` in the TOML file that
`CAURI_SETTINGS_FILE` names; the environment wins. A provider's own fields are
`CAURI_<PROVIDER>_<FIELD>`, or the table `[<provider>]` in the file; their types are the provider's
(`adapters.providers.<name>.Settings`), so nothing is listed here when a provider is added.

What cannot be used is refused at the start, all of it at once, each with its remedy: an unknown
name (a typing error would otherwise silently leave a default in force), a value of the wrong type,
and in production whatever is only good for trying things out.

It reads the mapping and the file it is given; it holds no adapter and opens no database.

Why not pydantic-settings: one function of a few lines reads our fields and every provider's alike,
from a mapping that is a parameter, and refuses misspelt names, which that library cannot.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from adapters.addresses import is_loopback
from api.settings_access import AccessSettings
from api.settings_checkout import CheckoutSettings
from api.settings_fault import Fault, SettingsError
from api.settings_faults import WEB_ADDRESS, unknown
from api.settings_log import LogSettings
from api.settings_mail import MailSettings
from api.settings_notify import NotifySettings
from api.settings_production import production_faults
from api.settings_providers import (
    ModelOf,
    misspelt,
    provider_settings,
    settings_of_providers,
)
from api.settings_server import ServerSettings
from api.settings_streams import StreamSettings
from api.settings_values import (
    PREFIX,
    JsonObject,
    families_of,
    family_of,
    validated,
    without,
)
from api.settings_witness import WitnessSettings
from ledger.identity import Mode
from ledger.sentences import Sentence

__all__ = [
    "FILE_VARIABLE",
    "PREFIX",
    "Fault",
    "Settings",
    "SettingsError",
    "load_settings",
    "provider_settings",
    "settings_of_providers",
    "settings_table",
]

FILE_VARIABLE: Final = "CAURI_SETTINGS_FILE"


class Settings(
    ServerSettings,
    AccessSettings,
    NotifySettings,
    StreamSettings,
    MailSettings,
    CheckoutSettings,
    LogSettings,
    WitnessSettings,
):
    """Everything a deployment may choose. The descriptions are the reference (see README)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Literal["development", "production"] = Field(
        default="development",
        description="`production` refuses to start with missing or weak secrets, providers that "
        "point at sandboxes, or a public address that is not https.",
    )
    database_url: str = Field(
        default="sqlite:///cauri.db",
        description="Where the log is: `sqlite:///path/to/file.db` or "
        "`postgresql://user:password@host/name`.",
        repr=False,
    )
    redis_url: str | None = Field(
        default=None,
        pattern=r"^(redis|rediss|unix)://",
        description="Where several processes share access tokens and limits, sealed: "
        "`redis://:password@host/0`.",
        repr=False,
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="The port to listen on; 0 picks one."
    )
    public_url: str | None = Field(
        default=None,
        pattern=WEB_ADDRESS,
        description="This server's address as others know it: checkout pages, QR codes, callbacks "
        "and documents all name this one and no other. Defaults to where it listens, "
        "`http://localhost:8080`; required in production, where it must be https.",
    )
    master_key_file: Path | None = Field(
        default=None,
        description="The file with the master key that wraps every data key. In development it is "
        "made beside the SQLite file where none is named.",
    )
    master_key: SecretStr | None = Field(
        default=None, description="The master key itself, where no file can be mounted."
    )
    master_key_command: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="A command that prints the master key, as the client of a KMS would; it is run "
        "without a shell, within 10 seconds.",
        repr=False,
    )
    signing_key_file: Path | None = Field(
        default=None,
        description="The file with the Ed25519 key that signs checkpoints of the log. In "
        "development it is made beside the SQLite file where none is named.",
    )
    log_name: str = Field(
        default="cauri.invalid/log",
        min_length=1,
        max_length=200,
        pattern=r"^[^\s+]+$",
        description="The log's own name in signed checkpoints: a host and path you control.",
    )
    support_contact: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Whom people may ask who need help with a payment: a number, an address; "
        "`/support` and receipts show it as it stands here.",
    )
    providers: tuple[str, ...] = Field(
        default=(), description="The providers to use, for example `mtn,orange`."
    )
    language: Literal["en", "fr"] = Field(
        default="en",
        description="The language of the command line: its help, what is wrong with the settings, "
        "and what commands refuse and why.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important log line to write."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="`json` for machines, `console` for people."
    )
    unsent_seconds_max: float = Field(
        default=900.0,
        gt=0,
        description="When a payment no provider could be reached for is given up.",
    )
    lease_margin_seconds: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="How much longer a piece of work stays its process's own than doing it may "
        "take; after a crash it is taken up by another one that much later.",
    )
    provider_tables: Mapping[str, JsonObject] = Field(
        default_factory=dict, exclude=True, repr=False, description="(from the provider names)"
    )

    @field_validator("database_url")
    @classmethod
    def _named_as_it_is(cls, value: str) -> str:
        if value.startswith("postgres://"):
            raise ValueError(Sentence("write postgresql:// instead of postgres://."))
        return value

    @property
    def base_url(self) -> str:
        """This server's one address: of its pages, of what it tells providers, of its documents.

        It is `public_url`, whoever asks and under whatever name; else where we listen, which on
        this machine is `localhost`: providers call back a host by its name only.
        """
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        is_here = self.host in {"0.0.0.0", "::"} or is_loopback(self.host)  # noqa: S104 - compared
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{'localhost' if is_here else host}:{self.port}"

    @property
    def folder(self) -> Path | None:
        """Where the SQLite file lies, and beside it what belongs to it; None for a server."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path.partition("?")[0]).parent if scheme.startswith("sqlite") else None

    @property
    def is_production(self) -> bool:
        """Whether what is only good for trying things out is refused."""
        return self.mode == "production"

    @property
    def default_mode(self) -> Mode:
        """What keys and payments are of that were made before they said so, and new keys too."""
        return "live" if self.is_production else "test"

    def with_changes(self, **changes: Any) -> Self:
        """Return the same settings with some fields replaced, checked again."""
        return validated(type(self), {**self.__dict__, **changes}, PREFIX)


def load_settings(
    environment: Mapping[str, str],
    *,
    provider_names: Sequence[str],
    model_of: ModelOf | None = None,
    **overrides: Any,
) -> Settings:
    """Read the settings.

    Args:
        environment: `os.environ` or a stand-in; only names with the prefix are looked at.
        provider_names: every provider there is: their prefixes are no misspelling.
        model_of: finds the type of a provider's own settings, so that what is misspelt in them is
            named, whether it is enabled or not; without it they are looked at by nobody here.
        overrides: fields given on the command line; None means "not given".

    Raises:
        SettingsError: names everything that is wrong.
    """
    values, tables, faults = _read_file(environment.get(FILE_VARIABLE), provider_names)
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE:
            continue
        name = variable.removeprefix(PREFIX).lower()
        # Of two names that fit, `orange` and `orange_cm`, the longer one is meant.
        fitting = [one for one in provider_names if name.startswith(f"{one}_")]
        provider = max(fitting, key=len, default=None)
        if name in _FIELDS:
            values[name] = environment[variable]
        elif provider is not None:
            table = tables.setdefault(provider, {})
            table[name.removeprefix(f"{provider}_")] = environment[variable]
        else:
            faults.append(unknown(variable, [f"{PREFIX}{one.upper()}" for one in _FIELDS]))
    faults += misspelt(tables, model_of) if model_of is not None else []
    values |= {name: value for name, value in overrides.items() if value is not None}
    wrong: tuple[Fault, ...] = ()
    try:
        settings = validated(Settings, values | {"provider_tables": tables}, PREFIX)
    except SettingsError as error:
        wrong = error.faults
        faults += wrong
        # The rest is looked at all the same, where it can be read without what is wrong.
        try:
            kept = without(values, wrong, PREFIX) | {"provider_tables": tables}
            settings = validated(Settings, kept, PREFIX)
        except SettingsError:
            raise SettingsError(faults) from None
    faults += [
        Fault(
            "CAURI_PROVIDERS",
            Sentence("there is no provider {name!r}.", name=name),
            Sentence("Choose from: {known}.", known=", ".join(sorted(provider_names))),
        )
        for name in settings.providers
        if name not in provider_names
    ]
    faults += [
        Fault(
            "CAURI_TRIAL_PROVIDERS",
            Sentence("{name!r} is not enabled.", name=name),
            Sentence("Name it in CAURI_PROVIDERS too, or leave it out."),
        )
        for name in settings.trial_providers
        if name not in settings.providers
    ]
    if settings.is_production:
        known = families_of(wrong, PREFIX)
        faults += [
            one for one in production_faults(settings) if family_of(one.name, PREFIX) not in known
        ]
    if faults:
        # Whoever must mend something shall not start again to learn of the next thing.
        faults += _faults_of_providers(settings, model_of, faults)
        raise SettingsError(faults)
    return settings


def _faults_of_providers(
    settings: Settings, model_of: ModelOf | None, named: Sequence[Fault]
) -> list[Fault]:
    found = {name: model_of(name) if model_of is not None else None for name in settings.providers}
    try:
        settings_of_providers(settings, {name: one for name, one in found.items() if one})
    except SettingsError as error:
        return [one for one in error.faults if one.name not in {fault.name for fault in named}]
    return []


def settings_table(
    model: type[BaseModel] = Settings, prefix: str = PREFIX
) -> list[tuple[str, str, str]]:
    """List (variable, default, description) of every field, for the README and `--help`."""
    return [
        (
            f"{prefix}{name.upper()}",
            "required" if field.is_required() else _shown(field.get_default()),
            field.description or "",
        )
        for name, field in model.model_fields.items()
        if not field.exclude
    ]


_FIELDS: Final = frozenset(
    name for name, field in Settings.model_fields.items() if not field.exclude
)


def _shown(value: object) -> str:
    if value is None or value == ():
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _read_file(
    path: str | None, provider_names: Sequence[str]
) -> tuple[JsonObject, dict[str, JsonObject], list[Fault]]:
    if path is None:
        return {}, {}, []
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = Sentence("the file cannot be read: {error}.", error=error)
        fault = Fault(FILE_VARIABLE, reason, Sentence("Name a TOML file."))
        raise SettingsError([fault]) from error
    tables = {name: content.pop(name) for name in provider_names if name in content}
    known = (*_FIELDS, *provider_names)
    faults = [
        # Shown as it is written there, so that it is found.
        unknown(name, known)._replace(name=f"[{name}]" if isinstance(value, dict) else name)
        for name, value in content.items()
        if name not in _FIELDS
    ]
    faults += [
        Fault(
            name,
            Sentence("this is no table."),
            Sentence("Write [{name}] and its fields below it.", name=name),
        )
        for name, table in tables.items()
        if not isinstance(table, dict)
    ]
    content = {name: value for name, value in content.items() if name in _FIELDS}
    return content, {name: one for name, one in tables.items() if isinstance(one, dict)}, faults
