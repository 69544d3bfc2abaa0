"""Topics on the page of a real daemon: made, tried, renamed, paused, deleted, restored, drafted; by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.keyboard import Keyboard, visit
from tests.e2e.machine import Desk, wait_for
from tests.e2e.test_setup_page import at
from tests.e2e.test_setup_page import browser as browser
from tests.web_server import Reply, Server
from watcher.client import Client

NEWS = {
    "Ferry to the outer islands is cancelled until Monday": "Strong winds keep the ship in the harbour.",
    "Island ferry is cancelled until Monday, operators say": "Strong winds keep the ship in the harbour, they said.",
    "Night ferry runs late again": "Passengers waited for four hours.",
    "Ferries, a history: the book": "A ferry, a ship and their captains.",
    "Council approves the northern tunnel": "The northern tunnel links the harbour and the airport.",
    "Council debates parking": "It meets on Tuesday.",
}
ARTICLE = """<html><head><title>Harbour Council approves the Northern Tunnel</title></head><body><article>
<p>The Harbour Council approved the Northern Tunnel on Tuesday. The Northern Tunnel will link the ferry terminal and
the airport. Mayor Ines Okafor said that the Northern Tunnel opens in four years.</p>
<p>Engineers of Vessel Works had warned of the clay under the Northern Tunnel. The Harbour Council expects costs of
four billion, and the Northern Tunnel will be the longest of the coast.</p></article></body></html>"""


def serve_news(press: Server) -> str:
    """Serve a feed of the news and an article; return the feed's address."""
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{title}</title><description>{text}</description><guid>{number}</guid>"
        f"<pubDate>{format_datetime(now - timedelta(hours=number))}</pubDate></item>"
        for number, (title, text) in enumerate(NEWS.items(), 1)
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Harbour Post</title>{items}</channel></rss>'
    press.pages["/feed"] = Reply(body=body.encode(), headers={"Content-Type": "application/rss+xml"})
    press.pages["/article"] = Reply(body=ARTICLE.encode(), headers={"Content-Type": "text/html"})
    return press.url + "/feed"


@pytest.fixture
def watched(desk: Desk, press: Server) -> Iterator[Desk]:
    """A daemon that has read the news, and watches for something else."""
    desk.write(
        [serve_news(press)], topics={"parking": "parking"},
        channels={"files": {"kind": "file", "folder": "digests"}},
        digests=[{"name": "daily", "title": "Daily", "schedule": "0 7 * * *", "channels": ["files"]}],
    )  # fmt: skip
    with desk.daemon(), Client(f"http://127.0.0.1:{desk.port}") as client:
        wait_for(lambda: len(client.list_entries()["entries"]) == len(NEWS), "the news")
        yield desk


@pytest.fixture
def visitor(browser: Browser, watched: Desk, request: pytest.FixtureRequest) -> Iterator[Keyboard]:
    with visit(browser, watched, request.param) as made:
        yield made


def get_query(visitor: Keyboard, topic_id: str) -> str:
    with Client(visitor.address) as client:
        return client.get_topic_settings(topic_id)["query"].strip()


# Each is walked through at one width here, and at the other in the slow tests.
@pytest.mark.parametrize("visitor", [at(1600), at(360, pytest.mark.slow)], indirect=True)
def test_a_topic_is_tried_while_it_is_typed_and_brings_in_what_it_finds(visitor: Keyboard) -> None:
    page = visitor.page
    visitor.open("/topics")
    visitor.press_link("New topic")
    visitor.write("Name", "Ferries")
    visitor.write("It is about", "A ferry is late or cancelled.")
    visitor.write("Any of", "ferry\nferries")
    visitor.write("None of", "book")
    expect(page.locator("[data-effect]")).to_contain_text("Finds 3 items")
    expect(page.get_by_text("2 reports from")).to_be_visible()
    visitor.look()
    visitor.save()

    expect(page.get_by_text("Added the topic Ferries")).to_be_visible()
    expect(page.get_by_text("3 hits found in the stored items")).to_be_visible()
    visitor.look()
    visitor.press_link("Show them")
    expect(page.get_by_text("Night ferry runs late again").first).to_be_visible()
    digests = [send_digest(visitor), send_digest(visitor)]

    # The same query as text finds the same, and what it would lose is shown before it is saved.
    visitor.open("/workbench")
    visitor.write("Name", "As text")
    visitor.write("It is about", "A ferry is late or cancelled.")
    visitor.unfold("The same as query text")
    visitor.write("Query text", "(ferry OR ferries) NOT book")
    expect(page.locator("[data-effect]")).to_contain_text("Finds 3 items")
    assert [page.get_by_label(name, exact=True).input_value() for name in ("Any of", "None of")] == [
        "ferry\nferries", "book",
    ]  # fmt: skip
    visitor.save()
    expect(page.get_by_text("Added the topic As text")).to_be_visible()
    visitor.write("None of", "book\nnight")
    expect(page.locator("[data-effect]")).to_contain_text("Gains 0, loses 1")
    expect(page.locator("[data-found-words]").get_by_label("Lost")).to_have_count(1)

    assert "Night ferry runs late again" in digests[0]
    assert "Night ferry runs late again" not in digests[1]
    assert get_query(visitor, "ferries") == get_query(visitor, "as-text") == "(ferry OR ferries) NOT book"


