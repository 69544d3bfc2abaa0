"""Makes an Item of what a document says, whoever read it: text of HTML, absolute addresses, dates by our rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watcher.model.entry import Item
from watcher.parse.limits import LONGEST_FIELD, LONGEST_GUID, LONGEST_TITLE
from watcher.text.dates import parse_date
from watcher.text.html import plain, title_text, to_text
from watcher.text.langs import language_tag
from watcher.text.urls import http_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An item as a reader found it: strings as they stand, links as (address, base)."""

    guid: str = ""
    link: str = ""
    base: str = ""
    title: str = ""
    title_is_text: bool = False
    summary: str = ""
    content: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None
    published: str = ""
    updated: str = ""


def cleaned(raw: Raw) -> Item:
    """Clean one item."""
    title = " ".join(plain(raw.title).split())[:LONGEST_TITLE] if raw.title_is_text else title_text(raw.title)
    summary = to_text(raw.summary[:LONGEST_FIELD])
    content = to_text(raw.content[:LONGEST_FIELD])
    if not summary and content:
        summary, content = (content, "") if len(content) <= 500 else (summary, content)
    elif content == summary:
        content = ""
    if not title:
        title = " ".join((summary or content).split())[:80]
    said = raw.published or raw.updated
    published, doubtful = parse_date(said)
    updated, _doubtful = parse_date(raw.updated)
    guid = plain(raw.guid)[:LONGEST_GUID]
    return Item(
        guid=guid or None,
        url=http_url(raw.link, raw.base or None) if raw.link.strip() else None,
        title=title,
        summary=summary,
        content=content,
        author=" ".join(plain(raw.author).split())[:200],
        tags=once(" ".join(plain(tag).split())[:100] for tag in raw.tags)[:50],
        language=language_tag(raw.language),
        published_at=published,
        published_raw=" ".join(plain(said).split())[:100],
        updated_at=updated,
        date_doubtful=doubtful,
    )


def once(words: Iterable[str]) -> tuple[str, ...]:
    """Give each word once, in order, empty ones left out."""
    return tuple(dict.fromkeys(word for word in words if word))
