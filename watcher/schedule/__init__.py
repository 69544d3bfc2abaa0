"""Decides when a feed is polled next and how healthy it is: politely, at its own publishing interval. Pure."""

from watcher.schedule.budget import apply_budget, get_mark, prepare_request
from watcher.schedule.health import Health, get_feed_health
from watcher.schedule.limits import PollLimits, PollTerms
from watcher.schedule.next_poll import plan_next_poll
from watcher.schedule.politeness import collect_hints, parse_freshness

__all__ = [
    "Health",
    "PollLimits",
    "PollTerms",
    "apply_budget",
    "collect_hints",
    "get_feed_health",
    "get_mark",
    "parse_freshness",
    "plan_next_poll",
    "prepare_request",
]
