"""Orange Burkina's server in this process: one call in XML that takes the money by a code.

    POST /    <COMMAND><TYPE>OMPREQ</TYPE>...</COMMAND>  ->  <status>200</status><message>...

The last two digits of the payer's number decide, and the answer says at once what became of it.
What is refused is in no books. It calls nobody, and answers no question about a payment.

Sources: three published clients; no documentation is public. What they leave open is a switch:
which status a wrong code has, or wrong credentials, or a code that is too old; what a repeated
`ext_txn_id` does, and whether there must be one; under which HTTP status an error comes.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from aiohttp import web
from pydantic import PositiveInt

from adapters.elements import elements_in, written_elements
from adapters.sandbox.callbacks import Callback
from adapters.sandbox.faults import Call, Faults
from adapters.sandbox.movements import Movement, Scenario, scenario_of
from adapters.sandbox.rail import NAMED, RailSandbox, RailSettings
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer, wait

ROOT: Final = "COMMAND"
DIGITS_MAX: Final = 18
UNLISTED: Final = "a status that nobody has listed"

USED, OTHER_AMOUNT = "990418", "08"
ENDINGS: Final[Mapping[str, str]] = {
    "50": f"`{USED}`: the code was used.",
    "51": f"Balance too low, with {UNLISTED}.",
    "52": f"The code is too old, with {UNLISTED}.",
    "53": "`990422`: has no Orange Money account.",
    "54": "Pays, but slowly.",
    "55": f"`{OTHER_AMOUNT}`: the code was made for another amount.",
}
"""The last two digits of a number -> what becomes of its payment, in words."""


class SandboxSettings(RailSettings):
    """The switches of the Orange Burkina sandbox."""

    merchant_msisdn: str = "74000000"
    api_username: str = "a-synthetic-user-of-orange-bf"
    api_password: str = "a-synthetic-password-&-more"  # noqa: S105 - of a sandbox
    fixed_code: str = "123456"
    """The code that is good for every payer."""
    unlisted_status: str = "999001"
    """What a wrong code, wrong credentials, an empty account and an old code are told: nobody knows
    the statuses of these, so it is one that nobody has listed."""
    no_account_status: Literal["990422", "00066"] = "990422"
    refusal_http_status: PositiveInt = 200
    credentials: Literal["status", "door"] = "status"
    """Whether wrong credentials are told by a status, or turned away with 403 and no word."""
    repeated_reference: Literal["accepted", "refused"] = "accepted"
    """Whether an `ext_txn_id` that was used moves money again; nobody has seen it refused."""
    wants_reference: bool = True
    """Whether there must be an `ext_txn_id`."""
    declares_xml: bool = False
    """Whether an XML declaration stands before the elements."""
    repeats_code: bool = False
    """Whether a wrong code is repeated in the message, as a careless server might."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A payment that may be taken."""

    phone: str
    amount: int
    reference: str


class OrangeBfSandbox(RailSandbox):
    """The server: `async with` it, or `start` and `stop`."""

    named_by = ("ext_txn_id",)

    def __init__(
        self,
        settings: SandboxSettings,
        *,
        clock: Callable[[], datetime],
        faults: Faults | None = None,
        timer: Timer | None = None,
    ) -> None:
        self.settings = settings
        super().__init__(settings, clock=clock, faults=faults, timer=timer)

    def routes(self) -> list[web.RouteDef]:
        """The one call there is."""
        return [web.post("/", self._pay)]

    def members_in(self, body: bytes) -> Mapping[str, object]:
        """Read a command."""
        return elements_in(body, root=ROOT) or {}

    def name_call(self, request: web.Request) -> Call | None:
        """Name the one call."""
        if request.path != "/":
            return None
        return Call(operation="pay", reference=request.get(NAMED, ""), moves_money=True)

    def callback_of(self, movement: Movement) -> Callback | None:
        """Give nothing: nobody is called."""
        return None

    def reason_of(self, movement: Movement) -> str | None:
        """Give nothing: what fails was never accepted."""
        return None

    async def _pay(self, request: web.Request) -> web.Response:
        command = elements_in(await request.read(), root=ROOT)
        wanted = self._checked(command or {})
        if self.books.is_full:
            raise RefusedError(self.error_answer(503))
        moved = await self.begin(
            Movement(
                id=f"MP{len(self.books.movements) + 1:010}",
                kind="collection",
                reference=wanted.reference or None,
                amount_minor=wanted.amount,
                currency="XOF",
                phone=wanted.phone,
                accepted_at=self.clock(),
            )
        )
        if scenario_of(wanted.phone) is Scenario.SLOW:
            await wait(self.timer, self.settings.slow_seconds)
        return self._answer("200", "Paiement effectue.", transID=moved.id)

    def _checked(self, command: Mapping[str, str]) -> _Wanted:
        """Read a payment that may be taken; raises RefusedError for every other one."""
        settings, unlisted = self.settings, self.settings.unlisted_status
        given = (command.get(name, "") for name in ("api_username", "api_password"))
        right = (settings.api_username, settings.api_password)
        pairs = zip(given, right, strict=True)
        if not all(hmac.compare_digest(one.encode(), two.encode()) for one, two in pairs):
            if settings.credentials == "door":
                raise RefusedError(web.Response(status=403))
            raise self._refuse(unlisted, "Identifiants incorrects.")
        phone, amount = command.get("customer_msisdn", ""), command.get("amount", "")
        reference = command.get("ext_txn_id", "")
        is_shaped = command.get("TYPE") == "OMPREQ" and amount.isdecimal() and int(amount) > 0
        if (
            not is_shaped
            or len(amount) > DIGITS_MAX
            or len(phone) != 8
            or command.get("merchant_msisdn") != settings.merchant_msisdn
            or (settings.wants_reference and not reference)
        ):
            raise self._refuse(unlisted, "Demande invalide.")
        self._check_payer(phone, command.get("otp", ""))
        is_repeat = bool(self.books.of_reference("collection", reference))
        if is_repeat and settings.repeated_reference == "refused":
            raise self._refuse(unlisted, "Reference externe en erreur.")
        return _Wanted(phone, int(amount), reference)

    def _check_payer(self, phone: str, code: str) -> None:
        unlisted = self.settings.unlisted_status
        if not hmac.compare_digest(code.encode(), self.settings.fixed_code.encode()):
            told = f" {code}" if self.settings.repeats_code else ""
            raise self._refuse(unlisted, f"Code{told} incorrect.")
        match scenario_of(phone):
            case Scenario.REFUSED:
                raise self._refuse(USED, "Code deja utilise.")
            case Scenario.POOR:
                raise self._refuse(unlisted, "Solde insuffisant.")
            case Scenario.EXPIRES:
                raise self._refuse(unlisted, "Code expire.")
            case Scenario.NO_ACCOUNT:
                raise self._refuse(self.settings.no_account_status, "Pas de compte Orange Money.")
            case Scenario.FLOAT_SHORT:
                raise self._refuse(OTHER_AMOUNT, "Le montant ne correspond pas au code.")

    def _refuse(self, status: str, message: str) -> RefusedError:
        answer = self._answer(status, message, http_status=self.settings.refusal_http_status)
        return RefusedError(answer)

    def _answer(
        self, status: str, message: str, *, http_status: int = 200, **more: str
    ) -> web.Response:
        declared = '<?xml version="1.0" encoding="UTF-8"?>' if self.settings.declares_xml else ""
        text = declared + written_elements({"status": status, "message": message, **more})
        return web.Response(status=http_status, text=text, content_type="text/xml")
