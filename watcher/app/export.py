"""Hits and digests as files: CSV, JSON lines, Markdown, Atom (RFC 4287) and JSON Feed 1.1.

In CSV, what a publisher wrote never becomes a formula of a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from watcher.contract.entries import keep_valid_evidence
from watcher.contract.feed_documents import JsonFeed
from watcher.contract.hits import Hit
from watcher.contract.timestamps import format_timestamp
from watcher.digest.atom import AtomEntry, AtomText, format_atom_feed
from watcher.digest.evidence import split_by_evidence
from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit, StoredProposal
from watcher.model.story import Story
from watcher.store.digests.queries import StoredDigest

CSV_COLUMNS = (
    "id", "topic", "score", "matched_at", "title", "url", "source", "published_at", "first_seen_at", "language",
    "label", "evidence",
)  # fmt: skip
POSSIBLY_RELATED = "possibly related"
"""The tag of a proposal in a feed."""
MAX_FEED_TEXT = 2_000
"""Characters of an entry's full text that an Atom or JSON Feed item shows where there is no summary."""

# A formula begins a cell. In another locale a spreadsheet may also split at `;`, a tab or a comma, and takes a quote
# that follows one of them for the beginning of a cell (OWASP, "CSV Injection"); full-width forms count as well.
_FORMULA = re.compile(r"(^|[;,\"'\t\r\n])([ \u00a0\u3000]*)(?=[=+\-@|%＝＋－＠｜％\t\r])")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def format_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV (RFC 4180) with every cell in quotes; text that could begin a formula gets an apostrophe there."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    return out.getvalue()


def escape_formula(cell: object) -> str:
    """Return a cell's text without formulas; numbers stay numbers, minus sign included."""
    if isinstance(cell, str):
        return _FORMULA.sub(r"\1\2'", cell)
    return "" if cell is None else str(cell)


def export_hits_csv(hits: Iterable[Hit]) -> str:
    """Return hits as CSV with CSV_COLUMNS."""
    return format_csv(CSV_COLUMNS, map(_to_csv_row, hits))


def export_hits_jsonl(hits: Iterable[Hit]) -> str:
    """Return hits as JSON, one a line."""
    return "".join(json.dumps(hit, ensure_ascii=False) + "\n" for hit in hits)


def export_hits_markdown(hits: Iterable[Hit]) -> str:
    """Return hits as a Markdown list, one a line."""
    return "".join(_format_markdown_line(hit) for hit in hits)


def export_hits_atom(
    title: str, feed_id: str, hits: Sequence[StoredHit | StoredProposal], *, url: str | None = None
) -> str:
    """Return hits and proposals in their order as an Atom feed; evidence is marked in the summary's HTML."""
    entries = [_to_atom_entry(hit) if isinstance(hit, StoredHit) else _propose_in_atom(hit) for hit in hits]
    return format_atom_feed(title, feed_id, entries, self_url=url)


def export_stories_atom(title: str, feed_id: str, stories: Sequence[Story], *, url: str, base_url: str) -> str:
    """Return stories in their order as an Atom feed; an entry changes with each report and links to the page."""
    entries = [
        AtomEntry(
            title=story.lead.title if story.lead else "",
            id=f"urn:news-watcher:story:{story.id}",
            url=f"{base_url}/stories/{story.id}",
            updated=format_timestamp(story.last_at),
            published=format_timestamp(story.first_at),
            author=story.lead.source if story.lead else None,
            category=story.topics[0] if story.topics else None,
            summary=AtomText(type="text", text=_summarise_outlets(story)),
        )
        for story in stories
    ]
    return format_atom_feed(title, feed_id, entries, self_url=url)


def _summarise_outlets(story: Story) -> str:
    outlets = story.outlets
    more = f" and {len(outlets) - 8} more" if len(outlets) > 8 else ""
    reports = f"{story.size} report{'' if story.size == 1 else 's'}"
    return f"{reports}: {', '.join(outlets[:8])}{more}"


def export_digests_atom(title: str, feed_id: str, digests: Sequence[StoredDigest], *, url: str | None = None) -> str:
    """Return digests, newest first, as an Atom feed, each whole as it was sent; those not sent are left out."""
    entries = [
        AtomEntry(
            title=digest.subject or digest.title,
            id=f"{feed_id}:{digest.id}",
            updated=format_timestamp(digest.composed_at),
            published=format_timestamp(digest.slot_at),
            category=digest.name,
            content=AtomText(type="html" if digest.html else "text", text=digest.html or digest.text),
        )
        for digest in digests
        if digest.sent
    ]
    return format_atom_feed(title, feed_id, entries, self_url=url)


