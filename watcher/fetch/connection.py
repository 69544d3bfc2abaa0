"""One connection to one server: bytes in and out, within bounds of time and memory.

The usual requests and answers are written and read by `usual_http`; from the first that is not, h11 does it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

import h11

from watcher.fetch.errors import FetchError
from watcher.fetch.policy import FetchPolicy
from watcher.fetch.usual_http import Head, Question, parse_head
from watcher.model.poll import FailureKind

PIECE_BYTES = 65_536
MAX_BUFFERED_BYTES = 2 * PIECE_BYTES
"""Bytes that may wait to be read; beyond them the server has to wait."""
_CUT_SHORT = "the document is cut short"


class Connection(asyncio.Protocol):
    """A protocol of asyncio's, with no stream between: half of what a small answer costs would be that stream."""

    def __init__(self, policy: FetchPolicy) -> None:
        self.loop = asyncio.get_running_loop()
        self.opened_at = self.loop.time()
        self.is_answered = False
        """Whether any byte of the answer to the last request has come."""
        self._patience = policy.read.total_seconds()
        self._most_header = policy.most_header
        self._http: h11.Connection | None = None
        self._question: Question | None = None
        """What was asked without h11, until the head of its answer is here."""
        self._left: int | None = None
        """Bytes of the body that are still to come, of an answer that is read without h11."""
        self._keeps_open = True
        self._transport: asyncio.Transport | None = None
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._halted = False
        self._stuffed = False
        self._ended = False
        self._fault: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._waits_since = 0.0
        self._otherwise = ""
        self._watchdog: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep bytes until they are read; pause the server where it sends faster."""
        self.is_answered = True
        # In pieces, so that what unpacks to a thousand times its size is looked at in time.
        self._pieces.extend(data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES))
        self._held += len(data)
        if self._held > MAX_BUFFERED_BYTES and not self._halted and self._transport is not None:
            self._halted = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that the server sends no more."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the connection, and its reason."""
        self._ended = True
        self._fault = self._fault or exc
        self._wake()

    def pause_writing(self) -> None:
        """Note that the server does not take what is written."""
        self._stuffed = True

    def resume_writing(self) -> None:
        """Note that the server takes what is written again."""
        self._stuffed = False
        self._wake()

    async def send(self, question: Question, body: bytes = b"") -> None:
        """Send a request; raises FetchError and h11.LocalProtocolError."""
        assert self._transport is not None
        if self._http is None and question.written is not None and not body:
            self._question = question
            self._transport.write(question.written)
        else:
            self._transport.write(self._ask_by_h11(question, body))
        while self._stuffed:
            if self._fault is not None:
                raise FetchError(FailureKind.CONNECT, "connection lost while asking") from self._fault
            await self._wait("the server does not take the request")

    async def head(self) -> Head | h11.Response:
        """Read the head of the answer; raises FetchError."""
        if (question := self._question) is not None:
            self._question = None
            start = await self._more()
            if (head := parse_head(start)) is not None and head.end <= self._most_header:
                self._put_back(start[head.end :])
                self._left, self._keeps_open = head.length, head.keeps_open
                return head
            # What was sent is what h11 would have sent: it goes on from there.
            self._ask_by_h11(question)
            self._get_h11().receive_data(start)
        for _interim in range(20):
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise FetchError(FailureKind.PROTOCOL, "the server closed the connection without an answer")
        raise FetchError(FailureKind.PROTOCOL, "interim answers without end")

    async def data(self) -> bytes | None:
        """Return the next piece of the body, None at its end; raises FetchError."""
        if self._left is not None:
            if not self._left:
                return None
            if some := await self._more():
                return self._count_body(some)
            raise FetchError(FailureKind.TRUNCATED, _CUT_SHORT)
        event = await self._event()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            return None
        raise FetchError(FailureKind.TRUNCATED, "the connection closed before the end of the document")

    @property
    def is_idle(self) -> bool:
        """Whether the answer is over, and nothing has come since: no further byte, and no end."""
        quiet = not self._ended and self._fault is None and not self._pieces
        if (http := self._http) is None:
            idle = self._question is None and self._left is None
        else:
            idle = http.our_state is h11.IDLE and http.their_state is h11.IDLE and http.trailing_data[0] == b""
        return quiet and idle and self.loop is asyncio.get_running_loop()

    def finish(self) -> None:
        """Read what is here of an answer that nobody wants to the end of, and get ready for the next request.

        Whether that succeeded is for `is_idle` to say.
        """
        if (http := self._http) is None:
            self._finish_usual()
            return
        if http.their_state is h11.SEND_BODY:
            with suppress(h11.RemoteProtocolError):
                while (event := http.next_event()) is not h11.NEED_DATA or self._pieces:
                    if event is h11.NEED_DATA:
                        http.receive_data(self._take_piece())
                    elif not isinstance(event, h11.Data):
                        break
        if http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
            self.is_answered = False

    def close(self) -> None:
        """Close at once: a server that never closes its side must not keep ours open."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if self._transport is not None:
            self._transport.abort()

    def _finish_usual(self) -> None:
        while self._left and self._pieces:
            self._count_body(self._take_piece())
        if self._left == 0 and self._keeps_open:
            self._left = None
            self.is_answered = False

    def _count_body(self, some: bytes) -> bytes:
        """Return what of some bytes belongs to the body; what follows it is kept."""
        assert self._left is not None
        if len(some) > self._left:
            self._put_back(some[self._left :])
            some = some[: self._left]
        self._left -= len(some)
        return some

    def _put_back(self, rest: bytes) -> None:
        if rest:
            self._pieces.appendleft(rest)
            self._held += len(rest)

    def _get_h11(self) -> h11.Connection:
        if self._http is None:
            self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=self._most_header)
        return self._http

    def _ask_by_h11(self, question: Question, body: bytes = b"") -> bytes:
        """Return a request as h11 writes it, which expects its answer from then on."""
        http = self._get_h11()
        parts = [http.send(question.to_h11())]
        if body:
            parts.append(http.send(h11.Data(data=body)))
        parts.append(http.send(h11.EndOfMessage()))
        return b"".join(part for part in parts if part)

    async def _event(self) -> object:
        http = self._get_h11()
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError as error:
                raise _to_fetch_error(error) from error
            if event is not h11.NEED_DATA:
                return event
            http.receive_data(await self._more())

    async def _more(self) -> bytes:
        """Return the next bytes, none at the end."""
        while not self._pieces:
            if self._fault is not None:
                raise FetchError(FailureKind.TRUNCATED, "the connection broke") from self._fault
            if self._ended:
                return b""
            await self._wait(f"no bytes for {self._patience:.0f} s")
        return self._take_piece()

    def _take_piece(self) -> bytes:
        some = self._pieces.popleft()
        self._held -= len(some)
        if self._halted and self._held <= PIECE_BYTES and self._transport is not None:
            self._halted = False
            self._transport.resume_reading()
        return some

    async def _wait(self, otherwise: str) -> None:
        self._waiter = self.loop.create_future()
        self._waits_since, self._otherwise = self.loop.time(), otherwise
        if self._watchdog is None:
            self._watchdog = self.loop.call_later(self._patience, self._look)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _look(self) -> None:
        """End a wait that was too long. One timer for all waits: most end at once, and a timer each would cost more."""
        self._watchdog = None
        if self._waiter is None or self._waiter.done():
            return
        left = self._waits_since + self._patience - self.loop.time()
        if left > 0:
            self._watchdog = self.loop.call_later(left, self._look)
        else:
            self._waiter.set_exception(FetchError(FailureKind.TIMEOUT, self._otherwise))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _to_fetch_error(error: h11.RemoteProtocolError) -> FetchError:
    message = str(error)
    # h11 has one exception for both: an end that came too early (RFC 9112, 8) and what is no HTTP.
    if "peer closed connection" in message or "without sending complete message body" in message:
        return FetchError(FailureKind.TRUNCATED, _CUT_SHORT)
    return FetchError(FailureKind.PROTOCOL, f"the answer is not HTTP: {message}"[:200])
