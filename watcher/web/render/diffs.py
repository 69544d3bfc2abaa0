"""What edits changed, word by word, as stretches that a template escapes and marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from watcher.model.entry import StoredEntry
from watcher.text.word_changes import Change, list_changes

MAX_WORDS = 3_000
"""A longer field is shown as replaced whole: comparing it word by word would take too long."""
CONTEXT_WORDS = 12
"""Unchanged words that are shown around a change; longer stretches are cut."""
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEdit:
    """One edit: when it was seen, and the changes of each field."""

    at: datetime
    from_version: int
    fields: tuple[tuple[str, tuple[Change, ...]], ...]


def compare_versions(stored: StoredEntry, versions: Sequence[Mapping[str, Any]]) -> tuple[EntryEdit, ...]:
    """Return what each edit of an entry changed, the latest first; `versions` are its earlier texts, oldest first."""
    item = stored.entry.item
    current = {"title": item.title, "summary": item.summary, "content": item.content}
    edits = []
    for before, after in pairwise([*versions, current]):
        changed = [
            (name, compare_words(before[name], after[name]))
            for name in ("title", "summary", "content")
            if before[name] != after[name]
        ]
        edits.append(EntryEdit(at=before["replaced_at"], from_version=before["version"], fields=tuple(changed)))
    return tuple(reversed(edits))


def compare_words(before: str, after: str) -> tuple[Change, ...]:
    """Return the changes between two texts, word by word."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > MAX_WORDS * 2:
        return _replace_whole(before, after)
    return list_changes(old, new, shorten=_shorten)


def _replace_whole(before: str, after: str) -> tuple[Change, ...]:
    changes: list[Change] = [("gone", before), ("new", after)]
    return tuple(change for change in changes if change[1])


def _shorten(unchanged: Sequence[str]) -> str:
    # Words and the blanks between them alternate, so a context of n words is 2n elements.
    if len(unchanged) <= CONTEXT_WORDS * 4:
        return "".join(unchanged)
    return "".join(unchanged[: CONTEXT_WORDS * 2]) + " … " + "".join(unchanged[-CONTEXT_WORDS * 2 :])
