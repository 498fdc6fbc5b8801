"""The page of a rail whose payer confirms at the provider: a number, and two buttons.

    GET  <path>     the form; who waits; or the way back to the merchant
    POST <path>     `action=confirm` with a `number`, or `action=cancel`

A payment that succeeded leads to the movement's `return_url`, one that failed or was called off to
its `cancel_url`, both exactly as the merchant wrote them (they stand in the movement's details,
beside `merchant`). One that nobody confirmed in time stays here and says so. A confirmation that
the provider refuses without ending the payment leads to `cancel_url` too, and the page may be
opened again. French; `?lang=en` shows the page in English.

The number decides what happens, as everywhere in the sandboxes; no code is asked for. Faults do not
touch this page, and it has no JavaScript and no cookies.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from aiohttp import web

from adapters.sandbox.movements import Movement
from adapters.sandbox.orange_markup import REFRESH_SECONDS, STYLE
from adapters.sandbox.orange_page import HEADERS
from adapters.sandbox.orange_requests import read_form
from adapters.sandbox.orange_words import NAME_BY_CURRENCY
from adapters.sandbox.rail import RailSandbox

STYLE_PATH: Final = "/_sandbox/page.css"

_NUMBER: Final = re.compile(r"\+?[0-9]{6,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything the page says in one language."""

    language: str
    other_language: str
    other_language_name: str
    grouping: str
    decimal_mark: str
    banner: str
    payee: str
    pay_title: str
    number_label: str
    number_hint: str
    number_wrong: str
    confirm: str
    cancel: str
    waiting_title: str
    waiting_text: str
    expired_title: str
    expired_text: str
    unknown_title: str
    unknown_text: str
    back: str


FRENCH: Final = Words(
    language="fr",
    other_language="en",
    other_language_name="English",
    grouping="\N{NARROW NO-BREAK SPACE}",
    decimal_mark=",",
    banner="Serveur d'essai : aucun argent ne bouge.",
    payee="À payer à",
    pay_title="Payer",
    number_label="Votre numéro",
    number_hint="Les deux derniers chiffres décident de la suite.",
    number_wrong="Ce n'est pas un numéro de téléphone.",
    confirm="Confirmer",
    cancel="Annuler",
    waiting_title="Paiement en cours",
    waiting_text="Cette page se met à jour toute seule.",
    expired_title="Paiement expiré",
    expired_text="Personne n'a confirmé à temps.",
    unknown_title="Page inconnue",
    unknown_text="Cette adresse n'est celle d'aucun paiement.",
    back="Revenir au marchand",
)
ENGLISH: Final = Words(
    language="en",
    other_language="fr",
    other_language_name="Français",
    grouping=",",
    decimal_mark=".",
    banner="Test server: no money moves.",
    payee="To be paid to",
    pay_title="Pay",
    number_label="Your number",
    number_hint="Its last two digits decide what happens.",
    number_wrong="This is no telephone number.",
    confirm="Confirm",
    cancel="Cancel",
    waiting_title="Payment under way",
    waiting_text="This page renews itself.",
    expired_title="Payment expired",
    expired_text="Nobody confirmed in time.",
    unknown_title="Unknown page",
    unknown_text="This address belongs to no payment.",
    back="Back to the merchant",
)
WORDS: Final[Mapping[str, Words]] = {"fr": FRENCH, "en": ENGLISH}


