"""Renders the Atom feed (RFC 4287) of a folder with digests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from pathlib import PurePath
from urllib.parse import quote
from xml.sax.saxutils import escape

FEED_LENGTH = 30
_STEM = re.compile(r"-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?$")
_EPOCH = "1970-01-01T00:00:00Z"


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
    updated = latest[0].slot if latest else _EPOCH
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom'><title>Digests</title>"
        f"<id>urn:news-watcher:digests</id><updated>{updated}</updated><author><name>news-watcher</name></author>\n"
        + "\n".join(_render_entry(file) for file in latest)
        + "</feed>\n"
    )


def _render_entry(file: DigestFile) -> str:
    text, path = file.read(), PurePath(file.name)
    is_html = path.suffix == ".html"
    match = re.search(r"<title>(.*?)</title>", text, re.DOTALL) if is_html else None
    title = unescape(match[1]) if match else text.partition("\n")[0].lstrip("# ")[:200]
    return (
        f"<entry><title>{_escape_xml(title.strip() or path.stem)}</title>"
        f"<id>urn:news-watcher:{_escape_xml(path.stem)}</id>"
        f"<updated>{file.slot}</updated><link href='{_escape_xml(quote(file.name))}'/>"
        f"<content type='{'html' if is_html else 'text'}'>{_escape_xml(text)}</content></entry>"
    )


def _escape_xml(text: str) -> str:
    """Escape a text for XML, without the characters that XML cannot hold at all."""
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    return escape(kept, {"'": "&#39;", '"': "&quot;"})
