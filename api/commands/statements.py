"""`cauri statements import`, `list`, `show`, `approve` and `withdraw`: a provider's statement.

A statement is whole or none: at the first fault, named by line and column, nothing is taken in.
Who hands it in and who agrees are known by API keys in files, and are two people. The payments are
told by a running server; as long as some are not, `show` says how many wait.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from adapters.refusal_texts import Language
from api.cli_language import speak, spoken
from api.commands.asking import is_agreed
from api.commands.console import (
    check_providers,
    run_async,
    settings_for,
    write_json,
    write_line,
    write_table,
    written_time,
)
from api.commands.operator_key import a_desk, context_of
from api.commands.statements_said import CELLS_FRENCH, SAID, SUMS_FRENCH
from api.four_eyes import RECONCILING
from api.statement_approving import approve as agree_to
from api.statement_files import read_canonical, statement_in
from api.statement_forms.form import form_of, known_forms, text_of
from api.statement_forms.reading import read_by
from api.statement_views import header_of, labels_of, line_of, missing_of, report_of
from api.wiring import projected, utc_now
from ledger.commands_statement import WithdrawStatement
from ledger.errors import InvalidInputError
from ledger.handling import Handler
from ledger.sentences import Sentence
from ledger.statement import UnknownStatementError, is_statement_id, statement_id_of
from projections.keys import KeysProjection
from projections.statements import PAGE_MAX, StatementsProjection
from projections.statements_results import Asked

LISTED_MAX: Final = 100
"""How many lines, and how many payments, one list shows; HTTP has the rest, page by page."""

LISTED: Final[dict[str, Asked]] = {
    "would_settle": "would_settle",
    "would_contradict": "would_contradict",
    "differing": "differs",
    "unknown": "unknown",
}
"""The lists of lines of which people are shown each -> which lines are asked for."""

EFFECTS: Final = ("would_settle", "would_contradict")
"""Those of them that say what an approval would do."""

_NO_FORM: Final = Sentence("it says how to read a provider's own file, and no form is named.")
_NAME_IT: Final = Sentence("Name one with --form.")


def hand_in(
    *,
    file: Path,
    head: dict[str, Any],
    form: str | None,
    utc_offset: str | None,
    account: str | None,
    key_file: Path,
    database: str | None,
    as_json: bool,
) -> None:
    """Hand a statement in."""
    settings = settings_for(database)
    given = {name: value for name, value in head.items() if value is not None}
    # Whatever is wrong with the file is said before anything is opened.
    if form is not None:
        known = form_of(form, utc_offset)
        read = read_by(file, known, currency=given["currency"], account=account)
    elif utc_offset is None and account is None:
        read = read_canonical(file)
    else:
        option = "--utc-offset" if account is None else "--account"
        raise InvalidInputError(option, _NO_FORM, _NAME_IT)
    command = statement_in(read, given, default_mode=settings.default_mode, by="", now=utc_now())
    statement_id = statement_id_of(command)

    async def whole() -> bool:
        async with a_desk(database) as desk:
            who = await desk.holder(key_file, RECONCILING)
            mine = replace(command, by=who.key_id)
            return bool((await Handler(desk.store).handle(mine, context=context_of(who))).events)

    is_new = run_async(whole())
    found = run_async(_found(statement_id, database))
    if as_json:
        made = {"id": statement_id, "lines_count": len(command.lines), "is_new": is_new}
        made["is_out_of_place"] = found["is_out_of_place"]
        write_json(made | {"left_out": dict(read.left_out)})
        return
    write_line(statement_id)
    write_line(_said("new" if is_new else "known", lines=len(command.lines)))
    for why, count in sorted(read.left_out.items()):
        write_line(_said("left_out" if why else "nothing", why=why, count=count))
    _warn(found)
    write_line(_said("next", id=statement_id))


def form(*, name: str | None) -> None:
    """Write a form, or the names of those in the box."""
    for line in known_forms() if name is None else text_of(name).splitlines():
        write_line(line)


def show(*, statement_id: str, database: str | None, as_json: bool) -> None:
    """Show what a statement comes to."""
    _show(run_async(_found(statement_id, database)), as_json=as_json)


def approve(
    *,
    statement_id: str,
    key_file: Path,
    is_sure: bool,
    language: Language | None,
    database: str | None,
    as_json: bool,
) -> int | None:
    """Agree to a statement as a second person; 1 where whoever sits there thought better of it."""
    speak(language)
    before = run_async(_found(statement_id, database))
    if not as_json:
        _show(before, as_json=False)
    if not (is_sure or as_json or _state_of(before) != "open") and not _is_sure():
        return 1

    async def agree() -> None:
        async with a_desk(database) as desk:
            who = await desk.holder(key_file, RECONCILING)
            handler, context = Handler(desk.store), context_of(who)
            await agree_to(handler, desk.keys, statement_id, by=who.key_id, context=context)

    run_async(agree())
    after = run_async(_found(statement_id, database))
    if as_json:
        write_json(after)
        return None
    write_line(_standing(after))
    return None


def withdraw(*, statement_id: str, key_file: Path, database: str | None, as_json: bool) -> None:
    """Take back a statement that nobody approved."""
    run_async(_found(statement_id, database))

    async def take_back() -> None:
        async with a_desk(database) as desk:
            who = await desk.holder(key_file, RECONCILING)
            command = WithdrawStatement(statement_id=statement_id, by=who.key_id)
            await Handler(desk.store).handle(command, context=context_of(who))

    run_async(take_back())
    after = run_async(_found(statement_id, database))
    if as_json:
        write_json(after)
    else:
        write_line(_standing(after))


def list_statements(
    *, provider: str | None, limit: int, database: str | None, as_json: bool
) -> None:
    """List statements, newest first."""
    check_providers([] if provider is None else [provider], "--provider")
    found = run_async(_listed(provider, limit + 1, database))
    shown = found[:limit]
    if as_json:
        write_json(shown)
        return
    rows = [
        (
            *(one[name] for name in ("id", "provider", "currency")),
            *(written_time(one[name]) for name in ("covers_from", "covers_to")),
            one["lines_count"],
            _said(f"is_{_state_of(one)}"),
        )
        for one in shown
    ]
    if rows:
        write_table(_said("list"), _said("of_list").split("|"), rows)
    else:
        write_line(_said("none"))
    if len(found) > limit:
        write_line(_said("older"))


async def _listed(provider: str | None, limit: int, database: str | None) -> list[dict[str, Any]]:
    settings = settings_for(database)
    async with projected(settings, StatementsProjection) as statements:
        rows = await statements.page(provider=provider, limit=min(limit, PAGE_MAX))
        async with projected(settings, KeysProjection) as keys:
            labels = await labels_of(keys, rows)
    return [header_of(row, labels) for row in rows]


def _is_sure() -> bool:
    if is_agreed(_said("ask")):
        return True
    write_line(_said("left"))
    return False


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(found)
        return
    write_line(
        _said(
            "title",
            provider=found["provider"],
            start=written_time(found["covers_from"]),
            end=written_time(found["covers_to"]),
            currency=found["currency"],
        )
    )
    by, at = _holder(found, "handed_in_by"), written_time(found["handed_in_at"])
    write_line(_said("handed_in", by=by, at=at))
    write_line(_standing(found))
    _warn(found)
    for part in ("lines", "successes"):
        rows = [(_name(name), *one.values()) for name, one in found[part].items()]
        write_table(_said(part), _said("sums").split("|"), rows)
    if found["waiting"]:
        write_line(_said("waiting", waiting=found["waiting"]))
    _show_lines(found)
    missing = [
        (one["payment_id"], _cell(one["kind"]), one["amount"], written_time(one["moved_at"]))
        for one in found["missing"]
    ]
    if missing:
        write_table(_said("missing"), _said("of_missing").split("|"), missing)
    for name, count in found["not_listed"].items():
        asked = LISTED.get(name)
        where = "missing" if asked is None else f"lines?result={asked}"
        said = _name(asked or name)
        write_line(_said("more", list=said, count=count, id=found["id"], where=where))


def _warn(found: dict[str, Any]) -> None:
    """Say where a statement seems to be of another currency or mode than it is."""
    if found["is_out_of_place"]:
        values = {name: found[name] for name in ("provider", "currency", "mode")}
        write_line(_said("out_of_place", **values))


def _show_lines(found: dict[str, Any]) -> None:
    """Show each line to look at once, in the statement's order, and what else speaks against it."""
    lines = {one["line"]: one for name in LISTED for one in found[name]}
    effects = {one["line"]: _said(name) for name in EFFECTS for one in found[name]}
    names = ("line", "provider_transaction_id", "direction", "amount", "result", "why")
    rows = [
        (*(_cell(one[name]) for name in names), effects.get(number), one["payment_id"])
        for number, one in sorted(lines.items())
    ]
    if rows:
        write_table(_said("look_at"), _said("of_lines").split("|"), rows)
    for number, one in sorted(lines.items()):
        if one["names_two"]:
            write_line(_said("two", line=number))
            for payment_id in one["names_two"]:
                write_line(f"  {payment_id}")
        if one["against"]:
            write_line(_said("against", line=number, against=one["against"]))


