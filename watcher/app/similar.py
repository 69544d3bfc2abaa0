"""Items whose meaning is near to a text or to another item; what is not read for meaning yet is not found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.errors import EncoderUnavailable, UsageError
from watcher.model.meaning import EncoderOptions
from watcher.model.results import Filters, SimilarEntry
from watcher.store.database import Db
from watcher.store.entries.queries import load_entries, load_entry
from watcher.store.meaning.embeddings import VectorRows, load_recent_vectors, load_vectors
from watcher.store.meaning.models import find_serving_model
from watcher.store.meaning.similar import MAX_CANDIDATES, find_nearest_entries

if TYPE_CHECKING:
    from watcher.match import Query
    from watcher.meaning.vectors import Rows

MEAN_DAYS, MEAN_ENTRIES, MIN_MEAN_ENTRIES = timedelta(days=365), 3_000, 100
"""Of what the mean is computed: the newest so many entries of so many days; with fewer there is none."""
MAX_LIKE_CHARACTERS = 4_000
"""Of a text that is compared; an encoder reads no more."""


def find_like_text(
    db: Db,
    options: EncoderOptions,
    text: str,
    filters: Filters,
    now: datetime,
    *,
    query: Query | None = None,
    limit: int = 50,
) -> tuple[SimilarEntry, ...]:
    """Return the entries whose meaning is nearest to a text, the nearest first.

    Raises UsageError where there is no text or no encoder, EncoderUnavailable where it does not answer or another
    model's vectors are in use.
    """
    if not text.strip():
        raise UsageError("write a sentence to compare with")
    vector = _encode_text(db, options, text.strip()[:MAX_LIKE_CHARACTERS])
    return _find(db, vector, filters, now, query=query, limit=limit)


def find_like_entry(
    db: Db, entry_id: int, filters: Filters, now: datetime, *, limit: int = 50
) -> tuple[SimilarEntry, ...]:
    """Return the entries whose meaning is nearest to an entry's, without itself.

    Nothing where it is not read for meaning. Raises NotFoundError for an unknown entry.
    """
    load_entry(db, entry_id)
    serving = find_serving_model(db)
    vector = load_vectors(db, serving.id, [entry_id]).get(entry_id) if serving is not None else None
    if not vector:
        return ()
    found = _find(db, vector, filters, now, query=None, limit=limit + 1)
    return tuple(similar for similar in found if similar.stored.id != entry_id)[:limit]


def _encode_text(db: Db, options: EncoderOptions, text: str) -> bytes:
    from watcher.inference.open_encoder import open_encoder

    encoder = open_encoder(options)
    if encoder is None:
        raise UsageError("no encoder is installed or configured (meaning.engine): items are not read for meaning")
    try:
        serving = find_serving_model(db)
        rows = encoder.encode_queries([text])
        if serving is not None and serving.model.name != encoder.name:
            raise EncoderUnavailable(f"stored items were read by {serving.model.name}, not by {encoder.name}")
    finally:
        encoder.close()
    from watcher.meaning.vectors import encode_vector

    return encode_vector(rows[0])


def _find(
    db: Db, vector: bytes, filters: Filters, now: datetime, *, query: Query | None, limit: int
) -> tuple[SimilarEntry, ...]:
    import numpy as np

    from watcher.meaning.vectors import center, decode_vectors, restore

    mean = _compute_mean(db, now)
    wanted = decode_vectors([vector])
    wanted = wanted if mean is None else center(wanted, mean)

    def score(rows: VectorRows) -> list[tuple[int, float]]:
        """Return the nearest entries of some rows."""
        if not rows.entry_ids:
            return []
        unit = restore(np.frombuffer(rows.vectors, np.int8).reshape(-1, rows.dimensions))
        likeness = (unit if mean is None else center(unit, mean)) @ wanted[0]
        best = np.argsort(-likeness, kind="stable")[:MAX_CANDIDATES]
        return [(rows.entry_ids[place], float(likeness[place])) for place in best]

    nearest = find_nearest_entries(db, score, filters, limit=MAX_CANDIDATES if query is not None else limit)
    stored = load_entries(db, [entry_id for entry_id, _likeness in nearest])
    found = [SimilarEntry(stored=stored[id_], likeness=likeness) for id_, likeness in nearest if id_ in stored]
    if query is not None:
        from watcher.match import match_entry

        found = [similar for similar in found if match_entry(query, similar.stored) is not None]
    return tuple(found[:limit])


def _compute_mean(db: Db, now: datetime) -> Rows | None:
    """Return what all texts share, to be taken from every vector; None where too few are read to tell."""
    import numpy as np

    from watcher.meaning.vectors import restore

    serving = find_serving_model(db)
    recent = load_recent_vectors(db, serving, now, days=MEAN_DAYS, limit=MEAN_ENTRIES) if serving is not None else ()
    if not isinstance(recent, VectorRows) or len(recent) < MIN_MEAN_ENTRIES:
        return None
    rows = restore(np.frombuffer(recent.vectors, np.int8).reshape(-1, recent.dimensions))
    mean: Rows = rows.mean(axis=0).astype(np.float32)
    return mean
