"""The list that stays open all day, worked through in a browser: by keys alone at both widths, with undo."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.migrated import make_folder
from tests.store.filled import bring, item
from tests.web.site import HARBOUR, LEDGER, World, world
from tests.web.test_browser import NARROW, WIDE, browser  # noqa: F401  (a fixture)
from watcher.model.results import Filters
from watcher.model.triage import TargetKind
from watcher.store.hits.search import find_hits
from watcher.store.stories.queries import find_stories
from watcher.store.triage.marks import load_marks
from watcher.store.triage.notes import list_handed_notes, list_newest_notes
from watcher.store.triage.readers import load_reader
from watcher.store.triage.views import list_views

# Each test walks through the list at one width, and at the other in the slow tests.
AT_WIDE = pytest.mark.parametrize(
    "page",
    [pytest.param(WIDE, id="1600 px"), pytest.param(NARROW, id="360 px", marks=pytest.mark.slow)],
    indirect=True,
)
AT_NARROW = pytest.mark.parametrize(
    "page",
    [pytest.param(NARROW, id="360 px"), pytest.param(WIDE, id="1600 px", marks=pytest.mark.slow)],
    indirect=True,
)
BOTH = "Five Eyes partners ask Cyber Command for an answer"
SYLLABLES = ("bor", "kel", "tam", "rin", "sol", "dav", "mep", "nur", "fip", "gos", "lad", "vek", "zum", "hab", "cir")


def invent(number: int) -> str:
    """Return a headline that shares no word with the others but the topic's: each becomes a story of its own."""
    draw = random.Random(number)
    return " ".join(["Five Eyes", *("".join(draw.sample(SYLLABLES, 3)) for _word in range(6))])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "config", filled=_make_filled_file()) as made:
        made.clock.move(minutes=15)
        yield made


@cache
def _make_filled_file() -> Path:
    folder = make_folder()
    with world(folder) as made:
        bring(made.app.database, [item(0, "Weather")], now=made.clock(), matcher=made.app.matcher, feed=HARBOUR)
        bring(made.app.database, [item(0, "Weather")], now=made.clock(), matcher=made.app.matcher, feed=LEDGER)
        made.clock.move(minutes=5)
        diffs = [item(n, invent(n), invent(n + 1_000)) for n in range(10, 70)]
        bring(made.app.database, diffs, now=made.clock(), matcher=made.app.matcher, feed=HARBOUR)
        made.clock.move(minutes=5)
        bring(made.app.database, [item(90, BOTH, "A letter.")], now=made.clock(), matcher=made.app.matcher, feed=LEDGER)
    return folder / "var" / "watcher.db"


@pytest.fixture
def page(browser: Browser, desk: World, request: pytest.FixtureRequest) -> Iterator[Page]:  # noqa: F811
    with desk.served() as address:
        context = browser.new_context(viewport=request.param, base_url=address)
        opened = context.new_page()
        opened.on("pageerror", lambda error: pytest.fail(str(error)))
        opened.on(
            "console", lambda message: pytest.fail(message.text) if "Content Security Policy" in message.text else None
        )
        yield opened
        context.close()


def find_serious(page: Page) -> list[str]:
    report: Any = Axe().run(page).response
    return [violation["id"] for violation in report["violations"] if violation["impact"] in {"serious", "critical"}]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def list_unread_stories(desk: World) -> int:
    with desk.app.database.read() as db:
        reader = load_reader(db, "desk", desk.clock())
        return len(find_stories(db, Filters(unread_by=reader), limit=200).items)


@AT_NARROW
def test_fifty_stories_are_triaged_by_keys_alone(page: Page, desk: World) -> None:
    before = list_unread_stories(desk)
    assert before > 50
    page.goto("/stories")
    rows = page.locator(".hit").count()

    page.keyboard.press("k")  # the last row
    page.keyboard.press("Shift+U")
    page.locator("[data-toast]", has_text=f"{rows} rows marked as read.").wait_for()
    page.keyboard.press("n")
    page.wait_for_url("**cursor=**")
    for _row in range(20):
        page.keyboard.press("j")
    page.keyboard.press("Shift+U")
    page.locator("[data-toast]", has_text="20 rows marked as read.").wait_for()
    assert list_unread_stories(desk) == before - rows - 20

    page.keyboard.press("z")
    page.locator("[data-toast]", has_text="Undone").wait_for()
    assert list_unread_stories(desk) == before - rows
    assert page.locator(".hit.unread").count() == page.locator(".hit").count()
    assert not overflows(page)


@AT_WIDE
def test_a_row_with_two_topics_is_judged_for_one_and_is_read_then(page: Page, desk: World) -> None:
    page.goto("/hits")
    page.keyboard.press("j")
    row = page.locator(".hit.on")
    assert BOTH in row.inner_text()
    assert row.locator(".unseen", has_text="Unread.").count() == 1

    page.keyboard.press("x")
    page.keyboard.press("2")
    page.locator("[data-toast]", has_text="Judged not relevant to Cyber command.").wait_for()
    page.locator(".hit.on:not(.unread)").wait_for()
    with desk.app.database.read() as db:
        labels = {hit.topic_id: hit.label for hit in find_hits(db).items if hit.title == BOTH}
    assert labels == {"eyes": None, "cyber": "irrelevant"}

    page.keyboard.press("z")
    page.locator("[data-toast]", has_text="Undone for Cyber command.").wait_for()
    page.keyboard.press("u")
    page.locator("[data-toast]", has_text="Marked as unread.").wait_for()
    page.keyboard.press("z")
    page.locator(".hit.on:not(.unread)").wait_for()
    with desk.app.database.read() as db:
        assert {hit.label for hit in find_hits(db).items if hit.title == BOTH} == {None}


