"""`cauri people`: forgetting somebody, by two operators' keys, and telling what is held.

An operator is known by an API key in a file. The number may be typed or piped in, so that it stands
in no shell's history; it is printed by nothing but an export. It works beside a running server,
which lets go of the keys as soon as it has read of the erasure.
"""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import ValidationError

from adapters.dates import table_time
from adapters.directory import parse_phone
from adapters.refusal_texts import Language
from api.cli_language import speak, spoken
from api.commands.asking import is_agreed
from api.commands.console import run_async, settings_for, write_json, write_line
from api.commands.operator_key import Desk, a_desk, context_of
from api.commands.people_said import SAID
from api.people import People
from api.people_export import erasure_of, left_in, telling
from api.people_finding import Held
from api.people_page import export_page
from api.people_words import PAGE_WORDS
from api.people_writing import written_json
from api.schemas_people import ErasureOut, ErasureRequest
from api.streaming import gathered
from api.wiring import projected, utc_now
from api.wiring_people import people_of
from ledger.errors import InvalidInputError
from ledger.handling import Handler
from ledger.leftover import Leftover
from ledger.people import Erasure
from ledger.sentences import Sentence
from projections.erasures import ErasuresProjection
from projections.keys import KeysProjection
from projections.tables import read_stamp, stamp

NUMBER_CHARACTERS_MAX: Final = 100

_NO_NUMBER: Final = Sentence("no number was given.")
_TYPE_IT: Final = Sentence("Type it where it is asked for, or name it with --phone.")


def erase(
    *,
    phone: str | None,
    country: str | None,
    reason: str | None,
    approve: str | None,
    key_file: Path,
    is_sure: bool,
    language: Language | None,
    database: str | None,
    as_json: bool,
) -> int | None:
    """Ask that a person be forgotten, or agree to it and carry it out.

    What would be lost is shown first. 1 where whoever sits there thought better of it.
    """
    speak(language)
    if approve is None:
        number = _number(phone, country)
        why = _words()["reason"] if reason is None else reason
        _check_reason(number, why)
        shown, held = run_async(_request(number, why, key_file, database))
        if held is not None and not as_json:
            _picture(held)
    else:
        if phone is not None:
            raise InvalidInputError(
                "phone",
                Sentence("an approval names its request, and no number."),
                Sentence("Leave --phone out."),
            )
        agreed = run_async(
            _approve(approve, key_file, database, is_shown=not as_json, is_sure=is_sure)
        )
        if agreed is None:
            write_line(_words()["untouched"])
            return 1
        shown, left = agreed
        if left is not None and not as_json:
            # Whoever runs the server's database is to be told, in either language.
            write_line(_words()["left"])
            for one in ("en", "fr"):
                write_line(left_in(left, one) or "")
    _show(shown, as_json=as_json)
    return None


def list_erasures(
    *, limit: int, language: Language | None, database: str | None, as_json: bool
) -> None:
    """List requests to forget somebody."""
    speak(language)
    rows = run_async(_erasures(limit, database))
    if as_json:
        write_json(rows)
        return
    for row in rows:
        for line in _lines_of(row):
            write_line(line)
    if not rows:
        write_line(_words()["none"])


def export(
    *,
    phone: str | None,
    country: str | None,
    key_file: Path,
    html: Language | None,
    file: Path | None,
    language: Language | None,
    database: str | None,
) -> None:
    """Tell everything that is held about a person."""
    speak(language)
    run_async(_export(_number(phone, country), key_file, html, file, database))
    if file is not None:
        write_line(_words()["written"].format(file=file))


def _number(phone: str | None, country: str | None) -> str:
    """Read the number: as it was given, from a pipe for `-`, or from whoever sits there."""
    if phone is None:
        try:
            phone = typer.prompt(_words()["prompt"], err=True)
        except typer.Abort:
            raise InvalidInputError("phone", _NO_NUMBER, _TYPE_IT) from None
    elif phone == "-":
        phone = sys.stdin.readline(NUMBER_CHARACTERS_MAX)
    return parse_phone(phone.strip(), country).e164


def _check_reason(number: str, reason: str) -> None:
    try:
        ErasureRequest(phone=number, reason=reason)
    except ValidationError:
        raise InvalidInputError(
            "reason",
            Sentence("this is no reason that can be kept for ever."),
            Sentence("Say in 1 to 200 characters why, and write no telephone number."),
        ) from None


@asynccontextmanager
async def _people(database: str | None) -> AsyncIterator[tuple[People, Desk]]:
    async with a_desk(database) as desk:
        people = people_of(
            Handler(desk.store),
            await desk.vault(),
            desk.projections,
            clock=utc_now,
            catch_up=partial(desk.projections.start, desk.store),
        )
        yield people, desk


async def _request(
    number: str, reason: str, key_file: Path, database: str | None
) -> tuple[ErasureOut, Held | None]:
    async with _people(database) as (people, desk):
        who = await desk.holder(key_file)
        asked = await people.request(number, by=who.key_id, reason=reason, context=context_of(who))
        held = await people.foresee(asked.requested.erasure_id)
        return await _shown(people, desk.keys, asked), held


