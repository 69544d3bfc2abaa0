"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from watcher.errors import ParseError
from watcher.model.poll import ParsedFeed
from watcher.parse.items import RawItem, build_items, clean_feed_title, drop_duplicates
from watcher.parse.links import Offered, is_web_address
from watcher.text.language_tags import parse_language_tag
from watcher.text.markup import has_tags
from watcher.text.urls import http_url

_MAX_NUMBER_LENGTH = 300


def read_json(text: str, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read a JSON Feed; raises ParseError (`not-feed`, `parse`)."""
    try:
        feed = json.loads(text, strict=False, parse_int=_read_integer, parse_float=_read_float)
    except (ValueError, RecursionError) as error:
        raise ParseError("parse", f"JSON that cannot be read: {error}"[:200]) from error
    if not _is_json_feed(feed):
        raise ParseError("not-feed", "JSON, but no JSON Feed")
    raw_items = _list_dicts(feed["items"])
    hubs = [hub for hub in _list_dicts(feed.get("hubs")) if hub.get("type") == "WebSub"]
    language = parse_language_tag(_text(feed.get("language")))
    author = _read_authors(feed)
    items, left_out, unread = build_items(
        (_to_raw_item(item, base, author) for item in raw_items), len(raw_items), language, known
    )
    return ParsedFeed(
        items=items,
        title=clean_feed_title(*_read_title(feed)),
        site_url=_read_url(feed, "home_page_url", base),
        language=language,
        hub=_read_url(hubs[0], "url", base) if hubs else None,
        topic_url=_read_url(feed, "feed_url", base),
        truncated_items=left_out,
        unread_marks=unread,
        parser="json",
    )


def _is_json_feed(value: Any) -> bool:
    """Return whether JSON is a feed: it names the version, or has a title beside its items."""
    if not isinstance(value, dict) or not isinstance(value.get("items"), list):
        return False
    return "jsonfeed.org" in str(value.get("version", "")) or "title" in value


def _read_url(owner: dict[str, Any], name: str, base: str) -> str | None:
    return http_url(_text(owner[name]), base) if owner.get(name) else None


def _read_integer(digits: str) -> int | str:
    """Return a number, as text where it is so long that reading it would take more than linear time."""
    return int(digits) if len(digits) <= _MAX_NUMBER_LENGTH else digits


def _read_float(digits: str) -> float | str:
    return float(digits) if len(digits) <= _MAX_NUMBER_LENGTH else digits


def _to_raw_item(item: dict[str, Any], base: str, feed_author: str) -> RawItem:
    html = _text(item.get("content_html"))
    guid = _text(item.get("id"))
    title, is_text = _read_title(item)
    enclosures = _read_attachments(item)
    # `external_url` is what a link blog writes about: only where the item has no page of its own.
    link = _text(item.get("url")) or _text(item.get("external_url")) or (guid if is_web_address(guid) else "")
    return RawItem(
        guid=guid,
        link=link or next((url for url, _type, _length in enclosures if url), ""),
        base=base,
        title=title,
        title_is_text=is_text,
        summary=_text(item.get("summary")),
        summary_is_text=True,
        content=html or _text(item.get("content_text")),
        content_is_text=not html,
        author=_read_authors(item) or feed_author,
        tags=tuple(map(_text, item["tags"] if isinstance(item.get("tags"), list) else ())),
        language=_text(item.get("language")) or None,
        published=(_text(item.get("date_published")),) if item.get("date_published") else (),
        updated=_text(item.get("date_modified")),
        enclosures=enclosures,
    )


def _read_title(owner: dict[str, Any]) -> tuple[str, bool]:
    """Return a title and whether it is text, which it is but for those who write markup all the same."""
    title = _text(owner.get("title"))
    return title, not has_tags(title, inline=False)


def _read_authors(owner: dict[str, Any]) -> str:
    """Return the names of an item's or feed's authors: a list, as 1.1 has it, one object, or the `author` of 1.0."""
    written = owner.get("authors")
    people = [*(written if isinstance(written, list) else [written]), owner.get("author")]
    names = [_text(person.get("name") if isinstance(person, dict) else person).strip() for person in people]
    return ", ".join(drop_duplicates(names))


def _read_attachments(item: dict[str, Any]) -> tuple[Offered, ...]:
    return tuple(
        (_text(medium.get("url")), _text(medium.get("mime_type")), _text(medium.get("size_in_bytes")))
        for medium in _list_dicts(item.get("attachments"))
    )


def _list_dicts(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list; anything else counts as nothing."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Return a string; numbers count as one (ids are often numbers), anything else as nothing."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
