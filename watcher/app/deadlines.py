"""Deadlines of work that somebody waits for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from watcher.errors import TooLongError
from watcher.match import limit_matching

T = TypeVar("T")
REQUEST_TIME = timedelta(seconds=1.5)


class Deadline:
    """A moment on the monotonic clock by which work for a request has to end."""

    def __init__(self, span: timedelta = REQUEST_TIME) -> None:
        self._end = time.monotonic() + span.total_seconds()

    def seconds_left(self) -> float:
        """Return how many seconds are left; 0 where none are."""
        return max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        """Return whether the deadline has passed."""
        return not self.seconds_left()

    def on_progress(self, _done: int, _total: int) -> None:
        """Raise TooLongError once the deadline has passed; to be passed as a callback for progress."""
        if self.is_over():
            raise TooLongError("This takes too long over so many entries. Choose a shorter period or a simpler query.")

    def iterate(self, values: Iterable[T]) -> Iterator[T]:
        """Yield the values; raises TooLongError once the deadline has passed."""
        for number, value in enumerate(values):
            self.on_progress(number, 0)
            yield value


@contextmanager
def bound_matching(span: timedelta) -> Iterator[None]:
    """Bound the matching inside the block, which raises TooLongError once so much time has passed."""
    deadline = Deadline(span)

    def check() -> None:
        """Raise TooLongError where the time is over."""
        if deadline.is_over():
            raise TooLongError("This query takes too long on so much text. Shorten one of them.")

    with limit_matching(check):
        yield
