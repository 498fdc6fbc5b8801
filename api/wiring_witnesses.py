"""The log's witnesses, put together from the policy and the settings: a part of `api.wiring`."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from adapters.addresses import ForbiddenAddressError, checked_url
from adapters.gathering import ANSWER_BYTES_MAX, Asked, Gatherer
from adapters.transport_outward import Outward
from api.background import Background
from api.settings import Fault, Settings, SettingsError
from api.wiring_log import LogCare
from ledger.cosignature import CosignatureVerifier
from ledger.handling import Handler
from ledger.policy import Policy, PolicyError, read_policy
from ledger.proving import prove_consistency
from ledger.sentences import Sentence
from projections.commitments import CommitmentsProjection
from projections.witnesses import WitnessesProjection

_FILE = "CAURI_WITNESS_POLICY_FILE"
_NAMES = "CAURI_WITNESSES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessing:
    """Whose cosignatures count, and what asks for them."""

    policy: Policy
    gatherer: Gatherer


def policy_for(settings: Settings) -> tuple[Policy, tuple[Asked, ...]] | None:
    """Read the policy, and whom of it to ask; None where there is none.

    Raises:
        SettingsError: the policy or the addresses cannot be used.
    """
    path = settings.witness_policy_file
    if path is None:
        if settings.witnesses:
            reason = Sentence("there is no policy that says whose keys these are.")
            remedy = Sentence("Set {name}, or leave it out.", name=_FILE)
            raise SettingsError([Fault(_NAMES, reason, remedy)])
        return None
    try:
        policy = read_policy(path.read_bytes())
    except OSError as error:
        reason = Sentence("the file cannot be read: {error}.", error=type(error).__name__)
        remedy = Sentence("Name a C2SP tlog-policy file.")
        raise SettingsError([Fault(_FILE, reason, remedy)]) from None
    except PolicyError as error:
        reason = Sentence("{said}.", said=error.args[0])
        raise SettingsError([Fault(_FILE, reason, Sentence("Correct that line."))]) from None
    urls = _urls(settings, policy)
    faults = _faults(settings, policy)
    asked = []
    for name, url in urls.items():
        try:
            checked_url(url, allows_loopback=not settings.is_production)
        except ForbiddenAddressError as error:
            reason = Sentence("{name!r} is not asked: {reason}.", name=name, reason=error.reason)
            remedy = Sentence("Write an https address on the public internet.")
            faults.append(Fault(_NAMES, reason, remedy))
        asked.append(Asked(name, policy.witnesses[name].verifier, url))
    if faults:
        raise SettingsError(faults)
    return policy, tuple(asked)


def known_witnesses(settings: Settings) -> tuple[CosignatureVerifier, ...]:
    """The keys of the policy's witnesses; none where there is no policy."""
    found = policy_for(settings)
    return tuple(one.verifier for one in found[0].witnesses.values()) if found else ()


def _urls(settings: Settings, policy: Policy) -> Mapping[str, str]:
    urls = {one.name: one.url for one in policy.witnesses.values() if one.url is not None}
    faults = []
    for entry in settings.witnesses:
        name, found, url = entry.partition("=")
        if not found or name not in policy.witnesses:
            reason = Sentence(
                "{entry!r} is not name=address of a witness of the policy.", entry=entry[:100]
            )
            remedy = Sentence("Use the names of the policy's witness lines.")
            faults.append(Fault(_NAMES, reason, remedy))
        urls[name] = url
    if faults:
        raise SettingsError(faults)
    return urls


def _faults(settings: Settings, policy: Policy) -> list[Fault]:
    faults = []
    if policy.logs and not any(one.name == settings.log_name for one in policy.logs):
        reason = Sentence(
            "it has keys of other logs, and none of {name!r}.", name=settings.log_name
        )
        remedy = Sentence("Add this log's own log line, or leave them all out.")
        faults.append(Fault(_FILE, reason, remedy))
    names = [one.verifier.name for one in policy.witnesses.values()]
    if len(set(names)) < len(names):
        reason = Sentence("two witnesses have keys of one name, and could not be told apart.")
        remedy = Sentence("Name each witness's key for itself.")
        faults.append(Fault(_FILE, reason, remedy))
    return faults


async def witnessing(
    settings: Settings,
    handler: Handler,
    commitments: CommitmentsProjection,
    witnesses: WitnessesProjection,
    stack: AsyncExitStack,
) -> Witnessing | None:
    """Make what asks the witnesses; None where there is no policy. Closed with the stack.

    Raises:
        SettingsError: see `policy_for`.
    """
    read = policy_for(settings)
    if read is None:
        return None
    policy, asked = read
    outward = Outward(
        seconds_max=settings.witness_seconds_max,
        allows_loopback=not settings.is_production,
        answer_bytes_max=ANSWER_BYTES_MAX,
    )
    stack.push_async_callback(outward.close)
    rows = await witnesses.all()
    gatherer = Gatherer(
        asked,
        handler,
        outward,
        prove=partial(prove_consistency, handler.store),
        latest=partial(_latest, commitments),
        sizes={row.witness: row.cosigned_size for row in rows if row.cosigned_size is not None},
    )
    return Witnessing(policy=policy, gatherer=gatherer)


def start_log_work(background: Background, kept: LogCare, witnessing: Witnessing | None) -> None:
    """Let the log be kept, and witnesses be asked."""
    kept.start(background)
    if witnessing is not None:
        background.start("witnesses", witnessing.gatherer.run())


async def _latest(commitments: CommitmentsProjection) -> str | None:
    last = await commitments.latest()
    return None if last is None else last.note
