"""What every route is given: the open watcher, the clock, and how a page is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import jinja2
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from starlette.requests import HTTPConnection

from watcher.app.bootstrap import App
from watcher.fetch import Fetcher
from watcher.match import Query
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.topics.named_query import NamedQuery
from watcher.web.auth.access import Gate
from watcher.web.auth.sessions import Session
from watcher.web.deadlines import MatchBudget, Reader

T = TypeVar("T")
REMEMBERED = timedelta(seconds=5)


@dataclass(slots=True, kw_only=True)
class WebContext:
    """The watcher behind the page. `fetcher` is None where nothing may be fetched, `reload` where no daemon listens.

    `closing` is set when the server goes down, so that streams end at once.
    """

    app: App
    clock: Callable[[], datetime]
    gate: Gate
    key: bytes = field(repr=False)
    environment: jinja2.Environment
    poller_alive: Callable[[], bool] | None = None
    storage: StorageMonitor = field(default_factory=StorageMonitor)
    reload: Callable[[], Awaitable[bool]] | None = None
    fetcher: Fetcher | None = None
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    streams: int = 0
    reader: Reader = field(default_factory=Reader)
    _remembered: dict[str, tuple[datetime, Any]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.clock()

    def read(self, query: str) -> NamedQuery:
        """Read a query that a visitor sent; raises QueryError and BusyError."""
        return self.reader.read(query, self.app.settings.sets)

    def read_search(self, text: str | None) -> Query | None:
        """Read a search; None where nothing is asked. Raises QueryError and BusyError."""
        return self.read(text).query if text and text.strip() else None

    def remembered(self, name: str, find: Callable[[], T]) -> T:
        """Find something, or give what was found some seconds ago: for what every page shows and nobody waits for."""
        at, found = self._remembered.get(name, (None, None))
        if at is None or not timedelta() <= self.now - at < REMEMBERED:
            found = find()
            self._remembered[name] = (self.now, found)
        return found  # type: ignore[return-value]

    def forget(self) -> None:
        """Look again next time: something was changed."""
        self._remembered.clear()

    def page(self, request: Request, template: str, status: int = 200, /, **said: Any) -> HTMLResponse:
        """Draw a template. Every page knows the request, the moment, and the visitor's form token."""
        session = get_session(request)
        body = self.environment.get_template(template).render(
            request=request,
            path=request.url.path,
            now=self.now,
            csrf=self.gate.form_token(session),
            logged_in=self.gate.login_needed and session.authenticated,
            fragment=request.query_params.get("fragment") == "1",
            **said,
        )
        return HTMLResponse(body, status)


def get_context(connection: HTTPConnection) -> WebContext:
    """Give the site that serves this request."""
    site: WebContext = connection.app.state.site
    return site


def get_session(request: HTTPConnection) -> Session:
    """Give the visitor's session, which the gate put there."""
    session: Session = request.scope["watcher.session"]
    return session


def get_match_budget(connection: HTTPConnection) -> MatchBudget:
    """Return what this request may spend on matching."""
    effort: MatchBudget = connection.scope["watcher.effort"]
    return effort


Ctx = Annotated[WebContext, Depends(get_context)]
