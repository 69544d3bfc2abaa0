"""Makes an Item of what a document says, whoever read it: text of HTML, absolute addresses, dates by our rules."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from watcher.model.entry import Item
from watcher.parse.limits import LONGEST_FIELD, LONGEST_GUID, LONGEST_TITLE, MOST_ITEMS, MOST_LOOKED_AT
from watcher.parse.mojibake import mended
from watcher.parse.progress import current
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


def cleaned_all(
    raws: Iterable[Raw], count: int, language: str | None, known: Collection[bytes] = frozenset()
) -> tuple[tuple[Item, ...], int]:
    """Clean a document's items, and tell how many are left out: of too many, the newest are kept, in their order.

    `language` is the feed's: that of the items that do not say. Those whose marks are `known` are only told by name.
    """
    if count <= MOST_ITEMS:
        items = _cleaned_in_time(raws, language, known)
        return items, count - len(items)
    looked_at = list(islice(raws, MOST_LOOKED_AT))
    newest = sorted(range(len(looked_at)), key=lambda place: _age(looked_at[place]), reverse=True)[:MOST_ITEMS]
    items = _cleaned_in_time((looked_at[place] for place in sorted(newest)), language, known)
    return items, count - len(items)


def _cleaned_in_time(raws: Iterable[Raw], language: str | None, known: Collection[bytes]) -> tuple[Item, ...]:
    """Return the items that whoever follows this reading leaves time for: without anybody, all of them."""
    progress = current()
    if progress is None:
        return tuple([_told(raw, language, known) for raw in raws])
    items: list[Item] = []
    for raw in raws:
        items.append(_told(raw, language, known))
        if not progress.add(items[-1]):
            break
    return tuple(items)


def _told(raw: Raw, language: str | None, known: Collection[bytes]) -> Item:
    mark = _mark(raw, language)
    if mark in known and raw.title and (raw.guid or raw.link):
        return _named(raw, mark)
    return cleaned(raw, language, mark)


def _mark(raw: Raw, language: str | None) -> bytes:
    """Hash all that an item says, before it is cleaned: cleaning is most of the work of reading a document."""
    said = (
        raw.guid, raw.link, raw.base, raw.title, str(raw.title_is_text), raw.summary, raw.content, raw.author,
        *raw.tags, raw.language or "", raw.published, raw.updated, language or "",
    )  # fmt: skip
    return hashlib.blake2b("\x1f".join(said).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _named(raw: Raw, mark: bytes) -> Item:
    """Read of an item that is known no more than what tells it apart, and when it was published."""
    said = raw.published or raw.updated
    published, doubtful = parse_date(said)
    return Item(
        guid=_guid(raw),
        url=_url(raw),
        title=_title(raw),
        published_at=published,
        published_raw=line(said)[:100],
        date_doubtful=doubtful,
        mark=mark,
        repeated=True,
    )


def cleaned(raw: Raw, language: str | None = None, mark: bytes = b"") -> Item:
    """Clean one item."""
    title = _title(raw)
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
        guid=_guid(raw),
        url=_url(raw),
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
        mark=mark,
    )


def once(words: Iterable[str]) -> tuple[str, ...]:
    """Give each word once, in order, empty ones left out."""
    return tuple(dict.fromkeys(word for word in words if word))


def site_url(said: str, base: str) -> str | None:
    """Give the address of a feed's page, None where it names none."""
    return http_url(said, base) if said.strip() else None


def _guid(raw: Raw) -> str | None:
    return line(raw.guid)[:LONGEST_GUID] or None


def _url(raw: Raw) -> str | None:
    return http_url(raw.link, raw.base or None) if raw.link else None


def _title(raw: Raw) -> str:
    heading = mended(raw.title)
    return line(heading)[:LONGEST_TITLE] if raw.title_is_text else title_text(heading)


def _age(raw: Raw) -> datetime:
    return parse_date(raw.published or raw.updated)[0] or _NEVER
