"""Costly queries at once: they end in time, few run together, and the rest of the page goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from tests.match.entries import entry
from tests.plain_http import NO_AUTHORITIES
from tests.store.filled import bring, item
from tests.web.site import HARBOUR, World
from watcher.errors import BusyError, TooLongError
from watcher.match import build_entry_matcher, explain_match, limit_matching, match_entry, parse_query
from watcher.web.deadlines import ExpensiveSlots, MatchBudget

TEXT = "aaa bbb ccc " * 15_000


def nested(levels: int) -> str:
    query = "aaa"
    for level in range(levels):
        query = f"({query} NEAR/9 {('bbb', 'ccc')[level % 2]})"
    return query


COSTLY = {
    "nested NEARs": nested(40),
    "one phrase of many NEARs": '"' + "aaa bbb ccc " * 18 + '"~9',
    "exclusions beside each other": "aaa" + " NOT NEAR/40 (bbb NEAR/3 ccc)" * 30,
    "prefixes": " OR ".join(f"abc{number}*" for number in range(2_000)),
}


class _OverError(Exception):
    pass


@pytest.mark.parametrize("name", COSTLY)
@pytest.mark.parametrize(
    "way",
    [match_entry, explain_match, lambda query, stored: build_entry_matcher(query)(stored)],
    ids=["find", "explain", "index"],
)
def test_matching_stops_soon_after_its_time_is_over(name: str, way: object) -> None:
    query = parse_query(COSTLY[name])
    words = " ".join(f"w{number}" for number in range(20_000))
    stored = entry("A title", content=TEXT + words)
    end = time.monotonic() + 0.3

    def check() -> None:
        if time.monotonic() > end:
            raise _OverError

    begun = time.monotonic()
    with limit_matching(check):
        with suppress(_OverError):
            way(query, stored)  # type: ignore[operator]

    assert time.monotonic() - begun < 3


def test_what_is_not_bounded_matches_as_before() -> None:
    query, stored = parse_query(nested(5)), entry("A title", content="aaa bbb ccc " * 50)
    with limit_matching(lambda: None):
        bounded = match_entry(query, stored)

    assert bounded == match_entry(query, stored)


@pytest.fixture
def address(desk: World) -> Iterator[str]:
    long = item(90, "A long one", content="aaa bbb ccc " * 15_000)
    bring(desk.app.database, [long], now=desk.clock(), matcher=desk.app.matcher, feed=HARBOUR)
    with desk.served() as address:
        yield address


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            {"method": "POST", "url": "/api/v1/topics/test", "json": {"query": nested(40), "text": TEXT}}, id="a text"
        ),
        pytest.param({"method": "GET", "url": "/api/v1/entries", "params": {"q": nested(40)}}, id="the archive"),
    ],
)
def test_many_at_once_are_answered_in_time_and_slow_nobody(address: str, asked: dict[str, object]) -> None:
    def ask(_number: int) -> tuple[int, str, float]:
        begun = time.monotonic()
        answer = client.request(**asked)  # type: ignore[arg-type]
        return answer.status_code, answer.headers.get("retry-after", ""), time.monotonic() - begun

    slowest = 0.0
    bounds = httpx.Limits(max_connections=30)
    with httpx.Client(base_url=address, timeout=60, trust_env=False, limits=bounds, verify=NO_AUTHORITIES) as client:
        with ThreadPoolExecutor(24) as pool:
            answers = [pool.submit(ask, number) for number in range(24)]
            while not all(answer.done() for answer in answers):
                begun = time.monotonic()
                assert client.get("/healthz").status_code == 200
                slowest = max(slowest, time.monotonic() - begun)
                time.sleep(0.05)
    results = [answer.result() for answer in answers]

    assert {status for status, _after, _took in results} <= {200, 413, 503}
    assert any(status == 503 for status, _after, _took in results)
    assert all(after for status, after, _took in results if status == 503)
    assert max(took for _status, _after, took in results) < 12
    assert slowest < 6  # half of what all answers may take; less than half a second where nothing else runs


def test_turns_are_given_back_and_taken_by_who_waits() -> None:
    turns = ExpensiveSlots(at_once=1, waiting=1)
    turns.acquire()
    with pytest.raises(BusyError):
        turns.acquire(timedelta(seconds=0.05))

    waiting = threading.Thread(target=turns.acquire)
    waiting.start()
    time.sleep(0.1)
    with pytest.raises(BusyError):
        turns.acquire(timedelta(seconds=5))
    turns.release()
    waiting.join(5)

    assert not waiting.is_alive()
    turns.release()
    turns.acquire(timedelta())


def test_an_effort_ends_with_its_request() -> None:
    effort = MatchBudget(ExpensiveSlots(), timedelta(seconds=0.01))
    effort.check()
    time.sleep(0.02)
    with pytest.raises(TooLongError):
        effort.check()

    effort.end()
    effort.check()
