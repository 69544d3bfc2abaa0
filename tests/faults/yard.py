"""Small servers on loopback, each odd in a way of its own, on sockets that nothing tidies up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self


class Talk:
    """One connection, as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number
        self.path = ""
        self.asked: dict[str, str] = {}
        self.heard: list[dict[str, str]] = []

    async def request(self) -> dict[str, str]:
        """Read what is asked: the headers, by lower-case name."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        self.path = head[0].split(" ")[1]
        self.asked = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        self.heard.append(self.asked)
        return self.asked

    async def send(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    async def drip(self, data: bytes, every: float = 0.1) -> None:
        """Send bytes one by one."""
        for place in range(len(data)):
            await self.send(data[place : place + 1])
            await asyncio.sleep(every)

    async def secured(self, context: ssl.SSLContext) -> None:
        await self.writer.start_tls(context)

    def reset(self) -> None:
        """Break the connection off: RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Talk], Awaitable[None]]


class Outlet:
    """A server whose behaviour a test changes as it goes; `asked` holds the headers of every question."""

    def __init__(self, yard: Yard, says: Behaviour, name: str = "post.example") -> None:
        self.says = says
        self.asked: list[dict[str, str]] = []
        self.port = yard.open(self._behave)
        self.name = name

    @property
    def url(self) -> str:
        return self.at("/feed")

    def at(self, path: str) -> str:
        return f"http://{self.name}:{self.port}{path}"

    async def _behave(self, talk: Talk) -> None:
        talk.heard = self.asked
        await self.says(talk)


class Yard:
    """Opens servers in a thread with a loop of its own; an open connection ends when the yard is left."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for sock in self._sockets:
            sock.close()

    def open(self, behave: Behaviour) -> int:
        """Open a server on 127.0.0.1 and give its port."""
        number = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal number
            number += 1
            quiet = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError)
            with contextlib.suppress(*quiet):
                await behave(Talk(reader, writer, number))
            with contextlib.suppress(Exception):
                writer.close()

        server: asyncio.Server = self._run(asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20, backlog=256))
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def hole(self, address: str, port: int) -> None:
        """Take a place whose queue is full: who knocks there is not let in and not told so."""
        full = socket.socket()
        full.bind((address, port))
        full.listen(0)
        self._sockets.append(full)
        for _guest in range(4):
            guest = socket.socket()
            guest.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                guest.connect((address, port))
            self._sockets.append(guest)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
