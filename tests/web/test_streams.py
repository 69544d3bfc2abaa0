"""Event streams: counted when they are let in, given back however they end."""

from __future__ import annotations

import socket
import threading
import time

from tests.web.site import World
from tests.web.visitors import connect, status_of
from watcher.web.events import MAX_STREAMS

ASKED = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def burst(address: str, count: int) -> list[socket.socket]:
    """Ask for many streams at one moment."""
    socks = [connect(address) for _ in range(count)]
    together = threading.Barrier(count)

    def ask(sock: socket.socket) -> None:
        together.wait()
        sock.sendall(ASKED)

    threads = [threading.Thread(target=ask, args=(sock,)) for sock in socks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return socks


def test_a_burst_gets_as_many_streams_as_there_are(desk: World) -> None:
    with desk.served() as address:
        socks = burst(address, 150)
        statuses = [status_of(sock.recv(200)) for sock in socks]
        for sock in socks:
            sock.close()

        assert statuses.count(200) == MAX_STREAMS
        assert statuses.count(503) == 150 - MAX_STREAMS
        assert _accepted_again(address)


def test_a_head_of_the_stream_takes_no_place(desk: World) -> None:
    with desk.client() as client:
        for _try in range(MAX_STREAMS + 5):
            answer = client.head("/events")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


def _accepted_again(address: str) -> bool:
    for _try in range(50):
        with connect(address) as sock:
            sock.sendall(ASKED)
            if status_of(sock.recv(200)) == 200:
                return True
        time.sleep(0.2)
    return False
