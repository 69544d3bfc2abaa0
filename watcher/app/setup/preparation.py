"""What the answers of the set-up mean, found out before anything is written: feeds, topics, channels, schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.app.bootstrap import App
from watcher.app.configuration.channels import build_channel, send_test_message
from watcher.app.feeds import KnownFeeds, complete_address, make_feed, plan_import
from watcher.contract.configuration import ChannelEdit, TopicEdit
from watcher.contract.deliveries import ChannelTest
from watcher.contract.setup import SetupAnswers, Watch
from watcher.digest.slots import validate_schedule
from watcher.errors import ParseError, UsageError
from watcher.fetch import Fetcher, discover
from watcher.model.feed_config import FeedConfig
from watcher.settings.packs import Pack, find_pack
from watcher.topics.article_source import fetch_article
from watcher.topics.draft import draft_topics
from watcher.topics.sentence_query import draft_query, format_words

DEFAULT_SCHEDULE = "weekdays at 7:00"
DEFAULT_TITLE = "Morning briefing"
MAX_NAME_CHARACTERS = 60


class ChannelTestFailedError(UsageError):
    """A channel of the set-up did not accept its test message; `tests` are those of all channels."""

    def __init__(self, tests: tuple[ChannelTest, ...]) -> None:
        self.tests = tests
        failed = [
            f"{test['channel']}: {result['advice'] or result['fault']}"
            for test in tests
            for result in test["results"]
            if result["fault"]
        ]
        super().__init__("the test did not arrive. " + " ".join(failed))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPlan:
    """What the set-up writes. `notes` are sentences about what was left out; `tests` are those of the channels."""

    packs: tuple[Pack, ...]
    feeds: tuple[FeedConfig, ...]
    topics: tuple[TopicEdit, ...]
    channels: tuple[ChannelEdit, ...]
    digest: dict[str, Any] | None
    tests: tuple[ChannelTest, ...]
    notes: tuple[str, ...]


async def prepare_setup(app: App, fetcher: Fetcher, answers: SetupAnswers, now: datetime) -> SetupPlan:
    """Return what the answers of a set-up come to: articles and sites are fetched, and channels tested.

    Raises UsageError, QueryError, ParseError and NotFoundError for an answer that cannot be used, and
    ChannelTestFailedError.
    """
    packs = tuple(find_pack(name) for name in dict.fromkeys(answers.get("packs", [])))
    channels = tuple(answers.get("channels", []))
    digest = build_digest(answers, channels)
    built = [build_channel(app, edit) for edit in channels]
    topics = [await draft_watched_topic(fetcher, watch) for watch in answers.get("watch", [])]
    feeds, notes = await find_setup_feeds(fetcher, answers)
    if not topics and not any(pack.topics for pack in packs):
        raise UsageError("say what to watch: a sentence, an article's address, or a pack with topics")
    if not feeds and not packs:
        raise UsageError(" ".join(["say where to look: a pack, a site's address, or an OPML list.", *notes]))
    # A test comes last: what else is wrong is known before anything is sent.
    tests: tuple[ChannelTest, ...] = ()
    if answers.get("test", True):
        tests = tuple([await send_test_message(app, channel, fetcher, now) for channel in built])
        if any(result["fault"] for test in tests for result in test["results"]):
            raise ChannelTestFailedError(tests)
    return SetupPlan(
        packs=packs,
        feeds=feeds,
        topics=tuple(topics),
        channels=channels,
        digest=digest,
        tests=tests,
        notes=tuple(notes),
    )


async def draft_watched_topic(fetcher: Fetcher, watch: Watch) -> TopicEdit:
    """Return the topic of a sentence or an article; the words that find it are those that were sent, or its own.

    Raises UsageError, QueryError where no word tells anything, and ParseError for an article that cannot be read.
    """
    sentence, address = " ".join(watch.get("sentence", "").split()), watch.get("article", "").strip()
    words = [word for word in watch.get("words", []) if word.strip()]
    if bool(sentence) == bool(address):
        raise UsageError("`watch`: write either a `sentence` or the address of an `article`")
    if address:
        return await _draft_from_article(fetcher, complete_address(address), words, watch.get("name", ""))
    query = format_words(words) if words else draft_query(sentence)
    return {"name": _shorten(watch.get("name", "").strip() or sentence), "query": query, "about": [sentence]}


async def find_setup_feeds(fetcher: Fetcher, answers: SetupAnswers) -> tuple[tuple[FeedConfig, ...], list[str]]:
    """Return the feeds of addresses and of an OPML list, and sentences about those that bring none."""
    notes: list[str] = []
    feeds: list[FeedConfig] = []
    for address in dict.fromkeys(answers.get("feeds", [])):
        try:
            candidates = await discover(fetcher, complete_address(address))
        except (ParseError, UsageError) as error:
            notes.append(f"{address}: {error}.")
            continue
        if not candidates:
            notes.append(f"{address}: no feed was found.")
        feeds += [make_feed(candidate.url, title=candidate.title) for candidate in candidates[:1]]
    if text := answers.get("opml", "").strip():
        imported = plan_import(feeds, text.encode())
        feeds += imported.added
        notes += [f"{address}: {reason}." for address, reason in imported.skipped]
        notes += [f"OPML: {note}." for note in (imported.damage, imported.note) if note]
    return _drop_duplicates(feeds), notes


def build_digest(answers: SetupAnswers, channels: Iterable[ChannelEdit]) -> dict[str, Any] | None:
    """Return the digest of the answers as an item of watcher.yaml; None where nothing is sent. Raises UsageError."""
    names = [edit.get("name", "") for edit in channels]
    if not names:
        return None
    written: Mapping[str, Any] = answers.get("digest", {})
    digest: dict[str, Any] = {
        "name": written.get("name") or "briefing",
        "title": written.get("title") or DEFAULT_TITLE,
        "schedule": written.get("schedule") or DEFAULT_SCHEDULE,
        "timezone": answers.get("timezone") or "UTC",
        "channels": names,
        "language": answers.get("language") or "en",
        "empty": "when-coverage-is-bad",
    }
    try:
        validate_schedule(digest["schedule"], digest["timezone"])
    except ValueError as error:
        raise UsageError(f"`digest`: {error}") from error
    return digest


async def _draft_from_article(fetcher: Fetcher, url: str, words: list[str], name: str) -> TopicEdit:
    article = await fetch_article(fetcher, url)
    drafts = draft_topics(article, limit=1, source=url)
    if not drafts and not words:
        raise UsageError(f"nothing stands out in {url}: write a sentence, or the words to look for")
    about = list(drafts[0].about) if drafts else [article.title]
    query = format_words(words) if words else drafts[0].query
    return {"name": _shorten(name or (drafts[0].name if drafts else article.title)), "query": query, "about": about}


def _drop_duplicates(feeds: Iterable[FeedConfig]) -> tuple[FeedConfig, ...]:
    known = KnownFeeds(())
    return tuple(feed for feed in feeds if known.add_new(feed))


def _shorten(name: str) -> str:
    name = name.rstrip(".")
    return name if len(name) <= MAX_NAME_CHARACTERS else name[:MAX_NAME_CHARACTERS].rsplit(" ", 1)[0] + " …"
