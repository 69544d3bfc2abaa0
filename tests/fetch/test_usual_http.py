"""What is written and read of HTTP without h11 is what h11 writes and reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.fetch.connection import Connection
from watcher.fetch.errors import FetchError
from watcher.fetch.policy import FetchPolicy
from watcher.fetch.usual_http import Question, format_request, parse_head

pytestmark = pytest.mark.anyio

_ASKED = ((b"Host", b"news.example"), (b"Accept", b"*/*"), (b"Connection", b"keep-alive"))
_STATUS_LINES = st.sampled_from(
    (b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 304 Not Modified", b"HTTP/1.1 204", b"HTTP/1.1 404 ",
     b"HTTP/1.1 100 Continue", b"HTTP/1.0 200 OK", b"HTTP/1.1 999 Odd", b"HTTP/1.1  200 OK", b"ICY 200 OK")
)  # fmt: skip
_LENGTHS = st.sampled_from(
    (b"Content-Length: 12", b"content-length:12", b"Content-Length: 0", b"Content-Length: 12, 12",
     b"Content-Length: +12", b"Content-Length: 7", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip")
)  # fmt: skip
_LINES = st.sampled_from(
    (b"ETag: \"a\"", b"etag:\t\"b\" \t", b"X-Empty:", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"Connection: close",
     b"Connection: Keep-Alive, Close", b"Connection: closed", b"Upgrade: h2c", b"Server: caf\xe9", b"X-Odd: a\x01b",
     b"X-Del: \x7f", b" folded: line", b"no colon", b"Bad Name: x", b"Bad\xff: x", b"")
)  # fmt: skip
_ENDS = st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\n"))
_BODIES = st.sampled_from((b"", b"twelve bytes", b"seven b", b"twelve bytes and more", b"5\r\nhello\r\n0\r\n\r\n"))


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        pass


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    lines = [draw(_STATUS_LINES), *draw(st.lists(_LENGTHS, max_size=2)), *draw(st.lists(_LINES, max_size=3))]
    return b"".join(line + draw(_ENDS) for line in (*lines, b"")) + draw(_BODIES)


async def exchange(question: Question, pieces: Sequence[bytes], *, ends: bool) -> tuple[object, ...]:
    connection, wire = Connection(FetchPolicy(read=timedelta(milliseconds=1))), Wire()
    connection.connection_made(wire)
    await connection.send(question)
    for piece in pieces:
        connection.data_received(piece)
    if ends:
        connection.eof_received()
    body, outcome = b"", ()
    try:
        head = await connection.head()
        outcome = head.status_code, [(bytes(name), bytes(value)) for name, value in head.headers]
        while (some := await connection.data()) is not None:
            body += some
    except FetchError as error:
        outcome = *outcome, error.kind, str(error)
    connection.finish()
    return wire.written, outcome, body, connection.is_idle


@settings(max_examples=1_000, deadline=None)
@given(answers(), st.integers(0, 40), st.booleans())
def test_an_answer_is_what_h11_reads(answer: bytes, cut: int, ends: bool) -> None:
    pieces = [piece for piece in (answer[:-cut], answer[-cut:]) if piece] if cut else [answer]
    usual, other = Question("GET", b"/feed", _ASKED), Question("GET", b"/feed", _ASKED)
    other.written = None

    read = asyncio.run(exchange(usual, pieces, ends=ends))

    assert read == asyncio.run(exchange(other, pieces, ends=ends))


async def test_a_connection_is_asked_again_after_a_usual_and_an_unusual_answer() -> None:
    connection, wire = Connection(FetchPolicy()), Wire()
    connection.connection_made(wire)
    answers = (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", b"one"),
        (b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n", b"three"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour", b"four"),
    )

    bodies = []
    for answer, _body in answers:
        assert connection.is_idle
        await connection.send(Question("GET", b"/feed", _ASKED))
        connection.data_received(answer)
        await connection.head()
        body = b""
        while (some := await connection.data()) is not None:
            body += some
        bodies.append(body)
        connection.finish()

    assert bodies == [body for _answer, body in answers]
    assert wire.written == 4 * format_request("GET", b"/feed", _ASKED)  # type: ignore[operator]


async def test_a_connection_with_bytes_behind_its_answer_is_not_used_again() -> None:
    connection = Connection(FetchPolicy())
    connection.connection_made(Wire())
    await connection.send(Question("GET", b"/feed", _ASKED))
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nonemore")

    await connection.head()
    body = await connection.data()
    connection.finish()

    assert body == b"one"
    assert not connection.is_idle


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET", b"/feed?a=1", _ASKED),
        ("GET", b"/", ((b"Host", b"x:8080"), (b"User-Agent", b"news  (a; b)"), (b"If-None-Match", b'W/"1"'))),
        ("GET", b"/", ((b"Host", b"x"), (b"X-Own", b"1"))),
        ("GET", b"/", ((b"Host", b"x"), (b"Accept", b""))),
        ("GET", b"/", ((b"Host", b"x"), (b"Accept", b"caf\xe9"))),
        ("POST", b"/", ((b"Host", b"x"), (b"Content-Length", b"0"))),
        ("HEAD", b"/", ((b"Host", b"x"),)),
    ],
)
def test_a_request_is_written_as_by_h11(method: str, target: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    question = Question(method, target, headers)

    written = h11.Connection(h11.CLIENT).send(question.to_h11())

    assert question.written in (None, written)


@pytest.mark.parametrize(
    ("target", "value"), [(b"/a b", b"x"), (b"/\r\nX: y", b"x"), (b"/", b"x\r\nX: y"), (b"/", b" x"), (b"/", b"x\0")]
)
def test_a_request_that_cannot_be_sent_is_refused(target: bytes, value: bytes) -> None:
    with pytest.raises(h11.LocalProtocolError):
        Question("GET", target, ((b"Host", b"x"), (b"Accept", value)))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
    ],
)  # fmt: skip
def test_what_does_not_say_where_its_body_ends_is_left_to_h11(answer: bytes) -> None:
    assert parse_head(answer) is None
