"""The README is true: its tables are those of the code, its words all stand there.

What the code knows (settings, events, routes, commands, facts of providers) is written in the code
once; the README's tables have to be exactly that. Where one of these tests fails, it shows the rows
that the README should have.
"""

import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

import projections.rebuild
from adapters.providers import provider_names, settings_class
from adapters.sandbox import (
    hub2_rules,
    hubtel_rules,
    kkiapay_rules,
    mtn_rules,
    mtn_scenarios,
    orange_rules,
    orange_sonatel_rules,
    touchpay_rules,
    wave_rules,
    ynote_rules,
)
from adapters.sandbox.movements import SCENARIOS, Scenario
from api.authentication import ROLES
from api.commands.providers import markdown_lines
from api.errors import ALL_PROBLEMS
from api.routes import ROUTES
from api.settings import (
    FILE_VARIABLE,
    SettingsError,
    load_settings,
    provider_settings,
    settings_of_providers,
)
from ledger import errors
from ledger.entry import check_entry, decode_entry
from ledger.errors import LedgerError
from ledger.evidence import TRUST_OF
from ledger.journal import ACCOUNT_NAMES
from ledger.merkle import leaf_hash
from ledger.payment import Status
from scripts.page_lists import (
    PROVIDERS,
    PageError,
    checkout_field_rows,
    command_rows,
    commands,
    event_rows,
    field_rows,
    route_rows,
    settings_rows,
    written,
)
from tests.fenced import Block, blocks_of, faults_of
from tests.test_architecture import FLOORS, ROOMS

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")

WORDS = (
    *("log", "stream", "version", "position", "append", "expected version", "new event"),
    *("recorded event", "command", "decide", "evolve", "evidence", "subscription", "checkpoint"),
    *("projector", "projection", "reactor", "adapter", "provider", "reference", "outcome"),
    *("intent", "upcast", "correlation id", "causation id", "endpoint", "message", "delivery"),
)
"""One word, one meaning: those the whole house uses."""


def endings_of(payments: Mapping[Scenario, str], payouts: Mapping[Scenario, str]) -> dict[str, str]:
    """Say what becomes of the numbers of a sandbox that has one code for each failure."""
    return {
        ending: " ".join(
            f"{kind} {'succeeds' if code is None else f'fails with `{code}`'}."
            for kind, code in (
                ("A payment", payments.get(scenario)),
                ("A payout", payouts.get(scenario)),
            )
        )
        for ending, scenario in SCENARIOS.items()
    }


HUB2_ENDINGS = endings_of(hub2_rules.FAILURES, hub2_rules.TRANSFER_FAILURES)
HUBTEL_ENDINGS = endings_of(hubtel_rules.FAILURES, hubtel_rules.PAYOUT_FAILURES)
KKIAPAY_ENDINGS = {
    digits: f"`{kkiapay_rules.FAILURES[one]}`"
    for digits, one in SCENARIOS.items()
    if one in kkiapay_rules.FAILURES
}
MTN_ENDINGS = {
    **{ending: f"`{code}`" for ending, code in mtn_rules.FAILURES.items()},
    **{ending: f"`{code}`" for ending, code in mtn_rules.OWN_FAILURES.items()},
    mtn_rules.ONGOING: "Still thinking; given up after a minute.",
    mtn_rules.DELAYED: "Pays, but slowly.",
}
MOJALOOP_ENDINGS = dict(
    zip(
        SCENARIOS,
        (
            "The payer refuses; the payee's provider refuses, `5104`.",
            "Reserved, then aborted; the quote is refused, `5200`.",
            "Nobody ever answers; aborted in the end.",
            "No such party, `3204`; the same.",
            "Pays, but slowly; the same.",
            "Pays; the merchant's own account is too low, `4001`.",
        ),
        strict=True,
    )
)
MTN_PAYOUT_ENDINGS = {
    f"payout `{ending}`": f"`{code}`"
    for ending, code in {
        **mtn_scenarios.TRANSFER_FAILURES,
        **mtn_scenarios.OWN_TRANSFER_FAILURES,
    }.items()
    if mtn_rules.FAILURES.get(ending) != code
}
ORANGE_ENDINGS = {
    one.value: text
    for one, text in {
        orange_rules.Scenario.FAILED: "Refused by the operator.",
        orange_rules.Scenario.INSUFFICIENT_FUNDS: "Balance too low.",
        orange_rules.Scenario.NEVER_CONFIRMED: "Never confirmed; expires.",
        orange_rules.Scenario.NO_ACCOUNT: "Has no Orange Money account.",
        orange_rules.Scenario.SLOW: "Pays, but slowly.",
    }.items()
}

