"""Parses a document with the reader that it needs: the fast one where nothing is doubtful, else feedparser."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from watcher.errors import ParseError, TooCostlyError
from watcher.model.poll import Document, ParsedFeed
from watcher.parse.charset import decode
from watcher.parse.fallback import NeedsFallback
from watcher.parse.fast_reader import read_xml_feed
from watcher.parse.feedparser_reader import read_loosely
from watcher.parse.format_detection import DocumentFormat, detect_format
from watcher.parse.jsonfeed import read_json
from watcher.parse.limits import MAX_FEEDPARSER_BYTES
from watcher.parse.xml_tree import Tree, parse_xml
from watcher.text.http_headers import parse_link_header
from watcher.text.urls import http_url

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")


def parse(document: Document, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Parse a fetched document; raises ParseError and nothing else, whatever the bytes.

    Of items whose marks are `known` no more is read than what tells them apart (Item.repeated).

    Hub and topic may also stand in the answer's Link header, which counts first (WebSub, 4).
    """
    read = parse_bytes(document.body, document.final_url, document.headers.get("content-type"), known)
    link = document.headers.get("link")
    if not link:
        return read
    links = _read_websub_links(link, document.final_url)
    return replace(read, hub=links.get("hub", read.hub), topic_url=links.get("self", read.topic_url))


def parse_bytes(
    body: bytes, url: str, content_type: str | None = None, known: Collection[bytes] = frozenset()
) -> ParsedFeed:
    """Parse a document that came from `url`; raises ParseError and nothing else, whatever the bytes."""
    try:
        return _parse(body, url, content_type, known)
    except ParseError:
        raise
    except (RecursionError, MemoryError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise ParseError("parse", f"cannot be read: {type(error).__name__}") from error


def load_libraries() -> None:
    """Import what few documents need, before the time of a document is measured that would have to wait for it."""
    import charset_normalizer  # noqa: F401
    import feedparser  # noqa: F401


def _parse(body: bytes, url: str, content_type: str | None, known: Collection[bytes]) -> ParsedFeed:
    text, fault = decode(body, content_type)
    if detect_format(text) is DocumentFormat.JSON:
        return _degraded(read_json(text, url, known), fault, False)
    # Both readers get UTF-8 that says so: whatever else was declared has been judged by now.
    plain = ('<?xml version="1.0" encoding="utf-8"?>' + _DECLARATION.sub("", text, 1)).encode("utf-8", "replace")
    tree = parse_xml(plain)
    if tree is not None and (read := _read_fast(tree, url, known)) is not None:
        return _degraded(read, tree.repair or fault, tree.cut)
    if len(plain) > MAX_FEEDPARSER_BYTES:
        raise TooCostlyError("parse", f"doubtful, and with {len(plain):,} bytes too large to be repaired")
    return _degraded(read_loosely(plain, url, known), fault, False)


def _read_fast(tree: Tree, url: str, known: Collection[bytes]) -> ParsedFeed | None:
    try:
        read = read_xml_feed(tree.root, url, known)
    except NeedsFallback:
        return None
    return replace(read, truncated_items=read.truncated_items + tree.unread) if tree.unread else read


def _degraded(read: ParsedFeed, why: str | None, cut: bool) -> ParsedFeed:
    return replace(read, degraded=why or read.degraded, cut=cut) if why or cut else read


def _read_websub_links(header: str, base: str) -> dict[str, str]:
    """Return the addresses of the hub and self relations of a Link header, the first of each."""
    urls: dict[str, str] = {}
    for link in parse_link_header(header):
        if (relations := link.relations & {"hub", "self"}) and (url := http_url(link.target, base)):
            for relation in relations:
                urls.setdefault(relation, url)
    return urls
