"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from watcher.errors import ParseError
from watcher.model.poll import Parsed
from watcher.parse.clean import Raw, cleaned_all
from watcher.text.html import plain
from watcher.text.langs import language_tag
from watcher.text.urls import http_url


def read_json(text: str, base: str, known: Collection[bytes] = frozenset()) -> Parsed:
    """Read a JSON Feed; raises ParseError (`not-feed`, `parse`)."""
    try:
        said = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ParseError("parse", f"JSON that cannot be read: {error}"[:200]) from error
    if not isinstance(said, dict) or not isinstance(said.get("items"), list):
        raise ParseError("not-feed", "JSON, but no JSON Feed")
    if "jsonfeed.org" not in str(said.get("version", "")) and "title" not in said:
        raise ParseError("not-feed", "JSON, but no JSON Feed")
    items = [item for item in said["items"] if isinstance(item, dict)]
    hubs = [hub for hub in _list(said.get("hubs")) if isinstance(hub, dict)]
    language = language_tag(_text(said.get("language")))
    read, left_out, unread = cleaned_all((_item(item, base) for item in items), len(items), language, known)
    return Parsed(
        items=read,
        title=" ".join(plain(_text(said.get("title"))).split())[:500],
        site_url=http_url(_text(said.get("home_page_url")), base) if said.get("home_page_url") else None,
        language=language,
        hub=next((http_url(_text(hub.get("url")), base) for hub in hubs if hub.get("type") == "WebSub"), None),
        topic_url=http_url(_text(said.get("feed_url")), base) if said.get("feed_url") else None,
        truncated_items=left_out,
        unread_marks=unread,
        parser="json",
    )


def _item(item: dict[str, Any], base: str) -> Raw:
    authors = [*_list(item.get("authors")), *([item["author"]] if isinstance(item.get("author"), dict) else [])]
    html, text = _text(item.get("content_html")), _text(item.get("content_text"))
    return Raw(
        guid=_text(item.get("id")),
        link=_text(item.get("url")) or _text(item.get("external_url")),
        base=base,
        title=_text(item.get("title")),
        title_is_text="<" not in _text(item.get("title")),
        summary=_escaped(_text(item.get("summary"))),
        content=html or _escaped(text),
        author=", ".join(_text(author.get("name")) for author in authors if isinstance(author, dict)),
        tags=tuple(_text(tag) for tag in _list(item.get("tags"))),
        language=_text(item.get("language")) or None,
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Give a string; numbers count as one (ids are often numbers), anything else as nothing."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
