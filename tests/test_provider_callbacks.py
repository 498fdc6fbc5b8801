"""Every provider's callbacks at the ledger, over real sockets: see `tests.contracts.callbacks`."""

import asyncio

import pytest

from api.sandboxes import sandbox_names
from ledger.payment import Status
from tests.contracts.callbacks import PAYOUT, PAYS, REFUSES, WEATHERS, Verdict, play


@pytest.fixture(scope="module", params=WEATHERS)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Verdict | BaseException]]:
    """A weather, and what became of every provider's payments in it."""
    name: str = request.param
    return name, asyncio.run(play(name, tmp_path_factory.mktemp("callbacks")))


@pytest.mark.parametrize("provider", sandbox_names())
def test_however_callbacks_come_ledger_and_provider_agree_or_it_is_listed(
    played: tuple[str, dict[str, Verdict | BaseException]], provider: str
) -> None:
    weather, verdicts = played
    seen = verdicts[provider]
    if isinstance(seen, BaseException):
        raise seen
    assert (seen.unexplained, seen.unlisted) == ([], [])
    assert (seen.called_back == 0) == (weather == "lost" or not seen.calls_back)
    # Who cannot be asked, and whose callback is lost, has not said that it was paid.
    may_be_open = weather == "lost" and not seen.is_askable
    assert seen.statuses[PAYS] in {Status.SUCCEEDED, *([Status.PENDING] if may_be_open else [])}
    # Of a payout that cannot be asked about no word may come; of the others the provider says it.
    assert seen.statuses.get(PAYOUT, Status.SUCCEEDED) in {
        Status.SUCCEEDED,
        *([] if seen.is_askable else [Status.PENDING]),
    }
    # Who tells nothing later refuses at once.
    at_once = set() if seen.calls_back else {Status.DECLINED}
    assert seen.statuses[REFUSES] in {Status.FAILED, Status.EXPIRED, Status.PENDING} | at_once
    assert (seen.forgeries == []) == (weather != "made up")
    # Who proves nothing makes us ask; whose proof is missing or another's is turned away.
    assert set(seen.forgeries) <= ({401} if seen.is_proof_wanted else {200})
