"""MTN's official OpenAPI files, cleaned in memory so that a validator can use them.

They are exports of a portal and have defects: keys of `content` that are example names and no media
types, objects of which nothing is required and everything else is allowed, an answer without
its schema, a flat answer described as nested, clones of an operation that somebody left behind, an
address that is no text. `MtnSpecification` mends exactly these, adds nothing that contradicts the
files, and says what is wrong with a request or an answer. The file of disbursements is of the
format's version 2; it is read as what it would be in version 3.

The files stand beside the repository, not in it; `requires_specifications` skips by name if absent.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from jsonschema import Draft7Validator

FOLDER: Final = Path(__file__).resolve().parents[2] / "shared" / "specs" / "mtn"

requires_specifications: Final = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="MTN's specification files are not beside the repository (../shared/specs/mtn)",
)

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "ErrorReason": ("code", "message"),
    "RequestToPay": ("amount", "currency", "externalId", "payer", "payerMessage", "payeeNote"),
    "RequestToPayResult": ("amount", "currency", "payer", "status"),
    "Transfer": ("amount", "currency", "externalId", "payee", "payerMessage", "payeeNote"),
    "TransferResult": ("amount", "currency", "payee", "status"),
    "Refund": (
        *("amount", "currency", "externalId", "payerMessage", "payeeNote"),
        "referenceIdToRefund",
    ),
    "RefundResult": ("amount", "currency", "status"),
    "CashTransfer": ("amount", "currency", "payee", "externalId", "orginatingCountry"),
    "CashTransferResult": ("amount", "currency", "payee", "status"),
    "PreApproval": ("payer", "payerCurrency", "payerMessage", "validityTime"),
    "PreApprovalResult": ("payer", "payerCurrency", "status", "expirationDateTime"),
    "PreApprovalDetails": ("preApprovalId", "fromFri", "status"),
    "CreateInvoice": (
        *("externalId", "amount", "currency", "validityDuration", "intendedPayer", "payee"),
        "description",
    ),
    "InvoiceResult": ("referenceId", "externalId", "amount", "currency", "status", "invoiceId"),
    "Money": ("amount", "currency"),
    "CreatePayments": ("externalTransactionId", "money", "customerReference"),
    "PaymentResult": ("referenceId", "status"),
    "deliverynotification": ("notificationMessage",),
    "BasicUserInfoJsonResponse": ("given_name", "family_name", "status"),
    "bcauthorizeResponse": ("auth_req_id", "interval", "expires_in"),
    "oauth2TokenResponse": ("access_token", "token_type", "expires_in"),
    "consentkycResponse": ("sub", "name", "status"),
    "Party": ("partyIdType", "partyId"),
    "Balance": ("availableBalance", "currency"),
    "BooleanResult": ("result",),
    "TokenPost200ApplicationJsonResponse": ("access_token", "token_type", "expires_in"),
    "TokenPost401ApplicationJsonResponse": ("error",),
    "ApiUser": ("providerCallbackHost",),
    "ApiUserResult": ("providerCallbackHost", "targetEnvironment"),
    "ApiUserKeyResult": ("apiKey",),
}
"""What the prose and the published answers always have; the files require nothing."""

FORM: Final = "application/x-www-form-urlencoded"
ACTIVE: Final = "/v1_0/accountholder/{accountHolderIdType}/{accountHolderId}/active"


def recorded_answers() -> dict[str, Any]:
    """Return the published real answers that stand beside the specifications."""
    recorded: dict[str, Any] = orjson.loads((FOLDER / "recorded-responses.json").read_bytes())
    return recorded


class MtnSpecification:
    """One file; `prefix` is where its paths begin on a server."""

    def __init__(self, file_name: str, *, prefix: str = "") -> None:
        document = orjson.loads((FOLDER / file_name).read_bytes())
        self._document = _as_version_3(document) if "swagger" in document else document
        self._prefix = prefix
        self._mend()

    @property
    def operations(self) -> set[tuple[str, str]]:
        """Every (METHOD, path) with the names of path parameters blanked: `/v1_0/apiuser/{}`."""
        return {
            (method.upper(), self._prefix + re.sub(r"\{[^}]*\}", "{}", path))
            for path, methods in self._document["paths"].items()
            for method in methods
        }

    @property
    def codes(self) -> set[str]:
        """Every code that an error of this product may have."""
        return set(
            self._document["components"]["schemas"]["ErrorReason"]["properties"]["code"]["enum"]
        )

    def answer_problems(self, method: str, path: str, status: int, body: object) -> list[str]:
        """Return what is wrong with a parsed answer body (None where it was empty)."""
        _, operation = self._operation(method, path)
        answer = operation["responses"].get(str(status))
        if answer is None:
            return [f"{status} is not documented for {method} {path}"]
        schema = _schema_of(answer.get("content", {}))
        if status == 400 and body is None:
            # Most of the files' 400s are empty; a few show one error, copied to all of them.
            return []
        if schema is None:
            return [] if body is None else [f"{status} of {method} {path} has no body"]
        return self._problems(schema, body)

    def request_problems(
        self, method: str, path: str, headers: Mapping[str, str], body: object
    ) -> list[str]:
        """Return what is wrong with a request: missing headers, and its parsed body."""
        _, operation = self._operation(method, path)
        sent = {name.lower() for name in headers}
        problems = [
            f"header {parameter['name']} is missing"
            for parameter in operation.get("parameters", [])
            if parameter["in"] == "header"
            and parameter.get("required")
            and parameter["name"].lower() not in sent
        ]
        if "ocp-apim-subscription-key" not in sent:
            problems.append("header Ocp-Apim-Subscription-Key is missing")
        schema = _schema_of(operation.get("requestBody", {}).get("content", {}))
        if schema is not None:
            problems += self._problems(schema, body)
        elif body is not None:
            problems.append(f"{method} {path} takes no body")
        return problems

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """Return the template and operation of a concrete path; a literal path goes first."""
        wanted = path.removeprefix(self._prefix)
        for template in sorted(self._document["paths"], key=lambda known: known.count("{")):
            if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), wanted):
                operation: dict[str, Any] | None = self._document["paths"][template].get(
                    method.lower()
                )
                if operation is not None:
                    return template, operation
        raise LookupError(f"{method} {path} is in no specification")

    def _problems(self, schema: Mapping[str, Any], body: object) -> list[str]:
        validator = Draft7Validator({**schema, "components": self._document["components"]})
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]

    def _mend(self) -> None:
        paths = self._document["paths"]
        self._document["paths"] = {
            path: methods
            for path, methods in paths.items()
            if not path.startswith("/clone-") and "999{" not in path
        }
        schemas = self._document["components"]["schemas"]
        for name, schema in schemas.items():
            schema.pop("example", None)
            if name in REQUIRED:
                schema["required"] = [one for one in REQUIRED[name] if one in schema["properties"]]
                schema["additionalProperties"] = False
        for methods in self._document["paths"].values():
            for operation in methods.values():
                form = operation.get("requestBody", {}).get("content", {}).get(FORM)
                if form is not None and "schema" not in form:
                    # Collections alone show an example of this form, and no schema.
                    form["schema"] = {"$ref": "#/components/schemas/bcauthorize"}
        if "consentkycResponse" in schemas:
            # The published answer has an address that is an object, and a score that is a number.
            known = schemas["consentkycResponse"]["properties"]
            known["address"] = {"$ref": "#/components/schemas/address"}
            known["credit_score"] = {"type": "number"}
        if "ApiUserResult" in schemas:
            # The real answer is flat: the environment is a name, and there is no server URL.
            schemas["ApiUserResult"]["properties"]["targetEnvironment"] = {"type": "string"}
            shown = {"schema": {"$ref": "#/components/schemas/ApiUserResult"}}
            answers = self._document["paths"]["/v1_0/apiuser/{X-Reference-Id}"]["get"]["responses"]
            answers["200"]["content"] = {"application/json": shown}
        if ACTIVE in self._document["paths"]:
            shown = {"schema": {"$ref": "#/components/schemas/BooleanResult"}}
            answers = self._document["paths"][ACTIVE]["get"]["responses"]
            answers["200"]["content"] = {"application/json": shown}


def _as_version_3(document: dict[str, Any]) -> dict[str, Any]:
    """Read a Swagger 2 file as OpenAPI 3: where schemas stand, and where bodies are described."""
    text = orjson.dumps(document).replace(b"#/definitions/", b"#/components/schemas/")
    document = orjson.loads(text)
    for methods in document["paths"].values():
        for operation in methods.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [one for one in parameters if one["in"] != "body"]
            bodies = [one["schema"] for one in parameters if one["in"] == "body"]
            fields = {one["name"]: one for one in parameters if one["in"] == "formData"}
            if bodies:
                operation["requestBody"] = {"content": {"application/json": {"schema": bodies[0]}}}
            elif fields:
                shown = {name: {"type": one["type"]} for name, one in fields.items()}
                form = {"schema": {"properties": shown}}
                operation["requestBody"] = {"content": {FORM: form}}
            for answer in operation["responses"].values():
                if "schema" in answer:
                    answer["content"] = {"application/json": {"schema": answer.pop("schema")}}
    return {"paths": document["paths"], "components": {"schemas": document["definitions"]}}


def _schema_of(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the one schema of a `content`, whatever its key is called; None if it has none."""
    written = [kind["schema"] for kind in content.values() if "schema" in kind]
    return dict(written[0]) if written else None
