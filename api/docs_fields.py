"""Fields of the page of the API: what a value is, what bounds it has, and what it is for.

A shape is written out where it is sent, with all that is in it, and where it is answered; and once
more by itself at the end of the page, to which its name leads.
"""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from api.docs_words import Words
from api.openapi_examples import DEPTH_MAX

_Json = Mapping[str, Any]
_INLINE: Final = (("**", "<b>", "</b>"), ("`", "<code>", "</code>"))
_SEVERAL: Final = ("anyOf", "oneOf", "allOf")


class Fields:
    """Writes the fields of shapes in one language."""

    def __init__(self, shapes: _Json, words: Words) -> None:
        self._shapes, self._words = shapes, words

    def parameters(self, parameters: list[_Json]) -> str:
        """Write parameters as a list of terms."""
        places = self._words.places
        written = [
            self._field(one["name"], one["schema"], one, place=places[one["in"]], inside="")
            for one in parameters
        ]
        return f"<dl>{''.join(written)}</dl>"

    def written_out(self, schema: _Json, *, steps: int = DEPTH_MAX) -> str:
        """Write the fields of a schema, and of the shapes in it so many steps down."""
        parts = [self._of(name, steps=steps) for name in _named(schema)]
        return "".join(parts)

    def own(self, shape: _Json) -> str:
        """Write the fields of one shape; those of others by their names."""
        fields, needed = shape.get("properties", {}), shape.get("required", ())
        if not fields:
            return f"<p>{self.type_of(shape)}</p>"
        listed = [
            self._field(name, one, {**one, "required": name in needed}, place="", inside="")
            for name, one in fields.items()
        ]
        return f"<dl>{''.join(listed)}</dl>"

    def type_of(self, schema: _Json) -> str:
        """Say what a value is; a shape of the document by a link to it."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f'<a href="#shape-{name}"><code>{name}</code></a>'
        if "const" in schema:
            return f"<code>{escape(json.dumps(schema['const']))}</code>"
        if "enum" in schema:
            return " | ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
        for several in _SEVERAL:
            if several in schema:
                return " | ".join(dict.fromkeys(self.type_of(one) for one in schema[several]))
        if schema.get("type") == "array":
            return f"[{self.type_of(schema['items'])}]"
        return escape(schema.get("format") or schema.get("type") or self._words.anything)

    def _of(self, name: str, *, steps: int) -> str:
        shape = self._shapes[name]
        fields, needed = shape.get("properties", {}), shape.get("required", ())
        if steps < 1:
            return ""
        if not fields:
            # One shape or another: the fields of each.
            return self.written_out(shape, steps=steps)
        listed = [
            self._field(
                field,
                one,
                {**one, "required": field in needed},
                place="",
                inside=self.written_out(one, steps=steps - 1),
            )
            for field, one in fields.items()
        ]
        return f"<dl>{''.join(listed)}</dl>"

    def _field(self, name: str, schema: _Json, said: _Json, *, place: str, inside: str) -> str:
        words = self._words
        # What a shape has needs no word; what may be missing does.
        needed = words.required if place else ""
        facts = [place, needed if said.get("required") else words.optional]
        facts += [self.type_of(schema), *self._bounds(schema)]
        listed = " · ".join(one for one in facts if one)
        # A name without a word about it has an empty one: a list of terms wants both.
        told = f"<dd>{inline(said.get('description', ''))}{inside}</dd>"
        return f"<dt><code>{escape(name)}</code> <span class=q>{listed}</span></dt>{told}"

    def _bounds(self, schema: _Json) -> Iterator[str]:
        words = self._words
        for one in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
            for key, sentence in words.bounds.items():
                if key in one:
                    yield sentence.format(bound=f"{one[key]:,}")
            if "pattern" in one:
                yield f"<code>{escape(one['pattern'])}</code>"
        if schema.get("default") is not None:
            yield f"{words.default} <code>{escape(json.dumps(schema['default']))}</code>"


def inline(text: str) -> str:
    """Write bold and code of our own Markdown."""
    text = escape(text, quote=False)
    for mark, opening, closing in _INLINE:
        parts = text.split(mark)
        if len(parts) % 2:
            marked = [(opening + one + closing) if at % 2 else one for at, one in enumerate(parts)]
            text = "".join(marked)
    return text


def _named(schema: _Json) -> Iterator[str]:
    """The shapes that a value may be, or be a list or a map of."""
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
    for one in (one for several in _SEVERAL for one in schema.get(several, ())):
        yield from _named(one)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from _named(schema[inner])
