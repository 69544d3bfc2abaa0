"""Named points of the pipeline's work, at which tests end a process. Nothing happens at them otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Checkpoint: TypeAlias = Callable[[str], None]
"""Called with the name of each point that is passed."""


def ignore_checkpoint(_name: str) -> None:
    """Pass a point without doing anything."""
