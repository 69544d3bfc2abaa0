"""Topics as entries are compared with them: the head in force, its threshold, and what of the topic can be shown.

Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watcher.inference import Encoder
from watcher.meaning.evidence import References, find_resemblance, list_entry_sentences
from watcher.meaning.head import Head, decode_heads
from watcher.meaning.ranking import rank_hits
from watcher.meaning.training import TrainingKind
from watcher.meaning.vectors import Rows, Views, decode_vectors, encode_vector
from watcher.model.entry import StoredEntry
from watcher.model.meaning import Judgement, ProposalEvidence, ReferenceKind, Verdict
from watcher.model.topic import Topic
from watcher.store.database import Database
from watcher.store.meaning.embeddings import load_text_vectors, save_text_vectors
from watcher.store.meaning.heads import StoredHead

_KINDS = {
    TrainingKind.SENTENCE: ReferenceKind.SENTENCE,
    TrainingKind.EXAMPLE: ReferenceKind.EXAMPLE,
    TrainingKind.JUDGED: ReferenceKind.JUDGED,
}


@dataclass(frozen=True, slots=True)
class TopicHead:
    """A topic with the head in force, and the one that orders its hits."""

    topic: Topic
    stored: StoredHead
    head: Head
    ranking: Head

    def score(self, views: Views) -> Rows:
        """Return how likely each entry belongs to the topic, from 0 to 1: what proposals rest on."""
        return self.head.score_views(views)

    def rank(self, views: Views) -> Rows:
        """Return how relevant each entry is as a hit, from 0 to 1."""
        return rank_hits(self.head, self.ranking, views.whole)


def restore_head(topic: Topic, stored: StoredHead) -> TopicHead:
    """Return a topic's head from what is stored."""
    ranking_bias = stored.training.get("ranking_bias")
    return TopicHead(topic, stored, *decode_heads(stored.weights, stored.bias, ranking_bias, stored.version))


def encode_texts(database: Database, encoder: Encoder, model_id: int, texts: Sequence[str]) -> Mapping[str, Rows]:
    """Return a unit row for each text: those of a topic are encoded once and kept. Raises EncoderUnavailable."""
    with database.read() as db:
        known = dict(load_text_vectors(db, model_id, texts))
    if missing := [text for text in dict.fromkeys(texts) if text not in known]:
        encoded = {
            text: encode_vector(row) for text, row in zip(missing, encoder.encode_passages(missing), strict=True)
        }
        with database.write(lasting=False) as db:
            save_text_vectors(db, model_id, encoded)
        known |= encoded
    ordered = list(known)
    return dict(zip(ordered, decode_vectors([known[text] for text in ordered]), strict=True))


def build_references(
    topic: Topic, judged: Sequence[tuple[Judgement, Rows]], vectors: Mapping[str, Rows], dimensions: int
) -> References:
    """Return what of a topic an entry can resemble: its sentences, its examples, and what was judged relevant."""
    stated = [(text, TrainingKind.SENTENCE, vectors[text]) for text in topic.about]
    stated += [(text, TrainingKind.EXAMPLE, vectors[text]) for text in topic.examples]
    stated += [
        (judgement.text.partition("\n")[0], TrainingKind.JUDGED, row)
        for judgement, row in judged
        if judgement.verdict is Verdict.RELEVANT
    ]
    rows = np.stack([row for _text, _kind, row in stated]) if stated else np.empty((0, dimensions), np.float32)
    return References(tuple(text for text, _, _ in stated), tuple(kind for _, kind, _ in stated), rows)


def find_evidence(
    encoder: Encoder, stored: StoredEntry, row: Rows, head: Head, references: References
) -> tuple[ProposalEvidence, ...]:
    """Return what of the topic an entry resembles, and which of its sentences does. Raises EncoderUnavailable."""
    item = stored.entry.item
    sentences = list_entry_sentences(item.title, item.summary, item.content)
    if not sentences:
        return ()
    rows = row[None, :] if len(sentences) == 1 else encoder.encode_passages([sentence.text for sentence in sentences])
    resemblance = find_resemblance(row, sentences, rows, references, head.mean)
    if resemblance is None:
        return ()
    sentence = resemblance.sentence
    return (
        ProposalEvidence(
            kind=_KINDS[resemblance.kind],
            text=resemblance.reference,
            field=sentence.field,
            start=sentence.start,
            end=sentence.end,
        ),
    )