@AT_NARROW
def test_a_row_is_starred_and_handed_over_with_a_note_and_both_are_undone(page: Page, desk: World) -> None:
    page.goto("/hits")
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.locator("[data-toast]", has_text="Starred.").wait_for()
    page.keyboard.press("t")
    page.locator(".note-form textarea").wait_for()
    page.keyboard.type("Ask Ottawa whether the letter was answered.")
    page.keyboard.press("Tab")
    page.keyboard.type("Tom Reyes")
    assert find_serious(page) == []
    assert not overflows(page)
    page.keyboard.press("Control+Enter")
    page.locator("[data-toast]", has_text="Noted, and handed over to Tom Reyes.").wait_for()

    with desk.app.database.read() as db:
        entry = next(hit.stored.id for hit in find_hits(db).items if hit.title == BOTH)
        assert load_marks(db, "desk", TargetKind.ENTRY, [entry])[entry].starred
        [note] = list_handed_notes(db, "Tom Reyes")
        assert (note.author, note.target.id) == ("desk", entry)
    assert page.evaluate("document.activeElement.classList.contains('headline')")
    page.keyboard.press("z")
    page.locator("[data-toast]", has_text="Undone: note deleted.").wait_for()
    page.keyboard.press("s")
    page.locator("[data-toast]", has_text="Star removed.").wait_for()
    with desk.app.database.read() as db:
        assert list_newest_notes(db) == ()
        assert entry not in load_marks(db, "desk", TargetKind.ENTRY, [entry])


@AT_WIDE
def test_a_view_is_saved_and_its_feed_subscribed_to(page: Page, desk: World) -> None:
    page.goto("/hits?topic=cyber")
    page.locator(".save-view summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Orders, and what follows")
    page.keyboard.press("Enter")
    page.locator(".view-list a", has_text="Orders, and what follows").wait_for()
    assert page.locator(".view-list a", has_text="Orders").inner_text().split()[-1] == "1"

    page.keyboard.press("g")
    page.keyboard.press("v")
    page.wait_for_url("**/views")
    feed = page.locator("a[type='application/atom+xml']").get_attribute("href") or ""
    atom = httpx.get(page.url.removesuffix("/views") + feed, trust_env=False)

    assert atom.headers["content-type"].startswith("application/atom+xml")
    assert BOTH in atom.text
    assert atom.text.count("<entry>") == 1
    assert find_serious(page) == []
    assert not overflows(page)
    page.get_by_role("button", name="Delete: Orders").press("Enter")
    page.get_by_role("button", name="Undo").press("Enter")
    page.locator(".saved-views h2", has_text="Orders").wait_for()
    with desk.app.database.read() as db:
        assert [view.name for view in list_views(db, "desk")] == ["Orders, and what follows"]


@AT_NARROW
def test_new_stories_wait_behind_a_button_and_the_list_does_not_move(page: Page, desk: World) -> None:
    page.goto("/stories")
    first = page.locator(".hit h2").first.inner_text()
    page.keyboard.press("j")
    page.keyboard.press("j")
    at = page.locator(".hit.on").bounding_box()

    desk.clock.move(minutes=1)
    fresh = item(200, "Cyber Command moves its piano", "It is a heavy one.")
    bring(desk.app.database, [fresh], now=desk.clock(), matcher=desk.app.matcher, feed=LEDGER)
    page.locator("[data-arrived] button", has_text="1 new story").wait_for(timeout=15_000)

    assert page.locator(".hit h2").first.inner_text() == first
    assert page.locator(".hit.on").bounding_box() == at
    page.keyboard.press(".")
    page.locator(".hit h2", has_text="moves its piano").wait_for()


@AT_WIDE
def test_an_opened_story_is_read_and_facets_narrow_and_free(page: Page, desk: World) -> None:
    page.goto("/stories")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator(".page.reading:not([data-unread])").wait_for(state="attached")
    page.go_back()
    page.locator(".hit:not(.unread)").wait_for()
    assert page.locator(".hit.unread").count() == page.locator(".hit").count() - 1

    page.goto("/hits?since=7d")
    page.locator(".facet a", has_text="The Capital Ledger").click()
    page.wait_for_url("**source=**")
    assert page.locator(".hit").count() == 1
    bar = page.locator(".day-chart a").first
    bar.focus()
    assert bar.locator(".value").is_visible()
    page.locator(".facet a[aria-current]", has_text="The Capital Ledger").click()
    page.wait_for_url(lambda url: "source=" not in url)
    page.locator(".chips a", has_text="Since last visit").click()
    page.wait_for_url("**since=last-visit**")
    assert page.locator(".hit").count() > 1


@AT_NARROW
def test_the_pages_of_notes_and_views_have_no_serious_findings(page: Page, desk: World) -> None:
    with desk.app.database.read() as db:
        story = find_stories(db, limit=1).items[0]
    page.goto(f"/stories/{story.id}")
    page.fill("#notes textarea", "For the evening brief, @desk.")
    page.locator("#notes > form button").click()
    page.locator(".note-item", has_text="For the evening brief").wait_for()
    assert find_serious(page) == []

    page.goto("/notes")
    assert page.locator("section", has=page.locator("#handed")).locator(".note-item").count() == 1
    assert find_serious(page) == []
    assert not overflows(page)
    page.get_by_role("button", name="Done").first.click()
    page.locator("section", has=page.locator("#handed")).get_by_text("Nothing waits for you").wait_for()
