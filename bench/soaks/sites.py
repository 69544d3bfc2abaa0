"""The servers of a run, in a process of their own on loopback: all feeds, Slack and a mail server, with their faults.

Feeds are told apart by their host names, which only the watcher's injected resolver knows. What they do follows from
the plan and the true time alone.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import Enum, auto
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from bench.soaks.clock import SharedClock
from bench.soaks.items import Timelines
from bench.soaks.mailbox import Mailbox
from bench.soaks.plan import SLACK, Event, Fault, FeedPlan, Incident, Plan, moment

SLACK_HOST = "slack.soak.example"
SLACK_TOKEN = "xoxb-soak"
_SLACK_KEPT = 400
_PAUSE = 0.2
"""Real seconds between the halves of a slow answer."""


class NoAnswer(Enum):
    """What a server does that does not answer."""

    HANG_UP = auto()
    WAIT = auto()


@dataclass(slots=True)
class SlackDesk:
    """A Slack as far as a bot needs it, with the faults of the plan."""

    plan: Plan
    messages: list[dict[str, Any]] = field(default_factory=list)
    posted: list[tuple[float, str]] = field(default_factory=list)
    faults: Counter[Event] = field(default_factory=Counter)

    def answer(self, path: str, headers: dict[str, str], body: bytes, at: float) -> tuple[int, dict[str, str], bytes]:
        """Answer a call of the API."""
        if (event := self.plan.event(at, SLACK)) is not None:
            self.faults[event] += 1
            match event.incident:
                case Incident.SLACK_ERROR:
                    return 500, {}, b"oops"
                case Incident.SLACK_LIMIT:
                    return 429, {"Retry-After": "1200"}, b""
                case _:
                    return _json(ok=False, error="invalid_auth")
        if headers.get("authorization") != f"Bearer {SLACK_TOKEN}":
            return _json(ok=False, error="not_authed")
        if path.endswith("/chat.postMessage"):
            message = json.loads(body)
            stamp = f"{moment(at).timestamp():.0f}.{len(self.posted):06}"
            self.posted.append((at, str(message["metadata"]["event_payload"]["message_id"])))
            self.messages = [*self.messages[-_SLACK_KEPT:], message | {"ts": stamp}]
            return _json(ok=True, ts=stamp)
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        thread, oldest = form.get("ts"), float(form.get("oldest", "0"))
        messages = [
            message
            for message in self.messages
            if message.get("thread_ts") == thread and float(message["ts"]) >= oldest
        ]
        return _json(ok=True, messages=messages[-200:])


def _json(**values: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(values).encode()


@dataclass(frozen=True, slots=True)
class Pieces:
    """An answer that comes in two pieces; without the second the connection is closed instead."""

    first: bytes
    second: bytes | None


class Sites:
    """What all HTTP servers answer now; `port` is where redirects lead to."""

    def __init__(self, plan: Plan, clock: SharedClock, slack: SlackDesk) -> None:
        self.plan = plan
        self.port = 0
        self.served: Counter[str] = Counter()
        self._clock = clock
        self._slack = slack
        self._timelines = Timelines(plan.feeds, plan.seed, plan.end)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> bytes | Pieces | NoAnswer:
        """Answer a request of the true time."""
        at = self._clock.read()
        if self.plan.incident(at, {Incident.NETWORK}):
            return NoAnswer.HANG_UP
        host = headers["host"].partition(":")[0]
        if host == SLACK_HOST:
            return _pack(at, *self._slack.answer(path, headers, body, at))
        feed = self.plan.by_host[host]
        outage = feed.outage(at)
        if outage is not None and outage.fault is not Fault.CUT:
            self.served[outage.fault] += 1
            return self._fail(outage.fault, at)
        if (moved := self._moved(feed, host, path, at)) is not None:
            return moved
        timeline = self._timelines.of(feed.number)
        document, etag = timeline.document(at)
        timeline.forget(at)
        common = {"Content-Type": "application/xml"} | ({} if feed.deaf else {"ETag": etag})
        if feed.closes:
            common["Connection"] = "close"
        if outage is not None:
            self.served[outage.fault] += 1
            return Pieces(_pack(at, 200, common, document)[: -len(document) // 2], None)
        if feed.stumbles and "if-none-match" in headers:
            self.served["stumbled"] += 1
            return _pack(at, 500, {}, b"cannot compare")
        if not feed.deaf and headers.get("if-none-match") == etag:
            self.served["304"] += 1
            return _pack(at, 304, common, b"")
        self.served["200"] += 1
        answer = _pack(at, 200, common, document)
        if feed.slow is not None and feed.slow.holds(at):
            return Pieces(answer[: len(answer) // 2], answer[len(answer) // 2 :])
        return answer

    def _fail(self, fault: Fault, at: float) -> bytes | NoAnswer:
        match fault:
            case Fault.DNS | Fault.REFUSE:
                return NoAnswer.HANG_UP  # a connection of before the outage
            case Fault.STALL:
                return NoAnswer.WAIT
            case Fault.ERROR:
                return _pack(at, 500, {}, b"oops")
            case Fault.FORBIDDEN:
                return _pack(at, 403, {}, b"no")
            case Fault.MISSING:
                return _pack(at, 404, {}, b"nothing here")
            case Fault.GONE:
                return _pack(at, 410, {}, b"gone")
            case Fault.LIMITED:
                return _pack(at, 429, {"Retry-After": "3600"}, b"")
            case Fault.HTML:
                page = b"<!doctype html><html><head><title>Log in</title></head><body>Log in first</body></html>"
                return _pack(at, 200, {"Content-Type": "text/html"}, page)
            case Fault.GARBLED | Fault.CUT:
                return _pack(at, 200, {"Content-Type": "application/xml", "Content-Encoding": "br"}, b"\xff\x00" * 40)

    def _moved(self, feed: FeedPlan, host: str, path: str, at: float) -> bytes | None:
        """Answer where a feed is not, or not any more."""
        old = host == feed.host and path == feed.path
        if feed.moves_at is None or at < feed.moves_at:
            return None if old else _pack(at, 404, {}, b"")
        if not old:
            return None
        if feed.leaves_at is not None and at >= feed.leaves_at:
            return _pack(at, 404, {}, b"moved away long ago")
        self.served["301"] += 1
        return _pack(at, 301, {"Location": f"http://{feed.new_host}:{self.port}/new/feed.xml"}, b"")


def _pack(at: float, status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Date: {format_datetime(moment(at), usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status != 304:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """One connection: as many requests as the client sends."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while b"\r\n\r\n" in self._pending:
            head, _, rest = self._pending.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            body, self._pending = rest[:length], rest[length:]
            answer = self._sites.answer(first.split(" ")[1], headers, body)
            if answer is NoAnswer.HANG_UP:
                self._transport.abort()
                return
            if isinstance(answer, Pieces):
                self._transport.write(answer.first)
                if answer.second is None:
                    self._transport.close()
                    return
                asyncio.get_running_loop().call_later(_PAUSE, self._write, answer.second)
            elif isinstance(answer, bytes):
                self._write(answer)
                if b"\r\nConnection: close" in answer[:400]:
                    self._transport.close()
                    return

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def serve(pipe: Pipe, plan: Plan, clock_path: Path) -> None:
    """Serve until told to end: answers its ports first, then a report for each request for one."""
    asyncio.run(_serve(pipe, plan, SharedClock(clock_path)))


async def _serve(pipe: Pipe, plan: Plan, clock: SharedClock) -> None:
    loop = asyncio.get_running_loop()
    slack, mailbox = SlackDesk(plan), Mailbox(plan, clock)
    sites = Sites(plan, clock, slack)
    web = await loop.create_server(lambda: _Connection(sites), "127.0.0.1", 0, backlog=512)
    post = await asyncio.start_server(mailbox.converse, "127.0.0.1", 0, backlog=64)
    sites.port = web.sockets[0].getsockname()[1]
    pipe.send((sites.port, post.sockets[0].getsockname()[1]))
    ended = asyncio.Event()

    def take_order() -> None:
        try:
            order = pipe.recv()
        except EOFError:  # the conductor is gone
            loop.remove_reader(pipe.fileno())
            order = "end"
        match order:
            case "faults":
                pipe.send(dict(slack.faults + mailbox.faults))
            case "all":
                pipe.send({"served": dict(sites.served), "mails": mailbox.taken, "slack": slack.posted})
            case _:
                ended.set()

    loop.add_reader(pipe.fileno(), take_order)
    await ended.wait()
    web.close()
    post.close()
