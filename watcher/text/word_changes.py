"""What changed between two texts, word by word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

Change: TypeAlias = tuple[Literal["same", "gone", "new"], str]


def list_changes(
    old: Sequence[str],
    new: Sequence[str],
    *,
    separator: str = "",
    shorten: Callable[[Sequence[str]], str] | None = None,
) -> tuple[Change, ...]:
    """Return stretches of words that stayed, went and came, in order; `shorten` writes those that stayed."""
    changes: list[Change] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append(("same", separator.join(old[i1:i2]) if shorten is None else shorten(old[i1:i2])))
            continue
        if i2 > i1:
            changes.append(("gone", separator.join(old[i1:i2])))
        if j2 > j1:
            changes.append(("new", separator.join(new[j1:j2])))
    return tuple(changes)
