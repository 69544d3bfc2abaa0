"""Servers that cannot answer conditional requests are read all the same, and asked no more than is needed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.faults import behaviours as b
from tests.faults import documents as d
from tests.faults.machine import DAY, HOUR, NOON, Machine
from tests.faults.yard import Behaviour, Outlet, Talk, Yard
from watcher.fetch.conditional import TRY_EVERY
from watcher.model.feed import FeedState
from watcher.store.feeds.commands import resume_feed


def is_conditional(asked: dict[str, str]) -> bool:
    return "if-none-match" in asked or "if-modified-since" in asked


class Stumbler:
    """Serves a feed with validators; what answers a conditional request is `stumble`."""

    def __init__(self, yard: Yard, stumble: Behaviour) -> None:
        self.items = 2
        self.stumble = stumble
        self.outlet = Outlet(yard, self._behave)

    @property
    def conditional(self) -> list[bool]:
        return [is_conditional(asked) for asked in self.outlet.asked]

    async def _behave(self, talk: Talk) -> None:
        await talk.request()
        if is_conditional(talk.asked):
            await self.stumble(talk)
        else:
            await talk.send(b.answer(d.rss(self.items), ETag=f'"{self.items}"', Connection="close"))


def status(line: str, body: bytes = b"") -> Behaviour:
    async def behave(talk: Talk) -> None:
        await talk.send(b.answer(body, line, Connection="close"))

    return behave


async def hangs_up(_talk: Talk) -> None:
    return


async def breaks_off(talk: Talk) -> None:
    await talk.send(b.answer(d.rss(2)[:100], Content_Length="5000"))


STUMBLES = {
    "400": status("400 Bad Request"),
    "403": status("403 Forbidden"),
    "404": status("404 Not Found"),
    "405": status("405 Method Not Allowed"),
    "406": status("406 Not Acceptable", b"<html>no"),
    "412": status("412 Precondition Failed"),
    "416": status("416 Range Not Satisfiable"),
    "500": status("500 Internal Server Error"),
    "501": status("501 Not Implemented"),
    "502": status("502 Bad Gateway"),
    "503": status("503 Service Unavailable"),
    "nothing": status("200 OK"),
    "blanks": status("200 OK", b" \r\n "),
    "no answer": hangs_up,
    "half an answer": breaks_off,
}


@pytest.mark.parametrize("name", STUMBLES)
def test_feed_is_read_whatever_a_conditional_request_does(machine: Machine, yard: Yard, name: str) -> None:
    press = Stumbler(yard, STUMBLES[name])
    machine.watch(press.outlet.url)
    machine.poll()

    for day in range(1, 4):
        press.items += 1
        assert machine.poll(NOON + day * DAY).new == 1

    assert machine.feed(press.outlet.url).poll.failures == 0
    assert press.conditional == [False, True, False, False, False], "once it is known, nothing is asked twice"


def test_server_that_learns_to_answer_is_asked_so_again(machine: Machine, yard: Yard) -> None:
    press = Stumbler(yard, status("500 Internal Server Error"))
    machine.watch(press.outlet.url)
    machine.poll()
    machine.poll(NOON + HOUR)
    press.stumble = status("304 Not Modified")

    for hour in range(2, TRY_EVERY + 4):
        machine.poll(NOON + hour * HOUR)

    assert machine.feed(press.outlet.url).poll.conditional
    assert press.conditional[-2:] == [True, True]


def test_servers_that_are_down_are_seldom_asked_twice(machine: Machine, yard: Yard) -> None:
    outlet = Outlet(yard, b.says(b.answer(d.rss(2), ETag='"2"')))
    machine.watch(outlet.url)
    machine.poll()
    outlet.says = b.says(b.answer(b"", "503 Service Unavailable"))
    outlet.asked.clear()

    for day in range(1, 13):
        machine.poll(NOON + day * DAY)

    assert len(outlet.asked) == 12 + 3
    assert machine.feed(outlet.url).poll.failures == 12
    assert machine.feed(outlet.url).poll.conditional, "nothing has been learnt of it"


@pytest.mark.parametrize("line", ["401 Unauthorized", "410 Gone", "429 Too Many Requests", "451 Unavailable"])
def test_answer_that_speaks_of_the_feed_is_believed(machine: Machine, yard: Yard, line: str) -> None:
    press = Stumbler(yard, status(line))
    machine.watch(press.outlet.url)
    machine.poll()

    assert machine.poll(NOON + HOUR).failed == 1
    assert press.conditional == [False, True]


def test_304_that_nobody_asked_for_is_asked_about_once(machine: Machine, yard: Yard) -> None:
    async def stale_cache(talk: Talk) -> None:
        fresh = "cache-control" in await talk.request()
        await talk.send(b.answer(d.rss(2)) if fresh else b.answer(b"", "304 Not Modified", Connection="close"))

    outlet = Outlet(yard, stale_cache)
    machine.watch(outlet.url)

    assert machine.poll().new == 2
    assert [asked.get("cache-control") for asked in outlet.asked] == [None, "no-cache"]


def test_resumed_feed_is_asked_for_everything(machine: Machine, yard: Yard) -> None:
    press = Stumbler(yard, status("304 Not Modified"))
    machine.watch(press.outlet.url)
    machine.poll()
    machine.poll(NOON + HOUR)

    with machine.database.write() as db:
        resume_feed(db, press.outlet.url, NOON + 2 * HOUR)
    polled = machine.poll(NOON + 2 * HOUR)

    assert press.conditional == [False, True, False]
    assert (polled.new, polled.fetched) == (0, 1)
    assert machine.feed(press.outlet.url).state is FeedState.ACTIVE


def test_server_without_conditional_requests_is_asked_less_often(machine: Machine, yard: Yard) -> None:
    press = Stumbler(yard, status("412 Precondition Failed"))
    machine.watch(press.outlet.url)
    machine.poll()
    machine.poll(NOON + HOUR)

    feed = machine.feed(press.outlet.url)

    assert feed.poll.next_poll_at - machine.now >= timedelta(minutes=15)
