"""A story that a person split or merged, or undid either of, after a digest sent it: the next digest marks it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from tests.outgoing.test_compose import set_up
from tests.outgoing.world import HOUR, NOON, daily, found, press
from watcher.channels.slack.render import render_slack
from watcher.contract.digests import encode_digest_content
from watcher.digest.html import render_html
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.model.digest import Digest
from watcher.pipeline.digests import compose_due
from watcher.store.database import Database
from watcher.store.sql.bulk import reserve_ids
from watcher.store.stories.decisions import StoryDecision, merge_stories, split_story, undo_story_decision
from watcher.store.tables import entries as entry_table
from watcher.store.tables import stories

SEVEN = NOON.replace(hour=7)
DAY = timedelta(days=1)
FERRY, CRANE, QUARRY = "Ferry runs aground off Sandholm", "Crane falls in Sandholm port", "Quarry strike begins"


@pytest.fixture
def story_ids(database: Database) -> tuple[int, int]:
    """Two stories that Monday's digest has sent: of ferry and crane, and of the quarry."""
    set_up(database, "daily")
    with database.write() as db:
        first, other = reserve_ids(db, stories, 2)
        rows = [{"id": id_, "first_at": SEVEN, "last_at": SEVEN, "size": 1} for id_ in (first, other)]
        db.execute(insert(stories), rows)
    found(database, FERRY, CRANE, at=SEVEN - HOUR, story=first)
    found(database, QUARRY, at=SEVEN - HOUR, story=other)
    compose(database, 0)
    return first, other


def compose(database: Database, day: int) -> Digest:
    [digest] = compose_due(database, press([daily()]), SEVEN + day * DAY)
    return digest


def split_off(database: Database, story_id: int, title: str, day: int) -> StoryDecision:
    with database.write() as db:
        entry_id = db.execute(select(entry_table.c.id).where(entry_table.c.title == title)).scalar_one()
        return split_story(db, story_id, [entry_id], SEVEN + day * DAY + HOUR)


def report_more(database: Database, story_id: int, day: int) -> None:
    found(database, f"Report {day} of story {story_id}", at=SEVEN + day * DAY + 2 * HOUR, story=story_id, outlet="Wire")


def read_marks(digest: Digest) -> dict[int | None, tuple[list[str], list[str]]]:
    """Return by story the headlines that it was parted from, and those that it was joined with."""
    data = encode_digest_content(digest)["stories"]
    return {
        story["id"]: ([p["title"] for p in mark["parted"]], [p["title"] for p in mark["joined"]])
        for story in data
        if (mark := story["regrouped"]) is not None
    }


def test_each_digest_marks_what_was_regrouped_since_the_one_before(
    database: Database, story_ids: tuple[int, int]
) -> None:
    ferry, quarry = story_ids
    crane = split_off(database, ferry, CRANE, 0).other_story_id
    for story_id in (ferry, crane, quarry):
        report_more(database, story_id, 0)
    second = compose(database, 1)
    with database.write() as db:
        merge = merge_stories(db, ferry, quarry, SEVEN + DAY + HOUR)
    for story_id in (ferry, crane):
        report_more(database, story_id, 1)
    third = compose(database, 2)
    with database.write() as db:
        undo_story_decision(db, merge.id, SEVEN + 2 * DAY + HOUR)
    for story_id in (ferry, crane, quarry):
        report_more(database, story_id, 2)
    fourth = compose(database, 3)

    assert read_marks(second) == {ferry: ([CRANE], []), crane: ([FERRY], [])}
    assert read_marks(third) == {ferry: ([], [QUARRY])}
    assert read_marks(fourth) == {ferry: ([QUARRY], []), quarry: ([FERRY], [])}


def test_every_form_of_a_digest_says_what_a_story_was(database: Database, story_ids: tuple[int, int]) -> None:
    ferry, _quarry = story_ids
    split_off(database, ferry, CRANE, 0)
    report_more(database, ferry, 0)

    second = compose(database, 1)

    sentence = f"Regrouped since Monday’s digest: was one story with “{CRANE}”"
    assert sentence in " ".join(render_text(second).split())
    assert sentence in render_markdown(second)
    assert sentence in json.dumps(render_slack(second), ensure_ascii=False)
    assert sentence.replace("“", "“<bdi>").replace("”", "</bdi>”") in render_html(second)


def test_joined_story_is_named(database: Database, story_ids: tuple[int, int]) -> None:
    ferry, quarry = story_ids
    with database.write() as db:
        merge_stories(db, ferry, quarry, SEVEN + HOUR)
    report_more(database, ferry, 0)

    assert f"Regrouped since Monday’s digest: “{QUARRY}” was apart" in " ".join(
        render_text(compose(database, 1)).split()
    )


def test_what_was_undone_between_two_digests_is_not_marked(database: Database, story_ids: tuple[int, int]) -> None:
    ferry, _quarry = story_ids
    decision = split_off(database, ferry, CRANE, 0)
    with database.write() as db:
        undo_story_decision(db, decision.id, SEVEN + 2 * HOUR)
    report_more(database, ferry, 0)

    assert read_marks(compose(database, 1)) == {}


def test_what_no_digest_sent_is_not_marked(database: Database, story_ids: tuple[int, int]) -> None:
    ferry, _quarry = story_ids
    report_more(database, ferry, 0)
    split_off(database, ferry, f"Report 0 of story {ferry}", 0)
    found(database, "Ferry is towed to port", at=SEVEN + 3 * HOUR, story=ferry)

    assert read_marks(compose(database, 1)) == {}
