"""A payer for demonstrations and tests: opens the payment page and fills in its form.

It does what a browser without JavaScript does: reads the page, posts the form it finds there with
what a person would type, follows redirects as long as they stay with the page's server. Where the
server sends the payer back to the merchant it stops and says where: nobody needs to listen there.

It knows of the page only what a person sees: the title, the two fields, the two buttons.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import aiohttp
from yarl import URL

PAGE_BYTES_MAX: Final = 256 * 1024
REDIRECTS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerSaw:
    """What a payer saw last: the HTTP status and title of a page, and what it found wrong.

    `sent_to` is the merchant's address the payer was sent to, None while the page holds on to the
    payer; the title is empty then.
    """

    status: int
    title: str = ""
    mistakes: tuple[str, ...] = ()
    sent_to: str | None = None


async def pay_as_customer(
    session: aiohttp.ClientSession, payment_url: str, number: str, code: str
) -> PayerSaw:
    """Open the page, type number and code, press "Confirmer".

    Raises aiohttp.ClientError and TimeoutError like any call of the session, ValueError at a page
    that is too large or redirects for ever. A page without a form (paid, expired) is only read.
    """
    return await _act(session, payment_url, {"number": number, "code": code, "action": "confirm"})


async def cancel_as_customer(session: aiohttp.ClientSession, payment_url: str) -> PayerSaw:
    """Open the page and press "Annuler"; otherwise as `pay_as_customer`."""
    return await _act(session, payment_url, {"number": "", "code": "", "action": "cancel"})


async def look_as_customer(session: aiohttp.ClientSession, payment_url: str) -> PayerSaw:
    """Only open the page."""
    saw, _ = await _open(session, "GET", URL(payment_url))
    return saw


@dataclass(slots=True, kw_only=True)
class _Form:
    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Takes the title, the mistakes and the one form out of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.mistakes: list[str] = []
        self.form: _Form | None = None
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "h1":
            self._inside = "title"
        elif given.get("role") == "alert":
            self._inside = "mistake"
            self.mistakes.append("")
        elif tag == "form":
            self.form = _Form(
                method=given.get("method", "get").upper(), action=given.get("action", "")
            )
        elif tag in {"input", "button"} and self.form is not None:
            self.form.fields.setdefault(given.get("name", ""), given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h1", "p"}:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside == "mistake":
            self.mistakes[-1] += data


async def _act(session: aiohttp.ClientSession, payment_url: str, typed: dict[str, str]) -> PayerSaw:
    saw, form = await _open(session, "GET", URL(payment_url))
    if form is None:
        return saw
    saw, _ = await _open(session, form.method, URL(form.action), form.fields | typed)
    return saw


async def _open(
    session: aiohttp.ClientSession, method: str, url: URL, fields: dict[str, str] | None = None
) -> tuple[PayerSaw, _Form | None]:
    """Return what is seen in the end, and the form if there is one."""
    origin = url.origin()
    for _ in range(REDIRECTS_MAX + 1):
        async with session.request(method, url, data=fields, allow_redirects=False) as response:
            location = response.headers.get("Location")
            if location is None:
                reader = _Reader()
                reader.feed(await _text(response))
                saw = PayerSaw(
                    status=response.status,
                    title=reader.title.strip(),
                    mistakes=tuple(reader.mistakes),
                )
                if reader.form is not None:
                    reader.form.action = str(url.join(URL(reader.form.action)))
                return saw, reader.form
            url = url.join(URL(location))
            if url.origin() != origin:
                return PayerSaw(status=response.status, sent_to=location), None
            method, fields = "GET", None
    raise ValueError(f"the page redirects more than {REDIRECTS_MAX} times")


async def _text(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > PAGE_BYTES_MAX:
            raise ValueError(f"the page is larger than {PAGE_BYTES_MAX} bytes")
    return body.decode()
