"""A problem: a kind of it, one fault in a request, and the door's own refusal.

A kind has a `code`, stable and made for programs, a category that is one of the GSMA Mobile Money
API's six, and a title in French and English. All kinds stand in `api.errors`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from adapters.refusal_texts import Category, Language
from ledger.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: everything about it that does not depend on the request."""

    status: int
    code: str
    category: Category
    title_en: str
    title_fr: str
    retry_seconds: int | None = None

    def title(self, language: Language) -> str:
        """Its title for people."""
        return self.title_fr if language == "fr" else self.title_en


class Place(NamedTuple):
    """One fault in a request: where it is, why it is one, and what to send instead."""

    where: Literal["pointer", "parameter", "header"]
    """Of the body as JSON, of the address (its path or its query string), or of the headers."""
    name: str
    reason: Sentence
    remedy: Sentence

    @property
    def sentence(self) -> Sentence:
        """All of it in one, for the detail of a problem."""
        return Sentence(
            "{name}: {reason} {remedy}", name=self.name, reason=self.reason, remedy=self.remedy
        )


class ProblemError(Exception):
    """The door's own refusals, before any command was made of the request."""

    def __init__(
        self,
        problem: Problem,
        detail: Sentence,
        places: Sequence[Place] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem, self.detail = problem, detail
        self.places, self.headers = tuple(places), dict(headers or {})
