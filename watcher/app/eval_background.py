"""What topics are measured against unless a file says otherwise: the archive's recent entries, as they were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.model.entry import StoredEntry
from watcher.store.database import Database
from watcher.store.entries.queries import load_entries
from watcher.store.meaning.embeddings import load_recent_vectors
from watcher.store.meaning.models import find_serving_model

if TYPE_CHECKING:
    from watcher.meaning.vectors import Views

MAX_ARCHIVE_ENTRIES = 3_000
"""The newest so many entries are enough to place a threshold of 0.3 %."""


@dataclass(frozen=True, slots=True)
class ArchiveBackground:
    """Recent entries, oldest first, and their views in the same order."""

    entries: Sequence[StoredEntry]
    views: Views


def load_archive_background(
    database: Database, model_name: str, now: datetime, *, titles: bool
) -> ArchiveBackground | None:
    """Return the archive's recent entries as a model read them; None where another model serves, or nothing is read.

    With `titles` each is represented by its title alone.
    """
    from watcher.meaning.vectors import view_alone
    from watcher.pipeline.learning import to_views

    with database.read() as db:
        serving = find_serving_model(db)
        if serving is None or serving.model.name != model_name:
            return None
        recent = load_recent_vectors(db, serving, now, limit=MAX_ARCHIVE_ENTRIES)
        stored = load_entries(db, recent.entry_ids)
    places = [place for place, entry_id in enumerate(recent.entry_ids) if entry_id in stored]
    if not places:
        return None
    views = to_views(recent).take(places)
    entries = [stored[recent.entry_ids[place]] for place in places]
    return ArchiveBackground(entries, view_alone(views.titles) if titles else views)
