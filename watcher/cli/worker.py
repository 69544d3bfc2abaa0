"""worker: one of several processes that share the work over PostgreSQL."""

from __future__ import annotations

from watcher.cli import logs
from watcher.cli.help import Commands
from watcher.cli.state import open_application, state

# Its options for completion are part of what the outside relies on.
app = Commands(add_completion=True)


@app.command(
    epilog="SIGTERM and SIGINT finish what is in flight. SIGHUP reloads the configuration; one with errors is "
    "not used. Needs `engine: procrastinate` and PostgreSQL.\n\nExample:\n\n"
    "  WATCHER_ENGINE=procrastinate watcher worker --database-url postgresql://watcher@db/watcher"
)
def worker() -> None:
    """Run a worker: as many as needed, on any number of machines.

    The others take over the work of one that dies within half a minute.
    """
    from watcher.errors import UsageError
    from watcher.left_out import TERMINAL_LIBRARIES, import_without
    from watcher.settings import EngineName

    with import_without(*TERMINAL_LIBRARIES):
        from watcher import daemon

    logs.configure_logging(verbose=state.verbose, quiet=state.quiet)
    with open_application(starting=True, secrets=None) as application:
        if application.settings.engine is not EngineName.PROCRASTINATE:
            raise UsageError("workers share a PostgreSQL database: set `engine: procrastinate` in watcher.yaml")
        daemon.run(application, page=False)
