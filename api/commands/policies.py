"""A policy that a command is given: a C2SP tlog-policy file, which says whom somebody trusts."""

from pathlib import Path
from typing import NamedTuple

from ledger.errors import InvalidInputError
from ledger.policy import Policy, PolicyError, read_policy
from ledger.sentences import Sentence


class PolicyFile(NamedTuple):
    """A policy, and the bytes it was read from."""

    content: bytes
    policy: Policy


def policy_in(file: Path) -> PolicyFile:
    """Read a policy file.

    Raises:
        InvalidInputError: it is none; says which line.
        OSError: it cannot be read.
    """
    content = file.read_bytes()
    try:
        return PolicyFile(content, read_policy(content))
    except PolicyError as error:
        reason = Sentence("it is no policy ({error}).", error=error.args[0])
        raise InvalidInputError("policy", reason, Sentence("Correct that line.")) from None
