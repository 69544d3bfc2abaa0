"""The network goes away under a running daemon, and it says so everywhere, at once."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.machine import Desk, wait_for
from tests.web_server import Reply, Server, rss
from watcher.pipeline.connectivity import MIN_LOCAL_FAULTS

STUB = '''
import pathlib, socket

real = socket.getaddrinfo

def resolve(host, port, *args, **options):
    """Know every name as this machine while the file is there, and none without it."""
    if host in ("127.0.0.1", "localhost", None, ""):
        return real(host, port, *args, **options)
    if not pathlib.Path({switch!r}).exists():
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return real("127.0.0.1", port, *args, **options)

socket.getaddrinfo = resolve
'''


class Network:
    """The name service of a desk's processes, with a switch."""

    def __init__(self, folder: Path) -> None:
        self._switch = folder / "network-is-up"
        stub = folder / "stub"
        stub.mkdir()
        (stub / "sitecustomize.py").write_text(STUB.format(switch=str(self._switch)))
        self.environ = {"PYTHONPATH": str(stub)}

    def turn(self, *, on: bool) -> None:
        self._switch.touch() if on else self._switch.unlink()


@pytest.fixture
def press() -> Iterator[Server]:
    with Server() as server:
        server.pages["/feed"] = Reply(rss(("1", "Five Eyes meet")))
        yield server


def get(desk: Desk, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{desk.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


@pytest.mark.slow
def test_network_that_is_away_is_named_by_log_status_page_readiness_and_metrics(press: Server, tmp_path: Path) -> None:
    network = Network(tmp_path)
    network.turn(on=True)
    desk = Desk(tmp_path / "desk", environ=network.environ)
    port = press.url.rpartition(":")[2]
    desk.write([f"http://outlet{n}.example:{port}/feed" for n in range(5)])

    with desk.daemon() as daemon:
        wait_for(lambda: desk.json("status")["feeds"]["fresh"] == 5, "the first poll")
        assert desk.json("status")["network"] == {"away_since": None}

        network.turn(on=False)
        wait_for(lambda: daemon.get("/readyz") == 503, "the outage")

        assert "no network since" in get(desk, "/readyz")
        assert desk.json("status")["network"]["away_since"].startswith("20")
        assert "Network   down since" in desk.run("status").stdout
        assert "has had no network since" in get(desk, "/overview")
        assert "\nwatcher_network_up 0.0\n" in get(desk, "/metrics")
        assert daemon.log.read_text().count("our own network is away") == 1
        failing = desk.json("status")["feeds"]["failing"]
        assert failing < MIN_LOCAL_FAULTS, "from the third host on it is known whose fault it is"

        network.turn(on=True)
        wait_for(lambda: daemon.get("/readyz") == 200, "the end of the outage")

        wait_for(lambda: "our own network is back" in daemon.log.read_text(), "the log")
        assert "\nwatcher_network_up 1.0\n" in get(desk, "/metrics")
        assert daemon.log.read_text().count("our own network is away") == 1
