"""Opens the application: configuration read once, the database at its schema, the topics compiled."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watcher import __version__, private
from watcher.errors import ConfigError
from watcher.model.encoder import EncoderEngine
from watcher.settings import Settings, load, signing_key
from watcher.settings.edit_journal import has_unfinished_edit
from watcher.settings.folders import state_folder
from watcher.store.database import Database, Db
from watcher.store.database.migrate import create_schema, require_current_schema, upgrade_schema
from watcher.store.entries.index_version import is_index_current

# Every command opens the application, and most only read: what polling, matching and sending need is imported by the
# functions that need it.
if TYPE_CHECKING:
    from watcher.app.activity import Activity
    from watcher.digest.links import Links
    from watcher.fetch import FetchPolicy
    from watcher.match import TopicMatcher
    from watcher.model.subscription import Channel, Subscription
    from watcher.model.topic import Topic
    from watcher.pipeline.digests import DigestContext
    from watcher.schedule import PollLimits
    from watcher.store.database.pruning import Retention


_OWN_FOLDERS = ("digests", "secrets", "configuration-history", "configuration.lock")
"""What lies in the state folder beside the database and the key."""


class _LazyLogger:
    """Imports structlog with the first event: most commands log none."""

    def __getattr__(self, level: str) -> Any:
        import structlog

        return getattr(structlog.get_logger(), level)


log = _LazyLogger()


class App:
    """The running configuration, the open database and the compiled topics.

    `reload` swaps settings and topics together, and only once the new ones are known to be good. Topics are compiled
    when they are first asked for: most commands never do.
    """

    def __init__(
        self, settings: Settings, database: Database, environ: Mapping[str, str], secrets: Iterable[str] | None = None
    ) -> None:
        self.settings = settings
        self.database = database
        self._matcher: TopicMatcher | None = None
        self._creating = threading.Lock()
        self._environ = environ
        self._secrets = secrets
        self._asked_anew: frozenset[str] = frozenset()
        self._activity: Activity | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment that the configuration is read in."""
        return self._environ

    @property
    def activity(self) -> Activity:
        """The counters of this process; imported where something is counted, which most commands never do."""
        if (activity := self._activity) is None:
            from watcher.app.activity import Activity

            with self._creating:  # once: what two threads count apart would be half of it each
                activity = self._activity = self._activity or Activity()
        return activity

    @property
    def matcher(self) -> TopicMatcher:
        """The topics in force; raises ConfigError where one cannot be read."""
        if (matcher := self._matcher) is None:
            from watcher.match import compile_topics

            with self._creating:  # once, however many ask for them at the same time
                matcher = self._matcher = self._matcher or compile_topics(self.settings.topics, self.settings.sets)
        return matcher

    def sync(self, now: datetime, *, topics: bool = True) -> tuple[str, ...]:
        """Store which feeds, topics and digests are configured; return the topics whose meaning changed.

        A command that matches nothing leaves the `topics` as they are stored: their versions need every query parsed.
        """
        from watcher.store.digests.slots import register_subscriptions
        from watcher.store.feeds.configuration import sync_feeds
        from watcher.store.system.clock_faults import record_unwatched_step, reschedule_all

        with self.database.write() as db:
            record_unwatched_step(db, reschedule_all(db, now).ahead, now)
            sync_feeds(db, self.settings.sources, now, self.settings.polling.default)
            self._carry_over_renamed(db)
            if self._asked_anew:
                from watcher.store.feeds.commands import schedule_feeds_now

                schedule_feeds_now(db, self._asked_anew, now)
                self._asked_anew = frozenset()
            register_subscriptions(db, (subscription.name for subscription in self.settings.subscriptions), now)
            return self._sync_topics(db, now) if topics else ()

    def _sync_topics(self, db: Db, now: datetime) -> tuple[str, ...]:
        from watcher.store.topics import WatchedTopic, sync_topics

        topics = [
            WatchedTopic(id=topic.id, name=topic.name, query=topic.query, version=self.matcher.version(topic.id))
            for topic in self.matcher.configured
        ]
        return sync_topics(db, topics, now)

    def _carry_over_renamed(self, db: Db) -> None:
        """Rename what is stored of topics, channels and digests that have a new name (`formerly`)."""
        # A digest that is configured but unknown, beside one that is known but not configured, may be a rename without
        # `formerly`: it would report old hits again.
        from watcher.store.digests.slots import list_registered_subscriptions

        settings = self.settings
        named: tuple[Topic | Channel | Subscription, ...] = (
            *settings.topics,
            *settings.channels,
            *settings.subscriptions,
        )
        if any(item.formerly for item in named):
            self._rename_stored(db)
        configured = {subscription.name for subscription in settings.subscriptions}
        known = list_registered_subscriptions(db)
        if known and configured - known and known - configured:
            log.warning(
                "digest is new while another is gone; if it was renamed, write its old name under `formerly`",
                new=sorted(configured - known),
                gone=sorted(known - configured),
            )

    def _rename_stored(self, db: Db) -> None:
        from watcher.store.digests.renames import rename_channel, rename_digest
        from watcher.store.topics import rename_topic

        for topic in self.settings.topics:
            for former in topic.formerly:
                if rename_topic(db, former, topic.id):
                    log.info("topic renamed", topic=topic.id, formerly=former)
        for channel in self.settings.channels:
            for former in channel.formerly:
                if rename_channel(db, former, channel.name):
                    log.info("channel renamed", channel=channel.name, formerly=former)
        for subscription in self.settings.subscriptions:
            for former in subscription.formerly:
                if rename_digest(db, former, subscription.name):
                    log.info("digest renamed", digest=subscription.name, formerly=former)

    def retry_logins(self, now: datetime) -> None:
        """Poll at once what refuses its login: at a start the configuration may hold another one than before."""
        private = [source.url for source in self.settings.sources if source.private]
        if private:
            from watcher.model.failure import FailureKind
            from watcher.store.feeds.commands import schedule_feeds_now

            with self.database.write() as db:
                schedule_feeds_now(db, private, now, kind=FailureKind.FORBIDDEN)

    def reload(self) -> None:
        """Read the configuration again; raises ConfigError and leaves everything as it was where it is bad."""
        from watcher.match import compile_topics

        settings = load_settings(self.settings.folder, self._environ, self._secrets)
        before = {source.url: (source.address, source.access) for source in self.settings.sources}
        self._asked_anew |= {
            source.url
            for source in settings.sources
            if before.get(source.url, ()) not in ((), (source.address, source.access))
        }
        self._matcher = compile_topics(settings.topics, settings.sets)
        self.settings = settings

    def poll_limits(self) -> PollLimits:
        """Return the limits of polling."""
        from watcher.schedule import PollLimits

        polling = self.settings.polling
        return PollLimits(
            minimum=polling.minimum,
            maximum=polling.maximum,
            default=polling.default,
            backoff=polling.backoff,
            budget=self.settings.fetch.budget.budget,
        )

    def fetch_policy(self) -> FetchPolicy:
        """Return the limits of fetching."""
        return fetch_policy(self.settings)

    def retention(self) -> Retention:
        """Return how long stored data is kept."""
        return retention(self.settings)

    def press(self) -> DigestContext:
        """Return what composing and sending digests needs."""
        from watcher.pipeline.digests import DigestContext
        from watcher.pipeline.machine_texts import TextServices
        from watcher.store.system.status import measure_coverage, measure_whole_coverage

        settings = self.settings
        return DigestContext(
            subscriptions=settings.subscriptions,
            channels={channel.name: channel for channel in settings.channels},
            topics=settings.topics,
            coverage_of=measure_coverage if settings.meaning.engine is EncoderEngine.NONE else measure_whole_coverage,
            links=self._links(),
            templates=settings.templates,
            weights={feed.url: feed.weight for feed in settings.sources if feed.weight != 1.0},
            services=TextServices(translate=settings.translate, summarise=settings.summarise),
        )

    def _links(self) -> Links:
        """Return the addresses for links in digests: none without a base URL, no signed ones without a key."""
        from watcher.digest.links import Links

        web = self.settings.web
        if not web.base_url:
            return Links()
        if self.settings.missing_secrets.get("web"):
            return Links(base_url=web.base_url.rstrip("/"))
        try:
            secret = signing_key(self.settings)
        except ConfigError as error:
            # A digest without buttons is better than none.
            log.warning("digests carry no signed links", error=str(error))
            return Links(base_url=web.base_url.rstrip("/"))
        return Links(base_url=web.base_url.rstrip("/"), secret=secret)

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def load_settings(
    folder: Path, environ: Mapping[str, str], secrets: Iterable[str] | None, *, queries: bool = True
) -> Settings:
    """Read a configuration of which the secrets of some sections are needed (None: all). Raises ConfigError.

    What a killed process left unwritten of an edit is written first.
    """
    if has_unfinished_edit(state_folder(folder, environ)):
        from watcher.settings.edit_files import finish_interrupted_edit

        finish_interrupted_edit(folder, environ)
    settings = load(folder, environ, queries=queries, secrets_needed=secrets is None)
    settings.require_secrets(*(secrets or ()))
    return settings


