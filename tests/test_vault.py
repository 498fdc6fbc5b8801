"""Sealed text opens where it belongs, while its person is not forgotten, and nowhere else."""

import asyncio
import base64
import logging
import os
import re
import traceback
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ErasedError, SealBrokenError, VaultError
from ledger.store import PAGE_MAX, DataKey, Speaks
from ledger.vault import BESIDE_MAX, REMEMBERED_SECONDS_MAX, MasterKeys, Sealed, Vault

MASTER = MasterKeys.generate()
PERSON = "person-00000000000000000000000000000001"
PLAINTEXT = b'{"phone":"+237650000001"}'


class Rows:
    """A key store of one dictionary, which counts how often it was read."""

    def __init__(self, *keys: DataKey) -> None:
        self.rows = {key.key_id: key for key in keys}
        self.reads = 0
        self.before_answer: Callable[[], None] | None = None

    def insert(self, sealed: Sealed) -> str:
        """Do what an append does with a new key; the text goes into the event."""
        if sealed.new_key is not None:
            self.rows[sealed.new_key.key_id] = sealed.new_key
        return sealed.text

    async def data_keys(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        self.reads += 1
        found = {name: self.rows[name] for name in key_ids if name in self.rows}
        if self.before_answer is not None:
            self.before_answer()
        return found

    async def destroy_subject(self, subject: str) -> int:
        return await self.destroy_subjects([subject])

    async def destroy_subject_unless(self, subject: str, after: int, speaks: Speaks) -> int | None:
        return await self.destroy_subjects([subject])

    async def destroy_subjects(self, subjects: Sequence[str]) -> int:
        doomed = [name for name, key in self.rows.items() if key.subject in subjects]
        for name in doomed:
            del self.rows[name]
        return len(doomed)


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def durable(
    vault: Vault,
    rows: Rows,
    subject: str = PERSON,
    plaintext: bytes = PLAINTEXT,
    *,
    is_shared: bool = False,
) -> str:
    """Seal for the context "here", append, and report the key."""
    sealed = vault.seal(subject, plaintext, context="here", is_shared=is_shared)
    text = rows.insert(sealed)
    if sealed.new_key is not None:
        vault.remember(sealed.new_key)
    return text


@given(
    subject=st.text(max_size=40),
    plaintext=st.binary(max_size=600),
    context=st.text(max_size=40),
)
def test_what_was_sealed_opens_in_any_process_that_has_the_ring(
    subject: str, plaintext: bytes, context: str
) -> None:
    rows = Rows()
    text = rows.insert(Vault(MASTER, rows).seal(subject, plaintext, context=context))
    assert asyncio.run(Vault(MASTER, rows).open(text, context=context)) == plaintext


@given(st.data())
def test_no_character_of_a_sealed_text_can_be_changed(data: st.DataObject) -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    text = durable(vault, rows, plaintext=data.draw(st.binary(max_size=40)))
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != text[at]))
    with pytest.raises((SealBrokenError, ErasedError)):  # another key id names a key that is gone
        asyncio.run(vault.open(text[:at] + other + text[at + 1 :], context="here"))


async def test_a_sealed_text_has_one_spelling() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    text = durable(vault, rows, plaintext=os.urandom(600))
    key_id, _, body = text.partition(".")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    assert await vault.open(text, context="here")
    spellings = {
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw + b"\0").decode(),
        body.replace("-", "+"),
        body.replace("_", "/"),
        body + "=",
        body + "A",
        f"{body}\n",
        f"{body[:40]} {body[40:]}",
    }
    for other in spellings - {body}:
        with pytest.raises(SealBrokenError):
            await vault.open(f"{key_id}.{other}", context="here")


@pytest.mark.parametrize("cut", ["", ".", "nothing", "A" * 16 + ".", "A" * 16 + ".AAAA", "é.é"])
async def test_what_is_no_sealed_text_is_said_to_be_none(cut: str) -> None:
    with pytest.raises(SealBrokenError, match="not a sealed text"):
        await Vault(MASTER, Rows()).open(cut, context="here")


async def test_a_text_moved_to_another_context_does_not_open() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    text = durable(vault, rows)
    with pytest.raises(SealBrokenError, match="another context"):
        await vault.open(text, context="there")


