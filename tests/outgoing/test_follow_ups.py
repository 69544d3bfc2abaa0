"""A story over three digests: new, continued, and silent where it only gained copies; and the thread of an alert."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select, update

from tests.outgoing.test_compose import set_up
from tests.outgoing.world import HOUR, MINUTE, NOON, alerts, daily, files, found, mail, press
from watcher.digest.plain import render_text
from watcher.model.digest import EmptyPolicy
from watcher.model.digest_story import StoryStatus
from watcher.pipeline.digests import compose_due
from watcher.store.database import Database
from watcher.store.outbox.queries import find_deliveries
from watcher.store.tables import entries as entry_table
from watcher.store.tables import entry_versions, outbox

SEVEN = NOON.replace(hour=7)
DAY = timedelta(days=1)


def mark_as_copies(database: Database, *titles: str) -> None:
    with database.write() as db:
        db.execute(update(entry_table).where(entry_table.c.title.in_(titles)).values(copy=True))


def test_a_story_is_new_then_continues_then_is_silent_with_copies_alone(database: Database) -> None:
    set_up(database, "daily")
    found(database, "Five Eyes partners agree", at=SEVEN - HOUR, story=7)
    [first] = compose_due(database, press([daily()]), SEVEN)
    found(database, "Five Eyes partners name the fourth member", at=SEVEN + HOUR, story=7, outlet="Harbour Times")
    [second] = compose_due(database, press([daily()]), SEVEN + DAY)
    found(database, "Five Eyes partners agree again", at=SEVEN + DAY + HOUR, story=7, outlet="Wire")
    mark_as_copies(database, "Five Eyes partners agree again")
    [third] = compose_due(database, press([daily(empty=EmptyPolicy.SEND)]), SEVEN + 2 * DAY)

    [new], [continued] = first.stories, second.stories
    assert (new.status, continued.status) == (StoryStatus.NEW, StoryStatus.CONTINUES)
    assert continued.reported_at == SEVEN
    assert [fact.report.outlet for fact in continued.facts.reports] == ["Northern Post", "Harbour Times"]
    assert "[Continues from Monday’s digest]" in render_text(second)
    assert (third.story_count, third.silent, len(third.hits)) == (0, 1, 1)
    assert "1 earlier story only gained copies." in render_text(third)


def test_an_edited_headline_of_a_story_that_continues_is_shown_as_changed(database: Database) -> None:
    set_up(database, "daily")
    found(database, "London will host the Five Eyes", at=SEVEN - HOUR, story=7)
    compose_due(database, press([daily()]), SEVEN)
    with database.write() as db:
        entry_id = db.execute(select(entry_table.c.id)).scalar_one()
        row = {"title": "London will host the Five Eyes", "summary": "", "content": "", "content_hash": b"hash"}
        when = {"seen_at": SEVEN - HOUR, "replaced_at": SEVEN + HOUR}
        db.execute(insert(entry_versions).values(entry_id=entry_id, version=1, **row, **when))
        edited = {"title": "Ottawa will host the Five Eyes", "version": 2, "updated_at": SEVEN + HOUR}
        db.execute(update(entry_table).values(**edited))

    [second] = compose_due(database, press([daily()]), SEVEN + DAY)

    [story] = second.stories
    assert story.status is StoryStatus.CHANGED
    assert "Changed since Monday’s digest" in render_text(second)
    assert "Changed from “London will host the Five Eyes”" in render_text(second)


def test_an_alert_that_continues_a_story_replies_to_the_message_that_was_sent(database: Database) -> None:
    set_up(database, "alerts")
    to_mail = alerts(channels=("mail",))
    context = press([to_mail], [mail(25)])
    found(database, "Five Eyes alert", at=NOON, story=7)
    compose_due(database, context, NOON + MINUTE)
    with database.write() as db:
        [first] = find_deliveries(db).items
        db.execute(update(outbox).values(state="sent", sent_at=NOON + MINUTE))
    found(database, "Five Eyes: a second government joins", at=NOON + 7 * HOUR, story=7, outlet="Harbour Times")

    compose_due(database, context, NOON + 7 * HOUR + MINUTE)

    with database.read() as db:
        second = find_deliveries(db).items[0]
    assert second.message_id != first.message_id
    assert first.message_id in second.payload
    assert "thread" in first.payload
    assert '"thread": null' in first.payload or '"thread":null' in first.payload


def test_an_alert_that_was_never_sent_is_not_replied_to(database: Database) -> None:
    set_up(database, "alerts")
    context = press([alerts(channels=("mail",))], [mail(25)])
    found(database, "Five Eyes alert", at=NOON, story=7)
    compose_due(database, context, NOON + MINUTE)
    with database.read() as db:
        [first] = find_deliveries(db).items
    found(database, "Five Eyes: a second government joins", at=NOON + 7 * HOUR, story=7, outlet="Harbour Times")

    compose_due(database, context, NOON + 7 * HOUR + MINUTE)

    with database.read() as db:
        assert first.message_id not in find_deliveries(db).items[0].payload


def test_an_alert_with_copies_alone_is_recorded_and_not_sent(database: Database) -> None:
    set_up(database, "alerts")
    context = press([alerts()], [files()])
    found(database, "Five Eyes alert", at=NOON, story=7)
    compose_due(database, context, NOON + MINUTE)
    found(database, "Five Eyes alert copied", at=NOON + 7 * HOUR, story=7, outlet="Wire")
    mark_as_copies(database, "Five Eyes alert copied")

    compose_due(database, context, NOON + 7 * HOUR + MINUTE)
    again = compose_due(database, context, NOON + 7 * HOUR + 2 * MINUTE)

    assert again == ()
    with database.read() as db:
        assert len(find_deliveries(db).items) == 1


def test_the_first_digest_offers_what_the_feeds_held_once(database: Database) -> None:
    set_up(database, "daily")
    found(database, "Five Eyes before the watch", at=SEVEN - HOUR, baseline=True)
    found(database, "Five Eyes today", at=SEVEN - HOUR)
    [first] = compose_due(database, press([daily()]), SEVEN)
    found(database, "Five Eyes tomorrow", at=SEVEN + HOUR)
    [second] = compose_due(database, press([daily()]), SEVEN + DAY)

    assert "Before watching began" in render_text(first)
    assert first.story_count == 1
    assert "Before watching began" not in render_text(second)
