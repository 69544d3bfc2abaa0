"""The quick reader: RSS 0.9x-2.0, RSS 1.0 and Atom 1.0 from a strictly well-formed tree.

It reads only what it reads as feedparser does; on anything doubtful it gives None and leaves the document to the judge.
fastfeedparser is as quick, but drops the dates as written, the channel's language and its polling hints.
"""

from __future__ import annotations

import re

from lxml import etree

from watcher.model.poll import Parsed
from watcher.parse.clean import Raw, cleaned, once
from watcher.parse.hints import hints_of
from watcher.parse.limits import MOST_ITEMS
from watcher.text.html import plain, title_text
from watcher.text.langs import language_tag
from watcher.text.urls import http_url

ATOM = "http://www.w3.org/2005/Atom"
RSS1 = "http://purl.org/rss/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
SY = "http://purl.org/rss/1.0/modules/syndication/"
XML = "http://www.w3.org/XML/1998/namespace"
MEDIA = "http://search.yahoo.com/mrss/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
FEEDBURNER = "http://rssnamespace.org/feedburner/ext/1.0"

_PARSER_OPTIONS = {
    "resolve_entities": False, "no_network": True, "huge_tree": False, "load_dtd": False, "dtd_validation": False,
    "remove_comments": True, "remove_pis": True, "strip_cdata": True,
}  # fmt: skip
_MOJIBAKE = re.compile("\ufffd|\u00c3[\u0080-\u00bf]|\u00c2[\u0080-\u00bf]|\u00e2\u20ac")


class Doubt(Exception):  # noqa: N818
    """The quick reader might read this otherwise than feedparser would."""


def read_quick(body: bytes, base: str) -> Parsed | None:
    """Read a UTF-8 document; None where anything about it is doubtful."""
    if b"<!ENTITY" in body or b"\x00" in body:
        return None
    try:
        root = etree.fromstring(body, etree.XMLParser(**_PARSER_OPTIONS))  # type: ignore[arg-type]
        if root is None:
            return None
        if root.tag == f"{{{ATOM}}}feed":
            return _atom(root, base)
        if root.tag == "rss" and (channel := root.find("channel")) is not None:
            return _rss(root, channel, channel.findall("item"), base, "")
        if root.tag == f"{{{RDF}}}RDF" and (channel := root.find(f"{{{RSS1}}}channel")) is not None:
            return _rss(root, channel, root.findall(f"{{{RSS1}}}item"), base, f"{{{RSS1}}}")
    except (etree.XMLSyntaxError, ValueError, Doubt):
        return None
    return None


def _rss(root: etree._Element, channel: etree._Element, items: list[etree._Element], base: str, space: str) -> Parsed:
    based = root.get(f"{{{XML}}}base") is not None or channel.get(f"{{{XML}}}base") is not None
    site = http_url(_text(channel, f"{space}link"), base) if _text(channel, f"{space}link") else None
    language = _text(channel, f"{space}language") or _text(channel, f"{{{DC}}}language") or root.get(f"{{{XML}}}lang")
    read = tuple(cleaned(_rss_item(item, base, space, based)) for item in items[:MOST_ITEMS])
    _doubt_titles(read)
    if not read:
        raise Doubt
    return Parsed(
        items=read,
        title=title_text(_text(channel, f"{space}title")),
        site_url=site,
        language=language_tag(language),
        hints=hints_of(
            _text(channel, "ttl"),
            _text(channel, f"{{{SY}}}updatePeriod"),
            _text(channel, f"{{{SY}}}updateFrequency"),
            [hour.text or "" for hour in channel.iterfind("skipHours/hour")],
            [day.text or "" for day in channel.iterfind("skipDays/day")],
        ),
        hub=_atom_link(channel, "hub", base),
        topic_url=_atom_link(channel, "self", base),
        truncated_items=max(0, len(items) - MOST_ITEMS),
        parser="quick",
    )


def _rss_item(item: etree._Element, base: str, space: str, based: bool) -> Raw:
    links = item.findall(f"{space}link")
    link = (links[0].text or "").strip() if links else ""
    guid = item.find(f"{space}guid")
    identifier = (guid.text or "").strip() if guid is not None else ""
    if len(links) > 1 or (based and not link.startswith("http")) or (guid is not None and len(guid)):
        raise Doubt
    original = _text(item, f"{{{FEEDBURNER}}}origLink")
    if not link:
        permanent = guid is not None and (guid.get("isPermaLink") or "true").strip().lower() != "false"
        if not identifier or not permanent or not identifier.startswith("http"):
            raise Doubt
        link = identifier
    about = item.get(f"{{{RDF}}}about") or ""
    titles = item.findall(f"{space}title")
    if len(titles) > 1 or (titles and len(titles[0])):
        raise Doubt
    return Raw(
        guid=identifier or about,
        link=original or link,
        base=base,
        title=titles[0].text or "" if titles else "",
        summary=_markup(item, f"{space}description") or _described(item) or _text(item, f"{{{ITUNES}}}summary"),
        content=_markup(item, f"{{{CONTENT}}}encoded"),
        author=_text(item, f"{{{DC}}}creator") or _text(item, f"{space}author"),
        tags=once(
            (tag.text or "").strip() for tag in (*item.findall(f"{space}category"), *item.findall(f"{{{DC}}}subject"))
        ),
        language=_text(item, f"{{{DC}}}language") or item.get(f"{{{XML}}}lang"),
        published=_text(item, f"{space}pubDate")
        or _text(item, f"{{{DC}}}date")
        or _text(item, f"{{{DCTERMS}}}created"),
        updated=_text(item, f"{{{ATOM}}}updated") or _text(item, f"{{{DCTERMS}}}modified"),
    )


