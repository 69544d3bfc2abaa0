"""What a run found wrong: the first few of each kind with their moments, all of them counted."""

from __future__ import annotations

from collections import Counter

from bench.soaks.plan import format_at

SHOWN = 5


class Violations:
    """Collects what should not have happened."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._shown: dict[str, list[str]] = {}

    def add(self, kind: str, at: float, detail: str) -> None:
        """Note one; `at` is the true time at which it was found."""
        self.counts[kind] += 1
        lines = self._shown.setdefault(kind, [])
        if len(lines) < SHOWN:
            lines.append(f"{format_at(at)}: {detail}")

    def lines(self) -> list[str]:
        """Return a line for each one shown, and one for the rest of each kind."""
        lines = []
        for kind, shown in self._shown.items():
            lines += [f"{kind}: {line}" for line in shown]
            if self.counts[kind] > len(shown):
                lines.append(f"{kind}: and {self.counts[kind] - len(shown)} more")
        return lines
