"""Payouts over HTTP: pay somebody's mobile money; otherwise as payments are (`api.payments`)."""

from aiohttp import web

from api import payments, schemas
from api.calls import Call
from api.requests import take


async def create_payout(call: Call) -> web.Response:
    """Pay somebody: `202` and where to look; a repeat gives the same answer."""
    return await take(call, schemas.PayoutRequest, where="/v1/payouts")


async def show_payout(call: Call) -> web.Response:
    """Show one payout as its events say, now or as of a position or a time."""
    return await payments.show(call, "payout")


async def list_payouts(call: Call) -> web.Response:
    """List payouts, newest first."""
    return await payments.listed(call, "payout")
