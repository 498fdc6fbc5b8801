"""Merchants and API keys on the command line; a key's text is shown once and kept nowhere."""

import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from phonenumbers import SUPPORTED_REGIONS

from api.authentication import NewKey, Role, new_key
from api.cli_language import said
from api.commands.console import (
    cut,
    run_async,
    settings_for,
    write_facts,
    write_json,
    write_line,
    write_table,
    written_time,
)
from api.rotation import Rotated, rotate
from api.settings import Settings
from api.wiring import opened, projected, utc_now
from ledger import commands, merchant
from ledger.checkpoint import Signer
from ledger.entry import Context, rfc3339
from ledger.errors import InvalidInputError, NoteKeyError, UnknownMerchantError
from ledger.handling import Handler
from ledger.identity import Mode
from ledger.sentences import Sentence
from ledger.store import EventStore
from projections.keys import KeysProjection

NAME_CHARACTERS_MAX = 100
REASON_CHARACTERS_MAX = 200
LABEL_CHARACTERS_MAX = 80
LABEL_DIGITS_MAX = 7
"""How many digits a label may have, which is kept for ever: no telephone number has so few."""


def add_merchant(
    *, name: str, country: str, mode: Mode | None, database: str | None, as_json: bool
) -> None:
    """Add a merchant and issue its first key."""
    country = country.upper()
    if country not in SUPPORTED_REGIONS:
        raise InvalidInputError(
            "country",
            Sentence("this is no ISO 3166 country code."),
            Sentence("Send two letters, such as CM."),
        )
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX:
        raise InvalidInputError(
            "name",
            Sentence("this is no name."),
            Sentence("Send 1 to {maximum} characters.", maximum=NAME_CHARACTERS_MAX),
        )
    made = run_async(_add_merchant(name.strip(), country, mode, database))
    merchant_id, key = made
    if as_json:
        write_json(
            {
                "merchant_id": merchant_id,
                "name": name.strip(),
                "country": country,
                "key_id": key.key_id,
                "key": key.text,
            }
        )
        return
    write_line(Sentence("merchant {merchant}", merchant=merchant_id))
    _show_key(key)


