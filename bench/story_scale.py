"""What it costs to put an entry into a story, by the number of entries in the window.

    python bench/story_scale.py [--entries 10000 1000000] [--storied 0.1 0.001]

Synthetic entries of the last three days in SQLite, each with a vector (384 dimensions); a share of them has stories,
of two entries on average, as what matched a topic has. Then sixteen new entries, as many as are read for their meaning
together, get a story by words and are joined by vectors; both are rolled back and repeated. Milliseconds of CPU an
entry, the least of the rounds. Aim: with 1,000,000 entries at most twice what it is with 10,000.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert

sys.path.insert(0, str(Path(__file__).parents[1]))

from watcher.meaning.story_space import build_space
from watcher.meaning.vectors import Rows, normalize, quantize
from watcher.model.entry import Entry, Item, StoredEntry
from watcher.model.meaning import EncoderModel
from watcher.store.database import Database, Db
from watcher.store.database.migrate import upgrade_schema
from watcher.store.meaning.models import StoredModel, register_model
from watcher.store.sql.bulk import bulk_insert
from watcher.store.stories.late import join_embedded_entries
from watcher.store.stories.placement import choose_stories
from watcher.store.tables import embeddings, entries, feeds, stories, story_marks
from watcher.stories.similarity import build_story_text, compute_blocking_keys

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
WINDOW = timedelta(hours=70)
FEED = "https://wire.example/feed"
DIMENSIONS = 384
FRESH = 16
ROUNDS = 5
POLL = timedelta(hours=1)
CHUNK = 10_000
WORDS = [f"{first}{second}{third}" for first in "bdfgklmnprst" for second in "aeiou" for third in ("rno", "lta", "ske")]


class _RoundOver(Exception):  # noqa: N818  (no error)
    """Ends a round without a trace."""


def make_title(chance: random.Random) -> str:
    """Return a headline of eight words, of which hardly two are alike."""
    return " ".join(chance.choice(WORDS) + chance.choice(WORDS) for _ in range(8)).capitalize()


def fill(db: Db, count: int, share: float) -> StoredModel:
    """Store entries, `share` of them in stories, with their vectors."""
    chance, noise = random.Random(1), np.random.default_rng(1)
    model = register_model(db, EncoderModel(name="synthetic", dimensions=DIMENSIONS), NOW)
    db.execute(
        insert(feeds),
        [
            {
                "id": 1,
                "url": FEED,
                "fetch_url": FEED,
                "host": "wire.example",
                "next_poll_at": NOW,
                "interval": POLL,
                "added_at": NOW,
            }
        ],
    )
    for start in range(0, count, CHUNK):
        ids = range(start + 1, min(count, start + CHUNK) + 1)
        moments = {id_: NOW - WINDOW + WINDOW * (id_ / count) for id_ in ids}
        with_story = {id_: (id_ + 1) // 2 for id_ in ids if (id_ // 2) % round(1 / share) == 0}
        titles = {id_: make_title(chance) for id_ in ids}
        # The two entries of a story are close to each other, and to nothing else.
        rows = np.repeat(noise.standard_normal((CHUNK // 2 + 1, DIMENSIONS)), 2, axis=0)[1 : len(ids) + 1]
        rows = normalize(rows + 0.3 * noise.standard_normal(rows.shape))
        made = {story: moments[id_] for id_, story in with_story.items()}
        bulk_insert(
            db, stories, [{"id": id_, "first_at": at, "last_at": at, "size": 2} for id_, at in made.items() if id_]
        )
        bulk_insert(db, entries, [_build_row(id_, titles[id_], moments[id_], with_story.get(id_)) for id_ in ids])
        keys = (
            (key, id_) for id_ in with_story for key in compute_blocking_keys(build_story_text(titles[id_], "", ""))
        )
        bulk_insert(db, story_marks, [{"mark": key, "entry_id": id_} for key, id_ in sorted(keys)])
        bulk_insert(
            db,
            embeddings,
            [
                {"entry_id": id_, "model_id": model.id, "entry_version": 1, "text_hash": id_, "vector": vector}
                for id_, vector in zip(ids, (row.tobytes() for row in quantize(rows)), strict=True)
            ],
        )
    return model


def _build_row(id_: int, title: str, moment: datetime, story_id: int | None) -> dict[str, object]:
    return {
        "id": id_, "feed_id": 1, "key_mark": id_, "first_seen_at": moment, "published_at": moment, "title": title,
        "summary": f"{title}. " * 4, "story_id": story_id, "content_hash": b"", "language": ("en", "de", "uk")[id_ % 3],
    }  # fmt: skip


def make_fresh(first_id: int) -> list[StoredEntry]:
    """Return entries that are not stored yet."""
    chance = random.Random(9)
    return [
        StoredEntry(
            id=first_id + number,
            entry=Entry(
                feed_id=1, key=f"fresh-{number}", canonical_url=None, content_hash=b"", source="Wire",
                item=Item(title=make_title(chance), summary=make_title(chance)), feed_url=FEED,
            ),
            first_seen_at=NOW,
        )
        for number in range(FRESH)
    ]  # fmt: skip


def time_rounds(database: Database, work: Callable[[Db], object]) -> float:
    """Return the least CPU time of a round, in milliseconds an entry."""

    def iter_times() -> Iterator[float]:
        for _round in range(ROUNDS):
            try:
                with database.write() as db:
                    began = time.process_time()
                    work(db)
                    yield (time.process_time() - began) * 1000 / FRESH
                    raise _RoundOver
            except _RoundOver:
                continue

    return min(iter_times())


def measure(count: int, share: float) -> tuple[float, float]:
    """Return the cost of an entry by words and by vectors, in milliseconds."""
    noise = np.random.default_rng(2)
    background: Rows = normalize(noise.standard_normal((2_000, DIMENSIONS)))
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{folder}/scale.db") as database:
        upgrade_schema(database)
        with database.write() as db:
            model = fill(db, count, share)
        fresh = make_fresh(count + 1)
        space = build_space(background, ["en"] * len(background))
        step = round(1 / share)
        newest = [id_ for id_ in range(count, 0, -1) if (id_ // 2) % step == 0][:FRESH]
        return (
            time_rounds(database, lambda db: choose_stories(db, fresh, NOW)),
            time_rounds(database, lambda db: join_embedded_entries(db, model, newest, space, NOW)),
        )


def main() -> int:
    """Print the costs, and what they are beside those of the smallest window."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--entries", type=int, nargs="+", default=[10_000, 1_000_000])
    options.add_argument("--storied", type=float, nargs="+", default=[0.1, 0.001])
    chosen = options.parse_args()
    print("   entries  with a story  by words  by vectors   together   of the least  (CPU ms an entry)")
    for share in chosen.storied:
        least = None
        for count in chosen.entries:
            words, vectors = measure(count, share)
            least = least or words + vectors
            print(
                f"{count:10,}  {share:12.1%}  {words:8.2f}  {vectors:10.2f}   {words + vectors:8.2f}"
                f"   {(words + vectors) / least:12.2f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
