"""The gate that keeps one host's feeds from filling the poller."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watcher.pipeline.host_gate import HostGate

HOSTS = ("a.example", "b.example", "c.example")


def test_gate_is_full_when_one_host_has_as_many_as_it_may() -> None:
    gate = HostGate(2)

    gate.enter("a.example")
    gate.enter("b.example")
    before = gate.is_any_full
    gate.enter("a.example")

    assert (before, gate.is_any_full) == (False, True)
    assert gate.in_flight == {"a.example": 2, "b.example": 1}


def test_host_that_is_done_is_not_counted_and_makes_room() -> None:
    gate = HostGate(1)
    gate.enter("a.example")

    gate.leave("a.example")

    assert not gate.is_any_full
    assert gate.in_flight == {}


def test_gate_without_a_limit_is_never_full() -> None:
    gate = HostGate(None)

    for _feed in range(500):
        gate.enter("a.example")

    assert not gate.is_any_full


@given(st.lists(st.sampled_from(HOSTS), max_size=30), st.integers(1, 5))
def test_who_leaves_as_often_as_they_enter_leaves_nothing_behind(entered: list[str], limit: int) -> None:
    gate = HostGate(limit)

    for host in entered:
        gate.enter(host)
    counts = {host: entered.count(host) for host in set(entered)}
    was_full = gate.is_any_full
    in_flight = gate.in_flight
    for host in reversed(entered):
        gate.leave(host)

    assert in_flight == counts
    assert was_full == any(count >= limit for count in counts.values())
    assert (gate.in_flight, gate.is_any_full) == ({}, False)
