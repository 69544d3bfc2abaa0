"""Processes that read for meaning are killed at random: each entry has one vector in the end, that of its text."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from tests.pipeline.word_encoder import WordEncoder
from tests.store.filled import bring, item
from watcher.meaning.passage import build_passage
from watcher.meaning.vectors import decode_vectors
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries_after
from watcher.store.meaning.backlog import count_backlog, has_backlog
from watcher.store.meaning.embeddings import load_vectors
from watcher.store.meaning.models import find_serving_model
from watcher.store.meaning.proposals import count_proposals

ROOT = Path(__file__).parents[2]


def start_reader(database: Database) -> subprocess.Popen[bytes]:
    url = database.url.render_as_string(hide_password=False)
    return subprocess.Popen([sys.executable, "-m", "tests.pipeline.mortal_reader", url], cwd=ROOT)


def is_anything_read(database: Database, more_than: int) -> bool:
    with database.read() as db:
        return int(db.execute(text("SELECT count(*) FROM embeddings")).scalar_one()) > more_than


@pytest.mark.parametrize(("kills", "count"), [(3, 300), pytest.param(6, 600, marks=pytest.mark.slow)])
def test_two_readers_killed_at_random_leave_each_entry_with_one_vector(
    database: Database, kills: int, count: int
) -> None:
    lot = random.Random(11)
    bring(database, [item(n, f"news {n} of the harbour" if n % 50 == 0 else f"news {n}") for n in range(count)])
    readers = [start_reader(database) for _ in range(2)]
    for _kill in range(kills):
        with database.read() as db:
            before = int(db.execute(text("SELECT count(*) FROM embeddings")).scalar_one())
        deadline = time.monotonic() + 60
        # Killed at work: after at least one more batch is stored, at any moment of the next.
        while not is_anything_read(database, before) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(lot.uniform(0, 0.1))
        victim = lot.randrange(2)
        readers[victim].kill()
        readers[victim].wait()
        readers[victim] = start_reader(database)

    for reader in readers:
        assert reader.wait(timeout=240) == 0
    # What the last one killed had claimed is free for whoever comes next.
    last = start_reader(database)
    assert last.wait(timeout=240) == 0

    with database.read() as db:
        model = find_serving_model(db)
        assert model is not None
        entries = load_entries_after(db, limit=count + 1)
        vectors = load_vectors(db, model.id, [entry.id for entry in entries])
        stored = int(db.execute(text("SELECT count(*) FROM embeddings")).scalar_one())
        claims = int(db.execute(text("SELECT count(*) FROM embedding_claims")).scalar_one())
        left = has_backlog(db, model), count_backlog(db, model)
        proposed = sum(count_proposals(db).get("port", {}).values())
    passages = [build_passage(entry.entry.item.title, "", "") for entry in entries]
    expected = WordEncoder().encode_passages(passages)
    decoded = decode_vectors([vectors[entry.id] for entry in entries])
    assert (len(entries), stored, claims, left) == (count, count, 0, (False, 0))
    assert np.min(np.sum(expected * decoded, axis=1)) > 0.99
    assert proposed <= 3
