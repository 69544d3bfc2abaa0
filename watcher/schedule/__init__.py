"""Decides when a feed is polled next and how healthy it is: politely, at its own publishing interval. Pure."""

from typing import TYPE_CHECKING

from watcher.lazy_names import import_when_used

if TYPE_CHECKING:
    from watcher.schedule.budget import apply_budget, get_mark, prepare_request
    from watcher.schedule.health import Health, get_feed_health
    from watcher.schedule.limits import PollLimits, PollTerms
    from watcher.schedule.next_poll import plan_next_poll
    from watcher.schedule.politeness import collect_hints, parse_freshness
else:
    # Imported when they are used: commands that show health need one module of ten, and nothing of polling.
    _MODULES = {
        "Health": "health",
        "PollLimits": "limits",
        "PollTerms": "limits",
        "apply_budget": "budget",
        "collect_hints": "politeness",
        "get_feed_health": "health",
        "get_mark": "budget",
        "parse_freshness": "politeness",
        "plan_next_poll": "next_poll",
        "prepare_request": "budget",
    }

    __getattr__ = import_when_used(__name__, _MODULES)


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
