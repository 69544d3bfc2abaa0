"""One stream of new hits for all tabs of a browser, in a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.store.filled import bring, item
from tests.web.site import HARBOUR, World, world_with_news
from tests.web.test_browser import browser  # noqa: F401  (a fixture)

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => hidden ? "hidden" : "visible" });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[World]:
    with world_with_news(tmp_path / "config") as made:
        yield made


@pytest.fixture
def context(browser: Browser, watched: World) -> Iterator[BrowserContext]:  # noqa: F811
    with watched.served() as address:
        made = browser.new_context(base_url=address)
        yield made
        made.close()


def open_tabs(context: BrowserContext, count: int) -> list[Page]:
    tabs = []
    for _ in range(count):
        tab = context.new_page()
        tab.goto("/", timeout=10_000)
        tabs.append(tab)
    return tabs


def bring_hit(watched: World, number: int) -> None:
    watched.clock.move(minutes=1)
    news = item(number, f"Cyber Command order {number}")
    bring(watched.app.database, [news], now=watched.clock(), matcher=watched.app.matcher, feed=HARBOUR)


def streams_become(watched: World, tab: Page, count: int) -> bool:
    for _try in range(100):
        if watched.site.streams == count:
            return True
        tab.wait_for_timeout(100)
    return False


def test_seven_tabs_load_and_share_one_stream(context: BrowserContext, watched: World) -> None:
    tabs = open_tabs(context, 8)
    assert streams_become(watched, tabs[0], 1)

    bring_hit(watched, 200)

    for tab in tabs:
        tab.locator("[data-arrived] button", has_text="1 new hit").wait_for(timeout=20_000)
    assert watched.site.streams == 1


def test_another_tab_streams_when_the_one_that_did_is_closed(context: BrowserContext, watched: World) -> None:
    first, second = open_tabs(context, 2)
    assert streams_become(watched, first, 1)
    first.close()

    second.wait_for_timeout(500)
    bring_hit(watched, 201)

    second.locator("[data-arrived] button", has_text="1 new hit").wait_for(timeout=20_000)
    assert streams_become(watched, second, 1)


def test_no_tab_streams_while_all_are_hidden_and_nothing_is_missed(context: BrowserContext, watched: World) -> None:
    tabs = open_tabs(context, 2)
    assert streams_become(watched, tabs[0], 1)
    for tab in tabs:
        tab.evaluate(HIDE, True)
    assert streams_become(watched, tabs[0], 0)

    bring_hit(watched, 202)
    tabs[1].evaluate(HIDE, False)

    tabs[1].locator("[data-arrived] button", has_text="1 new hit").wait_for(timeout=20_000)
    assert streams_become(watched, tabs[1], 1)


def test_without_locks_each_tab_that_is_seen_streams(context: BrowserContext, watched: World) -> None:
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })")
    tabs = open_tabs(context, 2)
    assert streams_become(watched, tabs[0], 2)

    tabs[0].evaluate(HIDE, True)

    assert streams_become(watched, tabs[0], 1)
