"""Renders the Atom feed (RFC 4287) of a folder with digests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from pathlib import PurePath
from urllib.parse import quote

from watcher.digest.atom import AtomEntry, AtomText, format_atom_feed

FEED_LENGTH = 30
_STEM = re.compile(r"-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFile:
    """A digest in a folder. `slot` is RFC 3339 in UTC; `read` is called for those alone that the feed holds."""

    name: str
    slot: str
    read: Callable[[], str]


def parse_slot(file_name: str) -> str | None:
    """Return the slot in the name of a digest's file; None for any other file."""
    path = PurePath(file_name)
    match = _STEM.search(path.stem)
    if match is None or path.suffix not in {".html", ".txt", ".md"} or file_name.startswith("."):
        return None
    year, month, day, hour, minute, second = match.groups(default="00")
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"


def render_feed(files: Iterable[DigestFile]) -> str:
    """Return an Atom feed of the latest digests, newest first."""
    latest = sorted(files, key=lambda file: (file.slot, file.name), reverse=True)[:FEED_LENGTH]
    return format_atom_feed("Digests", "urn:news-watcher:digests", [_to_entry(file) for file in latest]) + "\n"


def _to_entry(file: DigestFile) -> AtomEntry:
    text, path = file.read(), PurePath(file.name)
    is_html = path.suffix == ".html"
    match = re.search(r"<title>(.*?)</title>", text, re.DOTALL) if is_html else None
    title = unescape(match[1]) if match else text.partition("\n")[0].lstrip("# ")[:200]
    return AtomEntry(
        title=title.strip() or path.stem,
        id=f"urn:news-watcher:{path.stem}",
        updated=file.slot,
        url=quote(file.name),
        content=AtomText(type="html" if is_html else "text", text=text),
    )
