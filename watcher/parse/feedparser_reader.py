"""Reads with feedparser what the fast reader leaves to it. The only module that knows that library and its traps."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from io import BytesIO
from typing import Any

from watcher.errors import ParseError
from watcher.model.poll import ParsedFeed
from watcher.parse.items import RawItem, build_items, clean_feed_title
from watcher.parse.links import Offered, is_web_address, leads_to_page
from watcher.parse.poll_hints import parse_poll_hints
from watcher.parse.progress import require_isolation
from watcher.text.language_tags import parse_language_tag
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
    # Imported where a document is doubtful: it takes a megabyte, and a daemon at rest has none.
    import feedparser

    require_isolation("feedparser's time and memory have no bound")
    # feedparser opens a str or bytes that names a file or an address, so it only ever gets a stream. Sanitising and
    # resolving are two thirds of its time, and ours to do. It does not get the document's address: it would make guids
    # that are no addresses relative to it.
    for pattern, name in _RENAMED:
        body = pattern.sub(name, body)
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        document = feedparser.parse(
            BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # a parser of anything meets everything: its fault is the document's
        raise ParseError("parse", f"cannot be read: {type(error).__name__}") from error
    feed, entries = document.get("feed", {}), document.get("entries", [])
    if not entries and not document.get("version"):
        raise ParseError("not-feed", "no feed of a known kind")
    fault = document.get("bozo_exception") if document.get("bozo") else None
    lenient = fault is None or type(fault).__name__ in {"NonXMLContentType", "CharacterEncodingOverride"}
    language = parse_language_tag(_str(feed.get("language")))
    items, left_out, unread = build_items(
        (_to_raw_item(entry, base) for entry in entries), len(entries), language, known
    )
    return ParsedFeed(
        items=items,
        title=clean_feed_title(_str(feed.get("title"))),
        site_url=http_url(_str(feed.get("link")), base) if feed.get("link") else None,
        language=language,
        hints=parse_poll_hints(
            _str(feed.get("ttl")), _str(feed.get("sy_updateperiod")), _str(feed.get("sy_updatefrequency")), (), ()
        ),
        hub=_find_feed_link(feed, "hub", base),
        topic_url=_find_feed_link(feed, "self", base),
        degraded=None if lenient else f"not well-formed ({type(fault).__name__})",
        truncated_items=left_out,
        unread_marks=unread,
        parser="feedparser",
    )


def _to_raw_item(entry: Any, base: str) -> RawItem:
    """Return what feedparser read of an item, split as the fast reader splits it."""
    contents = [_str(part.get("value")) for part in _dicts(entry, "content")]
    content = max(contents, key=len, default="")
    summary = _str(entry.get("summary"))
    title = _str(entry.get("title"))
    is_text = (entry.get("title_detail") or {}).get("type") == "text/plain"
    enclosures = tuple(_read_enclosures(entry))
    return RawItem(
        guid=_str(entry.get("id")),
        link=_choose_link(entry) or next((url for url, _type, _length in enclosures if url), ""),
        base=base,
        title=title or _str(entry.get("itunes_title")),
        title_is_text=is_text and not has_entities(title) and not has_tags(title, inline=False),
        # feedparser repeats the content as the summary where there is no other.
        summary=summary if summary != content else "",
        others=tuple(filter(None, (_str(entry.get(_OVERVIEW)), _str(entry.get("googleplay_description"))))),
        subtitle=_str(entry.get("subtitle")),
        caption=_str(entry.get(_CAPTION)),
        content=content,
        author=_str(entry.get("author")),
        tags=tuple(_str(tag.get("label")) or _str(tag.get("term")) for tag in _dicts(entry, "tags")),
        language=_str(entry.get("language")) or None,
        published=tuple(filter(None, (_str(entry.get("published")), _str(entry.get("created"))))),
        updated=_str(entry.get("updated")),
        enclosures=enclosures,
    )


def _choose_link(entry: Any) -> str:
    original, guid = _str(entry.get("feedburner_origlink")), _str(entry.get("id"))
    if is_web_address(original):
        return original  # FeedBurner: `link` leads through its counter
    link = _str(entry.get("link"))
    if link and not leads_to_page(link):
        return guid if is_web_address(guid) and entry.get("guidislink") else ""
    return link or _find_link(entry, "self") or (guid if is_web_address(guid) else "")


def _read_enclosures(entry: Any) -> Iterator[Offered]:
    for medium in (*_dicts(entry, "enclosures"), *_dicts(entry, "media_content")):
        url, length = medium.get("href") or medium.get("url"), medium.get("length") or medium.get("filesize")
        yield _str(url), _str(medium.get("type")), _str(length)


def _dicts(owner: Any, name: str) -> list[Any]:
    """Return the parts of a list: broken documents make feedparser put other things among them."""
    return [part for part in owner.get(name, []) if isinstance(part, dict)]


def _find_link(owner: Any, relation: str) -> str:
    return next((_str(link.get("href")) for link in _dicts(owner, "links") if link.get("rel") == relation), "")


def _find_feed_link(feed: Any, relation: str, base: str) -> str | None:
    links = (link for link in _dicts(feed, "links") if link.get("rel") == relation)
    return next((url for link in links if (url := http_url(_str(link.get("href")), base))), None)


def _str(value: object) -> str:
    return value if isinstance(value, str) else ""