def export_hits_json_feed(
    title: str, hits: Sequence[StoredHit | StoredProposal], *, url: str | None = None, home_url: str | None = None
) -> str:
    """Return hits and proposals in their order as JSON Feed 1.1."""
    feed: JsonFeed = {"version": "https://jsonfeed.org/version/1.1", "title": title, "items": []}
    if url:
        feed["feed_url"] = url
    if home_url:
        feed["home_page_url"] = home_url
    feed["items"] = [
        {
            "id": f"hit-{hit.id}" if isinstance(hit, StoredHit) else f"proposal-{hit.id}",
            "url": hit.stored.entry.item.url,
            "title": hit.stored.entry.item.title,
            "content_html": _mark_evidence(hit) if isinstance(hit, StoredHit) else _explain_proposal(hit),
            "date_published": format_timestamp(get_listed_at(hit)),
            "authors": [{"name": hit.stored.entry.source}],
            "tags": [hit.topic_id] if isinstance(hit, StoredHit) else [hit.topic_id, POSSIBLY_RELATED],
            "language": hit.stored.entry.item.language,
        }
        for hit in hits
    ]
    return json.dumps(feed, ensure_ascii=False)


def get_listed_at(listed: StoredHit | StoredProposal) -> datetime:
    """Return when a hit was matched or a proposal was made: what feeds are ordered by."""
    return listed.matched_at if isinstance(listed, StoredHit) else listed.proposal.proposed_at


def _to_csv_row(hit: Hit) -> tuple[object, ...]:
    entry = hit["entry"]
    words = "; ".join(dict.fromkeys(evidence["text"] for evidence in hit["evidence"]))
    return (
        hit["id"], hit["topic"], hit["score"], hit["matched_at"], entry["title"], entry["url"], entry["source"],
        entry["published_at"], entry["first_seen_at"], entry["language"], hit["label"], words,
    )  # fmt: skip


def _format_markdown_line(hit: Hit) -> str:
    entry = hit["entry"]
    url = (entry["url"] or "").replace("<", "%3C").replace(">", "%3E")
    title = _escape_markdown(entry["title"])
    linked = f"[{title}](<{url}>)" if url else title
    return f"- {linked} – {_escape_markdown(entry['source'])}, {hit['matched_at']} ({hit['topic']})\n"


def _escape_markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _to_atom_entry(hit: StoredHit) -> AtomEntry:
    urn = f"urn:news-watcher:hit:{hit.id}"
    return _build_atom_entry(hit.stored, urn, hit.hit.matched_at, hit.hit.topic_id, _mark_evidence(hit))


def _propose_in_atom(proposal: StoredProposal) -> AtomEntry:
    urn = f"urn:news-watcher:proposal:{proposal.id}"
    proposed_at = proposal.proposal.proposed_at
    return _build_atom_entry(proposal.stored, urn, proposed_at, POSSIBLY_RELATED, _explain_proposal(proposal))


def _build_atom_entry(stored: StoredEntry, urn: str, updated_at: datetime, category: str, html: str) -> AtomEntry:
    item = stored.entry.item
    return AtomEntry(
        title=item.title,
        id=urn,
        url=item.url,
        updated=format_timestamp(updated_at),
        published=format_timestamp(item.published_at) if item.published_at else None,
        author=stored.entry.source,
        category=category,
        summary=AtomText(type="html", text=html),
    )


def _explain_proposal(proposal: StoredProposal) -> str:
    """Return what a proposal is close to, and the beginning of its text, as HTML."""
    item = proposal.stored.entry.item
    close_to = "".join(f"<p>Close to “{escape(evidence.text)}”</p>" for evidence in proposal.proposal.evidence[:1])
    return f"{close_to}<p>{escape(item.summary or item.content[:MAX_FEED_TEXT])}</p>"


def _mark_evidence(hit: StoredHit) -> str:
    """Return the summary, or the beginning of the full text, as HTML with the evidence marked."""
    item = hit.stored.entry.item
    field, text = ("summary", item.summary) if item.summary else ("content", item.content[:MAX_FEED_TEXT])
    parts = split_by_evidence(text, field, keep_valid_evidence(hit.hit.evidence, hit.stored))
    return "".join(f"<mark>{escape(part)}</mark>" if is_evidence else escape(part) for part, is_evidence in parts)
