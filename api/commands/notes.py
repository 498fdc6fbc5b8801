"""`cauri payments note`, `approve`, `withdraw` and `notes`: settling a payment by two operators.

Before anything is proposed or agreed to, it is shown what the words say now, and what would become
of the payment and of its money, by the very decision that would be taken; then it is asked. An
operator is known by an API key in a file. It works beside a running server.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import ValidationError

from adapters.dates import table_time
from adapters.refusal_texts import Language
from api.cli_language import speak, spoken
from api.commands.asking import is_agreed
from api.commands.console import run_async, write_json, write_line
from api.commands.notes_said import SAID, meant
from api.commands.operator_key import Desk, a_desk, context_of
from api.faults import explanation_of
from api.noting import Notes, note_of, outlook_of
from api.schemas_notes import NoteOut, NoteRequest, OutlookLine, OutlookOut
from api.views import decimal_text
from api.wiring import utc_now
from ledger.errors import InvalidInputError
from ledger.evidence import counting
from ledger.handling import Handler
from ledger.money import parse_money
from ledger.operator_notes import outlook
from ledger.payment import Payment


def note(
    *,
    payment_id: str,
    said: Mapping[str, str | None],
    key_file: Path,
    is_sure: bool,
    language: Language | None,
    database: str | None,
    as_json: bool,
) -> int | None:
    """Propose what became of a payment; 1 where whoever sits there thought better of it."""
    speak(language)
    wanted = _request(said)
    is_asking = not (is_sure or as_json)
    return run_async(_note(payment_id, wanted, key_file, database, is_asking, as_json=as_json))


def approve(
    *,
    payment_id: str,
    note_id: str,
    key_file: Path,
    is_sure: bool,
    language: Language | None,
    database: str | None,
    as_json: bool,
) -> int | None:
    """Agree to a note as a second operator; 1 where whoever sits there thought better of it."""
    speak(language)
    is_asking = not (is_sure or as_json)
    return run_async(_approve(payment_id, note_id, key_file, database, is_asking, as_json=as_json))


def withdraw(
    *,
    payment_id: str,
    note_id: str,
    key_file: Path,
    language: Language | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Take a proposal back."""
    speak(language)
    _show(run_async(_withdraw(payment_id, note_id, key_file, database)), as_json=as_json)


def list_notes(
    *, payment_id: str, language: Language | None, database: str | None, as_json: bool
) -> None:
    """List the notes of a payment."""
    speak(language)
    rows = run_async(_list(payment_id, database))
    if as_json:
        write_json([one.model_dump(mode="json") for one in rows])
        return
    for row in rows:
        for line in _lines_of(row):
            write_line(line)
    if not rows:
        write_line(_words()["none"])


def _request(said: Mapping[str, str | None]) -> NoteRequest:
    given = {name: value for name, value in said.items() if value is not None}
    try:
        return NoteRequest.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in fault["loc"]]
    raise InvalidInputError(
        "-".join(path).replace("_", "-"), *explanation_of(fault["type"], path, fault.get("ctx", {}))
    )


@asynccontextmanager
async def _notes(database: str | None) -> AsyncIterator[tuple[Notes, Desk]]:
    async with a_desk(database) as desk:
        handler, vault = Handler(desk.store), await desk.vault()
        yield Notes(handler=handler, vault=vault, keys=desk.keys, clock=utc_now), desk


async def _note(
    payment_id: str,
    wanted: NoteRequest,
    key_file: Path,
    database: str | None,
    is_asking: bool,
    *,
    as_json: bool,
) -> int:
    async with _notes(database) as (notes, desk):
        who = await desk.holder(key_file)
        rehearsed = await notes.rehearse(payment_id, wanted, by=who.key_id)
        if not as_json:
            _picture(rehearsed.payment, "then", rehearsed.stood, rehearsed.becomes)
        if is_asking and not _is_sure("ask_note"):
            return 1
        noted = await notes.propose(payment_id, wanted, by=who.key_id, context=context_of(who))
        shown = await notes.shown_one(noted)
    _show(shown, as_json=as_json)
    return 0


async def _approve(
    payment_id: str,
    note_id: str,
    key_file: Path,
    database: str | None,
    is_asking: bool,
    *,
    as_json: bool,
) -> int:
    async with _notes(database) as (notes, desk):
        who = await desk.holder(key_file)
        state, recorded = await notes.handler.payment(payment_id)
        note_of(state, note_id)
        before = next(one for one in await notes.shown(state, recorded) if one.id == note_id)
        if not as_json:
            for line in _lines_of(before):
                write_line(line)
            now = before.would_become_now
            if now is None:
                _picture(state, "done", before.stood, before.would_become)
            else:
                _picture(state, "agreed", outlook_of(outlook(state), state.money.currency), now)
        if is_asking and before.state == "proposed" and not _is_sure("ask_approve"):
            return 1
        noted = await notes.approve(payment_id, note_id, by=who.key_id, context=context_of(who))
        shown = await notes.shown_one(noted)
    _show(shown, as_json=as_json)
    return 0


