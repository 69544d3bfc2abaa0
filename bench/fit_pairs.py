"""Fits the weights of pairs of reports (`watcher/stories/fitted.py`) on labelled reports, and measures them apart.

    python bench/fit_pairs.py --data DIR --vectors FILE [--seed N] [--ridge 1.0]

DIR and FILE are those of bench/stories.py. Pairs of reports at most three days apart, one of them labelled, are
described as the product does; those that are less close than MIN_EXCESS are of two events there, and left out. One
logistic regression with a ridge penalty for pairs in one language, one for pairs in two, by Newton's method: the same
data give the same weights. Recall at a precision is measured on five folds of events, each by weights fitted on the
others. Those of the product for two languages were fitted with the pairs that are left out here as well, and rounded;
those for one language were set by hand (see there).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.stories import Report, VectorCache, load_reports
from watcher.meaning.story_space import build_space, measure_closeness
from watcher.meaning.vectors import Rows
from watcher.stories.fitted import MIN_EXCESS
from watcher.stories.pair import Closeness, PairFeatures, build_traits, compare_reports
from watcher.stories.similarity import STORY_WINDOW, build_story_text

FOLDS = 5
ITERATIONS = 40
VETOES = ("other_ordinals", "other_acts", "other_sides", "other_days")
FITTED = [name for name in PairFeatures._fields if name not in VETOES]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Features of pairs (pairs, features), whether each is of one event, in two languages, and its fold."""

    features: Values
    is_event: NDArray[np.bool_]
    is_cross: NDArray[np.bool_]
    fold: NDArray[np.int_]


def describe_pairs(reports: Sequence[Report], vectors: Rows) -> Pairs:
    """Return the pairs that count, described as the product does."""
    languages = [report.language for report in reports]
    placed = build_space(vectors, languages).place(vectors, languages)
    traits = [build_traits(build_story_text(r.title, r.summary, ""), r.language) for r in reports]
    chance = random.Random(1)
    fold_of: dict[str, int] = {}
    for report in reports:
        fold_of.setdefault(report.family or report.story, chance.randrange(FOLDS))
    rows, labels, cross, folds = [], [], [], []
    for number, other in _iter_pairs(reports):
        closeness = Closeness(*measure_closeness(placed[number], placed[other]))
        if closeness.excess < MIN_EXCESS:
            continue
        features = compare_reports(traits[number], traits[other], closeness)._asdict()
        rows.append([features[name] for name in FITTED])
        labels.append(reports[number].story == reports[other].story)
        cross.append(traits[number].language != traits[other].language)
        folds.append(fold_of[reports[number].family or reports[number].story])
    return Pairs(np.array(rows), np.array(labels), np.array(cross), np.array(folds))


def _iter_pairs(reports: Sequence[Report]) -> Iterator[tuple[int, int]]:
    labelled = [number for number, report in enumerate(reports) if report.kind == "labelled"]
    others = [number for number, report in enumerate(reports) if report.kind == "background"]
    for place, member in enumerate(labelled):
        for other in (*labelled[:place], *others):
            if abs(reports[member].published_at - reports[other].published_at) <= STORY_WINDOW:
                yield member, other


def fit_weights(features: Values, labels: NDArray[np.bool_], ridge: float) -> Values:
    """Return a weight for each feature and the bias last; the bias is hardly penalised."""
    columns = np.c_[features, np.ones(len(features))]
    penalty = np.full(columns.shape[1], ridge)
    penalty[-1] = 1e-3
    weights: Values = np.zeros(columns.shape[1])
    for _iteration in range(ITERATIONS):
        chances = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        gradient = columns.T @ (chances - labels) + penalty * weights
        curvature = (columns * (chances * (1 - chances))[:, None]).T @ columns + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def find_recall(scores: Values, labels: NDArray[np.bool_], precision: float) -> float:
    """Return the share of pairs of one event above the lowest score at which so many are right."""
    ordered = labels[np.argsort(-scores, kind="stable")]
    right = np.cumsum(ordered)
    reached = np.flatnonzero(right / np.arange(1, len(right) + 1) >= precision)
    return float(right[reached[-1]] / labels.sum()) if len(reached) else 0.0


def main() -> int:
    """Print weights and what they find, for one language and for two."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path)
    options.add_argument("--vectors", type=Path)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--ridge", type=float, default=1.0)
    chosen = options.parse_args()
    cache = VectorCache(chosen.vectors)
    reports = load_reports(chosen.data, chosen.seed, cache.has)
    pairs = describe_pairs(reports, cache.load([report.passage for report in reports]))
    for name, is_wanted in (("one language", ~pairs.is_cross), ("two languages", pairs.is_cross)):
        features, labels = pairs.features[is_wanted], pairs.is_event[is_wanted]
        folds = pairs.fold[is_wanted]
        weights = fit_weights(features, labels, chosen.ridge)
        scores = np.zeros(len(labels))
        for fold in range(FOLDS):
            fitted = fit_weights(features[folds != fold], labels[folds != fold], chosen.ridge)
            scores[folds == fold] = np.c_[features[folds == fold], np.ones((folds == fold).sum())] @ fitted
        print(f"{name}: {labels.sum()} of {len(labels)} pairs are of one event")
        print("  " + ", ".join(f"{key} {value:.2f}" for key, value in zip([*FITTED, "bias"], weights, strict=True)))
        print("  recall at precision " + ", ".join(f"{p}: {find_recall(scores, labels, p):.3f}" for p in (0.9, 0.95)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
