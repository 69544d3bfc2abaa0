"""Some rows next to each other, and which of them a search of words proposes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """How many rows there are, the lowest and the highest id, and the ids whose entry may match, highest first.

    Where there are none, both are 0.
    """

    looked: int
    lowest: int
    highest: int
    matching: tuple[int, ...]
