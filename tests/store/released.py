"""Databases as released versions left them, as data that either kind can be filled with.

    python -m tests.store.released

writes `released/REVISION.json` of today's schema. Do that once for a revision, when it is first released, and never
again: from then on every change of the schema is tried on it with its rows in place.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import Boolean, DateTime, LargeBinary, MetaData, select

from tests.store.filled import NOON, bring, item, topics
from watcher.store.database import Database, Db
from watcher.store.database.migrate import _config, get_schema_state, upgrade_schema
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.digests.commands import add_digest
from watcher.store.hits.commands import set_hit_label
from watcher.store.hits.search import find_hits
from watcher.store.outbox.queue import DeliveryDraft, add_deliveries
from watcher.store.sql.dialect import get_dialect
from watcher.store.system.key_values import set_value
from watcher.store.system.workers import record_heartbeat
from watcher.store.tables import metadata

FOLDER = Path(__file__).with_name("released")
DAY = timedelta(days=1)
EYES = topics(eyes='"five eyes"', tides="tides")


def fill(database: Database) -> None:
    """Put something into every table that a release has to carry over."""
    from watcher.model.digest import Coverage, Digest
    from watcher.store.topics import WatchedTopic, sync_topics

    old = [item(1, "Five Eyes meet in Riga", "Ministers of the alliance."), item(2, "Tides, and café news 北京")]
    bring(database, [item(9, "Forgotten weather")], now=NOON - 400 * DAY, matcher=EYES)
    prune_database(database, Retention(), NOON)
    bring(database, old, matcher=EYES)
    edited = item(1, "Five Eyes quarrel in Riga", "Ministers of the alliance.")
    bring(database, [edited, old[1], item(3, "Fog")], now=NOON + DAY, matcher=EYES)
    record_heartbeat(database, "daemon:here", "here", NOON, DAY)
    with database.write() as db:
        watched = WatchedTopic(id="eyes", name="Eyes", query='"five eyes"', version="1")
        sync_topics(db, [watched], NOON)
        set_value(db, "a note", "kept")
        hits = find_hits(db).items
        set_hit_label(db, hits[0].id, "relevant", NOON)
        digest = Digest(
            name="daily", title="Daily", slot_at=NOON, window=(NOON - DAY, NOON), timezone="UTC", coverage=Coverage(),
            topics=(), stories=(), hits=tuple(hit.id for hit in hits),
        )  # fmt: skip
        digest_id = add_digest(db, digest, NOON, sent=True, html="<p>", text="text")
        assert digest_id is not None
        draft = DeliveryDraft(
            channel="mail", kind="email", recipient="a@desk.example", part=0, payload="the words",
            message_id="<1@desk.example>", not_before=NOON,
        )  # fmt: skip
        add_deliveries(db, digest_id, [draft], NOON)


def dump(database: Database) -> dict[str, Any]:
    """Give every row of a SQLite database as JSON would have it."""
    with database.read() as db:
        revision = get_schema_state(db).revision
        tables = {
            table.name: [
                {name: {"hex": value.hex()} if isinstance(value, bytes) else value for name, value in row.items()}
                for row in db.exec_driver_sql(f'SELECT * FROM "{table.name}"').mappings()
            ]
            for table in metadata.sorted_tables
            if table.name != "archive"
        }
    return {"revision": revision, "tables": tables}


def load(database: Database, dumped: dict[str, Any]) -> None:
    """Make an empty database what the dumped one was, at its revision."""
    with database.write() as db:
        command.upgrade(_config(db), dumped["revision"])
        _insert(db, dumped["tables"])
        if database.is_shared:
            # Tables that came after that revision have no sequence yet.
            known = [table for table in metadata.sorted_tables if table.name in dumped["tables"]]
            get_dialect(db).set_sequences(db, known)


def _insert(db: Db, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Insert rows by the names that the tables had then, and as the kinds that this database gives their columns."""
    then = MetaData()
    then.reflect(bind=db)
    for table in then.sorted_tables:
        if (rows := tables.get(table.name)) and not db.execute(select(table).limit(1)).first():
            db.execute(
                table.insert(), [{name: _value(table.c[name].type, raw) for name, raw in row.items()} for row in rows]
            )


def _value(kind: object, raw: Any) -> Any:
    if raw is None:
        return None
    if isinstance(raw, dict):
        return bytes.fromhex(raw["hex"])
    match kind:
        case DateTime():
            return datetime.fromtimestamp(raw / 1000, UTC)
        case Boolean():
            return bool(raw)
        case LargeBinary():
            return bytes(raw)
        case _:
            return raw


def today() -> dict[str, Any]:
    """Give what this version would leave behind."""
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder, 'released.db')}") as database:
        upgrade_schema(database)
        fill(database)
        return dump(database)


if __name__ == "__main__":
    dumped = today()
    file = FOLDER / f"{dumped['revision']}.json"
    if file.exists():
        sys.exit(f"{file} is released already")
    FOLDER.mkdir(exist_ok=True)
    file.write_text(json.dumps(dumped, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
