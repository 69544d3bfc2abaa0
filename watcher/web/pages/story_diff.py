"""The tellings of a story side by side: what each later report says that none before it said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.model.entry import StoredEntry
from watcher.model.results import StoredHit
from watcher.model.story import Story, StoryArticle
from watcher.text.tokenizer import index_text
from watcher.web.render.diffs import Edited, edits

NEW_SHARE = 0.5
"""A sentence adds something where at least so much of its words was not there before."""
LEAST_WORDS = 3
MOST_ADDED = 4
_SENTENCE = re.compile(r"[^.!?…。！？\n]+[.!?…。！？]*[”\"'»)]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report in its story: its entry, its hits, the sentences that are new with it, and its edits."""

    telling: StoryArticle
    stored: StoredEntry
    hits: tuple[StoredHit, ...]
    adds: tuple[str, ...]
    edits: tuple[Edited, ...]


def tell(
    story: Story,
    stored: Mapping[int, StoredEntry],
    former: Mapping[int, Sequence[Mapping[str, Any]]],
    found: Sequence[StoredHit],
) -> list[Told]:
    """Put the tellings beside one another, in order of discovery."""
    said: set[str] = set()
    told: list[Told] = []
    for telling in story.tellings:
        if (entry := stored.get(telling.entry_id)) is None:
            continue
        adds = added(entry, said) if told else ()
        said |= _words(_text(entry))
        told.append(
            Told(
                telling=telling,
                stored=entry,
                hits=tuple(hit for hit in found if hit.stored.id == entry.id),
                adds=adds,
                edits=edits(entry, former.get(entry.id, ())),
            )
        )
    return told


def added(entry: StoredEntry, said: set[str]) -> tuple[str, ...]:
    """Give the sentences of a report that hold mostly words which no report before it held."""
    found = []
    for sentence in _SENTENCE.findall(_text(entry)):
        words = _words(sentence)
        if len(words) >= LEAST_WORDS and len(words - said) >= NEW_SHARE * len(words):
            found.append(" ".join(sentence.split()))
    return tuple(found[:MOST_ADDED])


def _text(entry: StoredEntry) -> str:
    item = entry.entry.item
    return f"{item.title}.\n{item.summary or item.content[:4000]}"


def _words(text: str) -> set[str]:
    return {word for word in index_text(text).split() if len(word) > 3}
