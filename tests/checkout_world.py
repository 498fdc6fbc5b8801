"""Checkout sessions as tests ask for them, and their pages as a payer's browser sees them."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any

from adapters.base import Accepted
from adapters.recording import Recorder
from ledger import commands
from ledger.evidence import Word
from ledger.payment import Payment
from tests.api_world import CONTEXT, Answer, World
from tests.builders import a_word


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
    world: World, form: Form, headers: dict[str, str] | None = None, /, **fields: str
) -> Answer:
    """Send a form, filled in; redirects are not followed."""
    return await world.ask(
        "POST",
        form.action,
        data={**form.fields, **fields},
        headers=headers or {},
        allow_redirects=False,
    )


CODE = "NOT_ENOUGH_FUNDS"
PAGE = "https://pay.example/orange?order=1&token=2"


async def move(world: World, payment_id: str, *steps: str) -> None:
    """Let things happen to a payment, as reactors record them when a provider has spoken."""
    handler, at = world.services.handler, world.services.clock()
    for step in steps:
        state, recorded = await handler.payment(payment_id)
        if step in {"confirm", "page", "code"}:
            outcome = Accepted(
                handle={"redirect_url": PAGE} if step == "page" else {}, awaits_code=step == "code"
            )
            recorder = Recorder(handler, world.services.vault).about(recorded, actor="test")
            await recorder.confirm(state, _reference(state), outcome, at)
        else:
            await handler.handle(_command(step, state, at), context=CONTEXT)


def _reference(state: Payment) -> str:
    return state.attempt.reference if state.attempt else f"{state.requested.payment_id}-1"


def _command(step: str, state: Payment, at: datetime) -> commands.Command:
    payment_id, reference = state.requested.payment_id, _reference(state)
    match step:
        case "start":
            return commands.StartSubmission(
                payment_id=payment_id, provider=state.provider, reference=reference, inquire_at=at
            )
        case "decline":
            return commands.DeclineSubmission(
                payment_id=payment_id,
                reference=reference,
                code=CODE,
                reason="too little",
                is_technical=False,
            )
        case "doubt":
            return commands.DoubtSubmission(
                payment_id=payment_id, reference=reference, reason="timeout", inquire_at=at
            )
        case "hand_over":
            return commands.StartConfirmation(
                payment_id=payment_id,
                reference=reference,
                number=len(state.confirmations),
                inquire_at=at,
            )
        case "code_refused":
            return commands.EndConfirmation(
                payment_id=payment_id,
                reference=reference,
                result="refused",
                reason="wrong code",
                inquire_at=at,
            )
    says, amount = {
        "success": (Word.SUCCEEDED, None),
        "failure": (Word.FAILED, None),
        "expiry": (Word.EXPIRED, None),
        "contradiction": (Word.SUCCEEDED, "400"),
    }[step]
    word = a_word(says, provider=state.provider, reference=reference, amount=amount)
    return commands.RecordEvidence(payment_id=payment_id, evidence=word)


async def pay(world: World, session_id: str, phone: str = "650000001", **fields: str) -> str:
    """Fill in the form of a session's page and send it; the payment's id."""
    page = await look(world, session_id)
    answer = await send(world, page.form("pay"), phone=phone, **fields)
    assert answer.status == 303, answer.body
    state, _ = await world.services.handler.checkout(session_id)
    assert state.last is not None
    return state.last.payment_id
