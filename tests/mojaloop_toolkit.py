"""Mojaloop's own testing toolkit as a process, and the least of an SDK to reach it with.

The toolkit is a participant of a scheme that others wrote: it speaks FSPIOP, checks whatever comes
against its own OpenAPI files, quotes with fees, and proves a transfer by ILP. It knows the SDK's
two APIs as documents too. `Toolkit` runs the installed package on loopback; nothing else can be
reached from it, and nobody else can reach it.

Our adapter speaks to an SDK Scheme Adapter, not FSPIOP. `Sdk` carries its transfers there and back:
what the toolkit says goes into the answer as it came, and nothing is made up on the way.

`scripts/node.py` installs the toolkit; without it `toolkit_folder` skips and says why.
"""

import asyncio
import json
import re
import shutil
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts.node import NodeNotReadyError, installed
from tests.processes import Program, free_ports

BACKEND: Final = "synthetic-backend-secret"
"""Under this path the toolkit plays the merchant's backend: where the sandbox looks for one."""
OUTBOUND: Final = "outbound"
"""Under this one it knows the SDK's outbound API."""
CALLBACK_SECONDS_MAX: Final = 20.0

US: Final = "cauri"
THEM: Final = "testingtoolkitdfsp"

_SDK_FILES: Final = "sdk-scheme-adapter-{}-v2_1_0-openapi3-snippets_2.1"
_NEEDED: Final[list[dict[str, Any]]] = [
    {"type": "fspiop", "version": "1.1", "folderPath": "fspiop_1.1", "asynchronous": True},
    {
        "type": "sdk-backend",
        "version": "2.1",
        "folderPath": _SDK_FILES.format("backend"),
        "prefix": f"/{BACKEND}",
    },
    {
        "type": "sdk-outbound",
        "version": "2.1",
        "folderPath": _SDK_FILES.format("outbound"),
        "prefix": f"/{OUTBOUND}",
    },
]
_CHECKS: Final = ("WITH_PREVIOUS_QUOTES", "ILP_PACKET", "CONDITION")

_AS_A_MERCHANT: Final[Mapping[str, Mapping[str, str]]] = {
    "/quoterequests": {
        "quoteId": "{$request.body.quoteId}",
        "transactionId": "{$request.body.transactionId}",
        "transferAmount": "{$request.body.amount}",
        "transferAmountCurrency": "{$request.body.currency}",
    },
    "/transfers": {
        "homeTransactionId": "{$request.body.homeR2PTransactionId}",
        "transferState": "RESERVED",
    },
}
"""What it answers as a backend; by itself it would say "string", which it does not take back."""

# It would listen everywhere, at ports of its own choice, and call home to keep its logs.
_PRELOAD: Final = """
"use strict";
const net = require("node:net");
const ports = JSON.parse(process.env.TOOLKIT_PORTS);
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (first, ...others) {
  const wanted = typeof first === "object" ? first.port : first;
  const done = others.filter((one) => typeof one === "function");
  return listen.call(this, { port: ports[wanted], host: "127.0.0.1" }, ...done);
};
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...wanted) {
  const { host } = Array.isArray(wanted[0]) ? wanted[0][0] : wanted[0];
  if (host !== "127.0.0.1") {
    console.log("REFUSED to call", host);
    throw new Error("only this machine may be called");
  }
  return connect.apply(this, wanted);
};
"""


def toolkit_folder() -> Path:
    """Where the toolkit is installed; skips by name where it is not, and says why."""
    try:
        return installed("toolkit")
    except NodeNotReadyError as error:
        pytest.skip(str(error))


