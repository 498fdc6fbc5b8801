"""`cauri receipts` and `cauri answers`: what somebody kept is checked, offline.

Nothing is asked of a server or a database to check: only the file, and keys that were handed over
by somebody one trusts. `cauri receipts make` alone reads the log.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from adapters.dates import table_time
from adapters.refusal_texts import Language
from api.commands.console import run_async, settings_for, write_json, write_line, write_table
from api.commands.history import told
from api.pages.receipt import receipt_page
from api.receipts import checkpoint_of, covered_by, covering, is_signed_by, receipt_of
from api.settings import Settings
from api.signed_answers import read_answer, verify_answer
from api.signing_key import signing_keys_for
from api.wiring import opened, projected
from ledger.checkpoint import Signer, Verifier
from ledger.checkpointing import log_keys
from ledger.errors import InvalidInputError, NoteError
from ledger.handling import Handler
from ledger.introduction import ROTATED
from ledger.policy import Policy, read_policy
from ledger.receipt import Receipt
from ledger.sentences import Sentence
from ledger.store import EventStore
from projections.commitments import CommitmentsProjection

SCRIPT: Final = Path(__file__).parents[2] / "scripts" / "verify_receipt.py"

FILE_BYTES_MAX: Final = 64 * 1024 * 1024


def verify(
    *,
    path: Path,
    policy_file: Path | None,
    keys: list[str],
    html: Path | None,
    language: Language,
    as_json: bool,
) -> int:
    """Check a receipt; 0 if it holds."""
    policy = read_policy(policy_file.read_bytes()) if policy_file is not None else Policy()
    logs = tuple(map(Verifier.from_text, keys))
    if not policy.logs and not logs:
        _refuse("key", Sentence("nobody is trusted, so nothing can be proved."))
    try:
        receipt = Receipt.from_text(_text_of(path).decode())
        checkpoint = checkpoint_of(receipt.note)
        entries = receipt.check(checkpoint)
        anchors = policy.logs or logs
        signers = receipt.signers(checkpoint, anchors)
        judged = replace(policy, logs=()).judge(receipt.note, logs=signers)
    except UnicodeDecodeError:
        unread = Sentence("it cannot be read as a receipt: not all of it is text")
        return _no(unread, as_json=as_json)
    except NoteError as error:
        return _no(str(error), as_json=as_json)
    if judged.log is None:
        unsigned = Sentence("no trusted log has signed its checkpoint; {rotated}", rotated=ROTATED)
        return _no(unsigned, as_json=as_json)
    try:
        receipt.check_ending(checkpoint, judged.log)
    except NoteError as error:
        return _no(str(error), as_json=as_json)
    if not judged.is_quorum:
        missing = ", ".join(judged.missing)
        lacking = Sentence("its checkpoint lacks cosignatures: {missing}", missing=missing)
        return _no(lacking, as_json=as_json)
    if html is not None:
        page = receipt_page(
            receipt.text(),
            entries,
            checkpoint,
            # By the names in their keys, as a server's page has them; a policy has its own.
            {policy.witnesses[name].verifier.name: at for name, at in judged.cosigned.items()},
            language=language,
        )
        html.write_text(page, encoding="utf-8")
    if as_json:
        write_json(
            {
                "is_verified": True,
                "payment_id": receipt.payment_id,
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "signed_by": judged.log.text(),
                "is_key_introduced": judged.log not in anchors,
                "cosigned": dict(judged.cosigned),
                "types": [entry.type for entry in entries],
            }
        )
        return 0
    write_table(
        Sentence("Payment {payment}", payment=receipt.payment_id),
        ("#position", "@recorded at", "type", "what it says"),
        [(one.position, table_time(one.recorded_at), one.type, told(one)) for one in entries],
    )
    if judged.log not in anchors:
        write_line(
            Sentence(
                "signed by a key that the key you trust introduced, itself or by others between:"
            )
        )
        write_line(judged.log.text())
    for name in judged.cosigned:
        write_line(Sentence("cosigned by {name}", name=name))
    write_line(
        Sentence(
            "verified: all {entries} entries in the first {size} of {origin}",
            entries=len(entries),
            size=checkpoint.size,
            origin=checkpoint.origin,
        )
    )
    return 0


def make(*, payment_id: str, out: Path, database: str | None) -> None:
    """Write a payment's receipt."""
    text = run_async(_make(payment_id, database))
    out.write_text(text, encoding="utf-8")
    write_line(Sentence("written: {file}", file=out))


async def _make(payment_id: str, database: str | None) -> str:
    settings = settings_for(database)
    async with (
        projected(settings, CommitmentsProjection) as commitments,
        opened(settings, is_writing=False) as (_, store),
    ):
        _, recorded = await Handler(store).payment(payment_id)
        signer = await _signer(settings, store)
        row = await covering(commitments, signer, recorded[-1].position)
        row = row or await commitments.latest()  # which has a part of it, if any has
        is_covered = row is not None and row.size >= recorded[0].position
        if row is None or not is_covered or not is_signed_by(signer, row.note):
            raise InvalidInputError("payment", _UNCOVERED, _UNCOVERED_REMEDY)
        recorded = await covered_by(row, store, recorded[0].stream)
        return (await receipt_of(store, recorded, row, signer)).text()


async def _signer(settings: Settings, store: EventStore) -> Signer:
    """Find what signs the log: it says in the receipt that no entry is missing."""
    current = (await log_keys(store)).current
    keys = signing_keys_for(settings, current=current) if current is not None else None
    found = keys(current) if keys is not None else None
    if found is None:
        reason = Sentence("the key that signs the log is not set up here.")
        raise InvalidInputError(
            "payment", reason, Sentence("Set CAURI_SIGNING_KEY_FILE, as the server has it.")
        )
    return found


_UNCOVERED: Final = Sentence("no checkpoint by the log's present key covers it yet.")
_UNCOVERED_REMEDY: Final = Sentence("Make one with `cauri checkpoint make`, then try again.")


def script() -> None:
    """Print the program that checks receipts by itself."""
    write_line(SCRIPT.read_text(encoding="utf-8").rstrip("\n"))


def verify_kept(*, path: Path, question: str, keys: list[str], as_json: bool) -> int:
    """Check an answer that was kept; 0 if it holds."""
    verifiers = {f"{one.name}+{one.key_id.hex()}": one for one in map(Verifier.from_text, keys)}
    if not verifiers:
        _refuse("key", Sentence("nobody is trusted, so nothing can be proved."))
    try:
        answer, body = read_answer(_text_of(path), question)
        covered = verify_answer(answer, body, verifiers)
    except NoteError as error:
        return _no(str(error), as_json=as_json)
    if as_json:
        write_json({"is_verified": True, "covered": dict(covered)})
        return 0
    write_table(Sentence("Signed"), ("what", "value"), list(covered.items()))
    write_line(Sentence("verified: this is what was answered to that question"))
    return 0


def _no(reason: str, *, as_json: bool) -> int:
    if as_json:
        write_json({"is_verified": False, "reason": reason})
    else:
        write_line(Sentence("NOT VERIFIED: {why}", why=reason))
    return 1


def _text_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX)


def _refuse(name: str, reason: Sentence) -> NoReturn:
    remedy = Sentence("Give --key with the log's public key, or --policy.")
    raise InvalidInputError(name, reason, remedy)
