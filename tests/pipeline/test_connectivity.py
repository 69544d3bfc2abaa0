"""An outage of our own is told from those of others, and neither hides the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.model.feed import Validators
from watcher.model.poll import Failed, FailureKind, FetchResult, NotModified
from watcher.pipeline.connectivity import MIN_LOCAL_FAULTS, MIN_SILENT_HOSTS, SILENCE_BEFORE_REPORT, ConnectivityMonitor

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ANSWER = NotModified(url="https://post.example/rss", headers={}, validators=Validators())


def failed(kind: FailureKind, took: int = 0, seems: FailureKind | None = None) -> Failed:
    return Failed(kind=kind, message="no", seems=seems, elapsed=took * SECOND)


def kind(fetched: FetchResult) -> FailureKind | None:
    return fetched.kind if isinstance(fetched, Failed) else None


NO_NAMES = failed(FailureKind.OFFLINE, seems=FailureKind.DNS)
SLOW = failed(FailureKind.TIMEOUT, took=10)


def test_name_service_that_is_away_is_ours_while_nobody_answers() -> None:
    network = ConnectivityMonitor()

    assert kind(network.judge("a.example", NO_NAMES, NOON)) is FailureKind.OFFLINE
    assert network.is_down(NOON + SECOND)


def test_name_service_that_is_away_for_one_host_is_its_own() -> None:
    network = ConnectivityMonitor()
    network.judge("b.example", ANSWER, NOON)

    assert kind(network.judge("a.example", NO_NAMES, NOON + SECOND)) is FailureKind.DNS


def test_many_hosts_that_nobody_reaches_are_our_outage() -> None:
    network = ConnectivityMonitor()
    network.judge("well.example", ANSWER, NOON)

    kinds = [kind(network.judge(f"h{n}.example", SLOW, NOON + (20 + n) * SECOND)) for n in range(MIN_SILENT_HOSTS + 2)]

    assert kinds == [FailureKind.TIMEOUT] * (MIN_SILENT_HOSTS - 1) + [FailureKind.OFFLINE] * 3


def test_many_dead_hosts_are_dead_while_one_answers_beside_them() -> None:
    network = ConnectivityMonitor()
    network.judge("well.example", ANSWER, NOON + SECOND)

    assert {kind(network.judge(f"h{n}.example", SLOW, NOON + 10 * SECOND)) for n in range(50)} == {FailureKind.TIMEOUT}


def test_one_answer_ends_an_outage() -> None:
    network = ConnectivityMonitor()
    for n in range(MIN_SILENT_HOSTS):
        network.judge(f"h{n}.example", SLOW, NOON)
    assert network.is_down(NOON + SECOND)

    network.judge("well.example", failed(FailureKind.PROTOCOL), NOON + SECOND)

    assert not network.is_down(NOON + 2 * SECOND)


def test_one_dead_host_asked_again_and_again_is_no_outage() -> None:
    network = ConnectivityMonitor()

    assert {kind(network.judge("h.example", SLOW, NOON + n * SECOND)) for n in range(50)} == {FailureKind.TIMEOUT}


def test_what_was_never_asked_says_nothing() -> None:
    network = ConnectivityMonitor()
    for n in range(MIN_SILENT_HOSTS):
        network.judge(f"h{n}.example", failed(FailureKind.REFUSED), NOON)

    assert not network.is_down(NOON)


BROKEN_PROXY = failed(FailureKind.PROXY)


@pytest.mark.parametrize("fault", [NO_NAMES, BROKEN_PROXY])
def test_several_hosts_that_fail_by_a_fault_of_ours_are_an_outage_at_once(fault: Failed) -> None:
    network = ConnectivityMonitor()
    network.judge("well.example", ANSWER, NOON)

    kinds = [kind(network.judge(f"h{n}.example", fault, NOON + (1 + n) * SECOND)) for n in range(MIN_LOCAL_FAULTS)]

    assert kinds[-1] is FailureKind.OFFLINE
    assert network.away_since(NOON + 9 * SECOND) == NOON + SECOND


def test_proxy_of_one_feed_that_is_away_is_no_outage() -> None:
    network = ConnectivityMonitor()
    network.judge("well.example", ANSWER, NOON)

    assert kind(network.judge("a.example", BROKEN_PROXY, NOON + SECOND)) is FailureKind.PROXY
    assert network.away_since(NOON + 9 * SECOND) is None


def test_one_sick_host_of_several_takes_no_network_away() -> None:
    network = ConnectivityMonitor()
    for host in ("a.example", "b.example"):
        network.judge(host, ANSWER, NOON)

    for minutes in range(5, 30):
        network.judge("sick.example", NO_NAMES, NOON + timedelta(minutes=minutes))

    assert network.away_since(NOON + timedelta(minutes=30)) is None


def test_the_only_host_that_there_is_takes_it_away_after_a_moment() -> None:
    network = ConnectivityMonitor()
    network.judge("only.example", NO_NAMES, NOON)

    assert network.away_since(NOON + SECOND) is None
    assert network.away_since(NOON + 2 * SILENCE_BEFORE_REPORT) == NOON


def test_one_answer_ends_what_people_are_shown() -> None:
    network = ConnectivityMonitor()
    for n in range(MIN_LOCAL_FAULTS):
        network.judge(f"h{n}.example", NO_NAMES, NOON)
    assert network.away_since(NOON) == NOON

    network.judge("h1.example", ANSWER, NOON + SECOND)

    assert network.away_since(NOON + SECOND) is None


def test_feeds_that_are_dead_for_themselves_take_no_network_away() -> None:
    network = ConnectivityMonitor()
    network.judge("well.example", ANSWER, NOON + SECOND)

    for n in range(50):
        network.judge(f"h{n}.example", SLOW, NOON + 10 * SECOND)

    assert network.away_since(NOON + 20 * SECOND) is None
