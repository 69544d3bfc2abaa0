"""The invented press: what its server promises to whoever polls it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import feedparser
import pytest

from watcher.demo.outlets import Outlet, get_last_poll
from watcher.demo.server import DemoServer

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    with DemoServer(NOON) as server:
        yield server


def outlet(demo: DemoServer, slug: str) -> Outlet:
    return next(outlet for outlet in demo.outlets if outlet.slug == slug)


def fetch(url: str, etag: str = "") -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={"If-None-Match": etag} if etag else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def titles(demo: DemoServer, slug: str) -> list[str]:
    _, headers, body = fetch(demo.feed_url(outlet(demo, slug)))
    if "json" in headers["Content-Type"]:
        return [item["title"] for item in json.loads(body)["items"]]
    return [entry.title for entry in feedparser.parse(body, response_headers=headers).entries]


@pytest.mark.parametrize(
    ("slug", "first"),
    [
        pytest.param("harbour-post", "Storm petrels return to the outer islands", id="RSS 2.0"),
        pytest.param("capital-ledger", "Museum reopens its long-closed map room", id="RSS 1.0"),
        pytest.param("le-fanal", "Le marché aux truffes ouvre sous la pluie", id="Atom"),
        pytest.param("strait-observer", "老城茶馆重新开张", id="JSON Feed"),
        pytest.param("vecherniy-mayak", "На реке открыли навигацию", id="RSS 2.0 in windows-1251"),
    ],
)
def test_each_format_is_read_back_as_written(demo: DemoServer, slug: str, first: str) -> None:
    assert titles(demo, slug) == [first]


def test_news_appears_only_when_advanced(demo: DemoServer) -> None:
    before = titles(demo, "northern-wire")

    demo.advance()

    assert len(titles(demo, "northern-wire")) > len(before)
    assert titles(demo, "northern-wire")[-len(before) :] == before


def test_an_edit_changes_the_headline_and_keeps_the_identity(demo: DemoServer) -> None:
    url = demo.feed_url(outlet(demo, "capital-ledger"))
    demo.poll = 2
    before = {entry.id: entry.title for entry in feedparser.parse(fetch(url)[2]).entries}

    demo.advance()

    after = {entry.id: entry.title for entry in feedparser.parse(fetch(url)[2]).entries}
    assert before.keys() == after.keys()
    assert sum(before[key] != after[key] for key in before) == 1


def test_an_unchanged_feed_answers_304_to_its_etag(demo: DemoServer) -> None:
    url = demo.feed_url(outlet(demo, "quiet-quarterly"))
    _, headers, _ = fetch(url)
    demo.poll = get_last_poll(demo.outlets)

    status, _, body = fetch(url, headers["ETag"])

    assert (status, body) == (304, b"")


def test_the_fast_feed_leaves_a_gap(demo: DemoServer) -> None:
    demo.poll = 2
    before = set(titles(demo, "ticker-now"))

    demo.advance()

    assert before.isdisjoint(titles(demo, "ticker-now"))


def test_the_broken_feed_asks_to_be_left_alone(demo: DemoServer) -> None:
    demo.poll = 2

    status, headers, _ = fetch(demo.feed_url(outlet(demo, "old-gazette")))

    assert (status, headers["Retry-After"]) == (503, "600")


def test_the_moved_feed_answers_with_a_page(demo: DemoServer) -> None:
    status, headers, _ = fetch(demo.feed_url(outlet(demo, "closed-courier")))

    assert status == 200
    assert headers["Content-Type"].startswith("text/html")


def test_every_item_links_to_a_page_that_exists(demo: DemoServer) -> None:
    demo.poll = get_last_poll(demo.outlets)
    feed = feedparser.parse(fetch(demo.feed_url(outlet(demo, "harbour-post")))[2])

    statuses = {fetch(entry.link)[0] for entry in feed.entries}

    assert statuses == {200}


def test_no_piece_is_dated_in_the_future(demo: DemoServer) -> None:
    demo.poll = get_last_poll(demo.outlets)

    dates = [entry.published_parsed for entry in feedparser.parse(fetch(f"{demo.url}/ticker-now/feed")[2]).entries]

    assert all(datetime(*date[:6], tzinfo=UTC) < NOON for date in dates)


@pytest.mark.parametrize("path", ["/", "/nobody/feed", "/harbour-post/99"])
def test_an_unknown_address_is_404(demo: DemoServer, path: str) -> None:
    assert fetch(demo.url + path)[0] == 404
