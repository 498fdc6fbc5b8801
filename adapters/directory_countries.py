"""The directory's countries: their money, how their numbers are written, and what rails call them.

How a country writes its numbers is read from `phonenumbers` when a number is read; what stands here
is for showing (a checkout's form, an example) without it, and a test holds the two together.

Sources: currencies, ISO 4217; country codes, lengths, trunk prefixes and portability, the numbering
plans of phonenumbers 9.0.43; MTN target environments, MTN's "common errors" page; Orange Web
Payment path segments and currencies, the public clients named in the provider's documentation.

Not here: Equatorial Guinea, of whose mobile money no source tells.
"""

from typing import Final, NamedTuple


class Country(NamedTuple):
    """A country we know rails in."""

    code: str
    currency: str
    calling_code: str
    """What stands after the `+`."""
    digits: tuple[int, ...]
    """How many digits a mobile number has at home, without the trunk prefix."""
    trunk_prefix: str = ""
    """What is dialled before a number at home, and is no part of it."""
    is_portable: bool = False
    """Whether numbers are known to move between operators, so that a range proves nothing.

    Where it is false, they may have begun to: the numbering plans lag behind."""
    mtn_target_environment: str | None = None
    """What production calls to MTN name in `X-Target-Environment`."""
    orange_segment: str | None = None
    """The country in the path of Orange Web Payment; which ones are open depends on a contract."""


COUNTRIES: Final = {
    one.code: one
    for one in (
        Country("BF", "XOF", "226", (8,), orange_segment="bf"),
        Country("BJ", "XOF", "229", (10,), "", True, "mtnbenin"),
        Country("BW", "BWP", "267", (8,)),
        Country("CD", "CDF", "243", (9,), "0", orange_segment="cd"),
        Country("CF", "XAF", "236", (8,)),
        Country("CG", "XAF", "242", (9,), "", False, "mtncongo"),
        Country("CI", "XOF", "225", (10,), "", False, "mtnivorycoast", "ci"),
        Country("CM", "XAF", "237", (9,), "", True, "mtncameroon", "cm"),
        Country("GA", "XAF", "241", (8,)),
        Country("GH", "GHS", "233", (9,), "0", True, "mtnghana"),
        Country("GM", "GMD", "220", (7, 9)),
        Country("GN", "GNF", "224", (9,), "", False, "mtnguineaconakry", "gn"),
        Country("GW", "XOF", "245", (9,)),
        Country("KE", "KES", "254", (9,), "0", True),
        Country("LR", "LRD", "231", (7, 9), "0", False, "mtnliberia"),
        Country("MG", "MGA", "261", (9,), "0", orange_segment="mg"),
        Country("ML", "XOF", "223", (8,), orange_segment="ml"),
        Country("NE", "XOF", "227", (8,)),
        Country("NG", "NGN", "234", (10,), "0", True, "mtnnigeria"),
        Country("RW", "RWF", "250", (9,), "0", False, "mtnrwanda"),
        Country("SL", "SLE", "232", (8,), "0"),
        Country("SN", "XOF", "221", (9,), orange_segment="sn"),
        Country("SS", "SSP", "211", (9,), "0", False, "mtnsouthsudan"),
        Country("SZ", "SZL", "268", (8,), "", False, "mtnswaziland"),
        Country("TD", "XAF", "235", (8,)),
        Country("TG", "XOF", "228", (8,)),
        Country("TZ", "TZS", "255", (9,), "0"),
        Country("UG", "UGX", "256", (9,), "0", False, "mtnuganda"),
        Country("ZA", "ZAR", "27", (9,), "0", True, "mtnsouthafrica"),
        Country("ZM", "ZMW", "260", (9,), "0", False, "mtnzambia"),
    )
}
"""ISO 3166 code -> what we know of the country.

Sierra Leone's segment of Orange Web Payment, `sl`, is left out: it was only ever seen with the SLL,
which was withdrawn.
"""
