"""Orange Money in Burkina Faso: one call in XML, which takes the money by the payer's code.

Sources: no documentation is public. Everything here is what three published clients agree on
(faso-dev/orange-money-burkina-sdk, kulturman/Prestashop-orange-money-payment-module,
MastArnold/orangemoneysdk_java): one address, one body, an answer of elements without a root. Where
they are silent nothing is assumed; what the answers mean is in `_orange_bf_answers`.

The payer gets a code by dialling, gives it to the merchant, and the call with it moves the money
and says so at once. Nothing comes later: Orange calls nobody, and there is no call to ask about a
payment. So a payment whose answer was lost stays in doubt, is never sent again, and stands on the
worklist until an operator's note or a statement line tells.

A reference is twenty digits, drawn from payment and number: published clients send nothing but
digits as `ext_txn_id`, one of them was refused an "external reference error", and what else would
be taken is not known. `reference_number` is the same; whether either must be there is not known.

Why a payment without a code is declined here: another provider of its plan may want none.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import Field, SecretStr

from adapters.answer import NotSentError, TransportError
from adapters.base import (
    ADDRESS_PATTERN,
    Capability,
    Charge,
    Declined,
    Inquiry,
    NotSent,
    Pace,
    Power,
    ProviderSettings,
    Submission,
    Unaskable,
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
    WebhookUnreadableError,
)
from adapters.contract import Contract
from adapters.elements import written_elements
from adapters.one_time_codes import without_code
from adapters.pages import PayerWay
from adapters.providers._orange_bf_answers import PAID, REFUSALS, parse_payment
from adapters.refusals import Refusal
from adapters.transcript import Scrubber
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand

CURRENCY: Final = "XOF"
NUMBER: Final = re.compile(r"\+226([0-9]{8})", re.ASCII)
REFERENCE_DIGITS: Final = 20


class Settings(ProviderSettings):
    """What a deployment says about its account with Orange Burkina."""

    base_url: str = Field(
        default="https://apiom.orange.bf",
        pattern=ADDRESS_PATTERN,
        description="Where payments are sent; for a trial Orange names `https://testom.orange.bf`, "
        "or a port and a path of it.",
    )
    merchant_msisdn: str = Field(
        pattern=r"^[0-9]{8}$",
        examples=["74000000"],
        description="The eight digits of the merchant's number.",
    )
    api_username: SecretStr = Field(min_length=4, description="The account's user.")
    api_password: SecretStr = Field(min_length=4, description="Its password.")
    refusal_codes: tuple[Annotated[str, Field(pattern=r"^[0-9A-Za-z_]{1,20}$")], ...] = Field(
        default=(),
        description="Further statuses by which Orange says that no money moved, as its own papers "
        "list them: `990417,60019`. A payment with any other one stays in doubt.",
    )


class OrangeBfAdapter:
    """Orange Money Burkina Faso, one merchant."""

    name: ClassVar[str] = "orange_bf"
    display_name: ClassVar[str] = "Orange Money Burkina Faso"
    countries: ClassVar[frozenset[str]] = frozenset({"BF"})
    currencies: ClassVar[frozenset[str]] = frozenset({CURRENCY})
    capabilities: ClassVar[frozenset[Capability]] = frozenset({"collection", "one_time_code"})
    documentation_url: ClassVar[str] = "https://github.com/faso-dev/orange-money-burkina-sdk"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "no_webhooks"
    is_askable: ClassVar[bool] = False
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS
    reaches: ClassVar[frozenset[str]] = frozenset()
    own_rail_of: ClassVar[frozenset[str]] = frozenset({"orange-bf"})

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        self._refusal_codes = frozenset(REFUSALS) | (frozenset(settings.refusal_codes) - {PAID})
        self._user = settings.api_username.get_secret_value()
        self._password = settings.api_password.get_secret_value()
        self._scrubber = Scrubber(
            secret_keys={"customer_msisdn", "merchant_msisdn", "otp"}
            | {"api_username", "api_password"},
            kept_keys={"amount", "reference_number", "ext_txn_id", "transID"},
            secrets=(self._user, self._password),
            personal_keys={"customer_msisdn"},
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the digits that Orange is told."""
        drawn = int.from_bytes(hashlib.sha256(f"{payment_id}-{number}".encode()).digest())
        return f"{drawn % 10**REFERENCE_DIGITS:0{REFERENCE_DIGITS}}"

    def payer_way(self, operator_code: str) -> PayerWay:
        """Every payer needs a code."""
        del operator_code
        return "code"

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Take the money by the payer's code; see `_orange_bf_answers` for what answers mean."""
        payer, code = NUMBER.fullmatch(charge.phone), charge.one_time_code
        if payer is None:
            reason = "Orange Burkina takes numbers of +226 and eight digits"
            return Declined(code="NUMBER_NOT_BURKINABE", reason=reason)
        if charge.money.currency != CURRENCY:
            reason = f"Orange Burkina takes {CURRENCY}, not {charge.money.currency}"
            return Declined(code="CURRENCY_NOT_XOF", reason=reason, is_technical=True)
        if code is None:
            reason = "Orange Burkina takes a payment by the payer's one-time code alone"
            return Declined(code="ONE_TIME_CODE_MISSING", reason=reason, is_technical=True)
        command = {
            "TYPE": "OMPREQ",
            "customer_msisdn": payer[1],
            "merchant_msisdn": self._settings.merchant_msisdn,
            "api_username": self._user,
            "api_password": self._password,
            "amount": str(charge.money.amount_minor),
            "PROVIDER": "101",
            "PROVIDER2": "101",
            "PAYID": "12",
            "PAYID2": "12",
            "otp": code,
            "reference_number": reference,
            "ext_txn_id": reference,
        }
        try:
            answer = await self._transport.call(
                "POST",
                self._settings.base_url,
                xml=written_elements(command, root="COMMAND"),
                is_safe_to_repeat=False,
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return without_code(parse_payment(answer, self._refusal_codes), code)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Say that there is no such question; nobody is called."""
        return Unaskable("Orange Burkina answers no question about a payment")

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Refuse whatever comes: Orange Burkina calls nobody."""
        return "refused"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Read nothing.

        Raises:
            WebhookUnreadableError: always; none of these calls is Orange Burkina's.
        """
        raise WebhookUnreadableError("Orange Burkina calls nobody")

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, numbers and codes."""
        return self._scrubber(transcript, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()


ADAPTER = OrangeBfAdapter
