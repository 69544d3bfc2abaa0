"""Alembic's entry: runs the revisions on the connection that the watcher hands over, or on WATCHER_DATABASE_URL."""

import os

from alembic import context

from watcher.store.database import Database, Db
from watcher.store.database.migrate import include_object
from watcher.store.tables import metadata


def run(db: Db) -> None:
    context.configure(
        connection=db, target_metadata=metadata, include_object=include_object, render_as_batch=True, compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()


if (handed := context.config.attributes.get("connection")) is not None:
    run(handed)
else:
    with Database(os.environ["WATCHER_DATABASE_URL"]) as database, database.write() as opened:
        run(opened)
