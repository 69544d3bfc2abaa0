"""What an edit changed, word by word, as stretches that a template escapes and marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, Literal

from watcher.model.entry import StoredEntry

Change = tuple[Literal["same", "gone", "new"], str]
MOST_WORDS = 3_000
"""Beyond this a field is shown as replaced whole: comparing word by word would take too long."""
KEPT = 12
"""So many unchanged words stay around a change; longer stretches are cut."""
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """One edit: when it was seen, and what became of each field that changed."""

    at: datetime
    from_version: int
    fields: tuple[tuple[str, tuple[Change, ...]], ...]


def edits(stored: StoredEntry, former: Sequence[Mapping[str, Any]]) -> tuple[Edited, ...]:
    """Say what each edit of an entry changed, the latest first."""
    item = stored.entry.item
    now = {"title": item.title, "summary": item.summary, "content": item.content}
    states = [*former, now]
    found = []
    for before, after in pairwise(states):
        changed = [
            (name, words(before[name], after[name]))
            for name in ("title", "summary", "content")
            if before[name] != after[name]
        ]
        found.append(Edited(at=before["replaced_at"], from_version=before["version"], fields=tuple(changed)))
    return tuple(reversed(found))


def words(before: str, after: str) -> tuple[Change, ...]:
    """Compare two texts word by word."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > MOST_WORDS * 2:
        return _whole(before, after)
    changes: list[Change] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append(("same", _shortened(old[i1:i2])))
            continue
        if i2 > i1:
            changes.append(("gone", "".join(old[i1:i2])))
        if j2 > j1:
            changes.append(("new", "".join(new[j1:j2])))
    return tuple(changes)


def _whole(before: str, after: str) -> tuple[Change, ...]:
    changes: list[Change] = [("gone", before), ("new", after)]
    return tuple(change for change in changes if change[1])


def _shortened(kept: list[str]) -> str:
    if len(kept) <= KEPT * 4:
        return "".join(kept)
    return "".join(kept[: KEPT * 2]) + " … " + "".join(kept[-KEPT * 2 :])
