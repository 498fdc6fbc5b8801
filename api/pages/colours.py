"""The colours in which operators are shown: those their customers know, and no drawing of theirs.

Pairs of ground and ink; a test holds every pair to the contrast of WCAG AA (4.5). Whoever is not
here is shown in grey.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Colours(NamedTuple):
    """The ground of a tag, and the ink on it."""

    ground: str
    ink: str


PLAIN: Final = Colours("#e4e4e7", "#18181b")

COLOURS: Final[Mapping[str, Colours]] = {
    "9mobile": Colours("#1c5c2e", "#ffffff"),
    "AT": Colours("#1f3f94", "#ffffff"),
    "Africell": Colours("#7a1f7a", "#ffffff"),
    "Airtel": Colours("#d40000", "#ffffff"),
    "Camtel": Colours("#0a4da2", "#ffffff"),
    "Celtiis": Colours("#1d2a6b", "#ffffff"),
    "Expresso": Colours("#c2185b", "#ffffff"),
    "Glo": Colours("#2f6b1d", "#ffffff"),
    "MTN": Colours("#ffcb05", "#000000"),
    "Moov": Colours("#005da8", "#ffffff"),
    "Orange": Colours("#ff7900", "#000000"),
    "Safaricom": Colours("#1e7b34", "#ffffff"),
    "Telecel": Colours("#c8102e", "#ffffff"),
    "Vodacom": Colours("#c80000", "#ffffff"),
    "Wave": Colours("#1dc8ff", "#00202b"),
    "Yas": Colours("#ffe000", "#1a1a5e"),
    "Zamtel": Colours("#00693e", "#ffffff"),
}
"""Brand -> its colours."""


def class_of(brand: str) -> str:
    """The style class of a brand's tag."""
    name = "".join(one for one in brand.lower() if one.isalnum())
    return f"o-{name}" if brand in COLOURS else "o-plain"


def style_of_tags() -> str:
    """The rules of all tags."""
    rules = [(class_of(brand), colours) for brand, colours in COLOURS.items()]
    return "".join(
        f".{name}{{background:{one.ground};color:{one.ink}}}"
        for name, one in (("o-plain", PLAIN), *rules)
    )
