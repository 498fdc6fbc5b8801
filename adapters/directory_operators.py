"""The directory's operators: who keeps the wallets of a country, and whose ranges are whose.

An operator is found by (region, carrier name of the numbering data), never by the name alone: the
names are those of the ranges' first owners and are spelt differently per country ("MTN Cameroon",
"Areeba", "Spacetel"). Wave has no ranges: whoever has a telephone may have a wallet there, so no
number leads to it, and a payment names it.

Every carrier name of our countries is either an operator's or one of `WITHOUT_WALLET`; a test finds
the one that nobody mapped when the numbering data moves on.

Why a table of rows and not the numbering data at run time: a checkout shows these names, and what
is shown shall be read, reviewed and stable. The ranges themselves are looked up there, for they
change more often than owners do (`prefixes_of`).

Sources: carrier names and ranges, phonenumbers 9.0.43 carrier data; the Malian brand, the service
codes of TouchPay. Names of wallets and former names are common knowledge: they are shown and
searched for, and decide nothing.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

from adapters.directory_countries import COUNTRIES, Country

_CALLING_CODE_DIGITS: Final = (2, 3)
"""How long calling codes are in Africa; no one of them begins with another."""

OPERATORS_MAX: Final = 200
"""The most operators there may be: all of them are shown in one answer."""


class Operator(NamedTuple):
    """A mobile money operator in one country."""

    code: str
    brand: str
    country: str
    currency: str
    providers: tuple[str, ...]
    """Which adapters of several countries are its own rail, best first; see `is_own_rail`."""
    wallet: str | None
    """What its customers call their mobile money; None where we know no name."""
    former_names: tuple[str, ...]
    """What the operator or its wallet was called, and often still is."""
    carriers: tuple[str, ...]
    """Its ranges' owners as the numbering data spells them; empty: it has no ranges."""
    example: str | None
    """A number in its ranges as people write it at home, without trunk prefix; nobody's that we
    know of, and one that pays at the test servers. None where it has no ranges."""


_WALLETS: Final = {
    "Africell": "Afrimoney",
    "Airtel": "Airtel Money",
    "MTN": "MTN MoMo",
    "Moov": "Moov Money",
    "Orange": "Orange Money",
    "Vodacom": "M-Pesa",
    "Wave": "Wave",
}
"""Brand -> what its wallet is called in most countries."""


def _providers_of(brand: str, country: Country) -> tuple[str, ...]:
    if brand == "MTN" and country.mtn_target_environment:
        return ("mtn",)
    if brand == "Orange" and country.orange_segment:
        return ("orange",)
    if brand == "Wave":
        return ("wave",)
    return ()


def _of(
    country: str,
    brand: str,
    example: str | None,
    wallet: str | None = None,
    *,
    carriers: tuple[str, ...] | None = None,
    former: tuple[str, ...] = (),
) -> Operator:
    """Make a row; an operator's carrier is called as its brand is unless `carriers` says so."""
    owned = (brand,) if carriers is None else carriers
    return Operator(
        code=f"{brand.lower().replace(' ', '')}-{country.lower()}",
        brand=brand,
        country=country,
        currency=COUNTRIES[country].currency,
        providers=_providers_of(brand, COUNTRIES[country]),
        wallet=wallet or _WALLETS.get(brand),
        former_names=former,
        carriers=owned if example is not None else (),
        example=example,
    )


