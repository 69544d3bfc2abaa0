"""Proposals in a real browser: judged by keys with undo, read without JavaScript, and with no serious fault of axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.web.proposed import CARRYING, SENTENCE, world_with_proposals
from tests.web.site import World
from tests.web.test_browser import NARROW, WIDE, browser  # noqa: F401  (a fixture)
from watcher.store.hits.search import find_hits
from watcher.store.meaning.proposals import list_proposals
from watcher.store.meaning.relevance import set_relevance

PAGES = ("/proposals", "/hits", "/topics/eyes", "/proposals?state=accepted")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world_with_proposals(tmp_path / "config") as made:
        with made.app.database.write() as db:
            weak = [hit for hit in find_hits(db, limit=9).items if hit.topic_id == "cyber"]
            set_relevance(db, {(hit.topic_id, hit.stored.id): 0.01 for hit in weak})
        yield made


@pytest.fixture
def address(desk: World) -> Iterator[str]:
    with desk.served() as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:  # noqa: F811
    context = browser.new_context(viewport=NARROW, base_url=address)
    opened = context.new_page()
    opened.on(
        "console", lambda message: pytest.fail(message.text) if "Content Security Policy" in message.text else None
    )
    yield opened
    context.close()


def list_states(desk: World) -> list[str]:
    with desk.app.database.read() as db:
        return [stored.proposal.state.value for stored in list_proposals(db).items]


def test_keys_walk_and_judge_proposals_and_take_it_back(page: Page, desk: World) -> None:
    page.goto("/proposals")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.locator("[data-toast]", has_text="Judged relevant to Five Eyes.").wait_for()
    assert list_states(desk) == ["accepted", "open"]

    page.keyboard.press("z")
    page.locator("[data-toast]", has_text="Undone").wait_for()

    assert list_states(desk) == ["open", "open"]


def test_keys_walk_past_what_is_folded(page: Page) -> None:
    page.goto("/hits")
    rows = page.locator("ol[data-live] > .hit").count()
    for _step in range(rows + 3):
        page.keyboard.press("j")

    assert page.locator(".hit.on").evaluate("row => row.checkVisibility()")


def test_proposals_are_read_and_judged_without_javascript(browser: Browser, address: str, desk: World) -> None:  # noqa: F811
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/proposals")
    text = page.locator("main").inner_text()
    page.get_by_role("button", name="Not relevant to Five Eyes").first.click()

    assert SENTENCE in text
    assert CARRYING in text
    assert list_states(desk) == ["rejected", "open"]
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_with_proposals_are_accessible_and_fit_their_window(
    browser: Browser,  # noqa: F811
    address: str,
    scheme: str,
) -> None:
    serious = []
    for viewport in (WIDE, NARROW):
        context = browser.new_context(color_scheme=scheme, viewport=viewport, base_url=address)  # type: ignore[arg-type]
        page = context.new_page()
        for path in PAGES:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path
            for fault in Axe().run(page).response["violations"]:
                if fault["impact"] in {"serious", "critical"}:
                    serious.append((path, fault["id"], [node["html"][:120] for node in fault["nodes"][:3]]))
        context.close()

    assert serious == []
