"""Web pages: the article that one holds, and the feeds that one names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.errors import ParseError
from watcher.parse.charset import decode_page
from watcher.text.article import Article, looks_html, parse_article_html, parse_article_text
from watcher.text.html import MAX_FIELD_LENGTH
from watcher.text.linear_html import exceeds_tree_limits, select_tags
from watcher.text.urls import http_url

FEED_TYPES = {"application/rss+xml": "rss", "application/atom+xml": "atom", "application/feed+json": "json"}
MIN_ARTICLE_LENGTH = 200
"""Characters without which a page has shown no article."""
MAX_PAGE_LENGTH = 2_000_000
_MAX_ARTICLE_BYTES = 8 << 20
_FEED_PATH = re.compile(r"(?i)(?:^|[/._-])(?:feeds?|rss|atom|index\.xml|rdf)(?:[/._-]|$)|\.(?:rss|atom|rdf|xml)$")


def read_article(body: bytes, content_type: str | None) -> str:
    """Return the text of the article that an entry links to; raises ParseError where the page shows none."""
    kind = content_type or ""
    if kind and "html" not in kind.lower():
        raise ParseError("not-feed", f"the page is no HTML but {kind[:60]}")
    try:
        text = _extract_article(body, kind).text
    except Exception as error:  # an extractor of anything meets everything: its fault is the page's
        raise ParseError("parse", f"the page cannot be read: {type(error).__name__}") from error
    if len(text) < MIN_ARTICLE_LENGTH:
        raise ParseError("empty", "the page shows no article")
    return text[:MAX_FIELD_LENGTH]


def parse_article(body: bytes, content_type: str | None = None, name: str = "the article") -> Article:
    """Return the article in a page's or a text file's bytes; raises ParseError for what is no text or has no words."""
    kind = (content_type or "").strip().lower()
    if kind.startswith(("image/", "audio/", "video/", "application/pdf")) or _is_binary(body):
        raise ParseError("not-text", f"{name}: no text or web page")
    article = _extract_article(body, content_type)
    if not re.search(r"\w", article.title + article.text):
        raise ParseError("empty", f"{name}: no words in it")
    return article


def _extract_article(body: bytes, content_type: str | None) -> Article:
    text = decode_page(body[:_MAX_ARTICLE_BYTES], content_type)
    is_html = "html" in (content_type or "").lower() or looks_html(text)
    return parse_article_html(text) if is_html else parse_article_text(text)


def _is_binary(body: bytes) -> bool:
    """Return whether bytes are no text in any encoding: UTF-16 has its mark, other texts have no zero bytes."""
    return body.startswith(b"%PDF") or (b"\x00" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")))


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
