"""MTN's official OpenAPI files, cleaned in memory so that a validator can use them.

They are exports of a portal and have defects: keys of `content` that are example names and no media
types, objects of which nothing is required and everything else is allowed, an answer without
its schema, a flat answer described as nested. `MtnSpecification` mends exactly these, adds nothing
that contradicts the files, and says what is wrong with a request or an answer.

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

ACTIVE: Final = "/v1_0/accountholder/{accountHolderIdType}/{accountHolderId}/active"


def recorded_answers() -> dict[str, Any]:
    """Return the published real answers that stand beside the specifications."""
    recorded: dict[str, Any] = orjson.loads((FOLDER / "recorded-responses.json").read_bytes())
    return recorded


class MtnSpecification:
    """One file; `prefix` is where its paths begin on a server."""

    def __init__(self, file_name: str, *, prefix: str = "") -> None:
        self._document = orjson.loads((FOLDER / file_name).read_bytes())
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

    def answer_problems(self, method: str, path: str, status: int, body: object) -> list[str]:
        """Return what is wrong with a parsed answer body (None where it was empty)."""
        _, operation = self._operation(method, path)
        answer = operation["responses"].get(str(status))
        if answer is None:
            return [f"{status} is not documented for {method} {path}"]
        schema = _schema_of(answer.get("content", {}))
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
        schemas = self._document["components"]["schemas"]
        for name, schema in schemas.items():
            schema.pop("example", None)
            if name in REQUIRED:
                schema["required"] = list(REQUIRED[name])
                schema["additionalProperties"] = False
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


def _schema_of(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the one schema of a `content`, whatever its key is called; None if it has none."""
    written = [kind["schema"] for kind in content.values() if "schema" in kind]
    return dict(written[0]) if written else None
