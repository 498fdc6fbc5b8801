"""Balances over HTTP: what the ledger says of a merchant's money, and what the providers say.

A merchant is told his own, from the journal. Staff may ask for a merchant's; otherwise the
providers are asked what lies with them, all at once, for a bounded time; who does not answer is
named with the reason. That is the one answer here that no event stands behind: it is not the
ledger's word, and of an account that several merchants share it is nobody's own.
"""

import asyncio
from typing import Final, cast

import structlog
from aiohttp import web

from adapters.base import Adapter, Unknown
from adapters.powers import TellsBalance
from api import payments, reports
from api.calls import Call, answer
from api.views import decimal_text
from api.waiting import caught_up
from ledger.identity import Mode
from projections.merchant_money import MerchantMoney

ASKING_SECONDS_MAX: Final = 15.0
"""How long the providers may take together."""

log = structlog.get_logger()


async def show_balances(call: Call) -> web.Response:
    """Tell a merchant's money, or ask the providers."""
    merchant_id, mode = payments.whose(call)
    return (
        await _asked_providers(call) if merchant_id is None else await _own(call, merchant_id, mode)
    )


async def _own(call: Call, merchant_id: str, mode: Mode | None) -> web.Response:
    """Sum up what the journal books of a merchant's payments, payouts and refunds."""
    services = call.services
    position = await caught_up(call, services.accounts.name, call.query.min_position)
    found = await services.accounts.merchant_money(
        merchant_id, default_mode=services.default_mode, modes=services.modes_seen(mode)
    )
    report = reports.BalancesReport(
        at=services.clock(),
        position=position,
        money=[_money_of(one) for one in found],
        balances=[],
        without_answer=[],
    )
    return answer(report, position=position)


def _money_of(money: MerchantMoney) -> reports.MoneyOut:
    sums = {
        name: decimal_text(getattr(money, f"{name}_minor"), money.currency)
        for name in reports.MoneyOut.model_fields
        if name not in {"currency", "mode"}
    }
    return reports.MoneyOut(currency=money.currency, mode=money.mode, **sums)


async def _asked_providers(call: Call) -> web.Response:
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
        at=call.services.clock(),
        position=None,
        money=[],
        balances=balances,
        without_answer=silent,
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