SONATEL_ENDINGS = {
    digits: f"`FAILED`, `{orange_sonatel_rules.REFUSED_ONE_STEPS.get(one, 'FAILED')}`, "
    f"`{orange_sonatel_rules.REFUSED_CASHINS[one]}`"
    for digits, one in SCENARIOS.items()
    if one in orange_sonatel_rules.REFUSED_CASHINS
} | {
    digits: text
    for digits, one in SCENARIOS.items()
    for scenario, text in {
        Scenario.REFUSED: "`REJECTED`, `REJECTED`, `REJECTED`",
        Scenario.EXPIRES: "Never confirmed: `CANCELLED`, `CANCELLED`, `CANCELLED`",
        Scenario.SLOW: "Pays, but slowly.",
    }.items()
    if one is scenario
}

TOUCHPAY_ENDINGS = {
    digits: f"`{touchpay_rules.MESSAGES[one]}`"
    for digits, one in SCENARIOS.items()
    if one in touchpay_rules.MESSAGES
}
WAVE_ENDINGS = {
    digits: f"`{wave_rules.PAYMENT_ERRORS[one][0]}`, `{wave_rules.PAYOUT_ERRORS[one][0]}`"
    for digits, one in SCENARIOS.items()
    if one in wave_rules.PAYMENT_ERRORS
}
YNOTE_ENDINGS = endings_of(ynote_rules.FAILURES, ynote_rules.PAYOUT_FAILURES)


def listed(name: str) -> list[str]:
    """The lines of the list below `<!-- list: name -->`."""
    _, found, rest = PAGE.partition(f"<!-- list: {name} -->\n")
    assert found, f"the README has no list {name}"
    return rest.partition("\n\n")[0].splitlines()


def problem_statuses() -> dict[str, str]:
    """Every code that comes over HTTP, with its status."""
    return {code: str(problem.status) for code, problem in ALL_PROBLEMS.items()}


def inner_codes() -> list[str]:
    """Every code of the ledger and the projections that never comes over HTTP."""
    modules = (errors, projections.rebuild)
    found = {
        one.code: None
        for module in modules
        for one in vars(module).values()
        if inspect.isclass(one) and issubclass(one, LedgerError)
    }
    return [code for code in found if code not in ALL_PROBLEMS]


def shown_value(limit: str) -> str:
    """The value of a limit, as the README writes it: 65,535."""
    module, _, name = limit.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    return f"{int(value):,}"


def leaf_of(entry: Block) -> str:
    """The leaf hash of the entry that the README lays out for reading."""
    line = orjson.dumps(orjson.loads(entry.text), option=orjson.OPT_SORT_KEYS)
    recorded = decode_entry(line)
    check_entry(line, recorded.position, recorded.stream, recorded.version, recorded.type)
    return leaf_hash(line).hex()


def test_every_setting_stands_there_with_its_default_and_meaning() -> None:
    assert listed("settings") == settings_rows(None)


@pytest.mark.parametrize("provider", provider_names())
def test_every_provider_stands_there_with_its_settings(provider: str) -> None:
    assert listed(f"settings {provider}") == settings_rows(provider)


def test_the_facts_of_the_providers_are_what_the_command_writes() -> None:
    _, _, rest = PAGE.partition("<!-- cauri providers --markdown -->\n")
    shown, found, _ = rest.partition("\n<!-- end -->\n")
    assert found, "the README has no generated table of providers between its marks"
    assert shown.splitlines() == list(markdown_lines())


def test_the_lists_are_written_anew_by_a_script_and_nothing_else_is() -> None:
    # `scripts/write_readme` is what to run where this fails.
    assert written(PAGE) == PAGE
    worn = PAGE.replace("- `CAURI_PORT` =", "- `CAURI_PROT` =").replace("| [Wave][wave]", "| [W]")
    worn = worn.replace("- `payment.requested`:", "- `payment.wanted`:")
    assert worn != PAGE
    assert written(worn) == PAGE


def test_a_provider_without_a_section_of_settings_gets_one() -> None:
    rows = "\n".join(settings_rows("wave"))
    section = f"### Wave\n\n<!-- list: settings wave -->\n{rows}\n\n"
    without = PAGE.replace(section, "")
    assert without != PAGE
    again = written(without)
    assert again == without.replace("\n## Events\n", f"\n{section}## Events\n")


