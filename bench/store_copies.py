"""Makes a filled PostgreSQL database as many times as large with a few statements, where to fill it would take hours.

The copies are later entries with the same texts: words are as frequent as before, and so are hits and stories.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table, text

from bench.store_build import World
from watcher.store.database import Db
from watcher.store.system.counters import rebuild_counters
from watcher.store.tables import archive, entries, hits, stories

_COUNTED = (entries, hits, stories)


def multiply_entries(world: World, times: int) -> None:
    """Copy all entries with their index tokens, hits and stories, until there are `times` as many."""
    with world.database.write(lasting=False) as db:
        # An index over all words is made at once in a fraction of the time that it takes to grow.
        db.execute(text("DROP INDEX ix_archive_tokens"))
        for index in stories.indexes:
            index.drop(db, checkfirst=True)
        last = {table.name: db.execute(text(f"SELECT max(id) FROM {table.name}")).scalar() or 0 for table in _COUNTED}
        span = db.execute(text("SELECT max(first_seen_at) - min(first_seen_at) FROM entries")).scalar_one()
        for number in range(1, times):
            later = f"interval '{number * span.total_seconds():.0f} seconds'"
            shifted = {name: f"id + {number * last[name]}" for name in last}
            of_entry, of_story = f"entry_id + {number * last['entries']}", f"story_id + {number * last['stories']}"
            moments = {"first_seen_at": f"first_seen_at + {later}"}
            _copy(db, stories, {"id": shifted["stories"]}, last["stories"])
            changed = {"id": shifted["entries"], "key_mark": f"key_mark # {number}", "story_id": of_story, **moments}
            _copy(db, entries, changed, last["entries"])
            matched = {"id": shifted["hits"], "entry_id": of_entry, "matched_at": f"matched_at + {later}"}
            _copy(db, hits, matched, last["hits"])
            _copy(db, archive, {"entry_id": of_entry}, last["entries"], key="entry_id")
        for index in stories.indexes:
            index.create(db)
        db.execute(text("CREATE INDEX ix_archive_tokens ON archive USING gin (tokens)"))
        for table in _COUNTED:
            db.execute(text(f"SELECT setval('{table.name}_id_seq', (SELECT max(id) FROM {table.name}))"))
        rebuild_counters(db)


def _copy(db: Db, table: Table, changed: Mapping[str, str], last: int, *, key: str = "id") -> None:
    names = [column.name for column in table.columns]
    values = ", ".join(changed.get(name, name) for name in names)
    db.execute(
        text(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name} WHERE {key} <= {last}")
    )
