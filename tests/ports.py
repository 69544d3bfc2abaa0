"""Ports for the servers that tests start: no two of them are given the same."""

from __future__ import annotations

import os
import socket
from itertools import cycle

_FIRST, _SHARE, _SHARES = 20_000, 1_000, 12
"""Below the ports that the system gives to connections, each of so many workers has a share of its own."""
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_BEGIN = _FIRST + _SHARE * (_WORKER % _SHARES)
# One after the other, so that a port is not given twice before its server has begun to listen; and not from the same
# one for runs of the tests that are under way at the same time.
_PORTS = cycle([_BEGIN + (os.getpid() + number) % _SHARE for number in range(_SHARE)])


def find_free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    for port in _PORTS:
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("a cycle has no end")
