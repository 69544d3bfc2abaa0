"""Full text: fetches the pages of a feed's new entries before they are matched, so that matching sees the article."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.errors import ParseError, TooCostlyError
from watcher.fetch import Fetcher
from watcher.identify import diff_entries, to_entries
from watcher.model.access import Access
from watcher.model.entry import Entry
from watcher.model.feed import Feed
from watcher.model.poll import EntryDiff, Failed, Modified
from watcher.reading import Reader
from watcher.store.database import Database
from watcher.store.entries.known_entries import load_known_entries
from watcher.text.urls import article_url

MOST = 20
"""Pages that are fetched for one poll; further entries are stored with what their feed says."""
PATIENCE = timedelta(seconds=60)
"""How long the entries of a poll may wait for their pages."""
A_PAGE = timedelta(seconds=20)
MAX_COSTLY_PAGES = 2
"""After so many pages of a poll that took too long to read, its others are not read: other feeds' pages wait."""


@dataclass(slots=True)
class _CostlyPages:
    """Counts the pages of a poll that took too long to read."""

    count: int = 0

    @property
    def is_exhausted(self) -> bool:
        return self.count >= MAX_COSTLY_PAGES


class FulltextFetcher:
    """Adds the articles to what a poll brought. robots.txt is honoured, and hosts get their rest as from any fetch."""

    def __init__(self, database: Database, fetcher: Fetcher, clock: Callable[[], datetime], reader: Reader) -> None:
        self._database = database
        self._fetcher = fetcher
        self._clock = clock
        self._reader = reader

    async def added(
        self, feed: Feed, outcome: Modified, patience: timedelta = PATIENCE, *, access: Access | None = None
    ) -> Modified:
        """Give the outcome with the articles of its new and edited entries, by entry key, as many as could be had.

        Within `patience` in all: what is not there by then is stored with what its feed says, and the history tells.
        The pages are asked for on the way that `access` of the feed names, without its credentials.
        """
        wanted = await asyncio.to_thread(self._wanted, feed, outcome)
        if not wanted:
            return outcome
        found: dict[str, str] = {}
        faults: list[str] = []
        costly = _CostlyPages()
        access = access or Access()
        reading = [
            asyncio.create_task(self._read(key, url, access, found, faults, costly)) for key, url in wanted[:MOST]
        ]
        done, late = await asyncio.wait(reading, timeout=patience.total_seconds())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        for task in done:
            task.result()  # raises ReaderClosedError: the feed is to be polled again, pages included
        if len(found) == len(wanted):
            return replace(outcome, articles=found)
        why = faults[0] if faults else "no time for all of them"
        return replace(outcome, articles=found, note=f"{len(found)} of {len(wanted)} article pages read ({why})")

    def _wanted(self, feed: Feed, outcome: Modified) -> list[tuple[str, str | None]]:
        offered = to_entries(outcome.parsed, feed)
        with self._database.read() as db:
            known = load_known_entries(db, feed.id, offered)
        told = diff_entries(offered, feed, known, self._clock(), delta=True)
        entries = [*told.new, *(change.entry for change in told.edited)]
        return [(entry.key, article_url(entry.item.url)) for entry in entries if entry.item.url]

    async def _read(
        self, key: str, url: str | None, access: Access, found: dict[str, str], faults: list[str], costly: _CostlyPages
    ) -> None:
        if url is None:
            faults.append("the aggregator's link hides the article")
            return
        try:
            async with asyncio.timeout(A_PAGE.total_seconds()):
                page = await self._fetcher.page(url, access=access)
        except TimeoutError:
            faults.append(f"not done within {A_PAGE.total_seconds():.0f} s")
            return
        if isinstance(page, Failed):
            faults.append(page.message)
            return
        if costly.is_exhausted:
            return
        try:
            found[key] = await self._reader.read_article(page.body, page.headers.get("content-type"))
        except ParseError as error:
            costly.count += isinstance(error, TooCostlyError)
            faults.append(str(error))


def attach_fulltext(told: EntryDiff, outcome: Modified) -> EntryDiff:
    """Give new and edited entries their article as content. What the feed says stays what tells an edit."""
    articles = outcome.articles
    if not articles:
        return told

    def full(entry: Entry) -> Entry:
        text = articles.get(entry.key, "")
        return replace(entry, item=replace(entry.item, content=text)) if len(text) > len(entry.item.content) else entry

    return replace(
        told,
        new=tuple(full(entry) for entry in told.new),
        recovered=tuple(full(entry) for entry in told.recovered),
        edited=tuple(replace(change, entry=full(change.entry)) for change in told.edited),
    )
