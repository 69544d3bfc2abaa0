"""Opens the application: configuration read once, the database at its schema, the topics compiled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from watcher.match import Watched, compile_topics
from watcher.settings import Settings, load
from watcher.store import feeds, migrate, topics
from watcher.store.engine import Database


class App:
    """The running configuration, the open database and the compiled topics.

    `reload` swaps settings and topics together, and only once the new ones are known to be good.
    """

    def __init__(self, settings: Settings, database: Database, watched: Watched, environ: Mapping[str, str]) -> None:
        self.settings = settings
        self.database = database
        self.watched = watched
        self._environ = environ

    def sync(self, now: datetime) -> tuple[str, ...]:
        """Tell the database which feeds and topics are watched; gives the topics whose meaning changed."""
        with self.database.write() as db:
            feeds.sync(db, self.settings.sources, now, self.settings.polling.default)
            return topics.sync(
                db,
                [
                    topics.WatchedTopic(
                        id=topic.id, name=topic.name, query=topic.query, version=self.watched.version(topic.id)
                    )
                    for topic in self.watched.topics
                ],
                now,
            )

    def reload(self) -> None:
        """Read the configuration again; raises ConfigError and leaves everything as it was where it is bad."""
        settings = load(self.settings.folder, self._environ)
        self.watched = compile_topics(settings.topics, settings.sets)
        self.settings = settings

    def close(self) -> None:
        """Give the database back."""
        self.database.close()


def open_app(folder: Path, environ: Mapping[str, str], *, database_url: str | None = None) -> App:
    """Open the application on a configuration folder.

    A SQLite database is made or brought up to date at once; PostgreSQL, which others may be using, has to be at its
    schema (`watcher db upgrade`). Raises ConfigError or StoreError.
    """
    settings = load(folder, environ)
    watched = compile_topics(settings.topics, settings.sets)
    database = Database(database_url or settings.database_url)
    try:
        if database.is_sqlite:
            migrate.upgrade(database)
        else:
            migrate.require_current(database)
    except BaseException:
        database.close()
        raise
    return App(settings, database, watched, environ)
