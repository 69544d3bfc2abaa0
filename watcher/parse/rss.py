"""RSS 0.90 to 2.0, RSS 1.0 (RDF) and 1.1, from a tree, whatever namespace and case its elements are written in."""

from __future__ import annotations

from collections.abc import Collection

from lxml import etree

from watcher.model.poll import ParsedFeed
from watcher.parse.atom import join_people, read_construct, read_person
from watcher.parse.elements import get_base_url, get_text, inner_html
from watcher.parse.fallback import NeedsFallback
from watcher.parse.items import RawItem, build_items, clean_feed_title, drop_duplicates, parse_site_url
from watcher.parse.links import (
    Offered,
    find_link,
    get_relation,
    get_target,
    is_web_address,
    leads_to_page,
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
    GOOGLEPLAY,
    ITUNES,
    MEDIA,
    RDF,
    RSS,
    SY,
    XHTML,
    XML,
    YANDEX,
    Names,
    get_attribute,
    qualify_name,
)  # fmt: skip
from watcher.parse.poll_hints import parse_poll_hints
from watcher.text.language_tags import parse_language_tag
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
    # As people write RSS: the names of Atom, of its drafts and of Dublin Core, without their namespaces.
    (RSS, "summary"): "abstract", (RSS, "abstract"): "abstract", (RSS, "subtitle"): "subtitle",
    (RSS, "tagline"): "subtitle", (RSS, "content"): "content", (RSS, "body"): "content", (RSS, "fullitem"): "content",
    (YANDEX, "full-text"): "content", (RSS, "published"): "issued", (RSS, "issued"): "issued", (RSS, "date"): "dated",
    (RSS, "created"): "created", (RSS, "updated"): "modified", (RSS, "modified"): "modified",
    (RSS, "creator"): "creator", (DC, "author"): "creator",
    (RSS, "keywords"): "keywords", (ITUNES, "keywords"): "keywords", (MEDIA, "keywords"): "keywords",
    (MEDIA, "category"): "tag",
}  # fmt: skip
_ONE_VALUE = frozenset({
    "title", "link", "guid", "description", "published", "dated", "issued", "created", "modified", "language",
    "other title", "subtitle", "caption", "original", "atom id",
})  # fmt: skip
"""What an item says once."""
_TEXTS = _ONE_VALUE | {"tag", "keywords", "content", "abstract", "creator", "author", "speaker"}
"""What an item says in an element that is read as text."""
_LAST_COUNTS = {"title", "link", "guid"}
"""Of these the last one stands where an item has several, as with feedparser: keys must not change with the reader."""
_PEOPLE = ("creator", "author", "person", "speaker")
"""Who wrote an item, the best first."""
_LANG, _ABOUT = qualify_name(XML, "lang"), qualify_name(RDF, "about")


class _Channel:
    """What a document says of itself, by meanings, and its items; `element` is None where RSS has no channel."""

    __slots__ = ("element", "facts", "items", "links")

    def __init__(self, element: etree._Element | None) -> None:
        self.element = element
        self.facts: dict[str, etree._Element] = {}
        self.links: list[etree._Element] = []
        self.items: list[etree._Element] = []

    def add(self, key: str, child: etree._Element) -> None:
        """Add a child that says something of the feed; of what stands twice, the first counts."""
        if key not in {"link", "atom link"}:
            self.facts.setdefault(key, child)
            return
        self.links.append(child)
        # An empty link is Atom's, in RSS's namespace: <link href="..."/>.
        if key == "link" and (child.text or "").strip():
            self.facts.setdefault(key, child)


class _ItemFields:
    """What the children of an item say, by their meanings; lists are in the order of the document."""

    __slots__ = ("abstracts", "bodies", "enclosures", "guid_element", "links", "media", "people", "tags", "values")

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.bodies: list[str] = []
        self.abstracts: list[str] = []
        self.tags: list[str] = []
        self.people: dict[str, list[str]] = {}
        self.links: list[etree._Element] = []
        self.enclosures: list[Offered] = []
        self.media: list[Offered] = []
        self.guid_element: etree._Element | None = None


