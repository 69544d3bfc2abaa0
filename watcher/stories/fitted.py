"""The weights by which pairs of reports are scored, in the order of `PairFeatures`.

`bench/stories.py` measures what they do, `bench/fit_pairs.py` fits them anew. These were fitted
on 330 reports of 84 events in 27 languages among
4,700 others that were moved to the same days, without the same events on other days in it; the vectors are those of
multilingual-e5-small (4 bits), passages of headline and 300 characters.
"""

from __future__ import annotations

from typing import NamedTuple


class PairWeights(NamedTuple):
    """A weight for each feature of a pair, and the log odds of a pair that shares nothing."""

    weights: tuple[float, ...]
    bias: float


# cosine, excess, words, shared names, other names, shared numbers, other numbers, shared states, other states, and the
# four that are vetoes, which the score leaves out.
TWO_LANGUAGES = PairWeights((4.0, 8.9, 0.0, 1.6, -0.85, 1.0, -1.3, 1.9, -0.4, 0.0, 0.0, 0.0, 0.0), -4.9)
"""Logistic regression. Over five folds of events: nine of ten pairs right at a recall of 0.78."""
ONE_LANGUAGE = PairWeights((0.0, 3.0, 9.0, 0.0, 0.0, 0.0, -0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), -5.8)
"""Set by hand: at most three of fourteen pairs of events that resemble each other most are joined. Those share names,
numbers and places as the reports of one event do, so that nothing but closeness and words is counted for them."""
WITHOUT_VECTORS = PairWeights((0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), -9.0 * 0.35)
"""A similarity of words of 0.35, as `STORY_SIMILARITY` says; 13,689 pairs of other events stay below it."""
CERTAIN_SIMILARITY = 0.6
"""From this similarity of words on, two reports are of one event whatever their vectors say."""
CERTAIN_SCORE = 2.0
MIN_EXCESS = -0.2
"""Pairs that are less close are of two events, whatever else they share."""
UNRELATED_SCORE = -4.0
"""What such a pair counts in the mean of two groups."""
