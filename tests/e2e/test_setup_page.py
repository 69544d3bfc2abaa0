"""The first-start page in a browser: from `watcher run` in an empty folder to a digest, without touching a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.machine import Desk, wait_for
from tests.e2e.test_setup import fresh as fresh
from tests.e2e.test_setup import make_answers, serve_news
from tests.servers import MailServer, SlackServer
from tests.web.test_browser import CHROMIUM, FLAGS
from tests.web_server import Server
from watcher.client import Client

EVERY_RULE: Mapping[str, Any] = MappingProxyType({})


def at(width: int, *marks: pytest.MarkDecorator) -> Any:
    """Return a width of the window, in pixels, as a parameter."""
    return pytest.param(width, id=f"{width} px", marks=marks)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        if os.environ.get("WATCHER_TESTS_MAY_SKIP") == "no":
            pytest.fail("no chromium: apt-get install chromium")
        pytest.skip("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def type_setup(page: Page, site: str, mail: MailServer, slack: SlackServer) -> None:
    """Fill in the form, with the keyboard alone, and send both test messages."""
    fill(page, "A sentence, or the address of an article", "A ferry is late, cancelled or delayed.")
    fill(page, "Addresses of sites or feeds", site)
    press_button(page, "Find feeds")
    expect(page.get_by_label("The Harbour Post")).to_be_checked()
    for kind in ("E-mail", "Slack"):
        box = page.get_by_role("checkbox", name=kind)
        box.focus()
        page.keyboard.press("Space")
        expect(box).to_be_checked()
    fill(page, "To", "ann@desk.example")
    fill(page, "Mail server", "127.0.0.1")
    fill(page, "Port", str(mail.port))
    page.get_by_label("Encryption").focus()
    page.keyboard.type("none")
    fill(page, "Webhook address", slack.webhook)
    page.locator("#channel-email").get_by_role("button", name="Send a test message").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#channel-email [role=status]")).to_contain_text("was accepted", timeout=60_000)
    page.locator("#channel-slack").get_by_role("button", name="Send a test message").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#channel-slack [role=status]")).to_contain_text("was accepted", timeout=60_000)


def fill(page: Page, label: str, text: str) -> None:
    """Type a text into a field that was reached with the keyboard."""
    field = page.get_by_label(label, exact=label in ("To", "Port"))
    field.focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(text)


def press_button(page: Page, name: str) -> None:
    """Press a button with the keyboard."""
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def find_serious(page: Page, rules: Mapping[str, Any] = EVERY_RULE) -> list[str]:
    """Return what axe finds that is serious, by some of its rules or by all."""
    options = {"resultTypes": ["violations"], **rules}
    violations: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [violation["id"] for violation in violations if violation["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize(
    ("script", "width"),
    [
        pytest.param(True, 360, id="with a script, 360 px"),
        pytest.param(False, 1600, id="without, 1600 px"),
        pytest.param(True, 1600, id="with a script, 1600 px", marks=pytest.mark.slow),
        pytest.param(False, 360, id="without, 360 px", marks=pytest.mark.slow),
    ],
)
def test_a_first_start_ends_with_a_digest_in_the_mailbox_and_in_slack(
    fresh: Desk, press: Server, browser: Browser, width: int, script: bool
) -> None:
    site = serve_news(press)
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(60_000)

    started = time.monotonic()
    with MailServer() as mail, SlackServer() as slack, fresh.daemon() as daemon:
        page.goto(f"http://127.0.0.1:{fresh.port}/")
        expect(page.get_by_role("heading", name="Set up your watch")).to_be_visible()
        serious = find_serious(page) if script else []
        type_setup(page, site, mail, slack)
        overflow = page.evaluate("document.documentElement.scrollWidth") if script else width
        serious += find_serious(page) if script else []
        shown = page.content()
        press_button(page, "Start watching")
        expect(page.get_by_role("heading", name="Your watch has begun")).to_be_visible()
        wait_for(lambda: len(mail.messages) == 2 and len(slack.messages) == 2, "the first digest")
        elapsed = time.monotonic() - started
        # A page of its own: the first one may load itself again just now.
        again = context.new_page()
        again.goto(f"http://127.0.0.1:{fresh.port}/setup")
        done = again.url
        code = daemon.end()
    context.close()
    sys.stdout.write(f"\nfirst start on the page at {width} px: {elapsed:.1f} s to the digest in the mailbox\n")

    body = mail.messages[1].get_body(("plain",))
    assert body is not None
    assert "Ferry to the islands is cancelled" in body.get_content()
    assert "Storm delays the night ferry" in body.get_content()
    assert "Council debates parking" not in body.get_content()
    assert serious == []
    assert overflow <= width
    assert slack.webhook not in shown
    assert done.endswith("/setup/done")
    assert code == 0
    written = "".join(path.read_text("utf-8") for path in fresh.folder.glob("*.yaml"))
    assert slack.webhook not in written


def test_a_first_start_through_the_client_ends_with_a_digest(fresh: Desk, press: Server) -> None:
    site = serve_news(press)

    started = time.monotonic()
    with MailServer() as mail, SlackServer() as slack, fresh.daemon():
        with Client(f"http://127.0.0.1:{fresh.port}") as client:
            before = client.get_setup()
            result = client.set_up(make_answers(site, mail, slack))  # type: ignore[arg-type]
            wait_for(lambda: len(mail.messages) == 2 and len(slack.messages) == 2, "the first digest")
            elapsed = time.monotonic() - started
            wait_for(lambda: client.get_setup()["first_digest"]["state"] == "sent", "the state")
            after = client.get_setup()
    sys.stdout.write(f"\nfirst start through the client: {elapsed:.1f} s to the digest in the mailbox\n")

    assert before["needed"]
    assert not after["needed"]
    assert [test["channel"] for test in result["tests"]] == ["mail", "slack"]
    assert (result["feeds"], result["digest"], len(result["next"])) == (1, "briefing", 3)
    assert after["first_digest"]["stories"] == 2


def test_a_test_that_fails_says_why_and_nothing_is_saved(fresh: Desk, press: Server) -> None:
    site = serve_news(press)

    with MailServer() as mail, SlackServer() as slack, fresh.daemon():
        answers = make_answers(site, mail, slack)
        answers["channels"][0]["options"]["port"] = 9
        with Client(f"http://127.0.0.1:{fresh.port}") as client:
            with pytest.raises(Exception, match="the test did not arrive"):
                client.set_up(answers)  # type: ignore[arg-type]
            state = client.get_setup()

    assert state["needed"]
    assert not (fresh.folder / "var" / "secrets").exists() or not list((fresh.folder / "var" / "secrets").iterdir())
