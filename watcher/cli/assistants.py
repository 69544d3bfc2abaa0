"""mcp: the archive for assistants, over the Model Context Protocol."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import logs, output
from watcher.cli.help import Commands
from watcher.cli.state import open_application, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App

app = Commands()
LOOPBACK = "127.0.0.1"
MISSING = "`watcher mcp` needs its extra: pip install 'newsdesk-watcher[mcp]'"


@app.command(
    epilog="Examples:\n\n  claude mcp add news -- watcher --config /etc/watcher mcp\n\n"
    "  watcher mcp --http 8090                 at http://127.0.0.1:8090/mcp\n\n"
    "  watcher mcp --http 0.0.0.0:8090         needs web.token\n\n"
    "It is read-only: with --write, assistants can also judge hits and proposals."
)
def mcp(
    http: Annotated[
        str | None,
        typer.Option("--http", metavar="[HOST:]PORT", help="Serve HTTP, with the API's token, instead of stdio."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Also serve the tools that judge.")] = False,
) -> None:
    """Serve assistants over the Model Context Protocol.

    They search by words and by meaning, read stories with citations, ask why a report matches, what may have been
    missed, and what a changed query would find. Without --http, the assistant's program starts this command and speaks
    with it over standard input and output.
    """
    import asyncio

    logs.configure_logging(verbose=state.verbose, quiet=state.quiet)
    place = _parse_place(http) if http is not None else None
    _require_extra()
    with open_application(secrets=("web",) if place is not None else ()) as application:
        if place is not None:
            asyncio.run(_serve_http(application, *place, write=write))
            return
        # Ctrl-C ends at once: the thread that waits for a line of input cannot be cancelled.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if sys.stdin.isatty():
            output.print_note("Waiting for an assistant's program on standard input; Ctrl-D ends.")
        asyncio.run(_serve_stdio(application, write=write))


async def _serve_stdio(application: App, *, write: bool) -> None:
    from watcher import clock
    from watcher.mcp.server import make_server
    from watcher.mcp.transports import serve_stdio

    await serve_stdio(make_server(application, clock.now, write=write))


async def _serve_http(application: App, host: str, port: int, *, write: bool) -> None:
    from watcher import clock
    from watcher.mcp.server import make_server
    from watcher.mcp.transports import HTTP_PATH, open_http_application
    from watcher.web.guarded import serve_guarded

    def print_address(address: str) -> None:
        """Print where assistants connect to."""
        output.print_note(f"For assistants: {address}{HTTP_PATH}")

    async with open_http_application(make_server(application, clock.now, write=write)) as served:
        await serve_guarded(application, served, host, port, clock=clock.now, on_ready=print_address)


def _parse_place(text: str) -> tuple[str, int]:
    """Parse [HOST:]PORT; an IPv6 address stands in brackets. Raises UsageError."""
    from watcher.errors import UsageError

    host, _colon, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise UsageError(f"{text!r} is not [HOST:]PORT, such as 8090 or 127.0.0.1:8090")
    return host.strip("[]") or LOOPBACK, int(port)


def _require_extra() -> None:
    from importlib.util import find_spec

    from watcher.errors import UsageError

    if find_spec("mcp") is None:
        raise UsageError(MISSING)
