"""Parts of the page and of the API that are imported with the first request that may be theirs.

A daemon whose page nobody opens has none of them: all take twelve megabytes, and half a second to import.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from importlib import import_module
from typing import cast

from fastapi import APIRouter, Depends
from starlette._utils import get_route_path
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from watcher.web.auth.roles import check_role


class Part(BaseRoute):
    """The routes of one module, known by where their paths begin: by the name that follows `prefix`.

    `load_router` imports the module. It runs once, when a path begins so, whether or not a route is found then.
    """

    def __init__(self, prefix: str, names: Collection[str], load_router: Callable[[], APIRouter]) -> None:
        self._prefix = f"{prefix}/"
        self.names = frozenset(names)
        self._load_router = load_router

    @cached_property
    def original_router(self) -> APIRouter:
        """The router of the module, which is imported for it."""
        return self._load_router()

    @cached_property
    def route(self) -> BaseRoute:
        """The routes as one, which an application can be given instead."""
        collected = APIRouter(dependencies=[Depends(check_role)])
        collected.include_router(self.original_router)
        return collected.routes[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return what a request matches."""
        path = get_route_path(scope)
        if not path.startswith(self._prefix) or path[len(self._prefix) :].partition("/")[0] not in self.names:
            return Match.NONE, {}
        return self.route.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request that matched."""
        await self.route.handle(scope, receive, send)


def load_router(module: str) -> APIRouter:
    """Return the router of a module."""
    return cast("APIRouter", import_module(module).router)
