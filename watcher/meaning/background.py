"""What entries are about when they are about nothing in particular: the other side of every topic."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watcher.meaning.vectors import Quantized, Rows, Views, center, quantize, restore

MIN_OWN_ENTRIES = 500
"""With fewer entries of one's own the shipped background applies."""
MAX_ENTRIES = 20_000
"""The most recent entries that a background is made of."""
SHIPPED = "background.npz"
SHIPPED_PER_DAY = 3_000.0
"""What a general desk reads in a day; nothing is known of this one yet."""


@dataclass(frozen=True)
class Background:
    """Recent entries as unit rows, newest last, and how many of them come in a day.

    `mean` is what all texts share; it is taken from every vector before vectors are compared. `languages` are those of
    the rows, or empty where they are not known. `titles` are rows of the titles alone, in the same order; None where
    they are not known.
    """

    rows: Rows
    mean: Rows
    per_day: float
    is_shipped: bool = False
    languages: tuple[str | None, ...] = ()
    titles: Rows | None = None

    @property
    def views(self) -> Views:
        """The rows with those of the titles."""
        return Views(self.rows, self.rows if self.titles is None else self.titles)

    def take(self, places: slice | NDArray[Any]) -> Background:
        """Return a background of some of the rows, with the mean of all."""
        languages = tuple(np.array(self.languages, object)[places]) if self.languages else ()
        titles = None if self.titles is None else self.titles[places]
        return replace(self, rows=self.rows[places], titles=titles, languages=languages)

    @cached_property
    def centered(self) -> Rows:
        """The rows without what all texts share."""
        return center(self.rows, self.mean)

    @cached_property
    def version(self) -> str:
        """A hash of rows and mean, 12 hexadecimal digits: a head names the background it was fitted on."""
        digest = hashlib.blake2b(self.rows.tobytes(), digest_size=6)
        digest.update(self.mean.tobytes())
        return digest.hexdigest()


def build_background(views: Views, *, per_day: float) -> Background:
    """Return a background of entries, oldest first."""
    recent = views.take(slice(-MAX_ENTRIES, None))
    return Background(recent.whole, recent.whole.mean(axis=0).astype(np.float32), per_day, titles=recent.titles)


def sample_rows(rows: Rows, count: int) -> Rows:
    """Return at most `count` rows, spread evenly over all of them: the same ones each time."""
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).astype(np.intp)]


def join_rows(parts: Sequence[Rows], dimensions: int) -> Rows:
    """Return rows below each other; parts without rows may have any width."""
    present = [part for part in parts if len(part)]
    return np.concatenate(present) if present else np.empty((0, dimensions), np.float32)


@cache
def load_shipped_background(model: str) -> Background | None:
    """Return the background that ships: numbers made of invented headlines; None for any other model than theirs."""
    with np.load(BytesIO((files("watcher.meaning") / SHIPPED).read_bytes()), allow_pickle=False) as stored:
        if str(stored["model"]) != model:
            return None
        rows: Quantized = stored["rows"]
        mean: Rows = stored["mean"]
        titles: Quantized = stored["titles"]
        languages = tuple(language.decode() or None for language in stored["languages"])
    return Background(
        restore(rows), mean, SHIPPED_PER_DAY, is_shipped=True, languages=languages, titles=restore(titles)
    )


def pack_background(views: Views, languages: Sequence[str], model: str) -> bytes:
    """Return unit rows and their languages as the file that ships; the same rows yield the same bytes."""
    buffer = BytesIO()
    np.savez(
        buffer,
        rows=quantize(views.whole),
        titles=quantize(views.titles),
        mean=views.whole.mean(axis=0).astype(np.float32),
        languages=np.array(languages, dtype="S"),
        model=np.array(model),
    )
    return buffer.getvalue()
