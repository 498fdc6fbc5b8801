"""What HUB2's answers and webhooks mean: the part of `adapters.providers.hub2` that only reads.

What an answer means for the money, by the step that brought it:

    opening an intent      201 with id and token    the attempt may be made
                           409, a "duplicate"       unknown: it may be this very reference; ask
                           400, 402, 403, 404, 422  declined, in HUB2's shape of an error
                           all else, silence too    not sent: nobody has been asked to pay
    attempting a payment   201 with the intent      accepted; or a final word at once
    or sending a transfer  400, 403, 404, 422       declined, in HUB2's shape of an error
                           402                      declined with a code that refuses; else unknown
                           401, 429, not connected  not sent: turned away before anything was done
                           all else, silence too,
                           and any "duplicate"      unknown; ask
    handing over a code   201 with the intent      a final word; refused if it asks for a code
                                                   again; else taken
                          400, 404, 422            refused: it is not the code, or comes too late
                          401, 403, 429, no line   not sent: turned away before anything was done
                          all else, silence too    unknown; ask

Why an intent that nobody read is not sent, where an attempt is unknown: an intent only says what
should be paid. Money moves through an attempt, and an attempt needs the intent's token, which was
in the answer nobody read.

Why an empty list is "not found" and no more: nobody says that HUB2's lists show at once what it has
just accepted, and it has no idempotency key, so whoever believed that would charge twice.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from adapters.answer import Answer, object_in
from adapters.base import (
    Accepted,
    Declined,
    Inquiry,
    NotFound,
    NotSent,
    Pending,
    Submission,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookUnreadableError,
)
from adapters.base import Final as FinalWord
from adapters.powers import Balance, CodeRefused, Taken
from adapters.providers._hub2_records import (
    REFUSALS,
    Asked,
    Record,
    own_id,
    page_in,
    read_intent,
    read_transfer,
    reference_in,
)
from adapters.refusals import Refusal
from adapters.transcript import figure, said
from ledger.commands import PaymentCommand, RecordEvidence, RequestInquiry
from ledger.evidence import Evidence, Source, Word

REFERENCE: Final = re.compile(r"((?:pay|po|re)_[a-z2-7]{26})-[1-9][0-9]{0,3}", re.ASCII)
"""Ours: the id of what is paid (beware: HUB2 has ids that begin with `pay_` too) and a number."""

SIGNATURE_LENGTH_MAX: Final = 1_000

REFUSING: Final = frozenset({400, 403, 404, 422})

REFUSING_CODES: Final = frozenset(code for code in REFUSALS if "-" in code)
"""What a 402 must say to be a refusal: the account cannot pay, so nothing was tried."""


REPEATING: Final = frozenset(code for code, one in REFUSALS.items() if one is Refusal.DUPLICATE)
"""What says that something like it is there already: our own, perhaps, of a log that was lost."""


class Opened(NamedTuple):
    """An intent at HUB2; its token lets a payment be attempted on it."""

    intent_id: str
    token: str


def parse_intent(answer: Answer) -> Opened | Submission:
    """Say what an answer to the opening of an intent means; see the module's table."""
    told = told_by(answer)
    body = object_in(answer.body) or {}
    if answer.status in {200, 201}:
        intent_id, token = own_id(body.get("id"), "pi"), body.get("token")
        if intent_id is None or not isinstance(token, str) or not token:
            return NotSent(f"{told} without an intent and its token")
        return Opened(intent_id, token)
    if answer.status == 409 or _is_repeat(body):
        return Unknown(told)
    if answer.status in REFUSING | {402} and isinstance(body.get("code"), str):
        return _declined(body, told)
    return NotSent(told)


