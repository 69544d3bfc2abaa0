"""Decides when a feed is polled next, and how it does: polite to its server, at the feed's own rhythm. Pure."""

from watcher.schedule.after import Bounds, after
from watcher.schedule.health import Health, health
from watcher.schedule.politeness import fresh_for, hints

__all__ = ["Bounds", "Health", "after", "fresh_for", "health", "hints"]
