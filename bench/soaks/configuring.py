"""The configuration folder of a run, as it is after a number of reloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.soaks.plan import FeedPlan, Plan
from bench.soaks.sites import SLACK_HOST, SLACK_TOKEN

READERS = ("desk@reader.example", "duty@reader.example")
DAILY, WEEKLY, ALERTS = "daily", "weekly", "alerts"
RETENTION_DAYS = 21


def feed_url(feed: FeedPlan, port: int) -> str:
    """Return the address that a feed is configured with."""
    return f"http://{feed.host}:{port}{feed.path}"


def channel_names(reloads: int) -> tuple[str, str]:
    """Return the names of the mail and the Slack channel: every reload renames the first."""
    return ("mail" if reloads == 0 else f"mail-{reloads}"), "slack"


def write_config(folder: Path, plan: Plan, at: float, reloads: int, web_port: int, mail_port: int) -> None:
    """Write the configuration as it is from a moment on. JSON is YAML, too."""
    folder.mkdir(parents=True, exist_ok=True)
    mail, slack = channel_names(reloads)
    channels: dict[str, Any] = {
        mail: {
            "kind": "email", "host": "127.0.0.1", "port": mail_port, "security": "none", "username": "watcher",
            "password": "secret", "sender": "watcher@soak.example", "to": list(READERS), "timeout": "1s",
            "formerly": [channel_names(number)[0] for number in range(reloads)],
        },
        slack: {
            "kind": "slack", "token": SLACK_TOKEN, "channel": "C0SOAK",
            "api_url": f"http://{SLACK_HOST}:{web_port}/api",
        },
    }  # fmt: skip
    digests = [
        {"name": DAILY, "schedule": "0 7 * * *", "channels": [mail, slack], "empty": "send", "max_stories": 100},
        {"name": WEEKLY, "schedule": "0 8 * * 1", "channels": [mail], "empty": "send"},
        {
            "name": ALERTS, "schedule": "immediate", "topics": ["sabotage"], "channels": [mail, slack],
            "cooldown": "0s", "alarms": False,
        },
    ]  # fmt: skip
    settings = {
        "fetch": {"allow": ["127.0.0.0/8"], "websub": False},
        "retention": {"entries": f"{RETENTION_DAYS}d", "hits": "40d", "polls": "7d", "payloads": "7d"},
        "channels": channels,
        "digests": digests,
    }
    feeds = [
        {"url": feed_url(feed, web_port), "title": f"Feed {feed.number}", "interval": "3h", "language": "en"}
        for feed in plan.feeds
        if feed.watched.holds(at)
    ]
    topics = {"topics": [{"id": "sabotage", "name": "Sabotage", "query": "sabotage AND suspected"}]}
    (folder / "watcher.yaml").write_text(json.dumps(settings))
    (folder / "feeds.yaml").write_text(json.dumps({"feeds": feeds}))
    (folder / "topics.yaml").write_text(json.dumps(topics))
