"""Decides whether a feed that was just added is one that was removed, under a corrected address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.model.entry import Entry
from watcher.model.feed import Feed, FeedState
from watcher.text.urls import canonical_url, is_same_site

MIN_SHARED_ITEMS_DIVISOR = 3
"""One in so many items has to be known where only the items speak for one feed under two addresses."""
DATE_TOLERANCE = timedelta(days=1)
_ENDINGS = (".xml", ".rss", ".rdf", ".atom", ".json", ".php", ".aspx", ".html")
_FAILING = {FeedState.GONE, FeedState.BLOCKED, FeedState.BACKOFF}


def is_continuation(added: Feed, left: Feed, shared: int, offered: int) -> bool:
    """Return whether an added feed goes on from one that left, of whose items its first document holds `shared`.

    The items decide: two feeds of one host are two feeds, and outlets pass single items around between theirs. Of a
    feed that failed when it left, one item at a like address is enough: it is what people correct, and after days
    little of it is left. Without any item only another spelling of the address counts.
    """
    addresses = {left.config.url, left.fetch_url}
    url = added.config.url
    if any(canonical_url(url) == canonical_url(other) for other in addresses):
        return True
    if _was_failing(left):
        # `/Feed/` corrected to `/feed.xml`; or, with an item to prove it, `/rss` to `/feeds/news`.
        if any(_is_respelled(url, other) for other in addresses):
            return True
        if shared and any(is_similar_url(url, other) for other in addresses):
            return True
    return shared > 0 and shared * MIN_SHARED_ITEMS_DIVISOR >= offered


def _was_failing(feed: Feed) -> bool:
    return feed.poll.failures > 0 or feed.poll.failing_since is not None or feed.state in _FAILING


def is_similar_url(url: str, other: str) -> bool:
    """Return whether two addresses lie on one site, or have the same path on two."""
    path = urlsplit(url).path.rstrip("/")
    return is_same_site(url, other) or (bool(path) and path == urlsplit(other).path.rstrip("/"))


def was_shown_before(entry: Entry, left: Feed, *, shared: bool) -> bool:
    """Return whether an unknown entry was published before its feed was last read under the address that left.

    Such a one is no news: the corrected address may show more than the former one did. What has no date is news, unless
    nothing else in the document proves that it is the same feed.
    """
    published = entry.item.published_at
    last_read_at = _get_last_read_at(left)
    if published is None or last_read_at is None:
        return not shared
    return published < last_read_at - DATE_TOLERANCE


def sample_entries(offered: Sequence[Entry], count: int = 200) -> Sequence[Entry]:
    """Return the entries from both ends of a document by which another feed's are looked up."""
    return offered if len(offered) <= count else [*offered[: count // 2], *offered[-count // 2 :]]


def _get_last_read_at(feed: Feed) -> datetime | None:
    return feed.poll.succeeded_at or feed.poll.read_at


def _is_respelled(url: str, other: str) -> bool:
    """Return whether two addresses of one host differ in case, in a slash at the end, or in the ending of a file."""
    parts, other_parts = urlsplit(url), urlsplit(other)
    if _strip_www(parts.hostname) != _strip_www(other_parts.hostname):
        return False
    if parts.query.lower() != other_parts.query.lower():
        return False
    return _strip_ending(parts.path) == _strip_ending(other_parts.path)


def _strip_www(host: str | None) -> str:
    return (host or "").removeprefix("www.")


def _strip_ending(path: str) -> str:
    lower = path.lower().rstrip("/")
    return next((lower.removesuffix(ending) for ending in _ENDINGS if lower.endswith(ending)), lower)