def send_digest(visitor: Keyboard) -> str:
    """Send the digest from its preview, and return what the page then says of it."""
    visitor.open("/digests/preview?name=daily")
    visitor.unfold("Send now")
    visitor.press_button("Send to 1")
    visitor.page.wait_for_url(re.compile(r"/digests(/\d+)?$"))
    return visitor.page.locator("main").inner_text()


@pytest.mark.parametrize("visitor", [at(1600, pytest.mark.slow), at(360)], indirect=True)
def test_a_topic_is_drafted_changed_undone_paused_deleted_and_restored(visitor: Keyboard, press: Server) -> None:
    page = visitor.page
    visitor.open("/topics")
    visitor.press_link("Draft from an article")
    visitor.write("Address of the article", f"{press.url}/article")
    visitor.press_button("Draft topics")
    expect(page.get_by_role("heading", name="Northern Tunnel").first).to_be_visible()
    visitor.look()
    visitor.press(page.get_by_role("button", name=re.compile("Use this draft")).first)
    expect(page.locator("[data-effect]")).to_contain_text("Finds 1 item ")
    visitor.write("Name", "The tunnel")
    visitor.save()
    expect(page.get_by_text("Added the topic The tunnel")).to_be_visible()
    first = get_query(visitor, "the-tunnel")

    visitor.write("Query text", "tunnel OR parking")
    expect(page.locator("[data-effect]")).to_contain_text("Gains 1, loses 0")
    visitor.save()
    expect(page.get_by_text("Changed the topic The tunnel")).to_be_visible()
    second = get_query(visitor, "the-tunnel")
    visitor.save()
    expect(page.get_by_text("Nothing changed.")).to_be_visible()

    visitor.press_link("Rename, pause, delete")
    visitor.write("Name", "Tunnels")
    visitor.write("Id", "tunnels")
    visitor.look()
    visitor.save()
    expect(page.get_by_text("Renamed the topic The tunnel to Tunnels")).to_be_visible()
    visitor.look()
    visitor.unfold("Its query")
    visitor.press_button("Restore this query")
    expect(page.get_by_text("Changed the topic Tunnels")).to_be_visible()
    restored = get_query(visitor, "tunnels")
    page.keyboard.press("z")
    expect(page.get_by_text("Undone: Changed the topic Tunnels").first).to_be_visible()
    undone = get_query(visitor, "tunnels")

    visitor.open("/topics/tunnels/settings")
    visitor.press_button("Pause topic")
    expect(page.get_by_text("This topic is paused")).to_be_visible()
    visitor.press_button("Resume")
    expect(page.get_by_text("Resumed the topic Tunnels")).to_be_visible()
    visitor.open("/topics/tunnels/settings")
    visitor.unfold("Delete topic")
    visitor.press_button("Delete topic")
    expect(page.get_by_text("Deleted the topic Tunnels")).to_be_visible()
    visitor.unfold("Deleted topics: 1")
    visitor.look()
    visitor.press_button("Restore Tunnels")
    expect(page.get_by_text("Restored the topic Tunnels")).to_be_visible()

    assert "Tunnel" in first
    assert second == undone == get_query(visitor, "tunnels") == "tunnel OR parking"
    assert restored == first
