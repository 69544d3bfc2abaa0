"""run, poll, serve, status: the daemon, one cycle of it, its page alone, and its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import logs, output
from watcher.cli.completion import complete_feeds
from watcher.cli.help import Commands
from watcher.cli.meaning import read_stored_entries
from watcher.cli.state import Json, open_application, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.contract.polls import PrintedPoll
    from watcher.contract.status import PrintedStatus
    from watcher.pipeline.poll_summary import PollSummary
    from watcher.store.feeds.leases import FeedLease

app = Commands()


@app.command(
    epilog="SIGTERM and SIGINT finish what is in flight. SIGHUP reloads the configuration; one with errors is not used."
    "\n\nExample:\n\n  watcher run --config /etc/watcher"
)
def run(
    page: Annotated[bool, typer.Option("--page/--no-page", help="Serve the page and the API.")] = True,
) -> None:
    """Run the daemon: polling, alerts, digests, messages, the page."""
    from watcher.left_out import TERMINAL_LIBRARIES, import_without

    with import_without(*TERMINAL_LIBRARIES):
        from watcher import daemon
    from watcher.app.setup.first_start import has_configuration, is_setup_needed

    logs.configure_logging(verbose=state.verbose, quiet=state.quiet)
    if page and not has_configuration(state.folder):
        from watcher.app.setup.starter import write_starter_configuration

        # The first-start page takes it from here; without a page there is nobody to ask.
        write_starter_configuration(state.folder, state.environ)
    with open_application(starting=True, secrets=None) as application:
        is_new = is_setup_needed(application.settings)

        def print_address(address: str) -> None:
            """Print where the page is."""
            note = f"Nothing is watched yet. Set up your watch: {address}/setup" if is_new else f"The page: {address}"
            output.print_note(note)

        daemon.run(application, page=page, on_page=print_address)


@app.command(epilog="Examples:\n\n  watcher poll\n\n  watcher poll --feed https://example.org/feed.xml --json")
def poll(
    feed: Annotated[
        list[str] | None,
        typer.Option(
            "--feed", metavar="URL", help="Only this feed, due or not; may be repeated.", autocompletion=complete_feeds
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every feed, due or not.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Poll feeds that another process holds, even a running daemon.")
    ] = False,
    meaning: Annotated[
        bool, typer.Option("--meaning", help="Also read what is stored for its meaning, and wait until that is done.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Poll the feeds that are due, once, and print a summary.

    Feeds held by a dead process of this machine are polled as well. Exit code 1 where a feed could not be read (the
    items of the others are stored), and where nothing was polled because other processes hold all feeds.
    """
    # Which feeds, who holds them, what is read for its meaning: each option asks for one step of its own.
    import asyncio
    import time

    from watcher import clock
    from watcher.app.encoding import encode_poll_cycle
    from watcher.contract.timestamps import format_timestamp
    from watcher.store.feeds.leases import list_feed_leases
    from watcher.store.feeds.shards import list_feeds_of_shards

    logs.configure_logging(verbose=state.verbose, quiet=not state.verbose)
    started = time.monotonic()
    with open_application(sync=True, starting=True, secrets=("feeds", "fetch")) as application:
        urls = _find_urls(application, feed) if feed else None
        _take_over_feeds(application, urls, everything=everything, from_living=take_over)
        total = len(urls) if urls is not None else len(application.settings.sources) if everything else None
        with output.show_steps("Polling", total) as advance:
            polled, missing = asyncio.run(_poll_once(application, urls, everything=everything, advance=advance))
        if meaning:
            read_stored_entries(application)
        with application.database.read() as db:
            held = list_feed_leases(db, clock.now(), urls=urls, everything=everything)
            held += list_feeds_of_shards(db, clock.now(), missing, urls=urls, everything=everything)
    summary: PrintedPoll = {
        **encode_poll_cycle(polled),
        "seconds": round(time.monotonic() - started, 3),
        "held": [
            {"owner": holder.owner, "feeds": holder.feeds, "until": format_timestamp(holder.until)} for holder in held
        ],
    }
    if as_json:
        output.print_json(summary)
    else:
        _print_poll(summary)
        for holder in held:
            output.print_line(output.style_text(_format_held(holder), output.YELLOW))
    raise typer.Exit(1 if polled.failed or (held and not polled.due) else 0)


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Instead of the configured port.")
    ] = None,
) -> None:
    """Serve the page and the API alone, over what is stored."""
    import asyncio

    from watcher import clock
    from watcher.web import serve_alone

    logs.configure_logging(verbose=state.verbose, quiet=state.quiet)
    with open_application(sync=True, starting=True, secrets=("web",)) as application:
        asyncio.run(serve_alone(application, clock=clock.now, port=port, on_ready=_print_address))