def retention(settings: Settings) -> Retention:
    """Return how long a configuration keeps entries, hits, polls and message texts."""
    from watcher.store.database.pruning import Retention

    kept = settings.retention
    return Retention(entries=kept.entries, hits=kept.hits, polls=kept.polls, payloads=kept.payloads)


def fetch_policy(settings: Settings) -> FetchPolicy:
    """Return the limits of fetching of a configuration."""
    from watcher.fetch import FetchPolicy

    fetch = settings.fetch
    contact = f"; +{fetch.contact}" if fetch.contact else ""
    return FetchPolicy(
        user_agent=fetch.user_agent or f"news-watcher/{__version__} (feed reader{contact})",
        total=fetch.timeout,
        most_body=fetch.max_size,
        most_wire=max(FetchPolicy().most_wire, fetch.max_size // 2),
        concurrency=fetch.concurrency,
        per_host=fetch.per_host,
        spacing=fetch.spacing,
        allow=tuple(str(network) for network in fetch.allow),
        proxy=settings.proxies.proxy,
        plain_proxy=settings.proxies.plain,
        no_proxy=settings.proxies.without,
    )


def open_app(
    folder: Path,
    environ: Mapping[str, str],
    *,
    database_url: str | None = None,
    queries: bool = True,
    starting: bool = False,
    secrets: Iterable[str] | None = None,
) -> App:
    """Open the application on a configuration folder; without `queries` those of topics are not looked at yet.

    A SQLite database is made or brought up to date at once; PostgreSQL, which others may be using, has to be at its
    schema (`watcher db upgrade`). What is `starting` to work also makes the schema in an empty PostgreSQL database, and
    takes the rights of other users from the state. `secrets` names the sections whose secrets
    have to be there (None: all). Raises ConfigError or StoreError.
    """
    settings = load_settings(folder, environ, secrets, queries=queries)
    database = Database(database_url or settings.database_url)
    try:
        if starting:
            _tighten_state(settings, database, environ)
        if not database.is_shared:
            upgrade_schema(database)
        elif not (starting and create_schema(database)):
            require_current_schema(database)
        with database.read() as db:
            current = is_index_current(db)
        if not current:
            from watcher.store.database.maintenance import reindex_entries

            log.info("word index is made anew: this version splits words otherwise")
            reindex_entries(database)
    except BaseException:
        database.close()
        raise
    return App(settings, database, environ, secrets)


def _tighten_state(settings: Settings, database: Database, environ: Mapping[str, str]) -> None:
    """Take the rights of other users from what earlier versions, or a looser umask, left open."""
    import glob

    files = [settings.state / "secret.key"]
    if database.path is not None:
        files += database.path.parent.glob(f"{glob.escape(database.path.name)}*")
    # A folder that only the address of the database names may be anybody's, as a home or a folder of projects is.
    state = settings.state
    is_named = database.path is not None and database.path.parent == state and not environ.get("WATCHER_STATE")
    is_named = is_named and bool(environ.get("WATCHER_DATABASE_URL"))
    is_shared = is_named and not set(state.iterdir()) <= {*files, *(state / name for name in _OWN_FOLDERS)}
    folders = [] if is_shared else [state]
    if tightened := [path for path in (*folders, *files) if private.tighten(path)]:
        log.warning("other users could read the state; now they cannot", paths=[str(path) for path in tightened])
