"""Refusals: what a provider's code means, in the language of whoever is told.

A payment that ended without money moving has the provider's own `code`, and beside it a `refusal`
that means the same whichever provider said it. A code that nobody has listed is told as `unknown`,
with a category by what the code stood in: a failure of the provider's is no rule of business.

A payment whose words contradict each other has no refusal, whatever codes they bring: "make a new
payment" would be the wrong advice while the money may have moved.

What is shown is made once for each language and kind, and only looked up afterwards.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import orjson

from adapters.base import Adapter
from adapters.providers import adapter_class
from adapters.refusal_texts import DESCRIPTIONS, DESCRIPTIONS_OF, Category, Description, Language
from adapters.refusals import OWN, Refusal, meanings_of
from api import reports
from api.problems import language_of
from ledger.entry import RecordedEvent
from ledger.events import JsonObject, PaymentSubmissionDeclined
from ledger.identity import Kind
from ledger.payment import Payment, Status

_MOVED: Final = frozenset({Status.SUCCEEDED, Status.CONFLICT})
_REFUSED: Final = frozenset({Status.DECLINED, Status.FAILED, Status.EXPIRED})


def refusal_of(
    state: Payment,
    recorded: Sequence[RecordedEvent],
    *,
    adapters: Mapping[str, Adapter],
    accepted: str | None,
) -> JsonObject | None:
    """Describe why money did not move; None where it moved, may move yet, or no code says why.

    `accepted` is an Accept-Language header. The shape is `documents.RefusalOut`; it is shared, and
    not to be changed.
    """
    if state.status not in _REFUSED or (code := code_of(state)) is None:
        return None
    refusal = OWN.get(code) or _meanings(state, adapters).get(code, Refusal.UNKNOWN)
    language = language_of(accepted)
    if refusal is Refusal.UNKNOWN:
        return _shown(language, refusal, state.kind) | {"category": _category(state, recorded)}
    return _shown(language, refusal, state.kind)


def code_of(state: Payment) -> str | None:
    """Give the provider's own code, verbatim, where one of its words had any; or ours.

    A code says why no money moved: what has it, or may have it, has none.
    """
    return None if state.status in _MOVED else state.settled.code or state.code


def _meanings(state: Payment, adapters: Mapping[str, Adapter]) -> Mapping[str, Refusal]:
    """What the codes mean of the provider that spoke, enabled (or played in a test) or not."""
    settled, attempt = state.settled, state.attempt
    spoke = attempt.provider if attempt else state.provider
    if settled.code is not None:
        spoke = next(word.provider for word in settled.because if word.code)
    facts: object = adapters.get(spoke)
    if facts is None:
        try:
            facts = adapter_class(spoke)
        except KeyError:
            return {}
    return meanings_of(facts, is_outgoing=state.kind != "collection")


def _category(state: Payment, recorded: Sequence[RecordedEvent]) -> Category:
    """Sort a code that nobody listed: by whether the provider called its refusal technical."""
    if state.status is Status.DECLINED:
        for one in reversed(recorded):
            if isinstance(one.event, PaymentSubmissionDeclined):
                return "internal" if one.event.is_technical else "businessRule"
    return DESCRIPTIONS[Refusal.UNKNOWN].category


@cache
def _shown(language: Language, refusal: Refusal, kind: Kind) -> JsonObject:
    return _told(DESCRIPTIONS_OF[kind][refusal], language)


def _told(description: Description, language: Language) -> JsonObject:
    wording = description.wordings[language]
    return {
        "refusal": description.refusal,
        "category": description.category,
        "gsma_code": description.gsma_code,
        "may_retry": description.may_retry,
        "for_payer": wording.for_payer,
        "for_merchant": wording.for_merchant,
        "next_step": wording.next_step,
    }


@cache
def vocabulary(language: Language) -> bytes:
    """Write the whole vocabulary; the shape is `reports.RefusalsReport`."""
    told = [
        {**_told(one, language), "may_reroute": one.may_reroute} for one in DESCRIPTIONS.values()
    ]
    report = reports.RefusalsReport.model_validate({"refusals": told})
    return orjson.dumps(report.model_dump(mode="json"))
