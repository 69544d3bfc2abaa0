"""Results of queries on the store: stored hits, matching entries, and pages of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.model.entry import StoredEntry
from watcher.model.page import Page
from watcher.model.topic import Evidence, FoundBy, Hit

if TYPE_CHECKING:  # most commands that list read neither proposals nor what people have seen
    from watcher.model.meaning import Proposal
    from watcher.model.triage import Reader

__all__ = [
    "WEAK_RELEVANCE",
    "FacetValue",
    "Facets",
    "Filters",
    "Page",
    "SearchResult",
    "SimilarEntry",
    "StoredHit",
    "StoredProposal",
]

WEAK_RELEVANCE = 0.25
"""Below this relevance (0 to 1) a hit by words is weak: listed last, folded and counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHit:
    """A hit as the store keeps it; `story_size` counts the reports of its story.

    `label` is a person's judgement, and `judged_by` the person, where the judgement was made under a name. `searched`
    is the evidence of the search that found the hit in a list.
    """

    id: int
    hit: Hit
    stored: StoredEntry
    label: str | None = None
    judged_by: str | None = None
    story_id: int | None = None
    story_size: int = 1
    searched: tuple[Evidence, ...] = ()

    @property
    def topic_id(self) -> str:
        return self.hit.topic_id

    @property
    def score(self) -> float:
        return self.hit.score

    @property
    def matched_at(self) -> datetime:
        return self.hit.matched_at

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return self.hit.evidence

    @property
    def title(self) -> str:
        return self.stored.title

    @property
    def url(self) -> str | None:
        return self.stored.url

    @property
    def source(self) -> str:
        return self.stored.source

    @property
    def is_weak(self) -> bool:
        """Whether words alone speak for the hit: its meaning is far from the topic, and nobody judged it relevant."""
        relevance = self.hit.relevance
        is_far = relevance is not None and relevance < WEAK_RELEVANCE
        return is_far and self.hit.found_by is FoundBy.WORDS and self.label != "relevant"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProposal:
    """A proposal with its entry; `topic_version` is the hash of the sentences that it was made under.

    `judged_by` is the person who judged it, where the judgement was made under a name.
    """

    proposal: Proposal
    stored: StoredEntry
    topic_version: str
    judged_at: datetime | None = None
    judged_by: str | None = None

    @property
    def id(self) -> int:
        return self.proposal.id

    @property
    def topic_id(self) -> str:
        return self.proposal.topic_id

    @property
    def label(self) -> str | None:
        """A person's judgement, in the words of a hit's label."""
        return _LABELS.get(self.proposal.state)


_LABELS = {"accepted": "relevant", "rejected": "irrelevant"}
"""By the states of proposals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A stored entry that a search found, and the words that show why; none where nothing was searched for.

    `likeness` is set by a search by meaning.
    """

    stored: StoredEntry
    evidence: tuple[Evidence, ...] = ()
    story_id: int | None = None
    story_size: int = 1
    likeness: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarEntry:
    """A stored entry whose meaning is near to what was asked for; `likeness` is the cosine of both, at most 1."""

    stored: StoredEntry
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which part of the archive a question is about; empty means all of it.

    `sources` are feed addresses, feed names or hosts. `since` and `until` bound `matched_at` for hits and
    `first_seen_at` for entries: [since, until). `labels` may hold `relevant`, `irrelevant` and `none`, `found_by`
    `words` and `meaning`. `unread_by` keeps what that person has not seen, `starred_by` what that person starred.
    """

    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    story: int | None = None
    languages: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    found_by: tuple[str, ...] = ()
    baseline: bool | None = None
    unread_by: Reader | None = None
    starred_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value that a list can be narrowed to, and how many rows have it; `name` is what people call it."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How the rows of a list spread over topics, sources, languages and days, the most frequent value first.

    Days are UTC, oldest first. `counted` rows were looked at, the newest; `is_partial` where there are more.
    """

    topics: tuple[FacetValue, ...] = ()
    sources: tuple[FacetValue, ...] = ()
    languages: tuple[FacetValue, ...] = ()
    days: tuple[FacetValue, ...] = ()
    counted: int = 0
    is_partial: bool = False
