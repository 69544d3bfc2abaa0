"""feeds: list, show, add, remove, resume; those that find, import and export feeds are in `feed_lists`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import feed_lists, output
from watcher.cli.completion import complete_feeds
from watcher.cli.help import Commands
from watcher.cli.render_feed import print_feed, print_feeds, print_polls
from watcher.cli.state import Json, load_settings, open_application, state

if TYPE_CHECKING:
    from watcher.contract.feeds import (
        AddedFeed,
        ConfiguredFeed,
        FeedList,
        PrintedFeed,
        RefusedFeed,
        RemovedFeed,
        ResumedFeed,
    )
    from watcher.fetch import Candidate
    from watcher.model.feed import PollableFeed
    from watcher.model.feed_config import FeedConfig
    from watcher.pipeline.feed_check import FeedCheck
    from watcher.settings import Settings

app = Commands(
    no_args_is_help=True,
    help="List, show, add, remove, find, import and export feeds.",
    epilog="Examples:\n\n  watcher feeds add https://post.example/rss --tag press --language en\n\n"
    "  watcher feeds discover post.example\n\n  watcher feeds import subscriptions.opml\n\n"
    "What the states mean and how often feeds are checked: docs/feeds.md",
)
feed_lists.register_commands(app)

Address = Annotated[
    str, typer.Argument(metavar="URL", help="The feed's address, or its title.", autocompletion=complete_feeds)
]


@app.command("list", epilog="Example:\n\n  watcher feeds list --health failing --json")
def list_feeds(
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only feeds with this tag; may be repeated.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--health", help="Only fresh, degraded, stale, failing, gone, paused or new feeds."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the configured feeds and their health."""
    from watcher import clock
    from watcher.app.feed_encoding import encode_watched_feed
    from watcher.app.feeds import count_entries
    from watcher.app.feeds import list_feeds as get_feeds
    from watcher.errors import UsageError
    from watcher.schedule import Health
    from watcher.store.feeds.queries import count_entries_by_feed

    # Tags and health select with OR within, AND between.
    if unknown := set(only or ()) - {str(name) for name in Health}:
        raise UsageError(f"--health {unknown.pop()!r}: use one of {', '.join(str(name) for name in Health)}")
    now = clock.now()
    with open_application(queries=False) as application:
        with application.database.read() as db:
            counts = count_entries_by_feed(db)
        feeds = get_feeds(application.database, application.settings.sources, now)
    feeds = [feed for feed in feeds if _is_selected(feed, tag, only, now)]
    if as_json:
        document: FeedList = {"feeds": [encode_watched_feed(feed, now, count_entries(feed, counts)) for feed in feeds]}
        output.print_json(document)
        return
    print_feeds(feeds, counts, now)
    output.print_note(output.format_count(len(feeds), "feed"))


@app.command(epilog="Example:\n\n  watcher feeds show https://post.example/rss")
def show(
    url: Address,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many polls of its history.")] = 20,
    as_json: Json = False,
) -> None:
    """Show a feed: its health, how often it publishes, gaps, moves, and the history of its polls."""
    from watcher import clock
    from watcher.app.feed_encoding import encode_poll, encode_watched_feed
    from watcher.app.feeds import count_entries, find_feed
    from watcher.app.feeds import list_feeds as get_feeds
    from watcher.contract.feeds import encode_source
    from watcher.model.feed import Feed
    from watcher.store.feeds.poll_history import load_polls
    from watcher.store.feeds.queries import count_entries_by_feed

    now = clock.now()
    with open_application(queries=False) as application:
        sources = application.settings.sources
        source = find_feed(sources, url)
        feed = next(feed for feed in get_feeds(application.database, sources, now) if feed.config.url == source.url)
        with application.database.read() as db:
            history = load_polls(db, feed.id, limit) if isinstance(feed, Feed) else ()
            count = count_entries(feed, count_entries_by_feed(db))
    if as_json:
        document: PrintedFeed = {
            **encode_watched_feed(feed, now, count),
            "configured": encode_source(source),
            "polls": [encode_poll(poll) for poll in history],
        }
        output.print_json(document)
        return
    print_feed(feed, count, now)
    print_polls(history)


