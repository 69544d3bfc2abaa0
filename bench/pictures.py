"""Takes the pictures of the page, the digest and its Slack message from the demonstration.

    python bench/pictures.py [NAME...]

The demonstration runs as a process on a port of loopback; a Chromium takes one picture of each page named below. The
Slack message is drawn from its blocks, about as Slack does. Look at each before it is committed.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs/pictures"
PORT = 18_431
HOME = f"http://127.0.0.1:{PORT}"
PICTURES = {
    "hits": ("/hits", 1600, "light"),
    "story": ("/stories?order=outlets > main a[href*='/stories/']", 1600, "light"),
    "workbench": ("/workbench?topic=five-eyes > main button:has-text('Try'):not([aria-hidden])", 1600, "dark"),
    "entry": ("/hits?source=The+Capital+Ledger > main a[href*='/hits/']", 1600, "light"),
    "overview": ("/overview", 1600, "light"),
    "feeds": ("/feeds", 1600, "light"),
    "digest": ("/digests > main a[href*='/digests/1']", 1600, "light"),
    "archive": ("/archive?q=" + quote("intelligence NEAR/6 share~"), 1600, "light"),
    "as-of": ("/as-of?at=1s", 1600, "light"),
    "topics": ("/topics", 1600, "light"),
    "topic": ("/topics/five-eyes", 1600, "light"),
    "feed": ("/feeds > a[href*='/feeds/show']", 1600, "light"),
    "add-feed": ("/feeds/add", 1600, "light"),
    "digests": ("/digests", 1600, "light"),
    "deliveries": ("/deliveries", 1600, "light"),
    "archive-phone": ("/archive?q=" + quote("intelligence NEAR/6 share~"), 360, "dark"),
    "feeds-phone": ("/feeds", 360, "dark"),
    "hits-phone": ("/hits", 360, "dark"),
    "story-phone": ("/stories?order=outlets > main a[href*='/stories/']", 360, "light"),
}
"""A page, and behind ` > ` the link or button that leads on from it; width and scheme."""
DIGESTS = {
    "digest-desktop": (860, 1240, "light"),
    "digest-phone": (400, 1240, "light"),
    "digest-dark": (400, 1240, "dark"),
}
"""The mail's HTML, which the demonstration writes to its folder: width, height, scheme."""
SLACK = {"slack": (860, 1100, "light")}
SLACK_STYLE = """
body { margin: 0; padding: 20px 24px; font: 15px/1.46 Lato, 'Noto Sans', Arial, sans-serif; color: #1d1c1d; }
.from { font-weight: 900; } .from i { font: 11px Arial; background: #ebeaeb; padding: 1px 4px; border-radius: 3px; }
.header { font-size: 18px; font-weight: 900; margin: 6px 0; } .section { margin: 6px 0; max-width: 640px; }
.context { font-size: 12px; color: #616061; margin: 4px 0; } a { color: #1264a3; text-decoration: none; }
hr { border: 0; border-top: 1px solid #ddd; margin: 12px 0; } pre, code { font-size: 12px; }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 3px 11px; margin: 4px 8px 4px 0;
  font-size: 13px; font-weight: 700; }
"""


def main() -> int:
    wanted = sys.argv[1:] or [*PICTURES, *DIGESTS, *SLACK]
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen(
            [sys.executable, "-m", "watcher", "demo", "--port", str(PORT), "--folder", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait()
            _wait_for_digest(Path(folder))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                for name in wanted:
                    if name in DIGESTS:
                        _take_digest(browser, Path(folder), name)
                    elif name in SLACK:
                        _take_slack(browser, Path(folder), name)
                    else:
                        _take(browser, name, *PICTURES[name])
                browser.close()
        finally:
            demo.terminate()
            demo.wait(20)
    return 0


def _wait() -> None:
    for _ in range(360):
        try:
            urllib.request.urlopen(f"{HOME}/healthz", timeout=1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit("the demonstration did not open its page within three minutes")


def _take(browser: Browser, name: str, path: str, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900 if width > 400 else 780}, color_scheme=scheme)
    path, _, selector = path.partition(" > ")
    page.goto(HOME + path, wait_until="load")
    if selector:
        further = page.locator(selector).first
        if (link := further.get_attribute("href")) is not None:
            page.goto(HOME + link.partition("#")[0], wait_until="load")
        else:
            further.click()
            page.wait_for_load_state("load")
            page.wait_for_timeout(1_500)
    page.wait_for_timeout(400)
    file = FOLDER / f"page-{name.removesuffix('-phone')}-{width}-{scheme}.png"
    page.screenshot(path=file)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")
    page.close()


def _take_digest(browser: Browser, folder: Path, name: str) -> None:
    """Take the picture of the first digest, once it is written."""
    width, height, scheme = DIGESTS[name]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(_wait_for_digest(folder).as_uri())
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def _wait_for_digest(folder: Path) -> Path:
    for _ in range(400):
        if written := sorted(folder.glob("var/digests/*.html")):
            return written[0]
        time.sleep(0.5)
    raise SystemExit("the demonstration wrote no digest")


def _take_slack(browser: Browser, folder: Path, name: str) -> None:
    """Take the picture of the digest's first Slack messages."""
    width, height, scheme = SLACK[name]
    # Of a digest that has sent nothing yet, all that the other one has sent is new.
    configuration = folder / "watcher.yaml"
    written = yaml.safe_load(configuration.read_text())
    [sent] = written["digests"]
    configuration.write_text(yaml.safe_dump(written | {"digests": [sent, sent | {"name": "slack"}]}))
    preview = ("digest", "preview", "slack", "--since", "1d", "--format", "slack")
    made = subprocess.run(
        [sys.executable, "-m", "watcher", "--config", str(folder), *preview], capture_output=True, text=True, check=True
    )
    messages = "".join(_draw_message(message["blocks"]) for message in json.loads(made.stdout))
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.set_content(f"<!doctype html><meta charset=utf-8><style>{SLACK_STYLE}</style>{messages}")
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def _draw_message(blocks: Sequence[dict[str, Any]]) -> str:
    drawn = []
    for block in blocks:
        match block["type"]:
            case "divider":
                drawn.append("<hr>")
            case "header":
                drawn.append(f"<div class=header>{html.escape(block['text']['text'])}</div>")
            case "actions":
                labels = (html.escape(element["text"]["text"]) for element in block["elements"])
                drawn.append("".join(f"<span class=button>{label}</span>" for label in labels))
            case kind:
                text = block["text"]["text"] if kind == "section" else block["elements"][0]["text"]
                drawn.append(f"<div class={kind} dir=auto>{_draw_mrkdwn(text)}</div>")
    return "<div class=from>News watcher <i>APP</i></div>" + "".join(drawn)


def _draw_mrkdwn(text: str) -> str:
    """Return Slack's markup, whose outside text is escaped already, as HTML."""
    text = re.sub(r"<([^|>]+)\|([^>]*)>", r'<a href="\1">\2</a>', text)
    text = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", text)
    text = re.sub(r"(?<!\w)_([^_\n]+)_(?!\w)", r"<i>\1</i>", text)
    return text.replace("\n", "<br>")


if __name__ == "__main__":
    sys.exit(main())
