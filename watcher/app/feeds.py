"""Use cases about feeds: find, add, import, check, discover, remove and list them, for every entry point.

One rule says what a duplicate is: `KnownFeeds.find_duplicate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from watcher.errors import NotFoundError, UsageError
from watcher.model.feed import Feed, FeedState, PollableFeed, PollState
from watcher.model.feed_config import FeedConfig
from watcher.settings.edit_history import Origin
from watcher.settings.feeds import find_source, make_source, same_address
from watcher.store.database import Database
from watcher.store.feeds.queries import load_feeds
from watcher.text.redact import redact_url
from watcher.text.suggest import find_nearest
from watcher.text.urls import canonical_url
from watcher.text.written_values import parse_http_url


class KnownFeeds:
    """The feeds that are watched, looked up by address in any spelling."""

    def __init__(self, sources: Iterable[FeedConfig]) -> None:
        self._by_key: dict[tuple[str, str], list[FeedConfig]] = {}
        for source in sources:
            self.add(source)

    def add(self, source: FeedConfig) -> None:
        """Add a feed."""
        for key in _list_keys(source.request_url):
            self._by_key.setdefault(key, []).append(source)

    def add_new(self, source: FeedConfig) -> bool:
        """Add a feed and return True; return False where it is watched already."""
        if self.find_duplicate(source) is not None:
            return False
        self.add(source)
        return True

    def find_duplicate(self, source: FeedConfig) -> FeedConfig | None:
        """Return the watched feed of the same address, in whatever spelling; None where there is none.

        Two accounts at one address are two feeds.
        """
        for key in _list_keys(source.request_url):
            for known in self._by_key.get(key, ()):
                if known.access.username in (None, source.access.username):
                    return known
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedImport:
    """What an OPML list adds. `known` counts the feeds that are watched already.

    `skipped` holds (address without secrets, reason). `damage` says where the list is broken, `note` why it names no
    feed; both are None where there is nothing to report.
    """

    added: tuple[FeedConfig, ...]
    known: int
    skipped: tuple[tuple[str, str], ...]
    damage: str | None
    note: str | None


def plan_import(sources: Iterable[FeedConfig], document: bytes, tags: Sequence[str] = ()) -> FeedImport:
    """Return what an OPML list would add to the watched feeds; folders become tags. Raises ParseError.

    Duplicates are refused by the rule of `add_feeds`, within the list as well. `${NAME}` is not expanded: somebody
    else's list would send this machine's secrets to a host of its choice.
    """
    from watcher.parse.opml import parse_opml  # with feedparser, which lists of feeds do without

    outlines = parse_opml(document)
    known = KnownFeeds(sources)
    added: list[FeedConfig] = []
    skipped = [(redact_url(url), "not an http(s) address") for url in outlines.refused]
    duplicates = 0
    for outline in outlines.sources:
        try:
            source = make_feed(outline.url, title=outline.title, tags=outline.tags, language=outline.language)
        except UsageError as error:
            skipped.append((redact_url(outline.url), str(error)))
            continue
        if known.add_new(source):
            added.append(replace(source, tags=tuple(dict.fromkeys((*source.tags, *tags)))))
        else:
            duplicates += 1
    return FeedImport(
        added=tuple(added),
        known=duplicates,
        skipped=tuple(skipped),
        damage=outlines.damage,
        note=outlines.note,
    )


def add_feeds(
    folder: Path,
    environ: Mapping[str, str],
    watched: Iterable[FeedConfig],
    sources: Iterable[FeedConfig],
    origin: Origin | None = None,
) -> tuple[FeedConfig, ...]:
    """Write feeds into feeds.yaml; returns those that were not watched yet. Raises ConfigError."""
    known = KnownFeeds(watched)
    added = [source for source in sources if known.add_new(source)]
    if added:
        from watcher.settings.edit_feeds import add_sources

        add_sources(folder, environ, added, origin)
    return tuple(added)


def require_new(sources: Iterable[FeedConfig], source: FeedConfig) -> None:
    """Raise UsageError where a feed is watched already, in whatever spelling of its address."""
    known = KnownFeeds(sources).find_duplicate(source)
    if known is not None:
        spelling = "" if known.url == source.url else f" as {known.url}"
        raise UsageError(f"{source.url} is watched already{spelling}")


def make_feed(
    url: str,
    *,
    title: str = "",
    tags: Sequence[str] = (),
    language: str | None = None,
    interval: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> FeedConfig:
    """Return the feed of what was typed, by the rules of feeds.yaml. Raises UsageError.

    `${NAME}` is expanded where there is an `environ`, else refused.
    """
    values = {"url": url, "title": " ".join(title.split()), "tags": list(tags)}
    return make_source(values | {"language": language or None, "interval": interval or None}, environ)


def complete_address(text: str) -> str:
    """Return the http(s) address of what was typed; without a scheme it is https. Raises UsageError."""
    text = text.strip()
    try:
        return parse_http_url(text if "://" in text or ":" in text.split("/")[0] else f"https://{text}")
    except ValueError as error:
        raise UsageError(str(error)) from error


def find_feed(sources: Sequence[FeedConfig], text: str) -> FeedConfig:
    """Return the configured feed of an address, however spelt, also without its scheme, or of a title.

    Raises NotFoundError.
    """
    if (source := find_source(sources, text)) is not None:
        return source
    titled = [source for source in sources if source.title.casefold() == text.casefold() != ""]
    # Completion in the shell offers addresses without their scheme.
    short = [source for source in sources if source.url.partition("://")[2] == text != ""]
    for matching in (titled, short):
        if len(matching) == 1:
            return matching[0]
    shown = redact_url(text)
    nearest = find_nearest(shown, [*(source.url for source in sources), *(source.title for source in sources)])
    raise NotFoundError("feed", shown, nearest if nearest else "")


def list_feeds(database: Database, sources: Iterable[FeedConfig], now: datetime) -> list[PollableFeed]:
    """Return the configured feeds with what is known of them; those that were never polled are new."""
    with database.read() as db:
        stored = {feed.config.url: feed for feed in load_feeds(db)}
    feeds: list[PollableFeed] = []
    for source in sources:
        state = FeedState.ACTIVE if source.enabled else FeedState.PAUSED
        new = PollableFeed(config=source, fetch_url=source.url, state=state, poll=PollState(next_poll_at=now))
        feeds.append(stored.get(source.url) or new)
    return feeds


def count_entries(feed: PollableFeed, counts: Mapping[int, int]) -> int:
    """Return how many entries of a feed are stored, from counts by feed id; 0 for one that was never polled."""
    return counts.get(feed.id, 0) if isinstance(feed, Feed) else 0


def _list_keys(url: str) -> tuple[tuple[str, str], ...]:
    """Return the keys under which two spellings of one feed address meet."""
    return ("address", same_address(url)), ("canonical", canonical_url(url))
