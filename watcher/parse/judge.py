"""feedparser: the judge of what a doubtful document says. Alone knows that library and its traps."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import Any

import feedparser

from watcher.errors import ParseError
from watcher.model.poll import Parsed
from watcher.parse.clean import Raw, cleaned_all
from watcher.parse.hints import hints_of
from watcher.parse.progress import require_isolation
from watcher.text.html import title_text
from watcher.text.langs import language_tag
from watcher.text.urls import http_url


def read_loosely(body: bytes, base: str, known: Collection[bytes] = frozenset()) -> Parsed:
    """Read a UTF-8 document however broken; raises ParseError (`not-feed`) where nothing in it is a feed."""
    require_isolation("feedparser's time and memory have no bound")
    # feedparser opens a str or bytes that names a file or an address, so it only ever gets a stream. Sanitising and
    # resolving are two thirds of its time, and ours to do. It is not told the document's address: it would make guids
    # that are no addresses relative to it.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        said = feedparser.parse(
            BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # a parser of anything meets everything: its fault is the document's
        raise ParseError("parse", f"cannot be read: {type(error).__name__}") from error
    feed, entries = said.get("feed", {}), said.get("entries", [])
    if not entries and not said.get("version"):
        raise ParseError("not-feed", "no feed of a known kind")
    fault = said.get("bozo_exception") if said.get("bozo") else None
    lenient = fault is None or type(fault).__name__ in {"NonXMLContentType", "CharacterEncodingOverride"}
    language = language_tag(_str(feed.get("language")))
    items, left_out = cleaned_all((_item(entry, base) for entry in entries), len(entries), language, known)
    return Parsed(
        items=items,
        title=title_text(_str(feed.get("title"))),
        site_url=http_url(_str(feed.get("link")), base) if feed.get("link") else None,
        language=language,
        hints=hints_of(
            _str(feed.get("ttl")), _str(feed.get("sy_updateperiod")), _str(feed.get("sy_updatefrequency")), (), ()
        ),
        hub=_link(feed, "hub", base),
        topic_url=_link(feed, "self", base),
        degraded=None if lenient else f"not well-formed ({type(fault).__name__})",
        truncated_items=left_out,
        parser="feedparser",
    )


def _item(entry: Any, base: str) -> Raw:
    contents = [part for part in entry.get("content", []) if isinstance(part, dict)]
    content = next((_str(part.get("value")) for part in contents), "")
    summary = _str(entry.get("summary"))
    detail = entry.get("title_detail") or {}
    said = _str(entry.get("title"))
    return Raw(
        guid=_str(entry.get("id")),
        link=_str(entry.get("feedburner_origlink")) or _str(entry.get("link")),
        base=base,
        title=said,
        title_is_text=detail.get("type") == "text/plain" and "<" not in said and "&" not in said,
        summary=summary if summary != content else "",
        content=content,
        author=_str(entry.get("author")),
        tags=tuple(
            _str(tag.get("label")) or _str(tag.get("term")) for tag in entry.get("tags", []) if isinstance(tag, dict)
        ),
        language=_str(entry.get("language")) or None,
        published=_str(entry.get("published")) or _str(entry.get("created")),
        updated=_str(entry.get("updated")),
    )


def _link(feed: Any, rel: str, base: str) -> str | None:
    links = [link for link in feed.get("links", []) if isinstance(link, dict) and link.get("rel") == rel]
    return next((url for link in links if (url := http_url(_str(link.get("href")), base))), None)


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""