class HostedPage:
    """The handlers of the page; add `routes` to those of the rail."""

    def __init__(
        self,
        sandbox: RailSandbox,
        *,
        path: str,
        find: Callable[[web.Request], Movement | None],
        amount_of: Callable[[Movement], str],
    ) -> None:
        """Make the page.

        Args:
            sandbox: the rail, which `confirm`s and `call_off`s.
            path: where it stands, as a pattern of aiohttp (`/c/{token}`).
            find: the movement a request is about.
            amount_of: the amount in figures, without its currency.
        """
        self._sandbox, self._path = sandbox, path
        self._find, self._amount_of = find, amount_of

    def routes(self) -> list[web.RouteDef]:
        """Return the page and its style sheet."""
        return [
            web.get(self._path, self._show),
            web.post(self._path, self._take),
            web.get(STYLE_PATH, self._show_style),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        movement = self._find(request)
        words = WORDS.get(request.query.get("lang", ""), FRENCH)
        if movement is None:
            text = f"<p>{words.unknown_text}</p>"
            return _html(404, _page(request, words, words.unknown_title, text))
        bill = self._bill(movement, words)
        match movement.ending:
            case None if movement.awaits_payer:
                return _html(200, _page(request, words, words.pay_title, bill + _form(words)))
            case None:
                text = f'{bill}<p role="status">{words.waiting_text}</p>'
                head = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'
                return _html(200, _page(request, words, words.waiting_title, text, head=head))
            case "succeeded":
                return _see_other(movement.details["return_url"])
            case "expired":
                back = escape(movement.details["cancel_url"])
                text = f"""{bill}<p role="status">{words.expired_text}</p>
<a class="button main" href="{back}">{words.back}</a>"""
                return _html(410, _page(request, words, words.expired_title, text))
            case _:
                return _see_other(movement.details["cancel_url"])

    async def _take(self, request: web.Request) -> web.Response:
        movement = self._find(request)
        if movement is None or movement.ending is not None or not movement.awaits_payer:
            return await self._show(request)
        typed = read_form(await request.read())
        number = re.sub(r"[ .()-]", "", typed.get("number", ""))
        if typed.get("action") == "cancel":
            self._sandbox.call_off(movement.id)
            return _see_other(movement.details["cancel_url"])
        if not _NUMBER.fullmatch(number):
            words = WORDS.get(request.query.get("lang", ""), FRENCH)
            form = self._bill(movement, words) + _form(words, said=words.number_wrong)
            return _html(422, _page(request, words, words.pay_title, form))
        after = self._sandbox.confirm(movement.id, number)
        if after.awaits_payer:
            return _see_other(after.details["cancel_url"])
        return _see_other(str(request.rel_url))

    async def _show_style(self, _request: web.Request) -> web.Response:
        headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(text=STYLE, content_type="text/css", headers=headers)

    def _amount(self, movement: Movement, words: Words) -> str:
        """Write it as the shop's own page does, so that a payer sees the same."""
        whole, mark, decimals = self._amount_of(movement).partition(".")
        figures = f"{int(whole):,}".replace(",", words.grouping)
        if mark:
            figures += words.decimal_mark + decimals
        name = NAME_BY_CURRENCY.get(movement.currency, movement.currency)
        return f"{figures}\N{NO-BREAK SPACE}{name}"

    def _bill(self, movement: Movement, words: Words) -> str:
        return f"""<dl class="bill">
<dt>{words.payee}</dt>
<dd>{escape(movement.details.get("merchant", ""))}</dd>
<dd class="amount long">{escape(self._amount(movement, words))}</dd>
</dl>"""


def _form(words: Words, *, said: str = "") -> str:
    mistake = f'\n<p class="mistake" role="alert">{said}</p>' if said else ""
    return f"""
<form method="post" action="" novalidate>
<div class="field">
<label for="number">{words.number_label}</label>
<p class="hint" id="number-hint">{words.number_hint}</p>
<input id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" maxlength="24"
required aria-describedby="number-hint">{mistake}
</div>
<button class="main" type="submit" name="action" value="confirm">{words.confirm}</button>
<button type="submit" name="action" value="cancel">{words.cancel}</button>
</form>"""


def _page(request: web.Request, words: Words, title: str, content: str, *, head: str = "") -> str:
    other = escape(f"{request.path}?lang={words.other_language}")
    return f"""<!doctype html>
<html lang="{words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STYLE_PATH}">
{head}</head>
<body>
<p class="banner">{words.banner}</p>
<main>
<nav class="bar"><a href="{other}" lang="{words.other_language}"
hreflang="{words.other_language}">{words.other_language_name}</a></nav>
<div class="card">
<h1>{title}</h1>
{content}
</div>
</main>
</body>
</html>
"""


def _html(status: int, page: str) -> web.Response:
    return web.Response(status=status, text=page, content_type="text/html", headers=HEADERS)


def _see_other(url: str) -> web.Response:
    return web.Response(status=303, headers={**HEADERS, "Location": url})
