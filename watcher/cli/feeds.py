"""feeds: list, show, add, remove, resume; those that find, import and export feeds join from `feedlists`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import feed_lists, output
from watcher.cli.state import Json, load_settings, opened, state

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.model.feed import FeedConfig, PollableFeed
    from watcher.store.feeds.poll_history import PollRecord

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    help="List, show, add, remove, find, import and export feeds.",
    epilog="Examples:\n\n  watcher feeds add https://post.example/rss --tag press --language en\n\n"
    "  watcher feeds discover post.example\n\n  watcher feeds import subscriptions.opml\n\n"
    "What the states mean and how often feeds are asked: docs/feeds.md",
)
feed_lists.join(app)

Address = Annotated[str, typer.Argument(metavar="URL", help="The feed's address, or its title.")]


@app.command("list", epilog="Example:\n\n  watcher feeds list --health failing --json")
def list_feeds(
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only feeds with this tag; may be repeated.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--health", help="Only fresh, degraded, stale, failing, gone, paused or new ones."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the configured feeds and how each does."""
    from watcher import clock
    from watcher.app import views
    from watcher.errors import UsageError
    from watcher.schedule import Health, get_feed_health
    from watcher.store.feeds.queries import count_entries_by_feed

    if odd := set(only or ()) - {str(each) for each in Health}:
        raise UsageError(f"--health {odd.pop()!r}: expected one of {', '.join(str(each) for each in Health)}")
    now = clock.now()
    with opened() as application:
        with application.database.read() as db:
            counts = count_entries_by_feed(db)
        feeds = [feed for feed in _all(application, now) if not tag or set(tag) & set(feed.config.tags)]
    feeds = [feed for feed in feeds if not only or str(get_feed_health(feed.summary, now)) in only]
    if as_json:
        output.put_json({"feeds": [views.feed(feed, now, _count_entries(feed, counts)) for feed in feeds]})
        return
    output.table(
        ("health", "every", "last new", "entries", "lost", "feed", "address"),
        [
            (
                str(get_feed_health(feed.summary, now)),
                _length(feed.config.interval or feed.poll.interval) if feed.poll.polled_at else "",
                _at(feed.stats.new_at),
                f"{_count_entries(feed, counts):,}",
                f"~{feed.stats.lost}" if feed.stats.lost else "",
                feed.name if feed.name != feed.config.url else "",
                feed.config.url,
            )
            for feed in feeds
        ],
        flexible=-1,
    )
    output.note(output.counted(len(feeds), "feed"))


@app.command(epilog="Example:\n\n  watcher feeds show https://post.example/rss")
def show(
    url: Address,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many polls of its history.")] = 20,
    as_json: Json = False,
) -> None:
    """Show a feed: its health, its rhythm, gaps, moves, and the history of its polls."""
    from watcher import clock
    from watcher.app import views
    from watcher.model.feed import Feed
    from watcher.schedule import get_feed_health
    from watcher.store.feeds.poll_history import load_polls
    from watcher.store.feeds.queries import count_entries_by_feed

    now = clock.now()
    with opened() as application:
        source = feed_lists.find(application.settings.sources, url)
        feed = next(each for each in _all(application, now) if each.config.url == source.url)
        with application.database.read() as db:
            history = load_polls(db, feed.id, limit) if isinstance(feed, Feed) else ()
            count = _count_entries(feed, count_entries_by_feed(db))
    if as_json:
        said = views.feed(feed, now, count) | {"configured": feed_lists.as_json_of(source)}
        output.put_json(said | {"polls": [views.poll(poll) for poll in history]})
        return
    output.put(output.style(output.clean(feed.name), output.BOLD))
    for name, value in _facts(feed, str(get_feed_health(feed.summary, now)), count, now):
        output.put(f"  {name:<12}{output.clean(value)}")
    if history:
        output.put("")
        output.table(
            ("polled", "outcome", "status", "bytes", "took", "items", "new", "edited", "hits", "what was said"),
            [_row(poll) for poll in history],
            flexible=-1,
        )


