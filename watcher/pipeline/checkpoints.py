"""Named points of a journey, for tests that end the process there. Nothing happens at them otherwise."""

from __future__ import annotations

from collections.abc import Callable

_at: Callable[[str], None] | None = None


def reached(name: str) -> None:
    """Tell whoever watches that a point was reached."""
    if _at is not None:
        _at(name)


def watch(hook: Callable[[str], None] | None) -> None:
    """Have a hook called at every point from now on."""
    global _at
    _at = hook
