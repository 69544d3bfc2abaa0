"""The processes of a run, forked from one that has everything imported, and the pipes to them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["bench.soaks.conductor", "bench.soaks.machine", "bench.soaks.sites"])


class Child:
    """A process of the run and the pipe to it."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self.pipe, theirs = PROCESSES.Pipe()
        self.process: ForkServerProcess = PROCESSES.Process(target=target, args=(theirs, *arguments), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, order: str) -> Any:
        """Send an order and return the answer; raises EOFError where the process has ended."""
        self.pipe.send(order)
        return self.receive()

    def receive(self) -> Any:
        return self.pipe.recv()

    def measure_cpu(self) -> float:
        """Return the seconds of CPU that the process has used so far, 0 where it has ended."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.pipe.close()
