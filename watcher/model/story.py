"""A story: the reports of one event, shown as one and never hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryArticle:
    """One report inside a story; `copy` is a near-verbatim copy of an earlier one."""

    entry_id: int
    title: str
    url: str | None
    source: str
    first_seen_at: datetime
    copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A group of entries, oldest first; the first telling leads it."""

    id: int
    first_at: datetime
    last_at: datetime
    size: int
    tellings: tuple[StoryArticle, ...] = ()
