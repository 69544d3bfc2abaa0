"""worker: one of several processes that share the work over PostgreSQL."""

from __future__ import annotations

import typer

from watcher.cli import logs
from watcher.cli.state import opened, state

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="SIGTERM and SIGINT finish what is in flight; SIGHUP reads the configuration again, and a faulty one "
    "changes nothing. Needs `engine: procrastinate` and PostgreSQL.\n\nExample:\n\n"
    "  WATCHER_ENGINE=procrastinate watcher worker --database-url postgresql://watcher@db/watcher"
)
def worker() -> None:
    """Take part in the work: as many of these as needed, on any number of machines.

    What one of them leaves undone when it dies, the others take up within half a minute.
    """
    from watcher import daemon
    from watcher.errors import UsageError
    from watcher.settings import EngineName

    logs.set_up(verbose=state.verbose, quiet=state.quiet)
    with opened(starting=True, secrets=None) as application:
        if application.settings.engine is not EngineName.PROCRASTINATE:
            raise UsageError("workers share a PostgreSQL database: set `engine: procrastinate` in watcher.yaml")
        daemon.run(application, page=False)
