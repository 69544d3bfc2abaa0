"""Killed at random, again and again: no hit untold, no message lost, and no message under a second name."""

from __future__ import annotations

from tests.outgoing.kills import suffer
from watcher.store.database import Database


def test_killed_at_random_it_loses_nothing_and_repeats_at_most_one_message_a_kill(sqlite: Database) -> None:
    fate = suffer(sqlite, 120, 6, seed=7, patience=(0.1, 1.2))

    assert (fate.digests, fate.hits_told) == (120, 120)
    assert (fate.lost, fate.foreign, fate.others) == (0, 0, 0)
    assert fate.repeated <= fate.kills
    assert fate.repeated_once == 0
    assert fate.doubts >= fate.uncertain