def read_rss(root: etree._Element, base: str, known: Collection[bytes] = frozenset()) -> ParsedFeed:
    """Read RSS; raises NeedsFallback where there is neither a channel nor an item."""
    names = Names(_TABLE, RSS, _own_namespaces(root))
    channel = _read_channel(root, names)
    facts, links = channel.facts, channel.links
    if channel.element is None and not channel.items:
        raise NeedsFallback("no channel")
    # RSS 0.90 and some generators write the facts of the feed beside its items, without a channel.
    head = channel.element if channel.element is not None else root
    language = parse_language_tag(get_text(facts.get("language")) or head.get(_LANG) or root.get(_LANG))
    items, left_out, unread = build_items(
        (_read_item(item, names, base) for item in channel.items), len(channel.items), language, known
    )
    site = parse_site_url(get_text(facts.get("link")), get_base_url(head, base))
    return ParsedFeed(
        items=items,
        title=clean_feed_title(inner_html(facts.get("title")) or inner_html(facts.get("other title"))),
        site_url=site or find_link(links, "alternate", base),
        language=language,
        hints=parse_poll_hints(
            get_text(facts.get("ttl")),
            get_text(facts.get("period")),
            get_text(facts.get("frequency")),
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


def _read_channel(root: etree._Element, names: Names) -> _Channel:
    """Collect what stands in the channel and beside it: RSS 1.0 has its items outside, RSS 0.90 everything."""
    element = root if names.find(root) == "channel" else _find_channel(root, names)
    channel = _Channel(element)
    for parent in (root,) if element is root or element is None else (element, root):
        for child in parent:
            key = names.find(child)
            if key is None and etree.QName(child).localname.lower() == "item":
                names.adopt(child)  # a default namespace of the item alone
                key = "item"
            if key == "item":
                channel.items.append(child)
            elif key and (parent is element or element is None):
                channel.add(key, child)
    channel.items = _all_items(root, names, channel.items)
    return channel


def _find_channel(root: etree._Element, names: Names) -> etree._Element | None:
    return next((child for child in root if names.find(child) == "channel"), None)


def _all_items(root: etree._Element, names: Names, items: list[etree._Element]) -> list[etree._Element]:
    """Return all items in the order of the document: they may also stand in several channels, or inside each other."""
    if sum(1 for _item in root.iter("{*}item")) <= len(items):
        return items
    return [element for element in root.iter(etree.Element) if names.find(element) == "item"]


def _read_item(item: etree._Element, names: Names, base: str) -> RawItem:
    """Collect what an item says by the meanings of its children; what none of them says comes from the next best."""
    fields = _ItemFields()
    values = fields.values
    for child in item:
        try:
            key = names[child.tag]
        except KeyError:
            key = names.find(child)
        if key is None:
            continue
        if key not in _TEXTS:
            _add_field(fields, key, child, names)
            continue
        text = inner_html(child) if len(child) else (child.text or "").strip()
        if key == "tag":
            fields.tags.append(text)
        elif key not in _ONE_VALUE:
            _add_text(fields, key, text)
        elif not text:
            if key == "link":
                fields.links.append(child)  # <link href="..."/>, Atom's in RSS's namespace
        elif key not in values or key in _LAST_COUNTS:
            values[key] = text
            if key == "guid":
                fields.guid_element = child
        elif key == "description":
            fields.abstracts.append(text)  # a second one is a longer summary: some put the article there
    return _to_raw_item(item, fields, base)


def _add_text(fields: _ItemFields, key: str, text: str) -> None:
    """Add a text that an item may have several times."""
    if key == "content":
        fields.bodies.append(text)
    elif key == "abstract":
        fields.abstracts.append(text)
    elif key == "keywords":
        fields.tags.extend(text.split(","))
    else:
        fields.people.setdefault(key, []).append(text)


def _add_field(fields: _ItemFields, key: str, child: etree._Element, names: Names) -> None:
    """Add a child that an item may have several times, and that is more than a text."""
    if key == "media":
        read_media(child, names, fields.values, fields.media)
    elif key == "enclosure":
        # RSS 2.0 has `url`; some write `href`, as Atom does.
        fields.enclosures.append(offer_medium(child, get_attribute(child, "url") or get_target(child), "length"))
    elif key == "atom link":
        fields.links.append(child)
    elif key == "person":
        fields.people.setdefault(key, []).append(read_person(child))
    elif key == "construct":
        text, is_text = read_construct(child)
        is_body = etree.QName(child).localname.lower() == "content"
        (fields.bodies if is_body else fields.abstracts).append(escape_text(text) if is_text else text)


def _to_raw_item(item: etree._Element, fields: _ItemFields, base: str) -> RawItem:
    get = fields.values.get
    about = item.get(_ABOUT) or ""
    link = _choose_link(fields, about)
    enclosures = fields.enclosures + (link_enclosures(fields.links) if fields.links else []) + fields.media
    # RSS 1.0 has rdf:about for a guid; of several bodies the longest is the article (a teaser in content:encoded).
    return RawItem(
        guid=get("guid") or about or get("atom id", ""),
        link=link or next((url for url, _type, _length in enclosures if url), ""),
        base=base if is_web_address(link) else get_base_url(item, base),
        title=get("title") or get("other title") or get("media other title", ""),
        summary=get("description", ""),
        others=tuple(fields.abstracts),
        subtitle=get("subtitle", ""),
        caption=get("caption") or get("media caption", ""),
        content=max(fields.bodies, key=len, default=""),
        author=join_people(fields.people, _PEOPLE),
        tags=drop_duplicates(fields.tags),
        language=get("language") or item.get(_LANG),
        published=tuple(filter(None, map(get, ("published", "dated", "issued", "created")))),
        updated=get("modified", ""),
        enclosures=tuple(enclosures),
    )


def _choose_link(fields: _ItemFields, about: str) -> str:
    """Return the address that is most likely the item's page, as it is written; empty where there is none."""
    original = fields.values.get("original", "")
    if original and is_web_address(original):
        return original  # FeedBurner: `link` leads through its counter
    link = fields.values.get("link") or _find_target(fields.links, "alternate")
    if link and leads_to_page(link):
        return link
    guid = fields.values.get("guid", "")
    guid_is_address = is_web_address(guid)
    if guid_is_address and _is_permalink(fields.guid_element):
        return guid
    if link:
        return ""  # what the publisher takes for its address leads to no page: no other one is guessed
    return about or _find_target(fields.links, "self") or (guid if guid_is_address else "")


def _find_target(links: list[etree._Element], relation: str) -> str:
    return next((target for link in links if get_relation(link) == relation and (target := get_target(link))), "")


def _is_permalink(guid: etree._Element | None) -> bool:
    # RSS 2.0: a guid is the item's address unless it says isPermaLink="false".
    return guid is None or get_attribute(guid, "isPermaLink").strip().lower() != "false"
