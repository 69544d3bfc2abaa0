"""Hits and digests as feeds: Atom (RFC 4287) and JSON Feed 1.1, for readers and for other machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from watcher.app.views import moment, still_there
from watcher.digest.atom import AtomEntry, AtomText, format_atom_feed
from watcher.digest.evidence import split_by_evidence
from watcher.model.results import StoredHit
from watcher.store.digests.queries import StoredDigest
from watcher.text.timestamps import format_rfc3339


def atom(title: str, feed_id: str, found: Sequence[StoredHit], *, url: str | None = None) -> str:
    """Write hits as an Atom feed; evidence is marked in the summary's HTML."""
    return format_atom_feed(title, feed_id, [_atom_entry(hit) for hit in found], self_url=url)


def json_feed(title: str, found: Sequence[StoredHit], *, url: str | None = None, home: str | None = None) -> str:
    """Write hits as JSON Feed 1.1 (jsonfeed.org)."""
    said: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": title}
    said |= {"feed_url": url} if url else {}
    said |= {"home_page_url": home} if home else {}
    said["items"] = [
        {
            "id": f"hit-{hit.id}",
            "url": hit.stored.entry.item.url,
            "title": hit.stored.entry.item.title,
            "content_html": _html(hit),
            "date_published": moment(hit.hit.matched_at),
            "authors": [{"name": hit.stored.entry.source}],
            "tags": [hit.hit.topic_id],
            "language": hit.stored.entry.item.language,
        }
        for hit in found
    ]
    return json.dumps(said, ensure_ascii=False)


def digests_atom(title: str, feed_id: str, told: Sequence[StoredDigest], *, url: str | None = None) -> str:
    """Write digests as an Atom feed, each whole as it was sent; those that were empty and not sent are left out."""
    entries = [
        AtomEntry(
            title=digest.subject or digest.title,
            id=f"{feed_id}:{digest.id}",
            updated=format_rfc3339(digest.composed_at),
            published=format_rfc3339(digest.slot_at),
            category=digest.name,
            content=AtomText(type="html" if digest.html else "text", text=digest.html or digest.text),
        )
        for digest in told
        if digest.sent
    ]
    return format_atom_feed(title, feed_id, entries, self_url=url)


def _atom_entry(hit: StoredHit) -> AtomEntry:
    item = hit.stored.entry.item
    return AtomEntry(
        title=item.title,
        id=f"urn:news-watcher:hit:{hit.id}",
        url=item.url,
        updated=format_rfc3339(hit.hit.matched_at),
        published=moment(item.published_at),
        author=hit.stored.entry.source,
        category=hit.hit.topic_id,
        summary=AtomText(type="html", text=_html(hit)),
    )


def _html(hit: StoredHit) -> str:
    item = hit.stored.entry.item
    field, text = ("summary", item.summary) if item.summary else ("content", item.content[:2000])
    pieces = split_by_evidence(text, field, still_there(hit.hit.evidence, hit.stored))
    return "".join(f"<mark>{escape(piece)}</mark>" if is_hit else escape(piece) for piece, is_hit in pieces)
