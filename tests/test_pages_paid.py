"""What a payer can keep of a page that says "paid"."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger import commands
from ledger.evidence import Word
from tests.api_world import CONTEXT, a_world, settings_in
from tests.builders import a_word
from tests.checkout_world import look, move, pay, session_of
from tests.conftest import FakeClock


@pytest.mark.parametrize(
    ("transaction_id", "language", "facts"),
    [
        (
            "363440463",
            "fr",
            (
                "Date 1er mars 2026",
                "Opérateur MTN MoMo Cameroun",
                "Numéro de transaction 363440463 Pour en garder une trace",
            ),
        ),
        (
            "3634 <b>\n40463",
            "en",
            ("Operator MTN MoMo Cameroon Transaction number 3634 <b> 40463 To keep a record",),
        ),
        (None, "en", ("Operator MTN MoMo Cameroon To keep a record",)),
    ],
)
async def test_it_names_when_at_whom_and_under_which_number(
    tmp_path: Path,
    clock: FakeClock,
    transaction_id: str | None,
    language: str,
    facts: tuple[str, ...],
) -> None:
    async with a_world(settings_in(tmp_path), clock=clock, is_in_memory=True) as world:
        session_id = await session_of(world, language=language)
        payment_id = await pay(world, session_id)
        await move(world, payment_id, "start", "confirm")
        word = replace(
            a_word(Word.SUCCEEDED, provider="mtn", reference=f"{payment_id}-1"),
            provider_transaction_id=transaction_id,
        )
        command = commands.RecordEvidence(payment_id=payment_id, evidence=word)
        await world.services.handler.handle(command, context=CONTEXT)

        page = await look(world, session_id)

    assert page.state == "paid"
    shown = page.text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert [one for one in facts if one not in shown] == [], shown
