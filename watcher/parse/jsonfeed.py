"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from watcher.errors import ParseError
from watcher.model.poll import ParsedFeed
from watcher.parse.items import Raw, clean_all, clean_feed_title, once
from watcher.parse.links import Offered, is_web_address
from watcher.text.language_tags import language_tag
from watcher.text.markup import has_tags
from watcher.text.urls import http_url

_LONGEST_NUMBER = 300


def read_json(text: str, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read a JSON Feed; raises ParseError (`not-feed`, `parse`)."""
    try:
        said = json.loads(text, strict=False, parse_int=_read_integer, parse_float=_read_float)
    except (ValueError, RecursionError) as error:
        raise ParseError("parse", f"JSON that cannot be read: {error}"[:200]) from error
    if not isinstance(said, dict) or not isinstance(said.get("items"), list):
        raise ParseError("not-feed", "JSON, but no JSON Feed")
    if "jsonfeed.org" not in str(said.get("version", "")) and "title" not in said:
        raise ParseError("not-feed", "JSON, but no JSON Feed")
    items = [item for item in said["items"] if isinstance(item, dict)]
    hubs = [hub for hub in _list(said.get("hubs")) if isinstance(hub, dict)]
    language = language_tag(_text(said.get("language")))
    author = _authors(said)
    read, left_out, unread = clean_all((_item(item, base, author) for item in items), len(items), language, known)
    return ParsedFeed(
        items=read,
        title=clean_feed_title(*_title(said)),
        site_url=http_url(_text(said.get("home_page_url")), base) if said.get("home_page_url") else None,
        language=language,
        hub=next((http_url(_text(hub.get("url")), base) for hub in hubs if hub.get("type") == "WebSub"), None),
        topic_url=http_url(_text(said.get("feed_url")), base) if said.get("feed_url") else None,
        truncated_items=left_out,
        unread_marks=unread,
        parser="json",
    )


def _read_integer(digits: str) -> int | str:
    """Return a number, as text where it is so long that reading it would take more than linear time."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _read_float(digits: str) -> float | str:
    return float(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _item(item: dict[str, Any], base: str, feed_author: str) -> Raw:
    html = _text(item.get("content_html"))
    guid = _text(item.get("id"))
    title, is_text = _title(item)
    enclosures = _attachments(item)
    link = _text(item.get("url")) or _text(item.get("external_url")) or (guid if is_web_address(guid) else "")
    return Raw(
        guid=guid,
        link=link or next((url for url, _type, _length in enclosures if url), ""),
        base=base,
        title=title,
        title_is_text=is_text,
        summary=_text(item.get("summary")),
        summary_is_text=True,
        content=html or _text(item.get("content_text")),
        content_is_text=not html,
        author=_authors(item) or feed_author,
        tags=tuple(_text(tag) for tag in _list(item.get("tags"))),
        language=_text(item.get("language")) or None,
        published=(_text(item.get("date_published")),) if item.get("date_published") else (),
        updated=_text(item.get("date_modified")),
        enclosures=enclosures,
    )


def _title(owner: dict[str, Any]) -> tuple[str, bool]:
    """Return a title and whether it is text, which it is but for those who write markup all the same."""
    title = _text(owner.get("title"))
    return title, not has_tags(title, inline=False)


def _authors(owner: dict[str, Any]) -> str:
    """Return the names of an item's or feed's authors: a list, as 1.1 has it, one object, or the `author` of 1.0."""
    written = owner.get("authors")
    people = [*(written if isinstance(written, list) else [written]), owner.get("author")]
    names = [_text(person.get("name") if isinstance(person, dict) else person).strip() for person in people]
    return ", ".join(once(names))


def _attachments(item: dict[str, Any]) -> tuple[Offered, ...]:
    return tuple(
        (_text(each.get("url")), _text(each.get("mime_type")), _text(each.get("size_in_bytes")))
        for each in _list(item.get("attachments"))
        if isinstance(each, dict)
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Give a string; numbers count as one (ids are often numbers), anything else as nothing."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
