"""Leaves libraries out of those that import them where they are installed, for output that a process never writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TERMINAL_LIBRARIES = ("rich", "pygments", "colorama")
"""What structlog and httpx import for colours and a command line, neither of which a daemon prints."""


@contextmanager
def import_without(*modules: str) -> Iterator[None]:
    """Have what is imported in this block find that modules are not installed, unless they are imported already."""
    known: dict[str, Any] = sys.modules
    hidden = [module for module in modules if module not in known]
    known |= dict.fromkeys(hidden)  # None is how the import system marks what cannot be imported
    try:
        yield
    finally:
        for module in hidden:
            del known[module]
