"""Today's topics applied to what is stored."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import timedelta

import pytest

from tests.outgoing.world import daily, press
from tests.store.filled import NOON, bring, item, topics
from tests.topics.mortal import QUERIES, main
from tests.topics.news import DAY, judge, print_news
from watcher.match import TopicMatcher
from watcher.model.topic import Origin
from watcher.pipeline.digests import compose_due
from watcher.store.database import Database
from watcher.store.digests.queries import find_digests, list_digest_hit_ids
from watcher.store.digests.slots import register_subscriptions
from watcher.store.entries.queries import load_entries_after
from watcher.store.hits.counts import count_hits_by_day, count_hits_by_topic
from watcher.store.hits.queries import load_hit
from watcher.store.hits.search import find_hits
from watcher.store.stories.placement import filter_without_story
from watcher.store.stories.queries import find_stories
from watcher.store.system.key_values import get_value
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.replay import ReplayResult, replay_topics

HOUR = timedelta(hours=1)


def kept(database: Database) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Give all hits by topic and headline: origin, version, label."""
    with database.read() as db:
        return {
            (hit.hit.topic_id, hit.stored.entry.item.title): (
                hit.hit.origin.value,
                hit.hit.topic_version,
                hit.label or "",
            )
            for hit in find_hits(db, limit=1000).items
        }


def test_new_hits_are_marked_backfill_and_known_ones_stay_as_they_are(database: Database) -> None:
    before, after = topics(port="harbour"), topics(port="harbour OR ferry")
    print_news(database, "Harbour reopens", "Ferry sinks", "Budget", matcher=before)
    judged = judge(database, "port", "Harbour reopens", "relevant")

    replayed = replay_topics(ArchiveScan(database), after, NOON + DAY)

    assert (replayed.new, replayed.known, replayed.tested) == ({"port": 1}, {"port": 1}, 3)
    assert kept(database) == {
        ("port", "Harbour reopens"): ("live", after.version("port"), "relevant"),
        ("port", "Ferry sinks"): ("backfill", after.version("port"), ""),
    }
    with database.read() as db:
        assert load_hit(db, judged).hit.matched_at == NOON


def test_a_second_replay_changes_nothing(database: Database) -> None:
    print_news(database, *[f"Harbour storm {n}" for n in range(7)], "Ferry")
    matcher = topics(**QUERIES)

    first = replay_topics(ArchiveScan(database), matcher, NOON)
    before = everything(database)
    second = replay_topics(ArchiveScan(database), matcher, NOON + HOUR)

    assert (sum(first.new.values()), sum(second.new.values())) == (14, 0)
    assert everything(database) == before
    assert not second.resumed


def test_only_the_topics_and_the_time_asked_for_are_replayed(database: Database) -> None:
    print_news(database, "Harbour storm", at=NOON - 9 * DAY)
    print_news(database, "Storm at the harbour", at=NOON)

    replay_topics(ArchiveScan(database, since=NOON - DAY), topics(**QUERIES), NOON, topic_ids=["port"])

    assert [*kept(database)] == [("port", "Storm at the harbour")]


def test_a_hit_that_todays_topic_would_not_find_is_left_alone(database: Database) -> None:
    print_news(database, "Harbour film", matcher=topics(port="harbour"))

    replay_topics(ArchiveScan(database), topics(port="harbour NOT film"), NOON)

    assert [*kept(database)] == [("port", "Harbour film")]


def test_a_replay_does_not_flood_the_next_digest(database: Database) -> None:
    with database.write() as db:
        register_subscriptions(db, ["daily"], NOON - 3 * DAY)
    print_news(database, "Five Eyes partners meet", at=NOON - 2 * DAY)
    bring(
        database, [item(1, "Five Eyes partners leave")], now=NOON - HOUR, matcher=topics(**{"five-eyes": '"five eyes"'})
    )

    replayed = replay_topics(ArchiveScan(database), topics(**{"five-eyes": '"five eyes"'}), NOON - HOUR)
    compose_due(database, press([daily()], []), NOON + DAY)

    assert replayed.new == {"five-eyes": 1}
    with database.read() as db:
        reported_ids = [
            hit for digest in find_digests(db).items if digest.id for hit in list_digest_hit_ids(db, digest.id)
        ]
        assert [
            load_hit(db, hit).hit.origin for hit in reported_ids if load_hit(db, hit).hit.origin is Origin.BACKFILL
        ] == []


def test_entries_join_the_stories_of_the_days_when_they_came(database: Database) -> None:
    same = "Harbour storm tears roofs from forty houses near the old lighthouse"
    print_news(database, same, at=NOON - 30 * DAY, feed="https://a.example/feed.xml")
    print_news(database, same, at=NOON - 30 * DAY + HOUR, feed="https://b.example/feed.xml")
    print_news(database, same, at=NOON - DAY, feed="https://c.example/feed.xml")

    replay_topics(ArchiveScan(database), topics(port="harbour"), NOON)

    with database.read() as db:
        sizes = [(story.size, story.first_at, story.last_at) for story in find_stories(db).items]
    assert sorted(sizes) == [
        (1, NOON - DAY, NOON - DAY),
        (2, NOON - 30 * DAY, NOON - 30 * DAY + HOUR),
    ]


