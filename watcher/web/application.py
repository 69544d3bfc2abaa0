"""The web application: middleware, routes, and errors as responses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from watcher import __version__
from watcher.app.bootstrap import App
from watcher.fetch import Fetcher
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.pipeline.websub.service import Subscriber
from watcher.settings import signing_key
from watcher.web import api, errors, health, pages, websub
from watcher.web.auth.access import AccessMiddleware
from watcher.web.auth.bodies import BoundedBodies
from watcher.web.auth.control import AccessControl
from watcher.web.auth.forwarded import ForwardedHeaders
from watcher.web.auth.headers import SafeHeaders
from watcher.web.auth.paths import HeadAsGet, SubPath
from watcher.web.auth.roles import check_role
from watcher.web.auth.sources import Proxies
from watcher.web.auth.trusted_header import TrustedHeader
from watcher.web.context import WebContext
from watcher.web.deadlines import BoundedMatching
from watcher.web.parts import Part, load_router
from watcher.web.static_files import StaticAssets

_PARTS = {"syndication": "topics views digests.atom", "events": "events", "metrics": "metrics"}


def create_app(
    app: App,
    *,
    clock: Callable[[], datetime],
    poller_alive: Callable[[], bool] | None = None,
    storage: StorageMonitor | None = None,
    reload: Callable[[], Awaitable[bool]] | None = None,
    fetcher: Fetcher | None = None,
    subscriber: Subscriber | None = None,
) -> FastAPI:
    """Return the web application over an open watcher; `poller_alive` is None where no daemon runs in this process.

    Raises ConfigError where the signing key can be neither read nor created.
    """
    settings = app.settings.web
    gate = AccessControl(settings, signing_key(app.settings), clock, app.database)
    web = _Application(
        title="news-watcher",
        version=__version__,
        description="Hits, entries, stories, topics, feeds, digests and deliveries of a news watcher.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        middleware=[
            Middleware(TrustedHeader, header=settings.login.header, proxies=Proxies(settings.trusted_proxies)),
            Middleware(ForwardedHeaders, proxies=Proxies(settings.trusted_proxies)),
            Middleware(SubPath, prefix=gate.prefix),
            Middleware(HeadAsGet),
            Middleware(SafeHeaders),
            Middleware(AccessMiddleware, gate=gate),
            Middleware(errors.Bulkhead),
            Middleware(BoundedBodies),
            Middleware(BoundedMatching),
        ],
        servers=[{"url": gate.prefix}] if gate.prefix else None,
    )
    web.state.context = WebContext(
        app=app,
        clock=clock,
        gate=gate,
        key=signing_key(app.settings),
        poller_alive=poller_alive,
        storage=storage or StorageMonitor(),
        reload=reload,
        fetcher=fetcher,
    )
    errors.install_error_handlers(web)
    web.router.routes.extend(_collect_routes())
    if subscriber is not None:
        web.include_router(websub.make_router(subscriber))
    web.mount("/static", StaticAssets(directory=str(files("watcher.web") / "static")))
    return web


class _Application(FastAPI):
    """The application; its OpenAPI document has an example of every request and answer."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; it is made once."""
        if self.openapi_schema is None:
            from watcher.web.api_examples import add_examples

            add_examples(super().openapi())
        assert self.openapi_schema is not None
        return self.openapi_schema

    @property
    def routes(self) -> list[BaseRoute]:
        """Return all routes, with those of parts that no request has asked for yet."""
        return [route.route if isinstance(route, Part) else route for route in self.router.routes]


@cache
def _collect_routes() -> Sequence[BaseRoute]:
    """Return the routes that every application serves: they are prepared at the first request, once a process."""
    collected = APIRouter(dependencies=[Depends(check_role)])
    collected.include_router(health.router)
    parts = [Part("", names.split(), partial(load_router, f"watcher.web.{module}")) for module, names in _PARTS.items()]
    return (*collected.routes, *parts, *api.list_parts(), *pages.list_parts())
