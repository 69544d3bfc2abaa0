"""Full text on real sockets: articles are fetched before matching, and no page can cost an entry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from tests.moments import NOON
from tests.pipeline.polling import create_poller
from tests.web_server import Reply, Server
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import compile_topics
from watcher.model.entry import StoredEntry
from watcher.model.feed import FeedConfig
from watcher.model.poll import Modified
from watcher.model.topic import Topic
from watcher.pipeline.fulltext import FulltextFetcher
from watcher.pipeline.outcomes import parse_response
from watcher.pipeline.poll_summary import PollSummary
from watcher.reading import Reader
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries_after
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import load_feed
from watcher.store.hits.search import find_hits

HOUR = timedelta(hours=1)
EYES = compile_topics([Topic(id="eyes", name="Five Eyes", query='"five eyes"')])
POLICY = FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0), total=timedelta(seconds=10))
WORDS = "Ministers of the partner states met in the harbour town on Monday and spoke for many hours. "


@pytest.fixture
def press() -> Iterator[Server]:
    with Server() as server:
        server.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /private\n")
        yield server


def article(paragraph: str, charset: str = "utf-8", declared: bool = True) -> Reply:
    head = f"<head><meta charset='{charset}'><title>A page</title></head>"
    text = f"<!doctype html><html>{head}<body><nav>Home Sport</nav><article><h1>A page</h1>"
    text += "".join(f"<p>Part {part}. {WORDS}{paragraph} {WORDS}</p>" for part in range(3)) + "</article></body></html>"
    kind = f"text/html; charset={charset}" if declared else "text/html"
    return Reply(text.encode(charset), headers={"Content-Type": kind})


def feed(press: Server, *links: str, summary: str = "Short.") -> Reply:
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>News of {link[-9:]}</title>"
        f"<description>{summary}</description><link>{link if '://' in link else press.url + link}</link></item>"
        for number, link in enumerate(reversed(links))
    )
    return Reply(f"<rss version='2.0'><channel><title>Post</title>{items}</channel></rss>".encode())


def watch(database: Database, press: Server) -> None:
    with database.write() as db:
        sync_feeds(db, [FeedConfig(url=f"{press.url}/feed", fulltext=True)], NOON, timedelta(minutes=15))


def poll(database: Database, now: datetime = NOON) -> PollSummary:
    async def cycle() -> PollSummary:
        async with Fetcher(POLICY) as fetcher:
            async with create_poller(database, fetcher, EYES, lambda: now) as poller:
                return await poller.run_once()

    return asyncio.run(cycle())


def stored(database: Database) -> list[StoredEntry]:
    with database.read() as db:
        return list(load_entries_after(db))


def said(database: Database, press: Server) -> str:
    with database.read() as db:
        return load_polls(db, load_feed(db, f"{press.url}/feed").id)[0].message


def asked(press: Server) -> list[str]:
    return [path for path, _headers in press.asked if path not in {"/feed", "/robots.txt"}]


def test_matching_sees_the_article(database: Database, press: Server) -> None:
    press.pages["/feed"] = feed(press, "/one")
    press.pages["/one"] = article("The Five Eyes were named.")
    watch(database, press)

    polled = poll(database)

    assert (polled.new, polled.hits) == (1, 1)
    with database.read() as db:
        [hit] = find_hits(db).items
    assert hit.hit.evidence[0].field == "content"
    assert "Five Eyes were named" in hit.stored.entry.item.content
    assert "Home Sport" not in hit.stored.entry.item.content
    assert hit.stored.entry.item.summary == "Short."
    assert said(database, press) == ""


def test_an_article_is_fetched_once_and_is_no_edit_of_what_the_feed_says(sqlite: Database, press: Server) -> None:
    press.pages["/feed"] = feed(press, "/one")
    press.pages["/one"] = press.pages["/two"] = article("Words.")
    watch(sqlite, press)
    poll(sqlite)
    press.pages["/feed"] = feed(press, "/two", "/one")

    polled = poll(sqlite, NOON + HOUR)

    assert (polled.new, polled.updated) == (1, 0)
    assert asked(press) == ["/one", "/two"]


def test_an_edit_brings_the_article_as_it_is_now(sqlite: Database, press: Server) -> None:
    press.pages["/feed"] = feed(press, "/one")
    press.pages["/one"] = article("First words.")
    watch(sqlite, press)
    poll(sqlite)
    press.pages["/feed"] = feed(press, "/one", summary="Corrected.")
    press.pages["/one"] = article("The Five Eyes were named at last.")

    polled = poll(sqlite, NOON + HOUR)

    assert (polled.updated, polled.hits) == (1, 1)
    assert "at last" in stored(sqlite)[0].entry.item.content


@pytest.mark.parametrize(
    ("link", "reply", "why"),
    [
        pytest.param("/private/one", article("Words."), "robots.txt", id="robots.txt forbids it"),
        pytest.param("/one", Reply(b"no", status=404), "404", id="it is not there"),
        pytest.param("/one", Reply(b"%PDF-1.7", headers={"Content-Type": "application/pdf"}), "no HTML", id="no HTML"),
        pytest.param("/one", Reply(b"<html><body>Subscribe!</body></html>"), "shows no article", id="a wall"),
        pytest.param("http://10.1.2.3/one", Reply(b""), "robots.txt", id="an address of an inner network"),
    ],
)
def test_a_page_that_gives_no_article_costs_no_entry(
    sqlite: Database, press: Server, link: str, reply: Reply, why: str
) -> None:
    press.pages["/feed"] = feed(press, link, summary="Of the Five Eyes.")
    press.pages[link] = reply
    watch(sqlite, press)

    polled = poll(sqlite)

    assert (polled.new, polled.hits) == (1, 1)
    assert stored(sqlite)[0].entry.item.content == ""
    assert "0 of 1 article pages read" in said(sqlite, press)
    assert why in said(sqlite, press)
    assert asked(press) == ([] if why == "robots.txt" else [link])


def test_a_link_that_hides_its_article_is_not_followed(sqlite: Database, press: Server) -> None:
    press.pages["/feed"] = feed(press, "https://news.google.com/rss/articles/CBMiAU_yqLOpaque?oc=5")
    watch(sqlite, press)

    polled = poll(sqlite)

    assert polled.new == 1
    assert "hides the article" in said(sqlite, press)


def test_a_link_that_carries_its_article_leads_there(sqlite: Database, press: Server) -> None:
    press.pages["/one"] = article("Carried.")
    press.pages["/feed"] = feed(press, f"https://www.google.com/url?url={press.url}/one")
    watch(sqlite, press)

    poll(sqlite)

    assert "Carried." in stored(sqlite)[0].entry.item.content


def test_a_page_says_its_encoding_itself(sqlite: Database, press: Server) -> None:
    press.pages["/feed"] = feed(press, "/one")
    press.pages["/one"] = article("Пять глаз названы.", "windows-1251", declared=False)
    watch(sqlite, press)

    poll(sqlite)

    assert "Пять глаз названы." in stored(sqlite)[0].entry.item.content


def test_entries_wait_for_their_pages_no_longer_than_they_may(sqlite: Database, press: Server) -> None:
    def slow(_headers: dict[str, str]) -> Reply:
        time.sleep(2)
        return article("Late.")

    press.pages["/feed"] = feed(press, "/one", "/slow")
    press.pages["/one"] = article("In time.")
    press.pages["/slow"] = slow
    watch(sqlite, press)

    async def added() -> Modified:
        with sqlite.read() as db:
            known = load_feed(db, f"{press.url}/feed")
        async with Fetcher(POLICY) as fetcher:
            outcome = parse_response(known, await fetcher.feed(known))
            assert isinstance(outcome, Modified)
            with closing(Reader()) as reader:
                await reader.read_article(b"<p>" + b"Started, which takes its time. " * 10, "text/html")
                articles = FulltextFetcher(sqlite, fetcher, lambda: NOON, reader)
                return await articles.fetch_articles(known, outcome, timedelta(seconds=1))

    outcome = asyncio.run(added())

    assert ["In time." in text for text in outcome.articles.values()] == [True]
    assert outcome.note.startswith("1 of 2 article pages read")
