"""Search by meaning over the files beside the database: the same as comparing every stored vector."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.store.filled import NOON, bring, item
from watcher.meaning.vectors import Rows, center, encode_vector, normalize, restore
from watcher.model.meaning import EncoderModel
from watcher.store.database import Database
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.meaning.backlog import claim_entries, move_watermark
from watcher.store.meaning.embeddings import Embedding, store_embeddings
from watcher.store.meaning.matrix import VectorMatrix, measure_norms, scan_matrix
from watcher.store.meaning.models import StoredModel, list_models, register_model

DIMENSIONS = 16
HOUR = timedelta(hours=1)


def make_rows(count: int, seed: int = 1) -> Rows:
    generator = np.random.default_rng(seed)
    return normalize((generator.normal(size=(count, DIMENSIONS)) + 1).astype(np.float32))


def store_rows(database: Database, rows: Rows, *, first: int = 0, settled: bool = True) -> StoredModel:
    """Store an entry for each row, with the row as its vector."""
    bring(database, [item(first + number, f"News {first + number}") for number in range(len(rows))])
    with database.write() as db:
        model = register_model(db, EncoderModel(name="e5", dimensions=DIMENSIONS), NOON)
        claimed = claim_entries(db, model, "a", NOON, limit=len(rows))
        made = [
            Embedding(entry_id=entry.id, entry_version=1, text_hash=entry.id, vector=encode_vector(row))
            for entry, row in zip(claimed, rows, strict=True)
        ]
        store_embeddings(db, model, "a", made, NOON)
        move_watermark(db, model, NOON + (HOUR if settled else timedelta()))
        return list_models(db)[0]


def rank_all(rows: Rows, query: Rows, mean: Rows) -> list[int]:
    """Return the numbers of entries by likeness, compared one by one."""
    kept = restore(np.stack([np.frombuffer(encode_vector(row), np.int8) for row in rows]))
    return [int(place) + 1 for place in np.argsort(-(center(kept, mean) @ center(query, mean)))]


@pytest.mark.parametrize("settled", [True, False])
def test_the_nearest_are_those_of_a_comparison_with_each(database: Database, tmp_path: Path, settled: bool) -> None:
    rows = make_rows(50)
    model = store_rows(database, rows, settled=settled)
    matrix = VectorMatrix(tmp_path, model)
    mean = rows.mean(axis=0)

    added = matrix.extend(database, NOON)
    nearest_entries = matrix.find_nearest(database, rows[7], mean, limit=10)

    assert added == (50 if settled else 0)
    assert [nearest.entry_id for nearest in nearest_entries] == rank_all(rows, rows[7], mean)[:10]
    assert nearest_entries[0].entry_id == 8
    assert nearest_entries[0].likeness == pytest.approx(1, abs=0.01)


def test_files_are_extended_and_survive_a_process_that_was_killed(database: Database, tmp_path: Path) -> None:
    rows = make_rows(30)
    model = store_rows(database, rows[:20])
    VectorMatrix(tmp_path, model).extend(database, NOON)
    with (tmp_path / f"meaning-{model.id}.vectors").open("ab") as file:
        file.write(b"half a row")
    model = store_rows(database, rows[20:], first=20)

    added = VectorMatrix(tmp_path, model).extend(database, NOON)
    nearest_entries = VectorMatrix(tmp_path, model).find_nearest(database, rows[25], rows.mean(axis=0), limit=1)

    assert added == 10
    assert [nearest.entry_id for nearest in nearest_entries] == [26]


def test_pruned_entries_are_not_found_and_old_files_are_made_anew(database: Database, tmp_path: Path) -> None:
    rows = make_rows(10)
    model = store_rows(database, rows)
    matrix = VectorMatrix(tmp_path, model)
    matrix.extend(database, NOON)
    prune_database(database, Retention(), NOON + timedelta(days=200))

    nearest = matrix.find_nearest(database, rows[0], rows.mean(axis=0), limit=5)
    again = matrix.extend(database, NOON + timedelta(days=2))

    assert (nearest, again) == ((), 0)
    assert (tmp_path / f"meaning-{model.id}.json").read_text().count('"rows": 0') == 1


def test_files_of_another_model_or_format_are_not_used(database: Database, tmp_path: Path) -> None:
    rows = make_rows(10)
    model = store_rows(database, rows)
    (tmp_path / f"meaning-{model.id}.json").write_text('{"format": 99}')

    assert VectorMatrix(tmp_path, model).extend(database, NOON) == 10


def test_only_the_owner_may_read_the_files(sqlite: Database, tmp_path: Path) -> None:
    model = store_rows(sqlite, make_rows(3))

    VectorMatrix(tmp_path, model).extend(sqlite, NOON)

    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("meaning-*")} == {0}


def test_a_scan_in_pieces_finds_the_best_of_all() -> None:
    rows = make_rows(10_000, seed=3)
    matrix = np.stack([np.frombuffer(encode_vector(row), np.int8) for row in rows])
    mean = np.zeros(DIMENSIONS, np.float32)

    places, scores = scan_matrix(matrix, measure_norms(matrix), rows[9_000], mean, 20)

    expected = np.argsort(-(restore(matrix) @ rows[9_000]))[:20]
    assert set(places.tolist()) == set(expected.tolist())
    assert len(scores) == 20
