"""RSS 0.90 to 2.0, RSS 1.0 (RDF) and 1.1, from a tree, whatever namespace and case its elements are written in."""

from __future__ import annotations

from collections.abc import Collection

from lxml import etree

from watcher.model.poll import ParsedFeed
from watcher.parse.atom import join_people, person_of, read_construct
from watcher.parse.elements import base_of, inner
from watcher.parse.fallback import Doubt
from watcher.parse.items import Raw, clean_all, clean_feed_title, once, site_url
from watcher.parse.links import (
    Offered,
    find_link,
    is_web_address,
    link_enclosures,
    offer_medium,
    relation_of,
    target_of,
)  # fmt: skip
from watcher.parse.media_rss import read_media
from watcher.parse.namespaces import (
    ATOM,
    CONTENT,
    DC,
    DCTERMS,
    FEEDBURNER,
    GOOGLEPLAY,
    ITUNES,
    MEDIA,
    RDF,
    RSS,
    SY,
    XHTML,
    XML,
    Names,
    clark,
    get_attribute,
)  # fmt: skip
from watcher.parse.poll_hints import hints_of
from watcher.text.language_tags import language_tag
from watcher.text.markup import escape_text

_TABLE = {
    (RSS, "channel"): "channel", (RSS, "item"): "item", (RSS, "items"): "items",
    (RSS, "ttl"): "ttl", (RSS, "language"): "language", (RSS, "skiphours"): "skip hours",
    (RSS, "skipdays"): "skip days", (SY, "updateperiod"): "period", (SY, "updatefrequency"): "frequency",
    (RSS, "title"): "title", (RSS, "link"): "link", (RSS, "description"): "description", (RSS, "guid"): "guid",
    (RSS, "pubdate"): "published", (RSS, "author"): "author", (RSS, "category"): "tag",
    (RSS, "enclosure"): "enclosure",
    (DC, "creator"): "creator", (DC, "date"): "dated", (DC, "subject"): "tag", (DC, "language"): "language",
    (DC, "title"): "other title", (DC, "description"): "abstract",
    (DCTERMS, "created"): "created", (DCTERMS, "issued"): "issued", (DCTERMS, "modified"): "modified",
    (DCTERMS, "title"): "other title", (DCTERMS, "creator"): "creator", (DCTERMS, "abstract"): "abstract",
    (CONTENT, "encoded"): "content", (XHTML, "body"): "content", (XHTML, "div"): "content",
    (ITUNES, "title"): "other title", (ITUNES, "author"): "speaker", (ITUNES, "summary"): "abstract",
    (ITUNES, "subtitle"): "subtitle", (GOOGLEPLAY, "description"): "abstract", (GOOGLEPLAY, "author"): "speaker",
    (MEDIA, "title"): "other title", (MEDIA, "description"): "caption", (MEDIA, "group"): "media",
    (MEDIA, "content"): "media", (FEEDBURNER, "origlink"): "original",
    (ATOM, "id"): "atom id", (ATOM, "title"): "other title", (ATOM, "updated"): "modified",
    (ATOM, "published"): "issued", (ATOM, "summary"): "construct", (ATOM, "content"): "construct",
    (ATOM, "link"): "atom link", (ATOM, "author"): "person",
}  # fmt: skip
_VALUES = frozenset({
    "title", "link", "guid", "description", "published", "dated", "issued", "created", "modified", "language",
    "other title", "subtitle", "caption", "original", "atom id",
})  # fmt: skip
"""What an item says once."""
_LAST_COUNTS = {"title", "link", "guid"}
"""Of these the last one stands where an item has several, as with feedparser: keys must not change with the reader."""
_PEOPLE = ("creator", "author", "person", "speaker")
"""Who wrote an item, the best first."""
_LANG = clark(XML, "lang")


