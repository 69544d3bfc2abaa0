"""How good a topic is: precision, recall and F1 over labelled examples, with 95 % intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from watcher.match import TopicMatcher
from watcher.model.topic import Evidence
from watcher.topics.examples import Example

NORMAL_DEVIATE_95 = 1.959964
"""The normal deviate of a two-sided 95 % interval."""
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Miss:
    """An example that belongs to a topic and is not found."""

    example: Example


@dataclass(frozen=True, slots=True)
class FalseHit:
    """An example that is found and does not belong to the topic, and the words that found it."""

    example: Example
    evidence: tuple[Evidence, ...]


@dataclass(slots=True)
class TopicScore:
    """How a topic came out on the examples that are labelled for it: true and false positives and negatives."""

    topic_id: str
    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    misses: list[Miss] = field(default_factory=list)
    false_hits: list[FalseHit] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        """The part of what was found that belongs; None where nothing was found."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        """The part of what belongs that was found; None where nothing belongs."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where neither can be measured."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None

    @property
    def precision_interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.tp, self.tp + self.fp)

    @property
    def recall_interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.tp, self.tp + self.fn)


def evaluate_topics(
    matcher: TopicMatcher, examples: Iterable[Example], topic_ids: Sequence[str]
) -> dict[str, TopicScore]:
    """Match each example and count, for each topic, how that agrees with its labels."""
    scores = {topic_id: TopicScore(topic_id) for topic_id in topic_ids}
    for example in examples:
        evidence = {hit.topic_id: hit.evidence for hit in matcher.match_entries([example.stored], _ANY_TIME)}
        for topic_id, score in scores.items():
            if example.is_labelled_for(topic_id):
                _count(score, example, evidence.get(topic_id))
    return scores


def wilson_interval(successes: int, trials: int) -> tuple[float, float] | None:
    """Return the Wilson score interval of a proportion at 95 %; None without trials.

    It holds for few trials and near 0 and 1, where the normal approximation does not.
    """
    if trials <= 0:
        return None
    share = successes / trials
    shrink = 1 + NORMAL_DEVIATE_95 * NORMAL_DEVIATE_95 / trials
    middle = (share + NORMAL_DEVIATE_95 * NORMAL_DEVIATE_95 / (2 * trials)) / shrink
    half = (
        NORMAL_DEVIATE_95
        * math.sqrt(share * (1 - share) / trials + NORMAL_DEVIATE_95 * NORMAL_DEVIATE_95 / (4 * trials * trials))
        / shrink
    )
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def check_gate(
    score: TopicScore, *, min_precision: float | None = None, min_recall: float | None = None
) -> tuple[str, ...]:
    """Return in what a topic falls short of the minimums, a sentence each; what cannot be measured passes none."""
    failures = []
    for name, value, minimum in (
        ("precision", score.precision, min_precision),
        ("recall", score.recall, min_recall),
    ):
        if minimum is None:
            continue
        if value is None:
            why = "nothing was found" if name == "precision" else "no example belongs to it"
            failures.append(f"{score.topic_id}: {name} cannot be measured ({why}), wanted {minimum:.2f}")
        elif value < minimum:
            failures.append(f"{score.topic_id}: {name} {value:.3f} is below {minimum:.2f}")
    return tuple(failures)


def _count(score: TopicScore, example: Example, evidence: tuple[Evidence, ...] | None) -> None:
    belongs = score.topic_id in example.relevant
    if evidence is not None and belongs:
        score.tp += 1
    elif evidence is not None:
        score.fp += 1
        score.false_hits.append(FalseHit(example, evidence))
    elif belongs:
        score.fn += 1
        score.misses.append(Miss(example))
    else:
        score.tn += 1
