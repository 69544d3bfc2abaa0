"""Atom 1.0 (RFC 4287), from a tree. What feedparser might read otherwise is doubted, not decided."""

from __future__ import annotations

from collections.abc import Collection

from lxml import etree

from watcher.model.poll import Parsed
from watcher.parse.clean import Raw, cleaned_all, once
from watcher.parse.doubt import Doubt
from watcher.parse.hints import hints_of
from watcher.parse.names import ATOM, DC, FEEDBURNER, MEDIA, SY, XML, clark
from watcher.parse.nodes import base_of, inner
from watcher.text.html import title_text
from watcher.text.langs import language_tag
from watcher.text.urls import http_url

_LANG = clark(XML, "lang")
_LINK = clark(ATOM, "link")
_NAMES = {
    clark(ATOM, "id"): "id", clark(ATOM, "title"): "title", clark(ATOM, "summary"): "summary",
    clark(ATOM, "content"): "content", clark(ATOM, "published"): "published", clark(ATOM, "updated"): "updated",
    clark(ATOM, "author"): "author", clark(ATOM, "category"): "tag", clark(ATOM, "link"): "link",
    clark(DC, "creator"): "creator", clark(DC, "date"): "dated", clark(FEEDBURNER, "origLink"): "original",
    clark(MEDIA, "group"): "media", clark(MEDIA, "description"): "caption",
}  # fmt: skip


def read_atom(root: etree._Element, base: str, known: Collection[bytes] = frozenset()) -> Parsed:
    """Read an Atom feed; raises Doubt."""
    entries = root.findall(clark(ATOM, "entry"))
    language = language_tag(root.get(_LANG))
    author = _person(root.find(clark(ATOM, "author")))
    read, left_out, unread = cleaned_all(
        (_entry(entry, base, author) for entry in entries), len(entries), language, known
    )
    heading = root.find(clark(ATOM, "title"))
    title, _is_text = _construct(heading) if heading is not None else ("", True)
    return Parsed(
        items=read,
        title=title_text(title),
        site_url=link_of(root, "alternate", base),
        language=language,
        hints=hints_of(
            None, root.findtext(clark(SY, "updatePeriod")), root.findtext(clark(SY, "updateFrequency")), (), ()
        ),
        hub=link_of(root, "hub", base),
        topic_url=link_of(root, "self", base),
        truncated_items=left_out,
        unread_marks=unread,
        parser="quick",
    )


def link_of(element: etree._Element, rel: str, base: str) -> str | None:
    """Give the address of an Atom link with a relation, an HTML one where there are several."""
    links = [link for link in element.iterfind(_LINK) if (link.get("rel") or "alternate") == rel and link.get("href")]
    chosen = next((link for link in links if "html" in (link.get("type") or "text/html")), links[0] if links else None)
    if chosen is None:
        return None
    said = chosen.get("href") or ""
    return http_url(said, base if said.startswith("http") else base_of(chosen, base))


def _entry(entry: etree._Element, base: str, feed_author: str) -> Raw:
    said: dict[str, str] = {}
    plain: set[str] = set()
    tags: list[str] = []
    authors: list[str] = []
    for child in entry:
        key = _NAMES.get(child.tag)
        if key is None or key == "link":
            continue
        if key == "tag":
            tags.append((child.get("label") or child.get("term") or "").strip())
        elif key == "author":
            authors.append(_person(child))
        elif key in {"media", "caption"}:
            found = child.find(clark(MEDIA, "description")) if key == "media" else child
            if found is not None:
                said.setdefault("caption", found.text or "")
        elif key in said:
            continue
        elif key in {"title", "summary", "content"}:
            if key == "content" and child.get("src") is not None:
                continue
            said[key], is_text = _construct(child)
            if is_text:
                plain.add(key)
        else:
            said[key] = (child.text or "").strip()
    get = said.get
    guid = get("id", "")
    link = get("original") or link_of(entry, "alternate", base) or (guid if guid.startswith("http") else "")
    summary, content = get("summary", ""), get("content", "")
    return Raw(
        guid=guid,
        link=link,
        base=base,
        title=get("title", ""),
        title_is_text="title" in plain,
        summary=(_escaped(summary) if "summary" in plain else summary) or _escaped(get("caption", "")),
        content=_escaped(content) if "content" in plain else content,
        author=", ".join(once(authors)) or get("creator") or feed_author,
        tags=once(tags),
        language=entry.get(_LANG),
        published=get("published") or get("dated", ""),
        updated=get("updated", ""),
    )


def _construct(element: etree._Element) -> tuple[str, bool]:
    """Give an Atom text construct (RFC 4287, 3.1) and whether it is plain text rather than markup."""
    if element.get("mode") is not None:
        raise Doubt("a construct of Atom 0.3")
    kind = (element.get("type") or "text").strip().lower()
    if kind in {"text", "text/plain"}:
        said = inner(element)
        # Publishers put markup into text constructs all the time; feedparser looks for it, and so do we.
        return said, not len(element) and "<" not in said and "&" not in said
    if kind in {"html", "text/html", "xhtml", "application/xhtml+xml"} or kind.endswith(("+xml", "/xml")):
        return inner(element), False
    raise Doubt(f"content of the type {kind[:40]}")


def _person(element: etree._Element | None) -> str:
    return (element.findtext(clark(ATOM, "name")) or "").strip() if element is not None else ""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