@app.command()
def status(as_json: Json = False) -> None:
    """Show the state of feeds, digests, messages, the database and the processes at work."""
    from watcher import clock
    from watcher.app.status import get_system_status
    from watcher.cli.render_status import print_status
    from watcher.errors import StorageError

    with open_application(queries=False) as application:
        try:
            if "feeds" not in application.settings.missing_secrets:
                application.sync(clock.now(), topics=False)
            fault = application.database.shortage
        except StorageError as error:
            # What was stored can still be read, and this is when a person runs this command.
            fault = error.fault
        summary: PrintedStatus = {**get_system_status(application, clock.now()), "storage": fault}
    if as_json:
        output.print_json(summary)
    else:
        print_status(summary)


async def _poll_once(
    application: App, urls: list[str] | None, *, everything: bool, advance: Callable[[], None]
) -> tuple[PollSummary, frozenset[int]]:
    """Poll feeds, and return also the shards of hosts that other processes did not release for it."""
    import os
    import socket
    from datetime import timedelta

    from watcher import clock
    from watcher.app.pipeline import build_pipeline, build_poller, build_shards
    from watcher.fetch import Fetcher
    from watcher.pipeline.feed_claims import FeedSelection
    from watcher.pipeline.lease_recovery import COMMAND_PREFIX
    from watcher.pipeline.shard_loans import borrow_shards

    selection = FeedSelection(urls=None if urls is None else tuple(urls), include_all=everything)
    owner = f"{COMMAND_PREFIX} {socket.gethostname()}:{os.getpid()}"
    async with Fetcher(application.fetch_policy()) as fetcher:
        shards = build_shards(application, fetcher, clock.now, owner=owner)
        pipeline = build_pipeline(
            application, fetcher, clock.now, owner=owner, on_ingested=lambda _result: advance(), shards=shards
        )
        async with borrow_shards(application.database, shards, selection, clock.now) as missing:
            async with build_poller(application, pipeline, retry_writes_for=timedelta()) as poller:
                return await poller.run_once(selection), missing


def _take_over_feeds(application: App, urls: list[str] | None, *, everything: bool, from_living: bool) -> None:
    """Release what dead processes of this machine hold; with `from_living`, what any other process holds."""
    from watcher import clock
    from watcher.pipeline.lease_recovery import free_feeds_of_owners, is_owner_dead, recover_leases
    from watcher.store.feeds.leases import list_feed_leases

    feeds, messages = recover_leases(application.database, is_owner_dead, clock.now())
    if feeds or messages:
        output.print_note(f"taken over from a process that died: {output.format_count(feeds, 'feed')}")
    if not from_living:
        return
    with application.database.read() as db:
        held = list_feed_leases(db, clock.now(), urls=urls, everything=everything)
    if held:
        free_feeds_of_owners(application.database, [holder.owner for holder in held])
    for holder in held:
        output.print_note(
            f"{output.format_count(holder.feeds, 'feed')} taken over from {_get_owner(holder)}, which may be running: "
            "what it is fetching of them is not stored"
        )


def _get_owner(held: FeedLease) -> str:
    return output.clean_text(held.owner) or "another process"


def _format_held(held: FeedLease) -> str:
    count, verb = output.format_count(held.feeds, "feed"), "is" if held.feeds == 1 else "are"
    return f"{count} {verb} held by {_get_owner(held)} until {held.until:%H:%M}Z; take over with --take-over"


def _find_urls(application: App, feeds: list[str]) -> list[str]:
    from watcher.app.feeds import find_feed

    return list(dict.fromkeys(find_feed(application.settings.sources, feed).url for feed in feeds))


def _print_address(address: str) -> None:
    output.print_note(f"The page: {address}")


def _print_poll(summary: PrintedPoll) -> None:
    feeds, entries = summary["feeds"], summary["entries"]
    output.print_line(
        f"{output.format_count(feeds['due'], 'feed')} due: {feeds['fetched']} changed, {feeds['unchanged']} unchanged, "
        f"{feeds['failed']} failed; {output.format_count(entries['new'], 'new entry', 'new entries')}, "
        f"{entries['updated']} edited, {output.format_count(summary['hits'], 'hit')} in {summary['seconds']:.1f} s"
    )
    if summary["lost"]:
        lost = output.format_count(summary["lost"], "item")
        output.print_line(output.style_text(f"about {lost} may be missing between polls", output.YELLOW))
    if summary["left_out"]:
        left_out = output.format_count(summary["left_out"], "item")
        output.print_line(
            output.style_text(f"{left_out} not stored: more than a feed may bring in a day or at once", output.YELLOW)
        )
    for failure in summary["failures"]:
        output.print_line(
            f"  {output.style_text(failure['kind'], output.RED)}  {output.clean_text(failure['feed'])}: "
            f"{output.clean_text(failure['message'])}"
        )
