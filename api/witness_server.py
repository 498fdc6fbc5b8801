"""The witness's door: `POST /add-checkpoint` of C2SP tlog-witness, and a page for people.

All judging, remembering and signing is done by one thread, one request after the other: so what is
compared with the last checkpoint is still the last one when the next is written, for every log, and
nothing is signed that is not durable. A request that nobody waits for any more is finished all the
same.

It knows no ledger and no database; it has its folder, its clock and its key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from adapters.refusal_texts import Language
from api.problems import language_of
from api.witness_files import Watched, WitnessError, WitnessFiles
from api.witness_page import page_of
from api.witness_signs import WitnessSigns
from ledger.cosignature import Cosigner
from ledger.errors import NoteError, reason_of
from ledger.store import Clock
from ledger.witness import (
    REQUEST_BYTES_MAX,
    AddCheckpoint,
    Seen,
    SignKind,
    Verdict,
    judge,
    origin_of,
)

IN_FLIGHT_MAX: Final = 64
"""How many requests wait for their turn; one more is told to come back."""

BODY_SECONDS_MAX: Final = 10.0
SIZE_TYPE: Final = "text/x.tlog.size"
REFUSALS_SHOWN_MAX: Final = 100
SIGNS_SHOWN_MAX: Final = 100

SIGN_EVENTS: Final[Mapping[SignKind, str]] = {
    "smaller": "witness.asked_about_less",
    "unknown_key": "witness.key_unknown",
}
"""What the logs call a sign."""

log = structlog.get_logger()


class Witness:
    """Judges checkpoints and cosigns them."""

    def __init__(self, files: WitnessFiles, cosigner: Cosigner, *, clock: Clock) -> None:
        self.files, self.cosigner, self.clock = files, cosigner, clock
        self.signs = WitnessSigns(files.folder)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="witness")
        self._waiting = 0

    async def answer(self, body: bytes) -> tuple[Verdict, str]:
        """Answer a request: the verdict, and of 200 the cosignature line.

        Raises:
            WitnessError, OSError: nothing was cosigned, for it could not be remembered.
        """
        try:
            request = AddCheckpoint.from_body(body)
            origin = origin_of(request.note)
        except NoteError as error:
            return Verdict(400, str(error)), ""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._decide, request, origin)

    def _decide(self, request: AddCheckpoint, origin: str) -> tuple[Verdict, str]:
        keys = self.files.keys()
        seen = {origin: self.files.seen(origin)} if origin in keys else {}
        verdict, now = judge(request, seen, keys), self.clock()
        if verdict.evidence is not None and self._keep_evidence(origin, request, verdict, now):
            size = (verdict.seen or Seen()).size
            log.error("witness.refused", origin=origin, kind=verdict.evidence, cosigned_size=size)
        if verdict.sign is not None:
            self._count(origin, request, verdict, now)
        if verdict.status != 200:
            return verdict, ""
        assert verdict.seen is not None
        self.files.keep(origin, verdict.seen, now)
        return verdict, self.cosigner.cosign(verdict.text, int(now.timestamp())).line()

    def _count(self, origin: str, request: AddCheckpoint, verdict: Verdict, now: datetime) -> None:
        try:
            sign = self.signs.add(origin, request, verdict, now)
        except OSError as error:
            log.exception("witness.sign_lost", origin=origin, error=reason_of(error))
            return
        if sign.is_worth_a_line:
            told = {"size": sign.size, "cosigned_size": sign.cosigned_size, "times": sign.times}
            log.warning(SIGN_EVENTS[sign.kind], origin=origin, keys=list(sign.keys), **told)

    def _keep_evidence(
        self, origin: str, request: AddCheckpoint, verdict: Verdict, now: datetime
    ) -> bool:
        try:
            return self.files.keep_evidence(origin, request, verdict, now)
        except OSError as error:
            # A refusal stays one, also where the disk is full.
            log.exception("witness.evidence_lost", origin=origin, error=reason_of(error))
            return False

    async def add_checkpoint(self, request: web.Request) -> web.Response:
        """`POST /add-checkpoint`."""
        if self._waiting >= IN_FLIGHT_MAX:
            return _plain(503, "too many requests are waiting", {"Retry-After": "1"})
        self._waiting += 1
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                body = await request.read()
            verdict, line = await self.answer(body)
        except TimeoutError:
            return _plain(408, "the request did not arrive in time", {"Connection": "close"})
        except (WitnessError, OSError) as error:
            log.exception("witness.failed", error=reason_of(error))
            return _plain(500, "what was seen could not be kept or read; nothing was cosigned")
        finally:
            self._waiting -= 1
        if verdict.status == 200:
            return _plain(200, line.removesuffix("\n"))
        if verdict.status == 409:
            size = (verdict.seen or Seen()).size
            return _answer(409, f"{size}\n".encode(), SIZE_TYPE)
        return _plain(verdict.status, verdict.reason)

    async def show(self, request: web.Request) -> web.Response:
        """`GET /`: what this witness has seen, for people."""
        language = language_of(request.headers.get("Accept-Language"))
        loop = asyncio.get_running_loop()
        html = await loop.run_in_executor(self._thread, self._page, language)
        headers = {
            "Content-Language": language,
            "Vary": "Accept-Language",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        }
        return _answer(200, html.encode(), "text/html", headers)

    def _page(self, language: Language) -> str:
        watched: list[Watched | str] = []
        for origin in sorted(self.files.keys()):
            try:
                watched.append(self.files.watched(origin))
            except WitnessError:
                watched.append(origin)
        refusals = list(self.files.refusals())
        key = self.cosigner.verifier
        shown = refusals[-REFUSALS_SHOWN_MAX:]
        signs = self.signs.all(self.files.keys())[:SIGNS_SHOWN_MAX]
        return page_of(language, key, watched, shown, len(refusals), signs)

    def close(self) -> None:
        """Finish what was begun."""
        self._thread.shutdown(wait=True)


def witness_app(witness: Witness) -> web.Application:
    """Make the application; the witness is closed with it."""
    app = web.Application(client_max_size=REQUEST_BYTES_MAX)
    app.router.add_post("/add-checkpoint", witness.add_checkpoint)
    app.router.add_get("/", witness.show)

    async def closing(_: web.Application) -> AsyncIterator[None]:
        yield
        witness.close()

    app.cleanup_ctx.append(closing)
    return app


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return _answer(status, f"{text}\n".encode(), "text/plain", headers)


def _answer(
    status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
) -> web.Response:
    response = web.Response(status=status, body=body, content_type=content_type, headers=headers)
    if content_type != SIZE_TYPE:
        response.charset = "utf-8"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
