"""Stories join by the vectors that the reader has just stored, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pipeline.word_encoder import WordEncoder
from tests.store.filled import NOON, bring, item, topics
from tests.store.test_story_moves import (
    EVERYTHING,
    FERRY,
    FERRY_DE,
    FERRY_UK,
    LATER,
    QUARRY,
    REPORTS,
    bring_reports,
    embed,
    embed_reports,
    stories_of,
)
from watcher.meaning.vectors import decode_vectors
from watcher.pipeline.embedding import MeaningReader
from watcher.pipeline.model_reading import ModelReading, ReadingOptions
from watcher.pipeline.story_joining import StoryJoiner
from watcher.store.database import Database
from watcher.store.meaning.backlog import load_backlog
from watcher.store.meaning.embeddings import load_vectors
from watcher.store.meaning.pending_joins import save_pending_joins, take_abandoned_joins
from watcher.store.stories.moves import load_late_joins
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.replay import replay_topics


def test_stories_join_once_and_stay_joined(database: Database) -> None:
    entry_ids = bring_reports(database)
    model, background = embed_reports(database, entry_ids)
    joiner = StoryJoiner(database, model, background)

    first = joiner.join_stories([entry_ids[FERRY_DE], entry_ids[FERRY_UK], entry_ids[FERRY], entry_ids[QUARRY]], LATER)
    again = joiner.join_stories(list(entry_ids.values()), LATER)

    assert len(first) == 2
    assert again == ()
    assert stories_of(database) == [[FERRY, FERRY_DE, FERRY_UK], [QUARRY]]


@pytest.mark.parametrize("after", [timedelta(minutes=15), -timedelta(days=3)], ids=["later", "clock set back"])
def test_what_a_killed_reader_left_unjoined_another_joins(database: Database, after: timedelta) -> None:
    entry_ids = bring_reports(database)
    model, background = embed_reports(database, entry_ids)
    with database.write() as db:
        save_pending_joins(db, "desk:1", entry_ids.values(), LATER)
    encoder = WordEncoder(model.model.name, dimensions=model.model.dimensions)
    reader = MeaningReader(
        database,
        encoder,
        lambda: ReadingOptions(topics=()),
        lambda: now,
        lambda: 0.0,
        owner="desk:2",
        find_shipped=lambda _name: background,
    )

    now = LATER + timedelta(minutes=9)
    reader.run_for(timedelta(seconds=1))
    too_early = stories_of(database)
    now = LATER + after
    reader.run_for(timedelta(seconds=1))

    assert too_early == [[FERRY], [FERRY_DE], [FERRY_UK], [QUARRY]]
    assert stories_of(database) == [[FERRY, FERRY_DE, FERRY_UK], [QUARRY]]
    with database.write() as db:
        assert take_abandoned_joins(db, now + timedelta(days=9), "desk:3") == ()


def test_what_is_read_is_to_be_joined_in_the_same_transaction(database: Database) -> None:
    entry_ids = bring_reports(database)
    reading = ModelReading(database, WordEncoder(), "desk:1", lambda _name: None)
    reading.refresh((), NOON)

    reading.read_batch(ReadingOptions(topics=()), NOON)

    with database.write() as db:
        left = take_abandoned_joins(db, NOON + timedelta(hours=1), "desk:2")
    assert set(left) == set(entry_ids.values())


def test_nothing_joins_without_vectors(database: Database) -> None:
    entry_ids = bring_reports(database)
    model, _background = embed_reports(database, {})

    assert StoryJoiner(database, model).join_stories(list(entry_ids.values()), LATER) == ()


@pytest.mark.parametrize("after", [timedelta(hours=1), timedelta(days=20)], ids=["at once", "weeks later"])
def test_reports_that_a_replay_found_join_when_they_are_read_again_and_say_so(
    database: Database, after: timedelta
) -> None:
    narrow = topics(all="harbour OR quarry")
    entry_ids = {entry.entry.item.title: entry.id for entry in bring(database, REPORTS, matcher=narrow).new}
    model, background = embed_reports(database, entry_ids)
    # Of other days, and as close to the ferry as its own reports are: it stays apart.
    other_day = "Harbour ferry runs aground off Sandholm again"
    [other] = bring(database, [item(9, other_day, language="en")], now=NOON + timedelta(days=9), matcher=EVERYTHING).new
    with database.read() as db:
        [ferry] = load_vectors(db, model.id, [entry_ids[FERRY]]).values()
    embed(database, {other.id: decode_vectors([ferry])[0]})
    now = NOON + after if after > timedelta(days=9) else NOON + timedelta(days=9) + after

    replay_topics(ArchiveScan(database), EVERYTHING, now)
    with database.read() as db:
        waiting = load_backlog(db, model, now, limit=100)
    joined = StoryJoiner(database, model, background).join_stories(waiting, now)

    assert set(waiting) == {entry_ids[FERRY_DE], entry_ids[FERRY_UK]}
    assert len(joined) == 2
    assert sorted(stories_of(database)) == sorted([[FERRY, FERRY_DE, FERRY_UK], [QUARRY], [other_day]])
    with database.read() as db:
        assert load_late_joins(db, list(entry_ids.values())) == {entry_ids[FERRY_DE]: now, entry_ids[FERRY_UK]: now}


def test_report_that_an_edit_made_a_match_joins_when_it_is_read_again(database: Database) -> None:
    matcher = topics(all="harbour OR hafen OR порт OR quarry")
    before = "Fähre läuft vor Sandholm im Nebel auf Grund"
    reports = [item(1, FERRY, language="en"), item(2, before, language="de"), item(4, QUARRY, language="en")]
    entry_ids = {entry.entry.item.title: entry.id for entry in bring(database, reports, matcher=matcher).new}
    model, background = embed_reports(database, entry_ids)
    joiner = StoryJoiner(database, model, background)
    assert joiner.join_stories(list(entry_ids.values()), NOON) == ()

    bring(database, [item(2, FERRY_DE, language="de")], now=LATER, matcher=matcher)
    with database.read() as db:
        [waiting] = load_backlog(db, model, LATER, limit=100)
        [vector] = load_vectors(db, model.id, [waiting]).values()
    embed(database, {waiting: decode_vectors([vector])[0]}, version=2)
    joined = joiner.join_stories([waiting], LATER)

    assert [join.entry_ids for join in joined] == [(waiting,)]
    assert stories_of(database) == [[FERRY, FERRY_DE], [QUARRY]]
