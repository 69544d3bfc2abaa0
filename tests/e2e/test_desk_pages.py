"""Feeds, digests, channels and settings with the keyboard alone, at both widths, on the page of one real daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.keyboard import Keyboard, visit
from tests.e2e.machine import Desk, wait_for
from tests.e2e.test_setup_page import at
from tests.e2e.test_setup_page import browser as browser
from tests.servers import MailServer
from tests.web_server import Reply, Server, rss
from watcher.client import Client

WIDTHS = (360, 1600)
# Each is walked through at one width here, and at the other in the slow tests; axe looks where tests/web does not.
narrow_first = pytest.mark.parametrize("width", [at(360), at(1600, pytest.mark.slow)])
wide_first = pytest.mark.parametrize("width", [at(360, pytest.mark.slow), at(1600)])
RSS = {"Content-Type": "application/rss+xml"}
LATE, ABANDONED = "Night ferry is late by four hours", "Ferry cup match is abandoned"
OPML = """<?xml version="1.0"?><opml version="2.0"><body><outline text="Weather">
<outline type="rss" text="The Storm Bulletin" xmlUrl="{url}"/></outline></body></opml>"""


def publish(press: Server, width: int) -> None:
    """Serve a site with two feeds, and a third feed that it does not name."""
    feeds = {name: f"/{width}/{name}" for name in ("news", "sport", "storms")}
    for name, path in feeds.items():
        body = rss((f"{name}-1", f"Ferry report of the {name} desk"), title=f"The {name} post")
        press.pages[path] = Reply(body, headers=RSS)
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{feeds[name]}">' for name in ("news", "sport")
    )
    press.pages[f"/{width}/"] = Reply(
        f"<html><head>{links}</head></html>".encode(), headers={"Content-Type": "text/html"}
    )


@pytest.fixture(scope="module")
def mailbox() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def paper() -> Iterator[Server]:
    with Server() as server:
        for width in WIDTHS:
            publish(server, width)
        server.pages["/port"] = Reply(rss(("1", LATE), ("2", ABANDONED)), headers=RSS)
        yield server


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, mailbox: MailServer, paper: Server) -> Iterator[Desk]:
    """A daemon that all walks of this module share: each has feeds, digests and channels of its own."""
    made = Desk(tmp_path_factory.mktemp("shared") / "desk")
    made.migrate()
    made.write(
        [f"{paper.url}/port"],
        topics={"ferries": "ferry", "storms": "storm"},
        channels={
            "files": {"kind": "file", "folder": "digests"},
            "post": make_mail(mailbox.port, "ann@desk.example", "ben@desk.example"),
        },
        digests=[{"name": "daily", "title": "Daily", "schedule": "0 7 * * *", "channels": ["files"]}],
    )
    with made.daemon():
        yield made


def make_mail(port: int, *to: str) -> dict[str, object]:
    return {"kind": "email", "host": "127.0.0.1", "port": port, "security": "none", "sender": "desk@desk.example",
            "to": list(to)}  # fmt: skip


@pytest.fixture
def visitor(browser: Browser, desk: Desk, width: int) -> Iterator[Keyboard]:
    with visit(browser, desk, width) as made:
        yield made


@pytest.fixture
def client(desk: Desk) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{desk.port}") as made:
        yield made


@narrow_first
def test_feeds_are_found_chosen_edited_paused_removed_and_listed(
    visitor: Keyboard, client: Client, paper: Server, width: int, tmp_path: Path
) -> None:
    page, news, sport = visitor.page, f"{paper.url}/{width}/news", f"{paper.url}/{width}/sport"
    visitor.open("/feeds")
    visitor.press_link("Add feeds")
    visitor.write("Address of a site, a page or a feed", f"{paper.url}/{width}/")
    visitor.press_button("Find feeds")
    expect(page.get_by_role("heading", name="Feeds found")).to_be_visible()
    visitor.look()
    for name in ("news", "sport"):
        visitor.tick(page.get_by_label(re.compile(f"The {name} post")))
    visitor.press_button("Add feeds")
    visitor.expect_text("2 feeds added")

    visitor.press(page.locator(f"th a[href*='%2F{width}%2Fnews']"))
    visitor.press_link("Edit feed")
    visitor.write("Title", f"The Evening Post {width}")
    visitor.write("Tags", "press, local")
    visitor.write("Check every", "6h")
    visitor.press_button("Save feed")
    expect(page.get_by_role("heading", name=f"The Evening Post {width}")).to_be_visible()
    visitor.press_button("Pause")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    visitor.look()
    edited = client.get_feed_settings(news)
    visitor.press_button("Resume")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    visitor.unfold("Remove this feed")
    visitor.press_button("Remove feed")
    visitor.expect_text(f"Deleted the feed The Evening Post {width}")
    expect(page.get_by_role("link", name=f"The Evening Post {width}")).to_have_count(0)
    removed = {feed["url"] for feed in client.list_feeds()["feeds"]}
    visitor.undo(f"Deleted the feed The Evening Post {width}")
    expect(page.get_by_role("link", name=f"The Evening Post {width}")).to_be_visible()

    with page.expect_download() as started:
        visitor.press_link("Export OPML")
    listed = started.value.path().read_text("utf-8")
    visitor.open("/feeds/add")
    lists = tmp_path / "feeds.opml"
    lists.write_text(OPML.format(url=f"{paper.url}/{width}/storms"), "utf-8")
    # Expected before the way there: a chooser that opens at once after that is not always noticed.
    with page.expect_file_chooser() as chooser:
        visitor.tab_to(page.get_by_label("OPML file"))
        page.keyboard.press("Space")
    chooser.value.set_files(lists)
    visitor.press_button("Import list")
    visitor.expect_text("1 feed added")

    assert (edited["title"], edited["tags"], edited["interval"], edited["paused"]) == (
        f"The Evening Post {width}", ["press", "local"], "6h", True,
    )  # fmt: skip
    assert news not in removed
    assert sport in removed
    assert {news, sport} <= set(re.findall('xmlUrl="([^"]+)"', listed))
    assert client.get_feed_settings(f"{paper.url}/{width}/storms")["tags"] == ["Weather"]


def get_row(visitor: Keyboard, name: str) -> Locator:
    return visitor.page.locator("table.cards tr").filter(has_text=name)


@wide_first
def test_a_digest_is_made_previewed_sent_paused_changed_and_deleted(
    visitor: Keyboard, client: Client, mailbox: MailServer, width: int
) -> None:
    page, title = visitor.page, f"Morning {width}"
    visitor.open("/digests")
    visitor.press_link("New digest")
    visitor.write("Name", title)
    visitor.write("When", "weekdays at 7:30")
    visitor.write("Time zone", "Europe/London")
    times = page.locator("[data-next-times]")
    expect(times).to_have_text(re.compile(r"^Next: (\w{3} \d+ \w{3} 07:30[;.] ?){3}$"))
    visitor.tick(page.get_by_label("All topics, also those added later"), on=False)
    visitor.tick(page.get_by_label("ferries", exact=True))
    visitor.tick(page.get_by_label("post: ann@desk.example, ben@desk.example"))
    visitor.press_button("Add digest")
    visitor.expect_text(f"Added the digest {title}")
    row = get_row(visitor, title)
    expect(row).to_contain_text("Weekdays at 07:30")
    expect(row).to_contain_text("3 recipients")
    expect(row.locator("td[data-l=When] time")).to_have_count(3)

    visitor.press(row.get_by_role("link", name="Preview"))
    expect(page.get_by_role("heading", name=f"Preview: {title}")).to_be_visible()
    visitor.unfold("Send now")
    visitor.press_button("Send to 3")
    page.wait_for_url(re.compile(r"/digests/\d+$"))
    visitor.expect_text("Messages")
    wait_for(
        lambda: sum(title in str(message["Subject"]) for message in mailbox.messages) == 2, "the digest in the mailbox"
    )

    visitor.open("/digests")
    visitor.press(row.locator("summary"))
    visitor.press(row.get_by_role("button", name="Pause"))
    expect(row.locator(".flag", has_text="paused")).to_be_visible()
    visitor.look()
    visitor.press(row.get_by_role("link", name="Edit"))
    visitor.write("When", "fridays at 16:00")
    expect(times).to_contain_text("16:00; ")
    visitor.save()
    expect(row).to_contain_text("Fridays at 16:00")
    changed = client.get_digest(f"morning-{width}")
    visitor.press(row.locator("summary"))
    visitor.press(row.get_by_role("button", name="Delete digest"))
    visitor.undo(f"Deleted the digest {title}")
    expect(row).to_be_visible()

    assert (changed["paused"], changed["topics"], changed["channels"], changed["timezone"]) == (
        True, ["ferries"], ["files", "post"], "Europe/London",
    )  # fmt: skip


@narrow_first
def test_a_channel_is_made_tested_edited_and_deleted(
    visitor: Keyboard, client: Client, mailbox: MailServer, width: int
) -> None:
    page, name = visitor.page, f"press-{width}"
    visitor.open("/digests")
    visitor.press_link("New channel")
    visitor.press_link("Webhook")
    expect(page.get_by_label("Signing secret")).to_be_visible()
    visitor.press_link("E-mail")
    visitor.write("Name", name)
    visitor.write("Mail server", "127.0.0.1")
    visitor.write("Port", "9")
    visitor.tab_to(page.get_by_label("Encryption"))
    page.keyboard.type("none")
    visitor.write("User name", "desk")
    visitor.write("Password", "a heron and two swans")
    visitor.write("From", "desk@desk.example")
    visitor.write("To", f"ann-{width}@desk.example")
    visitor.press_button("Add channel")
    visitor.expect_text("It is set, and not shown.")
    visitor.press_button("Send a test message")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.look()

    visitor.press_link("Edit channel")
    visitor.write("Port", str(mailbox.port))
    visitor.write("User name", "")
    visitor.tick(page.get_by_label("Remove it"))
    visitor.write("To", f"ann-{width}@desk.example\nben-{width}@desk.example")
    visitor.press_button("Save channel")
    visitor.expect_text(f"Changed the channel {name}")
    visitor.press_button("Send a test message")
    expect(page.get_by_text("the test message was sent")).to_have_count(2)
    settings = client.get_channel(name)

    visitor.press_link("Edit channel")
    visitor.unfold("Delete channel")
    visitor.press_button("Delete channel")
    visitor.undo(f"Deleted the channel {name}")
    expect(get_row(visitor, name)).to_be_visible()

    to = [f"ann-{width}@desk.example", f"ben-{width}@desk.example"]
    assert (settings["options"]["to"], settings["secrets"]) == (to, [])
    assert set(to) <= set(mailbox.recipients)


@narrow_first
def test_a_topic_is_tried_saved_read_and_restored_without_a_script(
    browser: Browser, desk: Desk, client: Client, width: int
) -> None:
    wait_for(lambda: LATE in str(client.list_entries()), "the news")
    name, topic_id = f"Boats {width}", f"boats-{width}"
    with visit(browser, desk, width, script=False) as visitor:
        page = visitor.page
        visitor.open("/topics")
        visitor.press_link("New topic")
        visitor.write("Name", name)
        visitor.write("Any of", "ferry\nnight boat")
        visitor.write("None of", "match")
        visitor.press_button("Try it")
        expect(page.locator("#found")).to_contain_text(LATE)
        expect(page.locator("#found")).not_to_contain_text(ABANDONED)
        assert page.get_by_label("Any of", exact=True).input_value() == "ferry\nnight boat"
        visitor.press_button("Save topic")
        visitor.expect_text(f"Added the topic {name}")
        first = client.get_topic_settings(topic_id)["query"].strip()

        visitor.write("Query text", "ferry NOT match NOT film")
        visitor.press_button("Save topic")
        visitor.expect_text(f"Changed the topic {name}")
        assert page.get_by_label("None of", exact=True).input_value() == "match\nfilm"
        second = client.get_topic_settings(topic_id)["query"].strip()
        visitor.press_link("Show topic")
        expect(page.locator("pre.query").first).to_have_text("ferry NOT match NOT film")
        visitor.unfold("Its query")
        visitor.press_button("Restore this query")
        visitor.expect_text(f"Changed the topic {name}")
        visitor.open(f"/hits?topic={topic_id}")
        expect(page.locator(".hit h3")).to_contain_text([LATE])

    assert first == client.get_topic_settings(topic_id)["query"].strip() == '(ferry OR "night boat") NOT match'
    assert second == "ferry NOT match NOT film"


# The last one: while the password is set, nothing else gets in.
@wide_first
def test_retention_contact_and_password_are_changed_and_undone(visitor: Keyboard, client: Client, width: int) -> None:
    page = visitor.page
    before = client.get_settings()
    visitor.open("/settings")
    visitor.write("Items", f"{width}d")
    visitor.write("Contact", f"desk-{width}@desk.example")
    visitor.save()
    visitor.expect_text("Changed ")
    changed = client.get_settings()
    visitor.undo(client.list_history()["versions"][0]["summary"])

    visitor.write("New password", "two swans by the lock")
    visitor.write("New password again", "two swans by the quay")
    visitor.press_button("Save settings")
    visitor.expect_text("The two passwords are not the same.")
    visitor.look()
    visitor.write("New password", "two swans by the lock")
    visitor.write("New password again", "two swans by the lock")
    visitor.press_button("Save settings")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    visitor.look()
    visitor.write("Password or token", "two swans by the lock")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    visitor.press_link("History and undo")
    expect(page.get_by_role("heading", name="History of changes")).to_be_visible()
    visitor.press(page.get_by_role("button", name=re.compile("^Undo: ")).first)
    visitor.expect_text("Undone: ")
    after = client.get_settings()

    assert (changed["retention"]["entries"], changed["fetch"]["contact"]) == (f"{width}d", f"desk-{width}@desk.example")
    assert after == before
