"""Reads web pages: the article that one holds, and the feeds that one names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from watcher.errors import ParseError
from watcher.parse.charset import decode_page
from watcher.text.article import from_html
from watcher.text.html import MAX_FIELD_LENGTH
from watcher.text.linear_html import exceeds_tree_limits, select_tags
from watcher.text.urls import http_url

FEED_TYPES = {"application/rss+xml": "rss", "application/atom+xml": "atom", "application/feed+json": "json"}
MIN_ARTICLE_LENGTH = 200
"""Characters without which a page has shown no article."""
MAX_PAGE_LENGTH = 2_000_000
_LOOKS = re.compile(r"(?i)(?:^|[/._-])(?:feeds?|rss|atom|index\.xml|rdf)(?:[/._-]|$)|\.(?:rss|atom|rdf|xml)$")


def read_article(body: bytes, content_type: str | None) -> str:
    """Return the article of a page; raises ParseError where there is none."""
    kind = content_type or ""
    if kind and "html" not in kind.lower():
        raise ParseError("not-feed", f"the page is no HTML but {kind[:60]}")
    try:
        text = from_html(decode_page(body, kind)).text
    except Exception as error:  # an extractor of anything meets everything: its fault is the page's
        raise ParseError("parse", f"the page cannot be read: {type(error).__name__}") from error
    if len(text) < MIN_ARTICLE_LENGTH:
        raise ParseError("empty", "the page shows no article")
    return text[:MAX_FIELD_LENGTH]


def list_feed_links(html: str, base: str) -> list[str]:
    """List the addresses that a page names for feeds: its link elements first, then links that look like feeds."""
    html = html[:MAX_PAGE_LENGTH]
    tree = LexborHTMLParser(select_tags(html, {"a", "base", "link"}) if exceeds_tree_limits(html) else html)
    declared = tree.css_first("base[href]")
    base = http_url(declared.attributes.get("href") or "", base) or base if declared is not None else base
    found: list[str] = []
    for link in tree.css("link[href]"):
        rel, kind = (link.attributes.get("rel") or "").lower(), (link.attributes.get("type") or "").lower()
        if "alternate" in rel and kind.split(";")[0].strip() in FEED_TYPES:
            found.append(link.attributes.get("href") or "")
    anchors = [a.attributes.get("href") or "" for a in tree.css("a[href]")]
    host = urlsplit(base).hostname
    for href in anchors:
        target = http_url(href, base)
        if target and urlsplit(target).hostname == host and _LOOKS.search(urlsplit(target).path):
            found.append(href)
    absolute = [target for href in found if (target := http_url(href, base))]
    return sorted(dict.fromkeys(absolute), key=lambda target: "comment" in target.lower())
