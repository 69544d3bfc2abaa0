"""Neighbours of a report are those that share the most keys with it, the nearest first of those that share as much."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watcher.stories.neighbours import MAX_COMPARED_ENTRIES, choose_neighbours

_HOLDERS = st.dictionaries(st.integers(0, 8), st.sets(st.integers(1, 40), max_size=30), min_size=1)


@given(_HOLDERS, st.integers(1, 40))
def test_neighbours_are_the_first_of_all_that_share_a_key_in_order(holders: dict[int, set[int]], own_id: int) -> None:
    def rank(entry_id: int) -> tuple[int, int, int]:
        return -sum(entry_id in some for some in holders.values()), abs(own_id - entry_id), -entry_id

    sharing = {entry_id for some in holders.values() for entry_id in some} - {own_id}

    assert choose_neighbours(own_id, list(holders), holders) == sorted(sharing, key=rank)[:MAX_COMPARED_ENTRIES]
