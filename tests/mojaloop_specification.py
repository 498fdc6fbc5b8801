"""Mojaloop's official OpenAPI files for its SDK Scheme Adapter, mended for a validator.

They have defects: the answer to a failed transfer is an `allOf` of two objects that each forbid
what the other one has, so nothing fits it; and the backend's notice knows no ABORTED as its
`currentState`, which the SDK sends. `MojaloopSpecification` mends exactly these, and says what is
wrong with a request or an answer.

The files stand beside the repository, not in it; `requires_specifications` skips by name if absent.
"""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator

FOLDER: Final = Path(__file__).resolve().parents[2] / "shared" / "specs" / "mojaloop"

requires_specifications: Final = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="Mojaloop's specification files are not beside the repository "
    "(../shared/specs/mojaloop)",
)


class MojaloopSpecification:
    """One file: `outbound`, what we call, or `backend`, what is called at our side."""

    def __init__(self, which: str) -> None:
        text = (FOLDER / f"sdk-scheme-adapter-{which}-v2_1_0.yaml").read_text(encoding="utf-8")
        self._document: dict[str, Any] = yaml.safe_load(text)
        schemas = self._document["components"]["schemas"]
        if which == "outbound":
            schemas["errorResponse"].pop("additionalProperties")
            schemas["errorTransferResponse"]["allOf"][1].pop("additionalProperties")
        else:
            schemas["transferStatus"]["enum"].append("ABORTED")

    def request_problems(self, method: str, path: str, body: object) -> list[str]:
        """Return what is wrong with a parsed request body (None where there is none)."""
        operation = self._operation(method, path)
        schema = _schema_of(operation.get("requestBody", {}))
        if schema is None:
            return [] if body is None else [f"{method} {path} takes no body"]
        return self._problems(schema, body)

    def answer_problems(self, method: str, path: str, status: int, body: object) -> list[str]:
        """Return what is wrong with a parsed answer body (None where it was empty)."""
        answer = self._operation(method, path)["responses"].get(str(status))
        if answer is None:
            return [f"{status} is not documented for {method} {path}"]
        if "$ref" in answer:
            answer = self._document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        schema = _schema_of(answer)
        return [] if schema is None else self._problems(schema, body)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        """Return the operation of a concrete path; a literal path goes first."""
        for template in sorted(self._document["paths"], key=lambda known: known.count("{")):
            if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path):
                found: dict[str, Any] | None = self._document["paths"][template].get(method.lower())
                if found is not None:
                    return found
        raise LookupError(f"{method} {path} is in no specification")

    def _problems(self, schema: dict[str, Any], body: object) -> list[str]:
        validator = Draft7Validator({**schema, "components": self._document["components"]})
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def _schema_of(described: dict[str, Any]) -> dict[str, Any] | None:
    content = described.get("content", {}).get("application/json")
    return None if content is None else dict(content["schema"])
