"""No document costs more than its bounds, whatever is in it, and the sound items before the hostile part are kept."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from tests.reading.hostile import BEFORE, KINDS, document
from tests.reading.measured import fetched
from watcher.errors import ParseError
from watcher.reading import Reader

SMALL = 250_000
LARGE = 16 * 2**20
MAX_CPU_SECONDS = 5.0
MAX_MEMORY_MB = 300.0
SOUND = [f"sound-{number}" for number in range(BEFORE)]
REFUSED = {
    "declarations", "entity declarations", "document types without an end", "junk before the root",
    "JSON lists in lists", "JSON lists in lists, closed",
}  # fmt: skip
"""Kinds that no reader makes anything of, at least in some sizes."""


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as loop_runner:
        yield loop_runner


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with closing(Reader(idle_seconds=600)) as module_reader:
        yield module_reader


def cpu_seconds() -> float:
    """Return what this process and all its children have used, those that have ended included."""
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    children = [child.cpu_times() for child in psutil.Process().children()]
    return sum(used.ru_utime + used.ru_stime for used in own) + sum(used.user + used.system for used in children)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_document_costs_little_and_loses_no_item_before_it(
    kind: str, runner: asyncio.Runner, reader: Reader
) -> None:
    body = document(kind, SMALL)
    before = cpu_seconds()

    try:
        parsed = runner.run(reader.parse(fetched(body, f"http://{abs(hash(kind))}.example/")))
    except ParseError:
        parsed = None

    assert cpu_seconds() - before < MAX_CPU_SECONDS
    if kind in REFUSED:
        return
    assert parsed is not None
    guids = [item.guid for item in parsed.items]
    assert guids[:BEFORE] == SOUND or len(guids) == 2_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_document_of_the_largest_size_stays_within_its_bounds(kind: str) -> None:
    command = [sys.executable, "-m", "tests.reading.measured", kind, str(LARGE)]

    cost = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=180).stdout)

    assert cost["cpu"] + cost["child_cpu"] < MAX_CPU_SECONDS, cost
    assert max(cost["memory"], cost["child_memory"]) < MAX_MEMORY_MB, cost
