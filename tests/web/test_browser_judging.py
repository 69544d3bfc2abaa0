"""A judgement concerns one topic: by mouse and by keys, in the list and on an item's page, with undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.store.filled import bring, item
from tests.web.site import HARBOUR, World, world_with_news
from tests.web.test_browser import NARROW, WIDE, browser  # noqa: F401  (a fixture)
from watcher.store.hits.search import find_hits

TITLE = "Five Eyes partners ask Cyber Command for an answer"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world_with_news(tmp_path / "config") as made:
        bring(
            made.app.database, [item(9, TITLE, "A letter.")], now=made.clock(), matcher=made.app.matcher, feed=HARBOUR
        )
        made.clock.move(minutes=5)
        yield made


@pytest.fixture(params=[pytest.param(WIDE, id="1600 px"), pytest.param(NARROW, id="360 px", marks=pytest.mark.slow)])
def page(browser: Browser, desk: World, request: pytest.FixtureRequest) -> Iterator[Page]:  # noqa: F811
    with desk.served() as address:
        context = browser.new_context(viewport=request.param, base_url=address)
        yield context.new_page()
        context.close()


def list_labels(desk: World) -> dict[str, str | None]:
    """Return the judgements of the item that two topics found."""
    with desk.app.database.read() as db:
        return {hit.topic_id: hit.label for hit in find_hits(db, limit=100).items if hit.title == TITLE}


def test_a_press_in_a_row_with_two_topics_judges_the_named_one(page: Page, desk: World) -> None:
    page.goto("/hits")
    row = page.locator(".hit", has_text=TITLE)

    row.get_by_role("button", name="Not relevant to Cyber command").click()
    page.locator("[data-toast]", has_text="Judged not relevant to Cyber command.").wait_for()

    assert list_labels(desk) == {"eyes": None, "cyber": "irrelevant"}
    assert "off" not in (row.get_attribute("class") or "").split()


def test_a_row_is_greyed_once_it_was_judged_not_relevant_to_all_its_topics(page: Page, desk: World) -> None:
    page.goto("/hits")
    row = page.locator(".hit", has_text=TITLE)

    row.get_by_role("button", name="Not relevant to Cyber command").click()
    row.get_by_role("button", name="Not relevant to Five Eyes").click()
    page.locator(".hit.off", has_text=TITLE).wait_for()

    page.reload()
    assert page.locator(".hit.off", has_text=TITLE).count() == 1
    assert list_labels(desk) == {"eyes": "irrelevant", "cyber": "irrelevant"}


@pytest.mark.parametrize(
    ("keys", "labels"),
    [
        pytest.param("x2", {"eyes": None, "cyber": "irrelevant"}, id="the second topic"),
        pytest.param("r1", {"eyes": "relevant", "cyber": None}, id="the first topic"),
        pytest.param("x0", {"eyes": "irrelevant", "cyber": "irrelevant"}, id="both"),
    ],
)
def test_a_key_asks_which_topic_is_meant(page: Page, desk: World, keys: str, labels: dict[str, str | None]) -> None:
    page.goto("/hits")
    page.keyboard.press("j")
    assert TITLE in page.locator(".hit.on").inner_text()

    page.keyboard.press(keys[0])
    page.locator(".picker").wait_for()
    assert list_labels(desk) == {"eyes": None, "cyber": None}
    page.keyboard.press(keys[1])
    page.locator("[data-toast] p").wait_for()

    assert list_labels(desk) == labels
    assert page.locator(".picker").count() == 0


def test_leaving_the_choice_judges_nothing_and_returns_to_the_headline(page: Page, desk: World) -> None:
    page.goto("/hits")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator(".picker").wait_for()

    page.keyboard.press("Escape")

    assert page.locator(".picker").count() == 0
    assert page.evaluate("document.activeElement.classList.contains('headline')")
    assert list_labels(desk) == {"eyes": None, "cyber": None}


def test_the_last_judgement_is_undone_by_a_key(page: Page, desk: World) -> None:
    page.goto("/hits")
    row = page.locator(".hit", has_text=TITLE)
    row.get_by_role("button", name="Relevant to Five Eyes", exact=True).click()
    page.locator("[data-toast]", has_text="Judged relevant to Five Eyes.").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("0")
    page.locator("[data-toast]", has_text="Judged not relevant to Five Eyes, Cyber command.").wait_for()

    page.keyboard.press("z")
    page.locator("[data-toast]", has_text="Undone").wait_for()

    assert list_labels(desk) == {"eyes": "relevant", "cyber": None}


def test_an_items_own_page_is_judged_by_keys(page: Page, desk: World) -> None:
    page.goto("/hits")
    page.goto(page.locator(".hit", has_text=TITLE).get_attribute("data-href") or "")

    page.keyboard.press("r")
    page.keyboard.press("2")
    page.locator("[data-toast] p").wait_for()

    assert list_labels(desk) == {"eyes": None, "cyber": "relevant"}
