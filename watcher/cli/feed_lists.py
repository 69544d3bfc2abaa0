"""feeds discover, import, export: finding feeds, and lists of them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import output
from watcher.cli.state import Json, load_settings, state

if TYPE_CHECKING:
    from watcher.app.feeds import FeedImport
    from watcher.contract.feeds import ConfiguredFeeds, DiscoveredFeed, DiscoveredFeeds, ImportedFeeds
    from watcher.fetch import Candidate
    from watcher.model.feed_config import FeedConfig
    from watcher.settings import Settings


def register_commands(app: typer.Typer) -> None:
    """Add the commands about lists of feeds."""
    app.command(epilog="Example:\n\n  watcher feeds discover post.example --json")(discover)
    app.command("import", epilog="Example:\n\n  watcher feeds import subscriptions.opml --tag press")(import_feeds)
    app.command(epilog="Example:\n\n  watcher feeds export feeds.opml")(export)


def discover(
    url: Annotated[str, typer.Argument(metavar="URL", help="A page, a site or a feed.")], as_json: Json = False
) -> None:
    """Find the feeds of a page; each has been fetched and read. Nothing is added."""
    from watcher.app.feeds import complete_address
    from watcher.text.redact import redact_url

    settings = load_settings()
    settings.require_secrets("fetch")
    candidates = discover_feeds(settings, complete_address(url))
    if as_json:
        document: DiscoveredFeeds = {"feeds": [encode_candidate(candidate) for candidate in candidates]}
        output.print_json(document)
    else:
        output.print_table(
            ("items", "title", "address"),
            [(str(candidate.items), candidate.title, redact_url(candidate.url)) for candidate in candidates],
            flexible=1,
        )
        place = "" if candidates else f" found at {redact_url(url)}"
        output.print_note(output.format_count(len(candidates), "feed") + place)
    raise typer.Exit(0 if candidates else 1)


def import_feeds(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An OPML file; `-` is the standard input.")],
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag for all of them; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be added, and add nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Add the feeds of an OPML list to feeds.yaml; folders become tags. Feeds that are watched already stay as they
    are."""
    from watcher.app.feeds import plan_import
    from watcher.contract.feeds import encode_source
    from watcher.errors import ParseError, UsageError
    from watcher.settings.edit_feeds import add_sources

    settings = load_settings()
    try:
        plan = plan_import(settings.sources, _read_document(file), tag or ())
    except ParseError as error:
        raise UsageError(f"{file}: {error}") from error
    if plan.added and not dry_run:
        add_sources(settings.folder, state.environ, plan.added)
    if as_json:
        document: ImportedFeeds = {
            "added": [encode_source(source) for source in plan.added],
            "known": plan.known,
            "skipped": [{"url": url, "why": reason} for url, reason in plan.skipped],
            "damage": plan.damage,
            "note": plan.note,
            "dry_run": dry_run,
        }
        output.print_json(document)
    else:
        _print_import(file, plan, dry_run=dry_run)
    if plan.damage:
        raise typer.Exit(1)


def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to; `-` is the standard output.")] = "-",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only feeds with this tag; may be repeated.")] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Write logins and tokens into the addresses as well.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the configured feeds as OPML 2.0, the first tag of each as its folder; without secrets by default."""
    from watcher import clock
    from watcher.contract.feeds import encode_source
    from watcher.parse.opml import format_opml

    settings = load_settings()
    sources = [source for source in settings.sources if not tag or set(tag) & set(source.tags)]
    if as_json:
        document: ConfiguredFeeds = {"feeds": [encode_source(source) for source in sources]}
        output.print_json(document)
        return
    # Absent secrets stop only an export that is to contain them.
    if with_secrets:
        settings.require_secrets("feeds")
    opml = format_opml(sources, "Feeds of news-watcher", clock.now(), with_secrets=with_secrets)
    if file == "-":
        sys.stdout.write(opml)
    else:
        _write_document(file, opml, with_secrets=with_secrets)
        output.print_note(f"{output.format_count(len(sources), 'feed')} written to {file}")
    private = output.format_count(sum(source.private for source in sources), "feed")
    if any(source.private for source in sources):
        output.print_note(
            f"it contains the secrets of {private}, without cookies and headers"
            if with_secrets
            else f"the secrets of {private} are left out; --with-secrets writes them"
        )


def warn_about_secrets(source: FeedConfig) -> None:
    """Name the safer way where a secret is now in feeds.yaml."""
    if source.access.password is not None:
        output.print_note(f"{source.url}: its password is now in feeds.yaml: `password_file` keeps it out")
    elif source.secrets and "${" not in source.url:
        output.print_note(f"{source.url}: its secret is now in feeds.yaml: `${{NAME}}` keeps it out")


def discover_feeds(settings: Settings, url: str) -> tuple[Candidate, ...]:
    """Return the feeds that a page offers; raises ParseError where it cannot be read."""
    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher
    from watcher.fetch import discover as find_feeds

    async def find() -> tuple[Candidate, ...]:
        """Fetch the page and its feeds."""
        async with Fetcher(fetch_policy(settings)) as fetcher:
            return await find_feeds(fetcher, url)

    return asyncio.run(find())


def encode_candidate(candidate: Candidate) -> DiscoveredFeed:
    """Return a feed that was found, without secrets."""
    from watcher.text.redact import redact_url

    return {
        "url": redact_url(candidate.url),
        "title": candidate.title,
        "kind": candidate.kind,
        "items": candidate.items,
    }


def _print_import(file: str, plan: FeedImport, *, dry_run: bool) -> None:
    for url, reason in plan.skipped:
        output.print_line(f"skipped {output.clean_text(url)}: {output.clean_text(reason)}")
    count, verb = output.format_count(len(plan.added), "feed"), "would be added" if dry_run else "added"
    output.print_line(f"{count} {verb}, {plan.known} known already, {len(plan.skipped)} skipped")
    for source in plan.added:
        warn_about_secrets(source)
    for message in (plan.damage, plan.note):
        if message:
            output.print_note(f"{file}: {message}")
    if plan.added and not dry_run:
        output.print_note("a running daemon uses them after SIGHUP; `watcher check --live` tries them all")


def _read_document(file: str) -> bytes:
    from watcher.errors import UsageError
    from watcher.parse.opml import MAX_OPML_BYTES

    try:
        if file == "-":
            return sys.stdin.buffer.read(MAX_OPML_BYTES + 1)
        with Path(file).open("rb") as document:
            return document.read(MAX_OPML_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from error


def _write_document(file: str, text: str, *, with_secrets: bool) -> None:
    from watcher import private
    from watcher.errors import UsageError

    target = Path(file)
    try:
        if with_secrets:
            private.create_file(target)
            private.tighten(target)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: {(error.strerror or 'cannot be written').lower()}") from error
