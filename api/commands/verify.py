"""`cauri verify`: the whole log read again, and held against a checkpoint kept elsewhere.

It reads only, and believes nothing: neither the hashes beside the entries nor the stored tree. What
a checkpoint may be given as, and what a public key of the log has to have signed, is in
`api.commands.kept`. Without a key a checkpoint is taken at its word, as something one has kept
oneself.

Beside the log it looks whether the database still refuses to change it, which is a warning, and
whether data keys are gone without an erasure, which is a fault.

With projections, what they say is compared with what the log alone gives, in files that are thrown
away: the database is only read.
"""

from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from api.cli_language import said
from api.commands.console import progress, run_async, settings_for, write_json, write_line
from api.commands.kept import Kept, hold, kept_for
from api.commands.policies import policy_in
from api.commands.rebuild import check_row, tell_checked
from api.missing_keys import KeyCount, MissingKeys
from api.settings import Settings
from api.wiring import opened, projections_of, utc_now
from api.wiring_witnesses import known_witnesses
from ledger.cosignature import CosignatureVerifier
from ledger.errors import CorruptLogError, NoteUnverifiedError, StoreUnavailableError
from ledger.sentences import Sentence
from ledger.sql_guards import unguarded
from ledger.verify import Verified, verify_log
from projections.apart import check_apart, hands_for
from projections.rebuild import Checked


class Audit(NamedTuple):
    """What was found."""

    verified: Verified
    kept: Kept
    witnesses: int
    """How many witnesses are known, so that their cosignatures were checked."""
    projections: list[Checked] | None
    """None if nobody asked for them."""
    warnings: list[Sentence]
    """What does not stand any more of what guards the log."""
    missing: MissingKeys

    @property
    def is_verified(self) -> bool:
        """Whether nothing was found; the log itself is what it was."""
        return not self.faults

    @property
    def faults(self) -> list[Sentence]:
        """What is wrong beside the log, in sentences."""
        unequal = [one.name for one in self.projections or () if not one.is_equal]
        faults = [self.missing.told()] if self.missing.total else []
        if unequal:
            faults.append(
                Sentence(
                    "not what the log gives, of the projections: {names}", names=", ".join(unequal)
                )
            )
        return faults


def run(
    *,
    checkpoint: str | None,
    key: str | None,
    policy: Path | None,
    with_projections: bool,
    processes: int | None,
    database: str | None,
    as_json: bool,
) -> int:
    """Verify; 0 if nobody rewrote the log, 1 and the first bad position if somebody did."""
    settings = settings_for(database)
    try:
        audit = run_async(_audit(settings, checkpoint, key, policy, processes, with_projections))
    except CorruptLogError as error:
        if as_json:
            told = {"is_verified": False, "position": error.position, "reason": error.reason}
            write_json(told)
        else:
            write_line(_not_verified(error))
        return 1
    except NoteUnverifiedError as error:
        if as_json:
            write_json({"is_verified": False, "position": None, "reason": str(error)})
        else:
            write_line(_not_verified(error))
        return 1
    if as_json:
        write_json(_told(audit))
    else:
        _tell(audit)
    return 0 if audit.is_verified else 1


def _told(audit: Audit) -> dict[str, object]:
    verified, (_, signed), expected = audit.verified, audit.kept, audit.kept.head
    told: dict[str, object] = {
        "is_verified": audit.is_verified,
        "size": verified.size,
        "root": verified.root.hex(),
        "checkpoint_size": expected.size if expected else None,
        "signed_by": signed.verifier.text() if signed else None,
        "trusted_key": signed.anchor.text() if signed else None,
        "checkpoints": verified.checkpoints,
        "cosignatures": verified.cosignatures,
        "witnesses_known": audit.witnesses,
    }
    told |= {
        "warnings": audit.warnings,
        "keys_missing": audit.missing.total,
        "keys_missing_of": audit.missing.counts,
        "reason": "; ".join(audit.faults) or None,
    }
    if audit.projections is not None:
        told["projections"] = [check_row(one) for one in audit.projections]
    return told


def _not_verified(why: object) -> Sentence:
    return Sentence("NOT VERIFIED: {why}", why=said(why))


def _tell(audit: Audit) -> None:
    verified, (_, signed), expected = audit.verified, audit.kept, audit.kept.head
    read = Sentence("{size} entries, root {root}", size=verified.size, root=verified.root.hex())
    if audit.is_verified:
        write_line(Sentence("verified: {read}", read=read))
    else:
        write_line(_not_verified("; ".join(map(said, audit.faults))))
        write_line(Sentence("the log itself is what it was: {read}", read=read))
    for warning in audit.warnings:
        write_line(Sentence("WARNING: {warning}", warning=warning))
    if expected is not None:
        write_line(
            Sentence("and they continue the checkpoint of {size} entries", size=expected.size)
        )
    if signed is not None:
        write_line(Sentence("which is signed by {key}", key=signed.verifier.text()))
        write_line(
            Sentence("the key that you trust")
            if signed.verifier == signed.anchor
            else Sentence(
                "introduced by {anchor}, the key that you trust", anchor=signed.anchor.text()
            ),
            indent="  ",
        )
    if verified.checkpoints:
        known = (
            Sentence("cosignatures of known witnesses: {count}", count=verified.cosignatures)
            if audit.witnesses
            else Sentence(
                "no witness is known here, so no cosignature was checked: give --policy FILE"
            )
        )
        write_line(
            Sentence(
                "and the checkpoints in the log, {count}, are signed by its keys; {known}",
                count=verified.checkpoints,
                known=known,
            )
        )
    if audit.projections is not None:
        tell_checked([check_row(one) for one in audit.projections])


def _verifiers_in(policy: Path) -> tuple[CosignatureVerifier, ...]:
    """The keys of a policy's witnesses."""
    return tuple(one.verifier for one in policy_in(policy).policy.witnesses.values())


async def _audit(
    settings: Settings,
    checkpoint: str | None,
    key: str | None,
    policy: Path | None,
    processes: int | None,
    with_projections: bool,
) -> Audit:
    async with opened(settings, is_writing=False) as (lent, store):
        kept = await kept_for(store, checkpoint, key)
        witnesses = known_witnesses(settings) if policy is None else _verifiers_in(policy)
        keys = KeyCount(store, at=utc_now())
        # Who verifies the projections is there from the start: to begin takes a process a second.
        size = await store.position()
        calling = hands_for(size, processes) if with_projections else nullcontext()
        with calling as helping:
            with progress("verify") as tell:
                verified = await verify_log(
                    store,
                    checkpoint=kept.head,
                    witnesses=witnesses,
                    progress=tell,
                    processes=processes,
                    helping=helping,
                    lacking=keys.see,
                )
            await hold(store, kept)
            beside = (await unguarded(lent), keys.found())
            if helping is None:
                return Audit(verified, kept, len(witnesses), None, *beside)
            projections = projections_of(lent)
            if not await projections.is_ready():
                # To make them would take away what a server of another version works with.
                raise StoreUnavailableError(
                    Sentence("The projections here are not those of this version of the code."),
                    Sentence("Use the version that keeps them, or run `cauri rebuild` first."),
                )
            checked: list[Checked] = []
            with progress("projections") as tell:
                async for one in check_apart(projections, settings.database_url, helping):
                    checked.append(one)
                    tell(len(checked), len(projections.names))
        checked.sort(key=lambda one: projections.names.index(one.name))
        return Audit(verified, kept, len(witnesses), checked, *beside)
