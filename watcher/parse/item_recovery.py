"""Recovers the items of a document that is not well-formed: an item that is whole stays as it is written.

The items of the result are what they are in the intact document; a broken one is mended field by field, its text read
as the tag soup that it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from watcher.parse.limits import MAX_ITEMS_EXAMINED, MAX_PREFIXES
from watcher.parse.namespaces import PREFIXES
from watcher.parse.progress import has_time_to_repair
from watcher.parse.strict_xml import find_prefixes, parse_strictly
from watcher.text.linear_html import unescape_entities
from watcher.text.markup import has_tags

_MAX_FIELDS = 20_000
"""Elements of broken items that are looked at in one document."""
_MAX_READINGS = 8
"""How often the text of a broken item is looked at: fields in fields could make it as often as there are fields."""
_SHORT_ITEM = 10_000
"""Characters of an item that is looked at as often as it takes."""
_MAX_CONTENT_LENGTH = 1_048_576
_NAME = r"[A-Za-z_][\w.-]{0,60}+(?::[A-Za-z_][\w.-]{0,60}+)?+"
_OPEN = re.compile(rf"""<!\[CDATA\[|<!--|<({_NAME})((?:[^<>"']+|"[^"<]*"|'[^'<]*')*+)>""")
_OPEN_LOOSELY = re.compile(rf"<({_NAME})(?=[\s/>])([^<>]*)>")
_CLOSE = re.compile(rf"</({_NAME})\s*>")
_ATTRIBUTE = re.compile(rf"""(?<![\w.-])({_NAME})\s*+=\s*+(?:"([^"<]*)"|'([^'<]*)'|([^\s"'<>]+))""")
_MARKS = {
    name: re.compile(rf"<!\[CDATA\[|<!--|<(/?)(?:[A-Za-z_][\w.-]{{0,30}}:)?{name}(?=[\s/>])[^<>]*>", re.IGNORECASE)
    for name in ("item", "entry")
}
_END = re.compile(r"</(?:[A-Za-z][\w.-]{0,30}:)?(?:channel|rss|feed|rdf)\s*>", re.IGNORECASE)
_FIELD = re.compile(
    r"<(?:title|link|description|guid|pubdate|author|category|comments|enclosure|source|summary|content|id|published"
    r"|updated|issued|modified|[a-z][\w.-]{0,30}:[a-z])(?=[\s/>:\w])",
    re.IGNORECASE,
)
_TEXT_RUN = re.compile(r"[^<>]++")
_SPACE = re.compile(r"\sxmlns:([\w.-]{1,60}+)\s*+=")
_SECTION = re.compile(r"<!\[CDATA\[|\]\]>")
_NESTED = {"author", "contributor", "group", "source", "image"}
_CONSTRUCTS = {"title", "summary", "content", "subtitle"}
_NO_MARKUP = {
    "link", "guid", "id", "pubdate", "date", "published", "updated", "issued", "modified", "created", "ttl",
    "language", "origlink",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A document put together again; `cut` says that its end is missing, `unread` how many items were not looked at."""

    text: str
    cut: bool
    unread: int


@dataclass(slots=True)
class _Finder:
    """Finds marks in a text whose places are asked for in order: each part of it is searched once for a mark."""

    text: str
    last: dict[str, int] = field(default_factory=dict)

    def find(self, mark: str, place: int) -> int:
        """Return where a mark stands at or after a place, -1 where it does not."""
        if self.last.get(mark, 0) != -1 and self.last.get(mark, -2) < place:
            self.last[mark] = self.text.find(mark, place)
        return self.last[mark]


@dataclass(slots=True)
class _Rebuilder:
    """What is known of the document while its items are mended: its namespaces, and how much may yet be looked at."""

    spaces: dict[str, str]
    added: dict[str, str] = field(default_factory=dict)
    fields_left: int = _MAX_FIELDS
    characters_left: int = 0

    def begin_item(self, length: int) -> None:
        """Allow the fields of an item of so many characters to be looked at."""
        self.characters_left = _MAX_READINGS * max(length, _SHORT_ITEM)

    @property
    def may_go_on(self) -> bool:
        """Return whether a further field may be looked at."""
        return self.fields_left > 0 and self.characters_left > 0 and has_time_to_repair()

    def is_well_formed(self, markup: str) -> bool:
        """Return whether some markup is well-formed with the prefixes that are declared, or are declared for it."""
        self.characters_left -= len(markup)
        declared = []
        own = set(_SPACE.findall(markup)) if "xmlns:" in markup else ()
        for prefix in find_prefixes(markup):
            if prefix not in self.spaces and prefix not in own and len(self.added) < MAX_PREFIXES:
                self.spaces[prefix] = self.added[prefix] = PREFIXES.get(prefix.lower(), f"urn:{prefix}")
            if prefix in self.spaces:
                # Which namespace it is makes no difference here, but for the time that a long one takes.
                declared.append(f' xmlns:{prefix}="urn:x"')
        # Two levels around it, as in a document: what is not too deep here is not too deep there.
        return parse_strictly(f"<x{''.join(declared)}><x>{markup}</x></x>".encode()) is not None


def rebuild_document(text: str) -> Rebuilt | None:
    """Return a document, which begins with its root, in well-formed pieces; None where it holds no items."""
    root = _OPEN_LOOSELY.match(text)
    if root is None:
        return None
    is_atom = root[1].rpartition(":")[2].lower() == "feed"
    split = _Splitter(text, "entry" if is_atom else "item").split(root.end())
    if not split.items:
        return None
    rest = split.rest
    root_attributes, channel_attributes = _read_attributes(root[2]), dict[str, str]()
    channel = _find_channel(rest)
    if channel is not None:
        rest = rest[: channel.start()] + rest[channel.end() :]
        channel_attributes = _read_attributes(channel[2])
    rebuilder = _Rebuilder(_list_namespaces(root_attributes | channel_attributes))
    rebuilder.begin_item(len(rest))
    head = _mend_fields(_END.sub("", rest), rebuilder, 0)
    items, unread = _rebuild_items(split.items, rebuilder)
    # Prefixes that were used and not declared stand in the root by now.
    root_attributes |= {f"xmlns:{prefix}": space for prefix, space in rebuilder.added.items()}
    parts = [_open(root[1], root_attributes)]
    if channel is not None:
        parts.append(_open(channel[1], channel_attributes))
    parts += [head, *items]
    if channel is not None:
        parts.append(f"</{channel[1]}>")
    parts.append(f"</{root[1]}>")
    return Rebuilt(text="".join(parts), cut=not split.is_closed, unread=split.unread + unread)


def _find_channel(rest: str) -> re.Match[str] | None:
    tags = _OPEN_LOOSELY.finditer(rest)
    return next((tag for tag in tags if tag[1].rpartition(":")[2].lower() == "channel"), None)


def _list_namespaces(attributes: dict[str, str]) -> dict[str, str]:
    """Return the namespaces that attributes declare, by prefix."""
    return {
        name.removeprefix("xmlns:"): value
        for name, value in attributes.items()
        if name.startswith("xmlns:") and value.strip()
    }


def _rebuild_items(segments: list[str], rebuilder: _Rebuilder) -> tuple[list[str], int]:
    """Return the items, broken ones repaired, and the number of items not read because time was up."""
    items: list[str] = []
    unread = 0
    for place, segment in enumerate(segments):
        if not has_time_to_repair():
            return items, unread + len(segments) - place
        rebuilder.begin_item(len(segment))
        if rebuilder.is_well_formed(segment):
            items.append(segment)
        elif rebuilder.fields_left > 0:
            items.append(_mend_element(segment, rebuilder))
        else:
            unread += 1
    return items, unread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    """A document in pieces: its items as they are written, and what stands outside them.

    `is_closed` says that its end is there, `unread` how many items are too many to be looked at.
    """

    items: list[str]
    rest: str
    is_closed: bool
    unread: int = 0


class _Splitter:
    """Cuts a document into its items by their tags alone.

    Sections and comments are passed over where they are closed before another one begins. An item that is not closed
    ends where the next begins; the last one, of a document that is cut, is left out.
    """

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._mark = _MARKS[name]
        self._items: list[str] = []
        self._rest: list[str] = []
        self._item_start: int | None = None
        self._rest_start = 0

    def split(self, place: int) -> _Split:
        """Return the pieces of the document from a place inside its root on."""
        self._rest_start = place
        finder = _Finder(self._text)
        while (tag := self._mark.search(self._text, place)) is not None:
            place = tag.end()
            if tag[1] is None:
                place = _end_of_section(tag, finder)
                continue
            self._add_tag(tag)
            if len(self._items) >= MAX_ITEMS_EXAMINED:
                unread = len(self._mark.findall(self._text, place)) // 2
                return _Split(items=self._items, rest="".join(self._rest), is_closed=True, unread=unread)
        return self._finish()

    def _add_tag(self, tag: re.Match[str]) -> None:
        is_end = bool(tag[1])
        if self._item_start is None:
            # The end of no item belongs to neither: it is dropped.
            self._rest.append(self._text[self._rest_start : tag.start()])
        else:
            self._items.append(self._text[self._item_start : tag.end() if is_end else tag.start()])
        if not is_end and not tag[0].endswith("/>"):
            self._item_start = tag.start()
            return
        if not is_end:
            self._items.append(tag[0])
        self._item_start, self._rest_start = None, tag.end()

    def _finish(self) -> _Split:
        end = _END.search(self._text, self._rest_start if self._item_start is None else self._item_start)
        if self._item_start is None:
            self._rest.append(self._text[self._rest_start :])
        elif end is not None:
            self._items.append(self._text[self._item_start : end.start()])
            self._rest.append(self._text[end.start() :])
        return _Split(items=self._items, rest="".join(self._rest), is_closed=end is not None)


def _end_of_section(match: re.Match[str], finder: _Finder) -> int:
    """Return where a CDATA section or comment ends; its beginning where it is not closed before the next one."""
    closing = "-->" if match[0] == "<!--" else "]]>"
    end = finder.find(closing, match.end())
    if end == -1 or finder.text.find(match[0], match.end(), end) != -1:
        return match.end()
    return end + len(closing)


def _mend_element(markup: str, rebuilder: _Rebuilder) -> str:
    """Return an item that is not well-formed as one that is."""
    opened = _OPEN_LOOSELY.match(markup)
    if opened is None:
        return ""
    name = opened[1]
    body = markup[opened.end() :]
    last = None
    for last in _CLOSE.finditer(body):  # noqa: B007 - the last of them
        pass
    if last is not None and last[1].lower() == name.lower():
        body = body[: last.start()]
    attributes = _read_attributes(opened[2])
    if not rebuilder.is_well_formed(_open(name, attributes, "/>")):
        attributes = {}
    return f"{_open(name, attributes)}{_mend_fields(body, rebuilder, 0)}</{name}>"


def _mend_fields(body: str, rebuilder: _Rebuilder, depth: int) -> str:
    """Return the child elements in some markup, each well-formed; what stands between them is dropped."""
    closings: dict[str, list[int]] = {}
    for closing in _CLOSE.finditer(body):
        closings.setdefault(closing[1].lower(), []).append(closing.start())
    finder = _Finder(body)
    parts: list[str] = []
    place = 0
    while rebuilder.may_go_on and (opened := _OPEN.search(body, place)) is not None:
        if opened[1] is None:
            place = _end_of_section(opened, finder)
            continue
        rebuilder.fields_left -= 1
        content_end, place = _find_end(finder, opened, closings)
        markup = body[opened.start() : place]
        if opened[2].endswith("/") or not rebuilder.is_well_formed(markup):
            field_end = None if opened[2].endswith("/") else _FIELD.search(body, opened.end(), content_end)
            if field_end is not None and opened[1].rpartition(":")[2].lower() in _NO_MARKUP | {"category"}:
                content_end = place = field_end.start()
            markup = _mend_field(opened[1], opened[2], body[opened.end() : content_end], rebuilder, depth)
        parts.append(markup)
    return "".join(parts)


def _find_end(finder: _Finder, opened: re.Match[str], closings: dict[str, list[int]]) -> tuple[int, int]:
    """Return where the content of an element ends, and where the element does.

    One that is not closed ends where the next field of an item begins.
    """
    body = finder.text
    if opened[2].endswith("/"):
        return opened.end(), opened.end()
    places = closings.get(opened[1].lower(), [])
    index = bisect_left(places, opened.end())
    if body.startswith("<![CDATA[", opened.end()):
        # A closing tag within a section closes nothing.
        section = finder.find("]]>", opened.end())
        while index + 1 < len(places) and section != -1 and places[index] < section < places[index + 1]:
            index += 1
    if index < len(places):
        return places[index], body.index(">", places[index]) + 1
    follow_progress = _FIELD.search(body, opened.end())
    end = follow_progress.start() if follow_progress is not None else len(body)
    return end, end


def _mend_field(name: str, written: str, content: str, rebuilder: _Rebuilder, depth: int) -> str:
    """Return one field as a well-formed element; markup in it becomes escaped text, as in most feeds."""
    # Three kinds: elements that hold others (media:group), those that hold no markup (link, dates), and texts.
    local = name.rpartition(":")[2].lower()
    attributes = _read_attributes(written)
    if not rebuilder.is_well_formed(_open(name, attributes, "/>")):
        return ""
    if depth < 2 and (local in _NESTED or name.lower().startswith("media:")) and "<" in content:
        return f"{_open(name, attributes)}{_mend_fields(content, rebuilder, depth + 1) or _escape(content)}</{name}>"
    if local in _NO_MARKUP:
        text = unescape_entities(_SECTION.sub("", content).partition("<")[0])
        return f"{_open(name, attributes)}{_escape(text)}</{name}>"
    html = _SECTION.sub("", content[:_MAX_CONTENT_LENGTH])
    if "&lt;" in html:
        html = _TEXT_RUN.sub(_unescape_markup, html)
    if local in _CONSTRUCTS and has_tags(html):
        attributes.pop("mode", None)
        attributes |= {"type": "html"}
    return f"{_open(name, attributes)}{_escape(html)}</{name}>"


def _unescape_markup(run: re.Match[str]) -> str:
    if "&lt;" not in run[0]:
        return run[0]
    text = unescape_entities(run[0])
    return text if has_tags(text) else run[0]


def _read_attributes(written: str) -> dict[str, str]:
    """Return the attributes of a tag, the first where one stands twice; values need no quotes."""
    attributes: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(written):
        attributes.setdefault(name, unescape_entities(double or single or bare))
    return attributes


def _open(name: str, attributes: dict[str, str], end: str = ">") -> str:
    written = "".join(f' {key}="{_escape(value, quotes=True)}"' for key, value in attributes.items())
    return f"<{name}{written}{end}"


def _escape(text: str, *, quotes: bool = False) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;") if quotes else text
