"""Proxies on loopback, of both kinds: each notes what it is asked for, and takes every name to this machine."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress

from tests.faults.yard import Talk, Yard


class HttpProxy:
    """A proxy that knows CONNECT and whole addresses. `refuses` is a status that it answers all requests with."""

    def __init__(self, yard: Yard, login: str = "", refuses: int = 0) -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.refuses = refuses
        self._login = f"Basic {base64.b64encode(login.encode()).decode()}" if login else ""
        self.port = yard.open(self._behave)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _behave(self, talk: Talk) -> None:
        head = (await talk.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _version = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        self.asked.append(f"{method} {target}")
        self.headers.append(headers)
        if self._login and headers.get("proxy-authorization") != self._login:
            await talk.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif self.refuses:
            await talk.send(f"HTTP/1.1 {self.refuses} No\r\nContent-Length: 0\r\n\r\n".encode())
        elif method == "CONNECT":
            await _pipe(talk, int(target.rpartition(":")[2]), b"HTTP/1.1 200 Connection established\r\n\r\n", b"")
        else:
            authority, _, path = target.removeprefix("http://").partition("/")
            kept = [line for line in head[1:] if line and not line.lower().startswith(("proxy-", "connection:"))]
            question = "\r\n".join([f"{method} /{path} HTTP/1.1", *kept, "Connection: close", "", ""])
            await _pipe(talk, int(authority.rpartition(":")[2]), b"", question.encode("latin-1"))


class SocksProxy:
    """A proxy that knows SOCKS5. `reply` is the code that it answers with in place of a connection."""

    def __init__(self, yard: Yard, login: str = "", reply: int = 0) -> None:
        self.asked: list[str] = []
        self.reply = reply
        self._login = login
        self.port = yard.open(self._behave)

    async def _behave(self, talk: Talk) -> None:
        _version, count = await talk.reader.readexactly(2)
        methods = await talk.reader.readexactly(count)
        if self._login and 2 not in methods:
            await talk.send(b"\x05\xff")
            return
        await talk.send(b"\x05\x02" if self._login else b"\x05\x00")
        if self._login:
            await talk.reader.readexactly(1)
            name = await talk.reader.readexactly((await talk.reader.readexactly(1))[0])
            word = await talk.reader.readexactly((await talk.reader.readexactly(1))[0])
            if f"{name.decode()}:{word.decode()}" != self._login:
                await talk.send(b"\x01\x01")
                return
            await talk.send(b"\x01\x00")
        _version, _command, _reserved, kind = await talk.reader.readexactly(4)
        if kind == 3:
            host = (await talk.reader.readexactly((await talk.reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await talk.reader.readexactly(4 if kind == 1 else 16)))
        port = int.from_bytes(await talk.reader.readexactly(2), "big")
        self.asked.append(f"{host}:{port}")
        if self.reply:
            await talk.send(bytes([5, self.reply, 0, 1, 0, 0, 0, 0, 0, 0]))
            return
        await _pipe(talk, port, bytes([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]), b"")


async def _pipe(talk: Talk, port: int, welcome: bytes, question: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(question)
    await talk.send(welcome)
    try:
        await asyncio.gather(_copy(talk.reader, writer), _copy(reader, talk.writer))
    finally:
        writer.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await source.read(65_536):
            sink.write(some)
            await sink.drain()
        sink.write_eof()
