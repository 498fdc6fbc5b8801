"""The log's checkpoints with all their signatures, and its keys with their sizes."""

from ledger import commands_log
from ledger.handling import Handler
from projections.commitments import PUBLISHED_AMONG, CheckpointRow, CommitmentsProjection
from tests.builders import CONTEXT, NOW
from tests.projecting import Projected, ReadModel


def making(size: int, after: int = 0, root: str = "") -> commands_log.RecordCheckpoint:
    return commands_log.RecordCheckpoint(
        day="2026-03-01",
        after_size=after,
        origin="o/log",
        size=size,
        root=root or f"root{size}",
        note=f"text {size}\n\n- o/log sig\n",
        digests={"payments": commands_log.Digested(size, "ab", 4)} if size == 1 else {},
    )


def cosigning(size: int, witness: str, root: str = "") -> commands_log.RecordCosignature:
    lines = (f"- {witness} one", f"- {witness} two")
    return commands_log.RecordCosignature(
        size=size, root=root or f"root{size}", witness=witness, signatures=lines
    )


async def told(projected: Projected, *asked: commands_log.LogCommand) -> CommitmentsProjection:
    """Let these be recorded, and project them."""
    handler = Handler(projected.store)
    for command in asked:
        await handler.handle(command, context=CONTEXT)
    await projected.project()
    return projected.projections.of(CommitmentsProjection)


class TestCommitments(ReadModel):
    async def test_a_checkpoint_is_shown_with_every_cosignature_below_its_note(
        self, projected: Projected
    ) -> None:
        at = projected.teller.now
        commitments = await told(
            projected, making(1), cosigning(1, "w"), cosigning(1, "v"), cosigning(1, "w")
        )
        assert await commitments.latest() == CheckpointRow(
            size=1,
            root="root1",
            origin="o/log",
            note="text 1\n\n- o/log sig\n- w one\n- w two\n- v one\n- v two\n",
            cosigned_by=("w", "v"),
            digests={"payments": commands_log.Digested(1, "ab", 4)},
            made_at=at,
            position=1,
        )

    async def test_the_cosignature_of_another_root_is_not_put_below_a_note(
        self, projected: Projected
    ) -> None:
        commitments = await told(projected, making(1), cosigning(1, "w", root="forged"))
        latest = await commitments.latest()
        assert latest is not None
        assert (latest.note, latest.cosigned_by) == ("text 1\n\n- o/log sig\n", ())

    async def test_the_published_one_is_the_newest_that_is_cosigned_if_that_is_recent(
        self, projected: Projected
    ) -> None:
        commitments = projected.projections.of(CommitmentsProjection)
        assert await commitments.published() is None
        await told(projected, making(1), cosigning(1, "w"))
        last, shown = 1, []
        for size in range(2, 2 + PUBLISHED_AMONG):
            await told(projected, making(size, last))
            last = size
            published = await commitments.published()
            shown.append(published.size if published else 0)
        assert shown == [*[1] * (PUBLISHED_AMONG - 1), PUBLISHED_AMONG + 1]

    async def test_checkpoints_are_found_by_size_by_position_and_in_pages(
        self, projected: Projected
    ) -> None:
        commitments = await told(projected, making(3), making(5, 3), making(9, 5))

        async def covering(position: int) -> int | None:
            found = await commitments.covering(position)
            return found.size if found else None

        assert [await covering(one) for one in (1, 3, 4, 5, 9, 10)] == [3, 3, 5, 5, 9, None]
        assert [one.size for one in await commitments.page(limit=2)] == [9, 5]
        assert [one.size for one in await commitments.page(after=5)] == [3]
        assert await commitments.of_size(4) is None
        found = await commitments.of_size(5)
        assert found is not None
        assert found.root == "root5"

    async def test_the_first_checkpoint_of_a_size_stays(self, projected: Projected) -> None:
        tomorrow = commands_log.RecordCheckpoint(
            day="2026-03-02", after_size=0, origin="o/log", size=3, root="other", note="other"
        )
        commitments = await told(projected, making(3), tomorrow)
        assert [one.root for one in await commitments.page()] == ["root3"]

    async def test_each_key_signs_from_its_introduction_to_the_next_one(
        self, projected: Projected
    ) -> None:
        keys = [
            commands_log.IntroduceLogKey(key=key, note=f"note {key}", after=after)
            for key, after in (("a", None), ("b", "a"), ("c", "b"))
        ]
        commitments = await told(projected, keys[0], making(1), keys[1], keys[2])
        found = await commitments.keys()
        assert [(one.key, one.note, one.position, one.since, one.until) for one in found] == [
            ("a", "note a", 1, 0, 2),
            ("b", "note b", 3, 3, 3),
            ("c", "note c", 4, 4, None),
        ]
        assert found[0].introduced_at >= NOW
        assert await told(projected) is commitments
