"""The server of bench/completeness.py, in a process of its own: feeds over HTTP, and a mail server beside them.

    python completeness_server.py [FOLDER]

Each feed has a loopback address of its own (127.35.x.y), so that politeness towards a host delays nobody. The first
line on stdout lists the addresses and the items that a tool has to keep. Then commands are read from stdin, one a line,
and each is answered by a line of JSON: `edition N`, `requests`, `mails`; `end` ends it.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import html
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any, cast

import brotli
import feedparser
from aiosmtpd.smtp import SMTP, Envelope, Session
from completeness_feeds import BOT_CHECK, FEEDS
from completeness_markup import write_enclosures
from completeness_records import RECORDED

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODECS: dict[str, Callable[[bytes], bytes]] = {
    "br": partial(brotli.compress, quality=5),
    "zstd": zstd.compress,
    "gzip": partial(gzip.compress, mtime=0),
}
CODINGS = ("gzip", "br", "zstd", "identity")


@dataclass(frozen=True, slots=True)
class Document:
    """A document and how it is served."""

    body: bytes
    media_type: str
    coding: str
    piece: int = 0
    chunked: bool = False
    revalidates: bool = True

    def choose_coding(self, accepted: str) -> str:
        """Return the coding that the server prefers, gzip where the client does not read that, or none."""
        names = {name.partition(";")[0].strip() for name in accepted.split(",")}
        return next((name for name in (self.coding, "gzip") if name in names), "identity")


@dataclass(frozen=True, slots=True)
class Press:
    """What is served: two editions of each feed, and the items that stand in them."""

    documents: dict[str, tuple[Document, Document]]
    items: list[tuple[str, str, int, str, str]]
    """Feed, kind, edition, headline, text."""


def invent_press() -> Press:
    """Return the invented feeds, and beside them one address where a bot check stands in place of a feed."""
    guard = Document(BOT_CHECK, "text/html", "gzip", revalidates=False)
    documents = {"bot-check": (guard, guard)}
    items: list[tuple[str, str, int, str, str]] = []
    for feed in FEEDS:
        first, second = (
            Document(feed.document(edition), feed.media_type, feed.coding, feed.piece, feed.chunked)
            for edition in (1, 2)
        )
        documents[feed.name] = first, second
        items += [
            (feed.name, feed.kind, edition, item.title, "" if feed.dialect is write_enclosures else item.paragraphs[0])
            for edition in (1, 2)
            for item in feed.items(edition)
        ]
    return Press(documents, items)


def load_press(folder: Path) -> Press:
    """Return the recorded feeds of a folder; files without items are left out.

    What stands in a feed is what feedparser reads there, each id, link, headline and text once.
    """
    documents, items = {}, []
    for number, path in enumerate(sorted(path for path in folder.iterdir() if path.is_file())):
        body = path.read_bytes()
        facts = dict.fromkeys(list_facts(body, path.suffix == ".json"))
        if not facts:
            continue
        name = re.sub(r"[^a-z0-9]+", "-", path.name.casefold()).strip("-")
        media_type = "application/feed+json" if path.suffix == ".json" else "application/xml"
        document = Document(body, media_type, CODINGS[number % len(CODINGS)], revalidates=False)
        documents[name] = document, document
        for _id, _link, title, text in facts:
            # The beginning of a text is enough to know it by, and is there where a tool cuts it.
            items.append((name, RECORDED, 1, strip_markup(title), strip_markup(text)[:60]))
    return Press(documents, items)


def list_facts(body: bytes, is_json: bool) -> Iterator[tuple[str, ...]]:
    """Yield id, link, headline and text of each item; feedparser reads no JSON."""
    if is_json:
        document = json.loads(body)
        for item in document.get("items", []) if isinstance(document, dict) else []:
            text = item.get("content_html") or item.get("content_text") or item.get("summary") or ""
            yield str(item.get("id")), item.get("url") or "", item.get("title") or "", text
        return
    for entry in feedparser.parse(body).entries:
        yield tuple(entry.get(key, "") for key in ("id", "link", "title", "summary"))


def strip_markup(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).strip()


class Mailbox:
    """A mail server's memory."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.messages.append(cast("bytes", envelope.content))
        return "250 OK"

    def read(self) -> Iterator[tuple[str, str, str]]:
        """Yield each message's feed address, subject and text."""
        for raw in self.messages:
            message = cast("EmailMessage", message_from_bytes(raw, policy=default))
            body = message.get_body(("plain", "html"))
            yield str(message["X-RSS-Feed"]), str(message["Subject"]), body.get_content() if body else ""


class Site:
    """The web server: the edition in force and what was asked."""

    def __init__(self, press: Press) -> None:
        self.press = press
        self.edition = 1
        self.answers: Counter[int] = Counter()

    async def serve(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])}
                await self._answer(name, lines[0].split(" ")[1], headers, writer)
                if headers.get("connection", "").lower() == "close":
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, name: str, path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if path != "/feed":
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        document = self.press.documents[name][self.edition - 1]
        coding = document.choose_coding(headers.get("accept-encoding", ""))
        etag = f'"{hashlib.blake2b(document.body, digest_size=8).hexdigest()}-{coding}"'
        if document.revalidates and headers.get("if-none-match") == etag:
            self.answers[304] += 1
            writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nVary: Accept-Encoding\r\n\r\n".encode())
            return
        self.answers[200] += 1
        body = CODECS[coding](document.body) if coding in CODECS else document.body
        length = "Transfer-Encoding: chunked" if document.chunked else f"Content-Length: {len(body)}"
        coded = f"Content-Encoding: {coding}\r\n" if coding in CODECS else ""
        tagged = f"ETag: {etag}\r\n" if document.revalidates else ""
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {document.media_type}\r\n{tagged}Vary: Accept-Encoding\r\n"
            f"{coded}{length}\r\n\r\n".encode()
        )
        piece = document.piece or len(body)
        for start in range(0, len(body), piece):
            part = body[start : start + piece]
            writer.write(b"%x\r\n%b\r\n" % (len(part), part) if document.chunked else part)
            await writer.drain()
            await asyncio.sleep(0)
        if document.chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()


async def main(press: Press) -> None:
    loop = asyncio.get_running_loop()
    site, mailbox = Site(press), Mailbox()
    addresses: dict[str, str] = {}
    port = 0
    servers: list[asyncio.Server] = []
    for number, name in enumerate(press.documents):
        host = f"127.35.{number // 250}.{number % 250 + 1}"
        servers.append(await asyncio.start_server(partial(site.serve, name), host, port))
        port = servers[-1].sockets[0].getsockname()[1]
        addresses[name] = f"http://{host}:{port}/feed"
    servers.append(await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0))
    smtp_port = servers[-1].sockets[0].getsockname()[1]
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(json.dumps({"addresses": addresses, "items": press.items, "smtp_port": smtp_port}), flush=True)
    while (line := (await lines.readline()).split()) and line[0] != b"end":
        reply: Any = None
        if line[0] == b"edition":
            site.edition = int(line[1])
        elif line[0] == b"requests":
            reply = dict(site.answers)
            site.answers.clear()
        elif line[0] == b"mails":
            reply = list(mailbox.read())
        print(json.dumps(reply), flush=True)
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(main(load_press(Path(sys.argv[1])) if len(sys.argv) > 1 else invent_press()))
