"""A topic's head: one logistic function over vectors that separates what belongs from the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watcher.meaning.training import TrainingSet
from watcher.meaning.vectors import Rows, Views, center

STRENGTH = 3_000.0
"""How much all rows count beside the penalty on large weights (C times the number of rows, in other notations)."""
MAX_STEPS = 30
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Head:
    """Weights over centred unit vectors. `version` is a hash of what it was fitted on: 12 hexadecimal digits."""

    weights: Rows
    bias: float
    mean: Rows
    version: str

    def score(self, rows: Rows) -> Rows:
        """Return how likely each unit row (as encoded, not centred) belongs, from 0 to 1."""
        return self.score_centered(center(rows, self.mean))

    def score_views(self, views: Views) -> Rows:
        """Return how likely each entry belongs by its whole text or by its title, whichever is the higher."""
        whole = self.score(views.whole)
        return whole if views.titles is views.whole else np.maximum(whole, self.score(views.titles))

    def score_centered(self, rows: Rows) -> Rows:
        """Return the same for rows that are centred on this head's mean."""
        return _squash(rows @ self.weights + np.float32(self.bias))


def fit_head(training: TrainingSet) -> Head:
    """Fit a head: L2-penalised logistic regression by Newton's method.

    The same training set yields the same head. The bias is not penalised.
    """
    rows = np.column_stack([training.rows, np.ones(len(training.rows), np.float32)])
    sides = training.belongs.astype(np.float64)
    weights = STRENGTH * training.weights
    penalty = np.ones(rows.shape[1])
    penalty[-1] = 1e-6
    solution = np.zeros(rows.shape[1])
    loss = _measure_loss(rows, sides, weights, penalty, solution)
    for _step in range(MAX_STEPS):
        likely = 1 / (1 + np.exp(-_multiply(rows, solution)))
        gradient = _multiply(rows.T, weights * (likely - sides)) + penalty * solution
        # A product of a matrix with itself, in single precision: it only decides the way, and takes half the time.
        scaled = rows * np.sqrt(weights * likely * (1 - likely)).astype(np.float32)[:, None]
        direction = np.linalg.solve((scaled.T @ scaled).astype(np.float64) + np.diag(penalty), gradient)
        solution, improved = _step_downhill(rows, sides, weights, penalty, solution, direction, loss)
        if loss - improved <= _TOLERANCE * loss:
            break
        loss = improved
    return Head(solution[:-1].astype(np.float32), float(solution[-1]), training.mean, training.version)


def encode_heads(head: Head, ranking: Head) -> bytes:
    """Return two heads on one mean as the database keeps them: float32, little endian, one after the other.

    Weights, mean, weights of the ranking head.
    """
    return np.concatenate([head.weights, head.mean, ranking.weights]).astype("<f4").tobytes()


def decode_heads(data: bytes, bias: float, ranking_bias: float | None, version: str) -> tuple[Head, Head]:
    """Return the heads that `encode_heads` wrote; where only one was written, without `ranking_bias`, it does both."""
    numbers = np.frombuffer(data, "<f4").astype(np.float32)
    size = len(numbers) // (2 if ranking_bias is None else 3)
    head = Head(numbers[:size], bias, numbers[size : 2 * size], version)
    return head, head if ranking_bias is None else Head(numbers[2 * size :], ranking_bias, head.mean, version)


def _measure_loss(
    rows: Rows,
    sides: NDArray[np.float64],
    weights: NDArray[np.float64],
    penalty: NDArray[np.float64],
    solution: NDArray[np.float64],
) -> float:
    margins = _multiply(rows, solution)
    return float(weights @ (np.logaddexp(0, margins) - sides * margins) + penalty @ (solution * solution) / 2)


def _step_downhill(
    rows: Rows,
    sides: NDArray[np.float64],
    weights: NDArray[np.float64],
    penalty: NDArray[np.float64],
    solution: NDArray[np.float64],
    direction: NDArray[np.float64],
    loss: float,
) -> tuple[NDArray[np.float64], float]:
    """Return the next solution and its loss: a Newton step, halved until it leads downhill."""
    length = 1.0
    while length > 1e-4:
        candidate = solution - length * direction
        improved = _measure_loss(rows, sides, weights, penalty, candidate)
        if improved < loss:
            return candidate, improved
        length /= 2
    return solution, loss


def _multiply(rows: Rows, column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the product of rows in single precision and a column in double, without a copy of the rows."""
    return (rows @ column.astype(np.float32)).astype(np.float64)


def _squash(margins: NDArray[np.float32]) -> Rows:
    return (1 / (1 + np.exp(-margins))).astype(np.float32)
