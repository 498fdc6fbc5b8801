"""The report of a bundle, as people meet it: in a browser, on paper, in French and in English."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import fields
from html import unescape
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from playwright.async_api import Browser

from adapters.typesetting import typeset_french
from api.bundles.check import SCRIPT
from api.bundles.report import Facts, check_report, readme, report
from api.bundles.shape import REPORTS, BundleError
from api.bundles.words import ENGLISH, FRENCH, WORDS
from ledger.events import EVENTS
from ledger.journal import ACCOUNT_NAMES
from ledger.payment import Status
from tests.browser import DESK, PHONE, a_browser, a_page, axe_faults
from tests.bundle_world import a_keeper, a_policy

FACTS = Facts(
    origin="ledger.example/log",
    first=70,
    last=120,
    first_at="2026-03-01T12:00:01.000000Z",
    last_at="2026-03-01T12:00:51.000000Z",
    asked_from="2026-03-01T00:00:00.000000Z",
    asked_to=None,
    size=378,
    root="A" * 43 + "=",
    made_at="2026-04-01T08:00:00.000000Z",
    tool="cauri 0.1.0",
    witnesses=(("firm", 1_767_225_600),),
    is_met=True,
)
ROW = {"mode": "live", "account": "552", "holder": "mtn"}
TOTALS: dict[str, Any] = {
    "payments": [
        {
            "mode": "live",
            "kind": "collection",
            "provider": "mtn",
            "currency": "GHS",
            "status": "succeeded",
            "payments": 1234,
            "amount_minor": 123_456_789,
        }
    ],
    "opening": [{**ROW, "currency": "XAF", "debit_minor": 500, "credit_minor": 2000}],
    "movements": [{**ROW, "currency": "XAF", "debit_minor": 1_000_000, "credit_minor": 7}],
    "closing": [{**ROW, "currency": "XAF", "debit_minor": 1_000_500, "credit_minor": 2007}],
    "entries": {"payment.requested": 1234},
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as started:
        yield started


def cells_of(page: str) -> list[list[str]]:
    """What a person sees in the rows of the tables that have numbers."""
    rows = re.findall(r"<tr>((?:<td.*?</td>)+)</tr>", page)
    return [[unescape(one) for one in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


def test_amounts_are_written_as_each_language_writes_them() -> None:
    english = cells_of(report("en", FACTS, TOTALS, {}))
    french = cells_of(report("fr", FACTS, TOTALS, {}))
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert english[0][1:] == ["Payment", "mtn", "Succeeded", "GHS", "1,234", "1,234,567.89"]
    assert french[0][1:] == [
        *("Encaissement", "mtn", "Réussie", "GHS", f"1{thin}234", f"1{thin}234{thin}567,89"),
    ]
    assert english[1][5:] == ["−1,500", "1,000,000", "7", "998,493"]
    assert french[1][2] == "Monnaie électronique - téléphone portable"


def test_the_two_languages_say_the_same_things() -> None:
    assert ENGLISH.statuses.keys() == FRENCH.statuses.keys() == {one.value for one in Status}
    for one in fields(ENGLISH):
        english, french = getattr(ENGLISH, one.name), getattr(FRENCH, one.name)
        assert type(english) is type(french), one.name
        assert len(english) > 0, one.name
        if not isinstance(english, str):
            assert len(english) == len(french), one.name
    for name in ("names", "files", "modes", "kinds", "statuses"):
        assert getattr(ENGLISH, name).keys() == getattr(FRENCH, name).keys()
    files = {"entries/", "context/", "tiles/", "checkpoints/", "keys.jsonl", "keys.txt"}
    files |= {"policy.txt", "digests.json", "totals.json", "verify_bundle.py", "manifest.json"}
    assert set(ENGLISH.files) == files


def test_french_is_typeset_and_speaks_no_english() -> None:
    page = report("fr", FACTS, TOTALS, {})
    text = unescape(re.sub(r"<(style|pre|code)>.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))
    assert typeset_french(text) == text
    assert "'" in text  # the house writes the plain apostrophe
    words = set(re.findall(r"(?<![\w.-])[a-zà-ÿ]+(?![\w-]|\.\w)", text.lower()))
    assert not words & {"the", "and", "entries", "bundle", "checkpoint", "what", "currency", "sum"}


def test_a_report_says_whether_it_was_witnessed_and_what_is_only_stated() -> None:
    for language, words in WORDS.items():
        witnessed = unescape(report(language, FACTS, TOTALS, {}))
        alone = unescape(report(language, FACTS._replace(witnesses=(), first=1), TOTALS, {}))
        assert words.witnessed in witnessed
        assert words.unwitnessed not in witnessed
        assert words.balance_stated in witnessed
        assert words.unwitnessed in alone
        assert words.balance_stated not in alone
        assert readme().count(words.what) == 1


def all_totals() -> dict[str, Any]:
    """Every word that a table can hold, at least once."""
    asked = TOTALS["payments"][0]
    payments = [
        {**asked, "mode": mode, "kind": kind, "status": status}
        for mode, kind in (("", "refund"), ("live", "collection"), ("test", "payout"))
        for status in sorted(ENGLISH.statuses)
    ]
    holder = {"holder": 'it\'s <b> & "co"', "currency": "GHS", "debit_minor": 5, "credit_minor": 7}
    closing = [{"mode": "live", "account": one, **holder} for one in sorted(ACCOUNT_NAMES)]
    return {**TOTALS, "payments": payments, "closing": closing}


def judges(language: str, facts: Facts, totals: Any, digests: Any) -> Callable[[str], list[str]]:
    """What each verifier says of a page; nothing where it takes it."""
    script = ModuleType("verify_bundle")
    exec(compile(SCRIPT.read_bytes(), "verify_bundle", "exec"), script.__dict__)
    names = ("origin", "first", "last", "first_at", "last_at")
    shown = dict(zip(("origin", "from", "to", "from_at", "to_at"), names, strict=True))
    shown |= {one: one for one in ("asked_from", "asked_to", "size", "root", "made_at", "tool")}
    said = {name: getattr(facts, field) for name, field in shown.items()}
    policy = ("introduced", facts.introduced) if facts.introduced else ("met", "")
    policy = policy if facts.is_met else ("unmet", "")

    def judge(page: str) -> list[str]:
        bundle = SimpleNamespace(
            said=said, first=facts.first, last=facts.last, read=lambda _: page.encode()
        )
        given = said, (dict(facts.witnesses), policy), totals, digests
        found = []
        try:
            script.compare_report(bundle, language, *given)
        except script.WrongError as error:
            found.append(f"script: {error}")
        try:
            check_report(language, page.encode(), facts, totals, digests)
        except BundleError as error:
            found.append(f"own: {error}")
        return found

    return judge


DIGESTS = {"payments": {"position": 40, "sha256": "ab" * 32}}


@pytest.mark.parametrize("language", sorted(REPORTS))
def test_both_verifiers_write_every_report_as_it_is_written(language: str) -> None:
    nothing = {**TOTALS, "payments": [], "opening": [], "movements": [], "closing": []}
    alone = FACTS._replace(witnesses=(), first=1, asked_from=None, asked_to=FACTS.last_at)
    for facts, totals, digests in (
        (FACTS, all_totals(), DIGESTS),
        (alone._replace(is_met=False), nothing, {}),
        (alone._replace(introduced="ledger.example/log+0+k"), {**nothing, "entries": {}}, {}),
    ):
        judge = judges(language, facts, totals, digests)
        assert judge(report(language, facts, totals, digests)) == []


FALSE: Sequence[tuple[str, str]] = [
    ('<td data-is="failed">Échouée<', '<td data-is="failed">Réussie<'),
    ('<td data-is="failed">Échouée<', "<td>Échouée<"),
    ('<td data-is="411">411<', '<td data-is="411">401<'),
    ('<td data-is="XAF">XAF<', '<td data-is="XAF">XOF<'),
    ('<td data-is="mtn">mtn<', '<td data-is="mtn">orange<'),
    ('<td data-is="refund">Remboursement<', '<td data-is="refund">Versement<'),
    ('<td data-is="">Clients<', '<td data-is="">Fournisseurs<'),
    ("1\u202f234\u202f567,89<", "12\u202f345\u202f678,9<"),
    (">Débit</th>", ">Crédit</th>"),
    ('scope="row">Première entrée<', 'scope="row">Dernière entrée<'),
    ('"from_at">2026-03-01', '"from_at">2026-02-01'),
    (' data-fact="asked_from">2026', ">2026"),
    ("le 2026-01-01", "le 2025-01-01"),
    ("Témoin firm", "Témoin telco"),
    (">Elle tient le", ">Elle ne tient pas le"),
    (">Entrées 70 à 120<", ">Entrées 1 à 120<"),
    (">Balance générale</h2>", ">Balance de 2025</h2>"),
    ("– 120</title>".replace(" ", ""), "–999</title>"),
    ("</style>", "td[data-is=failed]{display:none}\n</style>"),
    ("</style>", "</style><script>document.title=1</script>"),
    ("<table id", "<table hidden id"),
    ('<td data-is="failed"', '<td style="color:#fff" data-is="failed"'),
    ("<tbody>\n<tr><td", "<tbody>\n<!--<tr><td>-->\n<tr><td"),
    ("<tbody>\n<tr><td", "<tbody>\n<p>Tout va bien.</p>\n<tr><td"),
    ("<ul>\n", "<ul>\n<ul>\n"),
    ("<ul>\n", "<ul>\n<li><b>411</b></li>\n"),
    ("<ul>\n", "<ul>\n<p>411</p>\n"),
    ("</ul>\n", ""),
    ("</main>", "<p hidden>411</p>\n</main>"),
    ("</main>", "<table>\n<tr><td>411</td></tr>\n</table>\n</main>"),
    ("</main>", "<p>a</p><p>b</p>\n</main>"),
    ("</main>", "<svg>\n</main>"),
    ("</main>", "</main>\n<p>None</p><b>"),
]


@pytest.mark.parametrize(("old", "new"), FALSE)
def test_what_a_person_sees_is_not_changed_unseen(old: str, new: str) -> None:
    page = report("fr", FACTS, all_totals(), DIGESTS)
    assert old in page
    refused = judges("fr", FACTS, all_totals(), DIGESTS)(page.replace(old, new, 1))
    assert [one.partition(":")[0] for one in refused] == ["script", "own"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ul>\n", "<ul>\n<li>Encore une chose.</li>\n"),
        ("</dl>\n", "<dt>Mot</dt><dd>Ce qu'il veut dire.</dd>\n</dl>\n<p>Une ligne.</p>\n"),
        ("<p>", "<p>Mieux dit : "),
    ],
)
def test_words_outside_of_tables_may_be_those_of_another_version(old: str, new: str) -> None:
    page = report("fr", FACTS, all_totals(), DIGESTS)
    assert old in page
    assert judges("fr", FACTS, all_totals(), DIGESTS)(page.replace(old, new)) == []


def test_what_is_shown_is_escaped() -> None:
    page = report("en", FACTS._replace(origin="<script>x</script>"), TOTALS, {})
    assert "<script>" not in page


@pytest.mark.parametrize("language", sorted(REPORTS))
async def test_a_browser_shows_and_prints_it(
    language: str, tmp_path: Path, browser: Browser
) -> None:
    async with a_keeper() as keeper:
        await keeper.grow()
        await keeper.export(tmp_path / "b", 70, 200, a_policy())
    faults: dict[str, list[str]] = {}
    for device in (PHONE, DESK):
        async with a_page(browser, device) as page:
            await page.goto((tmp_path / "b" / REPORTS[language]).as_uri())
            found = await axe_faults(page)
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            if await page.evaluate(wide):
                found.append("it is wider than the screen")
            if await page.locator("h1").count() != 1 or not await page.title():
                found.append("it has no heading or title, or several")
            assert await page.locator("#balance tbody tr").count() > 3
            await page.emulate_media(media="print")
            if device is DESK:
                printed = await page.pdf(format="A4", prefer_css_page_size=True)
                assert printed.startswith(b"%PDF")
                # On paper nothing can be scrolled: every table has to fit between the margins.
                await page.set_viewport_size({"width": 680, "height": 960})
                cut = (
                    "[...document.querySelectorAll('.wide')]"
                    ".filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
                )
                found += [f"cut on paper: {one[:60]}" for one in await page.evaluate(cut)]
            faults[str(device)] = found
    assert faults == {str(PHONE): [], str(DESK): []}


def test_every_type_of_entry_can_be_counted() -> None:
    totals = {**TOTALS, "entries": dict.fromkeys(sorted(EVENTS), 1)}
    assert len(cells_of(report("fr", FACTS, totals, {}))) == len(EVENTS) + 2
