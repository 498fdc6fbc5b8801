"""What a page promises before a number is typed, and how a payer who needs a code gets one."""

from pathlib import Path

import pytest

from adapters.directory import BY_CODE
from adapters.directory_codes import DIALLED, dialled_for_code
from adapters.pages import PayerWay, way_of
from adapters.providers._hub2_requests import payer_way
from adapters.providers.orange_bf import OrangeBfAdapter
from ledger.money import Money
from tests.api_world import HUB2, PROVIDER_TABLES, a_world, settings_in
from tests.checkout_world import look, move, pay, session_of
from tests.conftest import FakeClock
from tests.test_routing import an_adapter

ABIDJAN = "0700000001"


@pytest.mark.parametrize(
    ("operator_code", "operator", "workflow", "way"),
    [
        ("mtn-ci", None, None, "prompt"),
        ("moov-ci", None, "otp", "prompt"),
        ("wave-ci", None, None, "page"),
        ("mtn-sn", "wave", None, "page"),
        ("orange-ci", None, None, "told"),
        ("orange-ci", None, "otp", "code"),
        ("orange-ci", None, "redirection", "page"),
        ("orange-ml", None, "redirection", "told"),
        ("orange-ml", None, "otp", "code"),
    ],
)
def test_hub2_is_promised_only_as_it_is_set_up(
    operator_code: str, operator: str | None, workflow: str | None, way: PayerWay
) -> None:
    assert payer_way(operator_code, operator=operator, workflow=workflow) == way


def test_a_way_is_the_adapters_own_word_or_that_of_its_class(
    tmp_path: Path, clock: FakeClock
) -> None:
    mtn, orange = (an_adapter(name, tmp_path, clock) for name in ("mtn", "orange"))
    burkina = OrangeBfAdapter.__new__(OrangeBfAdapter)

    told = [(way_of(one, "orange-bf")) for one in (mtn, orange, burkina)]

    assert told == ["prompt", "page", "code"]


def test_what_is_dialled_is_of_operators_that_there_are_and_may_name_the_amount() -> None:
    assert DIALLED.keys() <= BY_CODE.keys()
    assert dialled_for_code("orange-bf", Money(1500, "XOF")) == "*144*4*6*1500#"
    assert dialled_for_code("orange-ci", Money(1500, "XOF")) == "#144*82#"
    assert dialled_for_code("mtn-ci", Money(1500, "XOF")) is None


@pytest.mark.parametrize(
    ("language", "promised", "asked"),
    [
        (
            "fr",
            (
                "MTN MoMo, Moov Money Vous recevrez une demande",
                "Orange Money Il faut un code à usage unique",
                "Orange Money : on l'obtient d'ordinaire en composant #144*82#",
            ),
            ("composant #144*82#", "Je n'ai pas de code", "un autre numéro ou un autre opérateur"),
        ),
        (
            "en",
            (
                "MTN MoMo, Moov Money You will get a prompt",
                "Orange Money A one-time code is needed",
                "Orange Money: you usually get it by dialling #144*82#",
            ),
            ("dialling #144*82#", "I have no code", "another number or another operator"),
        ),
    ],
)
async def test_in_abidjan_each_operators_customers_are_told_what_they_will_do(
    tmp_path: Path,
    clock: FakeClock,
    language: str,
    promised: tuple[str, ...],
    asked: tuple[str, ...],
) -> None:
    tables = {**PROVIDER_TABLES, "hub2": {**HUB2, "workflow": "otp"}}
    settings = settings_in(tmp_path, providers=("hub2",), provider_tables=tables)
    async with a_world(settings, clock=clock, is_in_memory=True) as world:
        session_id = await session_of(world, country="CI", currency="XOF", language=language)

        form = await look(world, session_id)
        payment_id = await pay(world, session_id, ABIDJAN)
        await move(world, payment_id, "start")
        sending = await look(world, session_id)
        await move(world, payment_id, "code")
        code = await look(world, session_id)
        await move(world, payment_id, "expiry")
        again = await look(world, session_id)

    spaced = form.text.replace("\N{NO-BREAK SPACE}", " ")
    assert [one for one in promised if one not in spaced] == []
    assert [one for one in asked if one not in code.text.replace("\N{NO-BREAK SPACE}", " ")] == []
    assert {"fr": "cette page vous dira", "en": "this page tells you"}[language] in sending.text
    # The way out: back to the shop while the code is awaited, and another try once it has ended.
    assert "https://shop.example/basket" in code.links
    assert [page.state for page in (form, sending, code, again)] == [
        "form",
        "sending",
        "code",
        "retry",
    ]
    assert 'value="mtn-ci"' in again.html
