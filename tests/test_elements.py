"""XML is read flat and within limits, and without a document type."""

import pytest

from adapters.elements import ELEMENTS_BYTES_MAX, ELEMENTS_MAX, elements_in, written_elements

LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9))
    + b"]><COMMAND><a>&a8;</a></COMMAND>"
)


@pytest.mark.parametrize(
    ("body", "root", "found"),
    [
        (b"<a>1</a><b>x &amp; y</b>", None, {"a": "1", "b": "x & y"}),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<a>1</a>\n<b/>\n', None, {"a": "1", "b": ""}),
        (b"<a n='1'><![CDATA[<1>]]></a><!-- no -->", None, {"a": "<1>"}),
        (b"<a>\xc3\xa9 &#233;</a>", None, {"a": "é é"}),
        (b"", None, {}),
        (b"<COMMAND><a>1</a></COMMAND>", "COMMAND", {"a": "1"}),
        (b'<?xml version="1.0"?><COMMAND><a>1</a></COMMAND>', "COMMAND", {"a": "1"}),
    ],
)
def test_flat_elements_are_read(body: bytes, root: str | None, found: dict[str, str]) -> None:
    assert elements_in(body, root=root) == found


@pytest.mark.parametrize(
    ("body", "root"),
    [
        pytest.param(b"<a>1</a><a>2</a>", None, id="twice"),
        pytest.param(b"<a>1", None, id="cut in a text"),
        pytest.param(b"<a>1</", None, id="cut in a tag"),
        pytest.param(b"<a><b>1</b></a>", None, id="nested"),
        pytest.param(b"<a>" * 20_000, None, id="deep"),
        pytest.param(b"words", None, id="words"),
        pytest.param(b"<a>1</a> words", None, id="words after"),
        pytest.param(b"</fragments><a>1</a><fragments>", None, id="another root"),
        pytest.param(b"<OTHER><a>1</a></OTHER>", "COMMAND", id="the wrong root"),
        pytest.param(b"<a>\xe9</a>", None, id="no UTF-8"),
        pytest.param(b"<a>\x00</a>", None, id="a zero byte"),
        pytest.param(b"<a>&b;</a>", None, id="an entity"),
        pytest.param(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', None, id="a type"),
        pytest.param(LAUGHS, "COMMAND", id="a thousand million laughs"),
        pytest.param(
            b'<!DOCTYPE COMMAND [<!ENTITY e "1">]><COMMAND><a>&e;</a></COMMAND>',
            "COMMAND",
            id="an entity of its own",
        ),
        pytest.param(
            b'<!DOCTYPE COMMAND [<!ATTLIST a n CDATA "1">]><COMMAND><a>1</a></COMMAND>',
            "COMMAND",
            id="a default",
        ),
        pytest.param(b"<a>" + b"1" * ELEMENTS_BYTES_MAX + b"</a>", None, id="long"),
        pytest.param(b"".join(b"<a%d/>" % n for n in range(ELEMENTS_MAX + 1)), None, id="many"),
        pytest.param(b'{"a": 1}', None, id="JSON"),
    ],
)
def test_everything_else_is_nothing(body: bytes, root: str | None) -> None:
    assert elements_in(body, root=root) is None


def test_what_is_written_is_read_again() -> None:
    texts = {"a": "x < y & z > \"'", "b": "é]]>"}
    assert elements_in(written_elements(texts).encode()) == texts
    assert elements_in(written_elements(texts, root="R").encode(), root="R") == texts
