"""The law of callbacks at the ledger: however they come, ledger and provider agree in the end.

One server runs over the sandboxes of all providers at once, as merchants use it, for each way in
which callbacks may come: never, twice and in another order, before the answer, or made up by
somebody. Of each provider two payments are asked for, and what became of them is a `Verdict`.

Why one server for all of them: what takes time is the payers and the wires, and they all wait at
the same time. A payout goes with them where there are payouts. No provider is named here: whoever
has a sandbox is held to this.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, cast

from adapters.sandbox.callbacks import Callback, CallbackSender
from adapters.sandbox.faults import Faults
from adapters.sandbox.payer import pay_as_customer
from adapters.sandbox.rail import RailSandbox
from api.sandboxes import RunningSandbox, sandbox_names, sandboxes
from api.views import decimal_text
from api.wiring import utc_now
from ledger.payment import Payment, Status
from scripts.storming.books import ledgers, moved
from scripts.storming.plan import Rail, rails_of
from tests.replay import CALL_SECONDS
from tests.stage import CODE, Providers, Stage, serving

WEATHERS = {
    "lost": Faults(callback_lost=1),
    "doubled and in another order": Faults(
        callback_duplicated=1, callback_reordered=1, callback_late_seconds=0.2
    ),
    "before the answer": Faults(callback_early=1),
    "made up": Faults.none(),
}
"""How callbacks come."""

PAYS, REFUSES = "01", "50"
AMOUNTS_MINOR = {PAYS: 10_000, REFUSES: 20_500}
"""Last digits of the payer's number -> what is asked for; no two sums of them are the same."""

PAYOUT = "payout"
"""Where the status of the payout stands, which is to succeed."""

INQUIRIES_MIN = 12
"""Who was asked so often without a final word will not have one: the payer has long decided."""


@dataclass(kw_only=True)
class Asked:
    """One payment that was asked for, and its payer's number."""

    payment_id: str
    phone: str


@dataclass(kw_only=True)
class Verdict:
    """What became of a provider's payments in one weather."""

    is_askable: bool
    is_proof_wanted: bool
    """Whether its callbacks must prove themselves."""
    calls_back: bool
    """Whether it sends any at all."""
    statuses: dict[str, Status]
    """By the last digits of the payer's number; and of the payout."""
    unlisted: list[str]
    """What is not final, and that nobody would look at again."""
    unexplained: list[str]
    """Where the provider's sums are not the ledger's, whatever became of what is still open."""
    forgeries: list[int] = field(default_factory=list)
    """The statuses that made-up callbacks were answered with."""
    called_back: int = 0
    """How many callbacks the sandbox sent, lost ones not counted."""


async def play(name: str, folder: Path) -> dict[str, Verdict | BaseException]:
    """Let both payments of every provider go through one weather; give the verdicts.

    Of a provider whose part could not be played it is what stopped it.
    """
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(
            sandboxes(sandbox_names(), clock=utc_now, faults=WEATHERS[name], folder=folder)
        )
        stage = await stack.enter_async_context(
            serving(
                folder,
                Providers(folder, {}),
                enabled=(),
                # A busy machine must not make a doubt of what a provider did answer.
                pace={"call_timeout_seconds": CALL_SECONDS},
                others={one.provider: one.fields for one in running},
            )
        )
        rails = rails_of(stage.services.adapters)
        plays = [
            _Play(stage, one, [rail for rail in rails if rail.provider == one.provider])
            for one in running
        ]
        # Who stumbles stumbles alone: the others' verdicts are told all the same.
        seen = await asyncio.gather(
            *(one.run(is_forged=name == "made up") for one in plays), return_exceptions=True
        )
        return dict(zip((one.provider for one in running), seen, strict=True))


