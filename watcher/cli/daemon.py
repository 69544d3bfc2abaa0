"""run, poll, serve, status: what keeps going, one cycle of it, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import logs, output
from watcher.cli.state import Json, opened, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.pipeline.poll_summary import PollSummary
    from watcher.store.feeds.leases import FeedLease

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="SIGTERM and SIGINT finish what is in flight; SIGHUP reads the configuration again, and a faulty one "
    "changes nothing.\n\nExample:\n\n  watcher run --config /etc/watcher"
)
def run(
    page: Annotated[bool, typer.Option("--page/--no-page", help="Serve the page and the API.")] = True,
) -> None:
    """Run the daemon: polling, alerts, digests, the outbox, the page."""
    from watcher import daemon

    logs.set_up(verbose=state.verbose, quiet=state.quiet)
    with opened(starting=True, secrets=None) as application:
        if page:
            output.note(f"The page: {application.settings.web.address}")
        daemon.run(application, page=page)


@app.command(epilog="Examples:\n\n  watcher poll\n\n  watcher poll --feed https://example.org/feed.xml --json")
def poll(
    feed: Annotated[
        list[str] | None, typer.Option("--feed", metavar="URL", help="Only this feed, due or not; may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every feed, due or not.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take feeds from whoever holds them, a daemon at work as well.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Poll the feeds that are due, once, and say what came.

    What a process of this machine held that is dead is taken over. Exit code 1 where a feed could not be read, while
    what the others brought is kept, and where nothing was polled because others hold all of it.
    """
    import asyncio
    import time

    from watcher import clock
    from watcher.store.feeds.leases import list_feed_leases

    logs.set_up(verbose=state.verbose, quiet=not state.verbose)
    begun = time.monotonic()
    with opened(sync=True, starting=True, secrets=("feeds", "fetch")) as application:
        chosen = _known_feeds(application, feed) if feed else None
        _take_over(application, chosen, everything=everything, living=take_over)
        total = len(chosen) if chosen is not None else len(application.settings.sources) if everything else None
        with output.progress("Polling", total) as advance:
            polled = asyncio.run(_cycle(application, chosen, everything=everything, advance=advance))
        with application.database.read() as db:
            held = list_feed_leases(db, clock.now(), urls=chosen, everything=everything)
    said = summary(polled, time.monotonic() - begun) | {"held": [_held_as_json(each) for each in held]}
    if as_json:
        output.put_json(said)
    else:
        _show_cycle(said)
        for each in held:
            output.put(output.style(_describe_held(each), output.YELLOW))
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

    logs.set_up(verbose=state.verbose, quiet=state.quiet)
    with opened(sync=True, starting=True, secrets=("web",)) as application:
        asyncio.run(serve_alone(application, clock=clock.now, port=port, on_ready=_say_where))


@app.command()
def status(as_json: Json = False) -> None:
    """Say how things stand: feeds, digests, the outbox, the database, and who is at work."""
    from watcher import clock
    from watcher.app.status import stand
    from watcher.errors import StorageError

    with opened() as application:
        try:
            if "feeds" not in application.settings.missing_secrets:
                application.sync(clock.now())
            fault = application.database.shortage
        except StorageError as error:
            # What was stored can be read all the same, and this is when a person asks.
            fault = error.fault
        said = stand(application, clock.now()) | {"storage": fault}
    if as_json:
        output.put_json(said)
    else:
        _show_standing(said)


async def _cycle(application: App, urls: list[str] | None, *, everything: bool, advance: Any) -> PollSummary:
    import os
    import socket
    from datetime import timedelta

    from watcher import clock
    from watcher.app.pipeline import build_pipeline, build_poller
    from watcher.fetch import Fetcher
    from watcher.pipeline.feed_claims import FeedSelection
    from watcher.pipeline.lease_recovery import COMMAND_PREFIX

    selection = FeedSelection(urls=None if urls is None else tuple(urls), include_all=everything)
    owner = f"{COMMAND_PREFIX} {socket.gethostname()}:{os.getpid()}"
    async with Fetcher(application.fetch_policy()) as fetcher:
        pipeline = build_pipeline(application, fetcher, clock.now, owner=owner, on_ingested=lambda _result: advance())
        async with build_poller(application, pipeline, retry_writes_for=timedelta()) as poller:
            return await poller.run_once(selection)


def _take_over(application: App, urls: list[str] | None, *, everything: bool, living: bool) -> None:
    """Take over what dead processes of this machine hold, and what others do if a person asks for that."""
    from watcher import clock
    from watcher.pipeline.lease_recovery import free_feeds_of_owners, is_owner_dead, recover_leases
    from watcher.store.feeds.leases import list_feed_leases

    feeds, messages = recover_leases(application.database, is_owner_dead, clock.now())
    if feeds or messages:
        output.note(f"taken over from a process that died: {output.counted(feeds, 'feed')}")
    if not living:
        return
    with application.database.read() as db:
        held = list_feed_leases(db, clock.now(), urls=urls, everything=everything)
    if held:
        free_feeds_of_owners(application.database, [each.owner for each in held])
    for each in held:
        output.note(
            f"{output.counted(each.feeds, 'feed')} taken from {_owner(each)}, which may be at work: "
            "what it still fetches of them is not stored"
        )


