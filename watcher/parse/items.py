"""Items from what the readers found, whichever read it: HTML to text, absolute addresses, dates by our rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from watcher.model.entry import Item
from watcher.parse.limits import MAX_FIELD_LENGTH, MAX_GUID_LENGTH, MAX_ITEMS, MAX_ITEMS_EXAMINED, MAX_TITLE_LENGTH
from watcher.parse.links import Offered, make_enclosures, unescape_address
from watcher.parse.mojibake import fix_mojibake
from watcher.parse.progress import get_progress, require_isolation
from watcher.text.dates import parse_date
from watcher.text.hashing import hash_bytes
from watcher.text.html import clean_line, clean_lines, html_to_text, title_to_text
from watcher.text.language_tags import parse_language_tag
from watcher.text.markup import escape_literals, has_entities, has_tags
from watcher.text.plain_markup import read_plain_markup
from watcher.text.urls import http_url

_NEVER = datetime.min.replace(tzinfo=UTC)
_SECTION = re.compile(r"<!\[CDATA\[|\]\]>")
_SHOWN_CODE = re.compile(r"<(?:code|pre|samp|kbd|tt|xmp)\b", re.IGNORECASE)
_MAX_SUMMARY_LENGTH = 500
"""Characters of a body that is no more than a summary."""


@dataclass(slots=True, kw_only=True)
class RawItem:
    """An item as a reader found it: strings as they stand; `base` is what its relative addresses are relative to.

    `others` are further descriptions of the item, the best first. `subtitle` and `caption` (plain text) count only
    where nothing else says anything. `published` are its dates, the best first.
    """

    guid: str = ""
    link: str = ""
    base: str = ""
    title: str = ""
    title_is_text: bool = False
    summary: str = ""
    summary_is_text: bool = False
    others: tuple[str, ...] = ()
    subtitle: str = ""
    caption: str = ""
    content: str = ""
    content_is_text: bool = False
    author: str = ""
    tags: tuple[str, ...] = ()
    language: str | None = None
    published: tuple[str, ...] = ()
    updated: str = ""
    enclosures: tuple[Offered, ...] = ()


def build_items(
    raws: Iterable[RawItem], count: int, language: str | None, known: Collection[bytes] = frozenset()
) -> tuple[tuple[Item, ...], int, frozenset[bytes]]:
    """Return a document's items, how many unknown ones are left out, and the marks of these.

    Of too many the newest unknown ones are read, in their order: what is left out is read by the next polls, wherever
    in the document it stands. `language` is the feed's: a change of it changes the marks. Those whose marks are
    `known` are read no further than what tells them apart (Item.repeated).
    """
    if count <= MAX_ITEMS:
        items = _build_in_time(raws, language, known)
        return items, count - len(items), frozenset()
    require_isolation("more items than are kept")
    looked_at = list(islice(raws, MAX_ITEMS_EXAMINED))
    marks = [_mark(raw, language) for raw in looked_at]
    unknown = [place for place, mark in enumerate(marks) if mark not in known]
    unknown.sort(key=lambda place: _age(looked_at[place]), reverse=True)
    unread = set(unknown[MAX_ITEMS:])
    kept = [raw for place, raw in enumerate(looked_at) if place not in unread]
    items = _build_in_time(kept, language, known)
    left = count - len(looked_at) + len(unread) + len(kept) - len(items)
    return items, left, frozenset(marks[place] for place in unread)


def _build_in_time(raws: Iterable[RawItem], language: str | None, known: Collection[bytes]) -> tuple[Item, ...]:
    """Return the items that the follower of this reading leaves time for: without one, all of them."""
    progress = get_progress()
    if progress is None:
        return tuple([_build_or_identify(raw, language, known) for raw in raws])
    items: list[Item] = []
    for raw in raws:
        items.append(_build_or_identify(raw, language, known))
        if not progress.add(items[-1]):
            break
    return tuple(items)


def _build_or_identify(raw: RawItem, language: str | None, known: Collection[bytes]) -> Item:
    mark = _mark(raw, language)
    if mark in known and raw.title and (raw.guid or raw.link):
        return _build_repeated(raw, mark)
    return build_item(raw, language, mark)


def _mark(raw: RawItem, language: str | None) -> bytes:
    """Return a hash of all that an item says, before it is cleaned: cleaning is most of the work of reading a document.

    Media files are left out: the addresses of many carry a token that changes with every poll.
    """
    kinds = f"{raw.title_is_text:d}{raw.summary_is_text:d}{raw.content_is_text:d}"
    parts = (
        raw.guid, raw.link, raw.base, raw.title, kinds, raw.summary, raw.content, raw.author, *raw.tags,
        raw.language or "", *raw.published, raw.updated, language or "", *raw.others, raw.subtitle, raw.caption,
    )  # fmt: skip
    return hash_bytes("\x1f".join(parts).encode("utf-8", "surrogatepass"), 8)


def _build_repeated(raw: RawItem, mark: bytes) -> Item:
    """Return of a known item no more than what tells it apart, and when it was published."""
    raw_date, published, doubtful = _parse_published(raw)
    return Item(
        guid=_guid(raw),
        url=_url(raw),
        title=_title(raw),
        published_at=published,
        published_raw=clean_line(raw_date)[:100],
        date_doubtful=doubtful,
        mark=mark,
        repeated=True,
    )


def build_item(raw: RawItem, language: str | None = None, mark: bytes = b"") -> Item:
    """Return one item, cleaned."""
    title = _title(raw)
    summary, content = _clean_texts(raw)
    if not title:
        title = clean_line((summary or content)[:400])[:80]
    raw_date, published, doubtful = _parse_published(raw, language)
    updated = published if raw.updated == raw_date else parse_date(raw.updated)[0]
    return Item(
        guid=_guid(raw),
        url=_url(raw),
        title=title,
        summary=summary,
        content=content,
        author=_clean_name(raw.author)[:200],
        tags=drop_duplicates(_clean_name(tag)[:100] for tag in raw.tags)[:50] if raw.tags else (),
        language=parse_language_tag(raw.language) if raw.language else None,
        published_at=published,
        published_raw=clean_line(raw_date)[:100],
        updated_at=updated if raw.updated else None,
        date_doubtful=doubtful,
        enclosures=make_enclosures(raw.enclosures, raw.base) if raw.enclosures else (),
        mark=mark,
    )


def clean_feed_title(raw: str, is_text: bool = False) -> str:
    """Return the title of a feed as text, cleaned as those of its items are."""
    return _heading(raw, is_text)


def drop_duplicates(words: Iterable[str]) -> tuple[str, ...]:
    """Return each word once, in order, empty ones left out."""
    return tuple(dict.fromkeys(filter(None, words)))


def parse_site_url(written: str, base: str) -> str | None:
    """Return the address of a feed's page, None where it names none."""
    return http_url(unescape_address(written), base) if written.strip() else None


