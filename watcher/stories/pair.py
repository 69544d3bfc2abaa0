"""Whether two reports are of one event: what they share, and what differs between them.

A pair is described by a few features, each from 0 to 1 or a small count, and scored by a linear model whose weights are
in `watcher.stories.fitted`. The score is a log odds: positive means "one event".
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from watcher.model.language import get_primary_language
from watcher.stories.acts import find_acts
from watcher.stories.days import find_weekdays
from watcher.stories.fitted import (
    CERTAIN_SCORE,
    CERTAIN_SIMILARITY,
    MIN_EXCESS,
    ONE_LANGUAGE,
    TWO_LANGUAGES,
    UNRELATED_SCORE,
    WITHOUT_VECTORS,
)
from watcher.stories.names import NameKeys, extract_name_keys
from watcher.stories.numbers import extract_numbers
from watcher.stories.places import find_states
from watcher.stories.similarity import STORY_SIMILARITY, compute_similarity

MAX_SHARED_NAMES = 3.0
MAX_SHARED_NUMBERS = 2
LONG_KEY = 5
"""A name with so many consonants is hardly shared by chance."""
COMMON_NUMBER = 10
"""Smaller whole numbers are in every other report."""


@dataclass(frozen=True, slots=True)
class ReportTraits:
    """What of a report is compared besides its vector; `text` is that of `build_story_text`, `language` a primary tag.

    The traits are read when they are asked for: most pairs are judged without them.
    """

    text: str
    language: str

    @property
    def title(self) -> str:
        """The headline."""
        return self.text.partition("\n")[0]

    @property
    def names(self) -> NameKeys:
        """The keys of its names."""
        return _extract_name_keys(self.text, self.language)

    @property
    def numbers(self) -> frozenset[str]:
        """The keys of its numbers."""
        return frozenset(number.key for number in extract_numbers(self.text))

    @property
    def ordinals(self) -> frozenset[str]:
        """The keys of the ordinal numbers in its headline: the third strike is not the fourth."""
        return frozenset(number.key for number in extract_numbers(self.title) if number.key[0] == "o")


class Closeness(NamedTuple):
    """How close two vectors are: cosine of the centred ones, and what it exceeds their neighbourhoods by."""

    cosine: float
    excess: float


class PairFeatures(NamedTuple):
    """What two reports share and what differs; `fitted` has a weight for each, in this order."""

    cosine: float
    excess: float
    words: float
    shared_names: float
    other_names: float
    shared_numbers: float
    other_numbers: float
    shared_states: float
    other_states: float
    other_ordinals: float
    other_acts: float
    other_sides: float
    other_days: float


class Veto(StrEnum):
    """What differs between two reports so that they are of two events."""

    ORDINAL = "ordinal"
    ACT = "act"
    SIDE = "side"
    DAY = "day"


class PairScore(NamedTuple):
    """The log odds that two reports are of one event, how similar their words are, and what forbids it."""

    log_odds: float
    words: float
    veto: Veto | None


def build_traits(text: str, language: str | None) -> ReportTraits:
    """Return the traits of a report from its text (`build_story_text`) and language tag."""
    return ReportTraits(text, get_primary_language(language))


@lru_cache(maxsize=4096)
def _extract_name_keys(text: str, language: str) -> NameKeys:
    title, _line, rest = text.partition("\n")
    return extract_name_keys(title, rest, language)


def compare_reports(report: ReportTraits, other: ReportTraits, closeness: Closeness | None) -> PairFeatures:
    """Return the features of a pair; the same both ways. Without vectors, `closeness` is None and counts as nothing."""
    cosine, excess = closeness or Closeness(0.0, 0.0)
    names, other_names = report.names, other.names
    numbers, other_numbers = report.numbers, other.numbers
    states, other_states = find_states(report.text), find_states(other.text)
    acts, other_acts = find_acts(report.title), find_acts(other.title)
    shared_names = _count_shared_names(names, other_names)
    shared_numbers = {number for number in numbers & other_numbers if not _is_common(number)}
    return PairFeatures(
        cosine=cosine,
        excess=excess,
        words=compute_similarity(report.text, other.text),
        shared_names=shared_names,
        other_names=float(not shared_names and min(len(names.certain), len(other_names.certain)) > 1),
        shared_numbers=float(min(len(shared_numbers), MAX_SHARED_NUMBERS)),
        other_numbers=_differ(numbers, other_numbers),
        shared_states=float(bool(states & other_states)),
        other_states=_differ(states, other_states),
        other_ordinals=_differ(report.ordinals, other.ordinals),
        other_acts=_differ(acts.acts, other_acts.acts),
        other_sides=float(acts.sides != other_acts.sides),
        other_days=_differ(find_weekdays(report.text), find_weekdays(other.text)),
    )


def find_veto(features: PairFeatures) -> Veto | None:
    """Return what forbids that two reports are of one event, however much else they share."""
    if features.other_ordinals:
        return Veto.ORDINAL
    if features.other_acts:
        return Veto.ACT
    if features.other_sides:
        return Veto.SIDE
    return Veto.DAY if features.other_days else None


def score_pair(report: ReportTraits, other: ReportTraits, closeness: Closeness | None) -> PairScore:
    """Return how likely two reports are of one event, as log odds, and the veto against it; the same both ways.

    Reports in one language share words whatever they are about, and have to share more. Reports in two share hardly
    any, and are weighed by their vectors, names, numbers and places. Without vectors only words can join them.
    """
    words = compute_similarity(report.text, other.text)
    if words < CERTAIN_SIMILARITY and (
        words < STORY_SIMILARITY if closeness is None else closeness.excess < MIN_EXCESS
    ):
        # Most pairs end here, before names, numbers and places are looked for.
        return PairScore(UNRELATED_SCORE, words, None)
    features = compare_reports(report, other, closeness)
    weights = WITHOUT_VECTORS
    if closeness is not None:
        weights = ONE_LANGUAGE if report.language == other.language else TWO_LANGUAGES
    score = sum(weight * value for weight, value in zip(weights.weights, features, strict=True)) + weights.bias
    if words >= CERTAIN_SIMILARITY:
        score = max(score, CERTAIN_SCORE)
    return PairScore(score, words, find_veto(features))


def _differ(some: AbstractSet[object], others: AbstractSet[object]) -> float:
    return float(bool(some and others) and not some & others)


def _is_common(number: str) -> bool:
    return number.isdigit() and int(number) < COMMON_NUMBER


def _count_shared_names(names: NameKeys, other_names: NameKeys) -> float:
    """Count names that are certain in one report and possible in the other; a short key counts half."""
    shared = (names.certain & other_names.possible) | (other_names.certain & names.possible)
    return min(MAX_SHARED_NAMES, sum(1.0 if len(key) >= LONG_KEY else 0.5 for key in shared))