def add_key(
    *,
    role: Role,
    merchant_id: str | None,
    mode: Mode | None,
    label: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Issue a key."""
    label = _checked_label(label)
    if (role == "merchant") != (merchant_id is not None):
        raise InvalidInputError(
            "merchant",
            Sentence("a key of the role merchant belongs to a merchant, and no other key does."),
            Sentence("Add --merchant ID, or leave it out."),
        )
    if role != "merchant" and mode is not None:
        raise InvalidInputError(
            "mode",
            Sentence("a key of the role {role} moves no money, and sees both modes.", role=role),
            Sentence("Leave --mode out."),
        )
    key = run_async(_add_key(role, merchant_id, mode, label, database))
    if as_json:
        write_json(
            {
                "key_id": key.key_id,
                "role": role,
                "label": label,
                "merchant_id": merchant_id,
                "key": key.text,
            }
        )
    else:
        _show_key(key)


def rotate_key(*, key_id: str, overlap_hours: int, database: str | None, as_json: bool) -> None:
    """Replace a key by a new one."""
    rotated = run_async(_rotate_key(key_id, overlap_hours, database))
    ends_at = rfc3339(rotated.ends_at)
    if as_json:
        key = {"key_id": rotated.key.key_id, "key": rotated.key.text}
        write_json({**key, "replaces": key_id, "replaced_ends_at": ends_at})
        return
    _show_key(rotated.key)
    write_line(Sentence("key {key} ends at {time}", key=key_id, time=written_time(rotated.ends_at)))


def revoke_key(*, key_id: str, reason: str, database: str | None, as_json: bool) -> None:
    """Revoke a key."""
    was_new = run_async(_revoke_key(key_id, reason, database))
    if as_json:
        write_json({"key_id": key_id, "revoked": True, "was_revoked_before": not was_new})
    else:
        write_line(
            Sentence("key {key} is revoked", key=key_id)
            if was_new
            else Sentence("key {key} is revoked already", key=key_id)
        )


def make_signing_key(*, name: str, file: Path, as_json: bool) -> None:
    """Make a signing key in a new file that only its owner can read."""
    try:
        signer = Signer.generate(name, secrets.token_bytes)
    except NoteKeyError as error:
        raise InvalidInputError(
            "name",
            Sentence("{error}.", error=error.args[0]),
            Sentence("Send one such as pay.example/log."),
        ) from None
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(signer.private_text() + "\n")
    public = signer.verifier.text()
    if as_json:
        write_json({"name": name, "file": str(file), "public_key": public})
        return
    write_line(
        Sentence(
            "the private key is in {file}; set CAURI_SIGNING_KEY_FILE and CAURI_LOG_NAME", file=file
        )
    )
    write_line(Sentence("public key: {key}", key=public))


def list_merchants(*, database: str | None, as_json: bool) -> None:
    """List the merchants."""
    rows = run_async(_merchants(database))
    if as_json:
        write_json([{**row, "added_at": rfc3339(row["added_at"])} for row in rows])
    else:
        write_table(
            Sentence("Merchants"),
            ("@id", "name", "country", "@added"),
            [_cells(row) for row in rows],
        )


def list_keys(*, database: str | None, as_json: bool) -> None:
    """List the keys."""
    rows = run_async(_keys(database))
    if as_json:
        write_json(
            [
                {
                    name: rfc3339(value) if isinstance(value, datetime) else value
                    for name, value in row.items()
                }
                for row in rows
            ]
        )
    else:
        write_table(
            Sentence("API keys"),
            (
                *("@id", "role", "label", "@merchant", "mode", "@issued", "@last used", "@ends"),
                *("@replaced by", "@revoked", "reason"),
            ),
            [_cells(row) for row in rows],
        )


@asynccontextmanager
async def _handler(database: str | None, *, create: bool = False) -> AsyncIterator[Handler]:
    settings = settings_for(database)
    is_made = create and not settings.is_production
    async with opened(settings, create=is_made) as (opened_database, store):
        if opened_database.is_new:
            # Whoever stands in the wrong folder learns it now, and not when the key is refused.
            made = Sentence("made a new ledger at {place}", place=opened_database.place)
            sys.stderr.write(f"{said(made)}\n")
        yield Handler(store)


def _context() -> Context:
    request = secrets.token_hex(8)
    return Context("cli", request, f"request:{request}")


async def _add_merchant(
    name: str, country: str, mode: Mode | None, database: str | None
) -> tuple[str, NewKey]:
    mode = _mode_for("merchant", mode, settings_for(database))
    merchant_id = f"mer_{secrets.token_hex(8)}"
    async with _handler(database, create=True) as handler:
        await handler.handle(
            commands.AddMerchant(merchant_id=merchant_id, name=name, country=country),
            context=_context(),
        )
        return merchant_id, await _issue(handler, "merchant", merchant_id, mode)


async def _add_key(
    role: Role,
    merchant_id: str | None,
    mode: Mode | None,
    label: str | None,
    database: str | None,
) -> NewKey:
    mode = _mode_for(role, mode, settings_for(database))
    async with _handler(database, create=True) as handler:
        if merchant_id is not None:
            await _check_merchant(handler.store, merchant_id)
        return await _issue(handler, role, merchant_id, mode, label)


async def _issue(
    handler: Handler,
    role: Role,
    merchant_id: str | None,
    mode: Mode | None,
    label: str | None = None,
) -> NewKey:
    key = new_key(role, mode=mode)
    command = commands.IssueKey(
        key_id=key.key_id,
        role=role,
        merchant_id=merchant_id,
        secret_digest=key.secret_digest,
        mode=mode,
        label=label,
    )
    await handler.handle(command, context=_context())
    return key


def _checked_label(label: str | None) -> str | None:
    """Check a label: it stands in the log for ever, so it names no number.

    Raises:
        InvalidInputError: it is empty or too long, or might be a number.
    """
    if label is None:
        return None
    label = label.strip()
    digits = sum(one.isdigit() for one in label)
    is_good = label.isprintable() and 0 < len(label) <= LABEL_CHARACTERS_MAX
    if not is_good or digits > LABEL_DIGITS_MAX:
        raise InvalidInputError(
            "label",
            Sentence("this is no label that can be kept for ever."),
            Sentence(
                "Send 1 to {maximum} characters, such as `Awa, support`, and no telephone number.",
                maximum=LABEL_CHARACTERS_MAX,
            ),
        )
    return label


def _mode_for(role: Role, mode: Mode | None, settings: Settings) -> Mode | None:
    """Say of which mode a key shall be; in development all is for trying."""
    if role != "merchant":
        return None
    if mode == "live" and not settings.is_production:
        raise InvalidInputError(
            "mode",
            Sentence("in development everything is for trying, and no key is live."),
            Sentence("Leave --mode out, or set CAURI_MODE=production."),
        )
    return mode or settings.default_mode


async def _check_merchant(store: EventStore, merchant_id: str) -> None:
    if not await store.read_stream(merchant.merchant_stream(merchant_id)):
        raise UnknownMerchantError(merchant_id, "IssueKey")


async def _rotate_key(key_id: str, overlap_hours: int, database: str | None) -> Rotated:
    default_mode = settings_for(database).default_mode
    async with _handler(database) as handler:
        return await rotate(
            handler,
            key_id,
            overlap_hours=overlap_hours,
            now=utc_now(),
            default_mode=default_mode,
            context=_context(),
        )


async def _revoke_key(key_id: str, reason: str, database: str | None) -> bool:
    async with _handler(database) as handler:
        command = commands.RevokeKey(key_id=key_id, reason=cut(reason, REASON_CHARACTERS_MAX))
        return bool((await handler.handle(command, context=_context())).events)


async def _merchants(database: str | None) -> list[dict[str, Any]]:
    async with projected(settings_for(database), KeysProjection) as keys:
        return [
            {
                "merchant_id": row.merchant_id,
                "name": row.name,
                "country": row.country,
                "added_at": row.added_at,
            }
            for row in await keys.merchants()
        ]


async def _keys(database: str | None) -> list[dict[str, Any]]:
    async with projected(settings_for(database), KeysProjection) as keys:
        return [
            {
                "key_id": row.key_id,
                "role": row.role,
                "label": row.label,
                "merchant_id": row.merchant_id,
                "mode": row.mode,
                "issued_at": row.issued_at,
                "last_used_at": row.last_used_at,
                "ends_at": row.ends_at,
                "replaced_by": row.replaced_by,
                "revoked_at": row.revoked_at,
                "revoked_reason": row.revoked_reason,
            }
            for row in await keys.keys()
        ]


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return tuple(written_time(one) if isinstance(one, datetime) else one for one in row.values())


def _show_key(key: NewKey) -> None:
    write_facts((Sentence("key id"), f" {key.key_id}"), (Sentence("key"), f" {key.text}"))
    write_line(Sentence("Keep the key: it is shown this once, and nobody can find it again."))
