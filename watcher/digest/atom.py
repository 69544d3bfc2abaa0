"""Atom feeds (RFC 4287) of what the watcher found: hits and digests, for feed readers and other machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

GENERATOR = "news-watcher"
_NEVER = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomText:
    """A text construct (RFC 4287, 3.1): plain text, or HTML as a string."""

    type: Literal["text", "html"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomEntry:
    """An entry of a feed; `updated` and `published` are RFC 3339 in UTC, `url` is its page."""

    title: str
    id: str
    updated: str
    url: str | None = None
    published: str | None = None
    author: str | None = None
    category: str | None = None
    summary: AtomText | None = None
    content: AtomText | None = None


def format_atom_feed(title: str, feed_id: str, entries: Sequence[AtomEntry], *, self_url: str | None = None) -> str:
    """Format an Atom feed; the newest entry comes first, and its `updated` is the feed's."""
    updated = entries[0].updated if entries else _NEVER
    link = f"<link rel='self' href={_quote_attribute(self_url)}/>" if self_url else ""
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom'>"
        f"<title>{escape_xml(title)}</title><id>{escape_xml(feed_id)}</id><updated>{updated}</updated>"
        f"<author><name>{GENERATOR}</name></author>{link}{''.join(map(_format_entry, entries))}</feed>"
    )


def escape_xml(text: str) -> str:
    """Return a text as XML character data, without the characters that XML cannot hold at all (XML 1.0, 2.2)."""
    return escape(_drop_illegal(text))


def _format_entry(entry: AtomEntry) -> str:
    parts = [f"<title>{escape_xml(entry.title)}</title><id>{escape_xml(entry.id)}</id>"]
    if entry.url:
        parts.append(f"<link href={_quote_attribute(entry.url)}/>")
    parts.append(f"<updated>{entry.updated}</updated>")
    if entry.published:
        parts.append(f"<published>{entry.published}</published>")
    if entry.author is not None:
        parts.append(f"<author><name>{escape_xml(entry.author)}</name></author>")
    if entry.category is not None:
        parts.append(f"<category term={_quote_attribute(entry.category)}/>")
    if entry.summary is not None:
        parts.append(f"<summary type='{entry.summary.type}'>{escape_xml(entry.summary.text)}</summary>")
    if entry.content is not None:
        parts.append(f"<content type='{entry.content.type}'>{escape_xml(entry.content.text)}</content>")
    return f"<entry>{''.join(parts)}</entry>"


def _quote_attribute(text: str) -> str:
    return quoteattr(_drop_illegal(text))


def _drop_illegal(text: str) -> str:
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
