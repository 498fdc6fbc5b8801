"""`cauri payments exchanges`: what went to providers about a payment, and with --open its bytes.

The list opens nothing. With --open each exchange is opened with the master key and printed as curl
prints it, `>` before what was sent and `<` before what came; that it was is recorded, as `cli`.
"""

import secrets
from collections.abc import Sequence

from adapters.dates import table_time
from api.cli_language import spoken
from api.commands.console import (
    HASH_CHARACTERS_SHOWN,
    cut,
    run_async,
    settings_for,
    write_json,
    write_line,
    write_table,
)
from api.erased import KEY_MISSING, RESTORE_KEY
from api.exchanges import Kept, exchange_of, exchanges_of, open_one
from api.kept_reasons import kept_reason
from api.schemas_exchanges import HalfOut, OpenedExchangeOut
from api.wiring import opened, sealing, utc_now
from ledger.entry import Context
from ledger.handling import Handler
from ledger.sentences import Sentence, explained


def show_exchanges(
    *, payment_id: str, database: str | None, is_opening: bool, as_json: bool
) -> int | None:
    """Print the exchanges about a payment; 1 where the hashes of an opened one do not agree."""
    if is_opening:
        return run_async(_open(payment_id, database, as_json=as_json))
    run_async(_list(payment_id, database, as_json=as_json))
    return None


async def _list(payment_id: str, database: str | None, *, as_json: bool) -> None:
    async with opened(settings_for(database), is_writing=False) as (_, store):
        await Handler(store).payment(payment_id)
        kept = await exchanges_of(store, payment_id)
    if as_json:
        write_json([exchange_of(one).model_dump(mode="json") for one in kept])
        return
    title = Sentence("Exchanges about {payment}", payment=payment_id)
    write_table(title, _COLUMNS, [_row(one) for one in kept])


_COLUMNS = ("#exchange", "@sent at", "#ms", "provider", "for", "request", "answer", "request hash")


def _row(kept: Kept) -> tuple[object, ...]:
    told = kept.told
    return (
        kept.position,
        table_time(told.sent_at),
        told.milliseconds,
        told.provider,
        told.power,
        f"{told.method} {told.path}",
        " ".join(
            str(one) for one in (told.status, kept_reason(told.reason, spoken())) if one is not None
        ),
        cut(told.request_sha256, HASH_CHARACTERS_SHOWN),
    )


async def _open(payment_id: str, database: str | None, *, as_json: bool) -> int:
    settings = settings_for(database)
    request = secrets.token_hex(8)
    context = Context("cli", request, f"request:{request}")
    async with opened(settings) as (base, store):
        vault = await sealing(settings, base, store)
        await Handler(store).payment(payment_id)
        shown = [
            await open_one(store, vault, one, context=context, clock=utc_now)
            for one in await exchanges_of(store, payment_id)
        ]
    if as_json:
        write_json([one.model_dump(mode="json") for one in shown])
    else:
        for one in shown:
            _write(one)
    return int(any(one.hashes_agree is False or _lacks_key(one) for one in shown))


def _write(one: OpenedExchangeOut) -> None:
    told = one.summary
    what = f"{told.provider}, {told.power}: {told.result}"
    write_line(
        Sentence(
            "* exchange {exchange}, {time}, {what}",
            exchange=told.exchange,
            time=table_time(told.sent_at),
            what=what,
        )
    )
    if one.is_erased:
        write_line(
            Sentence("* the person was erased, and the bytes with them; these hashes are left:")
        )
    elif _lacks_key(one):
        why = explained(KEY_MISSING, RESTORE_KEY)
        write_line(Sentence("* {why} These hashes are left:", why=why))
    if one.is_erased or _lacks_key(one):
        none = Sentence("none")
        write_line(Sentence("* request {hash}", hash=told.request_sha256))
        write_line(Sentence("* answer {hash}", hash=told.answer_sha256 or none))
        write_line()
        return
    if one.request is not None:
        _write_half(">", one.request)
    if one.answer is not None:
        _write_half("<", one.answer)
    if told.reason is not None:
        write_line(f"* {kept_reason(told.reason, spoken())}")
    if not told.is_whole:
        write_line(Sentence("* not all of it is here: it broke off, or was cut"))
    agrees = (
        Sentence("the hashes in the log agree")
        if one.hashes_agree
        else Sentence("THE HASHES DO NOT AGREE")
    )
    write_line(Sentence("* {ms} ms; {agrees}", ms=told.milliseconds, agrees=agrees))
    write_line()


def _lacks_key(one: OpenedExchangeOut) -> bool:
    """Whether nothing was there to open it with, though nobody was erased."""
    return one.hashes_agree is None and not one.is_erased


def _write_half(mark: str, half: HalfOut) -> None:
    head: Sequence[str] = [half.line, *(f"{one.name}: {one.value}" for one in half.headers), ""]
    for line in head:
        write_line(f"{mark} {line}".rstrip())
    if half.body_base64:
        is_text = half.body_text is not None and _is_printable(half.body_text)
        write_line(half.body_text if is_text and half.body_text else f"base64 {half.body_base64}")


def _is_printable(text: str) -> bool:
    """Whether a terminal may be shown it: what a provider sent must not move its cursor."""
    return all(one.isprintable() or one in "\n\t" for one in text.replace("\r\n", "\n"))
