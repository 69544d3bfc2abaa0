"""Taking a changed configuration into force, through the daemon where one runs in this process."""

from __future__ import annotations

from fastapi.concurrency import run_in_threadpool

from watcher.errors import UsageError
from watcher.web.context import WebContext


async def reload_now(ctx: WebContext) -> None:
    """Read the configuration again; raises ConfigError or UsageError where it does not come into force."""
    if ctx.reload is None:
        await run_in_threadpool(ctx.app.reload)
        await run_in_threadpool(ctx.app.sync, ctx.now)
    elif not await ctx.reload():
        raise UsageError("the file is written, but the running configuration stays in force: the log says why")
    ctx.forget()
