"""XML to a tree: strictly, else after repairs that change no word, else item by item.

Document types are dropped, entities that HTML does not know stay as written; cut documents give what is whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

from watcher.errors import TooCostlyError
from watcher.parse.item_recovery import rebuild_document
from watcher.parse.limits import MAX_PREFIXES
from watcher.parse.namespaces import PREFIXES
from watcher.parse.progress import require_isolation
from watcher.parse.strict_xml import find_prefixes, is_too_deep, parse_strictly

_START = re.compile(r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|rdf|channel|entry)(?=[\s>/])", re.IGNORECASE)
_CLOSED = re.compile(r"</(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_LAST = re.compile(r"</(?:[A-Za-z][\w.-]{0,30}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A tree writes an element's namespace out in its name: with a long one, each look at a name takes long.
_LONG_NAMESPACE = re.compile(rb"""xmlns[^=<>]{0,80}=\s*+(?:"[^"<]{2000}|'[^'<]{2000})""")
# Whatever has no end is looked for once: nothing here is tried in a second way.
_PROLOGUE = re.compile(
    r"(?:\s++|<\?(?:(?!\?>).)*+\?>|<!--(?:(?!-->).)*+-->|<!DOCTYPE[^>\[]*+(?:\[(?:(?!\]\s*+>).)*+\]\s*+)?+>)*+",
    re.DOTALL,
)
_DECLARED = re.compile(r"\sxmlns:([\w.-]{1,60})\s*=")
# Brackets are rare: to look for one of them and then behind it takes half the time of a search for all of it.
_SECTION_END = re.compile(rb"\](?=\]>)")
# A section without an end goes on to the document's: searched for from each start, it would cost quadratic time.
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos);)(?:(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A document's root; `repair` says what had to be repaired, `cut` that its end is missing.

    `unread` is how many items of too many were not looked at.
    """

    root: etree._Element
    repair: str | None = None
    cut: bool = False
    unread: int = 0


def parse_xml(body: bytes) -> Tree | None:
    """Parse a UTF-8 document, repaired where it has to be; None where that takes more than repairs.

    Raises ParseError for what is nested too deeply.
    """
    if _LONG_NAMESPACE.search(body) is not None:
        require_isolation("a long namespace")
    if b"<!DOCTYPE" not in body:
        root = parse_strictly(body)
        if root is not None:
            return _recover_swallowed_items(root, body) or Tree(root=root)
    text = body.decode("utf-8", "replace")
    start = _START.search(text)
    if start is None:
        return None
    whole = start.start() == 0 or _is_prologue(text[: start.start()])
    text = repair_xml(text[start.start() :])
    if (root := parse_strictly(text.encode())) is not None:
        return Tree(root=root, repair=None if whole and b"<!DOCTYPE" in body else "not well-formed, repaired")
    # What goes on from here is many searches and small parsings in Python, for as long as the document likes.
    require_isolation("not well-formed")
    if (tree := _cut(text)) is not None or (tree := _piece_together(text)) is not None:
        return tree
    if is_too_deep(text.encode()):
        raise TooCostlyError("parse", "nested too deeply, or a text beyond all measure")
    return None


def _recover_swallowed_items(root: etree._Element, body: bytes) -> Tree | None:
    """Return a tree of a document in which a CDATA section that is not closed has swallowed the items after it.

    It is well-formed: the section ends with that of another item. None where nothing was swallowed.
    """
    opened = body.count(b"<![CDATA[")
    if not opened or opened <= len(_SECTION_END.findall(body)):
        return None
    require_isolation("a section has no end")
    text = body.decode("utf-8", "replace")
    start = _START.search(text)
    tree = _piece_together(repair_xml(text[start.start() :])) if start is not None else None
    items = ("{*}item", "{*}entry")
    if tree is None or sum(1 for _item in tree.root.iter(*items)) <= sum(1 for _item in root.iter(*items)):
        return None
    return tree


def _piece_together(text: str) -> Tree | None:
    """Return a tree of the items that are whole and of what can be read of the others."""
    rebuilt = rebuild_document(text)
    root = parse_strictly(rebuilt.text.encode()) if rebuilt is not None else None
    if rebuilt is None or root is None:
        return None
    return Tree(root=root, repair="not well-formed, read item by item", cut=rebuilt.cut, unread=rebuilt.unread)


def repair_xml(text: str) -> str:
    """Drop what XML forbids, read HTML's entities, escape stray ampersands, declare the prefixes that were not."""
    if _ILLEGAL.search(text) is not None:
        text = _ILLEGAL.sub("", text)
    if "&" in text:
        text = _REFERENCE.sub(_repair_reference, text)
    missing = sorted(find_prefixes(text).difference(_DECLARED.findall(text)))
    if len(missing) > MAX_PREFIXES:
        missing = [prefix for prefix in missing if prefix.lower() in PREFIXES]
    if missing:
        declared = "".join(f' xmlns:{prefix}="{PREFIXES.get(prefix.lower(), f"urn:{prefix}")}"' for prefix in missing)
        start = _START.match(text)
        place = start.end() if start is not None else 0
        text = text[:place] + declared + text[place:] if place else text
    return text


def _cut(text: str) -> Tree | None:
    """Return the items that are whole of a document whose end is missing, or that goes wrong after the last of them."""
    ends = [match.end() for match in _LAST.finditer(text)]
    if not ends:
        return None
    start = _START.match(text)
    name = start[0][1:] if start is not None else ""
    inside = "</channel>" if name.endswith("rss") and "</channel>" not in text[: ends[-1]] else ""
    root = parse_strictly((text[: ends[-1]] + inside + f"</{name}>").encode())
    if root is None:
        return None
    missing = _CLOSED.search(text, ends[-1]) is None
    return Tree(
        root=root, repair="cut short: only whole items read" if missing else "not well-formed, repaired", cut=missing
    )


def _is_prologue(prologue: str) -> bool:
    """Return whether what stands before the root is a prologue (declaration, comments, document type) and no fault."""
    return _PROLOGUE.fullmatch(prologue) is not None


def _repair_reference(match: re.Match[str]) -> str:
    written, name = match[0], match[1]
    if written[0] == "<":
        return written
    if name is None:
        return "&amp;"
    if name[0] == "#":
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        legal = code in (9, 10, 13) or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
        return written.lower() if legal else ""
    character = html5.get(f"{name};")
    return character.replace("&", "&amp;").replace("<", "&lt;") if character is not None else f"&amp;{written[1:]}"
