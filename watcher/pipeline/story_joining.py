"""Joins stories once the vectors of their entries are stored.

Imported where an encoder is configured: it needs numpy.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from watcher.meaning.background import Background
from watcher.meaning.story_space import StorySpace
from watcher.store.database import Database
from watcher.store.meaning.models import StoredModel
from watcher.store.stories.late import LateJoin, join_embedded_entries, load_story_space

log = structlog.get_logger()

REFRESH_INTERVAL = timedelta(minutes=30)
"""How long the means of languages are used before they are taken anew."""
MAX_GROWTH = 2
"""They are taken anew as well when so many times the entries have been read."""


class StoryJoiner:
    """Joins stories by the vectors of one model. `shipped` is the background of an archive that is still small."""

    def __init__(self, database: Database, model: StoredModel, shipped: Background | None = None) -> None:
        self._database = database
        self._model = model
        self._shipped = shipped
        self._space: StorySpace | None = None
        self._made_at: datetime | None = None
        self._read = 0
        self._read_until_refresh = 0

    def join_stories(self, entry_ids: Collection[int], now: datetime) -> tuple[LateJoin, ...]:
        """Join the stories of entries whose vectors were just stored; return what was joined. Raises StoreError."""
        self._read += len(entry_ids)
        space = self._get_space(now)
        if space is None or not entry_ids:
            return ()
        with self._database.write(lasting=False) as db:
            joins = join_embedded_entries(db, self._model, entry_ids, space, now)
        if joins:
            log.info("stories joined", stories=len(joins), entries=sum(len(join.entry_ids) for join in joins))
        return joins

    def _get_space(self, now: datetime) -> StorySpace | None:
        is_current = self._made_at is not None and timedelta() <= now - self._made_at < REFRESH_INTERVAL
        if self._space is None or not is_current or self._read >= self._read_until_refresh:
            with self._database.read() as db:
                self._space = load_story_space(db, self._model, now, shipped=self._shipped)
            self._made_at = now
            self._read_until_refresh = MAX_GROWTH * max(self._read, 100)
        return self._space
