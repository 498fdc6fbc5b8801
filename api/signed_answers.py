"""Signed answers: whoever asks for it can prove later what he was told, and when.

RFC 9421 HTTP Message Signatures. A request that carries

    Accept-Signature: answer=("@status" "content-digest" "@path";req);nonce="c0ffee"

is answered with `Content-Digest` (RFC 9530), `Signature-Input` and `Signature`, made with the key
that signs the log's checkpoints (Ed25519). Covered are, whatever part of it was asked for:

- of the answer `@status`, `content-type`, `content-digest`, `cauri-position` (up to where
  in the log it speaks: of one payment, its own last event) and `cauri-checkpoint` (the latest
  checkpoint, as size and root), where the answer has them;
- of the request `@method`, `@path` and `@query`: an answer proves nothing without its question.

So the answer cannot be denied by us, nor altered or moved to another question by the merchant. The
`nonce` and `tag` that were asked for are signed too. A problem is signed like any other answer; but
nothing is signed for somebody without a key.

Why not `@authority` and `@target-uri`: behind a proxy the server does not know by which name it was
called. Why the log's own key: one key to know and to trust. A note and the base of a signature
cannot be taken for one another: the first line of a base has a space, which no log's name has.

What is streamed is not signed: it has no end to sign, or is too long to be held until then (an
export of more than 64 KiB).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

import http_sf
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureComponentResolver,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from api.errors import INVALID_REQUEST, Place, ProblemError
from api.wiring_services import Services
from ledger.checkpoint import Signer, Verifier
from ledger.errors import NoteError, NoteUnverifiedError
from ledger.introduction import ROTATED
from ledger.sentences import Sentence
from ledger.store import Clock

ACCEPT_HEADER: Final = "Accept-Signature"
CHECKPOINT_HEADER: Final = "Cauri-Checkpoint"

OF_THE_ANSWER: Final = (
    *("@status", "content-type", "content-digest"),
    *("cauri-position", "cauri-checkpoint"),
)
OF_THE_REQUEST: Final = ("@method", "@path", "@query")

HEADER_CHARACTERS_MAX: Final = 1_000
TEXT_CHARACTERS_MAX: Final = 100
"""The longest label, nonce and tag that are taken."""

_PARAMETERS: Final = frozenset({"created", "keyid", "alg", "nonce", "tag"})
_HOST: Final = "http://ledger"
"""What stands before a path where a whole address is wanted; it is not signed."""


class Asked(NamedTuple):
    """What a request asks of its answer's signature."""

    label: str
    nonce: str | None
    tag: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """The request that an answer belongs to, as far as it is signed."""

    method: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """An answer with what it answers: the message of RFC 9421."""

    status_code: int
    headers: Any
    request: Question


@dataclass(frozen=True, slots=True)
class Signing:
    """What is done to one answer, once it is made."""

    signer: "AnswerSigner"
    asked: Asked
    checkpoint: str | None

    def __call__(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Sign it."""
        if self.checkpoint is not None:
            answer.headers[CHECKPOINT_HEADER] = self.checkpoint
        self.signer.sign(self.asked, request, answer)


async def signing_of(services: Services, header: str, request: web.Request) -> Signing | None:
    """Read what a request asks of its answer's signature; None where the log's key is not here.

    The key is the one that signs the log at this moment, and the checkpoint the published one: all
    that the answer says stands at that checkpoint or later.

    Raises:
        ProblemError: it asks for what is not signed here.
    """
    maker = services.checkpoints
    signer = await maker.signer() if maker is not None else None
    if signer is None:
        return None
    signing = AnswerSigner(signer, clock=services.clock)
    asked = signing.asked(header)
    _check(_question_of(request))
    found = await services.commitments.published()
    checkpoint = None if found is None else f"{found.size};root=:{found.root}:"
    return Signing(signing, asked, checkpoint)


class AnswerSigner:
    """Signs answers with the log's key."""

    def __init__(self, signer: Signer, *, clock: Clock) -> None:
        self._signer, self._clock = signer, clock
        self._messages = HTTPMessageSigner(signature_algorithm=ED25519)

    def asked(self, header: str) -> Asked:
        """Read `Accept-Signature`.

        Raises:
            ProblemError: it is malformed, or asks for what is not signed here.
        """
        if len(header) > HEADER_CHARACTERS_MAX:
            _refuse(Sentence("It is longer than {limit} characters.", limit=HEADER_CHARACTERS_MAX))
        try:
            asked: Any = http_sf.parse(header.encode(), tltype="dictionary")
        except ValueError:
            _refuse(Sentence("It is no dictionary of structured fields (RFC 9651)."))
        if len(asked) != 1:
            _refuse(Sentence("It does not ask for exactly one signature."))
        [(label, (components, parameters))] = asked.items()
        if not isinstance(components, list):
            _refuse(Sentence("It does not list what is to be signed in parentheses."))
        for name, qualities in components:
            known = OF_THE_REQUEST if qualities.get("req") else OF_THE_ANSWER
            if name not in known or set(qualities) - {"req"}:
                _refuse(Sentence("{component} is not signed here.", component=http_sf.ser(name)))
        if set(parameters) - _PARAMETERS:
            _refuse(Sentence("It has a parameter that is not known here."))
        if parameters.get("alg", "ed25519") != "ed25519":
            _refuse(Sentence("Answers are signed by ed25519 alone."))
        if parameters.get("keyid", self.key_id) != self.key_id:
            _refuse(Sentence("Answers are signed by the key {key} alone.", key=self.key_id))
        for name in ("nonce", "tag"):
            told = parameters.get(name, "")
            if not isinstance(told, str) or len(told) > TEXT_CHARACTERS_MAX:
                _refuse(Sentence("Its {name} is no text, or too long.", name=name))
        if len(label) > TEXT_CHARACTERS_MAX:
            _refuse(Sentence("Its {name} is no text, or too long.", name="label"))
        return Asked(label, parameters.get("nonce"), parameters.get("tag"))

    @property
    def key_id(self) -> str:
        """The key's name and id, as the log's keys are listed."""
        verifier = self._signer.verifier
        return f"{verifier.name}+{verifier.key_id.hex()}"

    def sign(self, asked: Asked, request: web.Request, answer: web.StreamResponse) -> None:
        """Sign an answer in place, once its other headers are set; a stream is left as it is."""
        if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes | None):
            return
        answer.headers.setdefault("Content-Type", answer.content_type)
        message = SignedAnswer(answer.status, answer.headers, _question_of(request))
        covered = [name for name in OF_THE_ANSWER if name[0] == "@" or name in answer.headers]
        prepared = self._messages.prepare(
            message,
            key_id=self.key_id,
            created=self._clock(),
            nonce=asked.nonce,
            label=asked.label,
            tag=asked.tag,
            covered_component_ids=[*covered, *(f'"{name}";req' for name in OF_THE_REQUEST)],
            body=answer.body or b"",
        )
        signature = self._signer.sign_base(prepared.signature_base)
        self._messages.apply(message, prepared, signature)