def _clean_texts(raw: RawItem) -> tuple[str, str]:
    """Return the summary and the content of an item, chosen by what they say once they are text.

    A description that is only a picture hides no other. Captions of pictures stand for an item only where it says
    nothing else. A short body without a summary is the summary.
    """
    summary = _clean_text(raw.summary, raw.summary_is_text)
    content = _clean_text(raw.content, raw.content_is_text) if raw.content != raw.summary else ""
    if raw.others:
        summary, content = _add_descriptions(raw, summary, content)
    summary = summary or _clean_text(raw.subtitle)
    if not summary and not content:
        summary = _clean_text(raw.caption, not has_tags(raw.caption))
    if not summary and content and len(content) <= _MAX_SUMMARY_LENGTH:
        return content, ""
    return summary, content if content != summary else ""


def _add_descriptions(raw: RawItem, summary: str, content: str) -> tuple[str, str]:
    """Return the summary and the content of an item, with what its further descriptions say.

    Where nothing is marked as content, one that says more than the summary is the content: podcasts have
    `itunes:summary` beside a line of `description`.
    """
    for other in raw.others:
        if other in (raw.summary, raw.content) or (summary and (content or len(other) <= len(summary))):
            continue
        text = _clean_text(other)
        if not summary:
            summary = text
        elif not content and len(text) > len(summary):
            content = text
    return summary, content


def _clean_text(raw: str, is_text: bool = False) -> str:
    """Return the words of a description or body, which may be escaped twice or hold what only resembles markup."""
    if not raw:
        return ""
    if is_text:
        return clean_lines(fix_mojibake(raw[:MAX_FIELD_LENGTH]))
    html = fix_mojibake(_drop_section_marks(raw[:MAX_FIELD_LENGTH]))
    if "<" not in html:
        text = html_to_text(html)
        # Markup that was escaped twice is the text of the first reading: WordPress comments, reddit.
        return html_to_text(escape_literals(text)) if has_tags(text) or has_entities(text) else text
    is_markup = has_tags(html)
    plain = read_plain_markup(html) if is_markup else None
    text = clean_lines(plain) if plain is not None else html_to_text(escape_literals(html, lone=not is_markup))
    if has_entities(text) and _SHOWN_CODE.search(html) is None:
        return html_to_text(text.replace("<", "&lt;"))
    return text


def _clean_name(raw: str) -> str:
    """Return the name of an author or a tag: text, but for those who write markup or escape it once too often."""
    text = fix_mojibake(raw)
    return title_to_text(_drop_section_marks(text)) if "<" in text or "&" in text else clean_line(text)


def _drop_section_marks(raw: str) -> str:
    """Return text without the marks of a CDATA section that was escaped as if it were text."""
    return _SECTION.sub("", raw) if "<![CDATA[" in raw else raw


def _parse_published(raw: RawItem, language: str | None = None) -> tuple[str, datetime | None, bool]:
    """Return what an item says of its date first, the first moment that can be read, and whether it is doubtful.

    A date that cannot be read hides none of the others; where none can, the first one is doubtful.
    """
    candidates = raw.published or (raw.updated,)
    language = (parse_language_tag(raw.language) if raw.language else None) or language
    first = candidates[0]
    moment, doubtful = parse_date(first, language=language)
    if moment is None and doubtful:
        for other in (*candidates[1:], raw.updated):
            if (read := parse_date(other, language=language))[0] is not None:
                return first, *read
    return first, moment, doubtful


def _guid(raw: RawItem) -> str | None:
    return clean_line(raw.guid)[:MAX_GUID_LENGTH] or None


def _url(raw: RawItem) -> str | None:
    return http_url(unescape_address(raw.link), raw.base or None) if raw.link else None


def _title(raw: RawItem) -> str:
    return _heading(raw.title, raw.title_is_text)


def _heading(raw: str, is_text: bool) -> str:
    heading = fix_mojibake(raw)
    return clean_line(heading)[:MAX_TITLE_LENGTH] if is_text else title_to_text(_drop_section_marks(heading))


def _age(raw: RawItem) -> datetime:
    return _parse_published(raw)[1] or _NEVER
