"""The space in which reports are compared, and its shortcut for the nearest of many."""

from __future__ import annotations

import numpy as np
import pytest

from watcher.meaning.story_space import build_space
from watcher.meaning.vectors import decode_vectors, encode_vector, normalize, stack_vectors

LANGUAGES = ["en", "de-AT", "uk", None, "xx"]


@pytest.mark.parametrize("seed", range(5))
def test_cosines_of_many_are_those_of_centred_rows(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = normalize(random.standard_normal((60, 24)) + random.standard_normal(24))
    languages = [LANGUAGES[number] for number in random.integers(0, len(LANGUAGES), 60)]
    space = build_space(normalize(random.standard_normal((80, 24))), ["en", "de", "uk", "xx", ""] * 16)
    kept = [encode_vector(row) for row in rows]
    places = [3, 59, 0, 17]

    cosines = space.measure_cosines(stack_vectors(kept), languages, places)

    centred = space.center_rows(decode_vectors(kept), languages)
    assert cosines == pytest.approx(centred[places] @ centred.T, abs=1e-5)


def test_row_that_is_the_mean_of_its_language_is_close_to_nothing() -> None:
    row = normalize(np.ones((1, 8)))
    space = build_space(np.repeat(row, 5, axis=0), ["en"] * 5)
    kept = [encode_vector(row[0]), encode_vector(normalize(np.eye(8)[:1])[0])]

    cosines = space.measure_cosines(stack_vectors(kept), ["en", "en"], [1])

    assert np.isfinite(cosines).all()
    assert cosines[0, 1] == pytest.approx(1, abs=1e-3)