_ROWS: Final = (
    _of("BF", "Moov", "70123401", carriers=("Moov Africa",), former=("Telmob", "Mobicash")),
    _of("BF", "Orange", "74123401", former=("Airtel", "Zain", "Celtel")),
    _of("BF", "Telecel", "78123401", "Telecel Money", carriers=("Telecel Faso",)),
    _of("BF", "Wave", None),
    _of("BJ", "Celtiis", "0192123401", "Celtiis Cash"),
    _of("BJ", "MTN", "0190123401", former=("Areeba", "Spacetel")),
    _of("BJ", "Moov", "0194123401", former=("Flooz", "Telecel")),
    _of("BW", "BTC", "73123401", "Smega", carriers=("BTC Mobile",), former=("beMobile",)),
    _of("BW", "Mascom", "71123401", "MyZaka"),
    _of("BW", "Orange", "72123401", former=("Vista",)),
    _of("CD", "Africell", "901234501"),
    _of("CD", "Airtel", "991234501", former=("Zain", "Celtel")),
    _of("CD", "Orange", "841234501", former=("Tigo", "CCT")),
    _of("CD", "Vodacom", "811234501"),
    _of("CD", "Wave", None),
    _of("CF", "Orange", "72123401"),
    _of("CG", "Airtel", "051234501", carriers=("Airtel", "Warid"), former=("Zain", "Warid")),
    _of("CG", "MTN", "061234501"),
    _of("CI", "MTN", "0512345601"),
    _of("CI", "Moov", "0112345601", former=("Flooz",)),
    _of("CI", "Orange", "0712345601", former=("Ivoiris",)),
    _of("CI", "Wave", None),
    _of("CM", "Camtel", "620123401", "Blue Money"),
    _of("CM", "MTN", "650123401", carriers=("MTN Cameroon",)),
    _of("CM", "Nexttel", "660123401", "Possa", carriers=("NEXTTEL",), former=("Viettel",)),
    _of("CM", "Orange", "690123401", former=("Mobilis",)),
    _of("CM", "Wave", None),
    _of("GA", "Airtel", "74123401", former=("Zain", "Celtel")),
    _of("GA", "Libertis", "66123401", former=("Gabon Telecom",)),
    _of("GA", "Moov", "65123401", former=("Mobicash", "Telecel")),
    _of("GH", "AT", "261234501", "AT Money", carriers=("at",), former=("AirtelTigo", "Tigo")),
    _of("GH", "MTN", "241234501", former=("Areeba", "Spacefon")),
    _of("GH", "Telecel", "201234501", "Telecel Cash", former=("Vodafone Cash", "Onetouch")),
    _of("GM", "Africell", "7123401"),
    _of("GM", "QCell", "3123401", "QMoney"),
    _of("GM", "Wave", None),
    _of("GN", "Cellcom", "651234501"),
    _of("GN", "MTN", "661234501", carriers=("Areeba",), former=("Areeba",)),
    _of("GN", "Orange", "621234501"),
    _of("GN", "Wave", None),
    _of("GW", "MTN", "966123401", carriers=("Spacetel",), former=("Spacetel", "Areeba")),
    _of("GW", "Orange", "955123401"),
    _of("KE", "Airtel", "731234501", former=("Zain", "Celtel", "Kencell")),
    _of("KE", "Safaricom", "701234501", "M-Pesa"),
    _of("KE", "Telkom", "771234501", "T-Kash", former=("Orange",)),
    _of("LR", "MTN", "881234501", carriers=("Lonestar Cell",), former=("Lonestar Cell",)),
    _of("LR", "Orange", "771234501", former=("Cellcom",)),
    _of("MG", "Airtel", "331234501", former=("Zain", "Celtel", "Madacom")),
    _of("MG", "Orange", "321234501", former=("Antaris",)),
    _of("MG", "Yas", "341234501", "MVola", former=("Telma",)),
    _of("ML", "Moov", "66123401", carriers=("Sotelma",), former=("Malitel", "Mobicash")),
    _of("ML", "Orange", "76123401", former=("Ikatel",)),
    _of("ML", "Wave", None),
    _of("NE", "Airtel", "96123401", former=("Zain", "Celtel")),
    _of("NE", "Moov", "94123401", former=("Flooz", "Telecel")),
    _of("NE", "Wave", None),
    # Orange left Niger in 2019; its ranges there are Zamani's.
    _of("NE", "Zamani", "90123401", "Zamani Cash", carriers=("Orange",), former=("Orange",)),
    _of("NG", "9mobile", "8091234501", "9PSB", former=("Etisalat",)),
    _of("NG", "Airtel", "8021234501", "SmartCash", former=("Zain", "Celtel")),
    _of("NG", "Glo", "8051234501", "MoneyMaster"),
    _of("NG", "MTN", "8031234501", "MoMo PSB"),
    _of("RW", "Airtel", "721234501", former=("Tigo",)),
    _of("RW", "MTN", "781234501"),
    _of("SL", "Africell", "77123401", former=("Lintel",)),
    _of("SL", "Orange", "76123401", former=("Airtel", "Zain", "Celtel")),
    _of("SL", "QCell", "31123401", "QMoney", carriers=("QCELL",)),
    _of("SL", "Wave", None),
    _of("SN", "Expresso", "701234501", "E-Money"),
    _of("SN", "Orange", "771234501", former=("Alizé",)),
    _of("SN", "Wave", None),
    _of("SN", "Yas", "761234501", "Mixx by Yas", former=("Free Money", "Free", "Tigo")),
    _of("SS", "MTN", "921234501"),
    _of("SS", "Zain", "911234501", "m-GURUSH"),
    _of("SZ", "Eswatini Mobile", "79123401", "e-Mali", former=("Swazi Mobile",)),
    _of("SZ", "MTN", "76123401", carriers=("Swazi MTN",), former=("Swazi MTN",)),
    _of("TD", "Airtel", "66123401", former=("Zain", "Celtel")),
    _of("TD", "Moov", "99123401", former=("Tigo", "Millicom")),
    _of("TG", "Moov", "99123401", former=("Flooz", "Telecel")),
    _of(
        *("TG", "Yas", "90123401", "Mixx by Yas"),
        carriers=("Togo Telecom",),
        former=("T-Money", "Togocom", "Togocel"),
    ),
    _of("TZ", "Airtel", "681234501", former=("Zain", "Celtel")),
    _of("TZ", "Halotel", "621234501", "HaloPesa", carriers=("Viettel",)),
    _of("TZ", "TTCL", "731234501", "T-Pesa", carriers=("Tanzania Telecom",)),
    _of("TZ", "Vodacom", "741234501"),
    _of("TZ", "Yas", "711234501", "Mixx by Yas", former=("Tigo Pesa", "Tigo")),
    _of("UG", "Africell", "799123401", former=("Orange",)),
    _of("UG", "Airtel", "701234501", former=("Warid", "Zain", "Celtel")),
    _of("UG", "MTN", "771234501"),
    _of("UG", "Wave", None),
    _of("ZA", "MTN", "831234501"),
    _of("ZA", "Vodacom", "821234501", "VodaPay"),
    _of("ZM", "Airtel", "971234501", former=("Zain", "Celtel")),
    _of("ZM", "MTN", "961234501"),
    _of("ZM", "Zamtel", "951234501", "Zamtel Money", carriers=("ZAMTEL",), former=("Cell Z",)),
)

