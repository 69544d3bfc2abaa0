"""Full text: fetches the pages of a feed's new entries before they are matched, so that matching sees the article."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
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

MAX_PAGES_PER_POLL = 20
"""Pages that are fetched for one poll; further entries are stored with what their feed says."""
POLL_TIMEOUT = timedelta(seconds=60)
"""How long the entries of a poll may wait for their pages."""
PAGE_TIMEOUT = timedelta(seconds=20)
MAX_COSTLY_PAGES = 2
"""After so many pages of a poll that took too long to parse, its others are not parsed: other feeds' pages wait."""


@dataclass(slots=True)
class _Articles:
    """What is known of one poll's pages so far: articles by entry key, and why others could not be had."""

    texts: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    costly_pages: int = 0


class FulltextFetcher:
    """Fetches article pages. robots.txt is honoured, and hosts are spared as in any fetch."""

    def __init__(self, database: Database, fetcher: Fetcher, clock: Callable[[], datetime], reader: Reader) -> None:
        self._database = database
        self._fetcher = fetcher
        self._clock = clock
        self._reader = reader

    async def fetch_articles(
        self, feed: Feed, outcome: Modified, timeout: timedelta = POLL_TIMEOUT, *, access: Access | None = None
    ) -> Modified:
        """Return the outcome with the articles of its new and edited entries by entry key, as many as could be had.

        What is not there within `timeout` is stored with what its feed says, and the outcome's note counts it. The
        pages are requested through the proxy of `access`, without its credentials. Raises ReaderClosedError while the
        process is being stopped: the feed is polled again, pages included.
        """
        pages = await asyncio.to_thread(self._list_wanted, feed, outcome)
        if not pages:
            return outcome
        articles = _Articles()
        access = access or Access()
        tasks = [
            asyncio.create_task(self._fetch_article(key, url, access, articles))
            for key, url in pages[:MAX_PAGES_PER_POLL]
        ]
        done, late = await asyncio.wait(tasks, timeout=timeout.total_seconds())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        for task in done:
            task.result()
        if len(articles.texts) == len(pages):
            return replace(outcome, articles=articles.texts)
        reason = articles.errors[0] if articles.errors else "no time for all of them"
        note = f"{len(articles.texts)} of {len(pages)} article pages read ({reason})"
        return replace(outcome, articles=articles.texts, note=note)

    def _list_wanted(self, feed: Feed, outcome: Modified) -> list[tuple[str, str | None]]:
        """List key and page address of the entries that are new or edited; None where an aggregator hides the page."""
        offered = to_entries(outcome.parsed, feed)
        with self._database.read() as db:
            known = load_known_entries(db, feed.id, offered)
        diff = diff_entries(offered, feed, known, self._clock(), delta=True)
        entries = [*diff.new, *(edit.entry for edit in diff.edited)]
        return [(entry.key, article_url(entry.item.url)) for entry in entries if entry.item.url]

    async def _fetch_article(self, key: str, url: str | None, access: Access, articles: _Articles) -> None:
        """Add an entry's article to `articles`, or why it could not be had."""
        if url is None:
            articles.errors.append("the aggregator's link hides the article")
            return
        try:
            async with asyncio.timeout(PAGE_TIMEOUT.total_seconds()):
                page = await self._fetcher.page(url, access=access)
        except TimeoutError:
            articles.errors.append(f"not done within {PAGE_TIMEOUT.total_seconds():.0f} s")
            return
        if isinstance(page, Failed):
            articles.errors.append(page.message)
            return
        if articles.costly_pages >= MAX_COSTLY_PAGES:
            return
        try:
            articles.texts[key] = await self._reader.read_article(page.body, page.headers.get("content-type"))
        except ParseError as error:
            articles.costly_pages += isinstance(error, TooCostlyError)
            articles.errors.append(str(error))


def attach_fulltext(diff: EntryDiff, outcome: Modified) -> EntryDiff:
    """Return the diff with articles as content of its new and edited entries, where they are longer.

    Call it after entries are compared: an edit is a change of what the feed says, never of its page.
    """
    articles = outcome.articles
    if not articles:
        return diff

    def with_article(entry: Entry) -> Entry:
        """Return the entry with its article, where that is longer than what the feed has."""
        text = articles.get(entry.key, "")
        return replace(entry, item=replace(entry.item, content=text)) if len(text) > len(entry.item.content) else entry

    return replace(
        diff,
        new=tuple(with_article(entry) for entry in diff.new),
        recovered=tuple(with_article(entry) for entry in diff.recovered),
        edited=tuple(replace(edit, entry=with_article(edit.entry)) for edit in diff.edited),
    )
