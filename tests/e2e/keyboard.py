"""A visitor who has a keyboard and no mouse, on the page of a real daemon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.machine import Desk
from tests.e2e.test_setup_page import find_serious
from tests.web.test_browser import COLOURS

MAX_TABS = 150
PATIENCE = 45_000
"""Milliseconds that a visitor waits for what has to come; machines that build are slow."""
_SHOWS_FOCUS = """element => {
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return outlineStyle !== "none" && outlineWidth !== "0px";
}"""
_IS_COVERED = """element => {
  const box = element.getBoundingClientRect();
  const [x, y] = [box.left + Math.min(box.width / 2, 20), box.top + Math.min(box.height / 2, 12)];
  const there = document.elementFromPoint(x, y);
  return !(there && (element.contains(there) || there.contains(element)));
}"""


class Keyboard:
    """`faults` collects what axe, the console, the width of the page and the place of the focus are found to be."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console", lambda message: self.faults.append(message.text) if "Security Policy" in message.text else None
        )

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def tab_to(self, wanted: Locator) -> None:
        """Press Tab until an element has the focus: what no key reaches is not there for this visitor."""
        expect(wanted).to_be_visible()
        for _ in range(MAX_TABS):
            if wanted.evaluate("element => element === document.activeElement"):
                if not wanted.evaluate(_SHOWS_FOCUS):
                    self.faults.append(f"{self.page.url}: no focus is seen on {wanted}")
                if wanted.evaluate(_IS_COVERED):
                    self.faults.append(f"{self.page.url}: something lies over {wanted}")
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key reaches {wanted}")

    def write(self, label: str, text: str) -> None:
        """Type a text over what a field holds."""
        self.tab_to(self.page.locator("main").get_by_label(label, exact=True))
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def tick(self, box: Locator, *, on: bool = True) -> None:
        """Reach a box, and tick it or take the tick away."""
        self.tab_to(box)
        if box.is_checked() != on:
            self.page.keyboard.press("Space")
        expect(box).to_be_checked(checked=on)

    def press(self, wanted: Locator) -> None:
        self.tab_to(wanted)
        self.page.keyboard.press("Enter")

    def press_button(self, name: str) -> None:
        self.press(self.page.locator("main").get_by_role("button", name=name, exact=True).first)

    def press_link(self, name: str) -> None:
        self.press(self.page.locator("main").get_by_role("link", name=name, exact=True).first)

    def unfold(self, name: str) -> None:
        self.press(self.page.locator("main summary", has_text=name).first)

    def save(self) -> None:
        self.page.keyboard.press("ControlOrMeta+Enter")

    def undo(self, summary: str) -> None:
        """Undo what was just saved, and wait until the page says so."""
        self.expect_text(summary)
        # The key is named once the script listens to it.
        expect(self.page.locator("form[data-undo] kbd")).to_be_visible()
        self.page.keyboard.press("z")
        self.expect_text(f"Undone: {summary}")

    def expect_text(self, text: str) -> None:
        """Wait until the page says something."""
        expect(self.page.locator("main").get_by_text(text).first).to_be_visible()

    def look(self, *, dark: bool = False) -> None:
        """Check the page as it is now; with `dark`, its colours in a dark room as well."""
        self.faults += [f"{self.page.url}: {fault}" for fault in find_serious(self.page)]
        if dark:
            self.page.emulate_media(color_scheme="dark")
            self.faults += [f"{self.page.url}, dark: {fault}" for fault in find_serious(self.page, COLOURS)]
            self.page.emulate_media(color_scheme="light")
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.faults.append(f"{self.page.url}: wider than its window")


@contextmanager
def visit(browser: Browser, desk: Desk, width: int, *, script: bool = True) -> Iterator[Keyboard]:
    """Open the page of a daemon in a window of a width in pixels; fails at its end where a fault was found."""
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    try:
        made = Keyboard(context.new_page(), f"http://127.0.0.1:{desk.port}")
        yield made
    finally:
        expect.set_options(timeout=5_000)
        context.close()
    assert made.faults == []
