"""The routes of a module are imported with the first request for one of them, and are found as if all had been."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.routing import BaseRoute, Match

from tests.web.site import World
from watcher.web import api, create_app, pages
from watcher.web.auth.roles import API
from watcher.web.parts import Part

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
IMPORTING = """
import sys
import watcher.daemon
print(*(name for name in sys.modules if name.startswith(("watcher.web.api.", "watcher.web.pages."))))
"""


def make_scope(path: str, method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "path": path, "method": method, "headers": [], "query_string": b""}


def walk_paths(router: Any) -> Iterator[str]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        yield from walk_paths(inner) if inner is not None else [route.path]


def find_first(routes: list[BaseRoute], scope: dict[str, Any]) -> tuple[int | None, int | None]:
    """Return the places of the routes that match a request, and that match but for its method."""
    matches = [route.matches(dict(scope))[0] for route in routes]
    return tuple(matches.index(kind) if kind in matches else None for kind in (Match.FULL, Match.PARTIAL))


def list_app_parts(desk: World) -> list[Part]:
    return [route for route in create_app(desk.app, clock=desk.clock).router.routes if isinstance(route, Part)]


def test_a_daemon_imports_no_page_and_nothing_of_the_api() -> None:
    ended = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, timeout=120, check=True)

    assert ended.stdout.split() == []


def test_a_part_is_loaded_by_the_first_request_that_may_be_its_own() -> None:
    loaded = []

    def load() -> APIRouter:
        loaded.append(True)
        router = APIRouter()
        router.add_api_route("/ferries/{number}", lambda number: number)
        return router

    part = Part("", ["ferries"], load)

    others = [part.matches(make_scope(path))[0] for path in ("/", "/ferry", "/ferriesx/1", "/api/ferries/1", "")]
    assert (set(others), loaded) == ({Match.NONE}, [])
    assert part.matches(make_scope("/ferries"))[0] is Match.NONE
    assert part.matches(make_scope("/ferries/1"))[0] is Match.FULL
    assert part.matches(make_scope("/ferries/1", "POST"))[0] is Match.PARTIAL
    assert loaded == [True]


def test_a_part_is_known_by_what_its_paths_begin_with_and_by_nothing_else(desk: World) -> None:
    for part in list_app_parts(desk):
        own = {path.removeprefix(API).split("/")[1] for path in walk_paths(part.original_router)}

        assert part.names == own


@pytest.mark.parametrize("package", [api, pages], ids=["api", "pages"])
def test_every_module_with_routes_is_a_part(package: Any) -> None:
    modules = [import_module(f"{package.__name__}.{module.name}") for module in iter_modules(package.__path__)]
    routers = [module.router for module in modules if getattr(module, "router", None) is not None]
    served = {path for part in package.list_parts() for path in walk_paths(part.original_router)}

    assert len(package.list_parts()) == len(routers)
    assert {path for router in routers for path in walk_paths(router)} == served


def test_a_request_finds_the_route_that_it_finds_among_all(desk: World) -> None:
    app = create_app(desk.app, clock=desk.clock)
    served = {path for part in list_app_parts(desk) for path in walk_paths(part.original_router)}
    paths = {re.sub(r"{[^}]*}", "1", path) for path in served} | {f"{path}/x" for path in served}
    paths |= {API + path for path in paths} | {"/", "/nothing", "/healthz", "/metrics", "/static/site.css"}

    for path in sorted(paths):
        for method in METHODS:
            scope = make_scope(path, method)
            assert find_first(app.router.routes, scope) == find_first(app.routes, scope)
