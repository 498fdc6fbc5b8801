"""The directory's names: what people call an operator and its country, in French and English.

A code (`mtn-cm`) is for programs. Whoever reads a sentence, a payer or a merchant, reads a name:
the wallet as its customers call it, and the country it is in, `MTN MoMo Cameroun`.

Where a name stands alone beside others of one country (the choices on a form) the country is left
out; that is for whoever shows it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from adapters.directory_operators import Operator
from ledger.sentences import Sentence

COUNTRY_NAMES: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        "BF": Sentence("Burkina Faso"),
        "BJ": Sentence("Benin"),
        "BW": Sentence("Botswana"),
        "CD": Sentence("DR Congo"),
        "CF": Sentence("Central African Republic"),
        "CG": Sentence("Congo"),
        "CI": Sentence("Côte d'Ivoire"),
        "CM": Sentence("Cameroon"),
        "GA": Sentence("Gabon"),
        "GH": Sentence("Ghana"),
        "GM": Sentence("Gambia"),
        "GN": Sentence("Guinea"),
        "GW": Sentence("Guinea-Bissau"),
        "KE": Sentence("Kenya"),
        "LR": Sentence("Liberia"),
        "MG": Sentence("Madagascar"),
        "ML": Sentence("Mali"),
        "NE": Sentence("Niger"),
        "NG": Sentence("Nigeria"),
        "RW": Sentence("Rwanda"),
        "SL": Sentence("Sierra Leone"),
        "SN": Sentence("Senegal"),
        "SS": Sentence("South Sudan"),
        "SZ": Sentence("Eswatini"),
        "TD": Sentence("Chad"),
        "TG": Sentence("Togo"),
        "TZ": Sentence("Tanzania"),
        "UG": Sentence("Uganda"),
        "ZA": Sentence("South Africa"),
        "ZM": Sentence("Zambia"),
    }
)
"""ISO 3166 code -> its short English name, which `FRENCH_OF_COUNTRIES` has in French."""

FRENCH_OF_COUNTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "{wallet} {country}": "{wallet} {country}",
        "Burkina Faso": "Burkina Faso",
        "Benin": "Bénin",
        "Botswana": "Botswana",
        "DR Congo": "RD Congo",
        "Central African Republic": "Centrafrique",
        "Congo": "Congo",
        "Côte d'Ivoire": "Côte d'Ivoire",
        "Cameroon": "Cameroun",
        "Gabon": "Gabon",
        "Ghana": "Ghana",
        "Gambia": "Gambie",
        "Guinea": "Guinée",
        "Guinea-Bissau": "Guinée-Bissau",
        "Kenya": "Kenya",
        "Liberia": "Liberia",
        "Madagascar": "Madagascar",
        "Mali": "Mali",
        "Niger": "Niger",
        "Nigeria": "Nigeria",
        "Rwanda": "Rwanda",
        "Sierra Leone": "Sierra Leone",
        "Senegal": "Sénégal",
        "South Sudan": "Soudan du Sud",
        "Eswatini": "Eswatini",
        "Chad": "Tchad",
        "Togo": "Togo",
        "Tanzania": "Tanzanie",
        "Uganda": "Ouganda",
        "South Africa": "Afrique du Sud",
        "Zambia": "Zambie",
    }
)
"""English template -> French template."""


def full_name(operator: Operator) -> Sentence:
    """Name an operator within a sentence: its wallet and its country."""
    wallet = operator.wallet or operator.brand
    return Sentence("{wallet} {country}", wallet=wallet, country=COUNTRY_NAMES[operator.country])


def full_name_in(operator: Operator, language: Literal["en", "fr"]) -> str:
    """Name an operator in a language."""
    name = full_name(operator)
    return name.written(FRENCH_OF_COUNTRIES) if language == "fr" else str(name)