class _Play:
    """One provider's part."""

    def __init__(self, stage: Stage, running: RunningSandbox, rails: Sequence[Rail]) -> None:
        self._stage, self._running = stage, running
        self._rail = next(rail for rail in rails if rail.verb == "payments")
        self._outgoing = [rail for rail in rails if rail.verb == "payouts"]
        self._adapter = stage.services.adapters[running.provider]
        self._calls_back = self._adapter.webhook_proof != "no_webhooks"
        self._sent: list[Callback] = []
        if isinstance(running.server, RailSandbox):
            portal = f"{stage.services.settings.base_url}/webhooks/{running.provider}/portal"
            running.server.webhook_url = portal
        self._listen(cast("Any", running.server).sender)

    def _listen(self, sender: CallbackSender) -> None:
        deliver = sender._deliver

        async def keeping(callback: Callback) -> int | None:
            self._sent.append(callback)
            return await deliver(callback)

        sender._deliver = keeping  # type: ignore[method-assign]

    async def run(self, *, is_forged: bool) -> Verdict:
        """Ask for both payments, be their payers, perhaps a forger; judge."""
        asked = {PAYS: await self._ask(self._rail, PAYS)}
        paid = asked[PAYS]
        await self._be_payer(paid)
        if is_forged:
            await self._until_told(paid)
        refused = asked[REFUSES] = await self._ask(self._rail, REFUSES)
        # Whose payment is forged has not decided yet: nobody has opened the page, or it is slow.
        forgeries = await self._forge(paid, refused) if is_forged else []
        await self._be_payer(refused)
        for rail in self._outgoing:
            # A contract may reach some operators or one country only, and decline the others.
            asked[PAYOUT] = await self._ask(rail, PAYS)
            await self._until_told(asked[PAYOUT])
            payout = await self._stage.state(asked[PAYOUT].payment_id)
            if payout.status is not Status.DECLINED:
                break
        await asyncio.gather(*(self._until_told(one) for one in asked.values()))
        states = {name: await self._stage.state(one.payment_id) for name, one in asked.items()}
        return Verdict(
            is_askable=self._adapter.is_askable,
            is_proof_wanted=self._adapter.webhook_proof != "nothing",
            calls_back=self._calls_back,
            statuses={name: state.status for name, state in states.items()},
            unlisted=await self._unlisted(list(states.values())),
            unexplained=await self._unexplained(list(states.values())),
            forgeries=forgeries,
            called_back=len(self._sent),
        )

    async def _ask(self, rail: Rail, digits: str) -> Asked:
        phone = rail.example[:-2] + digits
        side = "payer" if rail.verb == "payments" else "payee"
        content: dict[str, Any] = {
            "amount": decimal_text(AMOUNTS_MINOR[digits], rail.currency),
            "currency": rail.currency,
            "provider": rail.provider,
            side: {"phone": phone, "country": rail.country},
        }
        if side == "payer":
            content[side] |= self._running.payer
        key = {"Idempotency-Key": f"{rail.provider}-{rail.verb}-{phone}"}
        path = f"/v1/{rail.verb}"
        answer = await self._stage.ask("POST", path, who="mer_1", json=content, headers=key)
        assert answer.status == 202, answer.body
        return Asked(payment_id=answer.json["id"], phone=phone)

    async def _be_payer(self, asked: Asked) -> None:
        """Do on the page what the payer does, where there is a page."""
        payment_id = asked.payment_id
        finals = [status for status in Status if status.is_final]
        await self._stage.until_status([payment_id], Status.PENDING, *finals)
        shown = (await self._stage.get(f"/v1/payments/{payment_id}")).json
        if shown.get("redirect_url"):
            await pay_as_customer(self._stage.session, shown["redirect_url"], asked.phone, CODE)

    async def _until_told(self, asked: Asked) -> None:
        """Wait for the final word, or until it is clear that there will be none."""
        before = (await self._stage.types(asked.payment_id)).count("inquired")

        async def is_told() -> bool:
            state = await self._stage.state(asked.payment_id)
            inquired = (await self._stage.types(asked.payment_id)).count("inquired")
            return state.status.is_final or inquired >= before + INQUIRIES_MIN

        await self._stage.until(is_told)

    async def _forge(self, paid: Asked, wanted: Asked) -> list[int]:
        """Be somebody who saw a true callback about his own payment, and wants another believed.

        He has its headers, and the token in it; he has not the secret that the address holds, or
        a header of who proves himself by one.
        """
        stage = self._stage
        if not self._calls_back:
            await self._until_told(wanted)
            reference = (await stage.state(wanted.payment_id)).attempts[-1].reference
            path = f"{self._running.provider}/{wanted.payment_id}/{reference}"
            return [(await stage.call_back(path, {"status": "SUCCESSFUL"})).status]
        await stage.until_status([wanted.payment_id], Status.PENDING)
        theirs, ours = await stage.state(paid.payment_id), await stage.state(wanted.payment_id)
        swapped = {
            paid.payment_id: wanted.payment_id,
            theirs.attempts[-1].reference: ours.attempts[-1].reference,
            **{secret: "0" * len(secret) for secret in self._secrets()},
        }
        (callback, *_) = self._sent
        path = callback.url.removeprefix(stage.services.settings.base_url)
        body = callback.body.decode()
        for old, new in swapped.items():
            path, body = path.replace(old, new), body.replace(old, new)
        naked = {"Content-Type": "application/json"}
        worn = [naked]
        if self._adapter.webhook_proof != "secret":
            worn.append(dict(callback.headers))
        answers = [
            await stage.ask(callback.method, path, data=body.encode(), headers=headers)
            for headers in worn
        ]
        assert (await stage.state(wanted.payment_id)).status is not Status.SUCCEEDED
        return [one.status for one in answers]

    def _secrets(self) -> Iterator[str]:
        for name, value in self._running.fields.items():
            if "secret" in name or "key" in name:
                yield value

    async def _unlisted(self, states: Sequence[Payment]) -> list[str]:
        lent = self._stage.services
        await self._stage.caught_up()
        listed = {
            one.stream_id: one.due_at
            for one in await lent.worklist.listing(now=lent.clock(), limit=1000)
        }
        names = {one.requested.payment_id for one in states if not one.status.is_final}
        return [name for name in names if listed.get(name) is None]

    async def _unexplained(self, states: Sequence[Payment]) -> list[str]:
        """Compare the sums: what the provider has more must be some of what is still open."""
        theirs = await moved(self._stage.session, self._running.provider, self._running.server.url)
        ours = ledgers(states)
        still_open = [one.money.amount_minor for one in states if not one.status.is_final]
        explained = {
            sum(chosen)
            for count in range(len(still_open) + 1)
            for chosen in combinations(still_open, count)
        }
        return [
            f"{key}: the ledger {ours[key]}, the provider {theirs[key]}"
            for key in Counter(theirs) | Counter(ours)
            if theirs[key] - ours[key] not in explained
        ]