async def test_a_key_row_given_to_another_subject_opens_nothing() -> None:
    rows = Rows()
    sealed = Vault(MASTER, rows).seal(PERSON, PLAINTEXT, context="here")
    assert sealed.new_key is not None
    rows.rows[sealed.new_key.key_id] = sealed.new_key._replace(subject="person-2")
    with pytest.raises(SealBrokenError):
        await Vault(MASTER, rows).open(sealed.text, context="here")


async def test_a_changed_wrapped_key_opens_nothing() -> None:
    rows = Rows()
    sealed = Vault(MASTER, rows).seal(PERSON, PLAINTEXT, context="here")
    assert sealed.new_key is not None
    wrapped = bytes([sealed.new_key.wrapped[0] ^ 1]) + sealed.new_key.wrapped[1:]
    for changed in (wrapped, b"", sealed.new_key.wrapped[:-8]):
        rows.rows[sealed.new_key.key_id] = sealed.new_key._replace(wrapped=changed)
        with pytest.raises(SealBrokenError):
            await Vault(MASTER, rows).open(sealed.text, context="here")


def test_a_shared_key_is_used_again_only_after_it_was_reported_durable() -> None:
    vault = Vault(MASTER, Rows())
    first = vault.seal("calls", PLAINTEXT, context="1", is_shared=True).new_key
    second = vault.seal("calls", PLAINTEXT, context="2", is_shared=True).new_key
    assert first is not None
    assert second is not None
    vault.remember(second)
    assert vault.seal("calls", PLAINTEXT, context="3", is_shared=True).new_key is None
    assert vault.seal("others", PLAINTEXT, context="4", is_shared=True).new_key is not None


def test_every_text_of_a_person_has_a_key_of_its_own() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    for _ in range(3):
        durable(vault, rows)
    assert len(rows.rows) == 3
    assert vault.seal(PERSON, PLAINTEXT, context="3", is_shared=True).new_key is not None


def test_a_key_another_vault_made_is_not_taken_for_ones_own() -> None:
    stranger = Vault(MASTER, Rows()).seal("calls", PLAINTEXT, context="1", is_shared=True).new_key
    vault = Vault(MASTER, Rows())
    assert stranger is not None
    vault.remember(stranger)
    assert vault.seal("calls", PLAINTEXT, context="2", is_shared=True).new_key is not None


async def test_sealing_never_reads_the_store_and_opening_reads_it_once() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    names = ("calls-1", "calls-2", "calls-1", "calls-2")
    texts = [durable(vault, rows, name, is_shared=True) for name in names]
    assert (len(rows.rows), rows.reads) == (2, 0)
    reader = Vault(MASTER, rows)
    for text in texts:
        assert await reader.open(text, context="here") == PLAINTEXT
    assert rows.reads == 2


async def test_an_erased_person_cannot_be_opened_and_others_can() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    texts = [rows.insert(vault.seal(PERSON, PLAINTEXT, context="here")) for _ in range(3)]
    kept = durable(vault, rows, "person-2")
    assert await vault.open(texts[0], context="here") == PLAINTEXT
    assert await vault.erase(PERSON) == 3
    for text in texts:
        with pytest.raises(ErasedError):
            await vault.open(text, context="here")
    assert await vault.open(kept, context="here") == PLAINTEXT


async def test_many_are_erased_together_and_only_they() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    texts = {name: durable(vault, rows, name) for name in ("a", "b", "c")}
    assert await vault.erase_all(["a", "b", "nobody"]) == 2
    assert {name: await vault.is_erased(text) for name, text in texts.items()} == {
        "a": True,
        "b": True,
        "c": False,
    }
    assert await vault.erase_all([]) == 0


async def test_more_subjects_than_a_store_takes_at_once_are_erased_in_parts() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    names = [f"person-{number}" for number in range(2 * PAGE_MAX + 1)]
    for name in names:
        durable(vault, rows, name)
    asked: list[int] = []
    destroy = rows.destroy_subjects

    async def counted(subjects: Sequence[str]) -> int:
        asked.append(len(subjects))
        return await destroy(subjects)

    rows.destroy_subjects = counted  # type: ignore[method-assign]
    assert await vault.erase_all(names) == len(names)
    assert (asked, rows.rows) == ([PAGE_MAX, PAGE_MAX, 1], {})


