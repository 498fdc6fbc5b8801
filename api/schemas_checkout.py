"""The shapes of checkout sessions over HTTP: what is asked for, and what is answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.schemas import (
    Amount,
    Country,
    Currency,
    EmailAddress,
    Metadata,
    Person,
    Position,
    PositionQuery,
    Request,
    Response,
    ReturnUrl,
)
from ledger.checkout import CheckoutStatus
from ledger.identity import Outcome

Origin = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")
]


class ExpectedPayer(Person):
    """Whom you expect to pay: the form is filled in with it, for whoever has the page's address.

    A number has to be there: it is under the key of its person that all of this is sealed, so that
    it is forgotten with them.
    """

    email: EmailAddress | None = Field(
        default=None,
        repr=False,
        examples=["aminata@example.com"],
        description="Where the receipt goes unless the customer writes another address.",
    )


class CheckoutRequest(Request):
    """Ask for a page on which a customer may pay an amount, once."""

    amount: Amount = Field(
        description="A decimal string in major units, never a number.", examples=["1500"]
    )
    currency: Currency = Field(description="ISO 4217.", examples=["XAF"])
    description: Annotated[str, StringConstraints(max_length=160)] | None = Field(
        default=None,
        description="What the customer pays for; shown on the page.",
        examples=["Two chickens"],
    )
    merchant_name: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = Field(
        default=None, description="What the page calls you; by default your name as a merchant."
    )
    payer: ExpectedPayer | None = Field(
        default=None,
        description="The customer's number, and address for the receipt, where you know them; the "
        "customer may still change both.",
    )
    asks_email: bool | None = Field(
        default=None,
        description="Whether the page asks for an e-mail address for the receipt, which the "
        "customer may leave out; by default it does where this server sends mail. With `false` the "
        "receipt goes to `payer.email`, if there is one.",
    )
    country: Country | None = Field(
        default=None,
        description="ISO 3166 country of the customers' numbers; by default yours.",
    )
    language: Literal["fr", "en"] | None = Field(
        default=None, description="The page's first language; by default the browser's."
    )
    return_url: ReturnUrl | None = Field(
        default=None, description="Where the page leads back to once it is paid."
    )
    cancel_url: ReturnUrl | None = Field(
        default=None, description="Where it leads back to otherwise; by default `return_url`."
    )
    embed_origin: Origin | None = Field(
        default=None,
        description="The origin of the page of yours that may show it in a frame.",
        examples=["https://shop.example"],
    )
    metadata: Metadata | None = Field(
        default=None,
        description="Your own pairs; sealed, and given back with the session and its payments.",
    )
    expires_in_seconds: Annotated[int, Field(ge=300, le=604_800)] | None = Field(
        default=None, description="How long it can be paid; by default a day."
    )


class CheckoutReceipt(Response):
    """A session that was created; a repeat of the request is answered with the same."""

    id: str = Field(description="Whoever knows it can see the page.")
    status: Literal["open"]
    url: str = Field(description="The page: send your customer there.")
    qr_svg_url: str = Field(description="The page's address as a QR code, an SVG image.")
    amount: str
    currency: str
    merchant_id: str
    created_at: datetime
    expires_at: datetime
    position: Position = Field(description="The position of `checkout.created` in the log.")


class CheckoutAttemptOut(Response):
    """One time that the customer tried to pay."""

    number: int
    payment_id: str = Field(description="Look at it as at any other payment.")
    outcome: Outcome | None = Field(
        description="How it ended without money moving; null while money may move, or has moved."
    )


class ExpectedPayerOut(Response):
    """Whom the merchant expects to pay."""

    phone: str = Field(description="International.")
    email: str | None


class CheckoutOut(Response):
    """A session as its events say."""

    id: str
    status: CheckoutStatus
    url: str
    qr_svg_url: str
    amount: str
    currency: str
    merchant_id: str
    merchant_name: str | None = Field(description="As the page says it; null for other roles.")
    country: str
    language: Literal["fr", "en"] | None
    description: str | None = Field(description="As you sent it; null for other roles.")
    metadata: dict[str, str] | None = Field(description="As you sent it; null for other roles.")
    payer: ExpectedPayerOut | None = Field(
        description="As you sent it; null for other roles, and once that person was erased."
    )
    asks_email: bool | None = Field(description="As you sent it; null for other roles.")
    is_erased: bool = Field(description="Whether whoever paid on the page was forgotten.")
    return_url: str | None
    cancel_url: str | None
    embed_origin: str | None
    payment_id: str | None = Field(description="The payment that paid it.")
    attempts: list[CheckoutAttemptOut]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    position: Position
    version: int


class CheckoutSummary(Response):
    """A session in a list."""

    id: str
    status: CheckoutStatus
    amount: str
    currency: str
    merchant_id: str
    attempts: int
    payment_id: str | None = Field(description="What paid it, else that of the last attempt.")
    created_at: datetime
    expires_at: datetime
    position: Position


class CheckoutPage(Response):
    """A page of sessions, newest first."""

    position: Position = Field(description="The log position the list stands at.")
    sessions: list[CheckoutSummary]
    next_after: Position | None = Field(description="`after` of the next page; null: no more.")


class CheckoutsQuery(PositionQuery):
    """Which sessions."""

    status: CheckoutStatus | None = None
    merchant_id: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="Only for keys that see every merchant."
    )
    after: Position | None = Field(default=None, description="`next_after` of the page before.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
