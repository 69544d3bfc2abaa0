"""The coverage line says what is not stored and what was merged, and is silent where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from watcher.digest.format_helpers import format_coverage
from watcher.model.digest import Coverage

WHOLE = Coverage(feeds=3, fresh=3, entries=40)


@pytest.mark.parametrize(
    ("coverage", "sentence"),
    [
        pytest.param(replace(WHOLE, left_out=1), "1 item was not stored and may be missing", id="one left out"),
        pytest.param(replace(WHOLE, left_out=1_842), "1,842 items were not stored and may be", id="many left out"),
        pytest.param(replace(WHOLE, merged=1), "1 item was taken for a repetition of another", id="one merged"),
        pytest.param(replace(WHOLE, merged=2), "2 items were taken for repetitions of others", id="two merged"),
        pytest.param(replace(WHOLE, recovered=12), "12 items that an earlier version had merged were", id="recovered"),
        pytest.param(replace(WHOLE, recovered=1), "1 item that an earlier version had merged was", id="one recovered"),
    ],
)
def test_each_count_has_a_sentence_of_its_own(coverage: Coverage, sentence: str) -> None:
    line = format_coverage(coverage)

    assert sentence in line
    assert line.startswith(format_coverage(WHOLE))
    assert line.endswith(".")


def test_only_what_is_not_stored_makes_the_coverage_bad() -> None:
    assert [replace(WHOLE, **{name: 1}).bad for name in ("left_out", "gaps", "merged", "recovered")] == [
        True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "seconds", "sentence"),
    [
        (
            120,
            360,
            "120 items are not yet read for meaning. Hits by words are complete; proposals follow in about 6 minutes.",
        ),
        (1, 5, "1 item is not yet read for meaning. Hits by words are complete; proposals follow in about 1 minute."),
        (
            2_000,
            None,
            "2,000 items are not yet read for meaning. Hits by words are complete; proposals follow later.",
        ),
    ],
)
def test_what_is_not_read_for_meaning_yet_is_named(count: int, seconds: int | None, sentence: str) -> None:
    coverage = replace(WHOLE, meaning_backlog=count, meaning_seconds=seconds)

    assert format_coverage(coverage) == f"{format_coverage(WHOLE)} {sentence}"
    assert not coverage.bad