async def test_a_key_wrapped_by_a_ring_that_is_newer_than_ours_has_ours_read_again() -> None:
    rows, ring = Rows(), MasterKeys.from_text(MASTER.text())
    newer = ring.rotated()
    text = durable(Vault(newer, rows), rows)
    reads = []

    async def refresh() -> None:
        reads.append(ring.adopt(newer))

    vault = Vault(ring, rows, refresh=refresh)
    assert await vault.open(text, context="here") == PLAINTEXT
    assert await vault.open(text, context="here") == PLAINTEXT
    assert reads == [True]


async def test_after_an_erasure_a_person_who_comes_back_gets_a_new_key() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    durable(vault, rows)
    await vault.erase(PERSON)
    again = vault.seal(PERSON, PLAINTEXT, context="here")
    assert again.new_key is not None
    assert await vault.open(rows.insert(again), context="here") == PLAINTEXT


async def test_a_key_reported_durable_after_its_erasure_is_not_used() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    sealed = vault.seal("calls", PLAINTEXT, context="here", is_shared=True)
    rows.insert(sealed)
    await vault.erase("calls")
    assert sealed.new_key is not None
    vault.remember(sealed.new_key)
    assert vault.seal("calls", PLAINTEXT, context="here", is_shared=True).new_key is not None


async def test_a_key_read_while_its_person_is_erased_is_not_kept() -> None:
    rows = Rows()
    text = rows.insert(Vault(MASTER, rows).seal(PERSON, PLAINTEXT, context="here"))
    vault = Vault(MASTER, rows)

    def erase_meanwhile() -> None:
        rows.rows.clear()
        vault.forget(PERSON)

    rows.before_answer = erase_meanwhile
    assert await vault.open(text, context="here") == PLAINTEXT
    with pytest.raises(ErasedError):
        await vault.open(text, context="here")


async def test_what_another_process_erased_is_out_of_reach_after_a_while() -> None:
    rows, seconds = Rows(), Seconds()
    vault = Vault(MASTER, rows, monotonic=seconds)
    text = durable(vault, rows, "calls", is_shared=True)
    await Vault(MASTER, rows).erase("calls")
    seconds.now += REMEMBERED_SECONDS_MAX
    assert vault.seal("calls", PLAINTEXT, context="here", is_shared=True).new_key is not None
    with pytest.raises(ErasedError):
        await vault.open(text, context="here")


async def test_what_lies_beside_a_key_goes_when_the_key_goes() -> None:
    rows, seconds = Rows(), Seconds()
    vault = Vault(MASTER, rows, monotonic=seconds)
    text, other = durable(vault, rows), durable(vault, rows, "person-2")

    def put() -> list[object]:
        for one in (text, other):
            vault.put_beside(one, "made", one)
        return found()

    def found() -> list[object]:
        return [vault.beside(one, "made") for one in (text, other)]

    assert put() == [text, other]
    assert vault.beside(text, "never made") is None
    vault.forget(PERSON)
    assert found() == [None, other]
    assert put() == [None, other]  # there is no key to lie beside
    assert await vault.open(text, context="here") == PLAINTEXT
    assert put() == [text, other]
    seconds.now += REMEMBERED_SECONDS_MAX
    assert found() == put() == [None, None]


def test_only_so_much_lies_beside_a_key() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows)
    text = durable(vault, rows)
    for number in range(2 * BESIDE_MAX + 1):
        vault.put_beside(text, number, number)
    kept = [
        number for number in range(2 * BESIDE_MAX + 1) if vault.beside(text, number) is not None
    ]
    assert kept == [2 * BESIDE_MAX]


async def test_the_caches_are_bounded_and_the_longest_unused_goes_first() -> None:
    rows = Rows()
    vault = Vault(MASTER, rows, remembered_max=2)
    texts = {name: durable(vault, rows, name, is_shared=True) for name in ("a", "b")}
    vault.seal("a", PLAINTEXT, context="here", is_shared=True)
    texts["c"] = durable(vault, rows, "c", is_shared=True)
    made = {
        name: vault.seal(name, b"", context="", is_shared=True).new_key is not None
        for name in "abc"
    }
    assert made == {"a": False, "b": True, "c": False}
    for _ in range(10):
        vault.seal("d", PLAINTEXT, context="here")
    assert [len(vault._sealing), len(vault._opening), len(vault._unproven)] == [2, 2, 2]
    for text in texts.values():  # evicted is not lost: the rows are there
        assert await vault.open(text, context="here") == PLAINTEXT


