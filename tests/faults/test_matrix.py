"""One cycle over every odd server at once, beside healthy ones; each row of the matrix is judged by itself."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import psutil
import pytest

from tests.faults import behaviours as b
from tests.faults.cases import CASES, KEPT, Case
from tests.faults.certificates import Certificates
from tests.faults.machine import HOUR, NOON, Machine
from tests.faults.yard import Behaviour, Talk, Yard
from tests.migrated import copy_migrated
from watcher.model.feed import Feed
from watcher.store.database import Database
from watcher.store.feeds.poll_history import PollRecord

HEALTHY = 12
PATIENCE = timedelta(seconds=4)
"""With a hundred and fifty feeds at once, a busy machine holds each of them up for a second or two."""


@dataclass(frozen=True)
class Seen:
    """What was stored of a feed: before its server turned odd, while it was, and after it came to its senses."""

    before: Feed
    during: Feed
    after: Feed
    poll: PollRecord
    titles: tuple[list[str], list[str], list[str]]


@dataclass(frozen=True)
class Told:
    """All that the three cycles came to."""

    rows: dict[str, Seen]
    healthy: tuple[list[int], ...]
    seconds: float
    grown: int


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    path = tmp_path_factory.mktemp("matrix") / "watcher.db"
    copy_migrated(path)
    certificates = Certificates()
    with (
        Yard() as yard,
        Database(f"sqlite:///{path}", durable=False) as database,
        Machine(
            database, context=certificates.trusting, connect=PATIENCE, read=PATIENCE, total=2 * PATIENCE
        ) as machine,
    ):
        yield _cycles(yard, machine, certificates)


def _cycles(yard: Yard, machine: Machine, certificates: Certificates) -> Told:
    phase = "before"

    def phased(case: Case) -> Behaviour:
        async def behave(talk: Talk) -> None:
            odd = phase == "during"
            fit = case.fault if odd else b.well(2 if phase == "before" else 4)
            if case.tls is not None and not (odd and case.tls == "none"):
                fit = b.secured(certificates.shown[case.tls if odd else "good"], fit)
            await fit(talk)

        return behave

    urls: dict[str, str] = {}
    for number, case in enumerate(CASES):
        port = yard.open(phased(case))
        urls[case.does] = f"http{'s' if case.tls else ''}://row{number}.harbour.example:{port}/feed"
        if case.name == ["127.0.0.3"]:
            yard.hole("127.0.0.3", port)
    wells = [yard.open(b.well(3)) for _each in range(HEALTHY)]
    neighbours = [f"http://well{number}.example:{port}/feed" for number, port in enumerate(wells)]
    # Healthy feeds stand among the odd ones: what is claimed last waits longest.
    every = [url for n, url in enumerate(urls.values()) for url in (*neighbours[n // 8 : n // 8 + (n % 8 == 0)], url)]
    machine.watch(*every, *neighbours)

    before, _grown, _took, _read = _phase(machine, urls, neighbours)
    phase = "during"
    for number, case in enumerate(CASES):
        host = f"row{number}.harbour.example"
        if case.name == "silent":
            machine.names.silent.add(host)
        elif case.name is not None:
            assert not isinstance(case.name, str)
            machine.names.known[host] = case.name
    machine.now += HOUR
    # Somebody answers first: five silent hosts and nobody else would be an outage of ours.
    machine.poll(urls=neighbours[:1])
    during, grown, took, read = _phase(machine, urls, neighbours)
    polls = {does: machine.history(url)[0] for does, url in urls.items()}
    phase = "after"
    machine.names.silent.clear()
    machine.names.known.clear()
    machine.now += HOUR
    after, _grown, _took, again = _phase(machine, urls, neighbours)
    rows = {
        does: Seen(before[0][does], during[0][does], after[0][does], polls[does],
                   (before[1].get(url, []), during[1].get(url, []), after[1].get(url, [])))
        for does, url in urls.items()
    }  # fmt: skip
    return Told(rows, (read, again), took, grown)


def _phase(
    machine: Machine, urls: dict[str, str], neighbours: list[str]
) -> tuple[tuple[dict[str, Feed], dict[str, list[str]]], int, float, list[int]]:
    process, begun = psutil.Process(), time.monotonic()
    resident = process.memory_info().rss
    machine.poll()
    grown = process.memory_info().rss - resident
    took = time.monotonic() - begun
    failures = [machine.feed(url).poll.failures for url in neighbours]
    return ({does: machine.feed(url) for does, url in urls.items()}, dict(machine.stored())), grown, took, failures


@pytest.mark.parametrize("case", [pytest.param(case, id=case.does) for case in CASES])
def test_what_comes_of_a_row(course: Told, case: Case) -> None:
    seen = course.rows[case.does]

    assert (seen.poll.outcome, seen.poll.message) == (case.comes, seen.poll.message)
    assert re.search(case.says, seen.poll.message), seen.poll.message
    assert seen.titles[0] == ["News 2", "News 1"]
    assert sorted(seen.titles[1]) == sorted(["News 2", "News 1", "News 3"][: case.stored])
    assert seen.during.poll.validators.etag == case.etag


@pytest.mark.parametrize("case", [pytest.param(case, id=case.does) for case in CASES])
def test_a_failure_is_counted_and_leaves_what_is_known_alone(course: Told, case: Case) -> None:
    before, during = course.rows[case.does].before, course.rows[case.does].during

    if case.comes in {"read", "unchanged"}:
        assert (during.poll.failures, during.poll.error_kind, during.poll.succeeded_at) == (0, None, NOON + HOUR)
    else:
        assert (during.poll.failures, during.poll.error_kind, during.poll.failing_since) == (1, case.comes, NOON + HOUR)
        assert (during.poll.validators, during.poll.body_hash) == (before.poll.validators, before.poll.body_hash)
        assert (during.document.keys, during.fetch_url) == (before.document.keys, before.fetch_url)
    assert NOON + HOUR < during.poll.next_poll_at <= NOON + 26 * HOUR


@pytest.mark.parametrize("case", [pytest.param(case, id=case.does) for case in CASES])
def test_nothing_is_lost_once_all_is_well_again(course: Told, case: Case) -> None:
    seen = course.rows[case.does]

    assert sorted(seen.titles[2]) == ["News 1", "News 2", "News 3", "News 4"]
    assert (seen.after.poll.failures, seen.after.poll.error_kind, seen.after.stats.gaps) == (0, None, 0)
    assert seen.before.poll.validators.etag == KEPT


def test_every_healthy_feed_is_read_beside_them(course: Told) -> None:
    assert course.healthy == ([0] * HEALTHY, [0] * HEALTHY)


def test_the_cycle_ends_in_bounded_time_and_memory(course: Told) -> None:
    # The longest patience is eight seconds; the rest is the bombs, and a machine that has other things to do.
    assert course.seconds < 45
    assert course.grown < 200 * 2**20
