"""Who may call the MTN sandbox: subscription keys, API users and their keys, tokens, bearers.

Two doors stand one behind the other, as in reality: the gateway, which knows subscription keys and
answers in its own shape, and the platform, which knows users and tokens. Every check raises
`RefusedError` with the answer it found; the server gives that answer.

Tokens are not stored: they are signed with the sandbox's secret and carry their user and their end,
so they stay valid when the sandbox restarts. (MTN's say `RSA256`; nobody outside can check that.)
They name no product, as MTN's do not: what keeps the products apart is the subscription key and
the product whose key made the user.

Sources: the sandbox-provisioning-api and collection specifications, MTN's common-errors page, and
what integrators recorded (500 login_failed, 411, the HTML page for a form body).
"""

import ast
import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson
from aiohttp import web

from adapters.sandbox.faults import HTML_PAGE
from adapters.sandbox.mtn_books import ApiUser, MtnBooks
from adapters.sandbox.mtn_products import PRODUCTS, Product
from adapters.sandbox.mtn_rules import (
    Code,
    MtnSandboxSettings,
    error,
    gateway_error,
    json_answer,
    token_error,
)
from adapters.sandbox.server import RefusedError

KEY_MISSING: Final = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
KEY_INVALID: Final = (
    "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription."
)