def parse_attempt(answer: Answer, opened: Opened, asked: Asked) -> Submission:
    """Say what an answer to the attempt of a payment means; see the module's table."""
    body = object_in(answer.body) or {}
    if answer.status not in {200, 201}:
        return _refused(answer, body)
    if body.get("id") != opened.intent_id:
        return Unknown(f"{told_by(answer)} without the intent")
    word = read_intent(body, asked)
    if isinstance(word, FinalWord):
        return _of_its_own(word)
    handle = {"intent_id": opened.intent_id, "token": opened.token}
    if (page := page_in(body)) is not None:
        handle["redirect_url"] = page
    return Accepted(handle=handle, awaits_code=isinstance(word, Pending) and word.awaits_code)


def parse_confirmation(
    answer: Answer, asked: Asked, intent_id: str
) -> Taken | CodeRefused | NotSent | Unknown | FinalWord:
    """Say what an answer to a code means; see the module's table."""
    told = told_by(answer)
    body = object_in(answer.body) or {}
    if answer.status in {200, 201}:
        if body.get("id") != intent_id:
            return Unknown(f"{told} without the intent")
        word = read_intent(body, asked)
        if isinstance(word, FinalWord):
            return word
        if not isinstance(word, Pending):
            return Unknown(f"{told} with an intent that cannot be read")
        return CodeRefused("HUB2 asks for a code again") if word.awaits_code else Taken(word.detail)
    if answer.status in {400, 404, 422} and isinstance(body.get("code"), str):
        return CodeRefused(told)
    return NotSent(told) if answer.status in {401, 403, 429} else Unknown(told)


def parse_transfer(answer: Answer, asked: Asked) -> Submission:
    """Say what an answer to the sending of a transfer means; see the module's table."""
    body = object_in(answer.body) or {}
    if answer.status not in {200, 201}:
        return _refused(answer, body)
    transfer_id = own_id(body.get("id"), "tr")
    if transfer_id is None:
        return Unknown(f"{told_by(answer)} without the transfer")
    word = read_transfer(body, asked)
    if isinstance(word, FinalWord):
        return _of_its_own(word)
    return Accepted(handle={"transfer_id": transfer_id})


def parse_one(answer: Answer, read: Callable[[Record, Asked], Inquiry], asked: Asked) -> Inquiry:
    """Read the answer about one id; raises AnswerUnreadableError for a 200 without JSON."""
    body = object_in(answer.body)
    if answer.status == 404 and body is not None and isinstance(body.get("code"), str):
        return NotFound(told_by(answer))
    if answer.status != 200:
        return Unknown(told_by(answer))
    return read(answer.json_object(), asked)


def parse_list(answer: Answer, read: Callable[[Record, Asked], Inquiry], asked: Asked) -> Inquiry:
    """Read the answer about one reference; raises AnswerUnreadableError for a 200 without JSON.

    The filter is HUB2's, so what it lets through is looked at once more.
    """
    if answer.status != 200:
        return Unknown(told_by(answer))
    listed = answer.json()
    if not isinstance(listed, list):
        return Unknown("status 200 with JSON that is no list")
    if not listed:
        return NotFound("nothing is listed under the reference")
    own = [one for one in listed if isinstance(one, dict) and reference_in(one) == asked.reference]
    if not own:
        return Unknown("what is listed has other references")
    return min((read(one, asked) for one in own), key=_rank)


def parse_balances(answer: Answer) -> list[Balance] | Unknown:
    """Read what lies in both accounts; raises AnswerUnreadableError for a 200 without JSON."""
    if answer.status != 200:
        return Unknown(told_by(answer))
    body = answer.json_object()
    found = []
    for key, account in (("collectionAccount", "collection"), ("transferAccount", "transfer")):
        listed = body.get(key)
        for one in listed if isinstance(listed, list) else []:
            amount = figure(one.get("availableBalance")) if isinstance(one, dict) else None
            currency = said(one.get("currency"), length_max=8) if amount is not None else None
            if amount is not None and currency is not None:
                found.append(Balance(amount=amount, currency=currency, account=account))
    return found or Unknown("status 200 without a balance")


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
    """Whether one of the signatures of a call was made with one of our secrets.

    HUB2 signs with its present secret (s1) and, for a day after a change, with the former (s0):
    whichever of the two we know proves the same.
    """
    header = next((text for name, text in headers.items() if name.lower() == "hub2-signature"), "")
    pairs = [one.strip().partition("=") for one in header[:SIGNATURE_LENGTH_MAX].split(",")]
    given = [text.encode("utf-8", "replace") for name, _, text in pairs if name in {"s1", "s0"}]
    made = [hmac.new(one.encode(), body, hashlib.sha256).hexdigest().encode() for one in secrets]
    return any(hmac.compare_digest(one, other) for one in given for other in made)


