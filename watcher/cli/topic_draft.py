"""topics draft: topics proposed from an article."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import args, output
from watcher.cli.help import Commands
from watcher.cli.state import Json, Since, open_application

if TYPE_CHECKING:
    from watcher.contract.topic_analysis import Draft
    from watcher.settings import Settings
    from watcher.text.article import Article
    from watcher.topics.draft import TopicDraft

app = Commands()


@app.command(
    epilog="Examples:\n\n  watcher topics draft https://example.org/article.html >> topics.draft.yaml\n\n"
    "  pbpaste | watcher topics draft -"
)
def draft(
    source: Annotated[str, typer.Argument(metavar="FILE-or-URL", help="The article; - is standard input.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=20, help="The most to propose.")] = 6,
    since: Since = "90d",
    as_json: Json = False,
) -> None:
    """Propose topics from an article: names and phrases that stand out in it, as YAML for topics.yaml.

    Each shows how many stored entries it would match. They are drafts from counting words: read and test each query
    before you rely on it.
    """
    from watcher.app.topic_encoding import encode_proposal
    from watcher.topics.draft import draft_topics as propose
    from watcher.topics.draft import format_topics_yaml

    settings = _load_settings()
    article = _load_article(source, settings)
    name = args.get_display_name(source)
    taken = [topic.id for topic in settings.topics] if settings else []
    proposals = propose(article, taken=taken, limit=limit, source=name)
    if settings is not None and proposals:
        proposals = _count_matches(proposals, since)
    if as_json:
        document: Draft = {
            "source": name,
            "title": article.title,
            "language": article.language,
            "topics": [encode_proposal(proposal) for proposal in proposals],
        }
        output.print_json(document)
        return
    if not proposals:
        output.print_note(f"nothing stands out in {name}: try a longer article")
        return
    heading = [f"Drafted from {name}: a starting point, not finished topics. Read each query, test it with", _NEXT_STEP]
    sys.stdout.write(format_topics_yaml(proposals, heading))


_NEXT_STEP = "`watcher topics test`, and move good ones into topics.yaml, below its own `topics:`."


def _load_settings() -> Settings | None:
    from watcher.errors import ConfigError

    try:
        return args.load_settings_if_any()
    except ConfigError as error:
        output.print_note(f"not counted, because the configuration has an error: {error.faults[0]}")
        return None


def _load_article(source: str, settings: Settings | None) -> Article:
    from watcher.errors import ParseError, UsageError
    from watcher.parse.web_pages import parse_article

    if source.lower().startswith(("http://", "https://")):
        return asyncio.run(_fetch_article(source, settings))
    if "://" in source:
        raise UsageError(f"{source}: only http:// and https:// are fetched")
    try:
        body = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"{source}: {(error.strerror or 'cannot be read').lower()}") from error
    try:
        return parse_article(body, name=args.get_display_name(source))
    except ParseError as error:
        raise UsageError(str(error)) from error


async def _fetch_article(url: str, settings: Settings | None) -> Article:
    from watcher.app.bootstrap import fetch_policy
    from watcher.fetch import Fetcher, FetchPolicy
    from watcher.topics.article_source import fetch_article

    async with Fetcher(fetch_policy(settings) if settings else FetchPolicy()) as fetcher:
        return await fetch_article(fetcher, url)


def _count_matches(proposals: tuple[TopicDraft, ...], since: str | None) -> tuple[TopicDraft, ...]:
    """Return the proposals with the number of stored entries that each matches; unchanged without a database."""
    from watcher.errors import StoreError
    from watcher.match import parse_query
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.draft import add_match_counts
    from watcher.topics.query_test import count_matches

    after, _before = args.parse_period(since, None)
    try:
        with open_application() as application:
            queries = {proposal.id: parse_query(proposal.query) for proposal in proposals}
            matched, tested = count_matches(ArchiveScan(application.database, after), queries)
    except StoreError as error:
        output.print_note(f"not counted: {error}")
        return proposals
    return add_match_counts(proposals, matched, tested) if tested else proposals
