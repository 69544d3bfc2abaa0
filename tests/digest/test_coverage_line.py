"""The coverage line says what is not stored and what was merged, and is silent where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from watcher.digest.format_helpers import format_coverage
from watcher.model.digest import Coverage

WHOLE = Coverage(feeds=3, fresh=3, entries=40)


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        pytest.param(replace(WHOLE, left_out=1), "1 item was not stored and may be missing", id="one left out"),
        pytest.param(replace(WHOLE, left_out=1_842), "1,842 items were not stored and may be", id="many left out"),
        pytest.param(replace(WHOLE, merged=1), "1 item was taken for a repetition of another", id="one merged"),
        pytest.param(replace(WHOLE, merged=2), "2 items were taken for repetitions of others", id="two merged"),
        pytest.param(replace(WHOLE, recovered=12), "12 items that an earlier version had merged were", id="recovered"),
        pytest.param(replace(WHOLE, recovered=1), "1 item that an earlier version had merged was", id="one recovered"),
    ],
)
def test_each_count_has_a_sentence_of_its_own(coverage: Coverage, said: str) -> None:
    line = format_coverage(coverage)

    assert said in line
    assert line.startswith(format_coverage(WHOLE))
    assert line.endswith(".")


def test_only_what_is_not_stored_makes_the_coverage_bad() -> None:
    assert [replace(WHOLE, **{name: 1}).bad for name in ("left_out", "gaps", "merged", "recovered")] == [
        True, True, False, False,
    ]  # fmt: skip
