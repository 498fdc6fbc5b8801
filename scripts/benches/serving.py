"""Serving: payments asked for, payments looked at, webhooks taken; beside aiohttp alone.

The server is one process, the load another one; both servers get the same requests from the same
client over the same number of connections, in turns. Ours makes each payment and each webhook
durable before it answers. Beside the rates the notes tell the processor time that each server spent
per request, which the machine's other work hardly changes.

Beside the works that make something durable a third server is asked, for information: aiohttp that
only appends one event to our log. What it is below the limit no server with this log can make up.

Two works look at payments. The goal is about those that were looked at lately, as a merchant does
who waits for the end; for information, those that nobody asked for since longer than the cache of
streams lasts, every one of which is read from the database and decoded.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from ledger.sql_cache import EVENTS_MAX
from scripts.benches.plan import Answers, Plan, in_turns
from scripts.benches.story import EVENTS_PER_PAYMENT
from scripts.benches.subject import Answer, Subject, SubjectError
from scripts.benches.table import Row, absent, compared, median_of

_UNIT: Final = "requests/s"
LOOKED_AT_LATELY: Final = 1_000
"""Of so many payments the recent ones are looked at again and again; they fit into the cache."""

_POST: Final = "POST /v1/payments, durable, idempotent, one process"
_GET: Final = "GET /v1/payments/{id}, looked at lately"
_OLD: Final = "GET /v1/payments/{id}, long not looked at"
_WEBHOOK: Final = "webhook accepted, durable"
GOALS: Final = {_POST: 0.30, _GET: 0.45, _OLD: None, _WEBHOOK: 0.40}


def on_sqlite(plan: Plan) -> list[Row]:
    """Serve from a SQLite file."""
    try:
        return _rows(plan)
    except SubjectError as error:
        return [absent(f"{work} | bare aiohttp", _UNIT, GOALS[work], str(error)) for work in GOALS]


def _rows(plan: Plan) -> list[Row]:
    folder = plan.folder / "serving"
    folder.mkdir()
    with ExitStack() as stack:
        ours = stack.enter_context(plan.new_subject("serving_ours"))
        bare = stack.enter_context(plan.new_subject("serving_bare"))
        durable = stack.enter_context(plan.new_subject("serving_durable"))
        client = stack.enter_context(plan.new_subject("serving_load"))
        lent = ours.ask("start", folder=str(folder), payments=plan.payments_seeded)
        key, payments = lent["key"], lent["payments"]

        def sample(work: str) -> Any:
            asked = {"port": lent["port"], "work": work, "key": key, "payments": payments[:1]}
            return client.ask("sample", **asked)["answer"]

        samples = {work: sample(work) for work in ("post", "get", "webhook")}
        servers = {"ours": ours, "bare": bare, "durable": durable}
        url = f"sqlite:///{folder / 'durable.db'}"
        ports = {
            "ours": lent["port"],
            "bare": bare.ask("start", samples=samples)["port"],
            "durable": durable.ask("start", samples=samples, url=url)["port"],
        }

        def load(who: str, work: str, about: list[str], _repeat: int) -> Answer:
            spent = servers[who].ask("spent")["seconds"]
            found = client.ask(
                "load",
                port=ports[who],
                work=work,
                key=key,
                payments=about,
                connections=plan.connections,
                seconds=plan.seconds,
            )
            spent = servers[who].ask("spent")["seconds"] - spent
            return found | {"cpu_us": spent * 1_000_000 / max(found["answered"], 1)}

        works = {
            _GET: ("get", payments[:LOOKED_AT_LATELY]),
            _POST: ("post", payments),
            _WEBHOOK: ("webhook", payments),
        }
        lately = len(works[_GET][1])
        plan.note(
            "Serving: by a merchant's key, its requests and each payer's counted against limits, "
            "one webhook endpoint registered, every request logged, projections following; "
            "workers off."
        )
        plan.note(
            f"The goal of GET is judged on payments looked at lately: {lately:,} of them, "
            "which the cache of streams holds."
        )
        if len(payments) * EVENTS_PER_PAYMENT > EVENTS_MAX:
            works[_OLD] = ("get", payments)
        else:
            plan.note(
                f'"{_OLD}" is left out: only {len(payments):,} payments were seeded, and the '
                "cache holds them all. Without --quick there are enough."
            )
        rows = {}
        for name, (work, about) in works.items():
            asked = [who for who in ports if who != "durable" or work != "get"]
            turns = {who: partial(load, who, work, about) for who in asked}
            found = in_turns(plan.repeats, turns)
            rows[name] = compared(
                f"{name} | bare aiohttp", found["ours"], found["bare"], _UNIT, GOALS[name]
            )
            _note(plan, name, ours, found)
        for server in servers.values():
            server.ask("stop")
    return [rows[name] for name in GOALS if name in rows]


def _note(plan: Plan, name: str, server: Subject, found: Mapping[str, Answers]) -> None:
    """Tell the waiting times, the processor's time, and how far the projections were behind."""
    ours, bare = found["ours"], found["bare"]
    if isinstance(ours, str) or isinstance(bare, str):
        return
    behind = server.ask("caught_up")["behind"]
    durable = found.get("durable", "not asked")
    mine, theirs = median_of(ours, "cpu_us"), median_of(bare, "cpu_us")
    plan.note(
        f"{name}: {plan.connections} connections, p50 {median_of(ours, 'p50_ms'):.1f} ms, "
        f"p99 {median_of(ours, 'p99_ms'):.1f} ms; the projections were {behind:,} events behind at "
        f"its end. Processor time of the server per request, the projections' included: "
        f"{mine:.0f} us, bare {theirs:.0f} us: {theirs / mine:.2f}."
    )
    if not isinstance(durable, str):
        rate, least = median_of(durable, "rate"), median_of(durable, "cpu_us")
        plan.note(
            f"{name}: aiohttp alone that appends one event to the log first answered {rate:,.0f} "
            f"requests/s, {rate / median_of(bare, 'rate'):.2f} of bare, in {least:.0f} us."
        )
