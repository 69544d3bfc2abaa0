"""Adds to entries that are about to be stored what they do not say themselves: their language and their feed's tags.

Only what is new or edited is described: neither a language nor a tag tells an edit, and what a poll repeats costs
nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from watcher.model.entry import Entry
from watcher.model.feed import Feed, PollableFeed
from watcher.model.poll import EntryDiff, ParsedFeed
from watcher.text.language_detection import choose_item_language, load_detector


def enrich_entries(told: EntryDiff, feed: Feed, language: str | None) -> EntryDiff:
    """Return new, edited and quarantined entries with a language and tags; `language` is what the document declares."""
    language = language or feed.language
    return replace(
        told,
        new=tuple(_describe(entry, feed, language) for entry in told.new),
        edited=tuple(replace(edit, entry=_describe(edit.entry, feed, language)) for edit in told.edited),
        quarantined=tuple(_describe(entry, feed, language) for entry in told.quarantined),
    )


def load_detector_if_needed(parsed: ParsedFeed, feed: PollableFeed) -> None:
    """Load the detector where a document may need it, so that this does not happen while a transaction is open."""
    if _needs_detection(parsed, feed):
        load_detector()


async def load_detector_in_thread(parsed: ParsedFeed, feed: PollableFeed) -> None:
    """Load the detector where a document may need it, in a thread: once in the life of a process."""
    if not load_detector.cache_info().currsize and _needs_detection(parsed, feed):
        await asyncio.to_thread(load_detector)


def _needs_detection(parsed: ParsedFeed, feed: PollableFeed) -> bool:
    return feed.config.language is None and any(not item.repeated and item.language is None for item in parsed.items)


def _describe(entry: Entry, feed: Feed, language: str | None) -> Entry:
    item = entry.item
    return replace(
        entry,
        item=replace(
            item,
            language=choose_item_language(item, feed.config.language, language),
            tags=_with_tags_of_feed(item.tags, feed.config.tags),
        ),
    )


def _with_tags_of_feed(tags: tuple[str, ...], of_feed: tuple[str, ...]) -> tuple[str, ...]:
    known = {tag.casefold() for tag in tags}
    lines = (" ".join(tag.split()) for tag in of_feed)  # tags are kept one a line
    return tags + tuple(tag for tag in dict.fromkeys(lines) if tag and tag.casefold() not in known)
