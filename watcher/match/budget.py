"""What stops a question that is matched for too long: it is asked often by the loops that may be long, and raises.

Whoever answers visitors sets it; polls match without one. It is found once for each entry and query, by the finder that
`evaluate` is given, so that the loops ask an attribute and not the context.
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
    """Return the check that is in force here; None where matching is not bounded."""
    return _CHECK.get()


@contextmanager
def limit_matching(check: Check) -> Iterator[None]:
    """Let `check` bound the matching inside, also in threads that take this context along."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def iterate_checked(some: Iterable[T], check: Check | None) -> Iterable[T]:
    """Iterate over `some`, calling `check` every STEPS_PER_CHECK items; without a check, return `some` itself."""
    return some if check is None else _iterate_checked(some, check)


def _iterate_checked(some: Iterable[T], check: Check) -> Iterator[T]:
    for number, each in enumerate(some):
        if not number % STEPS_PER_CHECK:
            check()
        yield each
