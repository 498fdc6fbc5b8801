"""What Sonatel's callbacks prove and say: a part of `adapters.providers.orange_sonatel`.

`X-Sonatel-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`: HMAC-SHA256 under the secret over the digits
of `t`, a comma and the raw body; several `v1` while a secret is replaced. Beside it stands
`Authorization: Basic <apiKey>`, the key as it is, which must fit where we were told one.

The address proves nothing and is not signed: a callback is about the payment that its own metadata
names. Where the metadata was lost, the address is a reason to ask, and no more.

Older contracts send the key alone. Whoever has it once could say anything for ever, so such a call
makes us ask; so does a signature that is right and old, which somebody may be replaying.

Why a failure only makes us ask: it is one transaction's, and the payer may try the same code again.
"""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from adapters.answer import object_in
from adapters.base import Verdict, WebhookCall, WebhookUnreadableError
from adapters.providers._orange_sonatel_answers import amount_told, payment_id_in, reference_in
from adapters.transcript import figure, said
from ledger.commands import PaymentCommand, RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word
from ledger.identity import is_payment_id

NAME: Final = "orange_sonatel"

SIGNATURES_MAX: Final = 8
"""How many signatures of one call are compared."""

_TIME: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def verdict_of(
    call: WebhookCall,
    secret: str | None,
    api_key: str | None,
    now: datetime,
    *,
    age_seconds_max: float,
) -> Verdict:
    """Judge a callback by its signature over time and raw body, and by the key where we have one.

    What proves less than that it is Sonatel's and new makes us ask.
    """
    headers = {name.lower(): value for name, value in call.headers.items()}
    presented = _bytes_of(headers.get("authorization", ""))
    is_key = api_key is not None and hmac.compare_digest(presented, f"Basic {api_key}".encode())
    if api_key is not None and not is_key:
        return "refused"
    header = headers.get("x-sonatel-signature")
    if header is None or secret is None:
        return "unsigned" if is_key else "refused"
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"][:SIGNATURES_MAX]
    if len(times) != 1 or not _TIME.fullmatch(times[0]):
        return "refused"
    signed = times[0].encode() + b"," + call.body
    made = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(made.encode(), _bytes_of(one.lower())) for one in given):
        return "refused"
    age_seconds = abs(now.timestamp() - int(times[0]))
    return "authenticated" if age_seconds <= age_seconds_max else "unsigned"


def parse_webhook(call: WebhookCall, verdict: Verdict, now: datetime) -> PaymentCommand:
    """Read a callback about a merchant payment.

    Raises:
        WebhookUnreadableError: it names no payment of ours.
    """
    body = object_in(call.body)
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    reference = reference_in(body)
    payment_id = payment_id_in(reference)
    kind, status = said(body.get("type"), length_max=40), said(body.get("status"), length_max=40)
    is_success = kind == "MERCHANT_PAYMENT" and status == "SUCCESS"
    if verdict == "authenticated" and payment_id is not None and is_success:
        amount, currency = amount_told(body)
        evidence = Evidence(
            source=Source.WEBHOOK,
            provider=NAME,
            reference=str(reference),
            word=Word.SUCCEEDED,
            amount=amount,
            currency=currency,
            provider_transaction_id=figure(body.get("transactionId")),
        )
        return RecordEvidence(payment_id=payment_id, evidence=evidence)
    named = payment_id or call.payment_id
    if named is None or not is_payment_id(named):
        raise WebhookUnreadableError("neither its metadata nor its address names a payment")
    proof = "a proved" if verdict == "authenticated" else "an old or unproved"
    reason = f"{proof} callback about {kind or 'nothing'} says {status or 'nothing'}"
    return RequestInquiry(payment_id=named, reason=reason, inquire_at=now)


def _bytes_of(header: str) -> bytes:
    """The bytes of a header, which may be any."""
    return header.encode("utf-8", "surrogateescape")