def _atom(root: etree._Element, base: str) -> Parsed:
    entries = root.findall(f"{{{ATOM}}}entry")
    if not entries or any(element.get(f"{{{XML}}}base") for element in root.iter(tag=etree.Element)):
        raise Doubt
    read = tuple(cleaned(_atom_entry(entry, root, base)) for entry in entries[:MOST_ITEMS])
    _doubt_titles(read)
    title, _is_text = _construct(root.find(f"{{{ATOM}}}title"))
    return Parsed(
        items=read,
        title=title_text(title),
        site_url=_atom_link(root, "alternate", base),
        language=language_tag(root.get(f"{{{XML}}}lang")),
        hints=hints_of(None, _text(root, f"{{{SY}}}updatePeriod"), _text(root, f"{{{SY}}}updateFrequency"), (), ()),
        hub=_atom_link(root, "hub", base),
        topic_url=_atom_link(root, "self", base),
        truncated_items=max(0, len(entries) - MOST_ITEMS),
        parser="quick",
    )


def _atom_entry(entry: etree._Element, root: etree._Element, base: str) -> Raw:
    link = _atom_link(entry, "alternate", base)
    if link is None:
        raise Doubt
    heading = entry.find(f"{{{ATOM}}}title")
    title, is_text = _construct(heading)
    summary, summary_is_text = _construct(entry.find(f"{{{ATOM}}}summary"))
    body = entry.find(f"{{{ATOM}}}content")
    content, content_is_text = _construct(body) if body is not None and body.get("src") is None else ("", False)
    author = entry.find(f"{{{ATOM}}}author/{{{ATOM}}}name")
    author = author if author is not None else root.find(f"{{{ATOM}}}author/{{{ATOM}}}name")
    return Raw(
        guid=_text(entry, f"{{{ATOM}}}id"),
        link=_text(entry, f"{{{FEEDBURNER}}}origLink") or link,
        base=base,
        title=title,
        title_is_text=is_text,
        summary=(_escaped(summary) if summary_is_text else summary) or _described(entry),
        content=_escaped(content) if content_is_text else content,
        author=(author.text or "").strip() if author is not None else "",
        tags=once((tag.get("label") or tag.get("term") or "").strip() for tag in entry.findall(f"{{{ATOM}}}category")),
        language=entry.get(f"{{{XML}}}lang"),
        published=_text(entry, f"{{{ATOM}}}published"),
        updated=_text(entry, f"{{{ATOM}}}updated"),
    )


def _construct(element: etree._Element | None) -> tuple[str, bool]:
    """Give an Atom text construct (RFC 4287, 3.1) and whether it is plain text rather than markup."""
    if element is None:
        return "", True
    kind = (element.get("type") or "text").lower()
    if kind in {"text", "text/plain"}:
        if len(element):
            raise Doubt
        # Publishers put markup into text constructs all the time; feedparser looks for it, and so do we.
        said = element.text or ""
        return said, "<" not in said and "&" not in said
    if kind in {"html", "text/html"}:
        if len(element):
            raise Doubt
        return element.text or "", False
    if kind in {"xhtml", "application/xhtml+xml"}:
        return etree.tostring(element, encoding="unicode", with_tail=False), False
    raise Doubt


def _atom_link(element: etree._Element, rel: str, base: str) -> str | None:
    found: str | None = None
    for link in element.findall(f"{{{ATOM}}}link"):
        if (link.get("rel") or "alternate") != rel or not (link.get("href") or "").strip():
            continue
        kind = link.get("type") or "text/html"
        if found is None or "html" in kind:
            found = http_url(link.get("href") or "", base) or found
            if "html" in kind and found:
                break
    return found


def _markup(element: etree._Element, name: str) -> str:
    found = element.find(name)
    if found is None:
        return ""
    if len(found):
        raise Doubt
    return found.text or ""


def _described(element: etree._Element) -> str:
    """Give what a video or picture says of itself, where the item says nothing (YouTube)."""
    found = element.find(f"{{{MEDIA}}}description")
    found = found if found is not None else element.find(f"{{{MEDIA}}}group/{{{MEDIA}}}description")
    return _escaped(found.text or "") if found is not None else ""


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _escaped(text: str) -> str:
    return plain(text).replace("&", "&amp;").replace("<", "&lt;")


def _doubt_titles(items: tuple[object, ...]) -> None:
    if any(_MOJIBAKE.search(getattr(item, "title", "")) for item in items):
        raise Doubt
