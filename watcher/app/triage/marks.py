"""Marks items as seen or unread, and stars them, for one person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from watcher.errors import NotFoundError, UsageError
from watcher.model.triage import Target, TargetKind
from watcher.store.database import Db
from watcher.store.triage import marks
from watcher.store.triage.readers import load_reader

MAX_TARGETS = 1_000
"""Targets of one request."""
_MAX_ID = 2**63 - 1


def parse_target(text: str) -> Target:
    """Parse `entry:12`, `story:3` or `proposal:4`. Raises UsageError."""
    kind, _, number = text.strip().partition(":")
    is_number = number.isascii() and number.isdigit() and 0 < int(number[:20]) <= _MAX_ID
    if kind not in list(TargetKind) or not is_number:
        raise UsageError(f"{text[:40]!r} is not an item. Write entry:12, story:3 or proposal:4.")
    return Target(TargetKind(kind), int(number))


def parse_targets(texts: Iterable[str]) -> tuple[Target, ...]:
    """Parse targets, each once and in order. Raises UsageError, also where there are more than MAX_TARGETS."""
    targets = tuple(dict.fromkeys(parse_target(text) for text in texts))
    if len(targets) > MAX_TARGETS:
        raise UsageError(f"{len(targets)} items are more than one request may mark ({MAX_TARGETS}).")
    return targets


def mark_seen(
    db: Db, person: str, targets: Sequence[Target], now: datetime, *, until: datetime | None = None
) -> tuple[Target, ...]:
    """Record that a person has seen what came of some targets until a moment; return what was unread before.

    With a story all its reports are seen; a story of which every report is seen is seen as well. Raises NotFoundError.
    """
    _require(db, targets)
    seen_at = min(until or now, now)
    reader = load_reader(db, person, now)
    stories = [target.id for target in targets if target.kind is TargetKind.STORY]
    whole = (*targets, *marks.list_reports_of(db, stories))
    changed = set(marks.list_unread(db, reader, whole, seen_at))
    marks.set_seen(db, person, changed, seen_at, now)
    entries = [target.id for target in changed if target.kind is TargetKind.ENTRY]
    finished = marks.list_unread(db, reader, marks.find_seen_stories(db, reader, entries), seen_at)
    marks.set_seen(db, person, finished, seen_at, now)
    return tuple(sorted({*changed, *finished}))


def mark_unread(db: Db, person: str, targets: Sequence[Target], now: datetime) -> None:
    """Mark targets unread again for a person, and the stories of reports; raises NotFoundError.

    What is older than UNREAD_FOR stays seen.
    """
    _require(db, targets)
    entries = [target.id for target in targets if target.kind is TargetKind.ENTRY]
    marks.set_seen(db, person, (*targets, *marks.list_stories_of(db, entries)), None, now)


def star(db: Db, person: str, targets: Sequence[Target], *, starred: bool, now: datetime) -> None:
    """Star targets for a person, or take their stars away; raises NotFoundError."""
    _require(db, targets)
    marks.set_starred(db, person, targets, starred=starred, now=now)


def _require(db: Db, targets: Sequence[Target]) -> None:
    if (missing := marks.find_missing_target(db, targets)) is not None:
        raise NotFoundError(missing.kind.value, str(missing.id))
