"""The story every store is told: payments that are asked for, submitted, accepted, paid, booked.

Five events each, as dictionaries of plain texts and numbers, with the names and sizes that the log
of a real payment has (some 400 to 950 bytes an entry; the sealed part is random text of the usual
length). Every store is given the same fields in the same order of payments: what differs is what
it makes of them.

Payment ids are random, as real ones are digests: where they land in an index cannot be foreseen.

Telling it costs time that no store should be charged for. So whoever measures appends tells the
same few `LIVES` again and again, under new ids, and has them made before the clock starts.

Standard library only, because the libraries we compare with read it in their own environment.
"""

import base64
import random
from collections.abc import Iterator
from typing import Any

EVENTS_PER_PAYMENT = 5
PAYERS = 1000
LIVES = 200
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

Told = tuple[str, dict[str, Any]]
"""(stored type of the event, its fields)."""


def payment_ids(seed: int) -> Iterator[str]:
    """Ids of payments without an end, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    while True:
        yield "pay_" + base64.b32encode(chance.randbytes(16))[:26].decode().lower()


def life_of(payment_id: str, number: int) -> list[Told]:
    """The events of one payment, from the request to the success."""
    reference = f"{number:08x}-aaaa-4bbb-8ccc-{number % 2**48:012x}"
    attempt = {"provider": "mtn", "reference": reference}
    transaction = f"{number:010d}"
    return [
        (
            "payment.requested",
            {
                "payment_id": payment_id,
                "merchant_id": f"mer_{number % 40:016x}",
                "kind": "collection",
                "amount_minor": 1500 + number % 100_000,
                "currency": "XAF",
                "provider": "mtn",
                "operator": "mtn-cm",
                "country": "CM",
                "route_reason": "the number is in a range of MTN Cameroon",
                "payer": f"person-{number % PAYERS:032x}",
                "sealed": f"{key_id_of(number)}.{_SEALED}",
                "content_digest": f"{number:064x}",
                "expires_at": "2026-03-01T12:15:00.250000Z",
            },
        ),
        (
            "payment.submission_started",
            {**attempt, "attempt": 1, "inquire_at": "2026-03-01T12:01:00.500000Z"},
        ),
        (
            "payment.submitted",
            {**attempt, "attempt": 1, "inquire_at": "2026-03-01T12:00:30.750000Z"},
        ),
        (
            "payment.evidence_recorded",
            {
                "evidence": {
                    **attempt,
                    "source": "poll",
                    "word": "succeeded",
                    "amount": "1500",
                    "currency": "XAF",
                    "provider_transaction_id": transaction,
                }
            },
        ),
        ("payment.succeeded", {**attempt, "provider_transaction_id": transaction}),
    ]


def key_id_of(number: int) -> str:
    """The id of the data key under which a payment's particulars are sealed."""
    return f"{number:016x}"


_SEALED = "".join(random.Random(1).choices(_ALPHABET, k=223))  # noqa: S311 - stands for a sealed text
