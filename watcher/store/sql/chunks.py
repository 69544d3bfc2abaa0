"""Cuts long lists of parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def split_into_chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
