"""Polls feeds beside lemon24's reader, and beside bare httpx and aiohttp that only gather the same addresses.

    python bench/poll.py [--check] [--feeds 2000] [--rounds 3] [--idle 10000] [--only ours,httpx] [--json]

A server in a process of its own serves every feed on a loopback address of its own (127.x.y.z), so that politeness
towards a host holds nobody up: it is in force, and no two feeds share a host. Bodies of 50 to 200 kB, gzip, ETag; of
ten feeds seven answer 304, two send the same body again, one has news. First a cycle in which all is new, then rounds
of the mix, the order of the arms turned each round. Each arm is a process of its own; figures are medians of rounds,
ratios are taken within a round. What only gathers sends the same validators back, and reads nothing of what it gets.

Aims: 10 times reader; half the rate of bare httpx with everything read, matched against 100 topics and stored; equal
items; and a daemon with 10,000 feeds that rests below 150 MB. With --check a missed aim is exit code 1.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench.figures import collect_figures  # noqa: E402

ARMS = ("ours", "reader", "httpx", "aiohttp")
TIMES_READER, OF_HTTPX, IDLE_MB = 10.0, 0.5, 150.0


class Child:
    """A process that is spoken to in lines."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE
        )
        self.greeting = self.hear()

    def ask(self, line: str) -> str:
        """Say a line and give the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self._process.args} ended early")
        return line.strip()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=2_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--idle", type=int, default=10_000, help="feeds of the daemon at rest, 0 for none")
    arguments.add_argument("--only", default=",".join(ARMS), help="arms, by comma")
    arguments.add_argument("--watch", type=float, default=30, help="seconds that the daemon at rest is watched")
    arguments.add_argument("--no-meaning", action="store_true", help="rest without the encoder")
    arguments.add_argument("--check", action="store_true", help="exit 1 where an aim is missed")
    arguments.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = arguments.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    names = tuple(arm for arm in ARMS if arm in given.only.split(","))
    missed: list[str] = []
    with collect_figures(as_json=given.json) as figures:
        if names:
            missed += compared(names, given.feeds, given.rounds, figures)
        if given.idle:
            missed += rested(given.idle, given.watch, figures, meaning=not given.no_meaning)
        for line in missed:
            print(f"MISSED: {line}")
    sys.exit(1 if missed and given.check else 0)


def compared(names: tuple[str, ...], feeds: int, rounds: int, figures: dict[str, Any]) -> list[str]:
    """Run every arm through every cycle, print what it cost, and list the aims that were missed."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        server = Child("poll_server.py", str(feeds))
        stack.callback(server.close)
        arms = {name: Child("poll_arms.py", name, str(feeds), folder) for name in names}
        for arm in arms.values():
            stack.callback(arm.close)
        cycles: list[dict[str, dict[str, Any]]] = []
        for edition in range(rounds + 1):
            if edition:
                server.ask(f"edition {edition}")
                server.hear()
            turn = edition % len(names)
            results = {name: json.loads(arms[name].ask("go")) for name in names[turn:] + names[:turn]}
            cycles.append(results)
            same_items(results)
    print(f"{feeds:,} feeds, each on a loopback address of its own; a first cycle, then {rounds} rounds of the mix\n")
    print("arm       first cycle          mix of 304, same and changed")
    print("          feeds/s  ms CPU      feeds/s  ms CPU   peak MB     items     hits")
    for name in names:
        first, mixed = cycles[0][name], [cycle[name] for cycle in cycles[1:]]
        print(
            f"{name:8} {feeds / first['seconds']:8.0f} {1000 * first['cpu'] / feeds:7.2f}"
            f" {feeds / median(mixed, 'seconds'):12.0f} {1000 * median(mixed, 'cpu') / feeds:7.2f}"
            f" {mixed[-1]['peak']:9.0f} {mixed[-1]['items'] or '':>9} {sum(c.get('hits', 0) for c in mixed) or '':>8}"
        )
    figures["arms"] = {
        name: {
            "first": {"rate": feeds / cycles[0][name]["seconds"], "cpu_ms": 1000 * cycles[0][name]["cpu"] / feeds},
            "mixed": {
                "rate": feeds / median([cycle[name] for cycle in cycles[1:]], "seconds"),
                "cpu_ms": 1000 * median([cycle[name] for cycle in cycles[1:]], "cpu") / feeds,
            },
            "peak_mb": cycles[-1][name]["peak"],
            "items": cycles[-1][name]["items"],
        }
        for name in names
    }
    return judged(names, cycles, figures)


def judged(names: tuple[str, ...], cycles: list[dict[str, dict[str, Any]]], figures: dict[str, Any]) -> list[str]:
    """Print the ratios of ours to the others and list what falls short."""
    print()
    missed = []
    for other in names[1:] if "ours" in names else ():
        first = ratio(cycles[:1], other, "seconds")
        rate, cpu = ratio(cycles[1:], other, "seconds"), ratio(cycles[1:], other, "cpu")
        print(
            f"ours / {other:8} {rate:6.2f} times the rate, {cpu:6.2f} times as cheap in CPU; first cycle {first:6.2f}"
        )
        first_cpu = ratio(cycles[:1], other, "cpu")
        figures[f"ours_to_{other}"] = {"first": first, "first_cpu": first_cpu, "rate": rate, "cpu": cpu}
        aim = {"reader": TIMES_READER, "httpx": OF_HTTPX}.get(other, 0.0)
        if rate < aim:
            missed.append(f"{rate:.2f} times the rate of {other}, aimed at {aim:g}")
    return missed


def rested(feeds: int, watch: float, figures: dict[str, Any], *, meaning: bool = True) -> list[str]:
    """Watch a daemon at rest."""
    from poll_idle import at_rest

    with tempfile.TemporaryDirectory() as folder:
        rest = at_rest(feeds, Path(folder), settle=min(10, watch), watch=watch, meaning=meaning)
    print(
        f"\na daemon with {feeds:,} feeds at rest: {rest.megabytes:.0f} MB ({rest.peak:.0f} MB at most), "
        f"{100 * rest.core:.1f} % of a core over {rest.seconds:.0f} s"
    )
    figures["rest"] = {"feeds": feeds, "mb": rest.megabytes, "peak_mb": rest.peak, "core": rest.core}
    return [f"{rest.megabytes:.0f} MB at rest, aimed at {IDLE_MB:g}"] if rest.megabytes > IDLE_MB else []


def same_items(results: dict[str, dict[str, Any]]) -> None:
    """Assert that what stores has stored the same, and what gathers saw as many answers without news."""
    items = {name: result["items"] for name, result in results.items() if result["items"]}
    assert len(set(items.values())) <= 1, f"different items: {items}"
    bare = {name: result["unchanged"] for name, result in results.items() if name in {"httpx", "aiohttp"}}
    assert len(set(bare.values())) <= 1, f"different answers: {bare}"


def ratio(cycles: list[dict[str, dict[str, Any]]], other: str, what: str) -> float:
    return statistics.median(cycle[other][what] / cycle["ours"][what] for cycle in cycles)


def median(cycles: list[dict[str, Any]], what: str) -> float:
    of: Callable[[dict[str, Any]], float] = lambda cycle: cycle[what]  # noqa: E731
    return statistics.median(map(of, cycles))


if __name__ == "__main__":
    main()
