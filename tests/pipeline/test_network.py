"""An outage of our own is told from those of others, and neither hides the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watcher.model.feed import Validators
from watcher.model.poll import Failed, FailureKind, Fetched, NotModified
from watcher.pipeline.network import ENOUGH, Network

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ANSWER = NotModified(url="https://post.example/rss", headers={}, validators=Validators())


def failed(kind: FailureKind, took: int = 0, seems: FailureKind | None = None) -> Failed:
    return Failed(kind=kind, message="no", seems=seems, elapsed=took * SECOND)


def kind(fetched: Fetched) -> FailureKind | None:
    return fetched.kind if isinstance(fetched, Failed) else None


NO_NAMES = failed(FailureKind.OFFLINE, seems=FailureKind.DNS)
SLOW = failed(FailureKind.TIMEOUT, took=10)


def test_name_service_that_is_away_is_ours_while_nobody_answers() -> None:
    network = Network()

    assert kind(network.judged("a.example", NO_NAMES, NOON)) is FailureKind.OFFLINE
    assert network.down(NOON + SECOND)


def test_name_service_that_is_away_for_one_host_is_its_own() -> None:
    network = Network()
    network.judged("b.example", ANSWER, NOON)

    assert kind(network.judged("a.example", NO_NAMES, NOON + SECOND)) is FailureKind.DNS


def test_many_hosts_that_nobody_reaches_are_our_outage() -> None:
    network = Network()
    network.judged("well.example", ANSWER, NOON)

    kinds = [kind(network.judged(f"h{n}.example", SLOW, NOON + (20 + n) * SECOND)) for n in range(ENOUGH + 2)]

    assert kinds == [FailureKind.TIMEOUT] * (ENOUGH - 1) + [FailureKind.OFFLINE] * 3


def test_many_dead_hosts_are_dead_while_one_answers_beside_them() -> None:
    network = Network()
    network.judged("well.example", ANSWER, NOON + SECOND)

    assert {kind(network.judged(f"h{n}.example", SLOW, NOON + 10 * SECOND)) for n in range(50)} == {FailureKind.TIMEOUT}


def test_one_answer_ends_an_outage() -> None:
    network = Network()
    for n in range(ENOUGH):
        network.judged(f"h{n}.example", SLOW, NOON)
    assert network.down(NOON + SECOND)

    network.judged("well.example", failed(FailureKind.PROTOCOL), NOON + SECOND)

    assert not network.down(NOON + 2 * SECOND)


def test_one_dead_host_asked_again_and_again_is_no_outage() -> None:
    network = Network()

    assert {kind(network.judged("h.example", SLOW, NOON + n * SECOND)) for n in range(50)} == {FailureKind.TIMEOUT}


def test_what_was_never_asked_says_nothing() -> None:
    network = Network()
    for n in range(ENOUGH):
        network.judged(f"h{n}.example", failed(FailureKind.REFUSED), NOON)

    assert not network.down(NOON)
