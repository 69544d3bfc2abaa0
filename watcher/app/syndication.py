"""Hits and digests as feeds: Atom (RFC 4287) and JSON Feed 1.1, for readers and for other machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from watcher.app.views import moment, still_there
from watcher.digest.evidence import split_by_evidence
from watcher.model.results import StoredHit
from watcher.store.digests.queries import StoredDigest


def atom(title: str, feed_id: str, found: Sequence[StoredHit], *, url: str | None = None) -> str:
    """Write hits as an Atom feed; evidence is marked in the summary's HTML."""
    updated = moment(found[0].hit.matched_at) if found else "1970-01-01T00:00:00Z"
    link = f"<link rel='self' href={quoteattr(url)}/>" if url else ""
    entries = "".join(_atom_entry(hit) for hit in found)
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom'>"
        f"<title>{_xml(title)}</title><id>{_xml(feed_id)}</id><updated>{updated}</updated>"
        f"<author><name>news-watcher</name></author>{link}{entries}</feed>"
    )


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
    sent = [each for each in told if each.sent]
    updated = moment(sent[0].composed_at) if sent else "1970-01-01T00:00:00Z"
    link = f"<link rel='self' href={quoteattr(url)}/>" if url else ""
    entries = "".join(
        f"<entry><title>{_xml(said.subject or said.title)}</title><id>{_xml(feed_id)}:{said.id}</id>"
        f"<updated>{moment(said.composed_at)}</updated><published>{moment(said.slot_at)}</published>"
        f"<category term={quoteattr(_legal(said.name))}/>"
        f"<content type='{'html' if said.html else 'text'}'>{_xml(said.html or said.text)}</content></entry>"
        for said in sent
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom'>"
        f"<title>{_xml(title)}</title><id>{_xml(feed_id)}</id><updated>{updated}</updated>"
        f"<author><name>news-watcher</name></author>{link}{entries}</feed>"
    )


def _atom_entry(hit: StoredHit) -> str:
    item = hit.stored.entry.item
    link = f"<link href={quoteattr(_legal(item.url))}/>" if item.url else ""
    published = f"<published>{moment(item.published_at)}</published>" if item.published_at else ""
    return (
        f"<entry><title>{_xml(item.title)}</title><id>urn:news-watcher:hit:{hit.id}</id>{link}"
        f"<updated>{moment(hit.hit.matched_at)}</updated>{published}"
        f"<author><name>{_xml(hit.stored.entry.source)}</name></author><category term={quoteattr(hit.hit.topic_id)}/>"
        f"<summary type='html'>{_xml(_html(hit))}</summary></entry>"
    )


def _html(hit: StoredHit) -> str:
    item = hit.stored.entry.item
    field, text = ("summary", item.summary) if item.summary else ("content", item.content[:2000])
    pieces = split_by_evidence(text, field, still_there(hit.hit.evidence, hit.stored))
    return "".join(f"<mark>{escape(piece)}</mark>" if is_hit else escape(piece) for piece, is_hit in pieces)


def _xml(said: str) -> str:
    return escape(_legal(said))


def _legal(said: str) -> str:
    return "".join(c for c in said if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
