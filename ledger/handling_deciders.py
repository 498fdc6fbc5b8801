"""Who decides what: every kind of command, its stream, its pure decider and its fold.

A part of `ledger.handling`, which hands the commands over.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ledger import (
    checkout,
    commands,
    commands_cancelling,
    commands_checkout,
    commands_endpoint,
    commands_log,
    commands_mail,
    commands_master_key,
    commands_notes,
    commands_people,
    commands_statement,
    commitment,
    endpoint,
    mail,
    master_key,
    merchant,
    operator_notes,
    payment,
    people,
    provider,
    restoration,
    statement,
    support,
    webhook,
)
from ledger.events import Event


class Decider(NamedTuple):
    """Where a kind of command is decided, and how its streams are folded."""

    stream_of: Callable[[Any], str]
    initial: Any
    decide: Callable[[Any, Any], list[Event]]
    evolve: Callable[[Any, Event], Any]
    is_remembered: bool = True
    """Whether its streams are read again and again, so that their states are worth keeping."""


PAYMENT: Final = Decider(
    lambda command: payment.stream_of(command.payment_id),
    payment.INITIAL,
    payment.decide,
    payment.evolve,
)
_NOTE: Final = PAYMENT._replace(decide=operator_notes.decide)
_MERCHANT: Final = Decider(
    lambda command: merchant.merchant_stream(command.merchant_id),
    merchant.INITIAL,
    merchant.decide,
    merchant.evolve,
)
_KEY: Final = Decider(
    lambda command: merchant.key_stream(command.key_id),
    merchant.INITIAL,
    merchant.decide,
    merchant.evolve,
)
_WEBHOOK: Final = Decider(
    lambda command: webhook.stream_of(command.webhook_id),
    webhook.INITIAL,
    webhook.decide,
    webhook.evolve,
    is_remembered=False,
)

PROVIDER: Final = Decider(
    provider.stream_for,
    provider.INITIAL,
    provider.decide,
    provider.evolve,
)
_SUPPORT: Final = Decider(
    lambda command: support.stream_of(command.payment_id),
    support.INITIAL,
    support.decide,
    support.evolve,
)

CHECKOUT: Final = Decider(
    lambda command: checkout.stream_of(command.session_id),
    checkout.INITIAL,
    checkout.decide,
    checkout.evolve,
)
ENDPOINT: Final = Decider(
    lambda command: endpoint.endpoint_stream(command.endpoint_id),
    endpoint.INITIAL,
    endpoint.decide_endpoint,
    endpoint.evolve_endpoint,
)
DELIVERY: Final = Decider(
    lambda command: endpoint.delivery_stream(command.endpoint_id, command.payment_id),
    endpoint.UNTRIED,
    endpoint.decide_delivery,
    endpoint.evolve_delivery,
)
MAIL: Final = Decider(
    lambda command: mail.mail_stream(command.payment_id),
    mail.INITIAL,
    mail.decide,
    mail.evolve,
)
_LOG_KEYS: Final = Decider(
    lambda _command: commitment.KEYS_STREAM,
    commitment.NO_KEYS,
    commitment.decide_key,
    commitment.evolve_key,
)
_CHECKPOINTS: Final = Decider(
    lambda command: commitment.checkpoints_stream(command.day),
    commitment.NO_CHECKPOINT,
    commitment.decide_checkpoint,
    commitment.evolve_checkpoint,
)
_WITNESSES: Final = Decider(
    lambda command: commitment.witnesses_stream(command.size),
    commitment.UNWITNESSED,
    commitment.decide_witness,
    commitment.evolve_witness,
    is_remembered=False,
)
_MISMATCH: Final = Decider(
    lambda command: commitment.mismatch_stream(command.position),
    commitment.NO_MISMATCH,
    commitment.decide_mismatch,
    commitment.evolve_mismatch,
    is_remembered=False,
)
PERSON: Final = Decider(
    lambda command: people.stream_of(command.person),
    people.INITIAL,
    people.decide,
    people.evolve,
    is_remembered=False,
)
_RESTORATIONS: Final = Decider(
    lambda _: restoration.STREAM, restoration.INITIAL, restoration.decide, restoration.evolve
)
_MASTER_KEY: Final = Decider(
    lambda _: master_key.STREAM, master_key.INITIAL, master_key.decide, master_key.evolve
)
_STATEMENT: Final = Decider(
    statement.stream_for,
    statement.INITIAL,
    statement.decide,
    statement.evolve,
    is_remembered=False,
)
_STATEMENT_KEY: Final = Decider(
    lambda command: statement.key_stream(command.key_digest),
    statement.UNNAMED,
    statement.decide_name,
    statement.evolve_name,
    is_remembered=False,
)

DECIDERS: Final[dict[type, Decider]] = {
    commands.RequestPayment: PAYMENT,
    commands.StartSubmission: PAYMENT,
    commands.ConfirmSubmission: PAYMENT,
    commands.DeclineSubmission: PAYMENT,
    commands.WithdrawSubmission: PAYMENT,
    commands.DoubtSubmission: PAYMENT,
    commands.RecordInquiry: PAYMENT,
    commands.RequestInquiry: PAYMENT,
    commands.RecordEvidence: PAYMENT,
    commands.RecordSought: PAYMENT,
    commands.ExpirePayment: PAYMENT,
    commands_cancelling.CancelPayment: PAYMENT,
    commands.ReserveRefund: PAYMENT,
    commands.SettleRefund: PAYMENT,
    commands.GiveCode: PAYMENT,
    commands.StartConfirmation: PAYMENT,
    commands.EndConfirmation: PAYMENT,
    commands_notes.ProposeNote: _NOTE,
    commands_notes.ApproveNote: _NOTE,
    commands_notes.WithdrawNote: _NOTE,
    commands.AddMerchant: _MERCHANT,
    commands.IssueKey: _KEY,
    commands.RotateKey: _KEY,
    commands.RevokeKey: _KEY,
    commands.StoreWebhook: _WEBHOOK,
    commands.CloseWebhook: _WEBHOOK,
    commands.OrphanWebhook: _WEBHOOK,
    commands.ReopenWebhook: _WEBHOOK,
    commands.RecordBreakerOpened: PROVIDER,
    commands.RecordBreakerClosed: PROVIDER,
    commands_checkout.CreateCheckout: CHECKOUT,
    commands_checkout.StartCheckoutAttempt: CHECKOUT,
    commands_checkout.EndCheckoutAttempt: CHECKOUT,
    commands_checkout.CompleteCheckout: CHECKOUT,
    commands_checkout.ExpireCheckout: CHECKOUT,
    commands_checkout.CancelCheckout: CHECKOUT,
    commands.RequestSupport: _SUPPORT,
    commands_endpoint.AddEndpoint: ENDPOINT,
    commands_endpoint.ChangeEndpoint: ENDPOINT,
    commands_endpoint.DeleteEndpoint: ENDPOINT,
    commands_endpoint.RotateEndpointSecret: ENDPOINT,
    commands_endpoint.DisableEndpoint: ENDPOINT,
    commands_endpoint.EnableEndpoint: ENDPOINT,
    commands_endpoint.SendTest: DELIVERY,
    commands_endpoint.RecordDelivery: DELIVERY,
    commands_endpoint.ReplayDelivery: DELIVERY,
    commands_mail.RecordMail: MAIL,
    commands_mail.ParkMail: MAIL,
    commands_log.IntroduceLogKey: _LOG_KEYS,
    commands_log.RecordCheckpoint: _CHECKPOINTS,
    commands_log.RecordCosignature: _WITNESSES,
    commands_log.RecordWitnessRefusal: _WITNESSES,
    commands_log.RecordMismatch: _MISMATCH,
    commands_log.RecordRestoration: _RESTORATIONS,
    commands_people.RequestErasure: PERSON,
    commands_people.ApproveErasure: PERSON,
    commands_people.CompleteErasure: PERSON,
    commands_people.RecordScrubbing: PERSON,
    commands_people.RecordExport: PERSON,
    commands_master_key.RotateMasterKey: _MASTER_KEY,
    commands_master_key.RecordRewrapping: _MASTER_KEY,
    commands_master_key.RetireMasterKey: _MASTER_KEY,
    commands_statement.NameStatement: _STATEMENT_KEY,
    commands_statement.HandInStatement: _STATEMENT,
    commands_statement.ApproveStatement: _STATEMENT,
    commands_statement.WithdrawStatement: _STATEMENT,
    commands_statement.RefuseStatementLine: _STATEMENT,
}
"""Who decides what: the map of the system on one screen."""
