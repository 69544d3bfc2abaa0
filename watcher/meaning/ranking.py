"""How hits are ordered and which of them are weak: by the head that proposes together with one of their own.

Among all entries a topic's near misses are few, and a head that finds weighs them little. Among what words have
found they are the other half: the second head learns mostly from them. The mean of both orders hits better than either.
"""

from __future__ import annotations

import numpy as np

from watcher.meaning.background import Background
from watcher.meaning.head import Head, fit_head
from watcher.meaning.training import Aim, TopicVectors, build_training_set
from watcher.meaning.vectors import Rows


def fit_ranking(topic: TopicVectors, background: Background) -> Head:
    """Fit the head that tells what belongs from near misses. Raises ValueError where nothing says what belongs."""
    return fit_head(build_training_set(topic, background, Aim.RANKING))


def rank_hits(head: Head, ranking: Head, rows: Rows) -> Rows:
    """Return how relevant the hits in some rows are, from 0 to 1.

    Below `WEAK_RELEVANCE` (model/results.py) a hit is weak: of 33 judged hits of a natural stream that were 18 of the
    23 wrong ones and 1 of the 10 others.
    """
    ranks: Rows = ((head.score(rows) + ranking.score(rows)) / 2).astype(np.float32)
    return ranks
