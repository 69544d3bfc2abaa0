"""Adds language and tags to entries that are about to be stored: detected, or taken from the document and the feed.

Only new and edited entries are enriched: neither language nor tags make an edit, and what a poll repeats costs nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from watcher.model.entry import Entry
from watcher.model.feed import Feed, PollableFeed
from watcher.model.poll import EntryDiff, ParsedFeed
from watcher.text.language_detection import choose_item_language, load_detector


def enrich_entries(diff: EntryDiff, feed: Feed, language: str | None) -> EntryDiff:
    """Return a diff whose entries have a language and tags; `language` is what the document declares."""
    language = language or feed.language
    return replace(
        diff,
        new=tuple(_enrich_entry(entry, feed, language) for entry in diff.new),
        edited=tuple(replace(edit, entry=_enrich_entry(edit.entry, feed, language)) for edit in diff.edited),
        quarantined=tuple(_enrich_entry(entry, feed, language) for entry in diff.quarantined),
    )


def load_detector_if_needed(parsed: ParsedFeed, feed: PollableFeed) -> None:
    """Load the language detector where a document needs it, so that no open transaction waits for that."""
    if _needs_detection(parsed, feed):
        load_detector()


async def load_detector_in_thread(parsed: ParsedFeed, feed: PollableFeed) -> None:
    """Load the language detector in a thread where a document needs it: once in the life of a process."""
    if not load_detector.cache_info().currsize and _needs_detection(parsed, feed):
        await asyncio.to_thread(load_detector)


def _needs_detection(parsed: ParsedFeed, feed: PollableFeed) -> bool:
    return feed.config.language is None and any(not item.repeated and item.language is None for item in parsed.items)


def _enrich_entry(entry: Entry, feed: Feed, language: str | None) -> Entry:
    item = entry.item
    language = choose_item_language(item, feed.config.language, language)
    return entry.with_item(item.with_language_and_tags(language, _merge_tags(item.tags, feed.config.tags)))


def _merge_tags(tags: tuple[str, ...], of_feed: tuple[str, ...]) -> tuple[str, ...]:
    if not of_feed:
        return tags
    known = {tag.casefold() for tag in tags}
    lines = (" ".join(tag.split()) for tag in of_feed)  # tags are kept one a line
    return tags + tuple(tag for tag in dict.fromkeys(lines) if tag and tag.casefold() not in known)
