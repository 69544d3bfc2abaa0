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
REFUSAL = 0.5
"""How much a row that was said not to belong counts beside one that was said to belong: such rows are often near."""


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


def build_training_set(topic: TopicVectors, background: Background) -> TrainingSet:
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
    present = [(rows, side, kind) for rows, side, kind in sides if len(rows)]
    if not any(side for _rows, side, _kind in present):
        raise ValueError("a head needs a sentence, an example or a relevant judgement")
    parts = [center(rows, background.mean) for rows, _side, _kind in present]
    parts.append(sample_rows(background.centered, MAX_BACKGROUND))
    counts = [len(part) for part in parts]
    kinds = [kind for _rows, _side, kind in present] + [TrainingKind.BACKGROUND]
    sides_of_parts = [side for _rows, side, _kind in present] + [False]
    return TrainingSet(
        rows=np.concatenate(parts),
        belongs=np.repeat(np.array(sides_of_parts), counts),
        kinds=tuple(kind for kind, count in zip(kinds, counts, strict=True) for _row in range(count)),
        weights=np.concatenate(_weigh_parts(kinds, sides_of_parts, counts)),
        mean=background.mean,
    )


def _weigh_parts(
    kinds: Sequence[TrainingKind], sides: Sequence[bool], counts: Sequence[int]
) -> list[NDArray[np.float64]]:
    """Return the weights of each part's rows: a half for what belongs, a half for what does not.

    What was said not to belong has at most half of its side, the background the rest.
    """
    stated = [WEIGHTS.get(kind, 0.0) * (1.0 if side else REFUSAL) for kind, side in zip(kinds, sides, strict=True)]
    belonging = sum(weight * count for weight, side, count in zip(stated, sides, counts, strict=True) if side)
    refused = sum(weight * count for weight, side, count in zip(stated, sides, counts, strict=True) if not side)
    unit = 0.5 / belonging
    refused_unit = min(unit, 0.25 / refused) if refused else 0.0
    background = (0.5 - refused_unit * refused) / counts[-1]
    weights = []
    for kind, side, weight, count in zip(kinds, sides, stated, counts, strict=True):
        row = background if kind is TrainingKind.BACKGROUND else weight * (unit if side else refused_unit)
        weights.append(np.full(count, row))
    return weights
