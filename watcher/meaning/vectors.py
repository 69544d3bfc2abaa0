"""Vectors as they are kept: a byte a dimension. Rows are unit vectors, float32, one a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.float32]
"""Unit vectors, one a row, shape (texts, dimensions)."""
Quantized: TypeAlias = NDArray[np.int8]
"""Rows as a byte a dimension; the scale of a row is not kept, since `restore` makes it a unit vector again."""
_LARGEST = 127
_SHORTEST = 1e-6
"""What is shorter is the rounding of a difference and has no direction."""


def quantize(rows: Rows) -> Quantized:
    """Return rows as bytes, scaled so that the largest number of each row becomes 127; the angle changes by < 0.5°."""
    scales = np.abs(rows).max(axis=-1, keepdims=True)
    return np.rint(rows * (_LARGEST / np.where(scales > 0, scales, 1))).astype(np.int8)


def restore(quantized: Quantized) -> Rows:
    """Return unit rows from bytes; a row of zeros stays one."""
    return normalize(quantized.astype(np.float32))


def normalize(rows: NDArray[Any]) -> Rows:
    """Return rows of length 1; a row without a direction becomes one of zeros."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    has_direction = lengths > _SHORTEST
    unit: Rows = (rows * has_direction / np.where(has_direction, lengths, 1)).astype(np.float32)
    return unit


def center(rows: Rows, mean: Rows) -> Rows:
    """Return unit rows from which the mean of all texts is taken, which they share whatever they are about."""
    return normalize(rows - mean)


def encode_vector(row: Rows) -> bytes:
    """Return one unit vector as the bytes that the database keeps."""
    return quantize(row).tobytes()


def decode_vectors(values: list[bytes]) -> Rows:
    """Return unit rows from what the database keeps, in the order given; all of the same model."""
    if not values:
        return np.empty((0, 0), np.float32)
    return restore(stack_vectors(values))


def stack_vectors(values: Sequence[bytes]) -> Quantized:
    """Return the rows, at least one, that the database keeps, as the bytes that they are."""
    return np.frombuffer(b"".join(values), np.int8).reshape(len(values), -1)


@dataclass(frozen=True, slots=True)
class Views:
    """Unit rows of the same entries in one order: of their whole texts, and of their titles alone.

    A title by itself often states what a summary dilutes, and the reverse: a head takes the better of the two.
    """

    whole: Rows
    titles: Rows

    def __len__(self) -> int:
        return len(self.whole)

    def take(self, places: slice | NDArray[Any] | list[int]) -> Views:
        """Return the rows at some places, in that order."""
        return Views(self.whole[places], self.titles[places])


def view_alone(rows: Rows) -> Views:
    """Return the views of texts that are titles alone, or of which only the whole is known."""
    return Views(rows, rows)
