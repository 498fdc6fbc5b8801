"""A call that was written down is read again as it came, whatever bytes it had."""

import json

from hypothesis import given
from hypothesis import strategies as st

from adapters.base import WebhookCall
from adapters.kept_call import read, readable_path, size_bytes_of, written


def escaped(value: bytes) -> str:
    """Bytes as HTTP hands them on."""
    return value.decode("utf-8", "surrogateescape")


@given(
    method=st.sampled_from(["POST", "PUT"]),
    path=st.lists(st.binary(max_size=20).map(escaped).map(readable_path), max_size=4),
    headers=st.dictionaries(st.text("ABC-", min_size=1), st.binary(max_size=40).map(escaped)),
    body=st.binary(max_size=200),
)
def test_nothing_of_a_call_is_lost(
    method: str, path: list[str], headers: dict[str, str], body: bytes
) -> None:
    call = WebhookCall(method=method, path=tuple(path), headers=headers, body=body)

    assert read(written(call)) == call


def test_what_is_no_text_stands_apart_from_what_only_looks_so() -> None:
    headers = {"X-A": escaped(b"\xff\xfe"), "X-B": "//4=", "X-C": "é"}
    call = WebhookCall(method="PUT", path=("x",), headers=headers, body=b"{}")

    assert json.loads(written(call)) == {
        "method": "PUT",
        "path": ["x"],
        "headers": {"X-B": "//4=", "X-C": "é"},
        "headers_base64": {"X-A": "//4="},
        "body": "e30=",
    }


def test_a_path_writes_what_is_no_text_as_paths_do() -> None:
    assert readable_path(escaped(b"a\xff/\xc3\xa9")) == "a%FF/é"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_texts_size_is_what_it_takes_where_it_is_written(value: str) -> None:
    def size(text: str) -> int:
        return len(written(WebhookCall(method="PUT", path=(), headers={"A": text}, body=b"")))

    assert size(value) - size("") == size_bytes_of(value)
