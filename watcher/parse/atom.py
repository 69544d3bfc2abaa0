"""Atom 1.0 (RFC 4287) and 0.3, feeds and entry documents, from a tree."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Collection, Mapping, Sequence

from lxml import etree

from watcher.model.poll import ParsedFeed
from watcher.parse.elements import base_of, inner
from watcher.parse.items import Raw, clean_all, clean_feed_title, once
from watcher.parse.links import (
    Offered,
    find_link,
    is_web_address,
    link_enclosures,
    offer_medium,
)  # fmt: skip
from watcher.parse.media_rss import read_media
from watcher.parse.namespaces import (
    ATOM,
    CONTENT,
    DC,
    DCTERMS,
    FEEDBURNER,
    ITUNES,
    MEDIA,
    RDF,
    SY,
    XML,
    Names,
    clark,
    get_attribute,
)  # fmt: skip
from watcher.parse.poll_hints import hints_of
from watcher.text.language_tags import language_tag
from watcher.text.markup import has_entities, has_tags

_TABLE = {
    (ATOM, "entry"): "entry", (SY, "updateperiod"): "period", (SY, "updatefrequency"): "frequency",
    (ATOM, "id"): "id", (ATOM, "title"): "title", (ATOM, "summary"): "summary", (ATOM, "content"): "content",
    (ATOM, "published"): "published", (ATOM, "issued"): "published", (ATOM, "updated"): "updated",
    (ATOM, "modified"): "updated", (ATOM, "created"): "created", (ATOM, "author"): "author",
    (ATOM, "category"): "tag", (ATOM, "link"): "link", (ATOM, "source"): "source",
    (DC, "creator"): "creator", (DC, "date"): "dated", (DC, "title"): "other title", (DC, "subject"): "subject",
    (DC, "description"): "abstract", (DCTERMS, "issued"): "dated", (DCTERMS, "created"): "created",
    (CONTENT, "encoded"): "encoded", (ITUNES, "summary"): "abstract", (FEEDBURNER, "origlink"): "original",
    (MEDIA, "group"): "media", (MEDIA, "content"): "media", (MEDIA, "description"): "caption",
    (MEDIA, "title"): "other title",
}  # fmt: skip
_LANG = clark(XML, "lang")
_TEXT = {"", "text", "text/plain", "plain"}
_HTML = {"html", "text/html", "escaped"}
_XHTML = {"xhtml", "application/xhtml+xml"}
_NO_TEXT = ("image/", "audio/", "video/", "application/", "font/", "model/", "multipart/")


def read_atom(root: etree._Element, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read an Atom feed, or an entry document as a feed of one entry."""
    space = etree.QName(root).namespace or ""
    names = Names(_TABLE, ATOM, {space} - {RDF})
    facts: dict[str, etree._Element] = {}
    links: list[etree._Element] = []
    entries: list[etree._Element] = []
    people: list[str] = []
    single = names.find(root) == "entry"
    for child in () if single else root:
        key = names.find(child)
        if key == "entry":
            entries.append(child)
        elif key == "link":
            links.append(child)
        elif key == "author":
            people.append(person_of(child))
        elif key:
            facts.setdefault(key, child)
    if single:
        entries = [root]
    elif sum(1 for _entry in root.iter("{*}entry")) > len(entries):
        entries = [element for element in root.iter(etree.Element) if names.find(element) == "entry"]
    language = language_tag(root.get(_LANG))
    author = ", ".join(once(people))
    read, left_out, unread = clean_all(
        (_read_entry(entry, names, base, author) for entry in entries), len(entries), language, known
    )
    heading = facts.get("title", facts.get("other title"))
    title, is_text = read_construct(heading) if heading is not None else ("", True)
    return ParsedFeed(
        items=read,
        title=clean_feed_title(title, is_text),
        site_url=find_link(links, "alternate", base),
        language=language,
        hints=hints_of(None, _text(facts.get("period")), _text(facts.get("frequency")), (), ()),
        hub=find_link(links, "hub", base),
        topic_url=find_link(links, "self", base),
        truncated_items=left_out,
        unread_marks=unread,
        parser="quick",
    )


