"""feedparser: the judge of what a doubtful document says. Alone knows that library and its traps."""

from __future__ import annotations

import re
from collections.abc import Collection
from io import BytesIO
from typing import Any

import feedparser

from watcher.errors import ParseError
from watcher.model.poll import ParsedFeed
from watcher.parse.items import Raw, clean_all, clean_feed_title
from watcher.parse.links import is_web_address
from watcher.parse.poll_hints import hints_of
from watcher.parse.progress import require_isolation
from watcher.text.language_tags import language_tag
from watcher.text.markup import has_entities, has_tags
from watcher.text.urls import http_url

_CAPTION, _OVERVIEW = "media_caption", "itunes_overview"
_RENAMED = (
    (re.compile(rb"<(/?)media:description(?=[\s>/])", re.IGNORECASE), rb"<\1media:caption"),
    (re.compile(rb"<(/?)itunes:summary(?=[\s>/])", re.IGNORECASE), rb"<\1itunes:overview"),
)
"""feedparser takes both for the item's description or content: under other names they do not replace it."""


def read_loosely(body: bytes, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read a UTF-8 document however broken; raises ParseError (`not-feed`) where nothing in it is a feed."""
    require_isolation("feedparser's time and memory have no bound")
    # feedparser opens a str or bytes that names a file or an address, so it only ever gets a stream. Sanitising and
    # resolving are two thirds of its time, and ours to do. It is not told the document's address: it would make guids
    # that are no addresses relative to it.
    for pattern, name in _RENAMED:
        body = pattern.sub(name, body)
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
    items, left_out, unread = clean_all((_item(entry, base) for entry in entries), len(entries), language, known)
    return ParsedFeed(
        items=items,
        title=clean_feed_title(_str(feed.get("title"))),
        site_url=http_url(_str(feed.get("link")), base) if feed.get("link") else None,
        language=language,
        hints=hints_of(
            _str(feed.get("ttl")), _str(feed.get("sy_updateperiod")), _str(feed.get("sy_updatefrequency")), (), ()
        ),
        hub=_link(feed, "hub", base),
        topic_url=_link(feed, "self", base),
        degraded=None if lenient else f"not well-formed ({type(fault).__name__})",
        truncated_items=left_out,
        unread_marks=unread,
        parser="feedparser",
    )


def _item(entry: Any, base: str) -> Raw:
    """Collect what feedparser read of an item, split as the quick reader splits it."""
    contents = [_str(part.get("value")) for part in entry.get("content", []) if isinstance(part, dict)]
    content = max(contents, key=len, default="")
    summary = _str(entry.get("summary"))
    detail = entry.get("title_detail") or {}
    title = _str(entry.get("title"))
    guid, original = _str(entry.get("id")), _str(entry.get("feedburner_origlink"))
    enclosures = tuple(
        (
            _str(each.get("href") or each.get("url")),
            _str(each.get("type")),
            _str(each.get("length") or each.get("filesize")),
        )
        for each in (*entry.get("enclosures", []), *entry.get("media_content", []))
        if isinstance(each, dict)
    )
    link = (original if is_web_address(original) else "") or _str(entry.get("link"))
    link = link or _link_of(entry, "self") or (guid if is_web_address(guid) else "")
    return Raw(
        guid=guid,
        link=link or next((url for url, _type, _length in enclosures if url), ""),
        base=base,
        title=title or _str(entry.get("itunes_title")),
        title_is_text=detail.get("type") == "text/plain"
        and not has_entities(title)
        and not has_tags(title, inline=False),
        summary=summary if summary != content else "",
        others=tuple(filter(None, (_str(entry.get(_OVERVIEW)), _str(entry.get("googleplay_description"))))),
        subtitle=_str(entry.get("subtitle")),
        caption=_str(entry.get(_CAPTION)),
        content=content,
        author=_str(entry.get("author")),
        tags=tuple(
            _str(tag.get("label")) or _str(tag.get("term")) for tag in entry.get("tags", []) if isinstance(tag, dict)
        ),
        language=_str(entry.get("language")) or None,
        published=tuple(filter(None, (_str(entry.get("published")), _str(entry.get("created"))))),
        updated=_str(entry.get("updated")),
        enclosures=enclosures,
    )


def _link_of(entry: Any, relation: str) -> str:
    links = (link for link in entry.get("links", []) if isinstance(link, dict) and link.get("rel") == relation)
    return next((_str(link.get("href")) for link in links), "")


def _link(feed: Any, rel: str, base: str) -> str | None:
    links = [link for link in feed.get("links", []) if isinstance(link, dict) and link.get("rel") == rel]
    return next((url for link in links if (url := http_url(_str(link.get("href")), base))), None)


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""
