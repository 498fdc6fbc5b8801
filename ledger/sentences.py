"""Sentences: English text that remembers how it was made, so that it can be said otherwise.

A sentence is a `str` and reads as English wherever a `str` does: in a log line, on a terminal, in
an exception. It also keeps its template and its values, and whoever talks to a person of another
language writes it anew from that language's template. A value may be a sentence itself.

Why: the ledger's errors write their own sentence, and they can not know who will read it. Message
numbers and a catalogue for English too were refused: the text would no longer stand where the
error is raised, and there it explains the code.

No catalogue and no language stands here; the door has them (`api.french`).
"""

from collections.abc import Mapping
from typing import Self


class Sentence(str):
    """Text made of a template and values: `Sentence("{currency} is no money.", currency="XXX")`.

    The template is written out, never computed: a test finds it in the source and asks for its
    translation. A value is never a phone number or a secret.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Fill the template in, by the rules of `str.format`."""
        sentence = super().__new__(cls, template.format_map(values))
        sentence.template, sentence.values = template, values
        return sentence

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """Be copied and pickled as what it was made of."""
        return (self.template,), self.values

    def written(self, templates: Mapping[str, str]) -> str:
        """Write it from other templates (own template -> the other one); what has none stays."""
        values = {
            name: value.written(templates) if isinstance(value, Sentence) else value
            for name, value in self.values.items()
        }
        return templates.get(self.template, self.template).format_map(values)


def explained(reason: Sentence, remedy: Sentence) -> Sentence:
    """Say the reason and the remedy, one after the other."""
    return Sentence("{reason} {remedy}", reason=reason, remedy=remedy)
