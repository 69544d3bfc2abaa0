"""Items whose meaning is near to a text or to another item; what is not read for meaning yet is not found."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.app.text_encoder import open_text_encoder
from watcher.errors import EncoderUnavailable, UsageError
from watcher.model.encoder import EncoderOptions
from watcher.model.page import Page
from watcher.model.results import Filters, SearchResult, SimilarEntry
from watcher.store.database import Db
from watcher.store.entries.queries import load_entries, load_entry
from watcher.store.meaning.embeddings import VectorRows, load_recent_vectors, load_vectors
from watcher.store.meaning.models import StoredModel, find_serving_model
from watcher.store.meaning.similar import filter_ids

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.app.listing import ListQuery
    from watcher.match import Query
    from watcher.meaning.vectors import Rows

MEAN_DAYS, MEAN_ENTRIES, MIN_MEAN_ENTRIES = timedelta(days=365), 3_000, 100
"""Of what the mean is computed: the newest so many entries of so many days; with fewer there is none."""
MAX_LIKE_CHARACTERS = 4_000
"""Of a text that is compared; an encoder reads no more."""
MAX_CANDIDATES = 2_000
"""The nearest so many entries are looked at for those that pass the filters."""


def find_like_text(
    app: App, text: str, filters: Filters, now: datetime, *, query: Query | None = None, limit: int = 50
) -> tuple[SimilarEntry, ...]:
    """Return the entries whose meaning is nearest to a text, the nearest first.

    Raises UsageError where there is no text or no encoder, EncoderUnavailable where it does not answer or another
    model's vectors are in use, and BusyError where other texts are being encoded.
    """
    if not text.strip():
        raise UsageError("write a sentence to compare with")
    with app.database.read() as db:
        serving = find_serving_model(db)
    vector = _encode_text(serving, app.settings.meaning, text.strip()[:MAX_LIKE_CHARACTERS])
    return _find(app, serving, vector, filters, now, query=query, limit=limit) if serving is not None else ()


def find_like_entry(
    app: App, entry_id: int, filters: Filters, now: datetime, *, limit: int = 50
) -> tuple[SimilarEntry, ...]:
    """Return the entries whose meaning is nearest to an entry's, without itself.

    Nothing where it is not read for meaning. Raises NotFoundError for an unknown entry.
    """
    with app.database.read() as db:
        load_entry(db, entry_id)
        serving = find_serving_model(db)
        vector = load_vectors(db, serving.id, [entry_id]).get(entry_id) if serving is not None else None
    if serving is None or not vector:
        return ()
    similar_entries = _find(app, serving, vector, filters, now, query=None, limit=limit + 1)
    return tuple(similar for similar in similar_entries if similar.stored.id != entry_id)[:limit]


def search_by_meaning(app: App, query: ListQuery, like: str, now: datetime) -> Page[SearchResult]:
    """Return the entries nearest to a text as a search lists them, the nearest first; the list has one page.

    Raises what `find_like_text` raises, and UsageError for a cursor.
    """
    if query.cursor is not None:
        raise UsageError("a list by meaning has no next page: raise `limit` instead")
    similar_entries = find_like_text(app, like, query.filters, now, query=query.search, limit=query.limit)
    from watcher.store.entries.search import load_results

    with app.database.read() as db:
        results = load_results(db, [similar.stored.id for similar in similar_entries])
    return Page(
        items=tuple(
            replace(results[similar.stored.id], likeness=similar.likeness)
            for similar in similar_entries
            if similar.stored.id in results
        )
    )


def _encode_text(serving: StoredModel | None, options: EncoderOptions, text: str) -> bytes:
    with open_text_encoder(options, serving=serving.model.name if serving is not None else None) as encoder:
        if encoder is None:
            raise UsageError("no encoder is installed or configured (meaning.engine): items are not read for meaning")
        if serving is not None and serving.model.name != encoder.name:
            raise EncoderUnavailable(f"stored items were read by {serving.model.name}, not by {encoder.name}")
        rows = encoder.encode_queries([text])
    from watcher.meaning.vectors import encode_vector

    return encode_vector(rows[0])


def _find(
    app: App, serving: StoredModel, vector: bytes, filters: Filters, now: datetime, *, query: Query | None, limit: int
) -> tuple[SimilarEntry, ...]:
    import numpy as np

    from watcher.meaning.vectors import decode_vectors
    from watcher.store.meaning.matrix import VectorMatrix

    with app.database.read() as db:
        mean = _compute_mean(db, serving, now)
    matrix = VectorMatrix(app.settings.state, serving)
    with suppress(OSError):  # where nothing can be written (a full disk), what the files lack is read from the database
        matrix.extend(app.database, now)
    query_vector = decode_vectors([vector])[0]
    # How an entry was found concerns hits alone.
    is_filtered = query is not None or replace(filters, found_by=()) != Filters()
    nearest = matrix.find_nearest(
        app.database,
        query_vector,
        np.zeros_like(query_vector) if mean is None else mean,
        limit=max(limit, MAX_CANDIDATES) if is_filtered else limit,
    )
    with app.database.read() as db:
        passing = filter_ids(db, [near.entry_id for near in nearest], filters)
        chosen = [near for near in nearest if near.entry_id in passing]
        stored = load_entries(db, [near.entry_id for near in (chosen if query is not None else chosen[:limit])])
    similar_entries = [
        SimilarEntry(stored=stored[near.entry_id], likeness=near.likeness) for near in chosen if near.entry_id in stored
    ]
    if query is not None:
        from watcher.match import match_entry

        similar_entries = [similar for similar in similar_entries if match_entry(query, similar.stored) is not None]
    return tuple(similar_entries[:limit])


def _compute_mean(db: Db, serving: StoredModel, now: datetime) -> Rows | None:
    """Return what all texts share, to be taken from every vector; None where too few are read to tell."""
    import numpy as np

    from watcher.meaning.vectors import restore

    recent: VectorRows = load_recent_vectors(db, serving, now, days=MEAN_DAYS, limit=MEAN_ENTRIES)
    if len(recent) < MIN_MEAN_ENTRIES:
        return None
    rows = restore(np.frombuffer(recent.vectors, np.int8).reshape(-1, recent.dimensions))
    mean: Rows = rows.mean(axis=0).astype(np.float32)
    return mean
