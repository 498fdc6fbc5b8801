"""Webhooks: a provider's call is judged, stored sealed as it came, and answered; nothing more.

What it means is found out afterwards by the `translate` reactor, so a body nobody can read is kept
all the same and becomes an orphan. A repeat of the same bytes lands on the same stream, which
means "already have it", and is answered alike. Only a call that had to prove itself and did not is
turned away, and leaves no trace.

A provider that is to be answered in a form of its own gets its adapter's reply, after the storing;
such a provider may also ask by GET, which is answered and not stored.

The payment's stream is read only for a provider that asks to see its token: a provider that cannot
prove anything is not worth the reading.
"""

import hmac
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final, Literal, cast

from aiohttp import web

from adapters import kept_call
from adapters.base import Adapter, Verdict, WebhookCall
from adapters.powers import AnswersCalls
from adapters.recording import TOKEN_PURPOSE
from api import reports
from api.calls import Call, answer
from api.errors import NOT_FOUND, UNKNOWN_PROVIDER, WEBHOOK_REFUSED, Place, ProblemError
from ledger import commands
from ledger.errors import UnknownPaymentError
from ledger.identity import is_payment_id
from ledger.sentences import Sentence
from ledger.webhook import webhook_id_of

PATH_PARTS_MAX: Final = 8
PATH_BYTES_MAX: Final = 400
HEADERS_BYTES_MAX: Final = 3000
"""How much of path and headers is kept: with the largest body they must fit into one entry."""

Believed = Literal["authenticated", "unsigned"]
"""The verdicts of a call that is let in."""

_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
_STORED: Final = reports.WebhookAnswer(status="stored")


_PROVIDER_REMEDY: Final = Sentence("Call the address that the request for payment named.")


async def receive_webhook(call: Call) -> web.Response:
    """Take a provider's call."""
    services = call.services
    adapter = _adapter(call)
    came, verdict = await _admitted(call, adapter)
    vault = services.vault
    named = "\0".join((adapter.name, *came.path)).encode()
    digest = vault.digest("webhook", named + b"\0\0" + came.body)
    webhook_id = webhook_id_of(adapter.name, digest)
    sealed = vault.seal(webhook_id, kept_call.written(came), context=webhook_id)
    command = commands.StoreWebhook(
        webhook_id=webhook_id,
        provider=adapter.name,
        payment_id=came.payment_id if is_payment_id(came.payment_id or "") else None,
        verdict=verdict,
        digest=digest,
        sealed=sealed.text,
    )
    handled = await services.handler.handle(
        command,
        context=call.context(f"provider:{adapter.name}"),
        keys=(sealed.new_key,) if sealed.new_key else (),
    )
    position = handled.events[-1].position if handled.events else None
    if (answering := _answering(adapter)) is not None:
        said = answering.reply(came, verdict)
        return answer(dict(said.body), status=said.status, position=position)
    return answer(_STORED, position=position)


async def answer_question(call: Call) -> web.Response:
    """Answer what a provider asks by GET; of those that are answered in a form of their own."""
    adapter = _adapter(call)
    answering = _answering(adapter)
    if answering is None:
        raise web.HTTPMethodNotAllowed("GET", ("POST", "PUT"))
    said = answering.reply(*await _admitted(call, adapter))
    return answer(dict(said.body), status=said.status)


def example() -> object:
    """What a scheme that asks who a number is would be answered."""
    return {
        "type": "BUSINESS",
        "idType": "BUSINESS",
        "idValue": "aminatou",
        "displayName": "Chez Aminatou",
    }


def _adapter(call: Call) -> Adapter:
    adapter = call.services.adapters.get(call.request.match_info["provider"])
    if adapter is None:
        reason = Sentence("No enabled provider has this name.")
        place = Place("parameter", "provider", reason, _PROVIDER_REMEDY)
        raise ProblemError(UNKNOWN_PROVIDER, reason, [place])
    return adapter


def _answering(adapter: Adapter) -> AnswersCalls | None:
    """The adapter, if its provider is answered in a form of its own."""
    return cast("AnswersCalls", adapter) if _answers_calls(type(adapter)) else None


@cache
def _answers_calls(kind: type[Adapter]) -> bool:
    # To ask this of a protocol takes longer than to seal a call, and every call asks.
    return issubclass(kind, AnswersCalls)


async def _admitted(call: Call, adapter: Adapter) -> tuple[WebhookCall, Believed]:
    """Read a call and judge it; raises ProblemError for one that is turned away."""
    request = call.request
    came = WebhookCall(
        method=request.method,
        path=_path(request.match_info["tail"]),
        headers=_kept_headers(request),
        body=await call.body(call.services.settings.webhook_body_bytes_max),
    )
    verdict = await _judge(call, adapter, came)
    if verdict == "refused":
        raise ProblemError(
            WEBHOOK_REFUSED,
            Sentence("The call does not carry the token this payment's provider was given."),
        )
    return came, verdict


def _path(tail: str) -> tuple[str, ...]:
    tail = kept_call.readable_path(tail)
    parts = tuple(part for part in tail.split("/") if part)
    if len(parts) > PATH_PARTS_MAX or kept_call.size_bytes_of(tail) > PATH_BYTES_MAX:
        raise ProblemError(NOT_FOUND, Sentence("No callback URL of ours looks like this."))
    return parts


def _kept_headers(request: web.Request) -> dict[str, str]:
    """The headers as evidence, without those that carry somebody's credentials."""
    kept: dict[str, str] = {}
    room = HEADERS_BYTES_MAX
    for name, value in request.headers.items():
        if name.lower() in _SECRET_HEADERS:
            continue
        room -= len(name) + kept_call.size_bytes_of(value)
        if room < 0:
            break
        # Of one name, several mean the same as one that lists their values (RFC 9110, 5.3).
        kept[str(name)] = f"{kept[name]}, {value}" if name in kept else value
    return kept


async def _judge(call: Call, adapter: Adapter, came: WebhookCall) -> Verdict:
    """Let the adapter judge; the payment is read only if the adapter presents a token.

    Credentials in headers are judged with the rest, and are not kept.
    """
    given = {k: v for k, v in call.request.headers.items() if k.lower() in _SECRET_HEADERS}
    if given:
        came = replace(came, headers={**came.headers, **given})
    presented: list[str] = []

    def notice(token: str) -> bool:
        presented.append(token)
        return False

    verdict = adapter.authenticate(came, notice, call.services.clock())
    if not presented:
        return verdict
    return adapter.authenticate(came, await _token_check(call, came), call.services.clock())


async def _token_check(call: Call, came: WebhookCall) -> Callable[[str], bool] | None:
    """How to compare a token with the one the provider gave; None where it gave none (yet)."""
    payment_id = came.payment_id or ""
    if not is_payment_id(payment_id):
        return None
    try:
        state, _ = await call.services.handler.payment(payment_id)
    except UnknownPaymentError:
        return None
    attempt = state.attempt_of(came.reference or "") or state.attempt
    if attempt is None or attempt.token_digest is None:
        return None
    expected = attempt.token_digest
    vault = call.services.vault

    def is_token(token: str) -> bool:
        return hmac.compare_digest(vault.digest(TOKEN_PURPOSE, token.encode()), expected)

    return is_token
