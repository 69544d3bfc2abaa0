"""A topic and what belongs to it: the query, the hit, and the words that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

DEFAULT_PROPOSALS = 5
"""Proposals a day of a topic that has sentences and does not state its budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as `topics.yaml` states it: a query, sentences, or both.

    `query` proves by words; it is empty where the topic has sentences alone. `about` and `not_about` are sentences
    that say what belongs and what does not, `examples` and `not_examples` headlines of either kind. `proposals` is
    how many entries a day may be proposed by meaning, None for none at all. A `paused` topic finds nothing and keeps
    what it found; `formerly` are ids that it had. `line` and `column` tell where the query's text begins (without a
    query, the topic), and `sentence_places` where each sentence does.
    """

    id: str
    name: str
    query: str
    description: str = ""
    tags: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    not_about: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    not_examples: tuple[str, ...] = ()
    proposals: int | None = DEFAULT_PROPOSALS
    paused: bool = False
    formerly: tuple[str, ...] = ()
    file: str = ""
    line: int = 1
    column: int = 1
    sentence_places: Mapping[str, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def has_query(self) -> bool:
        """Whether the topic has a query: without one, sentences alone describe it and words find nothing."""
        return bool(self.query.strip()) or not self.has_sentences

    @property
    def has_sentences(self) -> bool:
        """Whether sentences or examples say what belongs to the topic."""
        return bool(self.about or self.examples)

    @property
    def has_meaning(self) -> bool:
        """Whether entries are proposed by meaning."""
        return self.has_sentences and self.proposals is not None and not self.paused


class Evidence(NamedTuple):
    """Words of an entry that satisfy a clause: `text` is `field[start:end]` in code points of the stored text."""

    field: str
    start: int
    end: int
    text: str
    clause: str


class FoundBy(StrEnum):
    """What found a hit: the words of the topic's query, or its meaning, confirmed by a person."""

    WORDS = "words"
    MEANING = "meaning"


class Origin(StrEnum):
    """How a hit came to be: as the entry arrived, by replaying a topic over the archive, or after an edit."""

    LIVE = "live"
    BACKFILL = "backfill"
    EDIT = "edit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry that belongs to a topic, under the version of the topic that said so, with the words that show it.

    `relevance` is how well the topic's meaning fits it, from 0 to 1; None while that is not known.
    """

    topic_id: str
    topic_version: str
    entry_id: int
    evidence: tuple[Evidence, ...]
    score: float
    matched_at: datetime
    origin: Origin = Origin.LIVE
    found_by: FoundBy = FoundBy.WORDS
    relevance: float | None = None
