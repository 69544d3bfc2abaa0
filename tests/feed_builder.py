"""Builds feeds for tests from flat values: each goes to the part of a feed that has a field of its name."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from watcher.model.feed import BudgetUse, DocumentState, Feed, FeedConfig, FeedStats, PollState, PushState

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_PARTS = {
    name: part
    for part, kind in (
        ("poll", PollState),
        ("stats", FeedStats),
        ("document", DocumentState),
        ("budget_use", BudgetUse),
        ("push", PushState),
    )
    for name in (field.name for field in fields(kind))
}


def build_feed(url: str = "https://post.example/rss", **values: Any) -> Feed:
    """Return a feed that is due at NOON; `values` are fields of Feed or of its parts."""
    config = values.pop("config", FeedConfig(url=url))
    feed = Feed(id=1, config=config, fetch_url=url, poll=PollState(next_poll_at=NOON))
    return change_feed(feed, **values)


def change_feed(feed: Feed, **values: Any) -> Feed:
    """Return a feed with other values of fields of Feed or of its parts."""
    own = {name: value for name, value in values.items() if name not in _PARTS}
    parts = {_PARTS[name] for name in values if name in _PARTS}
    changed = {
        part: replace(
            getattr(feed, part), **{name: value for name, value in values.items() if _PARTS.get(name) == part}
        )
        for part in parts
    }
    return replace(feed, **own, **changed)
