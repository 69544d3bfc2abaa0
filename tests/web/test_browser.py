"""The page in a real browser: main tasks at both widths, what a screen reader needs, and hostile news in every page."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.store.filled import bring, item
from tests.web.hostile import HOSTILE, hostile_feed
from tests.web.site import HARBOUR, NOON, World, world
from tests.web_server import Reply, Server
from watcher.demo.sandbox import poll_outlets
from watcher.pipeline.digests import compose_now

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
WIDE, NARROW = ViewportSize(width=1600, height=1000), ViewportSize(width=360, height=780)
SIZES = [pytest.param(WIDE, id="1600 px"), pytest.param(NARROW, id="360 px")]
PAGES = ("/hits", "/hits/1", "/stories", "/stories/1", "/archive?q=eyes", "/topics", "/topics/eyes", "/feeds",
         "/feeds/add", "/feeds/show?url=https://ledger.example/feed.xml", "/digests", "/digests/1", "/deliveries",
         "/overview", "/workbench?topic=eyes", "/workbench/article", "/as-of?at=1h", "/digests/preview?name=daily",
         "/digests/new", "/digests/edit?name=daily", "/channels/new", "/channels/new?kind=slack",
         "/channels/edit?name=files", "/topics/eyes/settings", f"/feeds/edit?url={HARBOUR}", "/settings",
         "/history", "/api/docs")  # fmt: skip

COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules of axe that another colour scheme can break; it changes nothing else of a page."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        reason = "no chromium: apt-get install chromium"
        if os.environ.get("WATCHER_TESTS_MAY_SKIP") == "no":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("told") / "config") as made:
        made.news()
        compose_now(made.app.database, made.app.press(), "daily", made.clock())
        yield made


@pytest.fixture(scope="module")
def address(newsroom: World) -> Iterator[str]:
    with newsroom.served() as address:
        yield address


@pytest.fixture(params=SIZES)
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport=request.param, base_url=address)
    opened = context.new_page()
    opened.on(
        "console", lambda message: pytest.fail(message.text) if "Content Security Policy" in message.text else None
    )
    yield opened
    context.close()


def test_a_hit_is_searched_and_its_words_are_marked(page: Page) -> None:
    page.goto("/hits")
    page.fill("#q", "title:cyber")
    page.press("#q", "Enter")

    assert page.locator(".hit").count() == 1
    assert "Cyber" in page.locator(".hit h3 mark").first.inner_text()


def test_a_query_is_checked_while_it_is_typed(page: Page) -> None:
    page.goto("/hits")
    page.locator("#q").press_sequentially("(spy")
    page.locator("#q-said.bad").wait_for()

    page.locator("#q").press_sequentially(")")
    page.locator("#q-said:not(.bad)", has_text="Read as").wait_for()


def test_keys_walk_judge_and_open(page: Page, newsroom: World) -> None:
    page.goto("/hits")
    page.keyboard.press("j")
    page.keyboard.press("j")
    pressed = page.locator(".hit.on button[data-judgement=relevant][aria-pressed=true]")
    hit = page.locator(".hit.on").get_attribute("data-hit")

    page.keyboard.press("r")
    pressed.wait_for()
    page.keyboard.press("r")
    page.locator(".hit.on button[data-judgement=relevant][aria-pressed=false]").wait_for()
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/hits/{hit}")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url("**/feeds")


def test_new_hits_are_announced_and_come_when_asked_for(page: Page, newsroom: World) -> None:
    page.goto("/hits?topic=cyber&group=no")
    before = page.locator(".hit").count()
    number = 100 + before
    newsroom.clock.move(minutes=1)
    matcher, database = newsroom.app.matcher, newsroom.app.database
    bring(
        database, [item(number, f"Cyber Command order {number}")], now=newsroom.clock(), matcher=matcher, feed=HARBOUR
    )

    page.locator("[data-arrived] button", has_text="1 new hit").click(timeout=15_000)

    page.locator(f".hit h3 >> text=order {number}").wait_for()
    assert page.locator(".hit").count() == before + 1


def test_no_page_is_wider_than_its_window(page: Page) -> None:
    for path in PAGES:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path


def test_no_name_in_a_table_is_squeezed_to_a_letter_a_line(page: Page) -> None:
    for path in ("/topics", "/feeds"):
        page.goto(path)
        widths = page.eval_on_selector_all(".table tbody th", "cells => cells.map(cell => cell.clientWidth)")
        assert min(widths) >= 150, path


def test_a_hit_is_judged_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/hits?topic=cyber")
    count = page.locator(".hit").count()
    page.locator(".hit .judge button").first.click()

    assert count >= 1
    assert page.locator(".judge button[aria-pressed=true]").count() == 1
    page.locator(".judge button[aria-pressed=true]").click()
    context.close()


@pytest.mark.parametrize("viewport", SIZES)
def test_pages_are_read_without_javascript(browser: Browser, address: str, viewport: ViewportSize) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address, viewport=viewport)
    page = context.new_page()
    for path in PAGES:
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, path
        # What a script alone would bring is not there, and what it would take away is: a heading, and more than it.
        assert page.locator("main h1").count() == 1, path
        assert len(page.locator("main").inner_text()) > 80, path
        assert page.locator("[data-keys]").is_hidden(), path
    context.close()


def test_filters_are_folded_counted_and_taken_away_one_by_one(page: Page) -> None:
    for path, chip, left in (
        ("/hits?language=en&order=score&since=7d", "Order: most relevant", "language=en&since=7d"),
        ("/stories?language=en&order=outlets", "Order: most outlets", "language=en"),
        ("/archive?language=en&until=2030-01-01", "Until: 2030-01-01", "language=en"),
    ):
        page.goto(path)
        summary = page.locator(".filters summary")
        assert summary.inner_text() == "Filters (2)", path
        language = page.locator(".filters input[name=language]")
        assert not language.is_visible(), path
        page.locator(".set a", has_text=chip).click()
        page.wait_for_url(lambda url: "order" not in url and "until" not in url)
        assert sorted(urlsplit(page.url).query.split("&")) == sorted(left.split("&")), path
        assert summary.inner_text() == "Filters (1)", path
        summary.click()
        assert language.is_visible(), path
        assert language.input_value() == "en", path
        page.get_by_role("link", name="Clear", exact=True).click()
        page.wait_for_url(lambda url: "language" not in url)
        assert summary.inner_text() == "Filters", path


@pytest.mark.parametrize(
    ("scheme", "viewport", "rules"),
    [("light", WIDE, None), ("light", NARROW, None), ("dark", WIDE, COLOURS)],
    ids=["light, 1600 px", "light, 360 px", "dark"],
)
def test_axe_finds_nothing_serious(
    browser: Browser, address: str, scheme: Any, viewport: ViewportSize, rules: dict[str, Any] | None
) -> None:
    context = browser.new_context(color_scheme=scheme, base_url=address, viewport=viewport)
    page = context.new_page()
    serious = []
    for path in PAGES:
        page.goto(path)
        for fault in Axe().run(page, options={"resultTypes": ["violations"], **(rules or {})}).response["violations"]:
            if fault["impact"] in {"serious", "critical"}:
                serious.append((path, fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]))
    context.close()

    assert [(path, *rest) for path, *rest in serious] == [], serious


def test_hostile_news_stay_words_in_every_page(browser: Browser, tmp_path: Path) -> None:
    with Server() as press, world(tmp_path / "config") as made:
        press.pages["/feed"] = Reply(hostile_feed(), headers={"Content-Type": "application/rss+xml"})
        (made.folder / "feeds.yaml").write_text(f"feeds: [{{url: '{press.url}/feed'}}]\n", "utf-8")
        made.app.reload()
        made.app.sync(made.clock())
        # In a thread of its own: the browser's driver runs a loop in this one.
        with ThreadPoolExecutor(1) as thread:
            polled = thread.submit(asyncio.run, poll_outlets(made.app)).result()
        assert polled.hits >= len(HOSTILE)
        made.clock.now = max(NOON, _newest(made)) + timedelta(minutes=5)
        compose_now(made.app.database, made.app.press(), "daily", made.clock())
        with made.served() as address:
            context = browser.new_context(base_url=address)
            try:
                _walk(context, press.url)
            finally:
                context.close()


def _newest(made: World) -> datetime:
    from watcher.store.hits.search import find_hits

    with made.app.database.read() as db:
        return find_hits(db, limit=1).items[0].hit.matched_at


def _walk(context: BrowserContext, press: str) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    details = [f"/hits/{n}" for n in range(1, len(HOSTILE) + 1)]
    for path in (*PAGES[:9], "/digests", "/digests/1", "/digests/1/mail", "/overview", "/as-of?at=now", *details,
                 f"/feeds/show?url={press}/feed", "/digests/preview?name=daily", "/stories/1"):  # fmt: skip
        answer = page.goto(path)
        assert answer is not None
        assert answer.status in {200, 404}, path
        for frame in page.frames:
            assert frame.evaluate("window.broken") is None, path
        # A link in a chart has its address in `href.baseVal`, and no protocol of its own.
        address = "a => new URL(a.href.baseVal ?? a.href, document.baseURI).protocol"
        links = page.eval_on_selector_all("a[href]", f"all => all.map({address})")
        assert set(links) <= {"http:", "https:"}, path
        odd = page.eval_on_selector_all("a[target]", "all => all.filter(a => !a.rel.includes('noopener')).length")
        assert odd == 0, path
        assert page.locator("[onerror], [onload], [onmouseover], main script, main style").count() == 0, path
    assert not [url for url in asked if not url.startswith("http://127.0.0.1:") and not url.startswith("data:")]
