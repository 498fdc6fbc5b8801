"""What a page is asked for, and what its forms send: lenient where a payer's browser may add."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Token = Annotated[str, StringConstraints(max_length=64)]
Number = Annotated[int, Field(ge=0, le=100)]


class PageQuery(BaseModel):
    """How to show a page; whatever else an address got on its way is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lang: str | None = Field(default=None, description="`fr` or `en`.")
    embed: str | None = Field(default=None, description="`1`: it is shown inside another page.")
    help: str | None = Field(
        default=None, description="`1`: tell what has become of the payment, and what to do."
    )
    country: str | None = Field(
        default=None,
        description="ISO 3166: offer this country's operators, if they can be paid by.",
    )
    go: str | None = Field(default=None, description="`1`: lead on to the provider's page.")


class CheckoutForm(BaseModel):
    """What the page's forms send."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    do: Literal["pay", "code", "cancel"]
    token: Token
    attempt: Number
    phone: Annotated[str, StringConstraints(max_length=200)] = Field(default="", repr=False)
    email: Annotated[str, StringConstraints(max_length=300)] = Field(default="", repr=False)
    operator: Annotated[str, StringConstraints(max_length=40)] = ""
    one_time_code: Annotated[str, StringConstraints(max_length=40)] = Field(default="", repr=False)
    number: Number = 0
    """Which code it is."""
