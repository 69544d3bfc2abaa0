"""Search by meaning: all vectors of a model in memory-mapped files beside the database, scanned in pieces.

The files are derived and may be deleted: what is missing is read from the database again. They hold the vectors up to
the model's watermark; the few above it are read with each search. Rows stay where they are, so that a pruned entry is
left out of results by its absence from the database; an edited one is compared by its new vector once the files are
made anew, which happens daily.
Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from watcher import private
from watcher.meaning.vectors import Rows
from watcher.store.database import Database
from watcher.store.meaning.embeddings import VectorRows, iter_vectors, load_vectors
from watcher.store.meaning.models import StoredModel, list_models

ROWS_PER_PIECE = 4_096
"""Rows that are turned into numbers at a time: as many as fit into the processor's cache."""
MAX_AGE = timedelta(days=1)
"""After so long the files are made anew, for the entries that were edited or pruned since."""
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Nearest:
    """An entry and the cosine of its vector with what was searched for, both centred."""

    entry_id: int
    likeness: float


@dataclass(frozen=True, slots=True)
class _Extent:
    """How much of the files is whole: `rows` vectors, of all entries up to `last_id`."""

    rows: int = 0
    last_id: int = 0
    made_at: float = 0.0


class VectorMatrix:
    """The vectors of one model in the files of a folder; several processes may use them at a time."""

    def __init__(self, folder: Path, stored: StoredModel) -> None:
        self._stored = stored
        self._dimensions = stored.model.dimensions
        self._base = folder / f"meaning-{stored.id}"

    def extend(self, database: Database, now: datetime) -> int:
        """Add the vectors up to the model's watermark that are not in the files yet; return how many."""
        with self._lock():
            extent = self._read_extent()
            if not timedelta() <= now - datetime.fromtimestamp(extent.made_at, UTC) < MAX_AGE:
                extent = _Extent(made_at=now.timestamp())
            with database.read() as db:
                current = next((known for known in list_models(db) if known.id == self._stored.id), self._stored)
                before = extent.rows
                for vectors in iter_vectors(db, current, after_id=extent.last_id):
                    settled = sum(1 for entry_id in vectors.entry_ids if entry_id <= current.watermark_id)
                    extent = self._append(vectors, settled, extent)
                    if settled < len(vectors):
                        break
            self._write_extent(extent)
            return extent.rows - before

    def find_nearest(self, database: Database, row: Rows, mean: Rows, *, limit: int) -> tuple[Nearest, ...]:
        """Return the entries nearest to a unit row, best first. Entries that are not stored any more are left out."""
        extent = self._read_extent()
        query_row = _center_query(row, mean)
        ids, scores = self._scan(extent, query_row, mean, 2 * limit + 10)
        with database.read() as db:
            for vectors in iter_vectors(db, self._stored, after_id=extent.last_id):
                matrix = np.frombuffer(vectors.vectors, np.int8).reshape(len(vectors), self._dimensions)
                ids = np.concatenate([ids, np.asarray(vectors.entry_ids, np.int64)])
                scores = np.concatenate([scores, score_rows(matrix, measure_norms(matrix), query_row, mean)])
            best = np.argsort(-scores, kind="stable")[: 2 * limit + 10]
            there = load_vectors(db, self._stored.id, [int(ids[place]) for place in best])
        ranked = [Nearest(int(ids[place]), float(scores[place])) for place in best if int(ids[place]) in there]
        return tuple(ranked[:limit])

    def _scan(
        self, extent: _Extent, query_row: Rows, mean: Rows, limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the ids and scores of the best rows of the files, in no order."""
        if not extent.rows:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        matrix = np.memmap(self._path("vectors"), np.int8, "r", shape=(extent.rows, self._dimensions))
        norms = np.memmap(self._path("norms"), np.float32, "r", shape=(extent.rows,))
        places, scores = scan_matrix(matrix, norms, query_row, mean, limit)
        ids = np.memmap(self._path("ids"), np.int64, "r", shape=(extent.rows,))
        return np.asarray(ids[places]), scores

    def _append(self, vectors: VectorRows, count: int, extent: _Extent) -> _Extent:
        if not count:
            return extent
        matrix = np.frombuffer(vectors.vectors, np.int8).reshape(len(vectors), self._dimensions)[:count]
        ids = np.asarray(vectors.entry_ids[:count], np.int64)
        for name, values, size in (
            ("vectors", matrix, self._dimensions),
            ("norms", measure_norms(matrix), 4),
            ("ids", ids, 8),
        ):
            path = self._path(name)
            private.create_file(path)
            with path.open("r+b") as file:
                # What stands behind the whole rows was written by a process that was killed.
                file.seek(extent.rows * size)
                file.write(values.tobytes())
        return _Extent(extent.rows + count, int(ids[-1]), extent.made_at)

    def _read_extent(self) -> _Extent:
        try:
            facts = json.loads(self._path("json").read_text("ascii"))
        except (OSError, ValueError):
            return _Extent()
        same = (facts.get("format"), facts.get("model"), facts.get("dimensions"))
        if same != (_FORMAT, self._stored.model.name, self._dimensions):
            return _Extent()
        return _Extent(facts["rows"], facts["last_id"], facts["made_at"])

    def _write_extent(self, extent: _Extent) -> None:
        facts = {
            "format": _FORMAT,
            "model": self._stored.model.name,
            "dimensions": self._dimensions,
            "rows": extent.rows,
            "last_id": extent.last_id,
            "made_at": extent.made_at,
        }
        draft = self._path(f"json.{os.getpid()}")
        private.create_file(draft)
        draft.write_text(json.dumps(facts), "ascii")
        draft.replace(self._path("json"))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        private.make_folder(self._base.parent)
        path = self._path("lock")
        private.create_file(path)
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, suffix: str) -> Path:
        return self._base.with_name(f"{self._base.name}.{suffix}")


def scan_matrix(
    matrix: NDArray[np.int8], norms: NDArray[np.float32], query_row: Rows, mean: Rows, limit: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the places and scores of the `limit` rows nearest to a centred query, in no order."""
    best_places = np.empty(0, np.intp)
    best_scores = np.empty(0, np.float32)
    for start in range(0, len(matrix), ROWS_PER_PIECE):
        piece = slice(start, start + ROWS_PER_PIECE)
        scores = score_rows(matrix[piece], norms[piece], query_row, mean)
        # Once enough are known, few of a piece are better than the worst of them.
        is_full = len(best_scores) >= limit
        places = np.flatnonzero(scores > best_scores.min()) if is_full else np.arange(len(scores))
        if not len(places):
            continue
        best_places = np.concatenate([best_places, places + start])
        best_scores = np.concatenate([best_scores, scores[places]])
        if len(best_scores) > limit:
            kept = np.argpartition(-best_scores, limit - 1)[:limit]
            best_places, best_scores = best_places[kept], best_scores[kept]
    return best_places, best_scores


def score_rows(
    matrix: NDArray[np.int8], norms: NDArray[np.float32], query_row: Rows, mean: Rows
) -> NDArray[np.float32]:
    """Return the cosine of each row, centred, with a centred query.

    A row r stands for the unit vector x = r / |r|. With the mean m its cosine with the query q is
    (q x - q m) / |x - m|, and |x - m|² = 1 - 2 m x + |m|²: one pass over the bytes yields both products.
    """
    products = matrix.astype(np.float32) @ np.stack([query_row, mean], axis=1)
    products /= np.maximum(norms, 1e-6)[:, None]
    lengths = np.sqrt(np.maximum(1 - 2 * products[:, 1] + float(mean @ mean), 1e-6))
    scores: NDArray[np.float32] = ((products[:, 0] - float(query_row @ mean)) / lengths).astype(np.float32)
    return scores


def measure_norms(matrix: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return the length of each row."""
    norms: NDArray[np.float32] = np.linalg.norm(matrix.astype(np.float32), axis=1).astype(np.float32)
    return norms


def _center_query(row: Rows, mean: Rows) -> Rows:
    difference = row - mean
    return (difference / max(float(np.linalg.norm(difference)), 1e-6)).astype(np.float32)
