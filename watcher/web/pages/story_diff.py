"""The reports of a story side by side: what each later report adds to those before it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.story import Story, StoryArticle
from watcher.text.tokenizer import index_text
from watcher.web.render.diffs import EntryEdit, compare_versions

MIN_NEW_SHARE = 0.5
"""A sentence adds something where at least this share of its words is new."""
MIN_SENTENCE_WORDS = 3
MAX_SENTENCES = 4
MAX_CONTENT_LENGTH = 4_000
"""Characters of an entry's full text that are compared where there is no summary."""
_SENTENCE = re.compile(r"[^.!?…。！？\n]+[.!?…。！？]*[”\"'»)]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report in its story: its entry, its hits, the sentences that are new with it, and its edits."""

    report: StoryArticle
    stored: StoredEntry
    hits: tuple[StoredHit, ...]
    new_sentences: tuple[str, ...]
    edits: tuple[EntryEdit, ...]


def compare_reports(
    story: Story,
    stored: Mapping[int, StoredEntry],
    versions: Mapping[int, Sequence[Mapping[str, Any]]],
    hits: Sequence[StoredHit],
) -> list[ReportView]:
    """Return the reports in order of discovery, each with what it adds; those that were pruned are left out."""
    seen_words: set[str] = set()
    articles: list[ReportView] = []
    for report in story.tellings:
        if (entry := stored.get(report.entry_id)) is None:
            continue
        new_sentences = find_new_sentences(entry, seen_words) if articles else ()
        seen_words |= _split_words(_get_text(entry))
        articles.append(
            ReportView(
                report=report,
                stored=entry,
                hits=tuple(hit for hit in hits if hit.stored.id == entry.id),
                new_sentences=new_sentences,
                edits=compare_versions(entry, versions.get(entry.id, ())),
            )
        )
    return articles


def find_new_sentences(entry: StoredEntry, seen_words: set[str]) -> tuple[str, ...]:
    """Return the sentences of a report whose words are mostly in no earlier report."""
    new = []
    for sentence in _SENTENCE.findall(_get_text(entry)):
        words = _split_words(sentence)
        if len(words) >= MIN_SENTENCE_WORDS and len(words - seen_words) >= MIN_NEW_SHARE * len(words):
            new.append(" ".join(sentence.split()))
    return tuple(new[:MAX_SENTENCES])


def _get_text(entry: StoredEntry) -> str:
    item = entry.entry.item
    return f"{item.title}.\n{item.summary or item.content[:MAX_CONTENT_LENGTH]}"


def _split_words(text: str) -> set[str]:
    return {word for word in index_text(text).split() if len(word) > 3}
