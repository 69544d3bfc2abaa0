"""Cursors: where a list goes on, opaque to clients."""

from __future__ import annotations

import base64
import binascii

from watcher.errors import UsageError


def format_cursor(kind: str, *place: int | float) -> str:
    """Return a cursor for a list of this kind."""
    plain = ":".join([kind, *(repr(part) for part in place)])
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def parse_cursor(kind: str, cursor: str | None) -> tuple[float, ...]:
    """Read a cursor of this kind, or nothing; raises UsageError for one of another list."""
    if not cursor:
        return ()
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        cursor_kind, *parts = plain.split(":")
        place = tuple(float(part) if "." in part or "e" in part else int(part) for part in parts)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise UsageError("this cursor cannot be read; start the list again without it") from error
    if cursor_kind != kind or not all(abs(part) < 2**63 for part in place):
        raise UsageError("this cursor belongs to another list; start again without it")
    return place
