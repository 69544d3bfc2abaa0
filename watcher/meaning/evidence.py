"""What makes a proposal plausible to a person: what of the topic it resembles, and which of its sentences does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watcher.meaning.training import TrainingKind
from watcher.meaning.vectors import Rows, center
from watcher.text.sentences import Sentence, find_sentences

MAX_SENTENCES = 6
"""The sentences of an entry that are compared; each costs as much as a headline to encode."""


@dataclass(frozen=True)
class References:
    """What a topic states and what was judged relevant for it: texts, kinds and unit rows, in one order."""

    texts: tuple[str, ...]
    kinds: tuple[TrainingKind, ...]
    rows: Rows


@dataclass(frozen=True, slots=True)
class EntrySentence:
    """A sentence of an entry: `text` is `field[start:end]`."""

    field: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A reference of the topic, the entry's sentence that is nearest to it, and the cosine between the two."""

    kind: TrainingKind
    reference: str
    sentence: EntrySentence
    likeness: float


def list_entry_sentences(title: str, summary: str, content: str = "") -> tuple[EntrySentence, ...]:
    """Return the sentences of an entry that are worth comparing: those of the title, then of the summary or content."""
    body_field, body = ("summary", summary) if summary.strip() else ("content", content)
    sentences = [_place("title", sentence) for sentence in find_sentences(title)]
    sentences += [_place(body_field, sentence) for sentence in find_sentences(body[:1_000])]
    return tuple(sentences[:MAX_SENTENCES])


def find_resemblance(
    entry: Rows, sentences: Sequence[EntrySentence], sentence_rows: Rows, references: References, mean: Rows
) -> Resemblance | None:
    """Return what of the topic an entry resembles most, and by which of its sentences; None without either.

    `entry` is the entry's vector, `sentence_rows` those of its sentences in the same order; none of them centred.
    """
    if not len(sentences) or not len(references.texts):
        return None
    reference_rows = center(references.rows, mean)
    nearest = int(np.argmax(reference_rows @ center(entry, mean)))
    likeness = center(sentence_rows, mean) @ reference_rows[nearest]
    best = int(np.argmax(likeness))
    return Resemblance(references.kinds[nearest], references.texts[nearest], sentences[best], float(likeness[best]))


def _place(field: str, sentence: Sentence) -> EntrySentence:
    return EntrySentence(field, sentence.text, sentence.start, sentence.end)
