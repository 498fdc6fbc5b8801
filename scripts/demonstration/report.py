"""The report: what a person wants to see after the play, and whether it came out as it must.

What decides the exit status: every payment is final; the ledger agrees with the sandboxes' own
books, payment by payment and in the sum; `cauri verify` passes on the database and fails on a copy
in which one byte was changed; and so does the program that strangers check a receipt with, which
runs without the project and trusts a log only where a witness has cosigned it.
"""

import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from scripts.demonstration.stage import Stage

# What each provider calls money that moved.
PAID_WORDS = {"mtn": "SUCCESSFUL", "orange": "SUCCESS"}
NAMES_OF_REFERENCE = {"mtn": "reference", "orange": "order_id"}
WALLET = "552"
TRAIL_LINES_MAX = 40
SCRIPT = Path(__file__).resolve().parent.parent / "verify_receipt.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the play brought to light."""

    merchant_key: str
    auditor_key: str
    payments: Sequence[Mapping[str, Any]]
    seconds: float
    example: Mapping[str, Any]
    receipt: str
    trail: Mapping[str, Any]
    metrics: Mapping[str, Any]
    accounts: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    books: Mapping[str, Sequence[Mapping[str, Any]]]


def tell(stage: Stage, facts: Facts, screen: Console) -> bool:
    """Print the report; whether everything came out as it must."""
    _outcomes(facts, screen)
    _trail(facts, screen)
    _metrics(facts, screen)
    _balance(facts, screen)
    judgements = judged(facts) | _verifications(stage, facts, screen)
    screen.rule("[bold]Judgement")
    for sentence, faults in judgements.items():
        mark = "[green]yes[/green]" if not faults else "[red]NO[/red] "
        screen.print(f"{mark}  {sentence}", highlight=False)
        for fault in faults[:10]:
            screen.print(f"     {fault}", highlight=False, markup=False)
    return not any(judgements.values())


def judged(facts: Facts) -> dict[str, list[str]]:
    """Judge what was played: what must be so, and whatever speaks against it."""
    taken = _taken(facts)
    return {
        "every payment has its final word": _open_ones(facts),
        "nobody was charged twice": [
            f"{payment_id}: {' and '.join(amounts)}"
            for payment_id, amounts in taken.items()
            if len(amounts) > 1
        ],
        "the ledger agrees with the providers' own books": _disagreements(facts, taken),
        "the trial balance sums to zero": []
        if facts.accounts["is_balanced"]
        else ["debit and credit differ"],
    }


def _outcomes(facts: Facts, screen: Console) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for payment in facts.payments:
        counts[payment["status"]][payment["provider"]] += 1
    table = Table(title=f"{len(facts.payments)} payments in {facts.seconds:.0f} s of bad weather")
    table.add_column("status")
    providers = sorted(facts.books)
    for provider in providers:
        table.add_column(provider, justify="right")
    for status in sorted(counts):
        table.add_row(status, *(str(counts[status][provider]) for provider in providers))
    screen.print(table)
    again = sum(len(payment["attempts"]) > 1 for payment in facts.payments)
    asked = sum(payment["inquiries"] > 0 for payment in facts.payments)
    screen.print(
        f"{again} needed more than one submission; for {asked} the provider had to be asked "
        "before it had a final word.",
        highlight=False,
    )


def _trail(facts: Facts, screen: Console) -> None:
    table = Table(title=f"Audit trail of {facts.example['id']} ({facts.example['status']})")
    for column in ("position", "time", "event", "by", "what", "entry hash"):
        table.add_column(column, no_wrap=column != "what", overflow="fold")
    for event in facts.trail["events"][:TRAIL_LINES_MAX]:
        told = event["data"].get("reason") or event["data"].get("detail") or ""
        table.add_row(
            str(event["position"]),
            event["recorded_at"][11:21],
            event["type"],
            event["actor"].removeprefix("reactor:").split(":")[0],
            str(told)[:80],
            event["entry_hash"][:8],
        )
    screen.print(table)


def _metrics(facts: Facts, screen: Console) -> None:
    table = Table(title="Metrics of the last 24 hours")
    for column in ("provider", "currency", "final", "success rate", "taken", "p50", "p95", "p99"):
        table.add_column(column, justify="left" if column in {"provider", "currency"} else "right")
    for group in facts.metrics["groups"]:
        if group["currency"] is None:
            continue
        rate = group["success_rate"]
        table.add_row(
            group["provider"] or "all",
            group["currency"],
            str(sum(group["final_counts"].values())),
            "-" if rate is None else f"{rate:.1%}",
            group["succeeded"] or "-",
            *(
                "-" if group[name] is None else f"{group[name] / 1000:.1f} s"
                for name in ("p50_ms", "p95_ms", "p99_ms")
            ),
        )
    screen.print(table)


TOTALLED: Final = ("currency", "debit", "credit", "balance")


def _balance(facts: Facts, screen: Console) -> None:
    table = Table(title=f"Trial balance at position {facts.accounts['position']} (SYSCOHADA)")
    for column in ("account", "name", "holder", "currency", "debit", "credit", "balance"):
        table.add_column(column, justify="right" if column in {"debit", "credit"} else "left")
    for line in facts.accounts["accounts"]:
        table.add_row(
            line["account"],
            line["name_fr"],
            line["holder"],
            line["currency"],
            line["debit"],
            line["credit"],
            line["balance"],
        )
    for total in facts.accounts["totals"]:
        table.add_row("", "total", "", *(total[name] for name in TOTALLED))
    screen.print(table)


