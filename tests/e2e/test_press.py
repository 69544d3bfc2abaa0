"""Five feeds that are hard to keep whole, read by the installed command: every item is stored, and stored once."""

from __future__ import annotations

import asyncio
import gzip
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from random import Random

import brotli
import pytest

from tests.e2e.machine import Desk
from tests.faults.machine import NOON
from tests.faults.yard import Behaviour, Talk, Yard

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LONG = 9_000
"""Characters of an item's text in the long feed: fourteen of them are more than one brotli block holds."""


@dataclass(frozen=True)
class Item:
    headline: str
    rest: str
    """All that the item holds beside its headline."""


def list_link_items(count: int) -> list[Item]:
    """Return reports of one live page: no guid, one link for all."""
    return [
        Item(f"Live dispatch {n}", f"<link>http://live.example/</link><description>Turn {n}.</description>{dated(n)}")
        for n in range(count)
    ]


def list_fragment_items(count: int) -> list[Item]:
    """Return notes of one page, whose guids and links differ after the # alone."""
    page = "http://log.example/notes#v1."
    return [
        Item(
            f"Release dispatch {n}", f"<guid>{page}{n}</guid><link>{page}{n}</link><description>Fix {n}.</description>"
        )
        for n in range(count)
    ]


def list_repeated_items(count: int) -> list[Item]:
    """Return items of which two at a time have one guid, link and date."""
    return [
        Item(
            f"Tavern dispatch {n}",
            f"<guid>http://pod.example/{n // 2}</guid><link>http://pod.example/{n // 2}</link>{dated(n // 2)}",
        )
        for n in range(count)
    ]


def list_long_items(count: int) -> list[Item]:
    """Return articles that together exceed what one brotli block holds."""
    words = [f"word{n}" for n in range(900)]
    return [
        Item(
            f"Long dispatch {n}",
            f"<guid isPermaLink='false'>long-{n}</guid>{dated(n)}"
            f"<description>{' '.join(Random(n).choices(words, k=LONG // 8))}</description>",
        )
        for n in range(count)
    ]


def list_enclosure_items(count: int) -> list[Item]:
    """Return recordings without guid, link and text, every second under a standing headline."""
    return [
        Item(
            "Evening dispatch" if n % 2 else f"Talk dispatch {n}",
            f"{dated(n)}<enclosure url='http://cdn.example/{n}.mp3' length='{n + 1}' type='audio/mpeg'/>",
        )
        for n in range(count)
    ]


KINDS: dict[Callable[[int], list[Item]], int] = {
    list_link_items: 5,
    list_fragment_items: 5,
    list_repeated_items: 5,
    list_long_items: 14,
    list_enclosure_items: 6,
}
"""What the feeds hold, and how many of it at first."""


def dated(number: int) -> str:
    return f"<pubDate>{format_datetime(NOON + timedelta(hours=number))}</pubDate>"


def write_feed(items: Sequence[Item], built: int) -> bytes:
    """Write the items, the last one first, in a document that is another each time it is built."""
    written = "".join(f"<item><title>{item.headline}</title>{item.rest}</item>" for item in reversed(items))
    head = f"<title>Press</title><link>http://press.example/</link><description/><ttl>{built}</ttl>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{written}</channel></rss>".encode()


@dataclass(frozen=True)
class Manner:
    """How bodies come: their coding, the bytes sent at once, and whether their length is announced."""

    coding: str
    compress: Callable[[bytes], bytes]
    piece: int
    chunked: bool = False

    def __str__(self) -> str:
        return f"{self.coding} in pieces of {self.piece}{', chunked' if self.chunked else ''}"


MANNERS = (
    Manner("br", brotli.compress, 65_536),
    Manner("br", brotli.compress, 1),
    Manner("zstd", zstd.compress, 700, chunked=True),
    Manner("gzip", gzip.compress, 97),
)


class Press:
    """Serves the five feeds, each on a port of its own, in one coding and in pieces.

    `more` items stand in each feed beyond the first ones; another `built` makes other bytes of the same items.
    """

    def __init__(self, yard: Yard, manner: Manner) -> None:
        self.more = 0
        self.built = 0
        self._manner = manner
        self.urls = [f"http://127.0.0.1:{yard.open(self._behave(*kind))}/feed" for kind in KINDS.items()]

    def count_headlines(self) -> Counter[tuple[str, str]]:
        """Return how often each headline of each feed has to be stored."""
        return Counter(
            (url, item.headline)
            for url, (list_items, count) in zip(self.urls, KINDS.items(), strict=True)
            for item in list_items(count + self.more)
        )

    def _behave(self, list_items: Callable[[int], list[Item]], count: int) -> Behaviour:
        async def behave(talk: Talk) -> None:
            asked = await talk.request()
            assert self._manner.coding in asked["accept-encoding"]
            body = write_feed(list_items(count + self.more), self.built)
            packed = self._manner.compress(body)
            framing = "Transfer-Encoding: chunked" if self._manner.chunked else f"Content-Length: {len(packed)}"
            await talk.send(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n",
                f'ETag: "{zlib.crc32(body)}"\r\nContent-Encoding: {self._manner.coding}\r\n{framing}\r\n\r\n'.encode(),
            )
            for start in range(0, len(packed), self._manner.piece):
                piece = packed[start : start + self._manner.piece]
                await talk.send(b"%x\r\n%b\r\n" % (len(piece), piece) if self._manner.chunked else piece)
                await asyncio.sleep(0)
            if self._manner.chunked:
                await talk.send(b"0\r\n\r\n")

        return behave


@pytest.fixture
def yard() -> Iterator[Yard]:
    with Yard() as yard:
        yield yard


def count_stored(desk: Desk) -> Counter[tuple[str, str]]:
    """Return how often each headline of each feed is stored."""
    page = desk.json("search", "dispatch", "--limit", "1000")
    return Counter((match["entry"]["feed"], match["entry"]["title"]) for match in page["entries"])


@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_every_item_is_stored_once(manner: Manner, yard: Yard, desk: Desk) -> None:
    press = Press(yard, manner)
    desk.write(press.urls)

    first = desk.json("poll", "--all")

    assert first["failures"] == []
    assert count_stored(desk) == press.count_headlines()
    assert first["entries"].items() >= {"seen": 35, "new": 35, "updated": 0}.items()


def test_the_same_items_in_other_bytes_add_nothing(yard: Yard, desk: Desk) -> None:
    press = Press(yard, MANNERS[0])
    desk.write(press.urls)
    desk.json("poll", "--all")
    press.built = 1

    second = desk.json("poll", "--all")

    assert second["feeds"]["fetched"] == len(press.urls)
    assert second["entries"].items() >= {"seen": 35, "new": 0, "updated": 0}.items()
    assert count_stored(desk) == press.count_headlines()


def test_one_more_item_in_each_feed_is_one_more_entry(yard: Yard, desk: Desk) -> None:
    press = Press(yard, MANNERS[0])
    desk.write(press.urls)
    desk.json("poll", "--all")
    press.more = 1

    second = desk.json("poll", "--all")

    assert second["entries"].items() >= {"seen": 40, "new": len(press.urls), "updated": 0}.items()
    assert count_stored(desk) == press.count_headlines()