async def _approve(
    erasure_id: str, key_file: Path, database: str | None, *, is_shown: bool, is_sure: bool
) -> tuple[ErasureOut, Leftover | None] | None:
    """Agree and destroy; None where whoever sits there thought better of it."""
    async with _people(database) as (people, desk):
        who = await desk.holder(key_file)
        held = await people.foresee(erasure_id, by=who.key_id) if is_shown else None
        if held is not None:
            _picture(held)
            if not (is_sure or is_agreed(_words()["ask"])):
                return None
        done = await people.approve(erasure_id, by=who.key_id, context=context_of(who))
        return await _shown(people, desk.keys, done.erasure), done.bytes_left


async def _shown(people: People, keys: KeysProjection, erasure: Erasure) -> ErasureOut:
    labels = await keys.labels([erasure.requested.by, erasure.approved_by])
    shown: ErasureOut = erasure_of(erasure, erasure.status(people.clock()), labels=labels)
    return shown


async def _export(
    number: str, key_file: Path, html: Language | None, file: Path | None, database: str | None
) -> None:
    async with _people(database) as (people, desk):
        who = await desk.holder(key_file)
        with _kept(file) as write:
            told = await telling(people, number, by=who.key_id, context=context_of(who))
            written = written_json(told) if html is None else export_page(told, html)
            async for piece in gathered(written):
                write(piece)


@contextmanager
def _kept(file: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Lend what writes to a file, or to stdout; a file that was not finished does not stay."""
    if file is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    # Made anew, and for its owner's eyes: it holds a person's data in clear.
    made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(made, "wb") as kept:
            yield kept.write
    except BaseException:
        file.unlink(missing_ok=True)
        raise


async def _erasures(limit: int, database: str | None) -> list[dict[str, Any]]:
    now, settings = stamp(utc_now()), settings_for(database)
    async with projected(settings, ErasuresProjection) as erasures:
        rows = await erasures.page(limit=limit)
    async with projected(settings, KeysProjection) as keys:
        named = [key_id for row in rows for key_id in (row.requested_by, row.approved_by)]
        labels = await keys.labels(named)
    return [
        {
            "erasure": one.erasure_id,
            "state": one.status(now),
            "reason": one.reason,
            "asked by": _holder(one.requested_by, labels),
            "asked at": one.requested_at,
            "ends at": one.ends_at,
            "agreed by": _holder(one.approved_by, labels),
            "agreed at": one.approved_at,
            "destroyed at": one.erased_at,
            "keys": one.keys_destroyed,
            "bytes left": one.bytes_left,
        }
        for one in rows
    ]


def _holder(key_id: str | None, labels: Mapping[str, str]) -> str | None:
    """A key's id, and what people call who holds it."""
    label = labels.get(key_id or "")
    return key_id if label is None else f"{key_id} ({label})"


def _lines_of(row: Mapping[str, Any]) -> Iterator[str]:
    """Say one request of the list; a block of lines, for ids are copied and have to be whole."""
    words, state = _words(), PAGE_WORDS[spoken()].erasures[row["state"]]
    yield f"{row['erasure']}  {state}"
    yield words["why"].format(reason=row["reason"])
    yield words["asked"].format(at=_time(row["asked at"]), by=row["asked by"])
    if row["state"] == "requested":
        yield words["ends"].format(at=_time(row["ends at"]))
    if row["agreed by"] is not None:
        yield words["agreed"].format(at=_time(row["agreed at"]), by=row["agreed by"])
    if row["destroyed at"] is not None:
        yield words["done"].format(at=_time(row["destroyed at"]), keys=row["keys"])
    if row["bytes left"] is not None:
        yield words["remains"].format(left=left_in(row["bytes left"], spoken()))


def _time(text: str) -> str:
    return table_time(read_stamp(text))


def _words() -> Mapping[str, str]:
    return SAID[spoken()]


def _picture(held: Held) -> None:
    """Say what is known of a number, and goes with it; that nothing is may be a slip of the pen."""
    words = _words()
    if not (held.payments or held.pages or held.webhooks):
        write_line(words["unknown"])
        return
    write_line(
        words["holds"].format(
            payments=len(held.payments), pages=len(held.pages), calls=len(held.webhooks)
        )
    )
    for money in held.refundable:
        write_line(words["refundable"].format(amount=money.amount, currency=money.currency))
    if held.open:
        write_line(words["open"].format(open=len(held.open)))


def _show(shown: ErasureOut, *, as_json: bool) -> None:
    if as_json:
        write_json(shown.model_dump(mode="json"))
        return
    words = _words()
    state = shown.status if spoken() == "en" else PAGE_WORDS[spoken()].erasures[shown.status]
    write_line(words["erasure"].format(id=shown.id))
    write_line(words["state"].format(state=state))
    if shown.status == "requested":
        write_line(words["agree"].format(id=shown.id))
        write_line(words["until"].format(until=table_time(shown.ends_at)))
    if shown.keys_destroyed is not None:
        write_line(words["destroyed"].format(keys=shown.keys_destroyed))
