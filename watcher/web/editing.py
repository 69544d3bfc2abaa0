"""Edits of the configuration by the page and the API: one at a time, and in force when they are answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from fastapi.concurrency import run_in_threadpool

from watcher.app.configuration.editor import Editor
from watcher.settings.edit_history import Version
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
    return (await save_edit(ctx, by, change))[0]


async def save_edit(
    ctx: WebContext, by: Literal["page", "api"], change: Callable[[Editor], T]
) -> tuple[T, Version | None]:
    """Return what `save` returns, and the edit that was made; None where nothing changed. Raises what `save` raises."""
    editor = make_editor(ctx, by)
    async with ctx.saving:
        result = await run_in_threadpool(change, editor)
        await reload_configuration(ctx)
    return result, editor.versions[-1] if editor.versions else None
