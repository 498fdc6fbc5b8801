"""The lines that are hashed: SQLite writes them as we do, whatever the text."""

import sys
from collections.abc import Iterator

from sqlalchemy import MetaData, Table, create_engine

from projections.digest import lines_in
from projections.tables import number, text

SURROGATES = range(0xD800, 0xE000)
NUMBERS = (0, -1, 2**63 - 1, -(2**63), None)
TEXTS = ("", '[1,"a\\"b"]', "null", "\\u0041", "1.0", None)


def rows() -> Iterator[tuple[int, str | None, int | None]]:
    """Every character there is, some thousand to a row; texts that look like JSON; numbers."""
    letters = "".join(chr(one) for one in range(sys.maxunicode + 1) if one not in SURROGATES)
    size = 5_000
    parts = [letters[start : start + size] for start in range(0, len(letters), size)]
    for position, part in enumerate((*parts, *TEXTS)):
        yield position, part, NUMBERS[position % len(NUMBERS)]


def test_both_ways_to_write_a_row_give_the_same_bytes() -> None:
    table = Table(
        "things",
        MetaData(),
        number("position", key=True),
        text("said", null=True),
        number("amount_minor", null=True),
    )
    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        table.metadata.create_all(conn)
        names = [column.name for column in table.columns]
        told = [dict(zip(names, row, strict=True)) for row in rows()]
        conn.execute(table.insert(), told)
        found = {}
        for dialect in ("sqlite", "postgresql"):
            lines = lines_in(table, dialect)
            answer = conn.execute(lines.asked.order_by(table.c.position)).all()
            found[dialect] = lines.written(answer)
    engine.dispose()
    assert found["sqlite"].count(b"\n") == len(told)
    assert found["sqlite"] == found["postgresql"]
