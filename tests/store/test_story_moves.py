"""Stories that vectors join late, and that a person splits and merges, on both databases."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tests.store.filled import NOON, bring, item, topics
from watcher.errors import NotFoundError
from watcher.meaning.background import Background
from watcher.meaning.vectors import Rows, encode_vector
from watcher.model.meaning import EncoderModel
from watcher.store.database import Database
from watcher.store.meaning.backlog import claim_entries
from watcher.store.meaning.embeddings import Embedding, store_embeddings
from watcher.store.meaning.models import StoredModel, register_model
from watcher.store.stories.decisions import (
    list_story_decisions,
    merge_stories,
    split_story,
    undo_story_decision,
)
from watcher.store.stories.late import join_embedded_entries, load_story_space
from watcher.store.stories.moves import find_current_story, load_late_joins
from watcher.store.stories.queries import find_stories, load_story

MODEL = EncoderModel(name="e5-test", dimensions=32)
EVERYTHING = topics(all="harbour OR hafen OR порт OR quarry")
FERRY = "Harbour ferry runs aground off Sandholm in thick fog"
FERRY_DE = "Hafenfähre läuft vor Sandholm im Nebel auf Grund, hafen gesperrt"
FERRY_UK = "Пором сів на мілину біля Сандхольма, порт закрито"
QUARRY = "Quarry strike ends with higher wages for night shift crews"
LATER = NOON + timedelta(minutes=5)


def stories_of(database: Database) -> list[list[str]]:
    with database.read() as db:
        return [[report.title for report in story.reports] for story in reversed(find_stories(db).items)]


def ids_of(database: Database) -> dict[str, int]:
    with database.read() as db:
        return {report.title: report.entry_id for story in find_stories(db).items for report in story.reports}


def embed(database: Database, vectors: dict[int, Rows], version: int = 1) -> StoredModel:
    with database.write() as db:
        model = register_model(db, MODEL, NOON)
        claim_entries(db, model, "me", NOON, limit=100, lease_for=timedelta(minutes=9))
        made = [
            Embedding(entry_id=entry_id, entry_version=version, text_hash=entry_id, vector=encode_vector(row))
            for entry_id, row in vectors.items()
        ]
        store_embeddings(db, model, "me", made, NOON)
    return model


def unit(rows: Rows) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


REPORTS = (
    item(1, FERRY, language="en"),
    item(2, FERRY_DE, language="de"),
    item(3, FERRY_UK, language="uk"),
    item(4, QUARRY, language="en"),
)


def bring_reports(database: Database) -> dict[str, int]:
    bring(database, REPORTS, matcher=EVERYTHING)
    return ids_of(database)


def embed_reports(database: Database, entry_ids: dict[str, int]) -> tuple[StoredModel, Background]:
    """Embed the reports: the three of the ferry are close to each other, the other is not. Return a background too."""
    random = np.random.default_rng(7)
    ferry = random.standard_normal(32)
    rows = {
        title: random.standard_normal(32) if title == QUARRY else ferry + 0.2 * random.standard_normal(32)
        for title in entry_ids
    }
    model = embed(database, {entry_ids[title]: unit(row) for title, row in rows.items()})
    background = unit(random.standard_normal((200, 32)))
    return model, Background(background, background.mean(axis=0), per_day=100.0)


def join_by_meaning(database: Database, entry_ids: dict[str, int]) -> int:
    """Embed the reports and join their stories; return how many were joined."""
    model, background = embed_reports(database, entry_ids)
    with database.write() as db:
        space = load_story_space(db, model, NOON, shipped=background)
        assert space is not None
        return len(join_embedded_entries(db, model, list(entry_ids.values()), space, LATER))


def test_reports_in_other_languages_join_once_their_vectors_have_come_and_say_so(database: Database) -> None:
    entry_ids = bring_reports(database)
    assert stories_of(database) == [[FERRY], [FERRY_DE], [FERRY_UK], [QUARRY]]

    joins = join_by_meaning(database, entry_ids)

    assert joins == 2
    assert stories_of(database) == [[FERRY, FERRY_DE, FERRY_UK], [QUARRY]]
    with database.read() as db:
        late = load_late_joins(db, list(entry_ids.values()))
        assert late == {entry_ids[FERRY_DE]: LATER, entry_ids[FERRY_UK]: LATER}
        [story, _quarry] = reversed(find_stories(db).items)
        assert story.size == 3


def test_story_that_was_joined_is_found_under_its_old_id(database: Database) -> None:
    entry_ids = bring_reports(database)
    with database.read() as db:
        [first, second, *_others] = reversed(find_stories(db).items)

    join_by_meaning(database, entry_ids)

    with database.read() as db:
        assert find_current_story(db, second.id) == first.id
        assert load_story(db, second.id).id == first.id
        assert find_current_story(db, 999) is None


def test_split_is_remembered_by_what_joins_stories(database: Database) -> None:
    entry_ids = bring_reports(database)
    join_by_meaning(database, entry_ids)
    with database.write() as db:
        [story, _quarry] = reversed(find_stories(db).items)
        decision = split_story(db, story.id, [entry_ids[FERRY_UK]], LATER, author="ada")

    assert sorted(stories_of(database)) == sorted([[FERRY, FERRY_DE], [FERRY_UK], [QUARRY]])
    assert join_by_meaning(database, entry_ids) == 0
    with database.read() as db:
        assert load_story(db, decision.other_story_id).size == 1
        assert list_story_decisions(db, story.id) == (decision,)
        assert decision.author == "ada"


def test_undone_split_is_one_story_again(database: Database) -> None:
    entry_ids = bring_reports(database)
    join_by_meaning(database, entry_ids)
    with database.write() as db:
        [story, _quarry] = reversed(find_stories(db).items)
        decision = split_story(db, story.id, [entry_ids[FERRY_UK]], LATER)

    with database.write() as db:
        undone = undo_story_decision(db, decision.id, LATER)
        again = undo_story_decision(db, decision.id, LATER + timedelta(hours=1))

    assert undone == again
    assert undone.undone_at == LATER
    assert stories_of(database) == [[FERRY, FERRY_DE, FERRY_UK], [QUARRY]]


def test_merge_and_its_undoing_move_the_same_reports(database: Database) -> None:
    bring_reports(database)
    with database.write() as db:
        [first, second, *_others] = reversed(find_stories(db).items)
        decision = merge_stories(db, first.id, second.id, LATER)

    assert stories_of(database) == [[FERRY, FERRY_DE], [FERRY_UK], [QUARRY]]
    with database.write() as db:
        undo_story_decision(db, decision.id, LATER)
    assert stories_of(database) == [[FERRY], [FERRY_DE], [FERRY_UK], [QUARRY]]
    with database.read() as db:
        assert load_story(db, second.id).id == second.id


def test_merging_what_was_split_forgets_the_split(database: Database) -> None:
    entry_ids = bring_reports(database)
    join_by_meaning(database, entry_ids)
    with database.write() as db:
        [story, _quarry] = reversed(find_stories(db).items)
        split = split_story(db, story.id, [entry_ids[FERRY_UK]], LATER)
        merge_stories(db, story.id, split.other_story_id, LATER)
        [merge, former] = list_story_decisions(db, story.id)

    assert (merge.undone_at, former.undone_at) == (None, LATER)


def test_impossible_decisions_are_refused(database: Database) -> None:
    entry_ids = bring_reports(database)
    with database.write() as db:
        [story, other, *_others] = reversed(find_stories(db).items)

        with pytest.raises(NotFoundError):
            split_story(db, story.id, [entry_ids[QUARRY]], LATER)
        with pytest.raises(ValueError, match="both sides"):
            split_story(db, story.id, [entry_ids[FERRY]], LATER)
        with pytest.raises(ValueError, match="itself"):
            merge_stories(db, other.id, other.id, LATER)
        with pytest.raises(NotFoundError):
            merge_stories(db, story.id, 999, LATER)
        with pytest.raises(NotFoundError):
            undo_story_decision(db, 999, LATER)
