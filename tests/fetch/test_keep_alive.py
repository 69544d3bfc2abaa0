"""Connections carry several requests, and no request is lost or sent twice for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.faults.behaviours import answer, chunked
from tests.faults.certificates import Certificates
from tests.faults.documents import rss
from tests.faults.yard import Behaviour, Outlet, Talk, Yard
from tests.fetch.asking import LostHost, feed, fetching
from watcher.errors import ShardLostError
from watcher.fetch import Fetcher
from watcher.model.poll import Document, Failed, FetchResult

NEWS = answer(rss(2))


class Press:
    """Answers any number of requests on a connection; `connections` counts them, `requests` the requests of each."""

    def __init__(self, yard: Yard, reply: bytes = NEWS, most: int = 1_000, context: object = None) -> None:
        self.requests: Counter[int] = Counter()
        self.methods: list[tuple[int, str]] = []
        self._reply = reply
        self._most = most
        self._context = context
        self.outlet = Outlet(yard, self._behave)

    @property
    def connections(self) -> int:
        return len(self.requests)

    async def _behave(self, talk: Talk) -> None:
        if self._context is not None:
            await talk.secured(self._context)  # type: ignore[arg-type]
        for _number in range(self._most):
            await talk.request()
            self.requests[talk.number] += 1
            await talk.send(self._reply)


async def one_after_another(fetcher: Fetcher, urls: Sequence[str]) -> list[FetchResult]:
    return [await fetcher.feed(feed(url)) for url in urls]


@pytest.mark.parametrize(
    "reply",
    [
        NEWS,
        answer(chunked(rss(2)), Transfer_Encoding="chunked"),
        answer(b"", "304 Not Modified"),
        answer(b"no such thing", "404 Not Found"),
        answer(b"", "204 No Content"),
    ],
    ids=["a length", "chunks", "304", "404", "204"],
)
def test_feeds_of_one_host_share_a_connection(yard: Yard, reply: bytes) -> None:
    press = Press(yard, reply)

    fetching(lambda fetcher: one_after_another(fetcher, [press.outlet.at(f"/{n}") for n in range(8)]))

    assert press.connections == 1
    assert press.requests[1] >= 8


@pytest.mark.parametrize("earlier", [0, 1], ids=["a new connection", "one that was kept"])
def test_a_request_is_not_sent_whose_host_was_lost_while_it_connected(yard: Yard, earlier: int) -> None:
    press = Press(yard)

    async def ask(fetcher: Fetcher) -> None:
        await one_after_another(fetcher, [press.outlet.at(f"/{n}") for n in range(earlier)])
        with pytest.raises(ShardLostError):
            await fetcher.feed(feed(press.outlet.at("/lost")), check=LostHost())
        await one_after_another(fetcher, [press.outlet.at("/later")])

    fetching(ask)

    assert sum(press.requests.values()) == earlier + 1


def test_feeds_of_one_host_shake_hands_once_for_each_place(yard: Yard, certificates: Certificates) -> None:
    press = Press(yard, context=certificates.shown["good"])
    url = f"https://post.harbour.example:{press.outlet.port}/"

    async def all_at_once(fetcher: Fetcher) -> list[FetchResult]:
        return await asyncio.gather(*(fetcher.feed(feed(f"{url}{n}")) for n in range(20)))

    fetched = fetching(all_at_once, context=certificates.trusting, per_host=2)

    assert all(isinstance(result, Document) for result in fetched)
    assert press.connections == 2
    assert sum(press.requests.values()) == 20


def test_redirect_within_a_host_goes_over_the_same_connection(yard: Yard) -> None:
    numbers = []

    async def moves(talk: Talk) -> None:
        while True:
            await talk.request()
            numbers.append(talk.number)
            moved = talk.path == "/feed"
            await talk.send(answer(b"gone there", "301 Moved", Location="/new") if moved else NEWS)

    fetching(lambda fetcher: one_after_another(fetcher, [Outlet(yard, moves).url]))

    assert numbers == [1, 1]


@pytest.mark.parametrize(
    "reply",
    [
        answer(rss(2), Connection="close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(rss(2)), rss(2)),
        b"HTTP/1.1 200 OK\r\n\r\n" + rss(2),
        NEWS + b"and what nobody asked for",
    ],
    ids=["close", "HTTP/1.0", "no length", "too much"],
)
def test_connection_that_is_over_is_not_used_again(yard: Yard, reply: bytes) -> None:
    press = Press(yard, reply, most=1)

    fetched = fetching(lambda fetcher: one_after_another(fetcher, [press.outlet.at(f"/{n}") for n in range(3)]))

    assert all(isinstance(result, Document) for result in fetched)
    assert press.requests == {1: 1, 2: 1, 3: 1}


def closing(after: int, how: str) -> Behaviour:
    """Answer so many requests on a connection, and go when the next one comes: silently, or in the middle of it."""

    async def behave(talk: Talk) -> None:
        for _number in range(after):
            await talk.request()
            await talk.send(NEWS)
        if how == "at once":
            return
        await talk.request()
        if how == "reset":
            talk.reset()
        if how == "halfway":
            await talk.send(NEWS[:60])

    return behave


@pytest.mark.parametrize("how", ["at once", "when asked", "reset"])
def test_server_that_closes_a_waiting_connection_is_asked_on_a_new_one(yard: Yard, how: str) -> None:
    outlet = Outlet(yard, closing(1, how))

    fetched = fetching(lambda fetcher: one_after_another(fetcher, [outlet.at(f"/{n}") for n in range(4)]))

    assert all(isinstance(result, Document) for result in fetched)


def test_answer_that_breaks_off_is_not_asked_for_again(yard: Yard) -> None:
    outlet = Outlet(yard, closing(1, "halfway"))

    fetched = fetching(lambda fetcher: one_after_another(fetcher, [outlet.at(f"/{n}") for n in range(2)]))

    assert isinstance(fetched[1], Failed)
    assert len(outlet.asked) == 2


def test_what_changes_something_goes_over_a_connection_of_its_own(yard: Yard) -> None:
    press = Press(yard)

    async def work(fetcher: Fetcher) -> None:
        await fetcher.feed(feed(press.outlet.url))
        await fetcher.client().post(press.outlet.at("/hook"), content=b"{}")
        await fetcher.client().post(press.outlet.at("/hook"), content=b"{}")
        await fetcher.feed(feed(press.outlet.url))

    fetching(work)

    assert press.requests == {1: 2, 2: 1, 3: 1}


def test_places_do_not_mix(yard: Yard) -> None:
    first, there = Press(yard), Press(yard)

    fetching(lambda fetcher: one_after_another(fetcher, [first.outlet.url, there.outlet.url] * 3))

    assert (first.requests, there.requests) == ({1: 3}, {1: 3})


def test_waiting_connections_are_few(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.fetch.idle_connections.MAX_IDLE", 3)
    presses = [Press(yard) for _number in range(6)]

    fetching(lambda fetcher: one_after_another(fetcher, [press.outlet.url for press in presses] * 2))

    assert [press.connections for press in presses] == [2] * 6


def test_waiting_connections_are_closed_after_a_while(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.fetch.idle_connections.IDLE_SECONDS", 0.2)
    ended = []

    async def behave(talk: Talk) -> None:
        await talk.request()
        await talk.send(NEWS)
        ended.append(await talk.reader.read(1))

    async def work(fetcher: Fetcher) -> list[bytes]:
        await fetcher.feed(feed(Outlet(yard, behave).url))
        await asyncio.sleep(0.6)
        return list(ended)

    assert fetching(work) == [b""]
