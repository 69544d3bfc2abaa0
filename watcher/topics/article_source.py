"""Fetches the article to draft topics from, through the SSRF guard."""

from __future__ import annotations

from watcher.errors import ParseError
from watcher.fetch import Fetcher
from watcher.model.poll import Failed
from watcher.parse.web_pages import parse_article
from watcher.text.article import Article


async def fetch_article(fetcher: Fetcher, url: str) -> Article:
    """Fetch a page that a person named, and find its article; raises ParseError where there is none to be had."""
    page = await fetcher.page(url, obey_robots=False)
    if isinstance(page, Failed):
        raise ParseError(page.kind.value, f"{url}: {page.message}")
    return parse_article(page.body, page.headers.get("content-type"), url)
