"""`cauri proposals`: what waits for a second person, of all payments and statements.

`cauri payments notes` without a payment lists the notes among it. Each is said with the command by
which whoever may agrees to it.
"""

from collections.abc import Iterator, Mapping

from adapters.dates import table_time
from adapters.refusal_texts import Language
from api.cli_language import speak, spoken
from api.commands.console import run_async, settings_for, write_json, write_line
from api.commands.notes_said import SAID, meant
from api.noting import Notes
from api.proposing import proposals_of
from api.schemas_proposals import ProposalOut
from api.wiring import opened, projections_of, sealing, utc_now
from ledger.handling import Handler
from projections.keys import KeysProjection
from projections.proposals import ProposalKind, ProposalsProjection
from projections.rebuild import fill
from projections.tables import stamp


def list_proposals(
    *,
    kind: ProposalKind | None,
    limit: int,
    language: Language | None,
    database: str | None,
    as_json: bool,
) -> None:
    """List what is open, newest first."""
    speak(language)
    shown, is_more = run_async(_open(kind, limit, database))
    if as_json:
        write_json([one.model_dump(mode="json") for one in shown])
        return
    for one in shown:
        for line in _lines_of(one):
            write_line(line)
    if not shown:
        write_line(_words()["none"])
    if is_more:
        write_line(_words()["more"])


async def _open(
    kind: ProposalKind | None, limit: int, database: str | None
) -> tuple[list[ProposalOut], bool]:
    """What is open, and whether older ones are left out."""
    settings = settings_for(database)
    async with opened(settings) as (where, store):
        projections = projections_of(where)
        await projections.start()
        keys, proposals = projections.of(KeysProjection), projections.of(ProposalsProjection)
        for one in (keys, proposals):
            await fill(one, store)
        vault = await sealing(settings, where, store)
        notes = Notes(handler=Handler(store), vault=vault, keys=keys, clock=utc_now)
        rows = await proposals.page(stamp(utc_now()), kind=kind, limit=limit + 1)
        return await proposals_of(rows[:limit], notes), len(rows) > limit


def _lines_of(one: ProposalOut) -> Iterator[str]:
    words, by = _words(), one.proposed_by
    if one.proposed_by_label is not None:
        by = f"{by} ({one.proposed_by_label})"
    if one.payment_id is None:
        yield words["statement"].format(id=one.id)
        yield words["holds"].format(
            lines=one.lines_count, provider=one.provider, currency=one.currency
        )
        agree = words["agree_statement"].format(id=one.id)
    else:
        state = words[f"state_{one.state}"]
        yield words["note_of"].format(id=one.id, payment=one.payment_id, state=state)
        amount = "" if one.amount is None else f" {one.amount} {one.currency}"
        yield words["word_of"].format(
            word=meant(one.word, spoken()), amount=amount, provider=one.provider
        )
        if one.reason is not None:
            yield words["why"].format(reason=one.reason)
        yield words["turns"].format(
            before=meant(one.status, spoken()), after=meant(one.would_become, spoken())
        )
        agree = words["agree_note"].format(payment=one.payment_id, note=one.id)
    yield words["proposed"].format(at=table_time(one.proposed_at), by=by)
    if one.ends_at is not None:
        yield words["ends"].format(at=table_time(one.ends_at))
    if one.state == "proposed":
        yield agree


def _words() -> Mapping[str, str]:
    return SAID[spoken()]
