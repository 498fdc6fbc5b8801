"""Whatever is created under a reference in the MTN sandbox, from its POST to its last word.

`admit` applies MTN's rules to a POST and books the payment, transfer or invoice or refuses it,
leaving nothing behind; `begin` sets the one timer that ends it; `answer_of` says what a status call
and a callback say.

The trick: between the check for a repeated reference and its entry in the books nothing is awaited,
so two simultaneous POSTs of one reference cannot both be accepted.

It knows no HTTP but the answers it refuses with. Sources: see `mtn_rules`.
"""

import hashlib
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
from yarl import URL

from adapters.sandbox.callbacks import Callback, CallbackSender
from adapters.sandbox.mtn_bodies import Asked, bad_request, read_body
from adapters.sandbox.mtn_books import ApiUser, BookedPayment, FinalWord, MtnBooks, Status
from adapters.sandbox.mtn_products import REQUEST_TO_PAY, RESOURCES, Product, Resource
from adapters.sandbox.mtn_rules import (
    DELAYED,
    JSON_TYPE,
    ONGOING,
    Code,
    MtnSandboxSettings,
    error,
    message_of,
)
from adapters.sandbox.mtn_scenarios import (
    FAILS_LATE,
    UNCOVERED,
    UNKNOWN_ORIGINAL,
    fails_at_post,
    failure_of,
    scenario_of,
)
from adapters.sandbox.server import RefusedError
from adapters.sandbox.timer import Timer


