"""What every route is given: the open watcher, the clock, and how a page is rendered."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from starlette.requests import HTTPConnection

from watcher.app.bootstrap import App
from watcher.app.proposals import is_meaning_on
from watcher.fetch import Fetcher
from watcher.model.meaning import ProposalState
from watcher.model.person import Role
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.store.database import Db
from watcher.store.meaning.proposals import ProposalFilters, count_proposals
from watcher.topics.named_query import NamedQuery
from watcher.web.auth.control import AccessControl
from watcher.web.auth.person import get_person
from watcher.web.auth.roles import find_missing_role
from watcher.web.auth.sessions import Session
from watcher.web.deadlines import MatchBudget, QueryParser
from watcher.web.help_links import find_help_link
from watcher.web.kept_values import KeptValues
from watcher.web.setup_drafts import SettingUp

if TYPE_CHECKING:
    from jinja2 import Environment

T = TypeVar("T")
CACHE_LIFETIME = timedelta(seconds=5)
"""How long what every page shows (sidebar, overview) is kept before it is read again."""
MAX_KEPT_COUNTS = 128
"""Lists whose counts are kept."""
MAX_KEPT_HTML = 6_000_000
"""Characters of lists' rows and of what stands beside them that are kept: a row has some six thousand."""
_FORM_TOKEN = f"form-token-{secrets.token_hex(16)}"
"""Stands for the visitor's form token in what is rendered for several visitors. Nobody outside can know it."""


@dataclass(slots=True, kw_only=True)
class WebContext:
    """The watcher behind the page. `fetcher` is None where nothing may be fetched, `reload` where no daemon runs here.

    `saving` is held while the configuration is edited and loaded again. `closing` is set when the server shuts down, so
    that streams end at once.
    """

    app: App
    clock: Callable[[], datetime]
    gate: AccessControl
    key: bytes = field(repr=False)
    poller_alive: Callable[[], bool] | None = None
    storage: StorageMonitor = field(default_factory=StorageMonitor)
    reload: Callable[[], Awaitable[bool]] | None = None
    fetcher: Fetcher | None = None
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    streams: int = 0
    setting_up: SettingUp = field(default_factory=SettingUp)
    parser: QueryParser = field(default_factory=QueryParser)
    fragments: KeptValues[str] = field(default_factory=lambda: KeptValues(MAX_KEPT_HTML, len))
    _counts: KeptValues[Any] = field(default_factory=lambda: KeptValues(MAX_KEPT_COUNTS))
    _cache: dict[str, tuple[datetime, Any]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock()

    @property
    def environment(self) -> Environment:
        """The environment that renders pages; it is made with the first of them."""
        from watcher.web.render.environment import make_environment

        return make_environment(self.gate.prefix)

    def parse_query(self, text: str) -> NamedQuery:
        """Parse a visitor's query with the configured sets; raises QueryError and BusyError."""
        return self.parser.parse(text, self.app.settings.sets)

    def get_cached(self, name: str, load: Callable[[], T]) -> T:
        """Return what `load` returned less than CACHE_LIFETIME ago, else load it again."""
        loaded_at, value = self._cache.get(name, (None, None))
        if loaded_at is None or not timedelta() <= self.now - loaded_at < CACHE_LIFETIME:
            value = load()
            self._cache[name] = (self.now, value)
        return value  # type: ignore[return-value]

    @property
    def topic_names(self) -> dict[str, str]:
        """Return the names of the configured topics, by id."""
        return {topic.id: topic.name for topic in self.app.settings.topics}

    def get_unchanged(self, key: Hashable, load: Callable[[], T], version: Hashable = None) -> T:
        """Return what `load` read under a key while nobody, in whichever process, changes the database; else load it.

        For what also depends on the time it is kept for CACHE_LIFETIME at most. `load` opens its own transaction.
        `version` is the database's, where the request has read it before, for several values.
        """
        # The version is read first: what is loaded then is at least as new.
        version = self.app.database.read_version() if version is None else version
        period = self.now.timestamp() // CACHE_LIFETIME.total_seconds()
        return self._counts.get((key, version, period), load)  # type: ignore[no-any-return]

    async def change_people(self, change: Callable[[Db], T]) -> T:
        """Run a change of people, sessions or tokens in a transaction, and know it at once. Raises what it raises."""

        def write() -> T:
            """Change something in a transaction of its own."""
            with self.app.database.write() as db:
                return change(db)

        try:
            return await run_in_threadpool(write)
        finally:
            self.gate.people.forget()

    def clear_cache(self) -> None:
        """Forget what was cached: something was changed."""
        self._cache.clear()
        self._counts.clear()

    def render_page(self, request: Request, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """Render a template; every page knows the request, the time, and the visitor's form token."""
        session = get_session(request)
        topic_names = self.topic_names
        body = self.environment.get_template(template).render(
            request=request,
            path=request.url.path,
            now=self.now,
            csrf=_FORM_TOKEN,
            visitor=(visitor := get_person(request)),
            may=lambda role: visitor.role.includes(Role(role)),
            logged_in=session.person is not None,
            help_link=find_help_link(
                getattr(request.scope.get("route"), "path", ""), is_refused=find_missing_role(request) is not None
            ),
            topic_name=lambda topic_id: topic_names.get(topic_id, topic_id),
            proposals_open=None if status >= 400 else self._count_open_proposals(),
            keep=self.fragments.get,
            fragment=request.query_params.get("fragment") == "1",
            **values,
        )
        return HTMLResponse(body.replace(_FORM_TOKEN, self.gate.form_token(session)), status)

    def _count_open_proposals(self) -> int | None:
        """Return how many proposals wait for an answer; None where there are none and nothing is read for meaning."""

        def count() -> int:
            """Count them."""
            with self.app.database.read() as db:
                by_topic = count_proposals(db, ProposalFilters(states=(ProposalState.OPEN,)))
            return sum(sum(states.values()) for states in by_topic.values())

        settings = self.app.settings
        is_used = is_meaning_on(settings) and any(topic.has_meaning for topic in settings.topics)
        open_count = self.get_cached("proposals", count)
        return open_count if is_used or open_count else None


def get_context(connection: HTTPConnection) -> WebContext:
    """Return the context of the application that serves this request."""
    context: WebContext = connection.app.state.context
    return context


def get_session(request: HTTPConnection) -> Session:
    """Return the visitor's session, which the access middleware put into the scope."""
    session: Session = request.scope["watcher.session"]
    return session


def get_match_budget(connection: HTTPConnection) -> MatchBudget:
    """Return what this request may spend on matching."""
    budget: MatchBudget = connection.scope["watcher.match_budget"]
    return budget


async def provide_context(connection: HTTPConnection) -> WebContext:
    """Return the context for a route. Async: a function that is not would be called in a thread, for each request."""
    return get_context(connection)


Ctx = Annotated[WebContext, Depends(provide_context)]
