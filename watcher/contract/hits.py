"""Hits and judgements of them."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from watcher.contract.entries import (
    Entry,
    Evidence,
    StoryReference,
    encode_entry,
    encode_evidence,
    keep_valid_evidence,
)
from watcher.contract.timestamps import format_timestamp
from watcher.model.page import Page
from watcher.model.results import StoredHit
from watcher.model.topic import Origin

Label = Literal["relevant", "irrelevant"]


class Hit(TypedDict):
    """An entry that belongs to a topic, and the words that prove it.

    One that was `found_by` meaning has no words: a person judged it relevant. `relevance` (0 to 1) is how well the
    topic's meaning fits; null while that is not known. `judged_by` is who judged it as `label`; null where it is not
    judged, or was before people had names.
    """

    id: int
    topic: str
    score: float
    matched_at: str
    found_by: Literal["words", "meaning"]
    relevance: float | None
    backfill: bool
    edited: bool
    baseline: bool
    label: str | None
    judged_by: str | None
    topic_version: str
    story: StoryReference
    entry: Entry
    evidence: list[Evidence]


class HitList(TypedDict):
    """A page of hits.

    `searched_back_to` is set where the search stopped early; `next_cursor` continues it.
    """

    hits: list[Hit]
    next_cursor: str | None
    searched_back_to: str | None


class LabelledHit(TypedDict):
    """A hit's number and its judgement from now on; null where it was taken back."""

    id: int
    label: Label | None


class HitEvent(TypedDict):
    """The data of a live event: a hit that is new. Its content is fetched from the API."""

    id: int


def encode_hit(hit: StoredHit) -> Hit:
    """Return a hit with its entry and the evidence that still holds."""
    return {
        "id": hit.id,
        "topic": hit.hit.topic_id,
        "score": round(hit.hit.score, 4),
        "matched_at": format_timestamp(hit.hit.matched_at),
        "found_by": hit.hit.found_by.value,
        "relevance": None if hit.hit.relevance is None else round(hit.hit.relevance, 4),
        "backfill": hit.hit.origin is Origin.BACKFILL,
        "edited": hit.hit.origin is Origin.EDIT,
        "baseline": hit.stored.baseline,
        "label": hit.label,
        "judged_by": hit.judged_by,
        "topic_version": hit.hit.topic_version,
        "story": {"id": hit.story_id, "size": hit.story_size},
        "entry": encode_entry(hit.stored),
        "evidence": encode_evidence(keep_valid_evidence(hit.hit.evidence, hit.stored)),
    }


def encode_hits(page: Page[StoredHit]) -> HitList:
    """Return a page of hits in its order."""
    return {
        "hits": [encode_hit(hit) for hit in page.items],
        "next_cursor": page.next_cursor,
        "searched_back_to": format_timestamp(page.searched_back_to),
    }
