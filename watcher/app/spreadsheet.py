"""Hits as CSV that a spreadsheet takes for text: what a publisher wrote never becomes a formula there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

HIT_COLUMNS = (
    "id", "topic", "score", "matched_at", "title", "url", "source", "published_at", "first_seen_at", "language",
    "label", "evidence",
)  # fmt: skip

# A formula begins a cell. In another locale a spreadsheet may also split at `;`, a tab or a comma, and takes a quote
# that follows one of them for the beginning of a cell (OWASP, "CSV Injection"); full-width forms count as well.
_FORMULA = re.compile(r"(^|[;,\"'\t\r\n])([ \u00a0\u3000]*)(?=[=+\-@|%＝＋－＠｜％\t\r])")


def format_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV (RFC 4180) with every cell in quotes; texts that could begin a formula get an apostrophe there."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    writer.writerows([_format_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def hit_row(hit: dict[str, Any]) -> tuple[object, ...]:
    """Return the cells of a hit, in the order of HIT_COLUMNS."""
    entry = hit["entry"]
    words = "; ".join(dict.fromkeys(piece["text"] for piece in hit["evidence"]))
    return (
        hit["id"], hit["topic"], hit["score"], hit["matched_at"], entry["title"], entry["url"], entry["source"],
        entry["published_at"], entry["first_seen_at"], entry["language"], hit["label"], words,
    )  # fmt: skip


def _format_cell(cell: object) -> str:
    """Return a cell's text; numbers of our own stay numbers, minus sign and all."""
    if isinstance(cell, str):
        return _FORMULA.sub(r"\1\2'", cell)
    return "" if cell is None else str(cell)