class MtnPayments:
    """The payments of one sandbox: admission, the passing of time, callbacks."""

    def __init__(
        self,
        settings: MtnSandboxSettings,
        books: MtnBooks,
        sender: CallbackSender,
        *,
        clock: Callable[[], datetime],
        timer: Timer,
    ) -> None:
        self._settings = settings
        self._books = books
        self._sender = sender
        self._clock = clock
        self._timer = timer
        self._is_stopped = False

    def resume(self) -> None:
        """Set the timers of the payments that a former process left unfinished.

        Callbacks that process had not sent yet are lost, as if it had been asked to lose them.
        """
        for payment in list(self._books.booked.values()):
            delay_seconds = self._delay_seconds(payment)
            if not payment.is_final and delay_seconds is not None:
                passed_seconds = (self._clock() - payment.accepted_at).total_seconds()
                self._end_later(payment, max(0.0, delay_seconds - passed_seconds))

    def stop(self) -> None:
        """Let no timer write in the books any more."""
        self._is_stopped = True

    def admit(
        self,
        user: ApiUser,
        resource: Resource,
        version: str,
        *,
        reference: str,
        callback_url: str | None,
        body: bytes,
    ) -> BookedPayment:
        """Book a payment; raises RefusedError, with nothing booked but the attempt."""
        try:
            payment = self._read(
                user,
                resource,
                version,
                reference=reference,
                callback_url=callback_url,
                asked=read_body(resource, body, self._settings),
            )
        except RefusedError:
            self._books.refuse(reference, resource.key)
            raise
        self._books.accept(payment)
        return payment

    async def begin(self, payment: BookedPayment) -> None:
        """Start the way to its final word; returns before the 202 may be answered."""
        delay_seconds = self._delay_seconds(payment)
        if delay_seconds is None:
            return
        if payment.callback_url is not None and self._sender.is_early(payment.reference):
            ended = self._end(payment)
            await self._sender.send_now(self._callback(ended, payment.callback_url))
        elif delay_seconds == 0:
            self._end_and_tell(payment)
        else:
            self._end_later(payment, delay_seconds)

    def cancel(self, payment: BookedPayment) -> BookedPayment:
        """End an open payment as called off, and tell."""
        return self._tell(self._end(payment, Code.TRANSACTION_CANCELED))

    def answer_of(self, payment: BookedPayment) -> dict[str, object]:
        """Return the body of a status answer, which is that of a callback too."""
        resource = RESOURCES[payment.resource]
        common = {
            "externalId": payment.external_id,
            "amount": payment.amount,
            "currency": payment.currency,
            "payerMessage": payment.payer_message,
            "payeeNote": payment.payee_note,
        }
        said: dict[str, object] = {name: common[name] for name in resource.repeats}
        said |= payment.details
        if "expirationDateTime" in said and self._settings.expiration_shape == "text":
            until = datetime.fromtimestamp(int(str(said["expirationDateTime"])), UTC)
            said["expirationDateTime"] = until.strftime("%Y-%m-%dT%H:%M:%S")
        if resource.transaction_key is not None:
            said[resource.transaction_key] = payment.financial_transaction_id
        if resource.person is not None and payment.person_id is not None:
            said[resource.person] = {
                "partyIdType": payment.person_type,
                "partyId": payment.person_id,
            }
        said |= {"status": payment.status, resource.reason_key: self._reason_of(payment)}
        return {name: value for name, value in said.items() if value is not None}

    def balance(self, product: Product, currency: str) -> Decimal:
        """What lies in the merchant's account of a product."""
        balance = Decimal(self._settings.opening_balance)
        for resource in RESOURCES.values():
            if resource.product == product and resource.moves is not None:
                moved = self._books.moved(resource.key, currency)
                balance += moved if resource.moves == "in" else -moved
        return balance

    def _reason_of(self, payment: BookedPayment) -> object:
        # The specification's own result of a cash transfer has a bare text too.
        is_object = self._settings.reason_shape == "object"
        if payment.reason is None or not is_object or RESOURCES[payment.resource].form == "cash":
            return payment.reason
        return {"code": payment.reason, "message": message_of(Code(payment.reason))}

    def _delay_seconds(self, payment: BookedPayment) -> float | None:
        if payment.scenario == ONGOING:
            return self._settings.approval_window_seconds
        if payment.scenario in {DELAYED, FAILS_LATE}:
            return self._settings.delayed_seconds
        return self._settings.decide_after_seconds

    def _end_later(self, payment: BookedPayment, seconds: float) -> None:
        self._timer.call_later(seconds, lambda: self._end_and_tell(payment))

    def _end_and_tell(self, payment: BookedPayment) -> None:
        present = self._books.of(payment.resource)[payment.reference]
        if not (self._is_stopped or present.is_final):
            self._tell(self._end(present))

    def _tell(self, ended: BookedPayment) -> BookedPayment:
        if ended.callback_url is not None:
            callback = self._callback(ended, ended.callback_url)
            self._timer.call_later(
                self._settings.callback_after_seconds, lambda: self._sender.send(callback)
            )
        return ended

    def _end(self, payment: BookedPayment, reason: Code | None = None) -> BookedPayment:
        resource = RESOURCES[payment.resource]
        reason = reason or failure_of(resource, payment.scenario)
        if reason is None and resource.moves == "out" and self._settings.balance_is_checked:
            balance = self.balance(resource.product, payment.currency)
            if balance < Decimal(payment.amount or 0):
                reason = Code.NOT_ENOUGH_FUNDS
        word = FinalWord(
            reference=payment.reference,
            resource=payment.resource,
            reason=None if reason is None else reason.value,
            at=self._clock(),
        )
        return self._books.decide(word)

    def _callback(self, payment: BookedPayment, url: str) -> Callback:
        headers = {"Content-Type": JSON_TYPE}
        if self._settings.callback_names_reference:
            headers["X-Reference-Id"] = payment.reference
        method = RESOURCES[payment.resource].posts[payment.version]
        return Callback(
            key=payment.reference,
            method=method or self._settings.callback_method,
            url=url,
            body=orjson.dumps(self.answer_of(payment)),
            headers=headers,
        )

    def _read(
        self,
        user: ApiUser,
        resource: Resource,
        version: str,
        *,
        reference: str,
        callback_url: str | None,
        asked: Asked,
    ) -> BookedPayment:
        """Return the payment a POST asks for, after all of MTN's checks; raises RefusedError."""
        if callback_url == "":
            if self._settings.empty_callback_url_is_refused:
                raise bad_request()
            callback_url = None
        if callback_url is not None and not self._is_host_of(user, callback_url):
            raise RefusedError(error(500, Code.INVALID_CALLBACK_URL_HOST))
        if self._books.is_taken(resource, reference, scope=self._settings.reference_scope):
            raise RefusedError(error(409, Code.RESOURCE_ALREADY_EXIST))
        if self._books.is_full:
            raise RefusedError(error(503, Code.SERVICE_UNAVAILABLE))
        scenario = scenario_of(
            resource,
            self._settings,
            person_id=asked.person_id,
            original=asked.original,
            amount=asked.amount,
        )
        person_type, person_id = asked.person_type, asked.person_id
        if resource.form == "refund" and scenario is None:
            paid = self._books.payments.get(asked.original or "")
            scenario = self._uncovered(paid, asked)
            if paid is not None:
                person_type, person_id = paid.person_type, paid.person_id
        self._refuse_at_post(resource, scenario)
        return BookedPayment(
            reference=reference,
            resource=resource.key,
            version=version,
            user_id=user.user_id,
            amount=asked.amount,
            currency=asked.currency,
            person_type=person_type,
            person_id=person_id,
            external_id=asked.external_id,
            payer_message=asked.payer_message,
            payee_note=asked.payee_note,
            original=asked.original,
            details={**asked.details, **self._made_details(resource, reference, asked)},
            callback_url=callback_url,
            scenario=scenario,
            accepted_at=self._clock(),
            status=_first_status(resource, scenario),
        )

    def _uncovered(self, paid: BookedPayment | None, asked: Asked) -> str | None:
        """Say why a payment does not cover a refund; None where it does."""
        if paid is None:
            return UNKNOWN_ORIGINAL
        left = Decimal(paid.amount or 0) - self._books.given_back(paid.reference)
        is_covered = left >= Decimal(asked.amount or 0) and paid.currency == asked.currency
        is_free = self._settings.uncovered_refund == "paid"
        return None if paid.status == "SUCCESSFUL" and (is_covered or is_free) else UNCOVERED

    def _refuse_at_post(self, resource: Resource, scenario: str | None) -> None:
        code = None
        if self._settings.scenarios_at_post:
            code = fails_at_post(resource, scenario)
        elif (
            scenario in {UNKNOWN_ORIGINAL, UNCOVERED}
            and self._settings.uncovered_refund == "refused"
        ):
            code = failure_of(resource, scenario)
        if code is not None:
            raise RefusedError(error(503 if code == Code.SERVICE_UNAVAILABLE else 500, code))

    def _made_details(self, resource: Resource, reference: str, asked: Asked) -> dict[str, object]:
        """Return the members of a status that the platform makes itself."""
        until = self._clock().astimezone(UTC) + timedelta(seconds=asked.validity_seconds or 0)
        if resource.form == "preapproval":
            return {"expirationDateTime": int(until.timestamp())}
        if resource.form == "bill":
            return {"referenceId": reference}
        if resource.form == "invoice":
            shown = until.replace(tzinfo=None).isoformat(timespec="milliseconds")
            return {
                "referenceId": reference,
                "invoiceId": number_of(reference),
                "expiryDateTime": shown,
            }
        return {}

    def _is_host_of(self, user: ApiUser, callback_url: str) -> bool:
        try:
            url = URL(callback_url)
            host = url.host or ""
        except ValueError:
            return False
        if not self._settings.callback_host_may_be_address and _is_address(host):
            return False
        return url.scheme in {"http", "https"} and host == user.callback_host.lower()


def number_of(reference: str) -> str:
    """Return ten digits that stand for a reference, as the platform's own numbers look."""
    digest = hashlib.sha256(reference.encode()).digest()
    return str(1_000_000_000 + int.from_bytes(digest[:5]) % 9_000_000_000)


def _first_status(resource: Resource, scenario: str | None) -> Status:
    # CREATED was measured for a delayed request to pay; nobody says it of the others.
    is_measured = resource.key == REQUEST_TO_PAY and scenario == DELAYED
    return "CREATED" if resource.is_created_first or is_measured else "PENDING"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
