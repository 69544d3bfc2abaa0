"""What a bench measured, as data: with --json its lines go to standard error, one JSON document to standard output."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def collect_figures(*, as_json: bool) -> Iterator[dict[str, Any]]:
    """Yield a dictionary for figures, and print it as JSON at the end of the block where that is asked for."""
    figures: dict[str, Any] = {}
    if not as_json:
        yield figures
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield figures
    print(json.dumps(figures, indent=1))
