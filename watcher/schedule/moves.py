"""Follows permanent redirects with care: a feed's address is what everything else hangs on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from watcher.model.feed import Feed, Move
from watcher.model.poll import Redirect
from watcher.text.urls import is_same_site, permanent_target

MOVE_CONFIRMED_AFTER = timedelta(days=2)
MIN_MOVE_SIGHTINGS = 3
FAILURES_PER_ADDRESS = 4
"""Failures in a row after which the other one of a moved feed's two addresses is tried."""


def follow_redirects(feed: Feed, hops: tuple[Redirect, ...], now: datetime, *, same_feed: bool) -> Feed:
    """Return a feed after redirects: followed at once within a site, to another one after days, never to http.

    Another site has to show that it is the same feed, by an item or a body that is known: domains get parked and sold.
    """
    if feed.config.private or "@" in urlsplit(feed.fetch_url).netloc:
        return feed  # its secrets belong to the configured address: a redirect may not repeat them, nor be stored
    target = permanent_target(hops, feed.fetch_url)
    if target is None:
        return feed if feed.poll.move is None else _with_move(feed, None)
    if is_same_site(target, feed.fetch_url):
        return _with_move(feed, None, fetch_url=target)
    if feed.poll.move is None or feed.poll.move.url != target:
        return _with_move(feed, Move(url=target, first_seen_at=now))
    seen = replace(feed.poll.move, sightings=feed.poll.move.sightings + 1)
    if same_feed and seen.sightings >= MIN_MOVE_SIGHTINGS and now - seen.first_seen_at >= MOVE_CONFIRMED_AFTER:
        return _with_move(feed, None, fetch_url=target)
    return _with_move(feed, seen)


def try_other_address(feed: Feed, failures: int, now: datetime) -> Feed:
    """Return a feed with the other one of its addresses after some failures: new ones die, old ones come back.

    A Move without sightings remembers the address that failed.
    """
    if failures % FAILURES_PER_ADDRESS or feed.config.private:
        return feed
    if feed.fetch_url != feed.config.url:
        failed = Move(url=feed.fetch_url, first_seen_at=now, sightings=0)
        return _with_move(feed, failed, fetch_url=feed.config.url)
    if feed.poll.move is not None and feed.poll.move.sightings == 0:
        return _with_move(feed, None, fetch_url=feed.poll.move.url)
    return feed


def is_asked_at_former_address(feed: Feed) -> bool:
    """Return whether a feed that has moved is asked at its configured address, because the new one failed."""
    move = feed.poll.move
    return feed.fetch_url == feed.config.url and move is not None and move.sightings == 0


def count_failures_at_address(feed: Feed, failures: int) -> int:
    """Return how many failures in a row are those of the address that is fetched: addresses take turns."""
    if feed.fetch_url == feed.config.url:
        return failures
    return failures - FAILURES_PER_ADDRESS * (failures // (2 * FAILURES_PER_ADDRESS))


def _with_move(feed: Feed, move: Move | None, *, fetch_url: str | None = None) -> Feed:
    return replace(feed, fetch_url=fetch_url or feed.fetch_url, poll=replace(feed.poll, move=move))
