"""RSS 0.91 to 2.0 and RSS 1.0 (RDF), from a tree. What feedparser might read otherwise is doubted, not decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

from lxml import etree

from watcher.model.poll import Parsed
from watcher.parse.atom import link_of
from watcher.parse.clean import Raw, cleaned_all, once, site_url
from watcher.parse.doubt import Doubt
from watcher.parse.hints import hints_of
from watcher.parse.names import ATOM, CONTENT, DC, DCTERMS, FEEDBURNER, ITUNES, MEDIA, RDF, RSS1, SY, XHTML, XML, clark
from watcher.parse.nodes import base_of, inner
from watcher.text.html import title_text
from watcher.text.langs import language_tag

_PLAIN = {
    "title": "title", "link": "link", "description": "description", "guid": "guid", "pubDate": "published",
    "author": "author", "category": "tag",
}  # fmt: skip
_EXTENDED = {
    clark(DC, "creator"): "creator", clark(DC, "date"): "dated", clark(DC, "subject"): "tag",
    clark(DC, "language"): "language", clark(DC, "title"): "other title", clark(DC, "description"): "abstract",
    clark(DCTERMS, "created"): "created", clark(DCTERMS, "issued"): "issued", clark(DCTERMS, "modified"): "modified",
    clark(CONTENT, "encoded"): "content", clark(XHTML, "body"): "content", clark(XHTML, "div"): "content",
    clark(ITUNES, "author"): "speaker", clark(ITUNES, "summary"): "abstract",
    clark(MEDIA, "title"): "other title", clark(MEDIA, "description"): "caption", clark(MEDIA, "group"): "media",
    clark(FEEDBURNER, "origLink"): "original", clark(ATOM, "updated"): "modified", clark(ATOM, "published"): "issued",
    clark(ATOM, "summary"): "abstract", clark(ATOM, "link"): "atom link",
}  # fmt: skip
_ONE = {"title", "link", "guid"}


def read_rss(root: etree._Element, base: str, known: Collection[bytes] = frozenset()) -> Parsed:
    """Read RSS; raises Doubt."""
    space = RSS1 if root.tag == clark(RDF, "RDF") else etree.QName(root).namespace or ""
    channel = root.find(clark(space, "channel"))
    if channel is None:
        raise Doubt("no channel")
    name = clark(space, "item")
    items = channel.findall(name) or root.findall(name)
    if len(items) != sum(1 for _item in root.iter(name)):
        raise Doubt("items in several places")
    if not items and any(str(element.tag).endswith("}item") for element in root.iter(tag=etree.Element)):
        raise Doubt("items of another kind")
    names = _names(space)
    language = language_tag(
        channel.findtext(clark(space, "language"))
        or channel.findtext(clark(DC, "language"))
        or channel.get(clark(XML, "lang"))
        or root.get(clark(XML, "lang"))
    )
    read, left_out, unread = cleaned_all((_item(item, names, base) for item in items), len(items), language, known)
    return Parsed(
        items=read,
        title=title_text(inner(channel.find(clark(space, "title")))),
        site_url=site_url(channel.findtext(clark(space, "link")) or "", base_of(channel, base)),
        language=language,
        hints=hints_of(
            channel.findtext(clark(space, "ttl")),
            channel.findtext(clark(SY, "updatePeriod")),
            channel.findtext(clark(SY, "updateFrequency")),
            [hour.text or "" for hour in channel.iterfind(f"{clark(space, 'skipHours')}/{clark(space, 'hour')}")],
            [day.text or "" for day in channel.iterfind(f"{clark(space, 'skipDays')}/{clark(space, 'day')}")],
        ),
        hub=link_of(channel, "hub", base),
        topic_url=link_of(channel, "self", base),
        truncated_items=left_out,
        unread_marks=unread,
        parser="quick",
    )


def _item(item: etree._Element, names: Mapping[str, str], base: str) -> Raw:
    said: dict[str, str] = {}
    tags: list[str] = []
    permanent = True
    for child in item:
        key = names.get(child.tag)
        if key is None:
            continue
        if key == "media":
            key, caption = "caption", child.find(clark(MEDIA, "description"))
            if caption is None:
                continue
            child = caption
        if key == "atom link":
            if (child.get("rel") or "alternate") == "alternate":
                said.setdefault(key, child.get("href") or "")
            continue
        text = inner(child) if len(child) else (child.text or "").strip()
        if key == "tag":
            tags.append(text)
        elif key not in said:
            said[key] = text
            if key == "guid":
                permanent = (child.get("isPermaLink") or "true").strip().lower() != "false"
        elif key in _ONE and said[key] != text:
            raise Doubt(f"several {key}s")
    get = said.get
    guid = get("guid", "")
    about = item.get(clark(RDF, "about")) or ""
    link = get("original") or get("link") or get("atom link") or ""
    if not link:
        link = guid if permanent and guid.startswith("http") else about
    return Raw(
        guid=guid or about,
        link=link,
        base=base if link.startswith("http") else base_of(item, base),
        title=get("title") or get("other title", ""),
        summary=get("description") or get("abstract") or get("caption", "").replace("&", "&amp;").replace("<", "&lt;"),
        content=get("content", ""),
        author=get("creator") or get("author") or get("speaker", ""),
        tags=once(tags),
        language=get("language") or item.get(clark(XML, "lang")),
        published=get("published") or get("dated") or get("issued") or get("created", ""),
        updated=get("modified", ""),
    )


@cache
def _names(space: str) -> Mapping[str, str]:
    return {clark(space, name): key for name, key in _PLAIN.items()} | _EXTENDED
