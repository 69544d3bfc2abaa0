"""How important a story is to the readers of a digest, and why."""

from __future__ import annotations

from dataclasses import dataclass

_STATUS_REASONS = {
    "new": "new since the last digest",
    "continues": "continues an earlier story",
    "changed": "changed since the last digest",
}
_DEGREES = ("weakly", "well", "strongly")
_AGES = ("older", "of the last day", "fresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Why a story stands where it does: each part from 0 to 1, and `total`, their mean by the subscription's weights.

    `weights` are those of outlets, novelty, match and freshness, `outlet_count` the independent outlets that `outlets`
    rates, and `status` how the story stands to earlier digests.
    """

    outlets: float
    novelty: float
    match: float
    freshness: float
    total: float
    weights: tuple[float, float, float, float]
    outlet_count: int
    status: str

    @property
    def explanation(self) -> str:
        """The parts in words, the one that counts most by its weight first."""
        count = max(1, self.outlet_count)
        by_outlets, by_novelty, by_match, by_freshness = self.weights
        parts = (
            (by_outlets * self.outlets, f"{count} independent {'outlet' if count == 1 else 'outlets'}"),
            (by_novelty * self.novelty, _STATUS_REASONS[self.status]),
            (by_match * self.match, f"matches its topic {_DEGREES[min(2, int(self.match * 3))]}"),
            (by_freshness * self.freshness, _AGES[min(2, int(self.freshness * 3))]),
        )
        return ", ".join(text for _weight, text in sorted(parts, key=lambda part: -part[0]))