@app.command(
    epilog="Examples:\n\n  watcher feeds add https://post.example/rss --tag press --language en\n\n"
    "  watcher feeds add https://post.example/rss --interval 10m --no-check"
)
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="The feed's address.")],
    title: Annotated[str, typer.Option("--title", help="What to call it; by default what it calls itself.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Its language, such as en or pt-BR.")] = None,
    interval: Annotated[
        str | None, typer.Option("--interval", help="Ask it so often (10m, 6h) whatever its rhythm.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Fetch it once first, to see that it is a feed.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Add a feed to feeds.yaml; its comments stay. A page is no feed: what it offers is listed instead."""
    from watcher.errors import UsageError
    from watcher.settings.edit_feeds import FILE, add_sources
    from watcher.text.redact import redact_url

    settings = load_settings()
    typed = url if "${" in url else feed_lists.address(url)
    source = feed_lists.checked(typed, title, tuple(tag or ()), language, interval, environ=state.environ)
    if "${" in url and source.url != url:
        raise UsageError("${NAME} beside another secret: write this feed into feeds.yaml by hand")
    feed_lists.refuse_known(settings.sources, source)
    if check:
        settings.require_secrets("fetch")
    trial = feed_lists.tried(settings, source) if check else None
    if trial is not None and not trial.ok:
        offers = feed_lists.offered(settings, source.request_url) if trial.kind in {"html", "not-feed"} else ()
        if as_json:
            output.put_json(
                {
                    "added": None,
                    "error": {"kind": trial.kind, "message": trial.message},
                    "offers": [feed_lists.candidate(offer) for offer in offers],
                }
            )
        else:
            _explain(source, trial.message, [(redact_url(offer.url), offer.title, offer.items) for offer in offers])
        raise typer.Exit(1)
    add_sources(settings.folder, state.environ, [source])
    if as_json:
        items = trial.items if trial else None
        added = feed_lists.as_json_of(source) | {"items": items}
        output.put_json({"added": added, "file": str(settings.folder / FILE)})
        return
    found = f" ({output.clean(trial.title or 'no title')}, {output.counted(trial.items, 'item')})" if trial else ""
    output.put(f"added {source.url}{found}")
    if trial is not None and trial.message:
        output.note(output.clean(trial.message))
    feed_lists.warn_of_secrets(source)
    _heed()


@app.command(epilog="Example:\n\n  watcher feeds remove https://post.example/rss")
def remove(url: Address, as_json: Json = False) -> None:
    """Take a feed out of feeds.yaml. What it brought stays stored, for as long as everything does."""
    from watcher.settings.edit_feeds import FILE, remove_source

    settings = load_settings()
    source = feed_lists.find(settings.sources, url)
    remove_source(settings.folder, state.environ, source.url)
    if as_json:
        output.put_json({"removed": feed_lists.as_json_of(source), "file": str(settings.folder / FILE)})
        return
    output.put(f"removed {source.url}; its entries and hits stay")
    _heed()


@app.command(epilog="Example:\n\n  watcher feeds resume https://post.example/rss")
def resume(url: Address, as_json: Json = False) -> None:
    """Ask a feed again that is gone, blocked or backed off, from now on and as if it had never failed."""
    from watcher import clock
    from watcher.errors import UsageError
    from watcher.store.feeds.commands import resume_feed

    now = clock.now()
    with opened(sync=True) as application:
        source = feed_lists.find(application.settings.sources, url)
        if not source.enabled:
            raise UsageError(f"{source.url} is paused in feeds.yaml (`enabled: false`): resume it there")
        with application.database.write() as db:
            resume_feed(db, source.url, now)
    if as_json:
        output.put_json({"resumed": source.url})
    else:
        output.put(f"resumed {source.url}: asked again within seconds by a running daemon, or with `watcher poll`")


def _all(application: App, now: datetime) -> list[PollableFeed]:
    """Give the configured feeds with what is known of them; those that were never polled are new."""
    from watcher.model.feed import FeedState, PollableFeed, PollState
    from watcher.store.feeds.queries import load_feeds

    with application.database.read() as db:
        known = {feed.config.url: feed for feed in load_feeds(db)}
    found: list[PollableFeed] = []
    for source in application.settings.sources:
        feed = known.get(source.url)
        resting = FeedState.ACTIVE if source.enabled else FeedState.PAUSED
        new = PollableFeed(config=source, fetch_url=source.url, state=resting, poll=PollState(next_poll_at=now))
        found.append(feed or new)
    return found


def _count_entries(feed: PollableFeed, counts: Mapping[int, int]) -> int:
    from watcher.model.feed import Feed

    return counts.get(feed.id, 0) if isinstance(feed, Feed) else 0


def _facts(feed: PollableFeed, word: str, entries: int, now: datetime) -> list[tuple[str, str]]:
    from watcher.identify import has_unstable_ids
    from watcher.text.redact import redact_text, redact_url

    source = feed.config
    said = [("address", source.url)]
    if feed.fetch_url != source.url:
        said.append(("moved to", redact_url(feed.fetch_url)))
    if feed.poll.move is not None and feed.poll.move.sightings:
        since = f"seen {output.counted(feed.poll.move.sightings, 'time')} since {_at(feed.poll.move.first_seen_at)}"
        said.append(
            (
                "redirects to",
                f"{redact_url(feed.poll.move.url)} ({since}; followed for good once it has held for two days)",
            )
        )
    said.append(("health", word + (f" ({feed.state.value})" if feed.state.value not in {"active", word} else "")))
    if feed.poll.error_kind and feed.poll.failing_since:
        how_often = f", {output.counted(feed.poll.failures, 'failure')} in a row" if feed.poll.failures else ""
        said.append(
            (
                "failing",
                f"since {_at(feed.poll.failing_since)}{how_often}: {feed.poll.error_kind}: "
                f"{redact_text(feed.poll.error or '')}",
            )
        )
    asked = f"every {_length(source.interval or feed.poll.interval)}" + (" (as configured)" if source.interval else "")
    said.append(
        ("asked", asked + (f", next {_at(feed.poll.next_poll_at)}" if feed.poll.next_poll_at > now else ", due now"))
    )
    if feed.stats.publish_interval:
        said.append(("rhythm", f"an item every {_length(feed.stats.publish_interval)}"))
    said.append(("last read", _at(feed.poll.read_at) or "never"))
    if feed.stats.new_at:
        said.append(("last new", _at(feed.stats.new_at)))
    if feed.stats.gaps:
        gaps = f"{output.counted(feed.stats.gaps, 'gap')}, the last {_at(feed.stats.gap_at)}"
        gap = f"{gaps}: about {feed.stats.lost} items may be missing"
        said.append(("gaps", gap))
    if feed.stats.left_out:
        said.append(("left out", f"{output.counted(feed.stats.left_out, 'item')} not stored and possibly missing"))
    if feed.stats.merged:
        said.append(("merged", f"{output.counted(feed.stats.merged, 'item')} taken for repetitions of others"))
    if feed.stats.recovered:
        recovered = output.counted(feed.stats.recovered, "item")
        said.append(("recovered", f"{recovered} that an earlier version had merged: stored as baseline"))
    said.append(("entries", f"{entries:,}"))
    if has_unstable_ids(feed):
        said.append(("identity", "by headline and address where an id is unknown: its ids change"))
    optional = (("tags", ", ".join(source.tags)), ("language", source.language or feed.language or ""),
                ("site", feed.site_url or ""), ("hub", feed.push.hub or ""))  # fmt: skip
    return said + [(name, value) for name, value in optional if value]


def _row(poll: PollRecord) -> tuple[str, ...]:
    numbers = [str(number) if number else "" for number in (poll.seen, poll.new, poll.updated, poll.hits)]
    size = f"{poll.wire_bytes:,}" if poll.wire_bytes else ""
    took = f"{poll.elapsed.total_seconds():.2f} s"
    return (_at(poll.at), poll.outcome, str(poll.status or ""), size, took, *numbers, poll.message)


def _explain(source: FeedConfig, message: str, offers: list[tuple[str, str, int]]) -> None:
    output.put(f"not added: {source.url}: {output.clean(message)}")
    if offers:
        output.put("It offers:")
        for address, title, items in offers:
            output.put(f"  {output.clean(address)}  {output.clean(title)} ({output.counted(items, 'item')})")
    else:
        output.note("add it all the same with --no-check")


def _heed() -> None:
    output.note("a running daemon heeds it after SIGHUP")


def _length(length: timedelta) -> str:
    from watcher.settings.value_types import format_duration

    seconds = length.total_seconds()
    return format_duration(timedelta(minutes=round(seconds / 60)) if seconds >= 60 else length)


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else ""
