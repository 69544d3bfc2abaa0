"""Text of others on one line: for messages, headers, terminals and log records."""

from __future__ import annotations

from collections.abc import Collection


def one_line(text: object, limit: int | None = None, *, gap: str = " ", keep: Collection[str] = ()) -> str:
    """Return a text on one line of at most `limit` characters, without characters that cannot be printed.

    A run of white space becomes one blank. `gap` replaces what cannot be printed: controls, invisible marks and
    overrides of direction, surrogates, unassigned code points. Those in `keep` stay.
    """
    line = rest = str(text)
    if line.isprintable() and "  " not in line:
        return line.strip()[:limit]
    # Most lines that cannot be printed hold nothing of the kind but marks that stay.
    for mark in keep:
        rest = rest.replace(mark, "")
    if not rest.isprintable():
        line = "".join(c if c.isprintable() or c in keep else " " if c.isspace() else gap for c in line)
    return " ".join(line.split())[:limit]