def read_construct(element: etree._Element) -> tuple[str, bool]:
    """Return an Atom text construct or content (RFC 4287, 3.1 and 4.1.3), and whether it is text rather than HTML.

    Publishers put markup into text constructs all the time: text counts as text unless it holds markup or references.
    Content that is no text (a picture in base64) is empty.
    """
    kind = get_attribute(element, "type").partition(";")[0].strip().lower()
    mode = get_attribute(element, "mode").strip().lower()
    if mode == "base64":
        return _decode_base64(element.text or ""), False
    if kind in _XHTML or kind.endswith(("+xml", "/xml")) or (mode == "xml" and len(element)):
        return inner(element, literal=True), False
    if kind in _HTML or mode == "escaped":
        return inner(element), False
    if kind not in _TEXT and kind.startswith(_NO_TEXT):
        return "", True
    text = inner(element)
    return text, not len(element) and not has_entities(text) and not has_tags(text, inline=False)


def person_of(element: etree._Element) -> str:
    """Return a person's name, else the address of their mail (RFC 4287, 3.2), else what the element itself says."""
    named: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):
            named.setdefault(etree.QName(child).localname.lower(), " ".join((child.text or "").split()))
    return named.get("name") or named.get("email") or ("" if named else " ".join((element.text or "").split()))


def join_people(people: Mapping[str, Sequence[str]], order: Sequence[str]) -> str:
    """Return the people of the first kind that names any, each once."""
    for kind in order:
        if kind in people and (names := ", ".join(once(people[kind]))):
            return names
    return ""


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _decode_base64(text: str) -> str:
    try:
        return b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (Base64Error, ValueError):
        return ""


def _read_entry(entry: etree._Element, names: Names, base: str, feed_author: str) -> Raw:
    """Collect what an entry says by the meanings of its children; of what stands twice, the first counts."""
    found: dict[str, str] = {}
    plain: set[str] = set()
    abstracts: list[str] = []
    tags: list[str] = []
    people: dict[str, list[str]] = {}
    links: list[etree._Element] = []
    media: list[Offered] = []
    for child in entry:
        try:
            key = names[child.tag]
        except KeyError:
            key = names.find(child)
        if key is None:
            continue
        if key == "link":
            links.append(child)
        elif key == "tag":
            tags.append((get_attribute(child, "label") or get_attribute(child, "term") or child.text or "").strip())
        elif key == "subject":
            tags.append(_text(child))
        elif key == "author":
            people.setdefault(key, []).append(person_of(child))
        elif key == "creator":
            people.setdefault(key, []).append(_text(child))
        elif key == "source":
            people[key] = [person_of(each) for each in child if names.find(each) == "author"]
        elif key == "media":
            read_media(child, names, found, media)
        elif key == "abstract":
            abstracts.append(inner(child))
        elif found.get(key):
            continue
        elif key in {"title", "summary", "content"}:
            source = get_attribute(child, "src") if key == "content" else ""
            if source:
                found.setdefault("source", source)
                if get_attribute(child, "type").startswith(("audio/", "image/", "video/")):
                    media.append(offer_medium(child, source, "length"))
                continue
            found[key], is_text = read_construct(child)
            if is_text:
                plain.add(key)
        else:
            found[key] = inner(child) if len(child) else (child.text or "").strip()
    get = found.get
    guid = get("id", "")
    original = get("original", "")
    link = (
        (original if is_web_address(original) else "")
        or find_link(links, "alternate", base)
        or (guid if is_web_address(guid) else "")
        or find_link(links, "self", base)
        or find_link(links, "related", base)
        or find_link(links, "via", base)
        or get("source", "")
    )
    enclosures = link_enclosures(links) + media
    summary, content = get("summary", ""), get("content") or get("encoded", "")
    return Raw(
        guid=guid,
        link=link or next((url for url, _type, _length in enclosures if url), ""),
        base=base if is_web_address(link) else base_of(entry, base),
        title=get("title") or get("other title", ""),
        title_is_text="title" in plain and bool(get("title")),
        summary=summary,
        summary_is_text="summary" in plain,
        others=tuple(abstracts),
        caption=get("caption") or get("media caption", ""),
        content=content,
        content_is_text="content" in plain and bool(get("content")),
        author=join_people(people, ("author", "creator", "source")) or feed_author,
        tags=once(tags),
        language=entry.get(_LANG),
        published=tuple(filter(None, map(get, ("published", "dated", "created")))),
        updated=get("updated", ""),
        enclosures=tuple(enclosures),
    )
