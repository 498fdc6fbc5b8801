"""What all laws of an adapter share: the world they open, and what every case must leave behind."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import ClassVar, TypeGuard

import pytest

from adapters.base import Accepted, Charge, Final, NotSent, Submission, Unknown
from adapters.sandbox.faults import Faults
from ledger.evidence import Word
from tests.contracts.world import (
    Ending,
    Taken,
    World,
    acceptance_of,
    submit_to_the_end,
    word_of,
)


class Law:
    """A world for each case, and the provider's own ways that the cases allow for."""

    charges_a_repeat: ClassVar[bool] = False
    """Whether the sandbox charges a repeated reference again. A provider that nobody has seen
    refuse one must be played so: then only the ledger's rule stands between a repeat and a payer,
    which submits under a new reference, and only after the former was certainly not taken."""
    has_tokens: ClassVar[bool] = True
    """Whether the provider gives access tokens. Without them no call comes before the one that
    moves money, so a 500 is the answer to that one and leaves it in doubt."""
    makes_its_page: ClassVar[bool] = False
    """Whether the adapter writes the address of the payer's page itself. To submit calls nobody
    then: no weather spoils it, nobody is away, and the provider hears of it from the payer."""
    answers_at_once: ClassVar[bool] = False
    """Whether the answer to a submission is the provider's final word: nothing is ever pending,
    and what failed was declined."""
    codes_are_listed: ClassVar[bool] = True
    """Whether every code its sandbox gives for a failure leads to a refusal. Where most codes are
    known to nobody outside, the sandbox plays one nobody knows."""
    ending_words: ClassVar[Mapping[Ending, Word | None]] = {
        "refused": Word.FAILED,
        "expired": Word.EXPIRED,
    }
    """What the provider says of payments nobody paid. None: it has no word for it, so they stay
    open; for who makes one up calls a payment failed that may still be paid."""

    @abstractmethod
    def open_world(self, folder: Path) -> AbstractAsyncContextManager[World]:
        """Open the sandbox and the adapter."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[World]:
        async with self.open_world(tmp_path) as world:
            yield world
            assert world.shown() == []

    def is_taken(self, outcome: object) -> TypeGuard[Taken]:
        """Whether a submission was taken, in the way of this provider."""
        return isinstance(outcome, Final if self.answers_at_once else Accepted)

    async def truth_is_found(
        self, world: World, charge: Charge, reference: str, outcome: Submission
    ) -> None:
        """After a submission in bad weather: do what the reactors do; compare with the books."""
        is_idempotent = "collection" in world.adapter.idempotent_powers
        if isinstance(outcome, NotSent) and is_idempotent:
            assert reference not in world.known()
        await world.weather(Faults.none())
        reference, accepted = await submit_to_the_end(world, charge, outcome)
        assert self.answers_at_once or not isinstance(accepted, Final)
        if accepted is None:
            is_taken = reference in world.known()
            if is_taken:
                await world.end(reference, Accepted(), "paid")
            assert world.times_charged() == int(is_taken)
            return
        await world.end(reference, acceptance_of(accepted), "paid")
        final = await word_of(world, reference, accepted)
        assert isinstance(final, Final)
        if final.word is Word.EXPIRED:
            # What cannot be sent twice and may have been taken waits for the provider's own word.
            assert (is_idempotent, type(outcome), world.times_charged()) == (False, Unknown, 0)
            return
        assert (final.word, world.times_charged()) == (Word.SUCCEEDED, 1)
