"""demo: the watcher at work on invented news, told as it happens."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import logs, output
from watcher.cli.state import Json, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.model.digest import Digest
    from watcher.pipeline.poll_summary import PollSummary

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="Examples:\n\n  watcher demo                     leaves the page open, until Ctrl-C\n\n"
    "  watcher demo --once --folder /tmp/demo"
)
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the digest, instead of serving the page.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The page's port; 0 takes a free one.")] = 8080,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Keep its configuration and database here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the watcher at work on invented news: polls, matches, groups, sends a digest, opens the page.

    A bundled press serves its feeds on loopback; no network is needed, and nothing of yours is touched.
    """
    logs.set_up(verbose=state.verbose, quiet=not state.verbose)
    place = _unused(folder) if folder is not None else Path(tempfile.mkdtemp(prefix="watcher-demo-"))
    try:
        _show(place, once=once, port=port, as_json=as_json)
    finally:
        # What `--once` wrote is there to be looked at; a page that has been closed leaves nothing.
        if folder is None and not once:
            shutil.rmtree(place, ignore_errors=True)


def _unused(folder: Path) -> Path:
    from watcher.errors import UsageError

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is in use: the demonstration wants an empty folder, or one that is not there yet")
    return folder


def _show(folder: Path, *, once: bool, port: int, as_json: bool) -> None:
    import asyncio

    from watcher import clock
    from watcher.demo import sandbox
    from watcher.demo.server import DemoServer

    cycles: list[dict[str, Any]] = []
    with DemoServer(clock.now()) as press, sandbox.opened(folder, press, port, os.environ) as application:
        if not as_json:
            output.put(f"{len(press.outlets)} invented outlets on {press.url}, {_topics(application)} topics.\n")
        while True:
            polled = asyncio.run(sandbox.poll(application))
            cycles.append(_cycle(press.poll, polled))
            if not as_json:
                _tell(application, press.poll, polled)
            if press.finished:
                break
            press.advance()
        digest = asyncio.run(sandbox.send_digest(application))
        files = sorted(str(path) for path in (folder / "var" / "digests").rglob("*") if path.is_file())
        if as_json:
            _put_json(application, cycles, digest, files)
        else:
            _show_digest(application, digest, files)
        if once:
            return
        _serve(application, port)


def _topics(application: App) -> int:
    return len(application.watched.topics)


def _cycle(number: int, polled: PollSummary) -> dict[str, Any]:
    from watcher.cli.daemon import summary

    return {"poll": number, **summary(polled)}


def _tell(application: App, number: int, polled: PollSummary) -> None:
    """Say what a poll brought: its hits with their evidence, and what went wrong."""
    from watcher.cli.queries import show_hit
    from watcher.store.hits.search import find_hits

    what = (
        "baseline: stored and matched, and told to nobody"
        if number == 0
        else output.counted(polled.new, "new entry", "new entries")
    )
    what += f", {polled.updated} edited" if polled.updated else ""
    output.put(
        output.style(
            f"Poll {number + 1}: {output.counted(polled.due, 'feed')}, {what}, {output.counted(polled.hits, 'hit')}",
            output.BOLD,
        )
    )
    for url, kind, message in polled.failures:
        output.put(f"  {output.style(kind.value, output.RED)}  {output.clean(url)}: {output.clean(message)}")
    if polled.lost:
        output.put(
            output.style(
                f"  about {output.counted(polled.lost, 'item')} may have been missed since the last poll", output.YELLOW
            )
        )
    if polled.hits and number:
        with application.database.read() as db:
            found = find_hits(db, limit=polled.hits).items
        for hit in reversed(found):
            show_hit(hit)
    output.put()


def _show_digest(application: App, digest: Digest, files: list[str]) -> None:
    from watcher.digest.plain import render_text

    output.put(output.style("The digest as it was sent:", output.BOLD) + "\n")
    output.put(render_text(digest, application.press().links))
    output.put("Written to:")
    for file in files:
        output.put(f"  {file}")


def _put_json(application: App, cycles: list[dict[str, Any]], digest: Digest, files: list[str]) -> None:
    from watcher.app import views
    from watcher.store.hits.search import find_hits
    from watcher.store.stories.queries import find_stories

    with application.database.read() as db:
        found = find_hits(db, limit=500).items
        told = find_stories(db, limit=500).items
    output.put_json(
        {
            "polls": cycles,
            "hits": [views.hit(hit) for hit in found],
            "stories": [views.story(each) for each in told],
            "digest": views.digest(digest),
            "files": files,
        }
    )


def _serve(application: App, port: int) -> None:
    import asyncio

    from watcher import clock
    from watcher.web import serve_alone

    def say(address: str) -> None:
        output.note(f"The page: {address}  (Ctrl-C ends)")

    asyncio.run(serve_alone(application, clock=clock.now, port=port, on_ready=say))
