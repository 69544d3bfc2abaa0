"""Atom 1.0 (RFC 4287) and 0.3, feeds and entry documents, from a tree."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Collection, Mapping, Sequence

from lxml import etree

from watcher.model.poll import ParsedFeed
from watcher.parse.elements import get_base_url, get_text, inner_html
from watcher.parse.items import RawItem, build_items, clean_feed_title, drop_duplicates
from watcher.parse.links import (
    Offered,
    find_link,
    get_target,
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
    XHTML,
    XML,
    Names,
    get_attribute,
    qualify_name,
)  # fmt: skip
from watcher.parse.poll_hints import parse_poll_hints
from watcher.text.language_tags import parse_language_tag
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
    # As people write Atom: the names of RSS, and of modules.
    (ATOM, "description"): "abstract", (ATOM, "abstract"): "abstract", (ATOM, "pubdate"): "dated",
    (ATOM, "date"): "dated", (DCTERMS, "modified"): "updated", (ATOM, "guid"): "guid", (XHTML, "body"): "encoded",
    (ATOM, "body"): "encoded", (ATOM, "fullitem"): "encoded", (ATOM, "enclosure"): "enclosure",
    (DC, "author"): "creator", (MEDIA, "category"): "tag",
    (ATOM, "keywords"): "keywords", (MEDIA, "keywords"): "keywords", (ITUNES, "keywords"): "keywords",
}  # fmt: skip
_LANG = qualify_name(XML, "lang")
_TEXT = {"", "text", "text/plain", "plain"}
_HTML = {"html", "text/html", "escaped"}
_XHTML = {"xhtml", "application/xhtml+xml"}
_NO_TEXT = ("image/", "audio/", "video/", "application/", "font/", "model/", "multipart/")
_PEOPLE = ("author", "creator", "source")
"""Who wrote an entry, the best first; `source` are the authors of the feed that it was taken from."""
_CONSTRUCTS = {"title", "summary", "content"}
_TAGS = {"tag", "subject", "keywords"}
_SEVERAL = _TAGS | {"link", "author", "creator", "source", "media", "enclosure", "abstract"}
"""What an entry may have several of."""


class _FeedFields:
    """What a feed says of itself, by meanings, and its entries."""

    __slots__ = ("entries", "facts", "links", "people")

    def __init__(self) -> None:
        self.facts: dict[str, etree._Element] = {}
        self.links: list[etree._Element] = []
        self.entries: list[etree._Element] = []
        self.people: list[str] = []


class _EntryFields:
    """What the children of an entry say, by their meanings; `plain` names the constructs that are text, not HTML."""

    __slots__ = ("abstracts", "links", "media", "people", "plain", "tags", "values")

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.plain: set[str] = set()
        self.abstracts: list[str] = []
        self.tags: list[str] = []
        self.people: dict[str, list[str]] = {}
        self.links: list[etree._Element] = []
        self.media: list[Offered] = []


def read_atom(root: etree._Element, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read an Atom feed, or an entry document as a feed of one entry (RFC 4287, 2)."""
    space = etree.QName(root).namespace or ""
    names = Names(_TABLE, ATOM, {space} - {RDF})
    feed = _collect_feed(root, names)
    facts, links = feed.facts, feed.links
    language = parse_language_tag(root.get(_LANG))
    author = ", ".join(drop_duplicates(feed.people))
    items, left_out, unread = build_items(
        (_read_entry(entry, names, base, author) for entry in feed.entries), len(feed.entries), language, known
    )
    heading = facts.get("title", facts.get("other title"))
    title, is_text = read_construct(heading) if heading is not None else ("", True)
    return ParsedFeed(
        items=items,
        title=clean_feed_title(title, is_text),
        site_url=find_link(links, "alternate", base),
        language=language,
        hints=parse_poll_hints(None, get_text(facts.get("period")), get_text(facts.get("frequency")), (), ()),
        hub=find_link(links, "hub", base),
        topic_url=find_link(links, "self", base),
        truncated_items=left_out,
        unread_marks=unread,
        parser="quick",
    )


def _collect_feed(root: etree._Element, names: Names) -> _FeedFields:
    feed = _FeedFields()
    if names.find(root) == "entry":
        feed.entries.append(root)
        return feed
    for child in root:
        key = names.find(child)
        if key == "entry":
            feed.entries.append(child)
        elif key == "link":
            feed.links.append(child)
        elif key == "author":
            feed.people.append(read_person(child))
        elif key:
            feed.facts.setdefault(key, child)
    if sum(1 for _entry in root.iter("{*}entry")) > len(feed.entries):
        # Some wrap their entries (<entries>), or forget to close one and have it hold the next.
        feed.entries = [element for element in root.iter(etree.Element) if names.find(element) == "entry"]
    return feed


def read_construct(element: etree._Element) -> tuple[str, bool]:
    """Return an Atom text construct or content (RFC 4287, 3.1 and 4.1.3), and whether it is text rather than HTML.

    Publishers put markup into text constructs all the time: text counts as text unless it holds markup or references.
    Content that is no text (a picture in base64) is empty.
    """
    kind = get_attribute(element, "type").partition(";")[0].strip().lower()
    mode = get_attribute(element, "mode").strip().lower()  # Atom 0.3: xml, escaped or base64
    if mode == "base64":
        return _decode_base64(element.text or ""), False
    if kind in _XHTML or kind.endswith(("+xml", "/xml")) or (mode == "xml" and len(element)):
        return inner_html(element, literal=True), False
    if kind in _HTML or mode == "escaped":
        return inner_html(element), False
    if kind not in _TEXT and kind.startswith(_NO_TEXT):
        return "", True
    text = inner_html(element)
    return text, not len(element) and not has_entities(text) and not has_tags(text, inline=False)


