"""What entries are about when they are about nothing in particular: the other side of every topic."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from io import BytesIO

import numpy as np

from watcher.meaning.vectors import Quantized, Rows, center, quantize, restore

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
    the rows, or empty where they are not known.
    """

    rows: Rows
    mean: Rows
    per_day: float
    is_shipped: bool = False
    languages: tuple[str | None, ...] = ()

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


def build_background(rows: Rows, *, per_day: float, mean: Rows | None = None) -> Background:
    """Return a background of unit rows, oldest first, with the mean that they have or the one that is passed."""
    recent = rows[-MAX_ENTRIES:]
    return Background(recent, recent.mean(axis=0).astype(np.float32) if mean is None else mean, per_day)


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
        languages = tuple(language.decode() or None for language in stored["languages"])
    return Background(restore(rows), mean, SHIPPED_PER_DAY, is_shipped=True, languages=languages)


def pack_background(rows: Rows, languages: Sequence[str], model: str) -> bytes:
    """Return unit rows and their languages as the file that ships; the same rows yield the same bytes."""
    buffer = BytesIO()
    mean = rows.mean(axis=0).astype(np.float32)
    np.savez(buffer, rows=quantize(rows), mean=mean, languages=np.array(languages, dtype="S"), model=np.array(model))
    return buffer.getvalue()