OPERATORS: Final = {(one.country, one.brand): one for one in _ROWS}
"""(country, brand) -> operator."""

BY_CODE: Final = {one.code: one for one in _ROWS}
"""Operator code (`mtn-cm`) -> operator."""

BY_CARRIER: Final = {(one.country, carrier): one for one in _ROWS for carrier in one.carriers}
"""(region, carrier name of the numbering data) -> operator."""

WITHOUT_WALLET: Final = {
    country: frozenset(names.split("; "))
    for country, names in {
        "BW": "AFRITEL; Abari Comms; Apicom; Bantu Telecom; Business Solutions; ConceroTel; "
        "Devaki; Dimemsion Data; FDI Fonewrx; GC Sat; Internet Options; Liquid; Mega Internet; "
        "Microla Botswana; Microteck Enterprises; Mission Comms; Netway; OPQ Net; OpenVoice; "
        "Par Telecom; Paratus; Paratus Africa; ROI; Tsagae Comms",
        "CD": "Tatem Telecom; Yozma Timeturns sprl -YTT",
        "CF": "A-Cell; Nationlink; Telecel",
        "CG": "Congo telecom; Equateur Telecom",
        "GH": "Expresso; National Security",
        "GM": "Comium; Gamcel",
        "GN": "Intercel; Sotelgui",
        "GW": "Guinetel",
        "KE": "Finserve; Homeland Media; Infura; JTL; NRG Media Limited",
        "LR": "Connect; Liberia Telecom; West Africa Telecom",
        "MG": "Blueline",
        "ML": "Atel",
        "NE": "Niger Telecoms",
        "NG": "Lebara; MAFAB; Multilinks; Ntel; Prestel; Smile; Starcomms",
        "RW": "KtRN",
        "SL": "Onlime; Sierratel",
        "SN": "ADIE; HAYO; Promobile",
        "SS": "Digitel; Gemtel; Network of the World; Sudatel Group",
        "SZ": "SPTC",
        "TD": "Sotel",
        "UG": "Hamilton Telecom; LycaMobile; Roke Telkom; Savanna; Smile; Talkio; UTL",
        "ZA": "Cell C; Liquid Intelligent Technology; Rain; TelAfrica (Wirles Connect); Telkom "
        "Mobile; WBS Mobile",
        "ZM": "Beeline Telecoms",
    }.items()
}
"""Country -> owners of ranges of whose mobile money no source tells."""


def codes_of(countries: Iterable[str], brands: Iterable[str]) -> frozenset[str]:
    """The codes of all operators of these brands in these countries: what an integrator reaches."""
    wanted, chosen = frozenset(countries), frozenset(brands)
    return frozenset(
        one.code for one in BY_CODE.values() if one.country in wanted and one.brand in chosen
    )


def prefixes_of(operator: Operator) -> tuple[str, ...]:
    """The beginnings of an operator's numbers at home, sorted; a longer one of another's wins."""
    return _prefixes().get(operator.code, ())


@cache
def _prefixes() -> Mapping[str, tuple[str, ...]]:
    """Operator code -> prefixes: the numbering data is gone through once for all operators."""
    from phonenumbers.carrierdata import CARRIER_DATA  # noqa: PLC0415 - slow; only some ask

    by_calling_code = {one.calling_code: one.code for one in COUNTRIES.values()}
    found: dict[str, list[str]] = {}
    for prefix, names in CARRIER_DATA.items():
        length = next((one for one in _CALLING_CODE_DIGITS if prefix[:one] in by_calling_code), 0)
        country = by_calling_code.get(prefix[:length], "")
        operator = BY_CARRIER.get((country, names.get("en", "")))
        if operator is not None:
            found.setdefault(operator.code, []).append(prefix[length:])
    return {code: tuple(sorted(prefixes)) for code, prefixes in found.items()}


def is_own_rail(facts: object, operator: Operator) -> bool:
    """Whether an adapter, or its class, is an operator's own rail.

    The table of operators says so of who is in many countries; who is one operator's alone says it
    itself, in `own_rail_of`, so that nothing is written here when it is added.
    """
    own: frozenset[str] = getattr(facts, "own_rail_of", frozenset())
    return operator.code in own or getattr(facts, "name", None) in operator.providers
