"""topics draft: topics proposed from an article."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import args, output
from watcher.cli.state import Json, Since, opened

if TYPE_CHECKING:
    from watcher.settings import Settings
    from watcher.text.article import Article
    from watcher.topics.draft import TopicDraft

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="Examples:\n\n  watcher topics draft https://example.org/article.html >> topics.draft.yaml\n\n"
    "  pbpaste | watcher topics draft -"
)
def draft(
    source: Annotated[str, typer.Argument(metavar="FILE-or-URL", help="The article; - is standard input.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=20, help="How many to propose at most.")] = 6,
    since: Since = "90d",
    as_json: Json = False,
) -> None:
    """Propose topics from an article: names and phrases that stand out in it, as YAML for topics.yaml.

    Each says how many stored entries it would match. It is plain counting, a starting point for a person: read each
    query and try it before it is relied on.
    """
    from watcher.topics.draft import draft_topics as propose
    from watcher.topics.draft import format_topics_yaml

    settings = _settings()
    article = _article(source, settings)
    name = args.named(source)
    taken = [topic.id for topic in settings.topics] if settings else []
    proposals = propose(article, taken=taken, most=limit, source=name)
    if settings is not None and proposals:
        proposals = _counted(proposals, since)
    if as_json:
        said = [
            {
                "id": each.id,
                "name": each.name,
                "description": each.description,
                "query": each.query,
                "why": list(each.why),
                "matched": each.matched,
                "tested": each.tested,
            }
            for each in proposals
        ]
        output.put_json({"source": name, "title": article.title, "language": article.language, "topics": said})
        return
    if not proposals:
        output.note(f"nothing stands out in {name}: a longer article has more to say")
        return
    heading = [f"Drafted from {name}: a starting point, not finished topics. Read each query, try it with", _TRY]
    sys.stdout.write(format_topics_yaml(proposals, heading))


_TRY = "`watcher topics test`, and move what is good into topics.yaml, below its own `topics:`."


def _settings() -> Settings | None:
    from watcher.errors import ConfigError

    try:
        return args.settings_if_any()
    except ConfigError as error:
        output.note(f"not counted, for the configuration is faulty: {error.faults[0]}")
        return None


def _article(source: str, settings: Settings | None) -> Article:
    from watcher.errors import ParseError, UsageError
    from watcher.topics.article_source import parse_article

    if source.lower().startswith(("http://", "https://")):
        return asyncio.run(_fetched(source, settings))
    if "://" in source:
        raise UsageError(f"{source}: only http:// and https:// are fetched")
    try:
        body = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"{source}: {(error.strerror or 'cannot be read').lower()}") from error
    try:
        return parse_article(body, name=args.named(source))
    except ParseError as error:
        raise UsageError(str(error)) from error


async def _fetched(url: str, settings: Settings | None) -> Article:
    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher, FetchPolicy
    from watcher.topics.article_source import fetch_article

    async with Fetcher(fetch_policy(settings) if settings else FetchPolicy()) as fetcher:
        return await fetch_article(fetcher, url)


def _counted(proposals: tuple[TopicDraft, ...], since: str | None) -> tuple[TopicDraft, ...]:
    """Ask the archive how many entries each proposal matches; without one they stay as they are."""
    from watcher.errors import StoreError
    from watcher.match import parse_query
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.draft import add_match_counts
    from watcher.topics.query_test import count_matches

    after, _before = args.times(since, None)
    try:
        with opened() as application:
            queries = {each.id: parse_query(each.query) for each in proposals}
            matched, tested = count_matches(ArchiveScan(application.database, after), queries)
    except StoreError as error:
        output.note(f"not counted: {error}")
        return proposals
    return add_match_counts(proposals, matched, tested) if tested else proposals
