"""Balances over HTTP: what lies in the merchant's accounts at the providers, as they say it now.

The providers are asked all at once, for a bounded time; who does not answer is named with the
reason. It is the one answer here that no event stands behind: it is not the ledger's word.
"""

import asyncio
from typing import Final, cast

import structlog
from aiohttp import web

from adapters.base import Adapter, Unknown
from adapters.powers import TellsBalance
from api import reports
from api.calls import Call, answer

ASKING_SECONDS_MAX: Final = 15.0
"""How long the providers may take together."""

log = structlog.get_logger()


async def show_balances(call: Call) -> web.Response:
    """Ask every enabled provider that tells its balance."""
    asked = [one for one in call.services.adapters.values() if "balance" in one.capabilities]
    answers = await asyncio.gather(*(_asked(one) for one in asked))
    balances: list[reports.BalanceOut] = []
    silent: list[reports.SilentProvider] = []
    for adapter, told in zip(asked, answers, strict=True):
        if isinstance(told, Unknown):
            silent.append(reports.SilentProvider(provider=adapter.name, reason=told.reason))
            continue
        balances += told
    report = reports.BalancesReport(
        at=call.services.clock(), balances=balances, without_answer=silent
    )
    return answer(report)


async def _asked(adapter: Adapter) -> list[reports.BalanceOut] | Unknown:
    try:
        async with asyncio.timeout(ASKING_SECONDS_MAX):
            told = await cast("TellsBalance", adapter).balances()
    except TimeoutError:
        return Unknown(f"no answer within {ASKING_SECONDS_MAX:g} seconds")
    except Exception as error:
        log.exception("balances.adapter_raised", provider=adapter.name)
        return Unknown(f"the adapter raised {type(error).__name__}")
    if isinstance(told, Unknown):
        return told
    return [
        reports.BalanceOut(
            provider=adapter.name, account=one.account, amount=one.amount, currency=one.currency
        )
        for one in told
    ]
