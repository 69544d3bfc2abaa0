"""One process that reads, as the watcher sees it: started when there is work, killed when it exceeds its bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from watcher.errors import ParseError, TooCostlyError
from watcher.model.entry import Item
from watcher.reading.limits import MEMORY_BYTES, WALL_SECONDS, Limits
from watcher.reading.pipe import Closed, Pipe, TimedOut

_CODE = "import sys; sys.path[:] = sys.argv[1].split(chr(0x1f)); from watcher.reading.worker import main; main()"
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")


@dataclass(slots=True)
class Answer:
    """What came of a job: `items` are those of a document, also where a job did not end by itself.

    `value` is what the job returned, `error` why it could not, `stopped` why it was ended early.
    """

    items: list[Item] = field(default_factory=list)
    value: Any = None
    error: ParseError | None = None
    stopped: str | None = None

    @property
    def is_beyond_bounds(self) -> bool:
        """Return whether the job would have cost too much."""
        return self.stopped is not None or isinstance(self.error, TooCostlyError)

    @property
    def reason(self) -> str:
        """Return why the job did not end well, for a person."""
        return self.stopped or str(self.error or "")


class Process:
    """Does one job at a time, in a child process that lives from job to job.

    One thread at a time may use it. Any thread may call `kill`, after which no other process is started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._closed = False
        self.idle_since = time.monotonic()

    def run(self, name: str, arguments: tuple[object, ...], limits: Limits) -> Answer:
        """Do a job and return what came of it, whatever that is; raises Closed after `kill`."""
        answer = Answer()
        pipe = self._start()
        try:
            pipe.send((name, arguments, limits))
            deadline = time.monotonic() + WALL_SECONDS
            while True:
                message = pipe.receive(deadline)
                if message[0] == "items":
                    answer.items += message[1]
                    continue
                _finish(answer, message, limits)
                if not message[2]:
                    self.end()
                return answer
        except TimedOut:
            answer.stopped = f"reading was stopped after {WALL_SECONDS:.0f} s"
        except Closed:
            if self._closed:
                raise
            answer.stopped = _describe_end(self._wait(), limits)
        except BaseException:
            self.end()
            raise
        finally:
            self.idle_since = time.monotonic()
        self.end()
        return answer

    def kill(self) -> None:
        """Kill the process, and start no other; a job at work ends with Closed."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def end(self) -> None:
        """End the process, if there is one; the next job starts another."""
        with self._lock:
            process, self._process, self._pipe = self._process, None, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()

    def _start(self) -> Pipe:
        with self._lock:
            if self._closed:
                raise Closed
            if self._process is not None and self._pipe is not None and self._process.poll() is None:
                return self._pipe
        self.end()
        environment = {name: value for name in _KEPT_ENVIRONMENT if (value := os.environ.get(name)) is not None}
        with self._lock:
            # A session of its own: Ctrl-C in a terminal is for the watcher to act on.
            self._process = subprocess.Popen(  # noqa: S603  (ourselves)
                [sys.executable, "-c", _CODE, "\x1f".join(sys.path)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment | {"MALLOC_ARENA_MAX": "1"},
                start_new_session=True,
            )
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._pipe = Pipe(self._process.stdout.fileno(), self._process.stdin.fileno())
            return self._pipe

    def _wait(self) -> int | None:
        with self._lock:
            process = self._process
        if process is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            return process.wait(5)
        return None


def _finish(answer: Answer, message: Any, limits: Limits) -> None:
    outcome, stopped, _fit = message
    match outcome:
        case ("done", value):
            answer.value = value
            answer.stopped = _over_time(limits) if stopped else None
        case ("error", kind, text, too_costly):
            answer.error = TooCostlyError(kind, text) if too_costly else ParseError(kind, text)
        case ("out of memory",):
            answer.stopped = _OVER_MEMORY
        case _:
            answer.stopped = _over_time(limits)


_OVER_MEMORY = f"reading took more than {MEMORY_BYTES >> 20} MB of memory and was stopped"


def _over_time(limits: Limits) -> str:
    return f"reading took more than {limits.enough:g} s of CPU and was stopped"


def _describe_end(code: int | None, limits: Limits) -> str:
    if code in (-signal.SIGVTALRM, -signal.SIGPROF):
        return _over_time(limits)
    if code is not None and code < 0:
        return f"reading ended the process that read it (signal {-code})"
    return "reading ended the process that read it"
