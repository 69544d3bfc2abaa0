"""Web pages: the article that one holds, and the feeds that one names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.errors import ParseError
from watcher.parse.charset import decode_page
from watcher.text.article import parse_article_html
from watcher.text.html import MAX_FIELD_LENGTH
from watcher.text.linear_html import exceeds_tree_limits, select_tags
from watcher.text.urls import http_url

FEED_TYPES = {"application/rss+xml": "rss", "application/atom+xml": "atom", "application/feed+json": "json"}
MIN_ARTICLE_LENGTH = 200
"""Characters without which a page has shown no article."""
MAX_PAGE_LENGTH = 2_000_000
_FEED_PATH = re.compile(r"(?i)(?:^|[/._-])(?:feeds?|rss|atom|index\.xml|rdf)(?:[/._-]|$)|\.(?:rss|atom|rdf|xml)$")


def read_article(body: bytes, content_type: str | None) -> str:
    """Return the article of a page; raises ParseError where there is none."""
    kind = content_type or ""
    if kind and "html" not in kind.lower():
        raise ParseError("not-feed", f"the page is no HTML but {kind[:60]}")
    try:
        text = parse_article_html(decode_page(body, kind)).text
    except Exception as error:  # an extractor of anything meets everything: its fault is the page's
        raise ParseError("parse", f"the page cannot be read: {type(error).__name__}") from error
    if len(text) < MIN_ARTICLE_LENGTH:
        raise ParseError("empty", "the page shows no article")
    return text[:MAX_FIELD_LENGTH]


def list_feed_links(html: str, base: str) -> list[str]:
    """List the addresses that a page names for feeds: its link elements first, then links that look like feeds.

    Feeds of comments come last. Relative addresses count from the page's base element, else from `base`.
    """
    html = html[:MAX_PAGE_LENGTH]
    tree = LexborHTMLParser(select_tags(html, {"a", "base", "link"}) if exceeds_tree_limits(html) else html)
    declared = tree.css_first("base[href]")
    base = http_url(_attribute(declared, "href"), base) or base if declared is not None else base
    host = urlsplit(base).hostname
    # WordPress names the feed of a page's comments, too: it is offered last.
    links = (_attribute(link, "href") for link in tree.css("link[href]") if _names_feed(link))
    anchors = (_attribute(anchor, "href") for anchor in tree.css("a[href]"))
    urls = [url for href in links if (url := http_url(href, base))]
    urls += [url for href in anchors if (url := http_url(href, base)) and _looks_like_feed(url, host)]
    return sorted(dict.fromkeys(urls), key=lambda url: "comment" in url.lower())


def _names_feed(link: LexborNode) -> bool:
    """Return whether a link element names a feed (RSS autodiscovery: rel=alternate and a type)."""
    media_type = _attribute(link, "type").lower().partition(";")[0].strip()
    return "alternate" in _attribute(link, "rel").lower() and media_type in FEED_TYPES


def _looks_like_feed(url: str, host: str | None) -> bool:
    parts = urlsplit(url)
    return parts.hostname == host and _FEED_PATH.search(parts.path) is not None


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""
