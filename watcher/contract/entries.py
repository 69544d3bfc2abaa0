"""Entries, their versions, and the evidence of a match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NotRequired

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp
from watcher.model import results as model
from watcher.model.entry import StoredEntry
from watcher.model.page import Page
from watcher.model.results import SearchResult
from watcher.model.topic import Evidence as ModelEvidence


class Evidence(TypedDict):
    """Words that prove a match: code points [start, end) of the field's text, and the clause that they satisfy."""

    field: str
    start: int
    end: int
    text: str
    clause: str


class StoryReference(TypedDict):
    """The story of an entry, and how many reports it has."""

    id: int | None
    size: int


class Enclosure(TypedDict):
    """A file that a feed attached to an entry."""

    url: str
    type: str
    bytes: int | None


class Entry(TypedDict):
    """A stored entry without its full text."""

    id: int
    title: str
    url: str | None
    source: str
    feed: str
    author: str
    tags: list[str]
    published_at: str | None
    first_seen_at: str
    updated_at: str | None
    version: int
    baseline: bool
    quarantined: bool
    summary: str
    language: str | None
    enclosures: list[Enclosure]


class EntryVersion(TypedDict):
    """An earlier text of an entry: when it was first seen and when it was replaced."""

    version: int
    title: str
    summary: str
    content: str
    seen_at: str
    replaced_at: str


class EntryDetail(Entry):
    """An entry with its full text and its earlier versions, the oldest first."""

    content: str
    versions: list[EntryVersion]


class EntryMatch(TypedDict):
    """An entry that a search found; `likeness` is there where it was a search by meaning, and at most 1."""

    entry: Entry
    evidence: list[Evidence]
    story: StoryReference
    likeness: NotRequired[float]


class SimilarEntry(TypedDict):
    """An entry whose meaning is near to a text or to another entry; `likeness` is at most 1."""

    entry: Entry
    likeness: float


class SimilarEntryList(TypedDict):
    """Entries whose meaning is near, the nearest first. Those not read for meaning yet are missing."""

    entries: list[SimilarEntry]


class EntryList(TypedDict):
    """A page of entries.

    `searched_back_to` is set where the search stopped early; `next_cursor` continues it.
    """

    entries: list[EntryMatch]
    next_cursor: str | None
    searched_back_to: str | None


def encode_entry(stored: StoredEntry) -> Entry:
    """Return an entry without its full text."""
    item = stored.entry.item
    return {
        "id": stored.id,
        "title": item.title,
        "url": item.url,
        "source": stored.entry.source,
        "feed": stored.entry.feed_url,
        "author": item.author,
        "tags": list(item.tags),
        "published_at": format_timestamp(item.published_at),
        "first_seen_at": format_timestamp(stored.first_seen_at),
        "updated_at": format_timestamp(stored.updated_at),
        "version": stored.version,
        "baseline": stored.baseline,
        "quarantined": stored.quarantined,
        "summary": item.summary,
        "language": item.language,
        "enclosures": [{"url": file.url, "type": file.type, "bytes": file.bytes} for file in item.enclosures],
    }


def encode_entry_detail(stored: StoredEntry, versions: Iterable[Mapping[str, Any]]) -> EntryDetail:
    """Return an entry with its full text and its earlier versions."""
    return {
        **encode_entry(stored),
        "content": stored.entry.item.content,
        "versions": [
            {
                "version": version["version"],
                "title": version["title"],
                "summary": version["summary"],
                "content": version["content"],
                "seen_at": format_timestamp(version["seen_at"]),
                "replaced_at": format_timestamp(version["replaced_at"]),
            }
            for version in versions
        ],
    }


def encode_match(match: SearchResult) -> EntryMatch:
    """Return an entry that a search found, with the words that prove it."""
    encoded: EntryMatch = {
        "entry": encode_entry(match.stored),
        "evidence": encode_evidence(match.evidence),
        "story": {"id": match.story_id, "size": match.story_size},
    }
    if match.likeness is not None:
        encoded["likeness"] = round(match.likeness, 4)
    return encoded


def encode_matches(page: Page[SearchResult]) -> EntryList:
    """Return a page of entries in its order."""
    return {
        "entries": [encode_match(match) for match in page.items],
        "next_cursor": page.next_cursor,
        "searched_back_to": format_timestamp(page.searched_back_to),
    }


def encode_similar_entries(similar: Iterable[model.SimilarEntry]) -> SimilarEntryList:
    """Return entries whose meaning is near, in their order."""
    return {
        "entries": [{"entry": encode_entry(entry.stored), "likeness": round(entry.likeness, 4)} for entry in similar]
    }


def encode_evidence(evidence: Iterable[ModelEvidence]) -> list[Evidence]:
    """Return evidence in its order."""
    return [{"field": e.field, "start": e.start, "end": e.end, "text": e.text, "clause": e.clause} for e in evidence]


def keep_valid_evidence(evidence: Sequence[ModelEvidence], stored: StoredEntry) -> tuple[ModelEvidence, ...]:
    """Return the evidence whose words are still at their place in the stored text: an edit may have moved some."""
    item = stored.entry.item
    texts = {"title": item.title, "summary": item.summary, "content": item.content, "author": item.author}
    return tuple(e for e in evidence if e.field not in texts or texts[e.field][e.start : e.end] == e.text)
