"""demo: the watcher on invented news, printed as it happens."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import logs, output
from watcher.cli.help import Commands
from watcher.cli.meaning import read_stored_entries
from watcher.cli.state import Json, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.contract.polls import Demonstration, DemoPoll
    from watcher.model.digest import Digest
    from watcher.pipeline.poll_summary import PollSummary

# Its options for completion are part of what the outside relies on.
app = Commands(add_completion=True)

MAX_PRINTED = 500
"""Hits and stories that --json prints."""


@app.command(
    epilog="Examples:\n\n  watcher demo                     serves the page until Ctrl-C\n\n"
    "  watcher demo --once --folder /tmp/demo"
)
def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit after the digest, instead of serving the page.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The page's port; 0 takes a free one.")] = 8080,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Keep its configuration and database here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the watcher on invented news: polls, matches, groups, sends a digest, serves the page.

    Invented outlets serve their feeds on loopback; no network is needed, and your configuration is not touched.
    """
    logs.configure_logging(verbose=state.verbose, quiet=not state.verbose)
    place = _require_empty(folder) if folder is not None else Path(tempfile.mkdtemp(prefix="watcher-demo-"))
    try:
        _run_demo(place, once=once, port=port, as_json=as_json)
    finally:
        # The files of `--once` stay to be read; those of a page that was closed do not.
        if folder is None and not once:
            shutil.rmtree(place, ignore_errors=True)


def _require_empty(folder: Path) -> Path:
    from watcher.errors import UsageError

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is in use: choose an empty folder, or one that does not exist")
    return folder


def _run_demo(folder: Path, *, once: bool, port: int, as_json: bool) -> None:
    import asyncio

    from watcher import clock
    from watcher.app.encoding import encode_poll_cycle
    from watcher.demo import sandbox
    from watcher.demo.server import DemoServer
    from watcher.inference import can_use_bundled
    from watcher.model.encoder import EncoderEngine

    cycles: list[DemoPoll] = []
    with DemoServer(clock.now()) as server, sandbox.open_sandbox(folder, server, port, os.environ) as application:
        if not as_json:
            topics = len(application.matcher.configured)
            output.print_line(f"{len(server.outlets)} invented outlets on {server.url}, {topics} topics.\n")
        while True:
            polled = asyncio.run(sandbox.poll_outlets(application))
            cycles.append({"poll": server.poll, **encode_poll_cycle(polled)})
            if not as_json:
                _print_cycle(application, server.poll, polled)
            if server.finished:
                break
            server.advance()
        # Reports in other words and other languages are one story only once they have been read for their meaning.
        if can_use_bundled() and application.settings.meaning.engine is not EncoderEngine.NONE:
            read_stored_entries(application)
        digest = asyncio.run(sandbox.send_digest(application))
        files = sorted(str(path) for path in (folder / "var" / "digests").rglob("*") if path.is_file())
        if as_json:
            _print_document(application, cycles, digest, files)
        else:
            _print_digest(application, digest, files)
        if once:
            return
        _serve(application, port)


def _print_cycle(application: App, number: int, polled: PollSummary) -> None:
    """Print a poll: its hits with their evidence, and its failures."""
    from watcher.cli.render_entry import print_hit
    from watcher.store.hits.search import find_hits

    entries = (
        "baseline: stored and matched, but not sent"
        if number == 0
        else output.format_count(polled.new, "new entry", "new entries")
    )
    entries += f", {polled.updated} edited" if polled.updated else ""
    output.print_line(
        output.style_text(
            f"Poll {number + 1}: {output.format_count(polled.due, 'feed')}, {entries}, "
            f"{output.format_count(polled.hits, 'hit')}",
            output.BOLD,
        )
    )
    for url, kind, message in polled.failures:
        output.print_line(
            f"  {output.style_text(kind.value, output.RED)}  {output.clean_text(url)}: {output.clean_text(message)}"
        )
    if polled.lost:
        output.print_line(
            output.style_text(
                f"  about {output.format_count(polled.lost, 'item')} may be missing since the last poll", output.YELLOW
            )
        )
    if polled.hits and number:
        with application.database.read() as db:
            newest = find_hits(db, limit=polled.hits).items
        for hit in reversed(newest):
            print_hit(hit)
    output.print_line()


def _print_digest(application: App, digest: Digest, files: list[str]) -> None:
    from watcher.digest.plain import render_text

    output.print_line(output.style_text("The digest as it was sent:", output.BOLD) + "\n")
    output.print_line(render_text(digest, application.press().links))
    output.print_line("Written to:")
    for file in files:
        output.print_line(f"  {file}")


def _print_document(application: App, cycles: list[DemoPoll], digest: Digest, files: list[str]) -> None:
    from watcher.contract.digests import encode_digest
    from watcher.contract.hits import encode_hit
    from watcher.contract.stories import encode_story
    from watcher.store.hits.search import find_hits
    from watcher.store.stories.queries import find_stories

    with application.database.read() as db:
        document: Demonstration = {
            "polls": cycles,
            "hits": [encode_hit(hit) for hit in find_hits(db, limit=MAX_PRINTED).items],
            "stories": [encode_story(story) for story in find_stories(db, limit=MAX_PRINTED).items],
            "digest": encode_digest(digest),
            "files": files,
        }
    output.print_json(document)


def _serve(application: App, port: int) -> None:
    import asyncio

    from watcher import clock
    from watcher.web import serve_alone

    def print_address(address: str) -> None:
        """Print the page's address once it can be reached."""
        output.print_note(f"The page: {address}  (Ctrl-C ends)")

    asyncio.run(serve_alone(application, clock=clock.now, port=port, on_ready=print_address))