def read_rss(root: etree._Element, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read RSS; raises Doubt where there is neither a channel nor an item."""
    names = Names(_TABLE, RSS, _own_namespaces(root))
    channel = root if names.find(root) == "channel" else _find_channel(root, names)
    facts: dict[str, etree._Element] = {}
    links: list[etree._Element] = []
    items: list[etree._Element] = []
    parents = (root,) if channel is root or channel is None else (channel, root)
    for parent in parents:
        for child in parent:
            key = names.find(child)
            if key is None and etree.QName(child).localname.lower() == "item":
                names.adopt(child)  # a default namespace of the item alone
                key = "item"
            if key == "item":
                items.append(child)
            elif key in {"link", "atom link"} and (parent is channel or channel is None):
                links.append(child)
                if key == "link" and (child.text or "").strip():
                    facts.setdefault(key, child)
            elif key and (parent is channel or channel is None):
                facts.setdefault(key, child)
    items = _all_items(root, names, items)
    if channel is None and not items:
        raise Doubt("no channel")
    language = language_tag(
        _text(facts.get("language")) or (channel.get(_LANG) if channel is not None else None) or root.get(_LANG)
    )
    read, left_out, unread = clean_all((_read_item(item, names, base) for item in items), len(items), language, known)
    head = channel if channel is not None else root
    return ParsedFeed(
        items=read,
        title=clean_feed_title(inner(facts.get("title")) or inner(facts.get("other title"))),
        site_url=site_url(_text(facts.get("link")), base_of(head, base)) or find_link(links, "alternate", base),
        language=language,
        hints=hints_of(
            _text(facts.get("ttl")),
            _text(facts.get("period")),
            _text(facts.get("frequency")),
            [hour.text or "" for hour in facts.get("skip hours", ())],
            [day.text or "" for day in facts.get("skip days", ())],
        ),
        hub=find_link(links, "hub", base),
        topic_url=find_link(links, "self", base),
        truncated_items=left_out,
        unread_marks=unread,
        parser="quick",
    )


def _own_namespaces(root: etree._Element) -> set[str]:
    """Return the namespaces that stand for RSS's here: those of the root and the channel, but for RDF's.

    RSS may be written under any default namespace, even Atom's.
    """
    spaces = {etree.QName(root).namespace or ""}
    for child in root:
        name = etree.QName(child)
        if name.localname.lower() == "channel":
            spaces.add(name.namespace or "")
            break
    return spaces - {"", RDF}


def _find_channel(root: etree._Element, names: Names) -> etree._Element | None:
    return next((child for child in root if names.find(child) == "channel"), None)


def _all_items(root: etree._Element, names: Names, items: list[etree._Element]) -> list[etree._Element]:
    """Return all items in the order of the document: they may also stand in several channels, or inside each other."""
    if sum(1 for _item in root.iter("{*}item")) <= len(items):
        return items
    return [element for element in root.iter(etree.Element) if names.find(element) == "item"]


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _read_item(item: etree._Element, names: Names, base: str) -> Raw:
    """Collect what an item says by the meanings of its children; what none of them says comes from the next best."""
    found: dict[str, str] = {}
    bodies: list[str] = []
    abstracts: list[str] = []
    tags: list[str] = []
    people: dict[str, list[str]] = {}
    links: list[etree._Element] = []
    enclosures: list[Offered] = []
    media: list[Offered] = []
    identifier: etree._Element | None = None
    for child in item:
        try:
            key = names[child.tag]
        except KeyError:
            key = names.find(child)
        if key is None:
            continue
        if key in _VALUES:
            text = inner(child) if len(child) else (child.text or "").strip()
            if not text:
                if key == "link":
                    links.append(child)
            elif key in _LAST_COUNTS or key not in found:
                found[key] = text
                if key == "guid":
                    identifier = child
            elif key == "description":
                abstracts.append(text)
        elif key == "tag":
            tags.append(inner(child))
        elif key == "content":
            bodies.append(inner(child))
        elif key == "media":
            read_media(child, names, found, media)
        elif key == "enclosure":
            enclosures.append(offer_medium(child, get_attribute(child, "url") or target_of(child), "length"))
        elif key == "atom link":
            links.append(child)
        elif key in _PEOPLE:
            people.setdefault(key, []).append(person_of(child) if key == "person" else inner(child))
        elif key == "abstract":
            abstracts.append(inner(child))
        elif key == "construct":
            text, is_text = read_construct(child)
            texts = bodies if etree.QName(child).localname.lower() == "content" else abstracts
            texts.append(escape_text(text) if is_text else text)
    get = found.get
    guid = get("guid") or ""
    about = item.get(clark(RDF, "about")) or ""
    original = get("original", "")
    link = (
        (original if is_web_address(original) else "")
        or get("link")
        or next((target_of(each) for each in links if relation_of(each) == "alternate" and target_of(each)), "")
        or (guid if is_web_address(guid) and _is_permalink(identifier) else "")
        or about
        or next((target_of(each) for each in links if relation_of(each) == "self"), "")
        or (guid if is_web_address(guid) else "")
    )
    enclosures += link_enclosures(links) + media
    return Raw(
        guid=guid or about or get("atom id", ""),
        link=link or next((url for url, _type, _length in enclosures if url), ""),
        base=base if is_web_address(link) else base_of(item, base),
        title=get("title") or get("other title") or get("media other title", ""),
        summary=get("description", ""),
        others=tuple(abstracts),
        subtitle=get("subtitle", ""),
        caption=get("caption") or get("media caption", ""),
        content=max(bodies, key=len) if bodies else "",
        author=join_people(people, _PEOPLE),
        tags=once(tags),
        language=get("language") or item.get(_LANG),
        published=tuple(filter(None, map(get, ("published", "dated", "issued", "created")))),
        updated=get("modified", ""),
        enclosures=tuple(enclosures),
    )


def _is_permalink(guid: etree._Element | None) -> bool:
    return guid is None or get_attribute(guid, "isPermaLink").strip().lower() != "false"
