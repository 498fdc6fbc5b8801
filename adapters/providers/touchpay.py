"""TouchPay of InTouch (guTouch): one contract, the operators of several countries behind it.

Sources: no documentation is public. Everything here is what several published integrations agree
on (addresses, HTTP Digest, bodies, statuses, callbacks); where they differ it is read tolerantly,
and where they are silent nothing is assumed: not whether a repeated id is refused, not what is said
about an unknown one, not which failures there are.

What the answers mean for the money is in `adapters.providers._touchpay_answers`, the services in
`_touchpay_services`. A reference is `<payment id>-<number>`: `idFromClient` of a collection,
`partner_transaction_id` of a payout, and either is asked about by `check_status`.

Why nothing unknown is ever sent again: TouchPay has no idempotency key, and nobody has seen it
refuse a repeat. What it does not list is asked about ever more slowly, and stands on the worklist.

Why a payment without the one-time code that its service wants is declined here: another provider of
its plan may want none. A code for a service that wants none is not sent to it.

Why a callback only makes us ask: it carries no proof. Its address names the payment; its body is
read only to see that it is not about another one.

A collection goes by PUT with two secrets in the address and a digest besides; the others by POST
with the same two in the body, and by whatever the server asks for, digest or Basic.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final

from pydantic import Field, SecretStr
from yarl import URL

from adapters.answer import NotSentError, TransportError, object_in
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
    Unknown,
    Verdict,
    WebhookCall,
    WebhookProof,
    WebhookUnreadableError,
)
from adapters.contract import Contract
from adapters.digest import ChallengedCalls
from adapters.one_time_codes import without_any_code, without_code
from adapters.pages import PayerWay, home_of
from adapters.powers import Transfer
from adapters.providers._touchpay_answers import (
    REFUSALS,
    is_about,
    parse_status,
    parse_submission,
)
from adapters.providers._touchpay_services import (
    CODE_SERVICES,
    COLLECTIONS,
    COUNTRIES,
    CURRENCIES,
    PAYOUTS,
    route_of,
)
from adapters.refusals import Refusal
from adapters.transcript import Scrubber, said
from adapters.transport import OpenTransport
from ledger.commands import PaymentCommand, RequestInquiry
from ledger.money import Money, decimals_of

NAME: Final = "touchpay"


class Settings(ProviderSettings):
    """What a deployment says about its contract with InTouch."""

    base_url: str = Field(
        default="https://apidist.gutouch.net/apidist/sec",
        pattern=ADDRESS_PATTERN,
        description="Where the API is, before `/touchpayapi`; InTouch names another for a trial.",
    )
    agency_code: str = Field(
        pattern=r"^[A-Za-z0-9_-]{2,40}$",
        examples=["ABCDE0000"],
        description="The agency's code, which stands in every address.",
    )
    username: SecretStr = Field(min_length=4, description="The user of the HTTP authentication.")
    password: SecretStr = Field(min_length=4, description="Its password.")
    login_agent: SecretStr = Field(min_length=4, description="The agent's login.")
    agent_password: SecretStr = Field(min_length=4, description="The agent's password.")
    partner_id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{2,40}$",
        examples=["CI000000"],
        description="The partner's id, for payouts and questions.",
    )
    collection_services: dict[str, str] = Field(
        default={},
        description="Services for collections that the contract names otherwise, by operator: "
        '`{"mtn-ci": "..."}`.',
    )
    payout_services: dict[str, str] = Field(
        default={}, description="Services for payouts that the contract names otherwise, likewise."
    )
    code_services: tuple[str, ...] = Field(
        default=CODE_SERVICES,
        description="The services for collections that want the payer's one-time code.",
    )
    business_name: str | None = Field(
        default=None, max_length=60, description="What a payer's page shall call the merchant."
    )
    payer_email: str = Field(
        default="client@example.com",
        description="The address every payer is given: TouchPay wants one, and none is kept here.",
    )


class TouchpayAdapter:
    """TouchPay, one agency."""

    name: ClassVar[str] = NAME
    display_name: ClassVar[str] = "TouchPay (InTouch)"
    countries: ClassVar[frozenset[str]] = COUNTRIES
    currencies: ClassVar[frozenset[str]] = CURRENCIES
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"collection", "one_time_code", "payout"}
    )
    documentation_url: ClassVar[str] = "https://developers.intouchgroup.net"
    idempotent_powers: ClassVar[frozenset[Power]] = frozenset()
    webhook_proof: ClassVar[WebhookProof] = "nothing"
    is_askable: ClassVar[bool] = True
    finds_by_reference: ClassVar[frozenset[Power]] = frozenset({"collection", "payout"})
    reaches: ClassVar[frozenset[str]] = frozenset(COLLECTIONS)
    refusals: ClassVar[Mapping[str, Refusal]] = REFUSALS

    def __init__(self, settings: Settings, open_transport: OpenTransport) -> None:
        """Make the adapter; nothing is called before it is asked to."""
        self.pace: Pace = settings.pace
        self.contract = settings.contract(Contract(self.countries, self.currencies))
        self._settings = settings
        self._collections = {**COLLECTIONS, **settings.collection_services}
        self._payouts = {**PAYOUTS, **settings.payout_services}
        user, password = settings.username.get_secret_value(), settings.password.get_secret_value()
        self._login = settings.login_agent.get_secret_value()
        self._agent_password = settings.agent_password.get_secret_value()
        self._partner = {
            "partner_id": settings.partner_id,
            "login_api": self._login,
            "password_api": self._agent_password,
        }
        self._root = f"{settings.base_url}/{settings.agency_code}"
        self._scrubber = Scrubber(
            secret_keys={"loginAgent", "passwordAgent", "login_api", "password_api"}
            | {"recipientNumber", "recipient_phone_number", "recipient_id", "destinataire"}
            | {"recipientEmail", "recipientFirstName", "recipientLastName", "recipient_invoice_id"}
            | {"otp"}
            | {"payment_url", "deepLink", "OM", "MAXIT", "qrCode", "return_url", "cancel_url"},
            kept_keys={"amount", "fees", "commission", "idFromGU", "gu_transaction_id"}
            | {"numTransaction", "idFromClient", "partner_transaction_id", "dateTime"},
            secrets=(user, password, self._login, self._agent_password),
            personal_keys={"recipientNumber", "recipient_phone_number", "recipient_id"}
            | {"destinataire", "recipientEmail", "recipientFirstName", "recipientLastName"},
        )
        self._transport = open_transport(self.pace, name=self.name, scrub=self.scrub)
        # Two spaces of protection: collections are always under a digest, the others not always.
        self._collecting = ChallengedCalls(self._transport, user, password)
        self._partnering = ChallengedCalls(self._transport, user, password)

    def reference_for(self, payment_id: str, number: int) -> str:
        """Derive the id TouchPay is told."""
        return f"{payment_id}-{number}"

    def payer_way(self, operator_code: str) -> PayerWay:
        """Say by what an operator's customer confirms: a few services want a code."""
        service = self._collections.get(operator_code)
        return "code" if service in self._settings.code_services else "prompt"

    async def submit(self, charge: Charge, reference: str) -> Submission:
        """Ask TouchPay to collect; see `_touchpay_answers` for what the answers mean."""
        amount, route = whole(charge.money), route_of(charge.phone, self._collections)
        if amount is None or route is None:
            return _declined(charge.money, is_amount=amount is None)
        if charge.callback_url is None:
            reason = "TouchPay demands an address for its callback; set CAURI_PUBLIC_URL"
            return Declined(code="CALLBACK_URL_MISSING", reason=reason, is_technical=True)
        wants_code = route[0] in self._settings.code_services
        if wants_code and charge.one_time_code is None:
            reason = f"the service {route[0]} wants the payer's one-time code"
            return Declined(code="ONE_TIME_CODE_MISSING", reason=reason, is_technical=True)
        code = charge.one_time_code if wants_code else None
        query = {"loginAgent": self._login, "passwordAgent": self._agent_password}
        root = f"{self._settings.base_url}/touchpayapi/{self._settings.agency_code}"
        url = str(URL(f"{root}/transaction").with_query(query))
        body = build_collection(self._settings, charge, reference, amount, route, code)
        try:
            answer = await self._collecting.call("PUT", url, json=body, is_safe_to_repeat=False)
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        outcome = parse_submission(answer, reference)
        return outcome if code is None else without_code(outcome, code)

    async def inquire(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a reference, of a collection or of a payout."""
        try:
            answer = await self._partnering.call(
                "POST",
                f"{self._root}/check_status",
                json=self._partner | {"partner_transaction_id": reference},
                is_safe_to_repeat=True,
                is_inquiry=True,
            )
        except TransportError as error:
            return Unknown(error.reason)
        service = (object_in(answer.body) or {}).get("service_id")
        asked = parse_status(answer, reference)
        return without_any_code(asked) if service in self._settings.code_services else asked

    async def pay_out(self, transfer: Transfer, reference: str) -> Submission:
        """Pay a person by a cashin."""
        amount, route = whole(transfer.money), route_of(transfer.phone, self._payouts)
        if amount is None or route is None:
            return _declined(transfer.money, is_amount=amount is None)
        service, number = route
        body = self._partner | {
            "service_id": service,
            "recipient_phone_number": number,
            "amount": amount,
            "partner_transaction_id": reference,
            "call_back_url": transfer.callback_url or "",
        }
        try:
            answer = await self._partnering.call(
                "POST", f"{self._root}/cashin", json=body, is_safe_to_repeat=False
            )
        except NotSentError as error:
            return NotSent(error.reason)
        except TransportError as error:
            return Unknown(error.reason)
        return parse_submission(answer, reference)

    async def inquire_payout(self, reference: str, handle: Mapping[str, str] | None) -> Inquiry:
        """Ask what became of a payout."""
        return await self.inquire(reference, handle)

    def authenticate(
        self, call: WebhookCall, is_token: Callable[[str], bool] | None, now: datetime
    ) -> Verdict:
        """Say that a callback proves nothing."""
        return "unsigned"

    def translate(
        self, call: WebhookCall, verdict: Verdict, now: datetime
    ) -> Sequence[PaymentCommand]:
        """Turn a callback into a reason to ask."""
        return [parse_callback(call, now)]

    def scrub(self, transcript: str, *, keeps_persons: bool = False) -> str:
        """Remove credentials, numbers and addresses that act for the payer."""
        return self._scrubber(transcript, keeps_persons=keeps_persons)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()


ADAPTER = TouchpayAdapter


def whole(money: Money) -> int | None:
    """Return the amount in major units, None if it has a fraction."""
    units, fraction = divmod(money.amount_minor, 10 ** decimals_of(money.currency))
    return None if fraction else units


def build_collection(
    settings: Settings,
    charge: Charge,
    reference: str,
    amount: int,
    route: tuple[str, str],
    one_time_code: str | None = None,
) -> dict[str, object]:
    """Build the body of a collection; `additionnalInfos` is spelt so at TouchPay."""
    service, number = route
    home = charge.return_url or home_of(charge.callback_url or "")
    named = {"partner_name": settings.business_name} if settings.business_name else {}
    if one_time_code is not None:
        named["otp"] = one_time_code
    return {
        "idFromClient": reference,
        "additionnalInfos": {
            "recipientEmail": settings.payer_email,
            "recipientFirstName": "Client",
            "recipientLastName": "Client",
            "destinataire": number,
            "return_url": home,
            "cancel_url": charge.cancel_url or home,
            **named,
        },
        "amount": amount,
        "callback": charge.callback_url,
        "recipientNumber": number,
        "serviceCode": service,
    }


def parse_callback(call: WebhookCall, now: datetime) -> PaymentCommand:
    """Read a callback; a variant of it has all it says in the query and no body.

    Raises:
        WebhookUnreadableError: its address names no payment, or its body is about another one.
    """
    if call.payment_id is None or call.reference is None:
        raise WebhookUnreadableError("the address names no payment")
    body = object_in(call.body) if call.body else {}
    if body is None:
        raise WebhookUnreadableError("the body is no JSON object")
    if not is_about(body, call.reference):
        raise WebhookUnreadableError("the body is about another payment than the address")
    status = said(body.get("status"), length_max=40) or "nothing"
    reason = f"an unproved callback says {status}"
    return RequestInquiry(payment_id=call.payment_id, reason=reason, inquire_at=now)


def _declined(money: Money, *, is_amount: bool) -> Declined:
    if is_amount:
        reason = f"TouchPay takes whole amounts only, not {money}"
        return Declined(code="AMOUNT_NOT_WHOLE", reason=reason, is_technical=True)
    reason = "no service of the contract is known for the operator of this number"
    return Declined(code="OPERATOR_NOT_SERVED", reason=reason, is_technical=True)
