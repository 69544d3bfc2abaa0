"""Many outlets on loopback, each at an address of its own: an HTTP server that notes who was asked when."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from tests.web_server import rss


@dataclass(frozen=True)
class Asked:
    """A request: which feed, and when (monotonic)."""

    url: str
    at: float


class Outlets:
    """Serves `/0`, `/1`... at each of `hosts` addresses; an answer comes only while the doors are open.

    It takes `delay` seconds. What is asked meanwhile a second time is `overlapping`.
    """

    def __init__(self, hosts: int, feeds_each: int, delay: float = 0.0) -> None:
        self.hosts = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(hosts)]
        self._feeds_each = feeds_each
        self.asked: list[Asked] = []
        self.answers: dict[str, bytes] = {}
        self.overlapping: list[str] = []
        self._delay = delay
        self._answering: set[str] = set()
        self.port = 0
        self._open = threading.Event()
        self._open.set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def urls(self) -> list[str]:
        return [f"http://{host}:{self.port}/{number}" for host in self.hosts for number in range(self._feeds_each)]

    def shut(self) -> None:
        """Take requests and answer none, until `open`."""
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def smallest_gap(self) -> float:
        """Return the shortest time between two requests to one host."""
        by_host: dict[str, list[float]] = {}
        for asked in self.asked:
            by_host.setdefault(asked.url.rpartition("/")[0], []).append(asked.at)
        return min(later - earlier for times in by_host.values() for earlier, later in pairwise(sorted(times)))

    def times(self, url: str) -> list[float]:
        return sorted(asked.at for asked in self.asked if asked.url == url)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        sockets = _listening(self.hosts)
        self.port = sockets[0].getsockname()[1]
        for listening in sockets:
            self._loop.run_until_complete(asyncio.start_server(self._answer, sock=listening))
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        for listening in sockets:
            listening.close()
        self._loop.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                path = line.split()[1].decode()
                tagged = False
                while (header := await reader.readline()).strip():
                    tagged = tagged or header.lower().startswith(b"if-none-match")
                host, port = writer.get_extra_info("sockname")
                url = f"http://{host}:{port}{path}"
                self.asked.append(Asked(url, time.monotonic()))
                if self._delay:
                    await self._wait(url)
                while not self._open.is_set():
                    await asyncio.sleep(0.02)
                if tagged and url not in self.answers:
                    writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
                    continue
                body = self.answers.get(url) or rss((url, f"Five Eyes ministers meet at {url}"))
                writer.write(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _wait(self, url: str) -> None:
        if url in self._answering:
            self.overlapping.append(url)
        self._answering.add(url)
        await asyncio.sleep(self._delay)
        self._answering.discard(url)


def _listening(hosts: list[str]) -> list[socket.socket]:
    """Listen at every address on one port."""
    for _attempt in range(20):
        found: list[socket.socket] = []
        try:
            for host in hosts:
                listening = socket.socket()
                found.append(listening)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind((host, found[0].getsockname()[1] if len(found) > 1 else 0))
                listening.listen(256)
            return found
        except OSError:
            for listening in found:
                listening.close()
    raise RuntimeError("no port is free at all addresses")