class MtnAccess:
    """The doors of one sandbox and the four calls that hand out what opens them."""

    def __init__(
        self, settings: MtnSandboxSettings, books: MtnBooks, *, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._books = books
        self._clock = clock
        for given in settings.users:
            user = ApiUser(
                user_id=given.user_id,
                callback_host=given.callback_host,
                product=given.product,
                given_key=given.api_key,
            )
            if books.users.get(user.user_id) != user:
                books.save_user(user)

    def routes(self) -> list[web.RouteDef]:
        """Return provisioning and the token call; provisioning is at the root."""
        return [
            web.post("/v1_0/apiuser", self._create_user),
            web.post("/v1_0/apiuser/{user_id}/apikey", self._create_key),
            web.get("/v1_0/apiuser/{user_id}", self._show_user),
            *(web.post(f"/{product}/token/", self._create_token) for product in PRODUCTS),
        ]

    def caller(self, request: web.Request) -> ApiUser:
        """Return the user whose product call this is, through both doors; raises RefusedError."""
        product = product_of(request)
        listed = self._settings.disbursement_addresses
        if product == "disbursement" and listed is not None and request.remote not in listed:
            raise RefusedError(gateway_error(403, "Forbidden"))
        self.check_key(request, product)
        user = self._bearer(request)
        self.check_user(request, user)
        return user

    def check_user(self, request: web.Request, user: ApiUser) -> None:
        """Check that a user may call this product in this environment; raises RefusedError."""
        environment = request.headers.get("X-Target-Environment")
        is_allowed = user.product in {None, product_of(request)}
        is_allowed |= self._settings.users_cross_products
        if environment != self._settings.target_environment or not is_allowed:
            raise RefusedError(error(500, Code.NOT_ALLOWED_TARGET_ENVIRONMENT))

    def provision(
        self, callback_host: str, product: Product | None = "collection"
    ) -> tuple[str, str]:
        """Make an API user without HTTP and return its id and key, as the two calls would."""
        named = callback_host if product == "collection" else f"{callback_host}\0{product}"
        new_id = str(uuid.UUID(bytes=self._derive(named)[:16], version=4))
        user = ApiUser(user_id=new_id, callback_host=callback_host, product=product, keys_made=1)
        self._books.save_user(user)
        return new_id, self._key_of(user)

    async def _create_user(self, request: web.Request) -> web.Response:
        product = self.check_key(request, *PRODUCTS)
        user_id = reference_of(request)
        callback_host = self._callback_host(await request.read())
        if user_id in self._books.users:
            raise RefusedError(error(409, Code.RESOURCE_ALREADY_EXIST))
        if len(self._books.users) >= self._settings.users_max or self._books.is_full:
            raise RefusedError(error(503, Code.SERVICE_UNAVAILABLE))
        self._books.save_user(
            ApiUser(user_id=user_id, callback_host=callback_host, product=product)
        )
        return web.Response(status=201)

    async def _create_key(self, request: web.Request) -> web.Response:
        user = self._provisioned(request)
        if self._books.is_full:
            raise RefusedError(error(503, Code.SERVICE_UNAVAILABLE))
        renewed = replace(user, keys_made=user.keys_made + 1)
        self._books.save_user(renewed)
        return json_answer(201, {"apiKey": self._key_of(renewed)})

    async def _show_user(self, request: web.Request) -> web.Response:
        user = self._provisioned(request)
        return json_answer(
            200,
            {
                "providerCallbackHost": user.callback_host,
                "targetEnvironment": self._settings.target_environment,
            },
        )

    async def _create_token(self, request: web.Request) -> web.Response:
        if self._settings.token_needs_length and "Content-Length" not in request.headers:
            raise RefusedError(web.Response(status=411, text="Length Required"))
        if (
            self._settings.token_rejects_form
            and request.content_type == "application/x-www-form-urlencoded"
            and await request.read()
        ):
            return web.Response(text=HTML_PAGE, content_type="text/html")
        self.check_key(request, product_of(request))
        user = self.basic(request)
        return json_answer(
            200,
            {
                "access_token": self._token_for(user),
                "token_type": "access_token",
                "expires_in": self._settings.token_lifetime_seconds,
            },
        )

    def check_key(self, request: web.Request, *products: Product) -> Product:
        """Return the product, of these, whose key a request brings; raises RefusedError."""
        key = request.headers.get("Ocp-Apim-Subscription-Key") or request.query.get(
            "subscription-key"
        )
        if not key:
            raise RefusedError(gateway_error(401, KEY_MISSING))
        for product in products:
            if key in self._settings.keys_of(product):
                return product
        raise RefusedError(gateway_error(401, KEY_INVALID))

    def _provisioned(self, request: web.Request) -> ApiUser:
        self.check_key(request, *PRODUCTS)
        user_id = uuid4_text(request.match_info["user_id"])
        if user_id is None:
            raise RefusedError(web.Response(status=400))
        user = self._books.users.get(user_id)
        if user is None:
            raise RefusedError(error(404, Code.RESOURCE_NOT_FOUND))
        return user

    def _callback_host(self, body: bytes) -> str:
        try:
            text = body.decode()
            written = (
                ast.literal_eval(text)
                if self._settings.provisioning_reads_single_quotes
                else orjson.loads(text)
            )
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            written = None
        match written:
            case {"providerCallbackHost": str(host)} if host:
                return host
            case _:
                raise RefusedError(web.Response(status=400))

    def basic(self, request: web.Request) -> ApiUser:
        """Return the user of a Basic header; a wrong one is a 500 in this house."""
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            user_id, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            user_id, key = "", ""
        user = self._books.users.get(user_id)
        if (
            user is None
            or scheme != "Basic"
            or not hmac.compare_digest(self._key_of(user).encode(), key.encode())
        ):
            raise RefusedError(token_error(500, "login_failed"))
        return user

    def _bearer(self, request: web.Request) -> ApiUser:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        user = self._user_of(token) if scheme == "Bearer" else None
        if user is None:
            raise self.bad_bearer()
        return user

    def bad_bearer(self) -> RefusedError:
        """Return the refusal of a bearer that is none, in the shape the switch says."""
        match self._settings.bearer_error_shape:
            case "error":
                return RefusedError(json_answer(401, {"error": "invalid_token"}))
            case "gateway":
                return RefusedError(gateway_error(401, "Unauthorized"))
            case "empty":
                return RefusedError(web.Response(status=401))

    def _key_of(self, user: ApiUser) -> str:
        if user.given_key is not None:
            return user.given_key
        return self._derive(f"{user.user_id}:{user.keys_made}").hex()[:32]

    def _token_for(self, user: ApiUser) -> str:
        expires = self._clock().astimezone(UTC) + timedelta(
            seconds=self._settings.token_lifetime_seconds
        )
        claims = {
            "clientId": user.user_id,
            "expires": expires.replace(tzinfo=None).isoformat(timespec="milliseconds"),
            "sessionId": str(uuid.UUID(bytes=self._derive(f"{user}:{expires}")[:16], version=4)),
        }
        head = f"{_b64(orjson.dumps({'typ': 'JWT', 'alg': 'RSA256'}))}.{_b64(orjson.dumps(claims))}"
        return f"{head}.{_b64(self._derive(head))}"

    def _user_of(self, token: str) -> ApiUser | None:
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(
            _b64(self._derive(head)).encode(), signature.encode(errors="replace")
        ):
            return None
        encoded = head.partition(".")[2]
        claims = orjson.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        if self._clock() >= datetime.fromisoformat(claims["expires"]).replace(tzinfo=UTC):
            return None
        return self._books.users.get(claims["clientId"])

    def _derive(self, text: str) -> bytes:
        return hmac.digest(
            self._settings.secret.encode(), text.encode(errors="replace"), hashlib.sha256
        )


def product_of(request: web.Request) -> Product:
    """Return the product whose call this is, by the first part of its path."""
    first = request.path.split("/")[1]
    return next(product for product in PRODUCTS if product == first)


def uuid4_text(text: str) -> str | None:
    """Return a version 4 UUID in its usual form, None if the text is not one."""
    try:
        value = uuid.UUID(text)
    except ValueError:
        return None
    return str(value) if value.version == 4 and str(value) == text.lower() else None


def reference_of(request: web.Request) -> str:
    """Return the header X-Reference-Id; raises RefusedError (400, empty) if it is no UUIDv4."""
    reference = uuid4_text(request.headers.get("X-Reference-Id", ""))
    if reference is None:
        raise RefusedError(web.Response(status=400))
    return reference


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
