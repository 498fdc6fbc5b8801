"""One line of a provider's statement, as every statement is written once it was read.

Whatever the provider's file looks like, a reader of it makes these. Nobody's number or name has a
field here, so that a statement can be kept for ever.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Direction = Literal["in", "out"]
"""Which way money went at the provider: into the wallet, or out of it."""


class StatementLine(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One movement as the provider has it; a part of `statement.lines_added`."""

    provider_transaction_id: str
    reference: str | None = None
    """Our name for the payment at the provider, where the statement has it."""
    direction: Direction
    amount_minor: int
    """Gross, in the statement's currency."""
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    """By the provider's clock, in UTC."""
    fee_minor: int | None = None
    """Kept and shown, and booked by nobody."""
