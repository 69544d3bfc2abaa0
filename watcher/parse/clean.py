"""Makes an Item of what a document says, whoever read it: text of HTML, absolute addresses, dates by our rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from watcher.model.entry import Item
from watcher.parse.limits import LONGEST_FIELD, LONGEST_GUID, LONGEST_TITLE, MOST_ITEMS, MOST_LOOKED_AT
from watcher.parse.mojibake import mended
from watcher.text.dates import parse_date
from watcher.text.html import line, title_text, to_text
from watcher.text.langs import language_tag
from watcher.text.urls import http_url

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Raw:
    """An item as a reader found it: strings as they stand; `base` is what its relative addresses are relative to."""

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


def cleaned_all(raws: Iterable[Raw], count: int, language: str | None) -> tuple[tuple[Item, ...], int]:
    """Clean a document's items, and tell how many are left out: of too many, the newest are kept, in their order.

    `language` is the feed's: that of the items that do not say.
    """
    if count <= MOST_ITEMS:
        return tuple([cleaned(raw, language) for raw in raws]), 0
    looked_at = list(islice(raws, MOST_LOOKED_AT))
    newest = sorted(range(len(looked_at)), key=lambda place: _age(looked_at[place]), reverse=True)[:MOST_ITEMS]
    return tuple([cleaned(looked_at[place], language) for place in sorted(newest)]), count - len(newest)


def cleaned(raw: Raw, language: str | None = None) -> Item:
    """Clean one item."""
    heading = mended(raw.title)
    title = line(heading)[:LONGEST_TITLE] if raw.title_is_text else title_text(heading)
    summary = to_text(mended(raw.summary[:LONGEST_FIELD])) if raw.summary else ""
    content = to_text(mended(raw.content[:LONGEST_FIELD])) if raw.content and raw.content != raw.summary else ""
    if not summary and content and len(content) <= 500:
        summary, content = content, ""
    elif content == summary:
        content = ""
    if not title:
        title = line((summary or content)[:400])[:80]
    said = raw.published or raw.updated
    published, doubtful = parse_date(said)
    updated = published if raw.updated == said else parse_date(raw.updated)[0]
    return Item(
        guid=line(raw.guid)[:LONGEST_GUID] or None,
        url=http_url(raw.link, raw.base or None) if raw.link else None,
        title=title,
        summary=summary,
        content=content,
        author=line(mended(raw.author))[:200],
        tags=once(line(mended(tag))[:100] for tag in raw.tags)[:50] if raw.tags else (),
        language=(language_tag(raw.language) if raw.language else None) or language,
        published_at=published,
        published_raw=line(said)[:100],
        updated_at=updated if raw.updated else None,
        date_doubtful=doubtful,
    )


def once(words: Iterable[str]) -> tuple[str, ...]:
    """Give each word once, in order, empty ones left out."""
    return tuple(dict.fromkeys(word for word in words if word))


def site_url(said: str, base: str) -> str | None:
    """Give the address of a feed's page, None where it names none."""
    return http_url(said, base) if said.strip() else None


def _age(raw: Raw) -> datetime:
    return parse_date(raw.published or raw.updated)[0] or _NEVER
