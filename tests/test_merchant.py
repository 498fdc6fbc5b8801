"""Merchants, API keys and stored webhooks: the small deciders, in sentences."""

from datetime import UTC, datetime, timedelta

from ledger import commands, events, merchant, webhook
from ledger.errors import CommandRefusedError, UnknownMerchantError
from tests.specification import Specification

an_account = Specification(merchant.decide, merchant.evolve, merchant.INITIAL)
a_webhook = Specification(webhook.decide, webhook.evolve, webhook.INITIAL)

ADD = commands.AddMerchant(merchant_id="mer_1", name="Boutique", country="CM")
ADDED = events.MerchantAdded(merchant_id="mer_1", name="Boutique", country="CM")
ISSUE = commands.IssueKey(key_id="k1", role="merchant", merchant_id="mer_1", secret_digest="d")
ISSUED = events.KeyIssued(key_id="k1", role="merchant", merchant_id="mer_1", secret_digest="d")
REVOKE = commands.RevokeKey(key_id="k1", reason="lost")
REVOKED = events.KeyRevoked(key_id="k1", reason="lost")

STORE = commands.StoreWebhook(
    webhook_id="mtn-d",
    provider="mtn",
    payment_id="pay_1",
    verdict="unsigned",
    digest="d",
    sealed="sealed",
)
RECEIVED = events.WebhookReceived(
    provider="mtn", payment_id="pay_1", verdict="unsigned", digest="d", sealed="sealed"
)
CLOSE = commands.CloseWebhook(webhook_id="mtn-d", payment_id="pay_1", effect="asked")
UNDERSTOOD = events.WebhookUnderstood(provider="mtn", payment_id="pay_1", effect="asked")
ORPHAN = commands.OrphanWebhook(webhook_id="mtn-d", reason="no such payment")
ORPHANED = events.WebhookOrphaned(provider="mtn", reason="no such payment")
REOPEN = commands.ReopenWebhook(webhook_id="mtn-d")
REOPENED = events.WebhookReopened(provider="mtn", reason="no such payment")


def test_a_merchant_is_added_once_however_often_it_is_asked() -> None:
    an_account.given().when(ADD).then(ADDED)
    an_account.given(ADDED).when(ADD).then()


def test_a_taken_merchant_id_is_refused_for_another() -> None:
    other = commands.AddMerchant(merchant_id="mer_1", name="Another", country="CI")
    an_account.given(ADDED).when(other).then_refused(CommandRefusedError)


def test_a_key_is_issued_once_and_revoked_once() -> None:
    an_account.given().when(ISSUE).then(ISSUED)
    an_account.given(ISSUED).when(ISSUE).then()
    an_account.given(ISSUED).when(REVOKE).then(REVOKED)
    an_account.given(ISSUED, REVOKED).when(REVOKE).then()


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)


def rotate(at: datetime = NOON, ends_at: datetime = TOMORROW, to: str = "k2") -> commands.RotateKey:
    return commands.RotateKey(key_id="k1", successor_id=to, at=at, ends_at=ends_at)


def rotated(ends_at: datetime = TOMORROW, to: str = "k2") -> events.KeyRotated:
    return events.KeyRotated(key_id="k1", successor_id=to, ends_at=ends_at)


def test_a_rotated_key_ends_by_itself_and_its_end_only_comes_nearer() -> None:
    sooner = NOON + timedelta(hours=1)
    an_account.given(ISSUED).when(rotate()).then(rotated())
    an_account.given(ISSUED, rotated()).when(rotate(NOON, sooner, "k3")).then(rotated(sooner, "k3"))
    an_account.given(ISSUED, rotated(sooner)).when(rotate(to="k3")).then(rotated(sooner, "k3"))
    ended = merchant.Account(key=ISSUED, ends_at=TOMORROW)
    assert [ended.is_good(at) for at in (NOON, TOMORROW)] == [True, False]


def test_what_is_worth_nothing_any_more_cannot_be_rotated() -> None:
    refused = CommandRefusedError
    an_account.given().when(rotate()).then_refused(refused)
    an_account.given(ISSUED, REVOKED).when(rotate()).then_refused(refused)
    an_account.given(ISSUED, rotated()).when(rotate(at=TOMORROW)).then_refused(refused)


def test_a_key_is_rotated_only_so_often() -> None:
    often = [rotated()] * merchant.ROTATIONS_MAX
    an_account.given(ISSUED, *often[1:]).when(rotate()).then(rotated())
    an_account.given(ISSUED, *often).when(rotate()).then_refused(CommandRefusedError)


def test_a_key_that_never_was_cannot_be_revoked() -> None:
    an_account.given().when(REVOKE).then_refused(CommandRefusedError)


def test_a_merchant_key_belongs_to_a_merchant() -> None:
    nobodys = commands.IssueKey(key_id="k", role="merchant", merchant_id=None, secret_digest="d")
    an_account.given().when(nobodys).then_refused(UnknownMerchantError)


def test_a_webhook_is_stored_once_however_often_it_comes() -> None:
    a_webhook.given().when(STORE).then(RECEIVED)
    a_webhook.given(RECEIVED).when(STORE).then()
    a_webhook.given(RECEIVED, UNDERSTOOD).when(STORE).then()


def test_a_stored_webhook_ends_once_as_understood_or_as_an_orphan() -> None:
    a_webhook.given(RECEIVED).when(CLOSE).then(UNDERSTOOD)
    a_webhook.given(RECEIVED).when(ORPHAN).then(ORPHANED)
    a_webhook.given(RECEIVED, ORPHANED).when(CLOSE).then()
    a_webhook.given(RECEIVED, UNDERSTOOD).when(ORPHAN).then()


def test_an_orphan_is_opened_again_and_then_ends_as_any_other_call() -> None:
    a_webhook.given(RECEIVED).when(REOPEN).then()
    a_webhook.given(RECEIVED, ORPHANED).when(REOPEN).then(REOPENED)
    a_webhook.given(RECEIVED, ORPHANED, REOPENED).when(REOPEN).then()
    a_webhook.given(RECEIVED, ORPHANED, REOPENED).when(CLOSE).then(UNDERSTOOD)
    a_webhook.given(RECEIVED, ORPHANED, REOPENED).when(ORPHAN).then(ORPHANED)
    a_webhook.given(RECEIVED, ORPHANED, REOPENED, ORPHANED).when(REOPEN).then(REOPENED)
    understood = a_webhook.given(RECEIVED, ORPHANED, REOPENED, UNDERSTOOD)
    understood.when(CLOSE).then()
    understood.when(REOPEN).then_refused(CommandRefusedError)
    a_webhook.given().when(REOPEN).then_refused(CommandRefusedError)


def test_a_webhook_that_was_never_stored_cannot_end() -> None:
    a_webhook.given().when(CLOSE).then_refused(CommandRefusedError)
