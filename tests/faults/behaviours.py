"""What servers do, well or badly."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

from tests.faults.documents import rss
from tests.faults.yard import Behaviour, Talk

FOREVER = 60.0


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Write an answer; header names are given with underscores, and the length is added where none is said."""
    named_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if not {"Content-Length", "Transfer-Encoding"} & set(named_headers):
        named_headers["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in named_headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body


def says(*parts: bytes, hold: float = 0.0) -> Behaviour:
    """Read the question, send this and close; or first wait for the other side to give up."""

    async def behave(talk: Talk) -> None:
        await talk.request()
        for part in parts:
            await talk.send(part)
        await asyncio.sleep(hold)

    return behave


def body(content: bytes, **headers: str) -> Behaviour:
    return says(answer(content, **{"ETag": '"fault"', "Content_Type": "application/rss+xml", **headers}))


def well(count: int) -> Behaviour:
    return says(answer(rss(count), ETag=f'"good-{count}"', Last_Modified="Wed, 04 Mar 2026 09:00:00 GMT"))


def paths(pages: Mapping[str, bytes], other: bytes = b"") -> Behaviour:
    """Answer by path."""

    async def behave(talk: Talk) -> None:
        await talk.request()
        await talk.send(pages.get(talk.path, other))

    return behave


def unasked(data: bytes) -> Behaviour:
    """Send this without reading a word."""

    async def behave(talk: Talk) -> None:
        await talk.send(data)
        await asyncio.sleep(0.2)

    return behave


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks) + end


async def hangs_up(talk: Talk) -> None:
    await talk.request()


async def resets(talk: Talk) -> None:
    await talk.request()
    await talk.send(answer(b"", Content_Length="5000"), rss(3)[:400])
    await asyncio.sleep(0.05)
    talk.reset()


async def is_silent(talk: Talk) -> None:
    await talk.request()
    await asyncio.sleep(FOREVER)


async def hears_nothing(talk: Talk) -> None:
    await asyncio.sleep(FOREVER)


async def drips_headers(talk: Talk) -> None:
    await talk.request()
    await talk.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000, 0.05)


async def drips_body(talk: Talk) -> None:
    await talk.request()
    await talk.send(answer(b"", Content_Length="5000"))
    await talk.drip(rss(3), 0.05)


async def never_ends(talk: Talk) -> None:
    await talk.request()
    await talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n", rss(3)[:-16])
    while True:
        await talk.send(b"<!-- more and more -->" * 3000)


async def never_ends_its_headers(talk: Talk) -> None:
    await talk.request()
    await talk.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await talk.send(b"X-More: and more\r\n" * 500)


async def loops(talk: Talk) -> None:
    await talk.request()
    other = "/b" if talk.path != "/b" else "/a"
    await talk.send(answer(status="302 Found", Location=other))


async def goes_on_and_on(talk: Talk) -> None:
    await talk.request()
    number = int(talk.path.rpartition("-")[2]) if "-" in talk.path else 0
    await talk.send(answer(status="302 Found", Location=f"/hop-{number + 1}"))


async def wants_a_cookie(talk: Talk) -> None:
    """Give the feed to whoever brings a cookie, and a cookie to all others."""
    asked = await talk.request()
    if "cookie" in asked:
        await talk.send(answer(rss(3)))
    else:
        await talk.send(answer(status="302 Found", Location=talk.path, Set_Cookie="seen=1; Path=/"))


def redirects(status: str, location: str, then: bytes) -> Behaviour:
    """Redirect the feed's own address, and give `then` at any other; `{port}` in the location is the server's own."""

    async def behave(talk: Talk) -> None:
        port = (await talk.request())["host"].rpartition(":")[2]
        first = talk.path.startswith("/feed")
        await talk.send(answer(status=status, Location=location.replace("{port}", port)) if first else then)

    return behave


def secured(context: ssl.SSLContext, behave: Behaviour) -> Behaviour:
    """Speak TLS before all else."""

    async def secure(talk: Talk) -> None:
        await talk.secured(context)
        await behave(talk)

    return secure
