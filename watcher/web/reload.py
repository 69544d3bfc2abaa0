"""Reloads a changed configuration, through the daemon where one runs in this process."""

from __future__ import annotations

from fastapi.concurrency import run_in_threadpool

from watcher.errors import UsageError
from watcher.web.context import WebContext


async def reload_configuration(ctx: WebContext) -> None:
    """Load the configuration again; raises ConfigError or UsageError where it cannot be used."""
    if ctx.reload is None:
        await run_in_threadpool(ctx.app.reload)
        await run_in_threadpool(ctx.app.sync, ctx.now)
    elif not await ctx.reload():
        raise UsageError("Saved, but not used yet: the configuration has an error. The log has the details.")
    ctx.gate.replace_secrets(ctx.app.settings.web)
    ctx.clear_cache()
