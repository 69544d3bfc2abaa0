"""Values kept for those who ask again: what costs more to make than to compare what it is made of."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptValues(Generic[T]):
    """The values that were asked for last, by all that they depend on, up to `capacity`; for several threads.

    `weigh` returns how much of the capacity a value takes: 1, unless it says otherwise.
    """

    def __init__(self, capacity: int, weigh: Callable[[T], int] = lambda _value: 1) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._weight = 0
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value that is kept under a key, else what `make` returns, and keep it. Raises what `make` raises.

        Two threads may make the same value at once.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value
                self._weight += self._weigh(value)
                while self._weight > self._capacity:
                    self._weight -= self._weigh(self._kept.popitem(last=False)[1])
        return value

    def clear(self) -> None:
        """Forget every value."""
        with self._lock:
            self._kept.clear()
            self._weight = 0
