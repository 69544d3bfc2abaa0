"""The space in which vectors of reports are compared: centred by language, less what is close to everything.

An encoder puts texts of one language close together, and some texts close to all others. The mean of a language is
taken from its vectors; that of a language with few leans on the mean of all. The excess of a pair is twice its cosine
less the mean cosine of each with its nearest neighbours in a background (cross-domain similarity local scaling, Conneau
et al. 2018): two reports are close only where they are closer to each other than is usual.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watcher.meaning.vectors import Quantized, Rows, normalize
from watcher.model.language import get_primary_language

LANGUAGE_WEIGHT = 20
"""The mean of all vectors counts as much as so many vectors of the language."""
NEIGHBOURS = 10
MAX_BACKGROUND = 2_000
SAME_COSINE = 0.999
"""Closer vectors are those of one text, which is no neighbour of itself."""
_SHORTEST_SQUARE = np.float32(1e-12)


@dataclass(frozen=True, slots=True)
class PlacedReport:
    """A report's centred vector, and the mean cosine with its nearest neighbours in the background."""

    row: Rows
    density: float


@dataclass(frozen=True, slots=True)
class StorySpace:
    """The mean of all vectors, those of languages, and a background of centred vectors."""

    mean: Rows
    means: Mapping[str, Rows]
    background: Rows

    def place(self, vectors: Rows, languages: Sequence[str | None]) -> list[PlacedReport]:
        """Return vectors, unit rows (n, dimensions), centred by their languages, with their densities."""
        if not len(vectors):
            return []
        rows = self.center_rows(vectors, languages)
        return [PlacedReport(row, density) for row, density in zip(rows, self._measure_density(rows), strict=True)]

    def center_rows(self, vectors: Rows, languages: Sequence[str | None]) -> Rows:
        """Return vectors centred by their languages, without their densities, which take most of the time."""
        return _center(vectors, self.mean, self.means, [get_primary_language(language) for language in languages])

    def measure_cosines(self, vectors: Quantized, languages: Sequence[str | None], places: Sequence[int]) -> Rows:
        """Return the cosines of centred vectors, those at some places (rows) with all (columns).

        As `center_rows` has them, but without centring all: a row less its language's mean has the product and the
        length that those of the row and of the mean tell.
        """
        values = vectors.astype(np.float32)
        primary = [get_primary_language(language) for language in languages]
        number_of = {language: number for number, language in enumerate(dict.fromkeys(primary))}
        means = np.stack([self.means.get(language, self.mean) for language in number_of])
        of_row = np.fromiter(map(number_of.__getitem__, primary), np.intp, len(primary))
        chosen_rows = normalize(normalize(values[list(places)]) - means[of_row[list(places)]])
        lengths = np.sqrt(np.einsum("ij,ij->i", values, values))
        products = (values @ np.concatenate([chosen_rows, means]).T) / np.where(lengths > 0, lengths, 1)[:, None]
        with_mean = np.take_along_axis(products, len(chosen_rows) + of_row[:, None], axis=1)[:, 0]
        squares = (lengths > 0) - 2 * with_mean + np.einsum("ij,ij->i", means, means)[of_row]
        differences = products[:, : len(chosen_rows)] - (means @ chosen_rows.T)[of_row]
        cosines: Rows = (differences / np.sqrt(np.maximum(squares, _SHORTEST_SQUARE))[:, None]).T
        return cosines

    def _measure_density(self, rows: Rows) -> list[float]:
        if len(self.background) <= NEIGHBOURS:
            return [0.0] * len(rows)
        densities: list[float] = []
        for start in range(0, len(rows), 256):
            cosines = rows[start : start + 256] @ self.background.T
            cosines[cosines > SAME_COSINE] = -1.0
            nearest = np.partition(cosines, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
            densities.extend(float(density) for density in nearest.mean(axis=1))
        return densities


def build_space(vectors: Rows, languages: Sequence[str | None], *, background_rows: int | None = None) -> StorySpace:
    """Return the space of some vectors, unit rows (n, dimensions), with their languages.

    The background is the first `background_rows` of them, or all; of more than MAX_BACKGROUND evenly spaced ones.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    mean: Rows = vectors.mean(axis=0)
    primary = [get_primary_language(language) for language in languages]
    means = {}
    for language in sorted(set(primary) - {""}):
        of_language = vectors[[number for number, other in enumerate(primary) if other == language]]
        weight = len(of_language) + LANGUAGE_WEIGHT
        means[language] = (of_language.sum(axis=0) + LANGUAGE_WEIGHT * mean) / weight
    usual = vectors[:background_rows]
    step = max(1, -(-len(usual) // MAX_BACKGROUND))
    background = _center(usual[::step], mean, means, primary[: len(usual) : step])
    return StorySpace(mean, means, background)


def measure_closeness(report: PlacedReport, other: PlacedReport) -> tuple[float, float]:
    """Return how close two reports are: the cosine of their rows, and its excess; the same both ways."""
    cosine = float(report.row @ other.row)
    return cosine, 2 * cosine - report.density - other.density


def _center(vectors: Rows, mean: Rows, means: Mapping[str, Rows], languages: Sequence[str]) -> Rows:
    known = {language: means.get(language, mean) for language in set(languages)}
    place = {language: number for number, language in enumerate(known)}
    return normalize(vectors - np.stack([*known.values(), mean])[[place[language] for language in languages]])