def test_a_page_without_its_marks_is_refused_by_name() -> None:
    with pytest.raises(PageError, match="no marks for the table of providers"):
        written(PAGE.replace(PROVIDERS[0], ""))
    with pytest.raises(PageError, match="no list events"):
        written(PAGE.replace("<!-- list: events -->\n", ""))


def test_every_event_stands_there() -> None:
    assert listed("events") == event_rows()


def test_every_operation_stands_there_with_its_parameters() -> None:
    parameters = {
        field.alias or name for route in ROUTES for name, field in route.query.model_fields.items()
    }
    unnamed = [name for name in sorted(parameters) if f"`{name}`" not in PAGE]
    assert (listed("routes"), unnamed) == (route_rows(), [])


def test_every_field_of_a_payment_stands_there() -> None:
    assert listed("fields") == field_rows()


def test_every_field_of_a_checkout_session_stands_there() -> None:
    assert listed("checkout fields") == checkout_field_rows()


def test_every_command_stands_there() -> None:
    assert listed("commands") == command_rows()


def test_every_command_and_option_on_the_page_exists() -> None:
    known_commands = dict(commands())
    asked = re.findall(r"cauri ((?:[a-z][a-z-]* ?){1,2})([^`|>()\n]*)", "\n".join(_code()))
    faults = []
    for words, rest in asked:
        name = words.strip() if words.strip() in known_commands else words.split()[0]
        options = set(re.findall(r"--[a-z-]+", rest))
        known = {one for each in known_commands[name].params for one in each.opts} | {"--help"}
        faults += [f"cauri {name} {one}" for one in options - known]
    assert faults == []


def _code() -> list[str]:
    """All that is set as code, in blocks that run and in the text."""
    blocks = [block.text.replace("\\\n", " ") for block in blocks_of(PAGE) if "runs" in block.mark]
    text = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    named = [one for one in re.findall(r"`(cauri [^`]+)`", text) if one != "cauri.db"]
    return blocks + named


def test_every_error_stands_there_with_its_status_and_a_remedy() -> None:
    rows = [re.fullmatch(r"- `(\w+)` \((\d+)\)\. .+\.", line) for line in listed("problems")]
    found = {row[1]: row[2] for row in rows if row}
    inner = [line.split("`")[1] for line in listed("errors")]
    assert (found, inner) == (problem_statuses(), inner_codes())


def test_every_limit_is_what_the_page_says() -> None:
    rows = [re.findall(r": ([0-9,]+) \(`([a-zA-Z_.]+)`\)$", line)[0] for line in listed("limits")]
    assert rows == [(shown_value(name), name) for _, name in rows]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([f"| `{one}` |" for one in Status], id="status"),
        pytest.param([f"| `{one}` | {trust} |" for one, trust in TRUST_OF.items()], id="trust"),
        pytest.param([f"| `{one}` |" for one in sorted(ROLES)], id="role"),
        pytest.param([f"| `{one}` |" for one in ACCOUNT_NAMES], id="account"),
        pytest.param(
            [f"- `{one}`: {text}\n" for one, text in MOJALOOP_ENDINGS.items()], id="mojaloop"
        ),
        pytest.param([f"- `{one}`: {text}\n" for one, text in HUB2_ENDINGS.items()], id="hub2"),
        pytest.param(
            [f"- `{one}`: {text}\n" for one, text in KKIAPAY_ENDINGS.items()], id="kkiapay"
        ),
        pytest.param([f"- `{one}`: {text}\n" for one, text in HUBTEL_ENDINGS.items()], id="hubtel"),
        pytest.param([f"- `{one}`: {text}\n" for one, text in MTN_ENDINGS.items()], id="mtn"),
        pytest.param(
            [f"- {one}: {text}\n" for one, text in MTN_PAYOUT_ENDINGS.items()], id="mtn payouts"
        ),
        pytest.param([f"- `{one}`: {text}\n" for one, text in ORANGE_ENDINGS.items()], id="orange"),
        pytest.param([f"- `{one}`: {text}\n" for one, text in SONATEL_ENDINGS.items()], id="sn"),
        pytest.param(
            [f"- `{one}`: {text}\n" for one, text in TOUCHPAY_ENDINGS.items()], id="touchpay"
        ),
        pytest.param([f"- `{one}`: {text}\n" for one, text in WAVE_ENDINGS.items()], id="wave"),
        pytest.param([f"- `{one}`: {text}\n" for one, text in YNOTE_ENDINGS.items()], id="ynote"),
        pytest.param([f"| {word} |" for word in WORDS], id="glossary"),
    ],
)
def test_every_word_of_a_kind_has_a_row(words: list[str]) -> None:
    assert [word for word in words if f"\n{word}" not in PAGE] == []


