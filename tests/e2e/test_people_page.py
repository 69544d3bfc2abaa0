"""People on the page of a real daemon: log in, add and change somebody, one's own account; by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.keyboard import Keyboard, visit
from tests.e2e.machine import Desk
from tests.e2e.test_setup_page import at
from tests.e2e.test_setup_page import browser as browser

PASSWORD, NEW_PASSWORD = "grey heron at the weir", "two herons at the weir"
ADMIN = "Ada Ostrov"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A daemon with one admin, whom a command has added, and a mailbox for digests that nobody reads."""
    desk = Desk(tmp_path_factory.mktemp("office") / "desk")
    desk.write(
        topics={"ferries": "ferry", "tunnels": "tunnel"},
        channels={"post": {"kind": "email", "host": "127.0.0.1", "port": 9, "security": "none",
                           "sender": "desk@desk.example", "to": ["all@desk.example"]}},
    )  # fmt: skip
    desk.migrate()
    added = desk.run("users", "add", ADMIN, "--role", "admin", "--password-file", "-", given=PASSWORD)
    assert added.returncode == 0, added.stderr
    with desk.daemon():
        yield desk


def log_in(visitor: Keyboard, name: str, password: str = PASSWORD) -> None:
    visitor.open("/account")
    # The field has the focus already: who comes to log in begins to type.
    expect(visitor.page.get_by_label("Name", exact=True)).to_be_focused()
    visitor.page.keyboard.type(name)
    visitor.write("Password", password)
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")


# Each is walked through at one width here, and at the other in the slow tests.
@pytest.mark.parametrize("width", [at(1600), at(360, pytest.mark.slow)])
def test_a_person_is_added_changed_and_let_go(browser: Browser, office: Desk, width: int) -> None:
    name = f"Mara at {width}"
    with visit(browser, office, width) as visitor, visit(browser, office, width) as newcomer:
        page = visitor.page
        log_in(visitor, ADMIN)
        visitor.open("/people")
        visitor.write("Name", name)
        visitor.tab_to(page.locator("#f-role"))
        page.keyboard.type("editor")
        visitor.write("Password", "short")
        visitor.press_button("Add")
        expect(page.get_by_role("alert")).to_contain_text("8 characters")
        visitor.look(dark=True)
        visitor.write("Password", PASSWORD)
        visitor.save()
        expect(page.get_by_text("was added and can log in")).to_be_visible()
        row = page.locator("li.row", has_text=name)
        expect(row).to_contain_text("editor")

        log_in(newcomer, name)
        expect(newcomer.page.get_by_text(f"You are {name}, editor.")).to_be_visible()
        visitor.press(row.locator("summary"))
        visitor.tab_to(row.get_by_label("Role"))
        page.keyboard.type("reader")
        visitor.look()
        visitor.press(row.get_by_role("button", name="Change role"))
        expect(page.get_by_text("The role was changed.")).to_be_visible()
        newcomer.open("/topics")
        expect(newcomer.page.get_by_role("heading", name="Topics")).to_be_visible()
        expect(newcomer.page.get_by_role("link", name="New topic")).to_have_count(0)

        visitor.press(row.locator("summary"))
        visitor.press(row.get_by_role("button", name="End sessions"))
        expect(page.get_by_text("The sessions have ended.")).to_be_visible()
        newcomer.open("/topics")
        expect(newcomer.page.get_by_role("heading", name="Log in")).to_be_visible()

        visitor.press(row.locator("summary"))
        visitor.press(row.get_by_role("button", name=re.compile("Disable")))
        expect(page.get_by_text("can no longer log in")).to_be_visible()
        expect(row).to_contain_text("left")
        log_in(newcomer, name)
        expect(newcomer.page.get_by_text("Wrong name or password.")).to_be_visible()

        visitor.press_link("Who changed what")
        expect(page.locator("li", has_text=name).first).to_contain_text(ADMIN)
        visitor.look()


@pytest.mark.parametrize("width", [at(1600, pytest.mark.slow), at(360)])
def test_a_reader_keeps_an_account(browser: Browser, office: Desk, width: int) -> None:
    name = f"Ray at {width}"
    added = office.run("users", "add", name, "--role", "reader", "--password-file", "-", given=PASSWORD)
    assert added.returncode == 0, added.stderr
    with visit(browser, office, width) as visitor, visit(browser, office, width) as elsewhere:
        page = visitor.page
        log_in(visitor, name, "wrong")
        expect(page.get_by_text("Wrong name or password.")).to_be_visible()
        expect(page.get_by_label("Password")).to_be_focused()
        visitor.look(dark=True)
        visitor.press(page.get_by_role("link", name="Help", exact=True))
        expect(page.get_by_role("heading", name="Log in", exact=True)).to_be_in_viewport()
        visitor.look(dark=True)
        log_in(elsewhere, name)
        expect(elsewhere.page.get_by_role("heading", name="Account")).to_be_visible()
        log_in(visitor, name)
        expect(page.get_by_text(f"You are {name}, reader.")).to_be_visible()
        visitor.look(dark=True)

        visitor.press_link("New digest for you")
        visitor.write("Your mail address", "ray@home.example")
        visitor.write("When", "mondays at 9")
        expect(page.locator("[data-next-times]")).to_contain_text("Next:")
        visitor.look()
        visitor.save()
        expect(page.get_by_text("Your digest was saved.")).to_be_visible()
        visitor.press_button(f"Pause Digest for {name}")
        expect(page.get_by_text("Your digest is paused.")).to_be_visible()
        visitor.press_link(f"Digest for {name}")
        visitor.write("Name", "Ferries on Mondays")
        visitor.save()
        expect(page.get_by_text("Your digest was saved.")).to_be_visible()
        visitor.press_button("End Ferries on Mondays")
        expect(page.get_by_text("Your digest has ended.")).to_be_visible()

        visitor.press(page.get_by_role("button", name=re.compile("^End the session from")).first)
        expect(page.get_by_text("The session has ended.")).to_be_visible()
        elsewhere.open("/account")
        expect(elsewhere.page.get_by_role("heading", name="Log in")).to_be_visible()

        visitor.write("Current password", PASSWORD)
        visitor.write("New password", NEW_PASSWORD)
        visitor.write("New password again", NEW_PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text("The password was changed")).to_be_visible()
        visitor.press(page.get_by_role("button", name="Log out"))
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        log_in(visitor, name, NEW_PASSWORD)
        expect(page.get_by_role("heading", name="Account")).to_be_visible()
