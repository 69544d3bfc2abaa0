"""Named points of the pipeline's work, at which tests end a process. Nothing happens at them otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Checkpoint: TypeAlias = Callable[[str], None]
"""Called with the name of each point that is passed."""

_hook: Checkpoint | None = None


def ignore_checkpoint(_name: str) -> None:
    """Pass a point without doing anything."""


def reached(name: str) -> None:
    """Call the hook of this process, if one is installed, with the name of a point."""
    if _hook is not None:
        _hook(name)


def watch(hook: Checkpoint | None) -> None:
    """Install a hook for this process, or remove it."""
    global _hook
    _hook = hook