def test_an_entry_found_in_the_archive_does_not_make_a_story_older_or_younger_than_its_tellings(
    database: Database,
) -> None:
    same = "Harbour storm tears roofs from forty houses near the old lighthouse"
    print_news(database, same, at=NOON - 2 * HOUR, feed="https://a.example/feed.xml")
    print_news(database, same, at=NOON, feed="https://b.example/feed.xml", matcher=topics(port="harbour"))

    replay_topics(ArchiveScan(database), topics(port="harbour"), NOON + 5 * DAY)

    with database.read() as db:
        [story] = find_stories(db).items
    assert (story.size, story.first_at, story.last_at) == (2, NOON - 2 * HOUR, NOON)


def test_an_entry_that_was_edited_is_matched_as_it_is_now(database: Database) -> None:
    bring(database, [item(1, "Harbour storm")])
    bring(database, [item(1, "Budget passes at last")], now=NOON + HOUR)

    replayed = replay_topics(ArchiveScan(database), topics(port="harbour", money="budget"), NOON + 2 * HOUR)

    assert replayed.new == {"money": 1}


def test_progress_is_told_after_what_it_tells_is_kept(sqlite: Database) -> None:
    print_news(sqlite, *[f"Harbour {n}" for n in range(450)])
    heard: list[tuple[int, int, int]] = []

    def hear(done: int, total: int) -> None:
        with sqlite.read() as db:
            heard.append((done, total, sum(count_hits_by_topic(db).values())))

    replay_topics(ArchiveScan(sqlite, on_progress=hear), topics(port="harbour"), NOON)

    assert len(heard) > 1
    assert all(done == counted for done, _total, counted in heard)
    assert heard[-1][:2] == (450, 450)


def test_nothing_to_replay_is_no_fault(database: Database) -> None:
    assert replay_topics(ArchiveScan(database), topics(), NOON) == ReplayResult(tested=0, read=0)
    assert replay_topics(ArchiveScan(database), topics(port="harbour"), NOON).new == {}


PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.topics.mortal"])


def dies(database: Database, write: int, before: bool) -> None:
    url = database.url.render_as_string(hide_password=False)
    process = PROCESSES.Process(target=main, args=(url, write, before))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("before", [pytest.param(True, id="before a commit"), pytest.param(False, id="after a commit")])
@pytest.mark.parametrize(
    "write", [pytest.param(1, id="first"), pytest.param(2, id="second"), pytest.param(3, id="last")]
)
def test_a_replay_that_is_killed_comes_to_the_same_the_second_time(
    database: Database, write: int, before: bool
) -> None:
    print_news(database, *[f"{'Harbour' if n % 3 else 'Storm'} {n}" for n in range(500)])
    matcher: TopicMatcher = topics(**QUERIES)

    dies(database, write, before)
    with database.read() as db:
        halfway = sum(count_hits_by_topic(db).values())
    second = replay_topics(ArchiveScan(database), matcher, NOON)

    assert halfway == 200 * (write if not before else write - 1) if write < 3 else halfway >= 400
    assert second.resumed == (halfway > 0)
    assert len(kept(database)) == 500
    with database.read() as db:
        assert sum(count_hits_by_topic(db).values()) == 500
        ids = [stored.id for stored in load_entries_after(db, limit=1000)]
        assert not filter_without_story(db, ids)
        assert sum(story.size for story in find_stories(db, limit=1000).items) == 500
    assert sum(replay_topics(ArchiveScan(database), matcher, NOON, afresh=True).new.values()) == 0


def test_a_stopped_replay_is_gone_on_with_only_where_it_had_begun_as_early(sqlite: Database) -> None:
    print_news(sqlite, *[f"Harbour {n}" for n in range(250)], at=NOON - 9 * DAY)
    print_news(sqlite, *[f"Harbour new {n}" for n in range(250)], at=NOON)

    def stop(done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay_topics(ArchiveScan(sqlite, since=NOON - DAY, on_progress=stop), topics(port="harbour"), NOON)
    replayed = replay_topics(ArchiveScan(sqlite), topics(port="harbour"), NOON)

    assert not replayed.resumed
    assert len(kept(sqlite)) == 500


def test_a_replay_of_other_topics_does_not_go_on_from_a_stopped_one(sqlite: Database) -> None:
    print_news(sqlite, *[f"Harbour storm {n}" for n in range(450)])

    def stop(done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay_topics(ArchiveScan(sqlite, on_progress=stop), topics(port="harbour"), NOON)
    replayed = replay_topics(ArchiveScan(sqlite), topics(port="storm"), NOON)

    assert not replayed.resumed
    assert sum(replayed.new.values()) + sum(replayed.known.values()) == 450


def everything(database: Database) -> object:
    with database.read() as db:
        stories_ = [
            (story.id, story.size, story.first_at, story.last_at) for story in find_stories(db, limit=1000).items
        ]
        days = count_hits_by_day(db, "2000-01-01"), count_hits_by_topic(db)
        hits = [(hit.id, hit.hit, hit.story_id, hit.label) for hit in find_hits(db, limit=1000).items]
        assert get_value(db, "replay") is None
    return stories_, days, hits
