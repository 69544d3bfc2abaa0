"""Edits of the configuration by the page and the API: one at a time, and in force when they are answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from fastapi.concurrency import run_in_threadpool

from watcher.app.configuration.editor import Editor
from watcher.web.context import WebContext
from watcher.web.reload import reload_configuration

T = TypeVar("T")


def make_editor(ctx: WebContext, by: Literal["page", "api"]) -> Editor:
    """Return who edits the configuration that is in force."""
    return Editor(app=ctx.app, by=by, now=ctx.now)


async def save(ctx: WebContext, by: Literal["page", "api"], change: Callable[[Editor], T]) -> T:
    """Run a change of the configuration, load the configuration again, and return what the change returned.

    Raises what the change raises, and UsageError where it is saved and cannot be used yet.
    """
    async with ctx.saving:
        result = await run_in_threadpool(change, make_editor(ctx, by))
        await reload_configuration(ctx)
    return result
