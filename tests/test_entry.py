"""Entries: canonical bytes, read back whole, and upcast from the past."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import (
    ENTRY_BYTES_MAX,
    Context,
    check_entry,
    decode_entry,
    draft,
    encode_entry,
    place,
    prepare,
    rfc3339,
)
from ledger.errors import CorruptLogError, EntryTooLargeError, UnknownEventTypeError
from ledger.events import EVENTS, Event, MerchantAdded, PaymentInquiryRequested
from ledger.events_codec import decode_event, payload_of

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
CONTEXT = Context("cli", "conversation", "request:1")


def an_entry(event: Event) -> bytes:
    """The line of an event at position 7."""
    return encode_entry(
        prepare(event),
        position=7,
        stream="merchant-m",
        version=1,
        recorded_at=rfc3339(NOW),
        context=CONTEXT,
    )


def a_merchant(name: str = "Boutique") -> MerchantAdded:
    """A merchant, valid by default."""
    return MerchantAdded(merchant_id="m", name=name, country="CM")


def test_an_entry_is_one_line_of_sorted_json_without_spaces() -> None:
    assert an_entry(a_merchant()) == (
        b'{"actor":"cli","causation_id":"request:1","correlation_id":"conversation",'
        b'"data":{"country":"CM","merchant_id":"m","name":"Boutique"},"position":7,'
        b'"recorded_at":"2026-03-01T12:30:15.123456Z","schema":1,"stream":"merchant-m",'
        b'"type":"merchant.added","version":1}'
    )


@given(st.text())
def test_an_entry_is_read_back_as_the_event_it_was(name: str) -> None:
    try:
        entry = an_entry(a_merchant(name))
    except EntryTooLargeError:
        return
    except UnicodeEncodeError:
        return
    recorded = decode_entry(entry)

    assert (recorded.event, recorded.recorded_at, recorded.id, recorded.entry) == (
        a_merchant(name),
        NOW,
        "merchant-m@1",
        entry,
    )
    check_entry(entry, 7, "merchant-m", 1, "merchant.added")


def test_an_entry_over_the_limit_is_refused_before_it_is_written() -> None:
    with pytest.raises(EntryTooLargeError) as refused:
        an_entry(a_merchant("x" * ENTRY_BYTES_MAX))
    assert refused.value.size_bytes > refused.value.size_bytes_max == ENTRY_BYTES_MAX


@given(st.data())
def test_any_change_to_an_entry_is_no_longer_that_entry(data: st.DataObject) -> None:
    entry = bytearray(an_entry(a_merchant()))
    where = data.draw(st.integers(0, len(entry) - 1))
    entry[where] ^= data.draw(st.integers(1, 255))
    try:
        check_entry(bytes(entry), 7, "merchant-m", 1, "merchant.added")
    except CorruptLogError as found:
        assert found.position == 7  # noqa: PT017 - either end may be the right one
    else:
        # Still canonical and agreeing with its columns: the leaf hash is what catches this one.
        assert bytes(entry) != an_entry(a_merchant())


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"null",
        b"[]",
        b'{"position":7}',
        b'{"position": 7}',
        an_entry(a_merchant()).replace(b":7,", b": 7,"),
        an_entry(a_merchant()).replace(b'"version":1', b'"version":2'),
        # Python takes these for equal to 1.
        an_entry(a_merchant()).replace(b'"version":1', b'"version":true'),
        an_entry(a_merchant()).replace(b'"version":1', b'"version":1.0'),
        an_entry(a_merchant()).replace(b'"position":7', b'"position":7.0'),
    ],
)
def test_what_is_not_the_entry_of_its_columns_is_corrupt(entry: bytes) -> None:
    with pytest.raises(CorruptLogError, match="position 7"):
        check_entry(entry, 7, "merchant-m", 1, "merchant.added")


def test_a_column_of_another_kind_of_number_is_not_what_the_entry_says() -> None:
    with pytest.raises(CorruptLogError, match="position 7"):
        check_entry(an_entry(a_merchant()), 7, "merchant-m", 1.0, "merchant.added")  # type: ignore[arg-type]


def test_newer_types_and_versions_are_refused_not_half_read() -> None:
    with pytest.raises(UnknownEventTypeError):
        decode_event("payment.teleported", 1, {})
    with pytest.raises(UnknownEventTypeError):
        decode_event("merchant.added", 2, payload_of(a_merchant()))


def test_an_old_payload_is_upcast_step_by_step() -> None:
    upcasts = {
        ("merchant.added", -1): lambda old: {"label": old["title"], **_without(old, "title")},
        ("merchant.added", 0): lambda old: {"name": old["label"], **_without(old, "label")},
    }
    old = {"merchant_id": "m", "title": "Boutique", "country": "CM"}

    assert decode_event("merchant.added", -1, old, upcasts) == a_merchant()
    assert old == {"merchant_id": "m", "title": "Boutique", "country": "CM"}


def _without(payload: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in payload.items() if name != key}


def test_every_event_type_is_dotted_documented_and_in_the_one_table() -> None:
    own = [one for one in Event.__subclasses__() if one.__module__.startswith("ledger.events")]
    assert {cls.type: cls for cls in own} == dict(EVENTS)
    for name, cls in EVENTS.items():
        assert name.count(".") == 1
        assert cls.__doc__
        config = cls.__struct_config__
        assert config.frozen
        assert config.forbid_unknown_fields
        assert config.omit_defaults


def test_what_could_not_be_read_again_is_never_written() -> None:
    a_number: Any = 12
    elsewhere = datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    nowhere = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - that is what is refused
    asked = [PaymentInquiryRequested(reason="a", inquire_at=at) for at in (elsewhere, nowhere)]
    for wrong in (a_merchant(a_number), *asked):
        with pytest.raises(TypeError, match=wrong.type):
            draft("merchant-m", [wrong], CONTEXT)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"\xff",
        an_entry(a_merchant())[:-1],
        an_entry(a_merchant()).replace(b'"name":"Boutique"', b'"name":7'),
        an_entry(a_merchant()).replace(b'"name"', b'"title"'),
        an_entry(a_merchant()).replace(b"Boutique", b"\xff"),
        an_entry(a_merchant()).replace(b'"position":7', b'"position":"7"'),
        an_entry(a_merchant()).replace(b"15.123456Z", b"15.123456"),
    ],
)
def test_what_is_no_entry_is_corrupt_however_it_is_broken(broken: bytes) -> None:
    with pytest.raises(CorruptLogError):
        decode_entry(broken)


def test_a_newer_entry_is_told_from_a_broken_one() -> None:
    for newer in (
        an_entry(a_merchant()).replace(b'"schema":1', b'"schema":2').replace(b'"name"', b'"title"'),
        an_entry(a_merchant()).replace(b"merchant.added", b"merchant.teleported"),
    ):
        with pytest.raises(UnknownEventTypeError):
            decode_entry(newer)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
contexts = st.builds(Context, texts, texts, texts)


@given(texts, texts, contexts, st.integers(1, 2**53 - 1), st.integers(1, 10_000))
def test_a_draft_put_in_its_place_is_the_entry_byte_for_byte(
    name: str, stream: str, context: Context, position: int, version: int
) -> None:
    event = a_merchant(name)
    (drafted,) = draft(stream, [event], context)
    placed = place(drafted, position=position, version=version, recorded_at=rfc3339(NOW).encode())
    assert placed == encode_entry(
        prepare(event),
        position=position,
        stream=stream,
        version=version,
        recorded_at=rfc3339(NOW),
        context=context,
    )
    check_entry(placed, position, stream, version, event.type)


def test_a_draft_that_grows_too_large_is_refused_like_an_entry() -> None:
    (drafted,) = draft("merchant-m", [a_merchant("x" * ENTRY_BYTES_MAX)], CONTEXT)
    with pytest.raises(EntryTooLargeError):
        place(drafted, position=1, version=1, recorded_at=rfc3339(NOW).encode())
