"""An edit that makes a match is news of its own time, whatever its entry was before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from tests.outgoing.world import HOUR, NOON, alerts, daily, press
from tests.store.filled import bring, item, topics
from watcher.channels.slack.render import render_slack
from watcher.contract.digests import encode_digest_content
from watcher.digest.html import render_html
from watcher.digest.markdown import render_markdown
from watcher.digest.plain import render_text
from watcher.model.digest import Digest
from watcher.model.topic import Topic
from watcher.pipeline.digests import DigestContext, compose_due, preview_digest
from watcher.store.database import Database
from watcher.store.digests.slots import register_subscriptions
from watcher.store.hits.search import find_hits
from watcher.store.system.counters import find_wrong_counters, get_hit_count
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.replay import replay_topics

WALRUS = topics(walrus="walrus")
DAY = timedelta(days=1)


def set_up(database: Database, *names: str) -> None:
    with database.write() as db:
        register_subscriptions(db, names, NOON - DAY)


def desk(*subscriptions: object) -> DigestContext:
    made = press(subscriptions)  # type: ignore[arg-type]
    return DigestContext(
        subscriptions=made.subscriptions,
        channels=made.channels,
        topics=(Topic(id="walrus", name="Walrus", query="walrus"),),
        coverage_of=made.coverage_of,
    )


def titles(composed: Iterable[Digest]) -> list[str]:
    return [line.lead.title for digest in composed for section in digest.sections for line in section.stories]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(item(1, "Level green"), item(1, "Level red", "Walrus at large"), id="headline and text"),
        pytest.param(item(1, "Advice", "No risk"), item(1, "Advice", "Walrus at large"), id="text alone"),
        pytest.param(item(1, "Status"), item(1, "Status", content="A walrus was seen"), id="content"),
    ],
)
def test_a_baseline_entry_that_is_edited_into_a_match_is_alerted_and_in_the_digest(
    database: Database, before: object, after: object
) -> None:
    set_up(database, "alerts", "daily")
    bring(database, [before], now=NOON, matcher=WALRUS)  # type: ignore[list-item]
    bring(database, [after], now=NOON + HOUR, matcher=WALRUS)  # type: ignore[list-item]

    alerted = compose_due(database, desk(alerts()), NOON + HOUR)
    again = compose_due(database, desk(alerts()), NOON + 2 * HOUR)
    with database.read() as db:
        shown = preview_digest(db, desk(daily()), "daily", NOON + 2 * HOUR)

    assert titles(alerted) == titles([shown]) == [after.title]  # type: ignore[attr-defined]
    assert again == ()
    [line] = shown.sections[0].stories
    assert (line.lead.baseline, line.lead.edited, line.lead.matched_by_edit) == (True, False, True)


def test_it_is_labelled_as_matched_by_an_edit_in_every_format_and_never_as_edited_since_told(sqlite: Database) -> None:
    set_up(sqlite, "daily")
    bring(sqlite, [item(1, "Level green")], now=NOON, matcher=WALRUS)
    bring(sqlite, [item(1, "Level red: walrus")], now=NOON + HOUR, matcher=WALRUS)

    with sqlite.read() as db:
        digest = preview_digest(db, desk(daily()), "daily", NOON + 2 * HOUR)
    texts = [render_html(digest), render_text(digest), render_markdown(digest), str(render_slack(digest))]

    assert all("matches since an edit" in text for text in texts)
    assert not any("Changed since it was reported" in text or "before watching" in text for text in texts)
    assert "13:00" in render_text(digest)
    [hit] = encode_digest_content(digest)["topics"][0]["stories"][0]["hits"]
    assert (hit["matched_by_edit"], hit["edited"], hit["origin"]) == (True, False, "edit")


def test_an_old_entry_that_is_edited_into_a_match_is_not_too_old_for_a_digest(database: Database) -> None:
    set_up(database, "daily")
    bring(database, [item(1, "Level green"), item(2, "Other")], now=NOON - 30 * DAY, matcher=WALRUS)
    bring(database, [item(1, "Level red: walrus"), item(2, "Other")], now=NOON, matcher=WALRUS)

    with database.read() as db:
        shown = preview_digest(db, desk(daily(max_age=DAY)), "daily", NOON + HOUR)

    assert titles([shown]) == ["Level red: walrus"]


def test_an_archive_under_new_numbers_is_silent_until_an_edit_makes_a_match(database: Database) -> None:
    set_up(database, "alerts")
    known = [item(n, f"Known {n}", published_at=NOON - timedelta(hours=n)) for n in range(1, 5)]
    old = [item(n, f"Old walrus {n}", published_at=NOON - timedelta(days=n)) for n in range(50, 65)]
    bring(database, known, now=NOON, matcher=WALRUS)
    settled = bring(database, [*known, *old], now=NOON + HOUR, matcher=WALRUS)
    silent = compose_due(database, desk(alerts()), NOON + HOUR)
    quiet = [item(n, f"Calm {n}", published_at=NOON - timedelta(days=n)) for n in range(70, 85)]
    bring(database, [*known, *quiet], now=NOON + 2 * HOUR, matcher=WALRUS)
    edited = [item(70, "A walrus after all", published_at=NOON - timedelta(days=70)), *quiet[1:]]
    bring(database, [*known, *edited], now=NOON + 3 * HOUR, matcher=WALRUS)

    alerted = compose_due(database, desk(alerts()), NOON + 3 * HOUR)

    assert settled.quarantined == 15
    assert silent == ()
    assert titles(alerted) == ["A walrus after all"]


def test_a_baseline_entry_that_a_replay_found_stays_silent_also_when_it_is_edited(database: Database) -> None:
    set_up(database, "alerts", "daily")
    bring(database, [item(1, "Walrus feeding times")], now=NOON)
    replay_topics(ArchiveScan(database), WALRUS, NOON + HOUR)
    bring(database, [item(1, "Walrus feeding times, updated")], now=NOON + 2 * HOUR, matcher=WALRUS)

    assert compose_due(database, desk(alerts()), NOON + 3 * HOUR) == ()
    with database.read() as db:
        assert preview_digest(db, desk(daily()), "daily", NOON + 3 * HOUR).sections == ()


def test_a_correction_of_what_always_matched_a_new_topic_is_a_find_in_the_archive(database: Database) -> None:
    set_up(database, "alerts")
    bring(database, [item(1, "Walrus feeding tims")], now=NOON)
    bring(database, [item(1, "Walrus feeding times")], now=NOON + HOUR, matcher=WALRUS)

    assert compose_due(database, desk(alerts()), NOON + HOUR) == ()
    with database.read() as db:
        [hit] = find_hits(db).items
    assert hit.hit.origin.value == "backfill"


def test_a_status_page_that_comes_back_to_its_topic_is_alerted_each_time(database: Database) -> None:
    set_up(database, "alerts", "daily")
    alerted: list[str] = []
    levels = ["Level green", "Level red: walrus", "Level green", "Level red: walrus", "Level green", "Walrus again"]
    for day, level in enumerate(levels):
        now = NOON + day * DAY
        bring(database, [item(1, level)], now=now, matcher=WALRUS)
        alerted += titles(compose_due(database, desk(alerts()), now + HOUR))

    assert alerted == ["Level red: walrus", "Level red: walrus", "Walrus again"]
    with database.read() as db:
        assert get_hit_count(db) == 1
        assert find_wrong_counters(db) == ()


def test_a_hit_that_came_back_stands_once_in_a_digest_that_had_told_it(database: Database) -> None:
    set_up(database, "daily")
    bring(database, [item(1, "Level red: walrus")], now=NOON - 3 * DAY)
    bring(database, [item(1, "Level red: the walrus")], now=NOON - 2 * DAY)
    for day, level in enumerate(["Level green", "Red: walrus", "Level green again", "Dark red: walrus"]):
        now = NOON + timedelta(hours=day)
        bring(database, [item(1, level)], now=now, matcher=WALRUS)
        if day == 1:
            compose_due(database, desk(daily(schedule="* * * * *")), now + timedelta(minutes=5))

    with database.read() as db:
        shown = preview_digest(db, desk(daily()), "daily", NOON + 4 * HOUR)

    [line] = shown.sections[0].stories
    assert line.others == ()
    assert (line.lead.title, line.lead.matched_by_edit, line.lead.edited) == ("Dark red: walrus", True, False)


def test_a_headline_that_changes_after_its_edit_was_told_is_edited_since_it_was_told(database: Database) -> None:
    set_up(database, "daily")
    bring(database, [item(1, "Level green")], now=NOON, matcher=WALRUS)
    bring(database, [item(1, "Level red: walrus")], now=NOON + HOUR, matcher=WALRUS)
    compose_due(database, desk(daily(schedule="* * * * *")), NOON + 2 * HOUR)
    bring(database, [item(1, "Level dark red: walrus")], now=NOON + 3 * HOUR, matcher=WALRUS)

    with database.read() as db:
        shown = preview_digest(db, desk(daily()), "daily", NOON + 4 * HOUR)

    text = render_text(shown)
    assert "[Changed since 14:00]" in text
    assert "Changed from “Level red: walrus”" in text
    assert "matches since an edit" not in text