def _owner(held: FeedLease) -> str:
    return output.clean(held.owner) or "another process"


def _describe_held(held: FeedLease) -> str:
    count, verb = output.counted(held.feeds, "feed"), "is" if held.feeds == 1 else "are"
    return f"{count} {verb} held by {_owner(held)} until {held.until:%H:%M}Z; take over with --take-over"


def _held_as_json(held: FeedLease) -> dict[str, Any]:
    from watcher.app import views

    return {"owner": held.owner, "feeds": held.feeds, "until": views.moment(held.until)}


def _known_feeds(application: App, urls: list[str]) -> list[str]:
    from watcher.cli.feed_lists import find

    return list(dict.fromkeys(find(application.settings.sources, url).url for url in urls))


def summary(polled: PollSummary, seconds: float | None = None) -> dict[str, Any]:
    """Say what a cycle came to, in the words of the contract."""
    return {
        "feeds": {
            "due": polled.due,
            "fetched": polled.fetched,
            "unchanged": polled.unchanged,
            "failed": polled.failed,
        },
        "entries": {"seen": polled.seen, "new": polled.new, "updated": polled.updated},
        "hits": polled.hits,
        "lost": polled.lost,
        "left_out": polled.left_out,
        "merged": polled.merged,
        "recovered": polled.recovered,
        **({"seconds": round(seconds, 3)} if seconds is not None else {}),
        "failures": [{"feed": url, "kind": kind.value, "message": message} for url, kind, message in polled.failures],
    }


def _show_cycle(said: dict[str, Any]) -> None:
    feeds, entries = said["feeds"], said["entries"]
    output.put(
        f"{output.counted(feeds['due'], 'feed')} due: {feeds['fetched']} changed, {feeds['unchanged']} unchanged, "
        f"{feeds['failed']} failed; {output.counted(entries['new'], 'new entry', 'new entries')}, "
        f"{entries['updated']} edited, {output.counted(said['hits'], 'hit')} in {said['seconds']:.1f} s"
    )
    if said["lost"]:
        output.put(
            output.style(
                f"about {output.counted(said['lost'], 'item')} may have been missed between polls", output.YELLOW
            )
        )
    if said["left_out"]:
        left_out = output.counted(said["left_out"], "item")
        output.put(
            output.style(f"{left_out} not stored: more than a feed may bring in a day or at once", output.YELLOW)
        )
    for failure in said["failures"]:
        output.put(
            f"  {output.style(failure['kind'], output.RED)}  {output.clean(failure['feed'])}: "
            f"{output.clean(failure['message'])}"
        )


def _say_where(address: str) -> None:
    output.note(f"The page: {address}")


def _show_standing(said: dict[str, Any]) -> None:
    feeds = said["feeds"]
    bad = {"degraded": output.YELLOW, "stale": output.YELLOW, "failing": output.RED, "gone": output.RED}
    if away := said["network"]["away_since"]:
        output.put(
            output.style(f"Network   away since {away}: this machine reaches nobody, no feed is read", output.RED)
        )
    shown = [
        output.style(f"{feeds[name]} {name}", *([bad[name]] if name in bad and feeds[name] else []))
        for name in ("fresh", "new", "degraded", "stale", "failing", "gone", "paused")
        if feeds.get(name) or name in {"fresh", "stale", "failing"}
    ]
    output.put(f"Feeds     {feeds['total']}: {', '.join(shown)}")
    lag = f"; the most overdue has waited {said['lag_seconds']} s" if said["lag_seconds"] > 60 else ""
    output.put(f"Polled    {said['last_poll_at'] or 'never'}{lag}")
    if said["gaps"]:
        output.put(
            f"Gaps      {said['gaps']}: about {output.counted(said['lost'], 'item')} may have been missed between polls"
        )
    if said["storage"]:
        output.put(f"Storage   {output.style(said['storage'] + ': nothing can be stored', output.RED)}")
    for fault in said["clock"]:
        output.put(f"Clock     {output.style(fault, output.RED)}")
    for count, what in (
        (said["left_out"], "not stored: beyond a day's budget, or beyond what is read of one document"),
        (said["merged"], "taken for repetitions of others in the same document"),
        (said["recovered"], "stored as baseline that an earlier version had merged with others"),
    ):
        if count:
            output.put(f"Items     {count:,} {what}")
    output.put(f"Archive   {said['entries']} entries, {said['hits']} hits")
    for each in said["digests"]:
        last = f"last {each['last_at']}" if each["last_at"] else "none yet"
        coming = f", next {each['next_at']}" if each["next_at"] else f", {each['schedule']}"
        output.put(f"Digest    {each['name']}: {last}{coming}")
    for refused in said["channels_blocked"]:
        line = f"{refused['channel']} refused since {refused['since']}: {refused['reason']}"
        output.put(f"Channel   {output.style(output.clean(line), output.RED)}")
    waiting = ", ".join(f"{number} {name}" for name, number in said["outbox"].items()) or "empty"
    output.put(f"Outbox    {waiting}")
    output.put(f"Database  {said['database']['url']} (schema {said['database']['revision']})")
    at_work = ", ".join(each["owner"] for each in said["workers"]) or "nobody"
    output.put(f"At work   {at_work}")
    output.put(f"Version   {said['version']}")
