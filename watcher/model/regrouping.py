"""What became of a story that a digest has reported: a person split or merged it since, or undid either."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegroupedPart:
    """Reports that a story was parted from, or joined with: the story that they are or were, by its first headline."""

    story_id: int
    title: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouping:
    """How a story differs from what the digest of `since` reported: its slot, in UTC.

    The story was one with those `parted` from it, and those `joined` with it were stories of their own.
    """

    since: datetime
    parted: tuple[RegroupedPart, ...] = ()
    joined: tuple[RegroupedPart, ...] = ()
