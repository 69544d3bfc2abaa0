"""A topic's head together with the threshold that keeps it to its budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watcher.meaning.background import Background
from watcher.meaning.head import Head, fit_head
from watcher.meaning.threshold import find_threshold
from watcher.meaning.training import MAX_BACKGROUND, TopicVectors, build_training_set
from watcher.meaning.vectors import Rows

MIN_UNSEEN = 3_000
"""With so many entries that the head did not learn from, the threshold is taken from those alone."""


@dataclass(frozen=True)
class FittedTopic:
    """What proposes for a topic: entries whose score reaches the threshold."""

    head: Head
    threshold: float


def fit_topic(topic: TopicVectors, background: Background, share: float) -> FittedTopic:
    """Fit a topic's head, and find the threshold that `share` of the background reaches.

    Entries that a head learned from as background score lower than others like them. So the threshold comes from those
    that it did not learn from: from the rest of a large background, else from two heads that learned from a half each
    and score the other. Raises ValueError where nothing says what belongs.
    """
    head = fit_head(build_training_set(topic, background))
    total = len(background.rows)
    if total - MAX_BACKGROUND >= MIN_UNSEEN:
        learned = np.zeros(total, np.bool_)
        learned[np.linspace(0, total - 1, MAX_BACKGROUND).astype(np.intp)] = True
        unseen = head.score_views(background.views.take(~learned))
    else:
        unseen = score_unseen(topic, background)
    return FittedTopic(head, find_threshold(unseen, share))


def score_unseen(topic: TopicVectors, background: Background) -> Rows:
    """Return the background's scores, in its order, each by a head that did not learn from that row."""
    scores = np.zeros(len(background.rows), np.float32)
    parts = (slice(0, None, 2), slice(1, None, 2))
    for learned, scored in (parts, parts[::-1]):
        head = fit_head(build_training_set(topic, background.take(learned)))
        scores[scored] = head.score_views(background.views.take(scored))
    return scores
