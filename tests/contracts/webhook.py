"""The law of every adapter's webhooks: whatever comes there, nothing is believed unproved.

Anybody can call a webhook's address. What comes is mended, cut, doubled and made up here, starting
from a call the provider's sandbox really sent; an adapter may refuse it, find it unreadable, or let
it make us ask, but it never stumbles, and never takes it for evidence without the provider's proof.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from adapters.base import Accepted, WebhookCall, WebhookUnreadableError
from ledger.commands import RecordEvidence
from tests.contracts.world import World, submit
from tests.replay import PAYMENT_ID

OTHER_ID: Final = "pay_" + "z" * 26
NO_TEXT: Final = "\udcff\udcfe"
"""Bytes of a header that are no UTF-8, as `WebhookCall` holds them."""

DEEP: Final = 10_000


def _headers(call: WebhookCall, change: Callable[[str], str]) -> WebhookCall:
    return replace(call, headers={name: change(text) for name, text in call.headers.items()})


HEADERS: Final[Mapping[str, Callable[[WebhookCall], WebhookCall]]] = {
    "no headers": lambda call: replace(call, headers={}),
    "headers that are empty": lambda call: _headers(call, lambda _: ""),
    "headers that are no text": lambda call: _headers(call, lambda text: text + NO_TEXT),
    "headers twice, with a comma": lambda call: _headers(call, lambda text: f"{text}, {text}"),
    "headers of another length": lambda call: _headers(call, lambda text: text * 2),
    "headers of zeros": lambda call: _headers(call, lambda text: "0" * len(text)),
    "headers of signs": lambda call: _headers(call, lambda text: "=,;%\t" * 9),
}
"""What may be wrong with the headers, where a proof stands in them."""

STILL_PROVED: Final = frozenset({"headers twice, with a comma", "headers of another length"})
"""Where a provider signs with several keys at once, the true proof among others is one."""

BODIES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "empty": lambda body: b"",
    "a page": lambda body: b"<html><body>OK</body></html>",
    "cut short": lambda body: body[:-2],
    "cut in half": lambda body: body[: len(body) // 2],
    "twice": lambda body: body * 2,
    "null": lambda body: b"null",
    "a number": lambda body: b"1e999",
    "a list": lambda body: b"[" + body + b"]",
    "an empty object": lambda body: b"{}",
    "deep lists": lambda body: b"[" * DEEP,
    "deep objects": lambda body: b'{"data":' * DEEP,
    "no UTF-8": lambda body: b'{"status":"\xff\xfe"}',
    "half a surrogate": lambda body: b'{"status":"\\ud800"}',
    "a zero byte": lambda body: body + b"\0",
    "all texts are lists": lambda body: body.replace(b'":"', b'":["').replace(b'",', b'"],'),
    "all values are null": lambda body: b'{"status":null,"data":null,"transactionId":null}',
    "every value an object": lambda body: b'{"status":{},"data":{},"type":{},"Data":{},"id":{}}',
    "an unknown status": lambda body: body.upper(),
}
"""What a body may be instead."""


class WebhookContract:
    """Subclass it and open a world, as for `ProviderContract`."""

    @abstractmethod
    def open_world(self, folder: Path) -> AbstractAsyncContextManager[World]:
        """Open the sandbox and the adapter."""

    @staticmethod
    async def _sent(world: World) -> tuple[WebhookCall, Callable[[str], bool] | None]:
        """A call the provider really made, and the check of the token it may carry."""
        reference = world.adapter.reference_for(PAYMENT_ID, 1)
        accepted = await submit(world.adapter, world.charge("paid"), reference)
        assert isinstance(accepted, Accepted)
        await world.end(reference, accepted, "paid")
        token = accepted.webhook_token
        return world.notified[-1], None if token is None else token.__eq__

    @staticmethod
    def _believed(
        world: World, call: WebhookCall, is_token: Callable[[str], bool] | None
    ) -> tuple[str, list[RecordEvidence]]:
        """The verdict, and what would be recorded as evidence."""
        verdict = world.adapter.authenticate(call, is_token, world.now())
        if verdict == "refused":
            return verdict, []
        try:
            commands = world.adapter.translate(call, verdict, world.now())
        except WebhookUnreadableError:
            return verdict, []
        return verdict, [one for one in commands if isinstance(one, RecordEvidence)]

    @pytest.mark.parametrize("wrong", HEADERS)
    async def test_headers_that_prove_nothing_make_no_evidence(
        self, world: World, wrong: str
    ) -> None:
        sent, is_token = await self._sent(world)
        verdict, evidence = self._believed(world, HEADERS[wrong](sent), is_token)
        if world.adapter.webhook_proof == "signature" and wrong not in STILL_PROVED:
            assert (verdict == "authenticated", evidence) == (False, [])
        elif verdict != "authenticated":
            assert evidence == []

    @pytest.mark.parametrize("instead", BODIES)
    async def test_no_body_makes_it_stumble_and_none_is_believed_unproved(
        self, world: World, instead: str
    ) -> None:
        sent, is_token = await self._sent(world)
        body = BODIES[instead](sent.body)
        verdict, evidence = self._believed(world, replace(sent, body=body), is_token)
        if world.adapter.webhook_proof == "signature" and body != sent.body:
            assert (verdict == "authenticated", evidence) == (False, [])
        if verdict != "authenticated":
            assert evidence == []

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
    async def test_another_method_is_read_or_refused(self, world: World, method: str) -> None:
        sent, is_token = await self._sent(world)
        verdict, evidence = self._believed(world, replace(sent, method=method), is_token)
        assert evidence == [] or verdict == "authenticated"

    @pytest.mark.parametrize(
        "path", [(), ("",), (OTHER_ID,), (OTHER_ID, "x", "y", "z"), ("..", "..", "etc"), (NO_TEXT,)]
    )
    async def test_another_path_is_read_or_refused(
        self, world: World, path: tuple[str, ...]
    ) -> None:
        sent, _ = await self._sent(world)
        # A token is looked up under the payment that the path names; here that is none of ours.
        verdict, evidence = self._believed(world, replace(sent, path=path), None)
        assert evidence == [] or verdict == "authenticated"
        # A proved word is about what it names itself, not about where it was sent to.
        assert {one.payment_id for one in evidence} <= {PAYMENT_ID, OTHER_ID}

    async def test_the_same_call_again_says_the_same(self, world: World) -> None:
        sent, is_token = await self._sent(world)
        first = self._believed(world, sent, is_token)
        assert self._believed(world, sent, is_token) == first

    async def test_a_signature_of_long_ago_proves_nothing_new(self, world: World) -> None:
        sent, is_token = await self._sent(world)
        later = world.now() + timedelta(days=30)
        verdict = world.adapter.authenticate(sent, is_token, later)
        now = world.adapter.authenticate(sent, is_token, world.now())
        # Who signs no time may tell it again at any time: it is the same evidence, counted once.
        assert verdict in {now, "unsigned", "refused"}
