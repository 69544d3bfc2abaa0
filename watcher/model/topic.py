"""A topic and what belongs to it: the query, the hit, and the words that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A saved query as `topics.yaml` states it; `line` and `column` tell where its query text begins there."""

    id: str
    name: str
    query: str
    description: str = ""
    tags: tuple[str, ...] = ()
    file: str = ""
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Words of an entry that satisfy a clause: `text` is `field[start:end]` in code points of the stored text."""

    field: str
    start: int
    end: int
    text: str
    clause: str


class Origin(StrEnum):
    """How a hit came to be: as the entry arrived, by replaying a topic over the archive, or after an edit."""

    LIVE = "live"
    BACKFILL = "backfill"
    EDIT = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry that belongs to a topic, under the version of the topic that said so, with the words that show it."""

    topic_id: str
    topic_version: str
    entry_id: int
    evidence: tuple[Evidence, ...]
    score: float
    matched_at: datetime
    origin: Origin = Origin.LIVE