class Toolkit(Program):
    """The toolkit at ports of its own; `callback_url` is where it answers to FSPIOP requests."""

    def __init__(self, folder: Path, callback_url: str = "http://127.0.0.1:9") -> None:
        port, admin_port = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self._admin_url = f"http://127.0.0.1:{admin_port}"
        package = toolkit_folder() / "node_modules" / "ml-testing-toolkit"
        self.folder = folder / "toolkit"
        shutil.copytree(package / "spec_files", self.folder / "spec_files")
        (self.folder / "preload.js").write_text(_PRELOAD)
        self._configure(callback_url)
        self.command = ("node", "--require", "./preload.js", str(package / "src" / "index.js"))
        super().__init__({"TOOLKIT_PORTS": json.dumps({4040: port, 5050: admin_port})})

    def _configure(self, callback_url: str) -> None:
        files = self.folder / "spec_files"
        system = json.loads((files / "system_config.json").read_text())
        system["SERVER_LOGS"]["ENABLED"] = False
        system["API_DEFINITIONS"] = _NEEDED
        (files / "system_config.json").write_text(json.dumps(system))
        user = json.loads((files / "user_config.json").read_text())
        user["CALLBACK_ENDPOINT"] = callback_url
        user |= {f"TRANSFERS_VALIDATION_{check}": True for check in _CHECKS}
        (files / "user_config.json").write_text(json.dumps(user))
        rules = [_rule(number, *one) for number, one in enumerate(_AS_A_MERCHANT.items())]
        (files / "rules_response" / "default.json").write_text(json.dumps(rules))
        for which in ("backend", "outbound"):
            _mend(files / "api_definitions" / _SDK_FILES.format(which) / "api_spec.yaml")

    async def start(self) -> None:
        """Start it; returns when it answers."""
        await super().start()
        await self.says(b"Toolkit Initialization completed")

    async def taken(self) -> list[str]:
        """What it has taken so far, as method and path; what it found wrong is not among it."""
        address = f"{self._admin_url}/api/history/requests"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            return [f"{one['method'].upper()} {one['path']}" for one in await answer.json()]

    async def told(self, method: str, path: str, body: object) -> tuple[int, Any]:
        """Tell it something; the status and the JSON of its answer, None where it is empty."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url + path, json=body) as answer,
        ):
            content = await answer.read()
            return answer.status, json.loads(content) if content else None


class Sdk:
    """The least of an SDK: the outbound API's transfers, carried to the toolkit and back."""

    def __init__(self) -> None:
        self.toolkit_url = ""
        self.states: dict[str, dict[str, Any]] = {}
        """What is known of each transfer, as the outbound API shows it."""
        self._said: dict[str, Any] = {}
        self._came = asyncio.Condition()
        application = web.Application()
        application.router.add_post("/sdk/transfers", self._begin)
        application.router.add_put("/sdk/transfers/{id}", self._go_on)
        application.router.add_put("/{path:.*}", self._hear)
        self._server = TestServer(application)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()
        await self._server.close()

    @property
    def url(self) -> str:
        """Where the toolkit calls back; the outbound API is below `/sdk`."""
        return f"http://127.0.0.1:{self._server.port}"

    async def _begin(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        transfer_id = str(uuid.uuid4())
        whom = wanted["to"]
        found = await self._ask("GET", "parties", f"/parties/{whom['idType']}/{whom['idValue']}")
        info = found["party"]["partyIdInfo"]
        self.states[transfer_id] = {
            **wanted,
            "transferId": transfer_id,
            "to": {"idType": info["partyIdType"], "idValue": info["partyIdentifier"]},
            "getPartiesResponse": {"body": found},
            "currentState": "WAITING_FOR_PARTY_ACCEPTANCE",
        }
        return web.json_response(self.states[transfer_id])

    async def _go_on(self, request: web.Request) -> web.Response:
        state = self.states[request.match_info["id"]]
        choice = await request.json()
        if choice == {"acceptParty": True}:
            quote = await self._quoted(state)
            state |= {"quoteResponse": {"body": quote}}
            state["currentState"] = "WAITING_FOR_QUOTE_ACCEPTANCE"
        elif choice == {"acceptQuote": True}:
            state |= {"fulfil": {"body": await self._transferred(state)}}
            state["currentState"] = "COMPLETED"
        else:
            state["currentState"] = "ABORTED"
        return web.json_response(state)

    async def _quoted(self, state: Mapping[str, Any]) -> Any:
        quote_id = str(uuid.uuid4())
        body = {
            "quoteId": quote_id,
            "transactionId": state["transferId"],
            "payer": _party(state["from"], US),
            "payee": _party(state["to"], THEM),
            "amountType": state["amountType"],
            "amount": {"currency": state["currency"], "amount": state["amount"]},
            "transactionType": {
                "scenario": state["transactionType"],
                "initiator": "PAYER",
                "initiatorType": "BUSINESS",
            },
        }
        return await self._ask("POST", "quotes", "/quotes", body, f"/quotes/{quote_id}")

    async def _transferred(self, state: Mapping[str, Any]) -> Any:
        quote = state["quoteResponse"]["body"]
        amount = {name: quote["transferAmount"][name] for name in ("currency", "amount")}
        ends_at = datetime.now(UTC) + timedelta(minutes=1)
        body = {
            "transferId": state["transferId"],
            "payerFsp": US,
            "payeeFsp": THEM,
            "amount": amount,
            "ilpPacket": quote["ilpPacket"],
            "condition": quote["condition"],
            "expiration": ends_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        answered = f"/transfers/{state['transferId']}"
        return await self._ask("POST", "transfers", "/transfers", body, answered)

    async def _ask(
        self, method: str, resource: str, path: str, body: object = None, answered: str = ""
    ) -> Any:
        """Ask the toolkit, which answers 202 and later calls back; the body of that call."""
        kind = f"application/vnd.interoperability.{resource}+json;version=1.1"
        headers = {
            "Accept": kind,
            "Content-Type": kind,
            "Date": format_datetime(datetime.now(UTC), usegmt=True),
            "FSPIOP-Source": US,
            "FSPIOP-Destination": THEM,
        }
        assert self._session is not None
        content = None if body is None else json.dumps(body)
        async with self._session.request(
            method, self.toolkit_url + path, data=content, headers=headers
        ) as answer:
            assert answer.status == 202, await answer.text()
        awaited = answered or path
        async with self._came, asyncio.timeout(CALLBACK_SECONDS_MAX):
            await self._came.wait_for(lambda: awaited in self._said)
        return self._said.pop(awaited)

    async def _hear(self, request: web.Request) -> web.Response:
        async with self._came:
            self._said[request.path] = await request.json()
            self._came.notify_all()
        return web.Response()


def _mend(path: Path) -> None:
    """Mend what is wrong with a document of the SDK's, as the toolkit ships it.

    The toolkit finds an operation by its id, and those of the transfers have none; the notice of a
    transfer knows no ABORTED, which the SDK sends.
    """
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, operations in document["paths"].items():
        for method in operations.keys() & {"get", "post", "put"}:
            operations[method].setdefault("operationId", re.sub(r"\W", "", f"{method}{name}"))
    states = document["components"]["schemas"].get("transferStatus", {"enum": []})["enum"]
    states += {"ABORTED"} - set(states)
    path.write_text(json.dumps(document), encoding="utf-8")


def _rule(number: int, path: str, body: Mapping[str, str]) -> dict[str, Any]:
    """Write a rule in the toolkit's form: a POST there is answered so."""
    conditions = [
        {"fact": "operationPath", "operator": "equal", "value": path},
        {"fact": "method", "operator": "equal", "value": "post"},
        # A rule holds for every document that has the path, and FSPIOP has transfers too.
        {"fact": "headers", "operator": "equal", "value": "application/json", "path": "accept"},
    ]
    return {
        "ruleId": number,
        "type": "response",
        "version": 1,
        "priority": 1,
        "apiVersion": {"majorVersion": 2, "minorVersion": 1, "type": "sdk-backend"},
        "conditions": {"all": conditions},
        "event": {"type": "FIXED_RESPONSE", "params": {"body": body, "statusCode": "200"}},
    }


def _party(said: Mapping[str, Any], fsp_id: str) -> dict[str, Any]:
    info = {"partyIdType": said["idType"], "partyIdentifier": said["idValue"], "fspId": fsp_id}
    return {"partyIdInfo": info}
