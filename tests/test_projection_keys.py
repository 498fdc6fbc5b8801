"""Merchants and keys, as the door looks them up."""

from datetime import timedelta
from typing import Any

from projections.keys import KeyRow, KeysProjection, MerchantRow
from tests.builders import NOW
from tests.projecting import Projected, ReadModel


class TestKeys(ReadModel):
    async def test_a_key_is_found_with_its_merchant_and_says_when_it_was_revoked(
        self, projected: Projected
    ) -> None:
        await projected.story((1, "keys"), (0, "keys"), (1, "revoke"))
        keys = projected.projections.of(KeysProjection)
        revoked = KeyRow(
            key_id="key_1",
            role="merchant",
            merchant_id="mer_1",
            secret_digest="ab" * 32,
            issued_at=NOW + timedelta(seconds=1),
            revoked_at=NOW + timedelta(seconds=4),
            revoked_reason="lost",
            mode=None,
            ends_at=None,
            replaced_by=None,
            last_used_at=None,
            position=2,
        )
        assert await keys.find("key_1") == revoked
        assert await keys.find("key_9") is None
        assert [(one.key_id, one.is_revoked) for one in await keys.keys()] == [
            ("key_1", True),
            ("key_0", False),
        ]

    async def test_a_rotated_key_says_when_it_ends_and_what_took_its_place(
        self, projected: Projected
    ) -> None:
        await projected.story((1, "keys"), (1, "rotate"))
        keys = projected.projections.of(KeysProjection)

        rotated, successor = await keys.keys()

        assert (rotated.ends_at, rotated.replaced_by) == (
            NOW + timedelta(days=1, seconds=2),
            "key_1001",
        )
        assert (successor.key_id, successor.mode, successor.ends_at) == ("key_1001", "test", None)

    async def test_pages_are_of_a_merchant_and_of_modes(self, projected: Projected) -> None:
        await projected.story((1, "keys"), (1, "rotate"), (2, "keys"))
        keys = projected.projections.of(KeysProjection)

        async def page(**wanted: Any) -> list[str]:
            return [one.key_id for one in await keys.page(**wanted)]

        assert await page() == ["key_2", "key_1001", "key_1"]
        assert await page(merchant_id="mer_1") == ["key_1001", "key_1"]
        assert await page(merchant_id="mer_1", modes=["test"]) == ["key_1001"]
        assert await page(modes=["test", None]) == ["key_2", "key_1001", "key_1"]
        assert await page(modes=["live"]) == []
        first = await keys.page(limit=1)
        assert await page(after=first[0].position, limit=1) == ["key_1001"]

    async def test_of_two_uses_the_later_one_stays_whichever_was_written_last(
        self, projected: Projected
    ) -> None:
        await projected.story((1, "keys"), (2, "keys"))
        keys = projected.projections.of(KeysProjection)
        for seconds in (5, 9, 7):
            await keys.note_uses({"key_1": NOW + timedelta(seconds=seconds)})
        await keys.note_uses({})

        assert [one.last_used_at for one in await keys.keys()] == [
            NOW + timedelta(seconds=9),
            None,
        ]

    async def test_merchants_are_listed_by_name(self, projected: Projected) -> None:
        await projected.story((1, "keys"), (0, "keys"))
        keys = projected.projections.of(KeysProjection)
        first = MerchantRow(
            merchant_id="mer_0",
            name="Boutique 0",
            country="CM",
            added_at=NOW + timedelta(seconds=2),
        )
        assert await keys.merchant("mer_0") == first
        assert await keys.merchant("mer_9") is None
        assert [one.merchant_id for one in await keys.merchants()] == ["mer_0", "mer_1"]
