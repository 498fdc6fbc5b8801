"""A merchant's side of the MTN protocol for tests, written from the documentation and bare.

It knows nothing of our adapter: a mistake there must not hide one in the sandbox.
"""

import base64
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
import orjson

from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_rules import MtnSandboxSettings
from adapters.sandbox.timer import ManualTimer

COLLECTION_KEY = "c0113c7100ca4d5b8a6e0f1d2b3c4d5e"
OTHER_PRODUCT_KEY = "d15b0000aa1e4f6c9b2d3e4f50617283"
PAYER = "46733120000"
REFERENCE = "3f1b7c52-0a4e-4a53-9c39-6f2f1f0a7d11"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body (None if empty, text if it is no JSON), and the headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict, compare=False, repr=False)


NOT_FOUND = Answer(
    404, {"code": "RESOURCE_NOT_FOUND", "message": "Requested resource was not found."}
)
CONFLICT = Answer(
    409,
    {
        "code": "RESOURCE_ALREADY_EXIST",
        "message": "Duplicated reference id. Creation of resource failed.",
    },
)
FORBIDDEN_ENVIRONMENT = Answer(
    500,
    {
        "code": "NOT_ALLOWED_TARGET_ENVIRONMENT",
        "message": "Access to target environment is forbidden.",
    },
)
WRONG_HOST = Answer(
    500,
    {
        "code": "INVALID_CALLBACK_URL_HOST",
        "message": "Callback URL does not match the configured value.",
    },
)
WRONG_CURRENCY = Answer(500, {"code": "INVALID_CURRENCY", "message": "Currency not supported."})
BAD_REQUEST = Answer(400, None)


class Merchant:
    """Speaks to a started sandbox; `enter` provisions a user and gets a token."""

    def __init__(self, sandbox: MtnSandbox, *, environment: str | None = None) -> None:
        self.url = sandbox.url
        self.environment = environment or sandbox.settings.target_environment
        self.user_id = ""
        self.api_key = ""
        self.token = ""
        self._session = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        key: str | None = COLLECTION_KEY,
    ) -> Answer:
        """Make one call and read its answer."""
        sent = dict(headers or {})
        if key is not None:
            sent["Ocp-Apim-Subscription-Key"] = key
        async with self._session.request(
            method, self.url + path, headers=sent, data=body
        ) as response:
            raw = await response.read()
            parsed: Any = None
            if raw:
                is_json = response.content_type == "application/json"
                parsed = orjson.loads(raw) if is_json else raw.decode()
            return Answer(response.status, parsed, dict(response.headers))

    async def create_user(
        self,
        user_id: str | None = None,
        *,
        host: str = "localhost",
        key: str | None = COLLECTION_KEY,
    ) -> Answer:
        self.user_id = user_id or str(uuid.uuid4())
        return await self.call(
            "POST",
            "/v1_0/apiuser",
            headers={"X-Reference-Id": self.user_id, "Content-Type": "application/json"},
            body=orjson.dumps({"providerCallbackHost": host}),
            key=key,
        )

    async def create_key(self, *, key: str | None = COLLECTION_KEY) -> Answer:
        answer = await self.call("POST", f"/v1_0/apiuser/{self.user_id}/apikey", key=key)
        if answer.status == 201:
            self.api_key = answer.body["apiKey"]
        return answer

    @property
    def basic(self) -> str:
        """The credentials that get a token."""
        encoded = base64.b64encode(f"{self.user_id}:{self.api_key}".encode())
        return f"Basic {encoded.decode()}"

    async def create_token(self, *, key: str | None = COLLECTION_KEY, **headers: str) -> Answer:
        answer = await self.call(
            "POST",
            "/collection/token/",
            headers={"Authorization": self.basic, **headers},
            key=key,
        )
        if answer.status == 200:
            self.token = answer.body["access_token"]
        return answer

    async def enter(self, *, host: str = "localhost", key: str = COLLECTION_KEY) -> Self:
        """Become a user with a token."""
        await self.create_user(host=host, key=key)
        await self.create_key(key=key)
        await self.create_token()
        return self

    def headers(self, **changes: str | None) -> dict[str, str]:
        """Return the headers of a product call; a change to None leaves one out."""
        full: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "X-Target-Environment": self.environment,
        }
        full.update({name.replace("_", "-"): value for name, value in changes.items()})
        return {name: value for name, value in full.items() if value is not None}

    async def pay(
        self,
        reference: str | None = None,
        *,
        payer: str = PAYER,
        callback_url: str | None = None,
        body: bytes | None = None,
        headers: dict[str, str | None] | None = None,
        **changes: Any,
    ) -> Answer:
        """Request a payment; `changes` go into the body, `headers` over the usual ones."""
        wanted = {
            "amount": "100",
            "currency": "EUR",
            "externalId": "order-1",
            "payer": {"partyIdType": "MSISDN", "partyId": payer},
            "payerMessage": "Order 1",
            "payeeNote": "Shop",
        } | changes
        usual: dict[str, str | None] = {
            "X-Reference-Id": reference or str(uuid.uuid4()),
            "Content-Type": "application/json",
            "X-Callback-Url": callback_url,
        }
        return await self.call(
            "POST",
            "/collection/v1_0/requesttopay",
            headers=self.headers(**(usual | (headers or {}))),
            body=orjson.dumps(wanted) if body is None else body,
        )

    async def status(self, reference: str) -> Answer:
        return await self.get(f"requesttopay/{reference}")

    async def get(self, path: str, **headers: str | None) -> Answer:
        return await self.call("GET", f"/collection/v1_0/{path}", headers=self.headers(**headers))


@dataclass
class World:
    """A sandbox whose time stands still, and a merchant with a token."""

    sandbox: MtnSandbox
    merchant: Merchant
    timer: ManualTimer

    async def outcome(self, reference: str) -> tuple[str, str | None]:
        body = (await self.merchant.status(reference)).body
        return body["status"], body.get("reason")


@asynccontextmanager
async def a_world(*, faults: Faults | None = None, **switches: Any) -> AsyncIterator[World]:
    timer = ManualTimer()
    settings = MtnSandboxSettings.model_validate({"status_calls_per_second_max": None} | switches)
    async with (
        MtnSandbox(settings, clock=timer.clock, faults=faults, timer=timer) as sandbox,
        Merchant(sandbox) as merchant,
    ):
        await merchant.enter()
        yield World(sandbox=sandbox, merchant=merchant, timer=timer)
