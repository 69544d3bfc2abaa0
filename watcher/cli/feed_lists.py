"""feeds discover, import, export, and what the commands about feeds share: finding, checking and trying one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import output
from watcher.cli.state import Json, load_settings, state

if TYPE_CHECKING:
    from watcher.fetch import Candidate
    from watcher.model.feed import FeedConfig
    from watcher.pipeline.feed_check import FeedCheck
    from watcher.settings import Settings


def join(app: typer.Typer) -> None:
    """Add the commands about lists of feeds."""
    app.command(epilog="Example:\n\n  watcher feeds discover post.example --json")(discover)
    app.command("import", epilog="Example:\n\n  watcher feeds import subscriptions.opml --tag press")(import_feeds)
    app.command(epilog="Example:\n\n  watcher feeds export feeds.opml")(export)


def discover(
    url: Annotated[str, typer.Argument(metavar="URL", help="A page, a site or a feed.")], as_json: Json = False
) -> None:
    """Find the feeds of a page; each has been fetched and read. Nothing is added."""
    from watcher.text.redact import redact_url

    settings = load_settings()
    settings.require_secrets("fetch")
    found = _discovered(settings, address(url))
    if as_json:
        output.put_json({"feeds": [candidate(each) for each in found]})
    else:
        output.table(
            ("items", "title", "address"),
            [(str(each.items), each.title, redact_url(each.url)) for each in found],
            flexible=1,
        )
        output.note(output.counted(len(found), "feed") + ("" if found else f" found at {redact_url(url)}"))
    raise typer.Exit(0 if found else 1)


def import_feeds(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An OPML file; `-` is the standard input.")],
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag for all of them; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added, and add nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Add the feeds of an OPML list to feeds.yaml; folders become tags, and known feeds stay as they are."""
    from dataclasses import replace

    from watcher.errors import ParseError, UsageError
    from watcher.parse.opml import parse_opml
    from watcher.settings.edit_feeds import add_sources
    from watcher.settings.feeds import same_address
    from watcher.text.redact import redact_url

    settings = load_settings()
    try:
        outlines = parse_opml(_bytes(file))
    except ParseError as error:
        raise UsageError(f"{file}: {error}") from error
    known = {same_address(source.request_url) for source in settings.sources}
    new: list[FeedConfig] = []
    skipped: list[tuple[str, str]] = [(redact_url(url), "no http(s) address") for url in outlines.refused]
    there = 0
    for source in outlines.sources:
        try:
            # Somebody else's list: `${NAME}` in it would send this machine's secrets to a host of its choice.
            added = checked(source.url, source.title, source.tags, source.language, None, environ=None)
        except UsageError as error:
            skipped.append((redact_url(source.url), str(error)))
            continue
        if same_address(added.request_url) in known:
            there += 1
            continue
        known.add(same_address(added.request_url))
        new.append(replace(added, tags=tuple(dict.fromkeys((*added.tags, *(tag or ()))))))
    if new and not dry_run:
        add_sources(settings.folder, state.environ, new)
    if as_json:
        output.put_json(
            {
                "added": [as_json_of(source) for source in new],
                "known": there,
                "skipped": [{"url": url, "why": why} for url, why in skipped],
                "damage": outlines.damage,
                "note": outlines.note,
                "dry_run": dry_run,
            }
        )
        raise typer.Exit(1 if outlines.damage else 0)
    for url, why in skipped:
        output.put(f"skipped {output.clean(url)}: {output.clean(why)}")
    verb = "would be added" if dry_run else "added"
    output.put(f"{output.counted(len(new), 'feed')} {verb}, {there} known already, {len(skipped)} skipped")
    for source in new:
        warn_of_secrets(source)
    for said in (outlines.damage, outlines.note):
        if said:
            output.note(f"{file}: {said}")
    if new and not dry_run:
        output.note("a running daemon heeds it after SIGHUP; `watcher check --live` tries them all")
    if outlines.damage:
        raise typer.Exit(1)


