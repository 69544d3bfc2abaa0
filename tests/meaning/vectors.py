"""Vectors for tests, from a seed: clusters of unit rows that a head can separate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watcher.meaning.vectors import Rows, normalize

DIMENSIONS = 384


def make_direction(seed: int) -> Rows:
    """Return a unit vector."""
    return normalize(np.random.default_rng(seed).normal(size=DIMENSIONS))


def make_cluster(count: int, *, seed: int, around: NDArray[np.float32] | None = None, spread: float = 1.0) -> Rows:
    """Return unit rows that share most of their direction, as those of an encoder do, and lean towards `around`."""
    noise = normalize(np.random.default_rng(seed).normal(size=(count, DIMENSIONS)))
    shared = 2.0 * make_direction(0)
    return normalize(shared + spread * noise + (0 if around is None else around))
