"""Bodies are counted while they come, whatever their length says, and never lie in the temporary folder."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.site import World, world
from tests.web.test_gate import LOCKED
from tests.web.visitors import connect, status_of
from watcher.web.auth.bodies import MAX_BODY, MAX_OPEN_BODY

PIECE = 1 << 16
MULTIPART = b"multipart/form-data; boundary=cut"
PART = b'--cut\r\nContent-Disposition: form-data; name="opml"; filename="a.opml"\r\n\r\n'


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    with world(tmp_path / "config", web=LOCKED) as made, made.served() as address:
        yield address


def send_chunks(address: str, path: str, kind: bytes, begin: bytes, most: int) -> tuple[int, int]:
    """Send a chunked body until it is answered; returns the status and how much was sent."""
    with connect(address) as sock:
        head = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n"
        sock.sendall(head % (path.encode(), kind))
        sent = 0
        piece = begin
        sock.settimeout(0.01)
        answer = b""
        while sent < most and not answer:
            sock.setblocking(True)
            try:
                sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
                sock.settimeout(0.01)
                answer = sock.recv(1 << 16)
            except TimeoutError:
                pass
            except OSError:
                break
            piece = b" " * PIECE
        if not answer:
            sock.settimeout(5)
            answer = sock.recv(1 << 16)
        return status_of(answer), sent


@pytest.mark.parametrize(
    ("path", "kind", "begin"),
    [
        pytest.param("/feeds/import", MULTIPART, PART, id="a file"),
        pytest.param("/login", MULTIPART, PART, id="a file at the login"),
        pytest.param("/workbench", b"application/x-www-form-urlencoded", b"query=", id="a form"),
        pytest.param("/api/v1/topics/test", b"application/json", b'{"query": "a", "text": "', id="JSON"),
    ],
)
def test_a_body_that_does_not_end_is_refused_early(
    desk: World, path: str, kind: bytes, begin: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with desk.served() as address:
        status, sent = send_chunks(address, path, kind, begin, 64 << 20)

    assert status == 413
    assert sent < MAX_BODY + (2 << 20)


def test_before_a_login_little_is_read(locked: str) -> None:
    status, sent = send_chunks(locked, "/login", MULTIPART, PART, 64 << 20)

    assert status == 413
    assert sent < MAX_OPEN_BODY + (2 << 20)


@pytest.mark.parametrize("path", ["/api/v1/topics/test", "/login", "/feeds/import"])
def test_a_length_that_is_too_large_is_refused_before_the_body(desk: World, path: str) -> None:
    kind = b"application/json" if path.startswith("/api") else MULTIPART
    head = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\nContent-Length: 5000000\r\n"
    with desk.served() as address, connect(address) as sock:
        sock.sendall(head % (path.encode(), kind) + b"Expect: 100-continue\r\n\r\n")

        assert status_of(sock.recv(1 << 16)) == 413


def test_a_refusal_is_read_by_who_sends_on(desk: World) -> None:
    with desk.client() as client:
        body = json.dumps({"query": "a", "text": "x" * (6 << 20)}).encode()
        answer = client.post("/api/v1/topics/test", content=body, headers={"content-type": "application/json"})

        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/healthz").status_code == 200
