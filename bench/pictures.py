"""Takes the pictures of the page and the digest from the demonstration: `python bench/pictures.py [NAME...]`.

The demonstration runs as a process on a port of loopback; a Chromium takes one picture of each page named below.
Look at each before it is committed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs/pictures"
PORT = 18_431
HOME = f"http://127.0.0.1:{PORT}"
PICTURES = {
    "topics": ("/topics", 1600, "light"),
    "topic": ("/topics/five-eyes", 1600, "light"),
    "archive": ("/archive?q=" + quote("intelligence NEAR/6 share~"), 1600, "light"),
    "feed": ("", 1600, "light"),
    "add-feed": ("/feeds/add", 1600, "light"),
    "digests": ("/digests", 1600, "light"),
    "deliveries": ("/deliveries", 1600, "light"),
    "as-of": ("/as-of?at=1s", 1600, "light"),
    "archive-phone": ("/archive?q=" + quote("intelligence NEAR/6 share~"), 360, "dark"),
    "feeds-phone": ("/feeds", 360, "dark"),
}
DIGESTS = {
    "digest-desktop": (860, 700, "light"),
    "digest-phone": (460, 900, "light"),
    "digest-dark": (460, 900, "dark"),
}
"""The mail's HTML, which the demonstration writes to its folder."""


def main() -> int:
    wanted = sys.argv[1:] or [*PICTURES, *DIGESTS]
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen(
            [sys.executable, "-m", "watcher", "demo", "--port", str(PORT), "--folder", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                for name in wanted:
                    if name in DIGESTS:
                        _take_digest(browser, Path(folder), name)
                    else:
                        _take(browser, name, *PICTURES[name])
                browser.close()
        finally:
            demo.terminate()
            demo.wait(20)
    return 0


def _wait() -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{HOME}/healthz", timeout=1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit("the demonstration did not open its page within a minute")


def _take(browser: Browser, name: str, path: str, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900 if width > 400 else 780}, color_scheme=scheme)
    page.goto(HOME + (path or _first_feed(page)), wait_until="load")
    page.wait_for_timeout(400)
    file = FOLDER / f"page-{name.removesuffix('-phone')}-{width}-{scheme}.png"
    page.screenshot(path=file)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")
    page.close()


def _take_digest(browser: Browser, folder: Path, name: str) -> None:
    """Take the picture of the first digest, once it is written."""
    width, height, scheme = DIGESTS[name]
    for _ in range(400):
        if written := sorted(folder.glob("var/digests/*.html")):
            break
        time.sleep(0.5)
    else:
        raise SystemExit("the demonstration wrote no digest")
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(written[0].as_uri())
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def _first_feed(page: Page) -> str:
    page.goto(f"{HOME}/feeds")
    return page.locator("a[href*='/feeds/show']").first.get_attribute("href") or "/feeds"


if __name__ == "__main__":
    sys.exit(main())
