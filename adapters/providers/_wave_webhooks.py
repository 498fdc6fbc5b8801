"""What Wave's webhooks prove and say: a part of `adapters.providers.wave`.

`Wave-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`: HMAC-SHA256 under the signing secret over the
digits of `t` and the raw body, with nothing between them; several `v1` while a secret is replaced.
The address is fixed at Wave's portal, so an event names our payment by its `client_reference`.

Why an old signature is *unsigned* and not refused: Wave repeats an event for three days, and
whether it signs anew is not known. What is right and old was Wave's once; somebody may be replaying
it, so it decides nothing and makes us ask.

Why a session that an event calls failed makes us ask: the event is about an attempt to pay, Wave
has that word of a session in this event alone, and the payer may try again on the same page.

The portal's other strategy, a fixed secret in the Authorization header, is not read: it proves
nothing about the body.
"""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from adapters.answer import object_in
from adapters.base import Verdict, WebhookCall, WebhookUnreadableError
from adapters.providers._wave_answers import state_of, word_of_session
from adapters.transcript import said
from ledger.commands import PaymentCommand, RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source
from ledger.identity import is_payment_id

NAME: Final = "wave"

FAILED: Final = "failed"

SIGNATURES_MAX: Final = 8
"""How many signatures of one call are compared."""

_TIME: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_REFERENCE: Final = re.compile(r"(.+)-([1-9][0-9]{0,8})", re.ASCII)


def payment_id_in(reference: object) -> str | None:
    """The payment a reference of ours belongs to; None for whatever is none."""
    match = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    return match[1] if match is not None and is_payment_id(match[1]) else None


def verdict_of(
    call: WebhookCall, secret: str | None, now: datetime, *, age_seconds_max: float
) -> Verdict:
    """Judge a webhook by its signature over time and raw body.

    One that is right and old proves that it was Wave's once: it makes us ask, and no more.
    """
    header = next((v for k, v in call.headers.items() if k.lower() == "wave-signature"), "")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"][:SIGNATURES_MAX]
    if secret is None or len(times) != 1 or not _TIME.fullmatch(times[0]):
        return "refused"
    made = hmac.new(secret.encode(), times[0].encode() + call.body, hashlib.sha256).hexdigest()
    if not any(
        hmac.compare_digest(made.encode(), one.lower().encode("utf-8", "surrogateescape"))
        for one in given
    ):
        return "refused"
    age_seconds = abs(now.timestamp() - int(times[0]))
    return "authenticated" if age_seconds <= age_seconds_max else "unsigned"


def parse_webhook(call: WebhookCall, verdict: Verdict, now: datetime) -> PaymentCommand:
    """Read an event about a session.

    Raises:
        WebhookUnreadableError: it is no event about a session of ours.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    kind, session = said(body.get("type"), length_max=60) or "nothing", body.get("data")
    if not kind.startswith("checkout.session.") or not isinstance(session, dict):
        raise WebhookUnreadableError(f"the event is {kind}, not one of a checkout session")
    reference = session.get("client_reference")
    payment_id = payment_id_in(reference)
    if payment_id is None:
        raise WebhookUnreadableError("its client_reference names no payment")
    word = word_of_session(session)
    is_over = session.get("checkout_status") != FAILED
    if verdict != "authenticated" or word is None or not is_over:
        proof = "a proved" if verdict == "authenticated" else "an old or unproved"
        reason = f"{proof} {kind} says {state_of(session)}"
        return RequestInquiry(payment_id=payment_id, reason=reason, inquire_at=now)
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider=NAME,
        reference=str(reference),
        word=word.word,
        amount=word.amount,
        currency=word.currency,
        provider_transaction_id=word.provider_transaction_id,
        code=word.code,
        reason=word.reason,
        occurred_at=word.occurred_at,
    )
    return RecordEvidence(payment_id=payment_id, evidence=evidence)
