"""Feeds with secrets: asked for with them, and stored without."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from tests.moments import NOON
from tests.pipeline.polling import create_poller
from tests.web_server import Reply, Server, rss
from watcher.app.bootstrap import open_app
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import compile_topics
from watcher.model.feed import FeedConfig, FeedState
from watcher.pipeline.feed_check import FeedCheck, check_feeds
from watcher.pipeline.feed_claims import FeedSelection
from watcher.pipeline.poll_summary import PollSummary
from watcher.settings.feeds import make_source
from watcher.store.database import Database
from watcher.store.entries.queries import count_entries
from watcher.store.feeds.commands import schedule_feeds_now
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.queries import load_feed, load_feeds
from watcher.store.tables import metadata

HOUR = timedelta(hours=1)
TOKEN = "t0ken-of-the-desk"
ETAG = {"ETag": '"7"'}


def poll(
    database: Database,
    *sources: FeedConfig,
    now: datetime = NOON,
    known: Callable[[str], FeedConfig | None] | None = None,
) -> PollSummary:
    by_url = {source.url: source for source in sources}

    async def cycle() -> PollSummary:
        policy = FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0), total=timedelta(seconds=10))
        async with Fetcher(policy) as fetcher:
            matcher = compile_topics(())
            async with create_poller(
                database, fetcher, matcher, lambda: now, find_source=known or by_url.get
            ) as poller:
                return await poller.run_once(FeedSelection(include_all=True))

    with database.write() as db:
        sync_feeds(db, sources, now, timedelta(minutes=15))
    return asyncio.run(cycle())


def tokened(press: Server, path: str = "/feed?t=${TOKEN}", environ: Mapping[str, str] | None = None) -> FeedConfig:
    return make_source({"url": press.url + path}, environ or {"TOKEN": TOKEN})


def everything(database: Database) -> str:
    with database.read() as db:
        return "\n".join(
            str(row) for table in metadata.sorted_tables for row in db.execute(text(f"SELECT * FROM {table.name}"))
        )


def test_a_token_is_sent_and_never_stored_though_the_document_repeats_it(database: Database, press: Server) -> None:
    own = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='{press.url}/feed?t={TOKEN}'/>"
    body = rss(("1", f"One|See {press.url}/feed?t={TOKEN} for more"), (f"urn:{TOKEN}:2", "Two"), extra=own)
    press.pages[f"/feed?t={TOKEN}"] = Reply(body, headers=ETAG)
    source = tokened(press)

    polled = poll(database, source)

    assert (polled.failed, polled.new) == (0, 2)
    assert TOKEN not in everything(database)
    with database.read() as db:
        assert load_feed(db, source.url).push.topic_url == f"{press.url}/feed?t=${{TOKEN}}"


def test_a_feed_with_a_token_is_asked_with_its_validators(database: Database, press: Server) -> None:
    press.pages[f"/feed?t={TOKEN}"] = Reply(rss(("1", "One")), headers=ETAG)
    poll(database, tokened(press))
    press.pages[f"/feed?t={TOKEN}"] = lambda headers: Reply(status=304 if headers.get("if-none-match") else 500)

    polled = poll(database, tokened(press), now=NOON + HOUR)

    assert (polled.unchanged, polled.failed) == (1, 0)


def test_a_new_token_makes_no_item_new(database: Database, press: Server) -> None:
    for token in ("first-t0ken-of-desk", "second-t0ken-of-desk"):
        item = f"https://harbour.example/a?t={token}"
        press.pages[f"/feed?t={token}"] = Reply(rss((item.replace("&", "&amp;"), "One"), (f"b{token}", "Two")))

    first = poll(database, tokened(press, environ={"TOKEN": "first-t0ken-of-desk"}))
    second = poll(database, tokened(press, environ={"TOKEN": "second-t0ken-of-desk"}), now=NOON + HOUR)

    assert (first.new, second.new, second.updated) == (2, 0, 0)
    with database.read() as db:
        assert count_entries(db) == 2


def test_words_and_hosts_from_the_environment_stay_in_the_news(database: Database, press: Server) -> None:
    host = press.url.removeprefix("http://")
    source = make_source({"url": "http://${HOST}/${DESK}/feed"}, {"HOST": host, "DESK": "politics"})
    press.pages["/politics/feed"] = Reply(
        rss(("1", "politics|All politics is local")).replace(b"https://harbour.example/1", b"/politics/1")
    )

    poll(database, source)

    with database.read() as db:
        (match,) = db.execute(text("SELECT title, summary, url FROM entries")).all()
    assert tuple(match) == ("politics", "All politics is local", f"{press.url}/politics/1")
    assert source.url == "http://${HOST}/${DESK}/feed"


def test_a_permanent_redirect_of_a_private_feed_is_followed_and_not_remembered(
    database: Database, press: Server
) -> None:
    press.pages[f"/feed?t={TOKEN}"] = Reply(status=301, headers={"Location": f"/new?t={TOKEN}"})
    press.pages[f"/new?t={TOKEN}"] = Reply(rss(("1", "One")))
    source = tokened(press)

    for hour in range(3):
        assert poll(database, source, now=NOON + hour * HOUR).failed == 0

    assert TOKEN not in everything(database)
    with database.read() as db:
        feed = load_feed(db, source.url)
    assert (feed.fetch_url, feed.poll.move) == (source.url, None)


def test_a_login_and_a_cookie_are_not_sent_where_a_redirect_leads(database: Database, press: Server) -> None:
    with Server() as elsewhere:
        elsewhere.pages["/feed"] = Reply(rss(("1", "One")))
        press.pages["/feed"] = Reply(status=302, headers={"Location": f"{elsewhere.url}/feed"})
        facts = {"url": f"{press.url}/feed", "username": "ann", "password": "s3same", "cookie": "sid=7"}

        poll(database, make_source(facts | {"headers": {"X-Key": "k3y"}}))

        (_path, sent), (_elsewhere, onward) = press.asked[0], elsewhere.asked[0]
    assert {"authorization", "cookie", "x-key"} <= sent.keys()
    assert not {"authorization", "cookie", "x-key"} & onward.keys()


def test_a_private_feed_that_this_process_does_not_know_is_not_asked(database: Database, press: Server) -> None:
    source = tokened(press)

    polled = poll(database, source, known=lambda _url: None)

    assert press.asked == []
    ((url, _kind, message),) = polled.failures
    assert url == source.url
    assert "reload its configuration" in message


def test_a_trial_uses_the_secrets_and_shows_none(press: Server) -> None:
    press.pages[f"/feed?t={TOKEN}"] = Reply(status=301, headers={"Location": f"/new?t={TOKEN}"})
    press.pages[f"/new?t={TOKEN}"] = Reply(rss(("1", "One")))

    async def tried() -> FeedCheck:
        async with Fetcher(FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0))) as fetcher:
            return (await check_feeds(fetcher, [tokened(press)]))[0]

    trial = asyncio.run(tried())

    assert (trial.ok, trial.items) == (True, 1)
    assert TOKEN not in repr((trial, trial.message, trial.moved_to))


def test_a_changed_password_is_tried_at_once(tmp_path: Path) -> None:
    (tmp_path / "watcher.yaml").write_text("fetch: {}\n")
    (tmp_path / "topics.yaml").write_text("topics: []\n")
    written = "feeds: [{url: 'https://desk.example/feed', username: ann, password: %s}, 'https://other.example/feed']\n"
    (tmp_path / "feeds.yaml").write_text(written % "old")
    app = open_app(tmp_path, {"WATCHER_STATE": str(tmp_path / "var")})
    try:
        app.sync(NOON)
        with app.database.write() as db:
            db.execute(text("UPDATE feeds SET state = 'blocked', failures = 5, error_kind = 'forbidden'"))
            schedule_feeds_now(db, [], NOON)

        (tmp_path / "feeds.yaml").write_text(written % "new")
        app.reload()
        app.sync(NOON + HOUR)

        with app.database.read() as db:
            feeds = {feed.config.url: feed for feed in load_feeds(db)}
        assert feeds["https://desk.example/feed"].state is FeedState.ACTIVE
        assert feeds["https://desk.example/feed"].poll.next_poll_at == NOON + HOUR
        assert feeds["https://other.example/feed"].state is FeedState.BLOCKED
        app.retry_logins(NOON + 2 * HOUR)
        with app.database.read() as db:
            assert load_feed(db, "https://desk.example/feed").poll.next_poll_at == NOON + 2 * HOUR
    finally:
        app.close()
