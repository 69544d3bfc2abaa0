"""OPML 2.0, parsed and formatted: lists of feeds, folders as tags. What is hostile in it is refused or harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from watcher.errors import ParseError
from watcher.model.feed import FeedConfig
from watcher.parse.charset import decode
from watcher.parse.opml_outlines import NotWellFormedError, Outline, collect_loosely, collect_outlines
from watcher.parse.xml_tree import repair_xml
from watcher.text.language_tags import parse_language_tag
from watcher.text.urls import http_url

MAX_OPML_BYTES = 10 * 2**20
MAX_TAGS_PER_FEED = 50
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_ROOT = re.compile(r"<(?:[\w.-]+:)?opml(?=[\s>])", re.IGNORECASE)
_PROLOGUE = re.compile(r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ELEMENT = re.compile(r"<[A-Za-z]")
_END = re.compile(r"</(?:[\w.-]+:)?opml\s*>", re.IGNORECASE)
_APPLE = re.compile(r"^(feed|itpc|pcast|podcast):(?://)?(https?:(?://)?)?", re.IGNORECASE)
_NO_FEEDS = {"link", "include", "folder", "category"}
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """What a list names: its feeds, each once, and what it calls feeds that can be none.

    `damage` says what is wrong with a list that was read as far as it is whole, `note` why it names no feed at all.
    """

    sources: tuple[FeedConfig, ...]
    refused: tuple[str, ...] = ()
    damage: str | None = None
    note: str | None = None


def parse_opml(body: bytes) -> Outlines:
    """Parse a list of feeds; raises ParseError (`too-large`, `not-opml`).

    Names count in any case, with any prefix and namespace. Bare ampersands and entities of HTML are repaired as in
    feeds. What is not well-formed even then is read outline by outline, and `damage` says so.
    """
    if len(body) > MAX_OPML_BYTES:
        raise ParseError("too-large", f"larger than {MAX_OPML_BYTES >> 20} MB")
    text, _fault = decode(body, None)
    text = _DECLARATION.sub("", text, count=1)
    if "<!ENTITY" in text:
        raise ParseError("not-opml", "declares entities, which no list of feeds needs")
    root = _ROOT.search(text)
    if root is None or _ELEMENT.search(_PROLOGUE.sub("", text[: root.start()])) is not None:
        raise ParseError("not-opml", "no OPML: its root is no <opml>")
    text = repair_xml(text[root.start() :])
    damage = None
    try:
        outlines = collect_outlines(text)
    except NotWellFormedError as error:
        outlines = collect_loosely(text)
        whole = _END.search(text) is not None
        damage = f"not well-formed ({error})" if whole else "cut short: only the outlines that are whole were read"
    return _read_outlines(outlines, damage)


def _read_outlines(outlines: Sequence[Outline], damage: str | None) -> Outlines:
    sources: dict[str, FeedConfig] = {}
    refused: list[str] = []
    for outline in outlines:
        address = _find_address(outline.attributes)
        if not address:
            continue
        url = http_url(_APPLE.sub(_plain_scheme, address))
        if url is None:
            refused.append(address[:200])
            continue
        source = _build_source(url, address, outline)
        known = sources.get(url)
        # A feed in two folders is one feed with two tags.
        sources[url] = source if known is None else _add_tags(known, source.tags)
    note = None
    if not sources and not refused:
        count = len(outlines)
        note = f"no outline of {count:,} has the address of a feed (xmlUrl)" if count else "it has no outlines"
    return Outlines(sources=tuple(sources.values()), refused=tuple(refused), damage=damage, note=note)


def format_opml(sources: Iterable[FeedConfig], title: str, now: datetime, *, with_secrets: bool = False) -> str:
    """Format a list of feeds as OPML: a folder for each first tag, all tags as categories.

    Logins and tokens are left out unless `with_secrets`.
    """
    folders: dict[str, list[FeedConfig]] = {}
    for source in sources:
        folders.setdefault(source.tags[0] if source.tags else "", []).append(source)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{_legal(escape(title))}</title><dateCreated>{format_datetime(now)}</dateCreated></head>",
        "  <body>",
    ]
    for name in sorted(folders, key=lambda name: (not name, name.casefold(), name)):
        inside = [_format_outline(source, with_secrets=with_secrets) for source in folders[name]]
        if name:
            lines.append(f"    <outline text={_quoted(name)} title={_quoted(name)}>")
            lines += [f"      {line}" for line in inside]
            lines.append("    </outline>")
        else:
            lines += [f"    {line}" for line in inside]
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _find_address(attributes: Mapping[str, str]) -> str:
    """Return the address under which an outline names a feed, empty where it is a folder or a link."""
    for name in ("xmlurl", "feedurl", "rssurl"):
        if attributes.get(name, "").strip():
            return attributes[name].strip()
    if attributes.get("type", "").strip().lower() in _NO_FEEDS:
        return ""
    return (attributes.get("url") or attributes.get("href") or "").strip()


def _plain_scheme(sources: re.Match[str]) -> str:
    """Return the scheme that `feed:` and its like stand for: feed:https://a and feed://a are both in use."""
    return sources[2] or "http://"


def _build_source(url: str, address: str, outline: Outline) -> FeedConfig:
    attributes = outline.attributes
    categories = [_unescape_category(part) for part in (attributes.get("category") or "").split(",")]
    title = _read_title(attributes)
    tags = dict.fromkeys(tag[:100] for tag in (*outline.folders, *categories) if tag)
    return FeedConfig(
        url=url,
        title="" if title in {url, address} else title[:300],
        tags=tuple(tags)[:MAX_TAGS_PER_FEED],
        language=parse_language_tag(attributes.get("language")),
    )


def _add_tags(source: FeedConfig, tags: tuple[str, ...]) -> FeedConfig:
    return replace(source, tags=tuple(dict.fromkeys((*source.tags, *tags))))


def _read_title(attributes: Mapping[str, str]) -> str:
    return " ".join((attributes.get("title") or attributes.get("text") or "").split())


def _format_outline(source: FeedConfig, *, with_secrets: bool) -> str:
    name = source.title or source.url
    attributes = {
        "type": "rss",
        "text": name,
        "title": name,
        "xmlUrl": _format_address_with_login(source) if with_secrets else source.url,
    }
    if len(source.tags) > 1:
        attributes["category"] = ",".join(_escape_category(tag) for tag in source.tags)
    if source.language:
        attributes["language"] = source.language
    return f"<outline {' '.join(f'{key}={_quoted(value)}' for key, value in attributes.items())}/>"


def _format_address_with_login(source: FeedConfig) -> str:
    """Return the address that is fetched, with its login inside."""
    scheme, separator, rest = source.request_url.partition("://")
    if source.access.username is None:
        return source.request_url
    login = f"{quote(source.access.username, safe='')}:{quote(source.access.password or '', safe='')}"
    return f"{scheme}{separator}{login}@{rest}"


def _quoted(value: str) -> str:
    return quoteattr(_legal(value), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _legal(value: str) -> str:
    return _ILLEGAL.sub("", value)


def _escape_category(tag: str) -> str:
    """Write a tag as a category: a comma would end it, a slash would begin one below."""
    return tag.replace("%", "%25").replace(",", "%2C").replace("/", "%2F")


def _unescape_category(category: str) -> str:
    """Return the tag that a category stands for; a folder path (`/Europe/Ferries`) stays one tag."""
    tag = category.strip().strip("/")
    for written, character in (("%2C", ","), ("%2F", "/"), ("%25", "%")):
        tag = tag.replace(written, character)
    return " ".join(tag.split())
