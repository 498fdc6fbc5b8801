"""How far each witness has followed the log, and what it would not sign."""

from datetime import timedelta

from ledger import commands_log
from ledger.handling import Handler
from projections.witnesses import WitnessesProjection, WitnessRow
from tests.builders import CONTEXT, NOW
from tests.projecting import Projected, ReadModel


def cosigning(size: int, witness: str) -> commands_log.RecordCosignature:
    return commands_log.RecordCosignature(
        size=size, root=f"root{size}", witness=witness, signatures=(f"- {witness}",)
    )


def refusing(size: int, witness: str, status: int = 422) -> commands_log.RecordWitnessRefusal:
    return commands_log.RecordWitnessRefusal(
        size=size, witness=witness, status=status, reason=f"no {size}", evidence="e"
    )


async def told(
    projected: Projected, *asked: commands_log.LogCommand, batch_max: int = 100
) -> list[WitnessRow]:
    """Let these be recorded, a second apart, and project them."""
    handler = Handler(projected.store)
    for number, command in enumerate(asked):
        projected.teller.now = NOW + timedelta(seconds=number)
        await handler.handle(command, context=CONTEXT)
    await projected.project(batch_max)
    return await projected.projections.of(WitnessesProjection).all()


class TestWitnesses(ReadModel):
    async def test_the_largest_size_and_the_latest_refusal_are_kept(
        self, projected: Projected
    ) -> None:
        words = (
            cosigning(5, "b"),
            refusing(9, "b"),
            cosigning(7, "b"),
            cosigning(6, "b"),
            refusing(3, "a", 409),
            refusing(11, "b", 409),
        )
        found = await told(projected, *words)
        assert found == [
            WitnessRow(
                witness="a",
                cosigned_size=None,
                cosigned_at=None,
                refused_size=3,
                refused_status=409,
                refused_reason="no 3",
                refused_at=NOW + timedelta(seconds=4),
            ),
            WitnessRow(
                witness="b",
                cosigned_size=7,
                cosigned_at=NOW + timedelta(seconds=2),
                refused_size=11,
                refused_status=409,
                refused_reason="no 11",
                refused_at=NOW + timedelta(seconds=5),
            ),
        ]

    async def test_batches_of_one_give_the_same_rows(self, projected: Projected) -> None:
        words = (cosigning(5, "b"), refusing(9, "b"), cosigning(7, "b"), cosigning(6, "b"))
        (row,) = await told(projected, *words, batch_max=1)
        assert (row.cosigned_size, row.refused_size) == (7, 9)
