"""CSV: what a publisher wrote stays text in any spreadsheet, split in any locale."""

from __future__ import annotations

import csv
import io

import pytest

from watcher.app.export import format_csv

FORMULAS = ("=1+1", "+1", "-2+3", "@SUM(A1)", "|calc", "%0A", "＝1+1", "＋1", "－1", "＠A", "\t=1", "\r=1", " =1")
PUBLISHED = [
    *FORMULAS,
    *(f"Port closed{separator}{formula}" for separator in ';,\t"\n' for formula in FORMULAS),
    "x; =cmd",
    'said "=1"',
    ";;=1",
    "=1;=2,=3",
]


def read(text: str, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting))  # type: ignore[arg-type]


@pytest.mark.parametrize("title", PUBLISHED)
def test_no_cell_begins_a_formula_however_the_line_is_split(title: str) -> None:
    written = format_csv(("id", "title"), [(1, title)])

    naive = [line.split(separator) for separator in ";,\t" for line in written.splitlines()]
    cells = [cell for row in read(written) for cell in row] + [cell for row in naive for cell in row]
    assert not [cell for cell in cells if cell.strip(' "').startswith(tuple("=+-@|%＝＋－＠｜％"))]


def test_every_cell_is_quoted_and_texts_stay_as_they_are() -> None:
    rows = [
        (1, 'Ports "closed", again; for 3 days - or more', None, -0.5),
        (2, "Ä\nB", "https://s.test/a?b=-1&c=%20", 1),
    ]

    written = format_csv(("id", "title", "url", "score"), rows)

    assert written.startswith('"id","title","url","score"\r\n"1",')
    assert read(written)[1:] == [["1", rows[0][1], "", "-0.5"], ["2", "Ä\nB", "https://s.test/a?b=-1&c=%20", "1"]]
