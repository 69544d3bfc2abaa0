"""What a head learns from: a topic's sentences and examples, what people judged, and the background."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from watcher.meaning.background import Background, sample_rows
from watcher.meaning.vectors import Rows, center

MAX_BACKGROUND = 3_000
"""More rows make a head slower to fit and no better (bench/meaning.py)."""


class TrainingKind(StrEnum):
    """Where a row of a training set comes from."""

    SENTENCE = "sentence"
    EXAMPLE = "example"
    JUDGED = "judged"
    BACKGROUND = "background"


WEIGHTS = {TrainingKind.SENTENCE: 1.0, TrainingKind.EXAMPLE: 1.0, TrainingKind.JUDGED: 4.0}
"""How much one row counts beside others that were written or judged."""


class Aim(StrEnum):
    """What a head is for: to find entries among all others, or to order those that words have found."""

    FINDING = "finding"
    RANKING = "ranking"


@dataclass(frozen=True, slots=True)
class Refusals:
    """How much rejected rows count: `weight` is that of one beside an accepted one of its kind, `share` the most that
    all of them weigh together (all rows of both sides weigh 1), and `judged_share` the most that judged ones do."""

    weight: float
    share: float
    judged_share: float


REFUSALS = {
    # Rejected rows resemble what belongs: many of them at full weight would cost more of that than they keep out.
    Aim.FINDING: Refusals(0.5, 0.25, 0.05),
    # Every hit of the words resembles the topic: the rejected ones are the negatives to separate it from.
    Aim.RANKING: Refusals(4.0, 0.48, 0.48),
}


def _no_rows() -> Rows:
    return np.empty((0, 0), np.float32)


@dataclass(frozen=True)
class TopicVectors:
    """Unit rows of what a topic states and of what was judged for it, as encoded: not centred."""

    about: Rows = field(default_factory=_no_rows)
    not_about: Rows = field(default_factory=_no_rows)
    examples: Rows = field(default_factory=_no_rows)
    not_examples: Rows = field(default_factory=_no_rows)
    relevant: Rows = field(default_factory=_no_rows)
    irrelevant: Rows = field(default_factory=_no_rows)


@dataclass(frozen=True)
class TrainingSet:
    """Centred unit rows, each with side, kind and weight (1 together); `mean` is what was taken from them."""

    rows: Rows
    belongs: NDArray[np.bool_]
    kinds: tuple[TrainingKind, ...]
    weights: NDArray[np.float64]
    mean: Rows

    @property
    def version(self) -> str:
        """A hash of everything that decides the head, 12 hexadecimal digits."""
        digest = hashlib.blake2b(self.rows.tobytes(), digest_size=6)
        for part in (self.belongs, self.weights, self.mean):
            digest.update(part.tobytes())
        return digest.hexdigest()

    def count(self, kind: TrainingKind, *, belongs: bool) -> int:
        """Return how many rows of a kind stand on a side."""
        return sum(
            1 for row_kind, side in zip(self.kinds, self.belongs, strict=True) if row_kind is kind and side == belongs
        )


def build_training_set(topic: TopicVectors, background: Background, aim: Aim = Aim.FINDING) -> TrainingSet:
    """Return what a topic's head learns from; the background's rows stand for what the topic is not.

    `background` holds no entry that is a hit of the topic or was judged for it. Raises ValueError where nothing says
    what belongs.
    """
    sides = (
        (topic.about, True, TrainingKind.SENTENCE),
        (topic.examples, True, TrainingKind.EXAMPLE),
        (topic.relevant, True, TrainingKind.JUDGED),
        (topic.not_about, False, TrainingKind.SENTENCE),
        (topic.not_examples, False, TrainingKind.EXAMPLE),
        (topic.irrelevant, False, TrainingKind.JUDGED),
    )
    # A topic may state any of the six or judge none of them; what is left out has no rows, not even a width.
    present = [(rows, side, kind) for rows, side, kind in sides if len(rows)]
    if not any(side for _rows, side, _kind in present):
        raise ValueError("a head needs a sentence, an example or a relevant judgement")
    parts = [center(rows, background.mean) for rows, _side, _kind in present]
    parts.append(sample_rows(background.centered, MAX_BACKGROUND))
    counts = [len(part) for part in parts]
    kinds = [*(kind for _rows, _side, kind in present), TrainingKind.BACKGROUND]
    belong = [*(side for _rows, side, _kind in present), False]
    weights = _weigh_rows(kinds, belong, counts, REFUSALS[aim])
    return TrainingSet(
        rows=np.concatenate(parts),
        belongs=np.repeat(np.array(belong), counts),
        kinds=tuple(kind for kind, count in zip(kinds, counts, strict=True) for _row in range(count)),
        weights=np.repeat(weights, counts),
        mean=background.mean,
    )


def _weigh_rows(
    kinds: Sequence[TrainingKind], belong: Sequence[bool], counts: Sequence[int], refusals: Refusals
) -> NDArray[np.float64]:
    """Return what one row of each part weighs: a half for what belongs, a half for what does not.

    Rejected rows have their shares of the latter, the background (the last part) the rest.
    """
    numbers, sides = np.array(counts), np.array(belong)
    is_judged = np.array([kind is TrainingKind.JUDGED for kind in kinds])
    is_background = np.array([kind is TrainingKind.BACKGROUND for kind in kinds])
    weights = np.array([WEIGHTS.get(kind, 0.0) for kind in kinds]) * np.where(sides, 1.0, refusals.weight)
    weights *= 0.5 / float((weights * numbers)[sides].sum())
    for part, share in ((is_judged, refusals.judged_share), (~is_background, refusals.share)):
        refused = part & ~sides
        total = float((weights * numbers)[refused].sum())
        if total > share:
            weights[refused] *= share / total
    weights[-1] = (0.5 - float((weights * numbers)[~sides].sum())) / counts[-1]
    return weights
