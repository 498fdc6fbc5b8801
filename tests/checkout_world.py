"""Checkout sessions as tests ask for them, and their pages as a payer's browser sees them."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from tests.api_world import Answer, World


def a_session(**changes: Any) -> dict[str, Any]:
    """A request for a session that is taken."""
    return {
        "amount": "1500",
        "currency": "XAF",
        "description": "Two chickens",
        "return_url": "https://shop.example/thanks?order=17",
        "cancel_url": "https://shop.example/basket",
        **changes,
    }


async def create(
    world: World, key: str = "order-1", *, who: str = "mer_1", **changes: Any
) -> Answer:
    """Ask for a session."""
    return await world.ask(
        "POST",
        "/v1/checkout-sessions",
        who=who,
        json=a_session(**changes),
        headers={"Idempotency-Key": key},
    )


async def session_of(world: World, key: str = "order-1", **changes: Any) -> str:
    """Ask for a session; its id."""
    answer = await create(world, key, **changes)
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


@dataclass
class Form:
    """A form as a browser would send it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.state = ""
        self.language = ""
        self._text: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"style", "script", "title"}:
            self._skipped += 1
        if tag == "html":
            self.language = given.get("lang", "")
        if tag == "form":
            self.forms.append(Form(given["action"]))
        if tag == "a":
            self.links.append(given.get("href", ""))
        if "data-state" in given:
            self.state = given["data-state"]
        if tag == "input" and given.get("name") and self.forms:
            if given.get("type") == "radio" and "checked" not in given:
                return
            self.forms[-1].fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "title"}:
            self._skipped -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._text.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())


@dataclass
class Page:
    """A page as it was answered, and what a person sees of it."""

    answer: Answer
    state: str
    language: str
    text: str
    forms: list[Form]
    links: list[str]

    def form(self, do: str) -> Form:
        """The form that does this."""
        return next(one for one in self.forms if one.fields["do"] == do)

    @property
    def refresh_seconds(self) -> int | None:
        """After how many seconds a browser without JavaScript looks again."""
        found = re.search(r'http-equiv="refresh" content="(\d+)', self.answer.body.decode())
        return int(found[1]) if found else None

    @property
    def refresh_url(self) -> str | None:
        """Where it looks then."""
        found = re.search(r'http-equiv="refresh" content="\d+;url=([^"]*)"', self.html)
        return unescape(found[1]) if found else None

    @property
    def html(self) -> str:
        """The source."""
        return self.answer.body.decode()


def read(answer: Answer, path: str) -> Page:
    """Read a page that stands at a path."""
    reader = _Reader()
    reader.feed(answer.body.decode())
    for form in reader.forms:
        form.action = path + form.action
    return Page(answer, reader.state, reader.language, reader.text, reader.forms, reader.links)


async def look(world: World, session_id: str, query: str = "", **headers: str) -> Page:
    """Open a session's page."""
    path = f"/checkout/{session_id}"
    return read(await world.get(path + query, who=None, headers=headers), path)


async def send(
    world: World, form: Form, headers: dict[str, str] | None = None, **fields: str
) -> Answer:
    """Send a form, filled in; redirects are not followed."""
    return await world.ask(
        "POST",
        form.action,
        data={**form.fields, **fields},
        headers=headers or {},
        allow_redirects=False,
    )
