"""Search by meaning over many vectors, beside a bare numpy scan of the same int8 matrix.

    python bench/meaning_search.py [--rows 1000000] [--database sqlite|postgresql]

Prints the median and the 95th percentile of both, and their ratio; exit code 1 where p95 exceeds three times the scan.
The database holds a few thousand entries with vectors; the matrix holds synthetic ones under their ids, repeated.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.postgres import server  # noqa: E402
from tests.store.filled import bring, item  # noqa: E402
from watcher.meaning.vectors import encode_vector, normalize  # noqa: E402
from watcher.model.meaning import EncoderModel  # noqa: E402
from watcher.store.database import Database  # noqa: E402
from watcher.store.database.migrate import upgrade_schema  # noqa: E402
from watcher.store.meaning.backlog import claim_entries, move_watermark  # noqa: E402
from watcher.store.meaning.embeddings import Embedding, store_embeddings  # noqa: E402
from watcher.store.meaning.matrix import VectorMatrix, measure_norms  # noqa: E402
from watcher.store.meaning.models import StoredModel, list_models, register_model  # noqa: E402

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DIMENSIONS = 384
ENTRIES = 2_000
QUERIES = 25
MAX_RATIO = 3.0


def store_entries(database: Database) -> StoredModel:
    """Store entries with vectors, and return their model."""
    bring(database, [item(number, f"News {number}") for number in range(ENTRIES)], now=NOW - timedelta(hours=1))
    rows = normalize(np.random.default_rng(1).normal(size=(ENTRIES, DIMENSIONS)).astype(np.float32))
    with database.write() as db:
        model = register_model(db, EncoderModel(name="synthetic", dimensions=DIMENSIONS), NOW)
        claimed = claim_entries(db, model, "bench", NOW, limit=ENTRIES)
        made = [
            Embedding(entry_id=entry.id, entry_version=1, text_hash=entry.id, vector=encode_vector(row))
            for entry, row in zip(claimed, rows, strict=True)
        ]
        store_embeddings(db, model, "bench", made, NOW)
        move_watermark(db, model, NOW)
        return list_models(db)[0]


def write_matrix(folder: Path, model: StoredModel, rows: int) -> np.memmap[tuple[int, int], np.dtype[np.int8]]:
    """Write the files of a matrix with synthetic vectors, and return it."""
    base = folder / f"meaning-{model.id}"
    generator = np.random.default_rng(2)
    with (
        base.with_name(f"{base.name}.vectors").open("wb") as vectors,
        base.with_name(f"{base.name}.norms").open("wb") as norms,
    ):
        for start in range(0, rows, 50_000):
            piece = generator.integers(-127, 128, size=(min(50_000, rows - start), DIMENSIONS), dtype=np.int8)
            vectors.write(piece.tobytes())
            norms.write(measure_norms(piece).tobytes())
    (1 + np.arange(rows, dtype=np.int64) % ENTRIES).tofile(base.with_name(f"{base.name}.ids"))
    facts = {"format": 1, "model": model.model.name, "dimensions": DIMENSIONS, "rows": rows, "last_id": ENTRIES}
    base.with_name(f"{base.name}.json").write_text(json.dumps(facts | {"made_at": NOW.timestamp()}), "ascii")
    return np.memmap(base.with_name(f"{base.name}.vectors"), np.int8, "r", shape=(rows, DIMENSIONS))


def scan_bare(
    matrix: np.memmap[tuple[int, int], np.dtype[np.int8]], row: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> None:
    """Multiply every row of a matrix with a query, in pieces, and find the best."""
    scores = np.empty(len(matrix), np.float32)
    for start in range(0, len(matrix), 4_096):
        scores[start : start + 4_096] = matrix[start : start + 4_096].astype(np.float32) @ row
    np.argpartition(-scores, 20)[:20]


def measure(*runs: Callable[[int], object]) -> list[list[float]]:
    """Return the seconds of each query by each way, sorted; they take turns, so that a busy machine is fair to all.

    The first queries, which fill the cache of files, are left out.
    """
    times: list[list[float]] = [[] for _run in runs]
    for number in range(QUERIES + 2):
        for run, seconds in zip(runs, times, strict=True):
            began = time.perf_counter()
            run(number)
            if number >= 2:
                seconds.append(time.perf_counter() - began)
    return [sorted(seconds) for seconds in times]


def main() -> int:
    """Measure search and bare scan in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if arguments.database == "sqlite":
            url = f"sqlite:///{folder / 'bench.db'}"
        else:
            running = stack.enter_context(contextmanager(server)())
            if running is None:
                sys.exit("no PostgreSQL binaries")
            running.execute("CREATE DATABASE bench")
            url = running.url("bench")
        database = stack.enter_context(Database(url, durable=False))
        upgrade_schema(database)
        model = store_entries(database)
        matrix = write_matrix(folder, model, arguments.rows)
        queries = normalize(np.random.default_rng(3).normal(size=(QUERIES + 2, DIMENSIONS)).astype(np.float32))
        mean = np.full(DIMENSIONS, 0.01, np.float32)
        search = VectorMatrix(folder, model)
        bare, searched = measure(
            lambda number: scan_bare(matrix, queries[number]),
            lambda number: search.find_nearest(database, queries[number], mean, limit=50),
        )
    p95 = int(0.95 * QUERIES)
    ratio = searched[p95] / bare[p95]
    print(f"{arguments.rows:,} vectors, {arguments.database}, {QUERIES} queries (median / p95)")
    print(f"bare numpy scan    {1000 * bare[QUERIES // 2]:7.0f} / {1000 * bare[p95]:7.0f} ms")
    print(f"search by meaning  {1000 * searched[QUERIES // 2]:7.0f} / {1000 * searched[p95]:7.0f} ms")
    print(f"ratio of the p95   {ratio:7.2f} (at most {MAX_RATIO})")
    return int(ratio > MAX_RATIO)


if __name__ == "__main__":
    sys.exit(main())
