"""Visitors that hold connections: half heads, slow bodies, answers that nobody reads, and very many of them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.plain_http import NO_AUTHORITIES
from tests.web.site import World, world
from tests.web.visitors import HEAD, SHORT, closed_ones, connect, crowd, read_until_closed, status_of


@pytest.fixture
def address(desk: World) -> Iterator[str]:
    with desk.served(SHORT) as address:
        yield address


@pytest.fixture
def small(tmp_path: Path) -> Iterator[str]:
    with world(tmp_path / "config", web="max_connections: 40, max_connections_per_source: 10") as made:
        with made.served(SHORT) as address:
            yield address


@pytest.mark.parametrize(
    ("begin", "status"),
    [
        pytest.param(b"", 0, id="nothing"),
        pytest.param(b"G", 408, id="a letter"),
        pytest.param(HEAD, 408, id="a head without its end"),
        pytest.param(HEAD + b"\r\n" + b"GET /hea", 200, id="a second head"),
    ],
)
def test_a_head_that_does_not_end_is_not_waited_for(address: str, begin: bytes, status: int) -> None:
    with connect(address) as sock:
        begun = time.monotonic()
        sock.sendall(begin)
        answer = read_until_closed(sock)

    assert answer is not None
    assert status_of(answer) == status
    assert time.monotonic() - begun < 7  # an idle connection is kept for five seconds


def test_a_head_that_comes_byte_by_byte_has_no_more_time(address: str) -> None:
    with connect(address) as sock:
        sock.sendall(HEAD + b"X-Slow: ")
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < 8:
                sock.sendall(b"a")
                time.sleep(0.1)
        except OSError:
            pass

    assert time.monotonic() - begun < 5


def test_a_second_head_that_comes_byte_by_byte_has_no_more_time(address: str) -> None:
    with connect(address) as sock:
        sock.sendall(HEAD + b"\r\n")
        assert status_of(sock.recv(1 << 16)) == 200
        begun = time.monotonic()
        try:
            for byte in HEAD * 100:
                sock.sendall(bytes([byte]))
                time.sleep(0.1)
                assert time.monotonic() - begun < 8
        except OSError:
            pass

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: 100000\r\n\r\n", id="with a length"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\nlabel", id="chunked"),
    ],
)
def test_a_body_that_drips_is_not_waited_for(address: str, framing: bytes) -> None:
    head = b"PUT /api/v1/hits/1/label HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with connect(address) as sock:
        begun = time.monotonic()
        sock.sendall(head + framing)
        answer = read_until_closed(sock)

    assert answer is not None
    assert status_of(answer) == 408
    assert time.monotonic() - begun < 5


def test_a_body_of_good_pace_is_waited_for(address: str) -> None:
    body = b'{"label": "relevant"' + b" " * 30_000 + b"}"
    head = b"PUT /api/v1/hits/1/label HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with connect(address) as sock:
        sock.sendall(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body))
        for at in range(0, len(body), 3_000):
            sock.sendall(body[at : at + 3_000])
            time.sleep(0.2)
        answer = read_until_closed(sock)

    assert answer is not None
    assert status_of(answer) == 200


def test_an_answer_that_nobody_reads_is_given_up(desk: World) -> None:
    with desk.served(SHORT) as address, socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = address.removeprefix("http://").split(":")
        sock.connect((host, int(port)))
        # More than the system holds back for a reader, asked for in one go.
        asked = b"GET /static/app.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        begun = time.monotonic()
        while time.monotonic() - begun < 20 and _takes_more(sock, asked * 20):
            continue

    assert time.monotonic() - begun < 15


def test_half_heads_from_one_source_leave_room_for_others(small: str) -> None:
    with crowd(small, 30, "127.0.0.2") as socks:
        for sock in socks:
            try:
                sock.sendall(HEAD)
            except OSError:
                continue
        with connect(small, "127.0.0.3") as other:
            other.sendall(HEAD + b"Connection: close\r\n\r\n")
            assert status_of(read_until_closed(other) or b"") == 200
        answers = closed_ones(socks)

    assert len(answers) >= 20
    assert {status_of(answer) for answer in answers} <= {503, 0}


def test_connections_are_bounded_in_all_and_the_page_comes_back(small: str) -> None:
    with crowd(small, 10, "127.0.0.2"), crowd(small, 10, "127.0.0.3"), crowd(small, 10, "127.0.0.4"):
        with crowd(small, 10, "127.0.0.5"), connect(small, "127.0.0.6") as late:
            answer = read_until_closed(late, 3)
    assert answer is not None
    assert status_of(answer) == 503
    assert b"Retry-After" in answer

    assert httpx.get(f"{small}/healthz", trust_env=False, verify=NO_AUTHORITIES).status_code == 200


def test_a_flood_of_connections_stops_no_work_and_fills_no_log(small: str, capfd: pytest.CaptureFixture[str]) -> None:
    for _wave in range(6):
        with crowd(small, 60, "127.0.0.2") as socks:
            for sock in socks[:20]:
                try:
                    sock.sendall(b"GET /")
                except OSError:
                    continue
            slowest = time.monotonic()
            assert httpx.get(f"{small}/readyz", trust_env=False, timeout=5, verify=NO_AUTHORITIES).status_code == 200
            assert time.monotonic() - slowest < 3

    out, err = capfd.readouterr()
    assert len((out + err).splitlines()) <= 3
    time.sleep(1.5)


def test_an_idle_connection_is_closed_after_some_seconds(address: str) -> None:
    with connect(address) as sock:
        sock.sendall(HEAD + b"\r\n")
        answer = read_until_closed(sock, 12)

    assert answer is not None
    assert status_of(answer) == 200


def _takes_more(sock: socket.socket, data: bytes) -> bool:
    """Send, and read nothing; returns False once the other side has given up."""
    sock.settimeout(0.3)
    try:
        sock.sendall(data)
    except TimeoutError:
        return True
    except OSError:
        return False
    return True
