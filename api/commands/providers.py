"""`cauri providers`: the facts of every provider there is, for people, programs and pages.

Whether a provider is enabled is a setting and not told here; these are the facts that stand on the
adapters, and nothing is called or opened to tell them.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

from adapters.base import WebhookProof
from adapters.providers import adapter_class, incomplete_providers, provider_names
from api.cli_language import said
from api.commands.console import write_json, write_line, write_table
from ledger.events import JsonObject
from ledger.sentences import Sentence

PROOFS: Final[Mapping[WebhookProof, Sentence]] = {
    "nothing": Sentence("nothing"),
    "token": Sentence("a token of each payment"),
    "secret": Sentence("a fixed secret"),
    "signature": Sentence("a signature"),
    "no_webhooks": Sentence("it sends none"),
}
"""How a webhook proves where it comes from, in words."""


NO: Final = 1


def run(*, as_json: bool, as_markdown: bool) -> int:
    """Show every provider; 1 if a module of the folder is none yet, and why on stderr."""
    lacking = incomplete_providers()
    for name, faults in lacking.items():
        lacks = Sentence("error: provider {name}: {faults}", name=name, faults="; ".join(faults))
        sys.stderr.write(f"{said(lacks)}\n")
    facts = _all_facts()
    if as_json:
        write_json({"providers": facts})
    elif as_markdown:
        for line in markdown_lines():
            write_line(line)
    else:
        write_table(
            Sentence("Providers"),
            (
                *("provider", "name", "countries", "currencies", "can do"),
                *("webhooks proved by", "can be asked", "reaches", "documentation"),
            ),
            [
                (
                    one["name"],
                    one["display_name"],
                    " ".join(one["countries"]),
                    " ".join(one["currencies"]),
                    ", ".join(one["capabilities"]),
                    PROOFS[one["webhook_proof"]],
                    _asked(is_askable=one["is_askable"]),
                    " ".join(one["reaches"]) or Sentence("itself"),
                    one["documentation_url"],
                )
                for one in facts
            ],
        )
    return NO if lacking else 0


def facts_of(name: str) -> JsonObject:
    """Give the facts of one provider; sets are sorted lists."""
    facts = adapter_class(name)
    return {
        "name": facts.name,
        "display_name": facts.display_name,
        "countries": sorted(facts.countries),
        "currencies": sorted(facts.currencies),
        "capabilities": sorted(facts.capabilities),
        "idempotent_powers": sorted(facts.idempotent_powers),
        "webhook_proof": facts.webhook_proof,
        "is_askable": facts.is_askable,
        "is_integrator": bool(facts.reaches),
        "reaches": sorted(facts.reaches),
        "documentation_url": facts.documentation_url,
    }


def markdown_lines() -> Iterator[str]:
    """Write the table that stands in the README, and what each integrator reaches.

    Addresses stand below the table: in it they would be too wide for a small screen.
    """
    facts = _all_facts()
    yield "| provider | countries | currencies | can do | proof | asked | same reference again |"
    yield "|---|---|---|---|---|---|---|"
    for one in facts:
        cells = (
            f"[{one['display_name']}][{one['name']}] (`{one['name']}`)",
            " ".join(one["countries"]),
            " ".join(one["currencies"]),
            ", ".join(one["capabilities"]),
            PROOFS[one["webhook_proof"]],
            _asked(is_askable=one["is_askable"]),
            "charges once" if "collection" in one["idempotent_powers"] else "is never sent",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    for one in facts:
        if one["is_integrator"]:
            reached = ", ".join(f"`{code}`" for code in one["reaches"])
            yield f"{one['display_name']} is an integrator; it reaches {reached}."
            yield ""
    for one in facts:
        yield f"[{one['name']}]: {one['documentation_url']}"


def _all_facts() -> list[JsonObject]:
    lacking = incomplete_providers()
    return [facts_of(name) for name in provider_names() if name not in lacking]


def _asked(*, is_askable: bool) -> str:
    return Sentence("always") if is_askable else Sentence("not always")
