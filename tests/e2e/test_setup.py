"""From nothing to a first digest, by the answers of the guided set-up."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machine import Desk
from tests.servers import MailServer, SlackServer
from tests.web_server import Reply, Server

NEWS = {
    "Ferry to the islands is cancelled for a week": timedelta(hours=5),
    "Storm delays the night ferry": timedelta(days=1),
    "Old ferries: a history of cancelled crossings": timedelta(days=40),
    "Council debates parking": timedelta(hours=2),
}
"""Headlines, and how old they are."""


def serve_news(press: Server) -> str:
    """Serve a site that names its feed; return the site's address."""
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{title}</title><link>{press.url}/{number}</link><guid>{number}</guid>"
        f"<pubDate>{format_datetime(now - age)}</pubDate></item>"
        for number, (title, age) in enumerate(NEWS.items())
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Harbour Post</title>{items}</channel></rss>'
    press.pages["/feed"] = Reply(body=body.encode(), headers={"Content-Type": "application/rss+xml"})
    page = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head><body>News</body></html>'
    press.pages["/"] = Reply(body=page.encode(), headers={"Content-Type": "text/html"})
    return press.url + "/"


def make_answers(site: str, mail: MailServer, slack: SlackServer) -> dict[str, Any]:
    """Return answers with a sentence, a site, a mailbox and a Slack conversation."""
    return {
        "language": "en",
        "timezone": "Europe/London",
        "watch": [{"sentence": "A ferry is late, cancelled or delayed.", "name": "Ferries"}],
        "feeds": [site],
        "channels": [
            {
                "name": "mail",
                "kind": "email",
                "options": {
                    "host": "127.0.0.1", "port": mail.port, "security": "none", "to": ["ann@desk.example"],
                    "sender": "Watcher <watcher@desk.example>",
                },
            },
            {"name": "slack", "kind": "slack", "options": {"webhook_url": slack.webhook}},
        ],
        "digest": {"title": "Ferry news", "schedule": "weekdays at 7:00"},
        "first_digest_days": 3,
    }  # fmt: skip


@pytest.fixture
def fresh(desk: Desk) -> Desk:
    """A folder without a configuration, where the machine's own addresses may be fetched."""
    desk.folder.mkdir(exist_ok=True)
    desk.environ |= {"WATCHER_FETCH__ALLOW": "127.0.0.0/8", "WATCHER_WEB__PORT": str(desk.port)}
    return desk


def write_answers(desk: Desk, answers: dict[str, Any]) -> Path:
    """Write answers beside the configuration's folder."""
    path = desk.folder.parent / "answers.json"
    path.write_text(json.dumps(answers), "utf-8")
    return path


def test_a_file_of_answers_leads_to_a_first_digest_by_mail_and_slack(fresh: Desk, press: Server) -> None:
    site = serve_news(press)

    with MailServer() as mail, SlackServer() as slack:
        path = write_answers(fresh, make_answers(site, mail, slack))
        started = time.monotonic()
        result = fresh.json("setup", "--answers", str(path))
        elapsed = time.monotonic() - started
    sys.stdout.write(f"\nsetup --answers: {elapsed:.1f} s to the digest in the mailbox\n")

    first = result["first_digest"]
    assert (first["state"], first["feeds_read"], first["stories"]) == ("sent", 1, 2)
    assert str(mail.messages[0]["Subject"]).startswith("Test message")
    digest = mail.messages[-1].get_body(("plain",))
    assert digest is not None
    text = digest.get_content()
    assert "Ferry to the islands is cancelled" in text
    assert "Council debates parking" not in text
    assert len(slack.messages) == 2
    assert fresh.json("status")["outbox"] == {"sent": 2}
    assert slack.webhook not in "".join(path.read_text("utf-8") for path in fresh.folder.glob("*.yaml"))
