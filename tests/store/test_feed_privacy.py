"""Feeds that an earlier version stored with their secrets: the same feeds afterwards, and no secret left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select, text, update

from watcher.model.access import Access
from watcher.model.feed import FeedConfig
from watcher.store.database import Database
from watcher.store.feeds.configuration import FeedSync, sync_feeds
from watcher.store.feeds.queries import load_feed
from watcher.store.tables import digests, metadata, outbox, polls
from watcher.store.tables import feeds as feed_table

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD = "https://ann:s3same!x@desk.example/feed?a=1&b=2"
PUBLIC = "https://desk.example/feed?a=1&b=2"


def store_as_before(database: Database, url: str) -> int:
    """Insert a feed as earlier versions did: under its address as written, secrets and all."""
    with database.write() as db:
        row = {"url": url, "fetch_url": url, "name": url, "next_poll_at": NOON, "interval": HOUR, "baseline_at": NOON}
        db.execute(insert(feed_table), row | {"validators_url": url, "topic_url": url, "error": f"503 at {url}"})
        return int(db.execute(select(feed_table.c.id).where(feed_table.c.url == url)).scalar_one())


def sync(database: Database, *sources: FeedConfig) -> FeedSync:
    with database.write() as db:
        return sync_feeds(db, sources, NOON, HOUR)


def private(url: str, address: str = "", login: tuple[str, str] | None = None, *secrets: str) -> FeedConfig:
    access = Access(username=login[0], password=login[1]) if login else Access()
    return FeedConfig(url=url, address=address, access=access, private=True, secrets=secrets)


def everything(database: Database) -> str:
    """Return all that all tables hold."""
    with database.read() as db:
        return "\n".join(
            str(row) for table in metadata.sorted_tables for row in db.execute(text(f"SELECT * FROM {table.name}"))
        )


def stored(database: Database) -> dict[int, str]:
    with database.read() as db:
        return {row.id: row.url for row in db.execute(select(feed_table.c.id, feed_table.c.url))}


def test_a_feed_goes_on_under_its_address_without_login(database: Database) -> None:
    feed_id = store_as_before(database, OLD)
    with database.write() as db:
        db.execute(
            insert(polls), {"feed_id": feed_id, "at": NOON, "outcome": "http", "message": f"HTTP 500 from {OLD}"}
        )
        note = f"{OLD}: failing since noon"
        moments = {"slot_at": NOON, "window_from": NOON, "window_to": NOON, "composed_at": NOON}
        db.execute(
            insert(digests),
            {"id": 1, "name": "day", "hits": 0, "stories": 0, "text": note, "html": note.replace("&", "&amp;")}
            | {"coverage": f'{{"notes": ["{note}"]}}', **moments},
        )
        message = {"digest_id": 1, "channel": "mail", "kind": "email", "payload": note, "message_id": "1"}
        db.execute(insert(outbox), message | {"next_try_at": NOON, "created_at": NOON, "changed_at": NOON})

    done = sync(database, private(PUBLIC, "", ("ann", "s3same!x"), "s3same!x"))

    assert done == FeedSync()
    assert stored(database) == {feed_id: PUBLIC}
    with database.read() as db:
        feed = load_feed(db, PUBLIC)
    assert (feed.fetch_url, feed.name, feed.stats.baseline_at) == (PUBLIC, PUBLIC, NOON)
    assert "s3same" not in everything(database)
    assert f"{PUBLIC}: failing since noon" in everything(database)


def test_a_token_that_moves_into_the_environment_changes_no_feed(database: Database) -> None:
    feed_id = store_as_before(database, "https://desk.example/feed?token=t0psecret")

    sync(database, private("https://desk.example/feed?token=***", "https://desk.example/feed?token=t0psecret"))
    once = stored(database)
    sync(database, private("https://desk.example/feed?token=${DESK}", "https://desk.example/feed?token=t0psecret"))

    assert once == {feed_id: "https://desk.example/feed?token=***"}
    assert stored(database) == {feed_id: "https://desk.example/feed?token=${DESK}"}


def test_a_value_under_any_name_is_found_again_by_the_whole_address(database: Database) -> None:
    feed_id = store_as_before(database, "https://desk.example/f/9f31/feed?u=77")

    sync(database, private("https://desk.example/f/${FOLDER}/feed?u=77", "https://desk.example/f/9f31/feed?u=77"))

    assert stored(database) == {feed_id: "https://desk.example/f/${FOLDER}/feed?u=77"}
    assert "9f31" not in everything(database)


def test_two_readers_of_one_address_each_go_on_from_their_own(database: Database) -> None:
    ann, bob = (store_as_before(database, f"https://{who}:s3same{who}@desk.example/feed") for who in ("ann", "bob"))

    sync(
        database,
        private("https://desk.example/feed", "", ("bob", "s3samebob")),
        private("https://desk.example/feed#7f21", "https://desk.example/feed", ("ann", "s3sameann")),
    )

    assert stored(database) == {bob: "https://desk.example/feed", ann: "https://desk.example/feed#7f21"}


def test_feeds_that_are_configured_no_longer_lose_their_secrets_too(database: Database) -> None:
    for who in ("ann", "bob"):
        store_as_before(database, f"https://{who}:s3same@desk.example/feed")

    sync(database)

    assert "s3same" not in everything(database)
    assert len(set(stored(database).values())) == 2


def test_a_feed_that_moved_is_asked_at_its_configured_address_once_it_has_a_login(database: Database) -> None:
    sync(database, FeedConfig(url=PUBLIC))
    with database.write() as db:
        db.execute(update(feed_table).values(fetch_url="https://elsewhere.example/feed"))

    sync(database, private(PUBLIC, "", ("ann", "s3same!x")))

    with database.read() as db:
        assert load_feed(db, PUBLIC).fetch_url == PUBLIC
    assert "s3same" not in everything(database)


def test_the_file_of_the_database_holds_no_secret_afterwards(sqlite: Database) -> None:
    store_as_before(sqlite, OLD)

    sync(sqlite, private(PUBLIC, "", ("ann", "s3same!x")))
    path = sqlite.path
    sqlite.close()

    assert path is not None
    assert not [file for file in path.parent.glob("watcher.db*") if b"s3same" in file.read_bytes()]