def _state_of(found: dict[str, Any]) -> str:
    """Whether a statement is open, approved or withdrawn."""
    done = [one for one in ("approved", "withdrawn") if found[f"{one}_by"] is not None]
    return done[0] if done else "open"


def _standing(found: dict[str, Any]) -> str:
    """Who agreed or took it back, or that nobody did."""
    state = _state_of(found)
    if state == "open":
        return _said(state)
    by, at = _holder(found, f"{state}_by"), written_time(found[f"{state}_at"])
    return _said(state, by=by, at=at)


def _holder(found: dict[str, Any], name: str) -> str:
    """A key's id, and what people call who holds it."""
    key_id, label = found[name], found[f"{name}_label"]
    return str(key_id) if label is None else f"{key_id} ({label})"


async def _found(statement_id: str, database: str | None) -> dict[str, Any]:
    if not is_statement_id(statement_id):
        raise UnknownStatementError(statement_id[:50])
    settings = settings_for(database)
    async with projected(settings, StatementsProjection) as statements:
        header = await statements.find(statement_id)
        if header is None:
            raise UnknownStatementError(statement_id)
        async with projected(settings, KeysProjection) as keys:
            labels = await labels_of(keys, [header])
        report = await report_of(statements, header, header.position, labels)
        listed: dict[str, list[Any]] = {}
        for name, asked in LISTED.items():
            rows = await statements.compared.page(header, asked=asked, limit=LISTED_MAX)
            listed[name] = [line_of(one).model_dump() for one in rows]
        rest = await statements.compared.missing(header, limit=LISTED_MAX)
        listed["missing"] = [missing_of(one).model_dump() for one in rest]
    shown = report.model_dump(exclude={"as_of_position"})
    counts = {name: shown["lines"][asked]["count"] for name, asked in LISTED.items()}
    counts["missing"] = shown["successes"]["missing"]["count"]
    more = {name: count - len(listed[name]) for name, count in counts.items()}
    return shown | listed | {"not_listed": {name: more[name] for name in more if more[name]}}


def _said(name: str, **values: object) -> str:
    return SAID[spoken()][name].format_map(values)


def _cell(value: object) -> object:
    return CELLS_FRENCH.get(str(value), value) if spoken() == "fr" else value


def _name(name: str) -> str:
    return SUMS_FRENCH[name] if spoken() == "fr" else name