def export(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="Where to; `-` is the standard output.")] = "-",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only feeds with this tag; may be repeated.")] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Write logins and tokens into the addresses, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the configured feeds as OPML 2.0, the first tag of each as its folder; without secrets unless asked."""
    from watcher import clock, private
    from watcher.errors import UsageError
    from watcher.parse.opml import format_opml

    settings = load_settings()
    sources = [each for each in settings.sources if not tag or set(tag) & set(each.tags)]
    if as_json:
        output.put_json({"feeds": [as_json_of(source) for source in sources]})
        return
    if with_secrets:
        settings.require_secrets("feeds")
    said = format_opml(sources, "Feeds of news-watcher", clock.now(), with_secrets=with_secrets)
    secret = sum(source.private for source in sources)
    if file == "-":
        sys.stdout.write(said)
    else:
        try:
            target = Path(file)
            if with_secrets:
                private.create_file(target)
                private.tighten(target)
            target.write_text(said, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{file}: {(error.strerror or 'cannot be written').lower()}") from error
        output.note(f"{output.counted(len(sources), 'feed')} written to {file}")
    if secret and with_secrets:
        output.note(f"it holds the secrets of {output.counted(secret, 'feed')}, without cookies and headers")
    elif secret:
        output.note(f"the secrets of {output.counted(secret, 'feed')} are left out; --with-secrets writes them")


def find(sources: Sequence[FeedConfig], said: str) -> FeedConfig:
    """Find a configured feed by its address, however spelt, or its title. Raises NotFoundError."""
    from watcher.errors import NotFoundError
    from watcher.settings.feeds import find_source
    from watcher.text.redact import redact_url
    from watcher.text.suggest import find_nearest

    if (source := find_source(sources, said)) is not None:
        return source
    titled = [source for source in sources if source.title.casefold() == said.casefold() != ""]
    if len(titled) == 1:
        return titled[0]
    shown = redact_url(said)
    known = [*(source.url for source in sources), *(source.title for source in sources)]
    raise NotFoundError("feed", shown, find_nearest(shown, known) or "")


def address(said: str) -> str:
    """Give the address that a person means who leaves out its scheme. Raises UsageError."""
    from watcher.errors import UsageError
    from watcher.text.written_values import parse_http_url

    said = said.strip()
    try:
        return parse_http_url(said if "://" in said or ":" in said.split("/")[0] else f"https://{said}")
    except ValueError as error:
        raise UsageError(str(error)) from error


def checked(
    url: str,
    title: str,
    tags: tuple[str, ...],
    language: str | None,
    interval: str | None,
    *,
    environ: Mapping[str, str] | None,
) -> FeedConfig:
    """Make a source of what was typed, by the rules of feeds.yaml. Raises UsageError.

    `${NAME}` is read where there is an `environ`.
    """
    from watcher.settings.feeds import make_source

    facts = {"url": url, "title": " ".join(title.split()), "tags": list(tags)}
    return make_source(facts | {"language": language or None, "interval": interval or None}, environ)


def warn_of_secrets(source: FeedConfig) -> None:
    """Name the safer way where a secret is about to stand in feeds.yaml."""
    if source.access.password is not None:
        output.note(f"{source.url}: its password now stands in feeds.yaml: `password_file` keeps it out")
    elif source.secrets and "${" not in source.url:
        output.note(f"{source.url}: its secret now stands in feeds.yaml: `${{NAME}}` keeps it out")


def refuse_known(sources: Sequence[FeedConfig], source: FeedConfig) -> None:
    """Raise UsageError where a feed is configured already, be it in another spelling."""
    from watcher.errors import UsageError
    from watcher.settings.feeds import same_address
    from watcher.text.urls import canonical_url

    for known in sources:
        there, new = known.request_url, source.request_url
        if known.access.username not in (None, source.access.username):
            continue  # two readers of one address
        if same_address(there) == same_address(new) or canonical_url(there) == canonical_url(new):
            as_ = "" if known.url == source.url else f" as {known.url}"
            raise UsageError(f"{source.url} is watched already{as_}")


def tried(settings: Settings, source: FeedConfig) -> FeedCheck:
    """Fetch and read a feed once."""
    import asyncio

    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher
    from watcher.pipeline.feed_check import check_feeds

    async def fetch() -> FeedCheck:
        async with Fetcher(fetch_policy(settings)) as fetcher:
            return (await check_feeds(fetcher, [source]))[0]

    return asyncio.run(fetch())


def offered(settings: Settings, url: str) -> tuple[Candidate, ...]:
    """Find what feeds a page offers; none where it cannot be fetched."""
    from watcher.errors import ParseError

    try:
        return _discovered(settings, url)
    except ParseError:
        return ()


def _discovered(settings: Settings, url: str) -> tuple[Candidate, ...]:
    import asyncio

    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher
    from watcher.fetch import discover as find_feeds

    async def search() -> tuple[Candidate, ...]:
        async with Fetcher(fetch_policy(settings)) as fetcher:
            return await find_feeds(fetcher, url)

    return asyncio.run(search())


def candidate(found: Candidate) -> dict[str, Any]:
    """Say a feed that was found."""
    from watcher.text.redact import redact_url

    return {"url": redact_url(found.url), "title": found.title, "kind": found.kind, "items": found.items}


def as_json_of(source: FeedConfig) -> dict[str, Any]:
    """Say a feed as it is configured."""
    interval = round(source.interval.total_seconds()) if source.interval else None
    return {
        "url": source.url,
        "title": source.title,
        "tags": list(source.tags),
        "language": source.language,
        "interval_seconds": interval,
        "enabled": source.enabled,
        "fulltext": source.fulltext,
        "weight": source.weight,
        "private": source.private,
        "budget": asdict(source.budget) if source.budget else None,
    }


def _bytes(file: str) -> bytes:
    from watcher.errors import UsageError
    from watcher.parse.opml import MAX_OPML_BYTES

    try:
        if file == "-":
            return sys.stdin.buffer.read(MAX_OPML_BYTES + 1)
        with Path(file).open("rb") as opened_file:
            return opened_file.read(MAX_OPML_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from error