def _question_of(request: web.Request) -> Question:
    return Question(request.method, f"{_HOST}{request.raw_path}", {})


def _check(question: Question) -> None:
    """Refuse a question that cannot be signed, before anything is done about it."""
    try:
        HTTPSignatureComponentResolver(question)  # type: ignore[no-untyped-call] # it has no types
    except HTTPMessageSignaturesException:
        _refuse(Sentence("The request's method or address is not written as RFC 3986 has it."))


class _Given(MappingKeyResolver):
    """The keys that somebody trusts; another one is told apart from a signature that is wrong."""

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        """See `MappingKeyResolver`; raises KeyError."""
        found = self.public_keys[key_id]
        assert isinstance(found, Ed25519PublicKey)
        return found


def verify_answer(
    answer: SignedAnswer, body: bytes, verifiers: Mapping[str, Verifier]
) -> Mapping[str, str]:
    """Verify an answer that was kept; the components that its signature covers.

    Args:
        answer: its status, its headers and the question it answered.
        body: its body, byte for byte.
        verifiers: the log's keys, by `<name>+<id>`.

    Raises:
        NoteUnverifiedError: none of them signed this answer to this question.
    """
    keys = {
        key_id: Ed25519PublicKey.from_public_bytes(one.public_key)
        for key_id, one in verifiers.items()
    }
    checker = HTTPMessageVerifier(
        signature_algorithm=ED25519,
        key_resolver=_Given(public_keys=keys, private_keys={}),
    )
    if not answer.headers.get("signature") or not answer.headers.get("signature-input"):
        raise NoteUnverifiedError(
            "the answer is not signed: it has no Signature and no Signature-Input"
        )
    required = ["@status", *(f'"{name}";req' for name in OF_THE_REQUEST)]
    try:
        [found] = checker.verify(answer, max_age=None, require_components=required, body=body)
    except (HTTPMessageSignaturesException, ValueError) as error:
        if isinstance(error.__cause__, KeyError):
            reason = f"it is signed by a key that was not given; {ROTATED}"
        else:
            # The library says nothing where the bytes are simply not those that were signed.
            reason = (
                "its signature does not fit: another question, or a changed header, status or body "
                f"({str(error) or 'the signed bytes are others'})"
            )
        raise NoteUnverifiedError(reason) from None
    return found.covered_components


def read_answer(text: bytes, question: str) -> tuple[SignedAnswer, bytes]:
    """Read an answer as `curl -i` prints it.

    Args:
        text: status line, headers, an empty line, and the body.
        question: the request's method and path, `GET /v1/payments/pay_1`.

    Raises:
        NoteError: it is none.
    """
    head, gap, body = text.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    method, _, path = question.partition(" ")
    with suppress(ValueError, IndexError):
        status = int(status_line.split(" ")[1])
        if gap and path.startswith("/"):
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            return SignedAnswer(status, headers, Question(method, f"{_HOST}{path}", {})), body
    raise NoteError(
        "this is no answer as `curl -i` prints it, or no question such as `GET /v1/...`"
    )


def _refuse(reason: Sentence) -> NoReturn:
    remedy = Sentence(
        'Send `answer=("@status" "content-digest" "@method";req "@path";req)`, or leave it out.'
    )
    place = Place("header", ACCEPT_HEADER, reason, remedy)
    raise ProblemError(INVALID_REQUEST, place.sentence, [place])
