"""Decides when a feed is polled next, and how it does: polite to its server, at the feed's own rhythm. Pure."""

from watcher.schedule.budget import ask_anew, get_mark, keep_within
from watcher.schedule.health import Health, health
from watcher.schedule.next_poll import Bounds, after
from watcher.schedule.politeness import fresh_for, hints

__all__ = ["Bounds", "Health", "after", "ask_anew", "fresh_for", "get_mark", "health", "hints", "keep_within"]
