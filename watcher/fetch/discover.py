"""Finds the feeds of a page: what it and its answer's head name, well-known paths, sites whose feeds one must know."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from watcher.errors import ParseError
from watcher.model.poll import Document
from watcher.parse.web_pages import FEED_TYPES
from watcher.reading import Reader
from watcher.text.http_headers import parse_link_header
from watcher.text.urls import http_url

if TYPE_CHECKING:
    from watcher.fetch.fetcher import Fetcher

_PATHS = ("/feed", "/rss", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/feeds/posts/default", "/feed.json")
MAX_CANDIDATES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feed that was found and read."""

    url: str
    title: str
    kind: str
    items: int


async def discover(fetcher: Fetcher, url: str) -> tuple[Candidate, ...]:
    """Find the feeds of a page, those that can be read, the likeliest first. A feed's own address is its one feed.

    Raises ParseError where the page itself cannot be fetched.
    """
    page = await fetcher.page(url, obey_robots=False)
    if not isinstance(page, Document):
        raise ParseError(page.kind.value, page.message)
    with closing(Reader()) as reader:
        if (itself := await _read(page, reader)) is not None:
            return (itself,)
        in_header = list_header_feeds(page.headers.get("link", ""), page.final_url)
        in_page = await _list_page_feeds(page, reader)
        candidates = await _confirmed(fetcher, reader, [*_known_sites(url), *in_header, *in_page])
        if candidates:
            return candidates
        base = urlsplit(page.final_url)
        return await _confirmed(fetcher, reader, [f"{base.scheme}://{base.netloc}{path}" for path in _PATHS])


def list_header_feeds(header: str, base: str) -> list[str]:
    """List the feeds that an answer's Link header names (RFC 8288), in its order."""
    links = (link for link in parse_link_header(header) if "alternate" in link.relations)
    return [url for link in links if link.media_type in FEED_TYPES and (url := http_url(link.target, base))]


def _known_sites(url: str) -> list[str]:
    parts = urlsplit(url)
    host, path = (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")
    if host == "youtube.com":
        if (channel := re.match(r"/channel/(UC[\w-]{10,40})", path)) is not None:
            return [f"https://www.youtube.com/feeds/videos.xml?channel_id={channel[1]}"]
        if playlist := parse_qs(parts.query).get("list"):
            return [f"https://www.youtube.com/feeds/videos.xml?playlist_id={playlist[0]}"]
    if host in {"reddit.com", "old.reddit.com"} and re.match(r"/(?:r|u|user)/[\w-]+", path):
        return [f"https://www.reddit.com{path}/.rss"]
    if host == "github.com" and (repo := re.match(r"/([\w.-]+/[\w.-]+)", path)) is not None:
        return [f"https://github.com/{repo[1]}/{kind}.atom" for kind in ("releases", "tags", "commits")]
    if host.endswith(".substack.com"):
        return [f"https://{host}/feed"]
    if host == "medium.com" and path:
        return [f"https://medium.com/feed{path}"]
    if re.fullmatch(r"/@[\w.]+", path):
        return [f"{parts.scheme}://{parts.netloc}{path}.rss"]  # Mastodon and its kin
    return []


async def _list_page_feeds(page: Document, reader: Reader) -> list[str]:
    """List what a page links to; one that cannot be read within its bounds names nothing."""
    try:
        return await reader.list_feed_links(page.body.decode("utf-8", "replace"), page.final_url)
    except ParseError:
        return []


async def _confirmed(fetcher: Fetcher, reader: Reader, offered: list[str]) -> tuple[Candidate, ...]:
    candidates: dict[str, Candidate] = {}
    for url in list(dict.fromkeys(offered))[:MAX_CANDIDATES]:
        page = await fetcher.page(url, obey_robots=False)
        if isinstance(page, Document) and (candidate := await _read(page, reader)) is not None:
            candidates.setdefault(page.final_url, candidate)
    return tuple(candidates.values())


async def _read(page: Document, reader: Reader) -> Candidate | None:
    try:
        parsed = await reader.parse(page)
    except ParseError:
        return None
    if not parsed.items and not parsed.title:
        return None
    kind = "json" if parsed.parser == "json" else "xml"
    return Candidate(url=page.url, title=parsed.title, kind=kind, items=len(parsed.items))
