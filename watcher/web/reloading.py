"""Taking a changed configuration into force, through the daemon where one runs in this process."""

from __future__ import annotations

from fastapi.concurrency import run_in_threadpool

from watcher.errors import UsageError
from watcher.web.site import Site


async def reload_now(here: Site) -> None:
    """Read the configuration again; raises ConfigError or UsageError where it does not come into force."""
    if here.reload is None:
        await run_in_threadpool(here.app.reload)
        await run_in_threadpool(here.app.sync, here.now)
    elif not await here.reload():
        raise UsageError("the file is written, but the running configuration stays in force: the log says why")
    here.forget()
