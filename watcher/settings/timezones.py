"""The names of time zones. One name is looked up by itself: listing them all opens some six hundred files."""

from __future__ import annotations

import zoneinfo
from contextlib import suppress
from functools import cache
from pathlib import Path

from watcher.text.suggest import did_you_mean

_UNLISTED = frozenset({"posix", "right", "posixrules", "", ".", ".."})
"""What lies among the zones and names none."""


@cache
def list_timezones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(zoneinfo.available_timezones())


def validate_timezone(text: str) -> str:
    """Return the name of a time zone. Raises ValueError."""
    if not _is_installed(text) and text not in (zones := list_timezones()):
        raise ValueError(f"no time zone {text!r}{did_you_mean(text, zones)}")
    return text


def _is_installed(text: str) -> bool:
    """Return whether this machine has the file of a zone; without one, Python's own package may have the zone."""
    parts = text.split("/")
    if not _UNLISTED.isdisjoint(parts):
        return False
    for root in zoneinfo.TZPATH:
        # Names are compared, as some file systems open `europe/london`, too.
        with suppress(OSError):
            if all(part in _list_names(Path(root, *parts[:depth])) for depth, part in enumerate(parts)):
                return Path(root, text).read_bytes().startswith(b"TZif")
    return False


def _list_names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
