"""Counts which items of 35 feeds our poll keeps, beside lemon24's reader and rss2email on the same feeds.

    python bench/completeness.py [--check] [--only ours,reader,rss2email] [--folder DIR] [--show]

A server in a process of its own serves 984 invented items on loopback: thirty ordinary feeds (RSS 0.92 to 2.0, RSS 1.0,
Atom, JSON Feed; fifteen languages; gzip, br, zstd and none, in pieces or whole) and five hard ones (one link for all
items, ids that differ after `#` only, one id with two headlines, more than 96 kB under br, nothing but an enclosure).
One address more sends a bot check in place of a feed. With --folder the feeds are recorded documents instead, and what
stands in them is what feedparser reads.

Each tool polls three times by its own command, one process a poll: the first edition; the second, in which every feed
has one item more; the second again. An item is kept if a stored record of its feed has its headline or its text; every
other record is a double.

Aims: ours keeps every item of both editions, stores nothing twice, names the bot check and no other feed as failing,
and takes at most 4 times the CPU and 3 times the memory of reader at the first poll. (Two thirds of that CPU loads the
command and its topics.) With --check a missed aim is exit code 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from completeness_records import Expected, Stored, assign_records
from completeness_tools import Reader, Rss2email, Run, Tool, Watcher
from poll import Child

TOOLS = ("ours", "reader", "rss2email")
TIMES_CPU, TIMES_MEMORY = 4.0, 3.0
BOT_CHECK = "bot-check"


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool held after the first poll and after the last, and what these polls cost."""

    first: Stored
    last: Stored
    first_poll: Run
    unchanged_poll: Run
    not_modified: int
    failing: set[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(TOOLS), help="tools, by comma")
    parser.add_argument("--folder", type=Path, help="recorded feeds to serve in place of the invented ones")
    parser.add_argument("--show", action="store_true", help="print the feeds of lost items and of doubles")
    parser.add_argument("--check", action="store_true", help="exit 1 where an aim is missed")
    options = parser.parse_args()
    with ExitStack() as stack:
        server = Child("completeness_server.py", *([str(options.folder.resolve())] if options.folder else []))
        stack.callback(server.close)
        served = json.loads(server.greeting)
        addresses: dict[str, str] = served["addresses"]
        expected = [
            Expected(number, feed, kind, edition, title, text)
            for number, (feed, kind, edition, title, text) in enumerate(served["items"])
        ]
        results = {}
        for name in (name for name in TOOLS if name in options.only.split(",")):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            tool = make_tool(name, folder, served["smtp_port"], lambda: json.loads(server.ask("mails")))
            results[name] = measure(tool, addresses, expected, server)
    print_table(results, expected)
    if options.show:
        print_faults(results, expected)
    missed = list_missed_aims(results, expected, has_bot_check=BOT_CHECK in addresses)
    for aim in missed:
        print(f"MISSED: {aim}")
    sys.exit(1 if missed and options.check else 0)


def make_tool(name: str, folder: Path, smtp_port: int, read_mails: Callable[[], list[list[str]]]) -> Tool:
    if name == "rss2email":
        return Rss2email(folder, smtp_port, read_mails)
    return Watcher(folder) if name == "ours" else Reader(folder)


def measure(tool: Tool, addresses: Mapping[str, str], expected: Sequence[Expected], server: Child) -> Result:
    """Poll three times with one tool; `addresses` are those of the feeds, by name."""
    names = {address: name for name, address in addresses.items()}

    def assign() -> Stored:
        return assign_records([(names[feed], title, text) for feed, title, text in tool.list_records()], expected)

    server.ask("edition 1")
    tool.add(list(names))
    first_poll = tool.poll()
    first = assign()
    server.ask("edition 2")
    tool.poll()
    server.ask("requests")
    unchanged_poll = tool.poll()
    answers = json.loads(server.ask("requests"))
    failing = {names[address] for address in tool.list_failing(unchanged_poll)}
    return Result(first, assign(), first_poll, unchanged_poll, answers.get("304", 0), failing)


