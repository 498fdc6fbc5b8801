"""A merchant's side of every MTN product for tests, bare like that of `mtn_merchant`."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlencode

import orjson

from adapters.sandbox.faults import Faults
from adapters.sandbox.mtn import MtnSandbox
from adapters.sandbox.mtn_rules import MtnSandboxSettings
from adapters.sandbox.timer import ManualTimer
from tests.mtn_merchant import COLLECTION_KEY, PAYER, Answer, Merchant

KEYS: Final = {
    "collection": COLLECTION_KEY,
    "disbursement": "d15b0000aa1e4f6c9b2d3e4f50617283",
    "remittance": "4e3177a0ce0d4b5f8a1c2d3e4f506172",
}
PERSON: Final = {"partyIdType": "MSISDN", "partyId": PAYER}
TEXTS: Final = {"externalId": "order-1", "payerMessage": "Order 1", "payeeNote": "Shop"}
MONEY: Final = {"amount": "100", "currency": "EUR"}

BODIES: Final[dict[str, dict[str, Any]]] = {
    "collection/requesttopay": {**MONEY, **TEXTS, "payer": PERSON},
    "collection/requesttowithdraw": {**MONEY, **TEXTS, "payer": PERSON},
    "collection/preapproval": {
        "payer": PERSON,
        "payerCurrency": "EUR",
        "payerMessage": "A subscription",
        "validityTime": 3600,
    },
    "collection/invoice": {
        **MONEY,
        "externalId": "order-1",
        "validityDuration": "360",
        "intendedPayer": PERSON,
        "payee": {"partyIdType": "MSISDN", "partyId": "46733110000"},
        "description": "An invoice",
    },
    "collection/payment": {
        "externalTransactionId": "order-1",
        "money": MONEY,
        "customerReference": "46733120000",
        "serviceProviderUserName": "a.biller",
        "receiverMessage": "A bill",
        "senderNote": "Shop",
        "maxNumberOfRetries": 3,
        "includeSenderCharges": True,
    },
    "disbursement/transfer": {**MONEY, **TEXTS, "payee": PERSON},
    "disbursement/deposit": {**MONEY, **TEXTS, "payee": PERSON},
    "disbursement/refund": {**MONEY, **TEXTS, "referenceIdToRefund": "99"},
    "remittance/transfer": {**MONEY, **TEXTS, "payee": PERSON},
    "remittance/cashtransfer": {
        **MONEY,
        **TEXTS,
        "payee": PERSON,
        "orginatingCountry": "CM",
        "originalAmount": "65500",
        "originalCurrency": "XAF",
        "payerIdentificationType": "PASS",
        "payerIdentificationNumber": "S1234567",
        "payerIdentity": "ID:237650000012/MSISDN",
        "payerFirstName": "Ada",
        "payerSurName": "Test",
        "payerLanguageCode": "fr",
        "payerEmail": "ada@example.com",
        "payerMsisdn": "237650000012",
        "payerGender": "FEMALE",
    },
}
"""A good body of each creating call, whose scenario is none."""


class ProductMerchant(Merchant):
    """Speaks to one product of a started sandbox."""

    def __init__(self, sandbox: MtnSandbox, product: str) -> None:
        super().__init__(sandbox)
        self.product = product
        self.key = KEYS[product]

    async def __aenter__(self) -> Self:
        await self.create_user(key=self.key)
        await self.create_key(key=self.key)
        answer = await self.call(
            "POST", f"/{self.product}/token/", headers={"Authorization": self.basic}, key=self.key
        )
        self.token = answer.body["access_token"]
        return self

    async def create(
        self,
        path: str,
        reference: str | None = None,
        *,
        callback_url: str | None = None,
        **changes: Any,
    ) -> Answer:
        """Create something: `path` is `v1_0/transfer`; `changes` go into its usual body."""
        usual = BODIES[f"{self.product}/{path.rpartition('/')[2]}"]
        headers: dict[str, str | None] = {
            "X-Reference-Id": reference or str(uuid.uuid4()),
            "Content-Type": "application/json",
            "X-Callback-Url": callback_url,
        }
        return await self.ask("POST", path, body=orjson.dumps(usual | changes), **headers)

    async def ask(
        self, method: str, path: str, *, body: bytes | None = None, **headers: str | None
    ) -> Answer:
        """Make a product call."""
        return await self.call(
            method,
            f"/{self.product}/{path}",
            headers=self.headers(**headers),
            body=body,
            key=self.key,
        )

    async def form(self, path: str, *, authorization: str | None = None, **fields: str) -> Answer:
        """Post a form."""
        headers: dict[str, str | None] = {"Content-Type": "application/x-www-form-urlencoded"}
        if authorization is not None:
            headers["Authorization"] = authorization
        return await self.ask("POST", path, body=urlencode(fields).encode(), **headers)


@dataclass
class ProductWorld:
    """A sandbox whose time stands still, and a merchant of each product."""

    sandbox: MtnSandbox
    timer: ManualTimer
    collection: ProductMerchant
    disbursement: ProductMerchant
    remittance: ProductMerchant

    def of(self, product: str) -> ProductMerchant:
        """Return the merchant of a product."""
        merchant: ProductMerchant = getattr(self, product)
        return merchant


@asynccontextmanager
async def a_product_world(
    *, faults: Faults | None = None, **switches: Any
) -> AsyncIterator[ProductWorld]:
    """Open the world; `switches` are the sandbox's."""
    timer = ManualTimer()
    settings = MtnSandboxSettings.model_validate({"status_calls_per_second_max": None} | switches)
    async with (
        MtnSandbox(settings, clock=timer.clock, faults=faults, timer=timer) as sandbox,
        ProductMerchant(sandbox, "collection") as collection,
        ProductMerchant(sandbox, "disbursement") as disbursement,
        ProductMerchant(sandbox, "remittance") as remittance,
    ):
        yield ProductWorld(
            sandbox=sandbox,
            timer=timer,
            collection=collection,
            disbursement=disbursement,
            remittance=remittance,
        )
