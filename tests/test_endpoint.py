"""Endpoints and deliveries: their deciders, in sentences."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ledger import commands_endpoint as commands
from ledger import events
from ledger.endpoint import (
    INITIAL,
    MESSAGES_MAX,
    REPLAYED_EVENTS_MAX,
    UNTRIED,
    Delivery,
    Message,
    decide_delivery,
    decide_endpoint,
    delivery_stream,
    endpoint_stream,
    evolve_delivery,
    evolve_endpoint,
)
from ledger.errors import CommandRefusedError, UnknownEndpointError
from ledger.events import Event
from ledger.store import STREAM_EVENTS_MAX
from tests.builders import NOW
from tests.specification import Specification

an_endpoint = Specification(decide_endpoint, evolve_endpoint, INITIAL)
a_delivery = Specification(decide_delivery, evolve_delivery, UNTRIED)

ADD = commands.AddEndpoint(
    endpoint_id="ep_1",
    merchant_id="mer_1",
    mode="live",
    types=("payment.succeeded",),
    description="shop",
    sealed="sealed",
)
ADDED = events.EndpointAdded(
    endpoint_id="ep_1",
    merchant_id="mer_1",
    mode="live",
    types=("payment.succeeded",),
    description="shop",
    sealed="sealed",
)
ROTATE = commands.RotateEndpointSecret(endpoint_id="ep_1", sealed="sealed anew", former_until=NOW)
ROTATED = events.EndpointSecretRotated(sealed="sealed anew", former_until=NOW)
DISABLE = commands.DisableEndpoint(endpoint_id="ep_1", by="merchant", reason="moved")
DISABLED = events.EndpointDisabled(by="merchant", reason="moved")
ENABLE = commands.EnableEndpoint(endpoint_id="ep_1")
ENABLED = events.EndpointEnabled()

MOVE = commands.ChangeEndpoint(endpoint_id="ep_1", sealed_url="sealed elsewhere")
MOVED = events.EndpointChanged(sealed_url="sealed elsewhere")
WANT = commands.ChangeEndpoint(endpoint_id="ep_1", types=(), description="shop 2")
WANTED = events.EndpointChanged(types=(), description="shop 2")
DELETE = commands.DeleteEndpoint(endpoint_id="ep_1")
DELETED = events.EndpointDeleted()

RECORD = commands.RecordDelivery(
    endpoint_id="ep_1",
    payment_id="pay_1",
    position=7,
    attempt=1,
    is_delivered=False,
    status=500,
    reason="status 500",
    latency_ms=12,
    sealed_answer="sealed",
    retry_at=NOW + timedelta(seconds=5),
)
RETRIED = {"retry_at": NOW + timedelta(seconds=5)}


def attempted(result: str, status: int, **changes: Any) -> events.DeliveryAttempted:
    """The event of a first attempt at the message about position 7."""
    values = {
        "endpoint_id": "ep_1",
        "payment_id": "pay_1",
        "position": 7,
        "attempt": 1,
        "result": result,
        "status": status,
        "reason": f"status {status}",
        "latency_ms": 12,
        "sealed_answer": "sealed",
    }
    return events.DeliveryAttempted(**{**values, **changes})


FAILED = attempted("failed", 500, **RETRIED)
SUCCEED = replace(RECORD, is_delivered=True, status=204, reason="status 204", retry_at=None)
DELIVERED = attempted("delivered", 204)
GIVE_UP = replace(RECORD, retry_at=None)
FAILED_FOR_GOOD = attempted("failed", 500)
PARKED = events.DeliveryParked(
    endpoint_id="ep_1", payment_id="pay_1", position=7, reason="status 500"
)
REPLAY = commands.ReplayDelivery(endpoint_id="ep_1", payment_id="pay_1", position=7)
REPLAYED = events.DeliveryReplayed(endpoint_id="ep_1", payment_id="pay_1", position=7)


def test_an_endpoint_is_added_and_its_id_is_taken_then() -> None:
    state = an_endpoint.given().when(ADD).then(ADDED)
    assert (state.is_enabled, state.sealed, state.reason) == (True, "sealed", None)
    an_endpoint.given(ADDED).when(ADD).then_refused(CommandRefusedError)


@pytest.mark.parametrize("command", [ROTATE, DISABLE, ENABLE, MOVE, DELETE])
def test_what_was_never_added_is_unknown(command: object) -> None:
    an_endpoint.given().when(command).then_refused(UnknownEndpointError)


def test_a_test_of_an_endpoint_is_a_stream_of_its_own_whose_id_is_taken_then() -> None:
    whose: Any = {"endpoint_id": "ep_1", "merchant_id": "mer_1", "mode": "live"}
    send = commands.SendTest(payment_id="test_1", **whose)
    tested = events.EndpointTested(test_id="test_1", **whose)
    state = a_delivery.given().when(send).then(tested)
    assert (dict(state.messages), state.events) == ({}, 1)
    a_delivery.given(tested).when(send).then_refused(CommandRefusedError)
    told = replace(SUCCEED, payment_id="test_1", sealed_answer="sealed")
    a_delivery.given(tested).when(told).then(attempted("delivered", 204, payment_id="test_1"))


def test_a_new_secret_takes_the_place_of_the_former_one() -> None:
    state = an_endpoint.given(ADDED).when(ROTATE).then(ROTATED)
    assert (state.sealed, state.rotated, state.is_enabled) == ("sealed anew", ROTATED, True)
    an_endpoint.given(ADDED, ROTATED).when(ROTATE).then(ROTATED)


def test_an_endpoint_is_switched_off_and_on_and_to_do_so_twice_changes_nothing() -> None:
    state = an_endpoint.given(ADDED).when(DISABLE).then(DISABLED)
    assert (state.is_enabled, state.reason) == (False, "moved")
    an_endpoint.given(ADDED, DISABLED).when(DISABLE).then()
    state = an_endpoint.given(ADDED, DISABLED).when(ENABLE).then(ENABLED)
    assert (state.is_enabled, state.reason) == (True, None)
    an_endpoint.given(ADDED).when(ENABLE).then()


def test_an_address_is_changed_apart_from_the_secrets_and_neither_brings_back_the_other() -> None:
    state = an_endpoint.given(ADDED, ROTATED).when(MOVE).then(MOVED)
    assert (state.sealed, state.sealed_url) == ("sealed anew", "sealed elsewhere")
    state = an_endpoint.given(ADDED, MOVED).when(ROTATE).then(ROTATED)
    assert (state.sealed, state.sealed_url) == ("sealed anew", "sealed elsewhere")


def test_types_and_description_are_changed_and_what_is_so_already_is_not_said_again() -> None:
    state = an_endpoint.given(ADDED).when(WANT).then(WANTED)
    assert (state.types, state.description, state.sealed_url) == ((), "shop 2", None)
    an_endpoint.given(ADDED, WANTED).when(WANT).then()
    only = replace(WANT, types=("payment.succeeded",))
    an_endpoint.given(ADDED).when(only).then(events.EndpointChanged(description="shop 2"))
    an_endpoint.given(ADDED).when(commands.ChangeEndpoint(endpoint_id="ep_1")).then()


def test_a_deleted_endpoint_is_off_for_good() -> None:
    state = an_endpoint.given(ADDED, MOVED).when(DELETE).then(DELETED)
    assert (state.is_deleted, state.is_enabled) == (True, False)
    assert state.reason == "the endpoint was deleted"
    an_endpoint.given(ADDED, DISABLED).when(DELETE).then(DELETED)
    for again in (DELETE, DISABLE):
        an_endpoint.given(ADDED, DELETED).when(again).then()
    for late in (ENABLE, ROTATE, MOVE, WANT):
        an_endpoint.given(ADDED, DELETED).when(late).then_refused(CommandRefusedError)


def test_a_disabled_endpoint_may_have_a_new_secret() -> None:
    state = an_endpoint.given(ADDED, DISABLED).when(ROTATE).then(ROTATED)
    assert (state.is_enabled, state.sealed) == (False, "sealed anew")


def test_every_attempt_is_recorded_with_what_came_back() -> None:
    a_delivery.given().when(RECORD).then(FAILED)
    a_delivery.given().when(SUCCEED).then(DELIVERED)


def test_a_message_that_is_tried_no_more_is_parked_with_its_last_attempt() -> None:
    state = a_delivery.given().when(GIVE_UP).then(FAILED_FOR_GOOD, PARKED)
    assert state.messages == {7: Message(attempts=1, tries=1, is_open=False)}


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([FAILED], id="recorded by another"),
        pytest.param([DELIVERED], id="delivered by another"),
        pytest.param([FAILED_FOR_GOOD, PARKED], id="parked by another"),
    ],
)
@pytest.mark.parametrize("command", [RECORD, SUCCEED, GIVE_UP])
def test_an_attempt_of_two_processes_is_recorded_once(before: list[Event], command: object) -> None:
    a_delivery.given(*before).when(command).then()


def test_an_attempt_out_of_turn_is_not_recorded() -> None:
    a_delivery.given().when(replace(RECORD, attempt=2)).then()
    a_delivery.given(FAILED).when(replace(RECORD, attempt=3)).then()


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="never tried"),
        pytest.param([FAILED], id="waits"),
        pytest.param([DELIVERED], id="delivered"),
        pytest.param([FAILED_FOR_GOOD, PARKED], id="parked"),
    ],
)
def test_a_message_may_be_replayed_whatever_became_of_it(before: list[Event]) -> None:
    state = a_delivery.given(*before).when(REPLAY).then(REPLAYED)
    assert state.messages[7].is_open


def test_attempts_go_on_being_counted_after_a_replay_and_its_tries_begin_anew() -> None:
    second = replace(SUCCEED, attempt=2)
    before = a_delivery.state(FAILED_FOR_GOOD, PARKED, REPLAYED)
    assert before.messages == {7: Message(attempts=1, tries=0, is_open=True)}
    (attempted,) = decide_delivery(second, before)
    after = evolve_delivery(before, attempted)
    assert after.messages == {7: Message(attempts=2, tries=1, is_open=False)}


def test_messages_about_one_payment_do_not_touch_one_another() -> None:
    told = attempted("delivered", 204, position=9)
    state = a_delivery.given(FAILED).when(replace(SUCCEED, position=9)).then(told)
    assert state.messages == {7: Message(1, 1, is_open=True), 9: Message(1, 1, is_open=False)}


def test_more_messages_than_may_be_are_refused_and_those_there_are_go_on() -> None:
    state: Delivery = UNTRIED
    for position in range(1, MESSAGES_MAX + 1):
        for event in decide_delivery(replace(RECORD, position=position), state):
            state = evolve_delivery(state, event)
    with pytest.raises(CommandRefusedError, match=f"{MESSAGES_MAX} messages"):
        decide_delivery(replace(RECORD, position=MESSAGES_MAX + 1), state)
    assert decide_delivery(replace(SUCCEED, position=1, attempt=2), state)


def test_replays_end_before_the_stream_is_too_long_for_the_attempts_they_ask_for() -> None:
    state = replace(a_delivery.state(DELIVERED), events=REPLAYED_EVENTS_MAX)
    with pytest.raises(CommandRefusedError, match="too often"):
        decide_delivery(REPLAY, state)
    series = 17  # fifteen attempts, and two events for the last one
    assert REPLAYED_EVENTS_MAX + MESSAGES_MAX * series < STREAM_EVENTS_MAX


def test_streams_are_named_by_endpoint_and_payment() -> None:
    assert endpoint_stream("ep_1") == "endpoint-ep_1"
    assert delivery_stream("ep_1", "pay_1") == "delivery-ep_1-pay_1"


@pytest.mark.parametrize("evolve", [evolve_endpoint, evolve_delivery])
def test_an_event_of_another_stream_is_a_mistake(evolve: object) -> None:
    state = INITIAL if evolve is evolve_endpoint else UNTRIED
    with pytest.raises(TypeError, match="stream has no merchant"):
        evolve(state, events.MerchantAdded(merchant_id="m", name="n", country="CM"))  # type: ignore[operator]
