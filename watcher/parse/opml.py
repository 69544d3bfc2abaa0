"""OPML 2.0 both ways: lists of feeds, folders as tags. What is hostile in it is refused or harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from watcher.errors import ParseError
from watcher.model.feed import Source
from watcher.parse.charset import decode
from watcher.text.langs import language_tag
from watcher.text.urls import http_url

LARGEST = 10 * 2**20
MOST_OUTLINES = 100_000
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """What a list names: its feeds, each once, and what it calls feeds that can be none."""

    sources: tuple[Source, ...]
    refused: tuple[str, ...] = ()


def read_opml(body: bytes) -> Outlines:
    """Read a list of feeds; raises ParseError (`too-large`, `not-opml`)."""
    if len(body) > LARGEST:
        raise ParseError("too-large", f"larger than {LARGEST >> 20} MB")
    text, _fault = decode(body, None)
    text = _ILLEGAL.sub("", _DECLARATION.sub("", text, count=1))
    if "<!ENTITY" in text:
        raise ParseError("not-opml", "declares entities, which no list of feeds needs")
    root = _grown(text)
    outlines = list(root.iter("outline"))
    if len(outlines) > MOST_OUTLINES:
        raise ParseError("too-large", f"more than {MOST_OUTLINES:,} outlines")
    found: dict[str, Source] = {}
    refused: list[str] = []
    for outline in outlines:
        said = _attributes(outline)
        address = (said.get("xmlurl") or "").strip()
        if not address:
            continue
        url = http_url(address)
        if url is None:
            refused.append(address[:200])
            continue
        source = _source(url, outline, said)
        known = found.get(url)
        # A feed in two folders is one feed with two tags.
        found[url] = source if known is None else _with_tags(known, source.tags)
    return Outlines(sources=tuple(found.values()), refused=tuple(refused))


def write_opml(sources: Iterable[Source], title: str, now: datetime, *, with_secrets: bool = False) -> str:
    """Write a list of feeds: a folder for each first tag, all tags as categories; logins and tokens only if asked."""
    folders: dict[str, list[Source]] = {}
    for source in sources:
        folders.setdefault(source.tags[0] if source.tags else "", []).append(source)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{_legal(escape(title))}</title><dateCreated>{format_datetime(now)}</dateCreated></head>",
        "  <body>",
    ]
    for name in sorted(folders, key=lambda name: (not name, name.casefold(), name)):
        inside = [_outline(source, with_secrets=with_secrets) for source in folders[name]]
        if name:
            lines.append(f"    <outline text={_quoted(name)} title={_quoted(name)}>")
            lines += [f"      {line}" for line in inside]
            lines.append("    </outline>")
        else:
            lines += [f"    {line}" for line in inside]
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _grown(text: str) -> etree._Element:
    options = {
        "resolve_entities": False,
        "no_network": True,
        "huge_tree": False,
        "load_dtd": False,
        "encoding": "utf-8",
    }
    for recover in (False, True):
        try:
            root = etree.fromstring(text.encode(), etree.XMLParser(recover=recover, **options))  # type: ignore[arg-type]
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root is not None and etree.QName(root).localname.lower() == "opml":
            return root
    raise ParseError("not-opml", "no OPML: its root is no <opml>")


def _source(url: str, outline: etree._Element, said: dict[str, str]) -> Source:
    folders = [_name(_attributes(parent)) for parent in reversed(list(outline.iterancestors("outline")))]
    categories = [_plain(part) for part in (said.get("category") or "").split(",")]
    title = _name(said)
    return Source(
        url=url,
        title="" if title in {url, said.get("xmlurl", "").strip()} else title[:300],
        tags=tuple(dict.fromkeys(tag[:100] for tag in (*folders, *categories) if tag)),
        language=language_tag(said.get("language")),
    )


def _with_tags(source: Source, tags: tuple[str, ...]) -> Source:
    return replace(source, tags=tuple(dict.fromkeys((*source.tags, *tags))))


def _attributes(outline: etree._Element) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in outline.attrib.items()}


def _name(said: dict[str, str]) -> str:
    return " ".join((said.get("title") or said.get("text") or "").split())


def _outline(source: Source, *, with_secrets: bool) -> str:
    name = source.title or source.url
    said = {
        "type": "rss",
        "text": name,
        "title": name,
        "xmlUrl": _format_address_with_login(source) if with_secrets else source.url,
    }
    if len(source.tags) > 1:
        said["category"] = ",".join(_escaped(tag) for tag in source.tags)
    if source.language:
        said["language"] = source.language
    return f"<outline {' '.join(f'{key}={_quoted(value)}' for key, value in said.items())}/>"


def _format_address_with_login(source: Source) -> str:
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


def _escaped(tag: str) -> str:
    """Write a tag as a category: a comma would end it, a slash would begin one below."""
    return tag.replace("%", "%25").replace(",", "%2C").replace("/", "%2F")


def _plain(category: str) -> str:
    said = category.strip().strip("/")
    for written, meant in (("%2C", ","), ("%2F", "/"), ("%25", "%")):
        said = said.replace(written, meant)
    return " ".join(said.split())
