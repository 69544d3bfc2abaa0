"""Markdown that Sphinx and a forge read alike: escaped text, tables, sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\*_<>\[\]|#])")


def escape(text: str) -> str:
    """Return a text whose marks are no Markdown; what stands between backticks stays code."""
    pieces = re.split(r"(`[^`\n]+`)", " ".join(text.split()))
    return "".join(
        piece.replace("|", r"\|") if piece.startswith("`") and len(piece) > 1 else _SPECIAL.sub(r"\\\1", piece)
        for piece in pieces
    )


def code(text: str) -> str:
    """Return a text as inline code, also within a table."""
    return "`" + text.replace("|", r"\|") + "`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already; nothing where there is no row."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines]) + "\n"


def block(text: str, language: str = "text") -> str:
    """Return a fenced block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def page(title: str, introduction: str, *sections: str) -> str:
    """Return a page: its title, a paragraph, and its sections."""
    return "\n".join([f"# {title}\n", introduction.strip() + "\n", *sections]).rstrip() + "\n"