def parse_webhook(
    call: WebhookCall, verdict: Verdict, now: datetime, *, provider: str, environment: str
) -> PaymentCommand:
    """Read a webhook; what it is about stands in its `data`, whatever the event is called.

    Raises:
        WebhookUnreadableError: no JSON object, without our reference, or of another environment.
    """
    body = object_in(call.body)
    record = None if body is None else body.get("data")
    if body is None or not isinstance(record, dict):
        raise WebhookUnreadableError("the body is no JSON object with data")
    reference = reference_in(record) or ""
    named = REFERENCE.fullmatch(reference)
    if named is None:
        raise WebhookUnreadableError("the body has no reference of ours")
    if (record.get("mode") or body.get("mode") or environment) != environment:
        raise WebhookUnreadableError("the body is about another environment")
    payment_id = named[1]
    asked = Asked(reference, environment)
    word = (read_transfer if "reference" in record else read_intent)(record, asked)
    if verdict != "authenticated" or not isinstance(word, FinalWord):
        proof = "a proved" if verdict == "authenticated" else "an unproved"
        reason = f"{proof} webhook says {said(record.get('status'), length_max=40) or 'nothing'}"
        return RequestInquiry(payment_id=payment_id, reason=reason, inquire_at=now)
    evidence = Evidence(
        source=Source.WEBHOOK,
        provider=provider,
        reference=reference,
        word=word.word,
        amount=word.amount,
        currency=word.currency,
        provider_transaction_id=word.provider_transaction_id,
        code=word.code,
        reason=word.reason,
        occurred_at=word.occurred_at,
    )
    return RecordEvidence(payment_id=payment_id, evidence=evidence)


def told_by(answer: Answer) -> str:
    """What an answer says, in one line."""
    body = object_in(answer.body)
    if body is None:
        return f"status {answer.status}: " + ("no JSON object" if answer.body else "empty")
    words = [said(body.get(key)) for key in ("code", "message", "request_id")]
    return " ".join([f"status {answer.status}:", *(one for one in words if one)])


def answered_at(answer: Answer) -> datetime | None:
    """When HUB2 answered, by its own clock."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None


def _declined(body: Record, told: str) -> Declined:
    code = said(body.get("code"), length_max=100) or "Bad Request"
    return Declined(code=code, reason=told, is_technical=True)


def _refused(answer: Answer, body: Record) -> Submission:
    """Say what it means that a step which moves money was not answered with what it made."""
    told, code = told_by(answer), body.get("code")
    if _is_repeat(body):
        return Unknown(told)
    if isinstance(code, str) and (
        answer.status in REFUSING or (answer.status == 402 and code in REFUSING_CODES)
    ):
        return _declined(body, told)
    return NotSent(told) if answer.status in {401, 429} else Unknown(told)


def _is_repeat(body: Record) -> bool:
    code = body.get("code")
    return isinstance(code, str) and code in REPEATING


def _of_its_own(word: FinalWord) -> FinalWord | Unknown:
    """A word that came at once, unless HUB2 takes what was sent for a repeat: then ask by lists."""
    if word.code in REPEATING:
        return Unknown(f"{word.code}: what was there before under the reference may count")
    return word


def _rank(word: Inquiry) -> int:
    """Which of several words under one reference counts: money that moved, then what is open."""
    if isinstance(word, FinalWord):
        return 0 if word.word is Word.SUCCEEDED else 2
    return 3 if isinstance(word, NotSent) else 1
