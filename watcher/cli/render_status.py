"""Prints the status for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.cli import output
from watcher.text.lengths import format_wait

if TYPE_CHECKING:
    from watcher.contract.status import FeedCounts, Meaning, PrintedStatus

LAG_SHOWN_SECONDS = 60
"""A shorter lag is not worth a mention: feeds are due every minute."""
_COLORS = {"degraded": output.YELLOW, "stale": output.YELLOW, "failing": output.RED, "gone": output.RED}


def print_status(status: PrintedStatus) -> None:
    """Print the status, one subject a line; problems are coloured."""
    # Without a network every feed looks late: this comes first.
    if away := status["network"]["away_since"]:
        line = f"Network   down since {away}: this machine reaches no host, no feed can be read"
        output.print_line(output.style_text(line, output.RED))
    output.print_line(f"Feeds     {status['feeds']['total']}: {', '.join(_list_feed_counts(status['feeds']))}")
    lag = status["lag_seconds"]
    late = f"; checks are {lag} s behind" if lag > LAG_SHOWN_SECONDS else ""
    output.print_line(f"Polled    {status['last_poll_at'] or 'never'}{late}")
    _print_problems(status)
    output.print_line(f"Archive   {status['entries']} entries, {status['hits']} hits")
    if (meaning := status["meaning"]) is not None:
        output.print_line(f"Meaning   {_format_meaning(meaning)}")
    for digest in status["digests"]:
        last = f"last {digest['last_at']}" if digest["last_at"] else "none yet"
        upcoming = f"next {digest['next_at']}" if digest["next_at"] else digest["schedule"]
        if digest["stopped"]:
            upcoming = output.style_text(f"stopped: owner left ({output.clean_text(digest['owner'])})", output.YELLOW)
        output.print_line(f"Digest    {digest['name']}: {last}, {upcoming}")
    for channel in status["channels_blocked"]:
        line = f"{channel['channel']} refused since {channel['since']}: {channel['reason']}"
        output.print_line(f"Channel   {output.style_text(output.clean_text(line), output.RED)}")
    messages = ", ".join(f"{count} {name}" for name, count in status["outbox"].items()) or "empty"
    output.print_line(f"Outbox    {messages}")
    output.print_line(f"Database  {status['database']['url']} (schema {status['database']['revision']})")
    output.print_line(f"Workers   {', '.join(worker['owner'] for worker in status['workers']) or 'none is running'}")
    output.print_line(f"Version   {status['version']}")


def _format_meaning(meaning: Meaning) -> str:
    """Return how far reading for meaning is, and what keeps it."""
    waiting = meaning["backlog"] + meaning["building_backlog"]
    if not waiting:
        return f"every entry is read ({meaning['model']})"
    entries = output.format_count(waiting, "entry", "entries")
    if meaning["building"] is not None:
        text = f"{entries} to read again for {meaning['building']}; {meaning['model']} serves until then"
    else:
        text = f"{entries} not read yet ({meaning['model']})"
    if meaning["fault"] is not None:
        return output.style_text(output.clean_text(f"{text}: {meaning['fault']}"), output.YELLOW)
    return f"{text}, about {format_wait(meaning['seconds'])} left" if meaning["seconds"] is not None else text


def _list_feed_counts(feeds: FeedCounts) -> list[str]:
    counts = {
        "fresh": feeds["fresh"], "new": feeds["new"], "degraded": feeds["degraded"], "stale": feeds["stale"],
        "failing": feeds["failing"], "gone": feeds["gone"], "paused": feeds["paused"],
    }  # fmt: skip
    return [
        output.style_text(f"{count} {name}", *([_COLORS[name]] if name in _COLORS and count else []))
        for name, count in counts.items()
        if count or name in {"fresh", "stale", "failing"}
    ]


def _print_problems(status: PrintedStatus) -> None:
    if status["gaps"]:
        lost = output.format_count(status["lost"], "item")
        output.print_line(f"Gaps      {status['gaps']}: about {lost} may be missing between polls")
    if status["storage"]:
        line = f"{status['storage']}: nothing can be stored"
        output.print_line(f"Storage   {output.style_text(line, output.RED)}")
    for fault in status["clock"]:
        output.print_line(f"Clock     {output.style_text(fault, output.RED)}")
    for count, description in (
        (status["left_out"], "not stored: more than a day's budget, or more than is read of one document"),
        (status["merged"], "taken for repetitions of others in the same document"),
        (status["recovered"], "stored as baseline that an earlier version had merged with others"),
    ):
        if count:
            output.print_line(f"Items     {count:,} {description}")