def read_person(element: etree._Element) -> str:
    """Return a person's name, else the address of their mail (RFC 4287, 3.2), else what the element itself says."""
    named: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):
            named.setdefault(etree.QName(child).localname.lower(), " ".join((child.text or "").split()))
    return named.get("name") or named.get("email") or ("" if named else " ".join((element.text or "").split()))


def join_people(people: Mapping[str, Sequence[str]], order: Sequence[str]) -> str:
    """Return the people of the first kind that names any, each once."""
    for kind in order:
        names = people.get(kind, ())
        if joined := names[0] if len(names) == 1 else ", ".join(drop_duplicates(names)):
            return joined
    return ""


def _decode_base64(text: str) -> str:
    try:
        return b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (Base64Error, ValueError):
        return ""


def _read_entry(entry: etree._Element, names: Names, base: str, feed_author: str) -> RawItem:
    """Collect what an entry says by the meanings of its children; of what stands twice, the first counts."""
    fields = _EntryFields()
    values = fields.values
    for child in entry:
        try:
            key = names[child.tag]
        except KeyError:
            key = names.find(child)
        if key is None:
            continue
        if key in _SEVERAL:
            _add_field(fields, key, child, names)
        elif values.get(key):
            continue
        elif key in _CONSTRUCTS:
            _read_text(fields, key, child)
        else:
            values[key] = inner_html(child) if len(child) else (child.text or "").strip()
    return _to_raw_item(entry, fields, base, feed_author)


def _add_field(fields: _EntryFields, key: str, child: etree._Element, names: Names) -> None:
    """Add a child that an entry may have several times."""
    # A chain rather than a table of functions: the first kinds are nearly all there is.
    if key == "link":
        fields.links.append(child)
    elif key in _TAGS:
        fields.tags.extend(_read_tags(key, child))
    elif key == "author":
        fields.people.setdefault(key, []).append(read_person(child))
    elif key == "creator":
        fields.people.setdefault(key, []).append(get_text(child))
    elif key == "source":
        fields.people[key] = [read_person(part) for part in child if names.find(part) == "author"]
    elif key == "media":
        read_media(child, names, fields.values, fields.media)
    elif key == "enclosure":
        fields.media.append(offer_medium(child, get_attribute(child, "url") or get_target(child), "length"))
    elif key == "abstract":
        fields.abstracts.append(inner_html(child))


def _read_tags(key: str, child: etree._Element) -> list[str]:
    if key == "tag":
        # RFC 4287, 4.2.2: the label is for people, the term for programs; some write text as RSS does.
        return [(get_attribute(child, "label") or get_attribute(child, "term") or child.text or "").strip()]
    return get_text(child).split(",") if key == "keywords" else [get_text(child)]


def _read_text(fields: _EntryFields, key: str, child: etree._Element) -> None:
    source = get_attribute(child, "src") if key == "content" else ""
    if source:
        # RFC 4287, 4.1.3.2: content elsewhere. A medium is an enclosure, a page may be the entry's.
        fields.values.setdefault("source", source)
        if get_attribute(child, "type").startswith(("audio/", "image/", "video/")):
            fields.media.append(offer_medium(child, source, "length"))
        return
    fields.values[key], is_text = read_construct(child)
    if is_text:
        fields.plain.add(key)


def _to_raw_item(entry: etree._Element, fields: _EntryFields, base: str, feed_author: str) -> RawItem:
    get = fields.values.get
    link = _choose_link(fields, base)
    enclosures = link_enclosures(fields.links) + fields.media
    # Of Dublin Core, Media RSS and the module of content, what Atom itself does not say.
    return RawItem(
        guid=get("id") or get("guid", ""),
        link=link or next((url for url, _type, _length in enclosures if url), ""),
        base=base if is_web_address(link) else get_base_url(entry, base),
        title=get("title") or get("other title", ""),
        title_is_text="title" in fields.plain and bool(get("title")),
        summary=get("summary", ""),
        summary_is_text="summary" in fields.plain,
        others=tuple(fields.abstracts),
        caption=get("caption") or get("media caption", ""),
        content=get("content") or get("encoded", ""),
        content_is_text="content" in fields.plain and bool(get("content")),
        author=join_people(fields.people, _PEOPLE) or feed_author,
        tags=drop_duplicates(fields.tags),
        language=entry.get(_LANG),
        published=tuple(filter(None, map(get, ("published", "dated", "created")))),
        updated=get("updated", ""),
        enclosures=tuple(enclosures),
    )


def _choose_link(fields: _EntryFields, base: str) -> str:
    """Return the address that is most likely the entry's page, empty where there is none."""
    original = fields.values.get("original", "")
    if is_web_address(original):
        return original  # FeedBurner: the alternate link leads through its counter
    if link := find_link(fields.links, "alternate", base):
        return link
    guid = fields.values.get("id") or fields.values.get("guid", "")
    if is_web_address(guid):
        return guid
    others = (find_link(fields.links, relation, base) for relation in ("self", "related", "via"))
    return next(filter(None, others), "") or fields.values.get("source", "")