def print_table(results: Mapping[str, Result], expected: Sequence[Expected]) -> None:
    first = [item for item in expected if item.edition == 1]
    feeds = len({item.feed for item in expected})
    print(f"{len(first)} items of {feeds} feeds, then {len(expected)} with the second edition's\n")
    print("                kept                      first poll             unchanged poll        times ours")
    print("tool         first   last  doubles  failing  seconds CPU s   MB   seconds CPU s  304s     CPU     MB")
    ours = results.get("ours")
    for name, result in results.items():
        first_poll, unchanged = result.first_poll, result.unchanged_poll
        times = ""
        if ours is not None:
            cpu, memory = first_poll.cpu / ours.first_poll.cpu, first_poll.peak_mb / ours.first_poll.peak_mb
            times = f"{cpu:7.2f} {memory:6.2f}"
        print(
            f"{name:11} {result.first.count_kept(1):6} {len(result.last.kept):6}"
            f"  {len(result.last.doubles):7}  {len(result.failing):7}"
            f"  {first_poll.seconds:7.2f} {first_poll.cpu:5.2f} {first_poll.peak_mb:4.0f}"
            f"   {unchanged.seconds:7.2f} {unchanged.cpu:5.2f}  {result.not_modified:4} {times}"
        )
    print("\nlost, by kind, at the first poll:")
    totals = Counter(item.kind for item in first)
    for name, result in results.items():
        lost = Counter(item.kind for item in first if item not in result.first.kept)
        print(
            f"  {name}: "
            + (", ".join(f"{kind} {count} of {totals[kind]}" for kind, count in lost.items()) or "nothing")
        )
    print()


def print_faults(results: Mapping[str, Result], expected: Sequence[Expected]) -> None:
    """Print what each tool lost in the end and what it stored twice: how many of a feed, and the first of them."""
    for name, result in results.items():
        faults = [
            ("lost", item.feed, item.kind, item.title or item.text) for item in expected if item not in result.last.kept
        ]
        kinds = {item.feed: item.kind for item in expected}
        faults += [
            ("double", feed, kinds.get(feed, "no feed"), title or text) for feed, title, text in result.last.doubles
        ]
        for (fault, feed, kind), headlines in _group(faults).items():
            print(f"{name}: {fault} {len(headlines)} of {feed} ({kind}), such as: {headlines[0][:80]}")
    print()


def _group(faults: Sequence[tuple[str, str, str, str]]) -> dict[tuple[str, str, str], list[str]]:
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for fault, feed, kind, headline in faults:
        grouped.setdefault((fault, feed, kind), []).append(headline)
    return grouped


def list_missed_aims(results: Mapping[str, Result], expected: Sequence[Expected], *, has_bot_check: bool) -> list[str]:
    """Return the aims that ours misses, each as a sentence."""
    missed: list[str] = []
    ours, reader = results.get("ours"), results.get("reader")
    if ours is None:
        return missed
    total = sum(item.edition == 1 for item in expected)
    if (kept := ours.first.count_kept(1)) < total:
        missed.append(f"{kept} of {total} items kept at the first poll")
    if (kept := len(ours.last.kept)) < len(expected):
        missed.append(f"{kept} of {len(expected)} items kept at the last poll")
    if ours.last.doubles:
        missed.append(f"{len(ours.last.doubles)} doubles")
    if has_bot_check and ours.failing != {BOT_CHECK}:
        missed.append(f"named as failing: {', '.join(sorted(ours.failing)) or 'nothing'}, not {BOT_CHECK} alone")
    if reader is not None:
        cpu = ours.first_poll.cpu / reader.first_poll.cpu
        memory = ours.first_poll.peak_mb / reader.first_poll.peak_mb
        if cpu > TIMES_CPU:
            missed.append(f"{cpu:.1f} times the CPU of reader, aimed at {TIMES_CPU:g}")
        if memory > TIMES_MEMORY:
            missed.append(f"{memory:.1f} times the memory of reader, aimed at {TIMES_MEMORY:g}")
    return missed


if __name__ == "__main__":
    main()
