"""Stored entries grouped into the stories that they would give."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from tests.match.entries import entry
from tests.moments import NOON
from watcher.model.entry import StoredEntry
from watcher.stories.batch import group_entries

TITLES = (
    "Ferry to the outer islands is cancelled until Monday after a storm",
    "Ferry to the outer islands cancelled until Monday, the operator says",
    "Council votes for a new bridge over the northern river",
    "New bridge over the northern river: council votes in favour",
    "Museum of clocks reopens",
)


def report(number: int, title: str, hours: float = 0) -> StoredEntry:
    stored = entry(title, summary="")
    made = replace(stored.entry, key=f"key {number}")
    return replace(stored, id=number, entry=made, first_seen_at=NOON + timedelta(hours=hours))


def group(entries: list[StoredEntry], story_ids: dict[int, int] | None = None) -> set[frozenset[int]]:
    groups = group_entries(entries, story_ids or {})
    return {frozenset(entries[place].id for place in group) for group in groups}


def test_reports_of_one_event_are_grouped_whatever_their_order() -> None:
    entries = [report(number, title) for number, title in enumerate(TITLES, 1)]

    for seed in range(6):
        shuffled = random.Random(seed).sample(entries, len(entries))
        assert group(shuffled) == {frozenset({1, 2}), frozenset({3, 4}), frozenset({5})}


def test_stored_stories_stay_as_they_are() -> None:
    entries = [report(number, title) for number, title in enumerate(TITLES, 1)]

    assert group(entries, {1: 70, 2: 71, 3: 72, 5: 72}) == {frozenset({1}), frozenset({2}), frozenset({3, 4, 5})}


def test_like_reports_of_other_weeks_are_other_stories() -> None:
    assert group([report(1, TITLES[0]), report(2, TITLES[1], hours=200)]) == {frozenset({1}), frozenset({2})}


def test_the_story_with_the_latest_report_comes_first() -> None:
    entries = [report(1, TITLES[0], hours=1), report(2, TITLES[2], hours=3), report(3, TITLES[1], hours=2)]

    assert group_entries(entries, {}) == ((1,), (0, 2))
