"""A byte a dimension keeps the direction of a vector, and centring takes away what all texts share."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tests.meaning.vectors import DIMENSIONS, make_cluster, make_direction
from watcher.meaning.vectors import center, decode_vectors, encode_vector, normalize, quantize, restore

DIRECTIONS = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 5), st.integers(2, 64)), elements=st.floats(-1, 1, width=32)
)


@settings(deadline=None)
@given(DIRECTIONS)
def test_quantised_rows_keep_their_direction(raw: NDArray[np.float32]) -> None:
    rows = normalize(raw)

    restored = restore(quantize(rows))

    lengths = np.linalg.norm(rows, axis=1)
    # Half a step of rounding in each dimension, beside the largest number of the row.
    most = np.abs(rows).max(axis=1) / 127 / 2 * np.sqrt(rows.shape[1])
    cosines = (rows * restored).sum(axis=1)[lengths > 0.5]
    assert (cosines >= 1 - most[lengths > 0.5] ** 2 - 1e-5).all()
    assert not restored[lengths < 0.5].any()


@settings(deadline=None)
@given(DIRECTIONS)
def test_quantising_what_was_restored_changes_no_byte(raw: NDArray[np.float32]) -> None:
    quantized = quantize(normalize(raw))

    assert np.array_equal(quantize(restore(quantized)), quantized)


@settings(deadline=None)
@given(DIRECTIONS)
def test_bytes_are_symmetric_and_never_overflow(raw: NDArray[np.float32]) -> None:
    rows = normalize(raw)

    assert np.array_equal(quantize(-rows), -quantize(rows))
    assert quantize(rows).min(initial=0) >= -127


@settings(deadline=None)
@given(DIRECTIONS, st.floats(-1, 1))
def test_centred_rows_are_unit_vectors_or_nothing(raw: NDArray[np.float32], shift: float) -> None:
    rows = normalize(raw)

    lengths = np.linalg.norm(center(rows, np.full(rows.shape[1], shift, np.float32)), axis=1)

    assert ((np.abs(lengths - 1) < 1e-4) | (lengths == 0)).all()


def test_centring_takes_away_what_all_rows_share() -> None:
    rows = make_cluster(400, seed=1)

    centered = center(rows, rows.mean(axis=0))

    assert float(np.mean(rows @ rows.T)) > 0.7
    assert abs(float(np.mean(centered @ centered.T))) < 0.01
    assert np.linalg.norm(centered.mean(axis=0)) < 0.05


def test_what_the_database_keeps_is_a_byte_a_dimension_in_the_order_given() -> None:
    rows = np.stack([make_direction(seed) for seed in range(1, 6)])

    decoded = decode_vectors([encode_vector(row) for row in rows])

    assert len(encode_vector(rows[0])) == DIMENSIONS
    assert ((decoded * rows).sum(axis=1) > 0.9999).all()
    assert len(decode_vectors([])) == 0
