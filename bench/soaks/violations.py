"""What a run found wrong: the first few of each kind with their moments, all of them counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bench.soaks.plan import format_at

SHOWN = 5


class Violations:
    """Collects what should not have happened; `on_shown` is given at once what will be shown."""

    def __init__(self, on_shown: Callable[[str], None]) -> None:
        self._on_shown = on_shown
        self.counts: Counter[str] = Counter()
        self._shown: dict[str, list[str]] = {}

    def add(self, kind: str, at: float, detail: str) -> None:
        """Note one; `at` is the true time at which it was found."""
        self.counts[kind] += 1
        lines = self._shown.setdefault(kind, [])
        if len(lines) < SHOWN:
            lines.append(f"{format_at(at)}: {detail}")
            self._on_shown(f"{kind}: {lines[-1]}")

    def lines(self) -> list[str]:
        """Return a line for each one shown, and one for the rest of each kind."""
        lines = []
        for kind, shown in self._shown.items():
            lines += [f"{kind}: {line}" for line in shown]
            if self.counts[kind] > len(shown):
                lines.append(f"{kind}: and {self.counts[kind] - len(shown)} more")
        return lines
