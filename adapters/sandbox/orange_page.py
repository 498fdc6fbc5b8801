"""The payment page of the Orange sandbox: where a person enters a number and a code.

    GET  /payment/pay_token/{token}          the form, or what has become of the order
    POST /payment/pay_token/{token}          confirm or cancel, then a redirect by GET
    GET  /payment/pay_token/{token}/result   after the click: waits, then leads back to the merchant

A confirmed payment leads to return_url, a cancelled one to cancel_url, both exactly as the merchant
wrote them. A refused or expired one stays here and says so, with a link back. `?lang=fr|en` shows
the page in the other language than the order's.

The pay_token is the only secret: it is in no log, no referrer and no other site's frame. There is
no JavaScript and there are no cookies. Faults do not touch this page.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from adapters.sandbox.orange_books import BookedOrder, OrangeBooks
from adapters.sandbox.orange_markup import (
    STYLE,
    Form,
    Sheet,
    ended_page,
    form_page,
    unknown_page,
    waiting_page,
)
from adapters.sandbox.orange_orders import Mistake, OrangeOrders
from adapters.sandbox.orange_requests import read_form
from adapters.sandbox.orange_rules import OrangeSandboxSettings
from adapters.sandbox.orange_words import FRENCH, WORDS, Words

PAGE_PATH: Final = "/payment/pay_token/"
STYLE_PATH: Final = "/payment/page.css"

HEADERS: Final = {
    # No form-action: browsers apply it to the redirect to the merchant as well, and would stop it.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class OrangePage:
    """The handlers of the page."""

    def __init__(
        self,
        settings: OrangeSandboxSettings,
        books: OrangeBooks,
        orders: OrangeOrders,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._books = books
        self._orders = orders
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the page, its result and its style sheet."""
        path = PAGE_PATH + "{pay_token:[0-9a-f]{64}}"
        return [
            web.get(path, self._show),
            web.post(path, self._take),
            web.get(path + "/result", self._show_result),
            web.get(STYLE_PATH, self._show_style),
            web.get(PAGE_PATH + "{pay_token:.*}", self._show_unknown),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        order = self._order(request)
        if order is None:
            return await self._show_unknown(request)
        match order.status:
            case "INITIATED":
                return self._form(request, order)
            case "PENDING":
                return _see_other(self._own_path(request, order, "/result"))
            case _:
                status = 410 if order.status == "EXPIRED" else 200
                return _html(status, ended_page(self._sheet(request, order), order))

    async def _take(self, request: web.Request) -> web.Response:
        order = self._order(request)
        if order is None:
            return await self._show_unknown(request)
        typed = read_form(await request.read())
        number = typed.get("number", "").strip()
        if typed.get("action") == "cancel":
            if order.status != "INITIATED":
                return _see_other(self._own_path(request, order))
            self._orders.cancel(order)
            return _see_other(order.cancel_url)
        mistakes = await self._orders.confirm(order, number, typed.get("code", ""))
        order = self._books.orders[order.order_id]
        if order.status == "INITIATED":
            return self._form(request, order, number, mistakes)
        return _see_other(self._own_path(request, order, "/result"))

    async def _show_result(self, request: web.Request) -> web.Response:
        """Wait with the payer, then lead on: the form's answer and every refresh come here."""
        order = self._order(request)
        if order is None:
            return await self._show_unknown(request)
        if order.status == "SUCCESS":
            return _see_other(order.return_url)
        if order.status == "PENDING":
            return _html(200, waiting_page(self._sheet(request, order), order))
        return _see_other(self._own_path(request, order))

    async def _show_style(self, _request: web.Request) -> web.Response:
        headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(text=STYLE, content_type="text/css", headers=headers)

    async def _show_unknown(self, request: web.Request) -> web.Response:
        return _html(404, unknown_page(self._sheet(request, None)))

    def _form(
        self,
        request: web.Request,
        order: BookedOrder,
        number: str = "",
        mistakes: tuple[Mistake, ...] = (),
    ) -> web.Response:
        ends_at = order.created_at + timedelta(seconds=self._settings.page_lifetime_seconds)
        left_seconds = (ends_at - self._clock()).total_seconds()
        form = Form(
            action_url=self._own_path(request, order),
            minutes_left=max(1, math.ceil(left_seconds / 60)),
            one_time_code=self._settings.one_time_code,
            tries_left=self._settings.wrong_codes_max - order.wrong_codes,
            number=number,
            mistakes=mistakes,
        )
        page = form_page(self._sheet(request, order), order, form)
        return _html(422 if mistakes else 200, page)

    def _order(self, request: web.Request) -> BookedOrder | None:
        return self._books.with_pay_token(request.match_info["pay_token"])

    def _sheet(self, request: web.Request, order: BookedOrder | None) -> Sheet:
        words = _words(request, order)
        return Sheet(
            words=words,
            other_language_url=f"{request.path}?lang={words.other_language}",
            style_url=STYLE_PATH,
        )

    def _own_path(self, request: web.Request, order: BookedOrder, end: str = "") -> str:
        words = _words(request, order)
        suffix = "" if words.language == order.language else f"?lang={words.language}"
        return f"{PAGE_PATH}{order.pay_token}{end}{suffix}"


def _words(request: web.Request, order: BookedOrder | None) -> Words:
    asked = WORDS.get(request.query.get("lang", ""))
    return asked or (FRENCH if order is None else WORDS[order.language])


def _html(status: int, page: str) -> web.Response:
    return web.Response(status=status, text=page, content_type="text/html", headers=HEADERS)


def _see_other(url: str) -> web.Response:
    return web.Response(status=303, headers={**HEADERS, "Location": url})
