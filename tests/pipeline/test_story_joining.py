"""Stories join by the vectors that the reader has just stored, on both databases."""

from __future__ import annotations

from tests.store.test_story_moves import (
    FERRY,
    FERRY_DE,
    FERRY_UK,
    LATER,
    QUARRY,
    bring_reports,
    embed_reports,
    stories_of,
)
from watcher.pipeline.story_joining import StoryJoiner
from watcher.store.database import Database


def test_stories_join_once_and_stay_joined(database: Database) -> None:
    entry_ids = bring_reports(database)
    model, background = embed_reports(database, entry_ids)
    joiner = StoryJoiner(database, model, background)

    first = joiner.join_stories([entry_ids[FERRY_DE], entry_ids[FERRY_UK], entry_ids[FERRY], entry_ids[QUARRY]], LATER)
    again = joiner.join_stories(list(entry_ids.values()), LATER)

    assert len(first) == 2
    assert again == ()
    assert stories_of(database) == [[FERRY, FERRY_DE, FERRY_UK], [QUARRY]]


def test_nothing_joins_without_vectors(database: Database) -> None:
    entry_ids = bring_reports(database)
    model, _background = embed_reports(database, {})

    assert StoryJoiner(database, model).join_stories(list(entry_ids.values()), LATER) == ()