async def test_after_a_rotation_old_texts_open_and_new_keys_are_wrapped_by_the_new_one() -> None:
    rows = Rows()
    old = Vault(MASTER, rows)
    text = durable(old, rows)
    ring = MASTER.rotated()
    new = Vault(MasterKeys.from_text(ring.text()), rows)
    fresh = new.seal(PERSON, PLAINTEXT, context="here").new_key
    assert fresh is not None
    assert await new.open(text, context="here") == PLAINTEXT
    assert (fresh.master_key_id, ring.ids[1:]) == (ring.ids[0], MASTER.ids)
    assert new.person("+237650000001") == old.person("+237650000001")
    assert new.digest("x", b"y") == old.digest("x", b"y")


async def test_another_ring_opens_nothing_and_finds_nobody() -> None:
    rows = Rows()
    text = durable(Vault(MASTER, rows), rows)
    stranger = Vault(MasterKeys.generate(), rows)
    with pytest.raises(VaultError, match="does not hold"):
        await stranger.open(text, context="here")
    assert stranger.person("+237650000001") != Vault(MASTER, rows).person("+237650000001")


def test_a_person_is_named_by_a_keyed_hash_that_does_not_show_the_number() -> None:
    vault = Vault(MASTER, Rows())
    names = {vault.person(f"+2376500000{n:02}") for n in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch(r"person-[0-9a-f]{32}", name) for name in names)


def test_digests_of_two_purposes_have_nothing_in_common() -> None:
    vault = Vault(MASTER, Rows())
    digests = {
        vault.digest("a", b"bc"),
        vault.digest("ab", b"c"),
        vault.digest("abc", b""),
        vault.digest("person", b"+237650000001"),
        vault.person("+237650000001").removeprefix("person-"),
    }
    assert len(digests) == 5
    assert all(re.fullmatch(r"[0-9a-f]{32,64}", digest) for digest in digests)
    with pytest.raises(ValueError, match="NUL"):
        vault.digest("a\0b", b"")


def test_with_the_same_randomness_the_same_text_is_made() -> None:
    def counted(size: int) -> bytes:
        return bytes(range(100, 100 + size))

    sealed = [
        Vault(MASTER, Rows(), random_bytes=counted).seal(PERSON, PLAINTEXT, context="here")
        for _ in range(2)
    ]
    assert sealed[0] == sealed[1]


def test_more_than_the_bound_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="at most"):
        Vault(MASTER, Rows()).seal(PERSON, bytes(1_048_577), context="here")


async def test_nothing_that_may_be_printed_shows_a_key_or_a_plaintext(
    caplog: pytest.LogCaptureFixture,
) -> None:
    drawn: list[bytes] = []

    def recorded(size: int) -> bytes:
        drawn.append(os.urandom(size))
        return drawn[-1]

    caplog.set_level(logging.DEBUG)
    ring = MasterKeys.generate(recorded)
    secrets = list(drawn)
    rows = Rows()
    vault = Vault(ring, rows, random_bytes=recorded)
    sealed = vault.seal(PERSON, PLAINTEXT, context="here")
    secrets.append(drawn[-1][:32])
    rows.insert(sealed)
    said = [repr(ring), str(ring), repr(vault), repr(sealed), repr(vault._unproven)]
    for text, context in [(sealed.text, "there"), (sealed.text[:-3], "here"), ("no", "here")]:
        with pytest.raises(VaultError) as caught:
            await vault.open(text, context=context)
        said += traceback.format_exception(caught.value)
    await vault.erase(PERSON)
    with pytest.raises(VaultError) as caught:
        await vault.open(sealed.text, context="here")
    said += [*traceback.format_exception(caught.value), caplog.text]
    everything = "\n".join(said)
    for secret in [*secrets, PLAINTEXT, b"+237650000001"]:
        assert repr(secret)[2:-1] not in everything
        assert secret.hex() not in everything
