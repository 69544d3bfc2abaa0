"""Meaning: the encoder that reads entries, what people judged, and what a topic's meaning proposes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watcher.model.encoder import EncoderEngine, EncoderModel, EncoderOptions
from watcher.model.topic import Topic

__all__ = [
    "EncoderEngine",
    "EncoderModel",
    "EncoderOptions",
    "Judgement",
    "Proposal",
    "ProposalEvidence",
    "ProposalState",
    "ReferenceKind",
    "Verdict",
    "hash_definition",
]


class Verdict(StrEnum):
    """What a person judged an entry to be for one topic."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One person's verdict on one entry for one topic, with the text and vector (int8) that it was made on.

    It outlives the entry: `entry_id` may name one that was pruned. `author` is None before there are users.
    `vector` is None where the text was not read for meaning yet, or by another model.
    """

    id: int
    topic_id: str
    entry_id: int
    verdict: Verdict
    author: str | None
    judged_at: datetime
    topic_version: str
    text: str
    vector: bytes | None = None


class ProposalState(StrEnum):
    """What became of a proposal: nothing yet, judged, found by words later, or beyond its time."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class ReferenceKind(StrEnum):
    """What an entry resembles: a sentence or an example of the topic, or an entry that was judged."""

    SENTENCE = "sentence"
    EXAMPLE = "example"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalEvidence:
    """What a proposal rests on: `text` is what of the topic it resembles, `field[start:end]` the entry's words."""

    kind: ReferenceKind
    text: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An entry that may belong to a topic by its meaning; `score` (0 to 1) and `evidence` are of `head_version`."""

    id: int
    topic_id: str
    entry_id: int
    score: float
    state: ProposalState
    proposed_at: datetime
    model: str
    head_version: str
    evidence: tuple[ProposalEvidence, ...] = ()


def hash_definition(topic: Topic) -> str:
    """Return the hash of a topic's sentences and examples: 12 hexadecimal digits, apart from the query's version."""
    sentences = [topic.about, topic.not_about, topic.examples, topic.not_examples]
    text = json.dumps(sentences, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