def _open_ones(facts: Facts) -> list[str]:
    return [
        f"{payment['id']} is {payment['status']}: {payment['reason']}"
        for payment in facts.payments
        if not payment["is_final"]
    ]


def _taken(facts: Facts) -> dict[str, list[str]]:
    """What the providers' books say was taken for each payment, under any of its references."""
    paid: dict[str, list[str]] = defaultdict(list)
    for provider, books in facts.books.items():
        for booked in books:
            if booked["status"] == PAID_WORDS[provider]:
                reference = booked[NAMES_OF_REFERENCE[provider]]
                paid[f"{provider}/{reference}"].append(str(booked["amount"]))
    return {
        payment["id"]: [
            amount
            for reference in {
                f"{one['provider']}/{one['reference']}" for one in payment["attempts"]
            }
            for amount in paid[reference]
        ]
        for payment in facts.payments
    }


def _disagreements(facts: Facts, taken: Mapping[str, list[str]]) -> list[str]:
    """Compare payment by payment, and the wallets' balances with the sums of the books."""
    faults = []
    for payment in facts.payments:
        amounts = taken[payment["id"]]
        if amounts != ([payment["amount"]] if payment["status"] == "succeeded" else []):
            told = " and ".join(amounts) or "nothing"
            faults += [f"{payment['id']} is {payment['status']}; the provider took {told}"]
    for provider, books in facts.books.items():
        # A wallet that does not stand in the trial balance holds nothing.
        held = sum(
            int(line["balance"])
            for line in facts.accounts["accounts"]
            if (line["account"], line["holder"]) == (WALLET, provider)
        )
        booked = sum(int(one["amount"]) for one in books if one["status"] == PAID_WORDS[provider])
        if booked != held:
            faults += [f"wallet {provider}: {held} here, {booked} in its books"]
    return faults


def _verifications(stage: Stage, facts: Facts, screen: Console) -> dict[str, list[str]]:
    size, root = facts.checkpoint["size"], facts.checkpoint["root_hex"]
    screen.rule("[bold]Proof")
    screen.print(f"checkpoint: {size} events, root {root}", highlight=False)
    saved = f"{size}:{root}"
    honest = stage.cauri(
        "verify", "--database", f"sqlite:///{stage.database}", "--checkpoint", saved
    )
    told = _show(screen, "cauri verify", honest)
    copy = _tampered(stage.database, stage.folder / "tampered.db", size)
    forged = stage.cauri("verify", "--database", f"sqlite:///{copy}", "--checkpoint", saved)
    told_of_copy = _show(screen, "the same on a copy with one byte changed", forged)
    return _receipts(stage, facts, screen) | {
        "cauri verify passes": [] if honest.returncode == 0 else [told],
        # 1 is its no; any other status says that it could not even look.
        "cauri verify fails on the changed copy": [] if forged.returncode == 1 else [told_of_copy],
    }


def _receipts(stage: Stage, facts: Facts, screen: Console) -> dict[str, list[str]]:
    """Check the receipt of one payment as a stranger would, and a copy with one byte changed."""
    kept, changed = stage.folder / "paid.receipt", stage.folder / "changed.receipt"
    kept.write_text(facts.receipt, encoding="utf-8")
    at = facts.receipt.index("\nextra ") + len("\nextra ") + 40
    other = "A" if facts.receipt[at] != "A" else "B"
    changed.write_text(facts.receipt[:at] + other + facts.receipt[at + 1 :], encoding="utf-8")
    honest, forged = (stranger(stage, one) for one in (kept, changed))
    told = _show(screen, "a receipt, checked without the project (verify_receipt.py)", honest)
    told_of_copy = _show(screen, "the same with one byte changed", forged)
    return {
        "a receipt, cosigned by a witness, convinces a stranger": []
        if honest.returncode == 0
        else [told],
        "a receipt with one byte changed does not": []
        if forged.returncode == 1
        else [told_of_copy],
    }


def stranger(stage: Stage, receipt: Path) -> CompletedProcess[str]:
    """Run the stand-alone program in a folder and a Python that know nothing of the project."""
    return subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, "--policy", str(stage.policy), str(receipt)],
        cwd=stage.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def _show(screen: Console, title: str, done: CompletedProcess[str]) -> str:
    """Show what a command said, and return it."""
    said = (done.stdout + done.stderr).strip()
    screen.print(f"[bold]{title}[/bold] (exit status {done.returncode})", highlight=False)
    for line in said.splitlines():
        screen.print(f"  {line}", highlight=False, markup=False)
    return said


def _tampered(database: Path, copy: Path, size: int) -> Path:
    """Copy a database and change one digit of one amount in it, as a clever forger would."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
    source, target = sqlite3.connect(database), sqlite3.connect(copy)
    try:
        source.backup(target)
        triggers = target.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for (name,) in triggers:
            target.execute(f'DROP TRIGGER "{name}"')
        position, entry = target.execute(
            "SELECT position, entry FROM log WHERE type = 'payment.requested' "
            "AND position <= ? ORDER BY position DESC LIMIT 1",
            (size // 2,),
        ).fetchone()
        mark = b'"amount_minor":'
        at = entry.index(mark) + len(mark)
        digit = b"9" if entry[at : at + 1] != b"9" else b"8"
        target.execute(
            "UPDATE log SET entry = ? WHERE position = ?",
            (entry[:at] + digit + entry[at + 1 :], position),
        )
        target.commit()
    finally:
        source.close()
        target.close()
    key = database.parent / "master.key"
    if key.exists() and key.parent != copy.parent:
        shutil.copy(key, copy.parent / "master.key")
    return copy
