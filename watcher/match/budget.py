"""Stops matching that takes too long: the loops that may be long call a check, which raises.

Requests of visitors set one; polls match without. An evaluation looks it up once for each entry, so that the loops
read an attribute and not the context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Check: TypeAlias = Callable[[], None]
"""Returns while there is time; raises whatever is to leave the matcher where there is none."""
STEPS_PER_CHECK = 256
"""How many steps of a loop are taken between two checks: some tenths of a millisecond."""

_CHECK: ContextVar[Check | None] = ContextVar("match_check", default=None)


def get_current_check() -> Check | None:
    """Return the check of the current context; None where matching is not bounded."""
    return _CHECK.get()


@contextmanager
def limit_matching(check: Check) -> Iterator[None]:
    """Bound the matching inside the block by `check`, also in threads that take this context along."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def iterate_checked(items: Iterable[T], check: Check | None) -> Iterable[T]:
    """Return `items`, with a call of `check` every STEPS_PER_CHECK of them; without a check the same object."""
    return items if check is None else _iterate_checked(items, check)


def _iterate_checked(items: Iterable[T], check: Check) -> Iterator[T]:
    for number, item in enumerate(items):
        if not number % STEPS_PER_CHECK:
            check()
        yield item
