"""The directory over HTTP: whose number it is and who would carry, or all operators to choose from.

Made for a checkout: it lists the operators of its country, shows their examples and limits, and
names one in the payment; or it has a number and asks what it tells. Nobody is asked: what a number
tells is a guess where numbers move between operators, and it is never repeated.

The plan of a kind is that of a payment that names nothing but the operator, in the currency of its
wallets and of an amount within all limits. An empty one says that no enabled provider does it;
who would, but has no contract for it here, is told beside it.
"""

from typing import Annotated

from aiohttp import web
from pydantic import Field, RootModel, StringConstraints

from adapters.directory import BY_CODE, COUNTRIES, Operator, parse_phone
from adapters.directory_operators import prefixes_of
from adapters.directory_rails import Limit, limits_of
from adapters.refusal_texts import Language
from api.calls import Call, answer
from api.documents import CandidateOut
from api.french import FRENCH
from api.kept_reasons import kept_reason
from api.problems import language_of
from api.routing import left_out_of, plan_of
from api.schemas import Country, Query, Response
from api.views import decimal_text
from ledger.identity import Kind
from ledger.sentences import Sentence


class OperatorsQuery(Query):
    """Which number, or the operators of which country."""

    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None, description="The number to tell about; without it all operators are listed."
    )
    country: Country | None = Field(
        default=None,
        description="Of a national number, by default the merchant's; of a list, by default all.",
    )


class AmountLimit(Response):
    """Between what an amount must lie, as far as a source tells; null: it does not."""

    minimum: str | None
    maximum: str | None
    multiple: str | None = Field(description="What an amount must be a multiple of.")
    currency: str
    provider: str | None = Field(description="Through which provider; null: through any.")
    is_binding: bool = Field(
        description="Whether an amount outside is refused; if not, others have only seen it so."
    )
    source: str


class Movement(Response):
    """One kind of movement: who would carry it, and what amounts."""

    plan: list[CandidateOut] = Field(description="The enabled providers, best first.")
    left_out: list[CandidateOut] = Field(
        description="Those that reach the operator, but are not set up for it here, and why."
    )
    limits: list[AmountLimit]


class NumberForm(Response):
    """How a country writes its mobile numbers."""

    calling_code: str = Field(description="What stands after the `+`.")
    digits: list[int] = Field(description="How many digits they have at home.")
    trunk_prefix: str | None = Field(description="What is dialled before them at home.")


class OperatorOut(Response):
    """One operator of the directory."""

    operator: str = Field(description="Its code, to be named in a payment.")
    brand: str
    wallet: str | None = Field(description="What its customers call their mobile money.")
    former_names: list[str]
    country: str
    currency: str
    is_portable: bool = Field(description="Whether numbers move between operators there.")
    number_form: NumberForm
    example: str | None = Field(description="A number in its ranges; null: it has no ranges.")
    prefixes: list[str] = Field(
        description="How its numbers begin at home; a longer beginning of another's wins."
    )
    collection: Movement
    payout: Movement


class NumberOut(Response):
    """What a number tells by itself; it may have been ported since."""

    country: str
    operator: str | None = Field(description="Its code, to be named in a payment.")
    brand: str | None
    wallet: str | None = Field(description="What its customers call their mobile money.")
    former_names: list[str]
    carrier: str | None = Field(description="The range's owner in the numbering plan.")
    is_portable: bool = Field(description="Whether numbers move between operators there.")
    number_form: NumberForm | None
    example: str | None = Field(description="Another number in the operator's ranges.")
    provider: str | None = Field(description="The enabled provider that would be used.")
    currency: str | None
    collection: Movement | None
    payout: Movement | None


class OperatorList(Response):
    """All operators, by country."""

    operators: list[OperatorOut]


class Operators(RootModel[NumberOut | OperatorList]):
    """What one number tells, or all operators."""


async def show_operators(call: Call) -> web.Response:
    """Tell what a number shows by itself, or list the operators there are."""
    query = call.query
    headers = {"Content-Language": _language(call)}
    if query.phone is not None:
        number = _number(call, query.phone, query.country or call.asker.country)
        return answer(number, headers=headers)
    chosen = [one for one in BY_CODE.values() if query.country in {None, one.country}]
    listed = OperatorList(operators=[_operator(call, one) for one in chosen])
    return answer(listed, headers=headers)


def _language(call: Call) -> Language:
    return language_of(call.request.headers.get("Accept-Language"))


def _why(reason: str, language: Language) -> str:
    """Why a provider stands there, in a language: a sentence of today, or as a payment keeps it."""
    if isinstance(reason, Sentence):
        return reason.written(FRENCH) if language == "fr" else str(reason)
    return kept_reason(reason, language)


def _number(call: Call, text: str, default_country: str | None) -> NumberOut:
    phone = parse_phone(text, default_country)
    operator, country = phone.operator, COUNTRIES.get(phone.country)
    collection = _movement(call, operator, "collection") if operator else None
    return NumberOut(
        country=phone.country,
        operator=operator.code if operator else None,
        brand=operator.brand if operator else None,
        wallet=operator.wallet if operator else None,
        former_names=list(operator.former_names) if operator else [],
        carrier=phone.carrier or None,
        is_portable=phone.is_portable,
        number_form=_form(country.code) if country else None,
        example=_example(operator) if operator else None,
        provider=collection.plan[0].provider if collection and collection.plan else None,
        currency=country.currency if country else None,
        collection=collection,
        payout=_movement(call, operator, "payout") if operator else None,
    )


def _operator(call: Call, operator: Operator) -> OperatorOut:
    return OperatorOut(
        operator=operator.code,
        brand=operator.brand,
        wallet=operator.wallet,
        former_names=list(operator.former_names),
        country=operator.country,
        currency=operator.currency,
        is_portable=COUNTRIES[operator.country].is_portable,
        number_form=_form(operator.country),
        example=_example(operator),
        prefixes=list(prefixes_of(operator)),
        collection=_movement(call, operator, "collection"),
        payout=_movement(call, operator, "payout"),
    )


def _example(operator: Operator) -> str | None:
    if operator.example is None:
        return None
    return f"+{COUNTRIES[operator.country].calling_code}{operator.example}"


def _form(code: str) -> NumberForm:
    country = COUNTRIES[code]
    return NumberForm(
        calling_code=country.calling_code,
        digits=list(country.digits),
        trunk_prefix=country.trunk_prefix or None,
    )


def _movement(call: Call, operator: Operator, kind: Kind) -> Movement:
    services, language = call.services, _language(call)
    adapters = services.adapters_of[call.asker.mode] if call.asker.mode else services.adapters
    plan = plan_of(adapters, operator, operator.currency, kind)
    left_out = left_out_of(adapters, operator, operator.currency, kind)
    return Movement(
        plan=[
            CandidateOut(provider=one.provider, reason=_why(one.reason, language)) for one in plan
        ],
        left_out=[
            CandidateOut(provider=one.provider, reason=_why(one.reason, language))
            for one in left_out
        ],
        limits=[
            _limit(one)
            for one in limits_of(operator.code, kind)
            if one.provider is None or one.provider in adapters
        ],
    )


def _limit(limit: Limit) -> AmountLimit:
    def text(amount_minor: int | None) -> str | None:
        return None if amount_minor is None else decimal_text(amount_minor, limit.currency)

    return AmountLimit(
        minimum=text(limit.minimum_minor),
        maximum=text(limit.maximum_minor),
        multiple=text(limit.multiple_minor),
        currency=limit.currency,
        provider=limit.provider,
        is_binding=limit.is_binding,
        source=limit.source,
    )
