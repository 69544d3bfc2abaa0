"""Reports the state of the service to systemd (sd_notify(3)): datagrams to the socket named in the environment."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress


class ServiceManager:
    """The service manager that started this process; without one every call does nothing.

    `environ` holds NOTIFY_SOCKET and, where there is a watchdog, WATCHDOG_USEC.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        microseconds = environ.get("WATCHDOG_USEC", "")
        self._watchdog = int(microseconds) / 1e6 if microseconds.isdigit() else 0.0
        self._watchdog_task: asyncio.Task[None] | None = None

    def notify(self, *assignments: str) -> None:
        """Send assignments such as READY=1; one that does not listen is ignored."""
        if not self._address:
            return
        # An address that begins with @ is in the abstract namespace.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
            sending.sendto("\n".join(assignments).encode(), address)

    def start_watchdog(self) -> None:
        """Answer the watchdog at half its interval, as long as the event loop runs: a process that hangs is restarted.

        A database that is away or a full disk is no reason to: a restart would not help, and /readyz says so.
        """
        if self._watchdog:
            self._watchdog_task = asyncio.create_task(self._answer_watchdog())

    def stop(self) -> None:
        """Report that the service is about to end."""
        if self._watchdog_task is not None:
            self._watchdog_task.cancel()
        self.notify("STOPPING=1", "STATUS=finishing what is in flight")

    async def _answer_watchdog(self) -> None:
        while True:
            self.notify("WATCHDOG=1")
            await asyncio.sleep(self._watchdog / 2)
