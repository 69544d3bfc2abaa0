"""The pipe between the watcher and a process that reads: pickled messages, each with its length before it."""

from __future__ import annotations

import os
import pickle
import select
import struct
import time
from io import BytesIO
from typing import Any

_LENGTH = struct.Struct(">Q")
_MODULES = ("watcher.model.",)
_NAMES = {
    ("builtins", "frozenset"), ("builtins", "set"), ("datetime", "datetime"), ("datetime", "timedelta"),
    ("datetime", "timezone"),
}  # fmt: skip


class Closed(Exception):  # noqa: N818 - no error by itself: the other side has ended
    """The other side of the pipe has ended."""


class TimedOut(Exception):  # noqa: N818 - as above
    """Nothing whole came in time."""


class Pipe:
    """Both directions, over two file descriptors."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd

    def send(self, message: object) -> None:
        """Send a message; raises Closed."""
        data = pickle.dumps(message, protocol=5)
        try:
            for part in (_LENGTH.pack(len(data)), data):
                view = memoryview(part)
                while view:
                    view = view[os.write(self._write_fd, view) :]
        except OSError as error:
            raise Closed from error

    def receive(self, deadline: float | None = None, *, trusted: bool = False) -> Any:
        """Return the next message; raises Closed, or TimedOut when the monotonic clock passes `deadline`.

        From a process that reads what strangers wrote, nothing but values of the domain is accepted.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        data = self._read(length, deadline)
        return pickle.loads(data) if trusted else _Unpickler(BytesIO(data)).load()  # noqa: S301  (see _Unpickler)

    def _read(self, length: int, deadline: float | None) -> bytes:
        data = bytearray()
        while len(data) < length:
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([self._read_fd], [], [], left)[0]:
                    raise TimedOut
            try:
                part = os.read(self._read_fd, min(length - len(data), 1 << 20))
            except OSError as error:
                raise Closed from error
            if not part:
                raise Closed
            data += part
        return bytes(data)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class of the domain; raises UnpicklingError for anything else."""
        if module.startswith(_MODULES) or (module, name) in _NAMES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no value of the domain")