def test_the_floors_are_those_of_the_architecture() -> None:
    (drawn,) = [block.text for block in blocks_of(PAGE) if block.mark == "floors"]
    shown: dict[int, set[str]] = {}
    floor = -1
    for line in drawn.splitlines():
        number, _, rest = line.partition(" ")
        floor = int(number) if number else floor
        shown.setdefault(floor, set()).update(rest.split())
    held: dict[int, set[str]] = {}
    for module, (height, _) in FLOORS.items():
        held.setdefault(int(height), set()).add(module)
    assert shown == held


def test_the_entry_shown_is_an_entry_and_its_hash_is_right() -> None:
    (entry,) = [block for block in blocks_of(PAGE) if block.mark == "entry"]
    assert f"`{leaf_of(entry)}`" in PAGE


def test_the_settings_file_shown_starts_in_production(tmp_path: Path) -> None:
    (shown,) = [block.text for block in blocks_of(PAGE) if block.mark == "settings"]
    file = tmp_path / "cauri.toml"
    file.write_text(shown)
    settings = load_settings({FILE_VARIABLE: str(file)}, provider_names=provider_names())
    # As it stands there it would take no payment, and is told so by the names of its secrets.
    with pytest.raises(SettingsError) as raised:
        settings_of_providers(settings, {one: settings_class(one) for one in settings.providers})
    assert {fault.reason for fault in raised.value.faults} == {"this is the example's text."}
    assert len(raised.value.faults) == shown.count(' = "from ')
    file.write_text(shown.replace(' = "from ', ' = "'))
    settings = load_settings({FILE_VARIABLE: str(file)}, provider_names=provider_names())
    made = [provider_settings(settings, name, settings_class(name)) for name in settings.providers]
    assert (settings.is_production, len(made)) == (True, len(tomllib.loads(shown)["providers"]))


def test_every_path_and_link_leads_somewhere() -> None:
    linked = re.findall(r"\]\(([^)]+)\)", PAGE)
    files = {one for one in linked if not one.startswith(("https://", "#"))}
    rooms = "|".join((*ROOMS, "tests"))
    files |= set(re.findall(rf"(?<![\w/.])((?:{rooms})/[\w./]*)", PAGE))
    planned = re.compile(r"acme")
    headings = re.findall(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
    missing = [
        one for one in sorted(files) if not planned.search(one) and not (ROOT / one).exists()
    ]
    missing += [one for one in linked if one.startswith("#") and one[1:] not in anchors]
    assert missing == []


@pytest.mark.parametrize("script", ["demo", "check", "bench"])
def test_every_option_of_a_script_on_the_page_is_one(script: str) -> None:
    help_text = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    known = set(re.findall(r"--[a-z]+", help_text)) - {"--help"}
    section = PAGE.partition("\n## Run\n")[2].partition("\n## ")[0]
    unnamed = [one for one in sorted(known) if script == "demo" and f"`{one}" not in section]
    told = re.search(rf"`scripts/{script}`[^(]*\(([^)]*)\)", section)
    wrong = set(re.findall(r"--[a-z]+", told[1])) - known if told else set()
    assert (unnamed, wrong) == ([], set())


def test_what_is_shown_is_compared_with_what_was_printed() -> None:
    shown = Block("shows", "json", '{"a": "x…", "b": [{"c": 1}, "…"]}', 1)
    text = Block("shows", "text", "one…\nthree\n", 1)
    same = json.dumps({"a": "xyz", "b": [{"c": 1, "d": 2}, 3, 4], "e": None})
    other = json.dumps({"a": "yxz", "b": [{"c": True}]})
    assert faults_of(shown, same) + faults_of(text, "one 1\ntwo\nthree\n") == []
    assert len(faults_of(shown, other)) == 2
    assert len(faults_of(text, "three\none\n")) == 1


def test_what_is_set_as_it_is_fits_a_small_screen() -> None:
    lines = [line for block in blocks_of(PAGE) for line in block.text.splitlines()]
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert [line for line in lines if len(line) > 64] == []
    assert [word for row in rows for word in row.split() if len(word) > 32] == []
