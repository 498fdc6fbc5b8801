"""A third party's JSON schemas of Wave's API, as a judge of requests and answers.

Each file describes one call: its method and address, the request, the answer, the error. They
forbid nothing that they do not know; `WaveSpecification` does, so that a member nobody described
is seen. Of one object, a session or a payout, they describe other members in other files; here an
object may have what any file says of it, as Wave's own pages give the whole in every answer.

The files stand beside the repository, not in it; `requires_specification` skips by name if absent.
"""

import re
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from jsonschema import Draft7Validator

FOLDER: Final = Path(__file__).resolve().parents[2] / "shared" / "specs" / "wave"

requires_specification: Final = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the schemas of Wave are not beside the repository (../shared/specs/wave)",
)


SAME: Final = {
    "verify_payment": "create_checkout_session",
    "search_checkouts": "create_checkout_session",
    "send_payout": "get_payout",
}
"""The call whose answer describes the same object, and more of it."""


class WaveSpecification:
    """All the files."""

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, Any]] = {}
        for path in sorted(FOLDER.glob("*_schema.json")):
            self.calls[path.name.removesuffix("_schema.json")] = orjson.loads(path.read_bytes())

    def name_of(self, method: str, path: str) -> str | None:
        """Which file describes a call; a literal path goes before one with an id in it.

        The slash that Wave's clients write at the end of a path is none of the schemas'.
        """
        for name, call in sorted(self.calls.items(), key=lambda one: "{id}" in _path(one[1])):
            pattern = re.escape(_path(call)).replace(r"\{id\}", "[^/]+")
            if call["endpoint"]["method"] == method and re.fullmatch(pattern, path.rstrip("/")):
                return name
        return None

    def request_problems(self, name: str, body: object) -> list[str]:
        """What is wrong with a request's body; what stands in the path is no part of it."""
        schema = dict(self.calls[name]["input_schema"])
        if "{id}" in _path(self.calls[name]):
            schema["required"] = [one for one in schema.get("required", ()) if one != "id"]
        return _problems(schema, {} if body is None else body)

    def answer_problems(self, name: str, status: int, body: bytes) -> list[str]:
        """What is wrong with an answer; a schema without members is of an empty one."""
        if status >= 400:
            return _problems(self.calls[name]["error_schema"], orjson.loads(body))
        schema = self.calls[name]["response_schema"]
        if "properties" not in schema:
            return [] if not body else ["the answer is not empty"]
        found = orjson.loads(body)
        whole = self.calls[SAME.get(name, name)]["response_schema"]["properties"]
        if name == "search_checkouts":
            item = schema["properties"]["result"]["items"]
            item = {**item, "properties": {**whole, **item["properties"]}}
            return [one for each in found["result"] for one in _problems(item, each)]
        return _problems({**schema, "properties": {**whole, **schema["properties"]}}, found)


def _path(call: dict[str, Any]) -> str:
    return str(call["endpoint"]["url"]).removeprefix("https://api.wave.com")


def _problems(schema: dict[str, Any], body: object) -> list[str]:
    strict = {**schema, "additionalProperties": False}
    return [
        f"{error.json_path}: {error.message}" for error in Draft7Validator(strict).iter_errors(body)
    ]
