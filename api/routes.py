"""The routes: one table from which the router, the roles and the OpenAPI document are made.

A route that is not in this table does not exist, and one that is, is documented; so the three can
not come apart. `roles` None means that no key is asked.
"""

from typing import Final

from api.route import Route
from api.routes_books import BOOKKEEPING
from api.routes_checkout import CHECKOUT
from api.routes_endpoints import ENDPOINTS
from api.routes_exchanges import EXCHANGES
from api.routes_keys import KEYS
from api.routes_log import TRANSPARENCY
from api.routes_money import MONEY
from api.routes_notes import NOTES
from api.routes_notices import NOTICES
from api.routes_people import PEOPLE
from api.routes_server import SERVER
from api.routes_statements import STATEMENTS
from api.routes_support import RECEIPTS, SUPPORT

__all__ = ["ROUTES", "Route"]

ROUTES: Final[tuple[Route, ...]] = (
    *MONEY,
    *NOTES,
    *CHECKOUT,
    *SUPPORT,
    *RECEIPTS,
    *EXCHANGES,
    *NOTICES,
    *ENDPOINTS,
    *BOOKKEEPING,
    *STATEMENTS,
    *TRANSPARENCY,
    *KEYS,
    *PEOPLE,
    *SERVER,
)
"""Every operation there is."""