@app.command(
    epilog="Examples:\n\n  watcher feeds add https://post.example/rss --tag press --language en\n\n"
    "  watcher feeds add https://post.example/rss --interval 10m --no-check"
)
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="The feed's address.")],
    title: Annotated[str, typer.Option("--title", help="Its name; by default its own title.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Its language, such as en or pt-BR.")] = None,
    interval: Annotated[str | None, typer.Option("--interval", help="Check it at this interval (10m, 6h).")] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Fetch it once first, to see that it is a feed.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Add a feed to feeds.yaml; its comments stay. If the address is a page, its feeds are listed instead."""
    from watcher.app.feeds import complete_address, make_feed, require_new
    from watcher.contract.feeds import encode_source
    from watcher.errors import UsageError
    from watcher.settings.edit_feeds import FILE, add_sources

    settings = load_settings()
    source = make_feed(
        url if "${" in url else complete_address(url),
        title=title,
        tags=tag or (),
        language=language,
        interval=interval,
        environ=state.environ,
    )
    if "${" in url and source.url != url:
        raise UsageError("${NAME} beside another secret: write this feed into feeds.yaml by hand")
    require_new(settings.sources, source)
    trial = None
    if check:
        settings.require_secrets("fetch")
        trial = _try_feed(settings, source)
    # Without a check (--no-check) anything is added as typed.
    if trial is not None and not trial.ok:
        _refuse_feed(settings, source, trial, as_json=as_json)
        raise typer.Exit(1)
    add_sources(settings.folder, state.environ, [source])
    if as_json:
        document: AddedFeed = {
            "added": {**encode_source(source), "items": trial.items if trial else None},
            "file": str(settings.folder / FILE),
        }
        output.print_json(document)
        return
    items = (
        f"{output.clean_text(trial.title or 'no title')}, {output.format_count(trial.items, 'item')}" if trial else ""
    )
    output.print_line(f"added {source.url}" + (f" ({items})" if items else ""))
    if trial is not None and trial.message:
        output.print_note(output.clean_text(trial.message))
    feed_lists.warn_about_secrets(source)
    _print_reload_note()


@app.command(epilog="Example:\n\n  watcher feeds remove https://post.example/rss")
def remove(url: Address, as_json: Json = False) -> None:
    """Remove a feed from feeds.yaml. Its entries stay stored, for as long as all others."""
    from watcher.app.feeds import find_feed
    from watcher.contract.feeds import encode_source
    from watcher.settings.edit_feeds import FILE, remove_source

    settings = load_settings()
    source = find_feed(settings.sources, url)
    remove_source(settings.folder, state.environ, source.url)
    if as_json:
        removed: ConfiguredFeed = encode_source(source)
        document: RemovedFeed = {"removed": removed, "file": str(settings.folder / FILE)}
        output.print_json(document)
        return
    output.print_line(f"removed {source.url}; its entries and hits stay")
    _print_reload_note()


@app.command(epilog="Example:\n\n  watcher feeds resume https://post.example/rss")
def resume(url: Address, as_json: Json = False) -> None:
    """Check a stopped feed again now: one that is gone, blocked or backed off."""
    from watcher import clock
    from watcher.app.feeds import find_feed
    from watcher.errors import UsageError
    from watcher.store.feeds.commands import resume_feed

    now = clock.now()
    with open_application(sync=True) as application:
        source = find_feed(application.settings.sources, url)
        if not source.enabled:
            raise UsageError(f"{source.url} is paused in feeds.yaml (`enabled: false`): resume it there")
        with application.database.write() as db:
            resume_feed(db, source.url, now)
    if as_json:
        document: ResumedFeed = {"resumed": source.url}
        output.print_json(document)
    else:
        output.print_line(f"resumed {source.url}: a running daemon checks it within seconds, `watcher poll` at once")


def _is_selected(feed: PollableFeed, tags: list[str] | None, health: list[str] | None, now: datetime) -> bool:
    from watcher.schedule import get_feed_health

    if tags and not set(tags) & set(feed.config.tags):
        return False
    return not health or str(get_feed_health(feed.summary, now)) in health


def _try_feed(settings: Settings, source: FeedConfig) -> FeedCheck:
    """Fetch and read a feed once."""
    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher
    from watcher.pipeline.feed_check import check_feeds

    async def fetch() -> FeedCheck:
        """Fetch the feed and close the connections."""
        async with Fetcher(fetch_policy(settings)) as fetcher:
            return (await check_feeds(fetcher, [source]))[0]

    return asyncio.run(fetch())


def _refuse_feed(settings: Settings, source: FeedConfig, trial: FeedCheck, *, as_json: bool) -> None:
    """Print why a feed is not added, and what its page offers instead."""
    from watcher.text.redact import redact_url

    offers = _list_offers(settings, source.request_url) if trial.kind in {"html", "not-feed"} else ()
    if as_json:
        document: RefusedFeed = {
            "added": None,
            "error": {"kind": trial.kind, "message": trial.message},
            "offers": [feed_lists.encode_candidate(offer) for offer in offers],
        }
        output.print_json(document)
        return
    output.print_line(f"not added: {source.url}: {output.clean_text(trial.message)}")
    if not offers:
        output.print_note("add it anyway with --no-check")
        return
    output.print_line("It offers:")
    for offer in offers:
        address, title = output.clean_text(redact_url(offer.url)), output.clean_text(offer.title)
        output.print_line(f"  {address}  {title} ({output.format_count(offer.items, 'item')})")


def _list_offers(settings: Settings, url: str) -> tuple[Candidate, ...]:
    """Return the feeds that a page offers; none where it cannot be fetched."""
    from watcher.errors import ParseError

    try:
        return feed_lists.discover_feeds(settings, url)
    except ParseError:
        return ()


def _print_reload_note() -> None:
    output.print_note("a running daemon uses the change after SIGHUP")
