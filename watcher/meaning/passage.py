"""The text that stands for an entry. Needs no numpy."""

from __future__ import annotations

MAX_SUMMARY_CHARACTERS = 300
"""More costs time in proportion and found no more (bench/meaning.py)."""


def build_passage(title: str, summary: str, content: str = "") -> str:
    """Return the text that is encoded for an entry: the title, and a line with the start of the summary or content."""
    headline = " ".join(title.split())
    body = " ".join((summary.strip() or content.strip())[: 2 * MAX_SUMMARY_CHARACTERS].split())[:MAX_SUMMARY_CHARACTERS]
    if not body or body == headline:
        return headline
    return f"{headline}\n{body}" if headline else body


def build_title(title: str, passage: str) -> str:
    """Return the text of a title that is encoded beside a passage; empty where it is all of it, or there is none."""
    headline = " ".join(title.split())
    return headline if headline != passage else ""