async def _withdraw(payment_id: str, note_id: str, key_file: Path, database: str | None) -> NoteOut:
    async with _notes(database) as (notes, desk):
        who = await desk.holder(key_file)
        noted = await notes.withdraw(payment_id, note_id, by=who.key_id, context=context_of(who))
        return await notes.shown_one(noted)


async def _list(payment_id: str, database: str | None) -> list[NoteOut]:
    async with _notes(database) as (notes, _):
        return await notes.shown(*await notes.handler.payment(payment_id))


def _is_sure(question: str) -> bool:
    if is_agreed(_words()[question]):
        return True
    write_line(_words()["left"])
    return False


def _picture(state: Payment, heading: str, stood: OutlookOut, becomes: OutlookOut) -> None:
    """Show what the words say now, and what would become of the payment and of its money."""
    words, money = _words(), state.money
    shown = {"id": state.requested.payment_id, "currency": money.currency}
    write_line(words["payment"].format(amount=money.amount, **shown))
    write_line(words["now"])
    counts = counting(state.evidence)
    for one in sorted(state.evidence, key=lambda one: one.order):
        line = words["word" if one in counts else "gone"]
        by = next((other.note for other in state.evidence if other.replaces == one.note), None)
        source, amount = words[f"source_{one.source}"], _amount(one.amount, one.currency)
        if one.provider_transaction_id is not None:
            amount += words["movement"].format(id=one.provider_transaction_id)
        told = {"provider": one.provider, "amount": amount, "by": by}
        write_line(line.format(source=source, word=meant(one.word, spoken()), **told))
    if not state.evidence:
        write_line(words["silent"])
    write_line(words[heading])
    write_line(
        words["status"].format(
            before=meant(stood.status, spoken()), after=meant(becomes.status, spoken())
        )
    )
    before, after = _booked(stood.journal), _booked(becomes.journal)
    for account, holder, currency in sorted(before.keys() | after.keys()):
        sides = [
            _side(booked.get((account, holder, currency), 0), currency)
            for booked in (before, after)
        ]
        write_line(
            words["journal"].format(account=account, holder=holder, before=sides[0], after=sides[1])
        )
    if not before.keys() | after.keys():
        write_line(words["unbooked"])
    if becomes.refunds != decimal_text(0, money.currency):
        write_line(words["refunds"].format(amount=becomes.refunds, currency=money.currency))


def _booked(lines: list[OutlookLine]) -> dict[tuple[str, str, str], int]:
    """What stands in each account, in minor units."""
    booked: dict[tuple[str, str, str], int] = {}
    for one in lines:
        account = one.account, one.holder, one.currency
        booked[account] = booked.get(account, 0) + _minor(one.debit, one.currency)
        booked[account] -= _minor(one.credit, one.currency)
    return booked


def _minor(amount: str, currency: str) -> int:
    return parse_money(amount, currency).amount_minor if amount.strip("0.") else 0


def _side(amount_minor: int, currency: str) -> str:
    words, amount = _words(), decimal_text(abs(amount_minor), currency)
    if not amount_minor:
        return words["nothing"]
    return words["debit" if amount_minor > 0 else "credit"].format(amount=f"{amount} {currency}")


def _lines_of(row: NoteOut) -> Iterator[str]:
    """Say one note; a block of lines, for ids are copied and have to be whole."""
    words = _words()
    yield words["note"].format(id=row.id, state=words[f"state_{row.state}"])
    said = {"word": meant(row.word, spoken()), "provider": row.provider}
    said |= {"reference": row.reference}
    yield words["says"].format(amount=_amount(row.amount, row.currency), **said)
    if row.provider_transaction_id is not None:
        yield words["transaction"].format(id=row.provider_transaction_id)
    if row.occurred_at is not None:
        yield words["moved"].format(at=table_time(row.occurred_at))
    if row.replaces is not None:
        yield words["replaces"].format(note=row.replaces)
    yield words["why"].format(reason=row.reason)
    proposer = _holder(row.proposed_by, row.proposed_by_label)
    yield words["proposed"].format(at=table_time(row.proposed_at), by=proposer)
    if row.state == "proposed":
        yield words["ends"].format(at=table_time(row.ends_at))
    if row.approved_by is not None and row.approved_at is not None:
        by = _holder(row.approved_by, row.approved_by_label)
        yield words["approved"].format(at=table_time(row.approved_at), by=by)
    if row.withdrawn_by is not None and row.withdrawn_at is not None:
        by = _holder(row.withdrawn_by, row.withdrawn_by_label)
        yield words["withdrawn"].format(at=table_time(row.withdrawn_at), by=by)


def _show(row: NoteOut, *, as_json: bool) -> None:
    if as_json:
        write_json(row.model_dump(mode="json"))
        return
    for line in _lines_of(row):
        write_line(line)
    if row.state == "proposed":
        words = _words()
        write_line(words["next"].format(payment=row.payment_id, note=row.id))
        write_line(words["until"].format(until=table_time(row.ends_at)))


def _holder(key_id: str, label: str | None) -> str:
    """A key's id, and what people call who holds it."""
    return key_id if label is None else f"{key_id} ({label})"


def _amount(amount: str | None, currency: str | None) -> str:
    return "" if amount is None else f" {amount} {currency or ''}".rstrip()


def _words() -> Mapping[str, str]:
    return SAID[spoken()]
