"""Merchants and keys, as the door looks them up."""

from datetime import timedelta

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
        )
        assert await keys.find("key_1") == revoked
        assert await keys.find("key_9") is None
        assert [(one.key_id, one.is_revoked) for one in await keys.keys()] == [
            ("key_1", True),
            ("key_0", False),
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
