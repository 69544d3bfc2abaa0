"""Linear HTML to text, and the check that decides which fragments a tree builder may be handed.

A tree as browsers build it (WHATWG HTML, 13.2.6) takes quadratic time and memory for some inputs: formatting elements
are reopened in every block ("reconstruct the active formatting elements"), and most tags search the stack of open
elements. `exceeds_tree_limits` finds such inputs by counting; `strip_markup` reads them by their tokens alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from html import unescape

MAX_TAGS_UNCHECKED = 64
"""A fragment of so few tags costs little, however it is made up."""
MAX_TAG_LENGTH = 4_000
MAX_ATTRIBUTES = 50
MAX_DEPTH = 250
MAX_COUNTS = {"html": 10, "body": 10, "option": 1_000}
"""Attributes of further roots are merged into the first; options are compared with one another."""
REOPENED_PER_TAG = 8
"""Elements, attributes and 50-character pieces of attributes that a tag may cause to be created again, on average."""
_SEARCHED = 8
"""How many open elements are searched for the one that an end tag closes."""

RAW_TEXT = frozenset({"script", "style", "iframe", "noembed", "noframes", "title", "textarea"})
_DROPPED = frozenset({"math", "noscript", "object", "select", "svg", "template"})
_LINE_BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "td", "th", "tr", "ul",
})  # fmt: skip
_FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
})  # fmt: skip
_VOID = frozenset({
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img", "input", "link", "meta",
    "param", "source", "track", "wbr",
})  # fmt: skip
# Special elements keep the end tag of an ordinary one from reaching beyond them, markers that of a formatting element.
_SPECIAL = _LINE_BREAKS | frozenset({
    "button", "center", "details", "fieldset", "noscript", "object", "select", "summary", "tbody", "template", "tfoot",
    "thead",
})  # fmt: skip
_MARKERS = frozenset({"applet", "caption", "marquee", "object", "td", "template", "th"})
_CLOSES = {
    "li": frozenset({"p", "li"}), "dd": frozenset({"p", "dd", "dt"}), "dt": frozenset({"p", "dd", "dt"}),
    "tr": frozenset({"p", "td", "th", "tr"}), "td": frozenset({"p", "td", "th"}), "th": frozenset({"p", "td", "th"}),
    "rt": frozenset({"rt", "rp"}), "rp": frozenset({"rt", "rp"}),
}  # fmt: skip
_CLOSING = {name: frozenset({"p"}) for name in _LINE_BREAKS} | _CLOSES
"""What a start tag closes first, where it is open."""
_NONE: frozenset[str] = frozenset()
_RARE = frozenset({*MAX_COUNTS, "hr", "math", "svg"})
"""Start tags that `is_well_nested` knows nothing of."""

# A tag as the tokenizer reads it: a quote counts after "=" alone. Possessive and atomic: nothing is tried twice.
_ATTRIBUTES = r"""(?>[^>=]++|=\s*+(?>"[^"]*+"|'[^']*+')?+)*+"""
_TAG = re.compile(rf"<(/?)([A-Za-z][^\s/>]*+)({_ATTRIBUTES})(>?)")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_COMMENT_END = re.compile("--!?>")
_QUOTED = re.compile(r"""=\s*+(?>"[^"]*+"|'[^']*+')""")
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{9,}+|[xX][0-9A-Fa-f]{9,}+);?")
_RAW_END = {name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE) for name in RAW_TEXT}
_DROP_END = {name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE) for name in _DROPPED}


def unescape_entities(text: str) -> str:
    """Return text with its character references read; one of more digits than any character has is U+FFFD.

    `html.unescape` raises ValueError for more than 4,300 digits (sys.set_int_max_str_digits).
    """
    return unescape(_LONG_NUMBER.sub("\ufffd", text) if "&#" in text else text)


def exceeds_tree_limits(html: str) -> bool:
    """Return whether a tree of this HTML could take more than linear time or memory. Errs towards True."""
    if html.count("<") <= MAX_TAGS_UNCHECKED and len(html) <= MAX_TAG_LENGTH:
        return False
    return not is_well_nested(html) and exceeds_counted_limits(html)


def is_well_nested(html: str) -> bool:
    """Return whether a short look proves that HTML is within the limits: True for nearly all that people write.

    Where each formatting element is closed by its own end tag before anything around it is, none is ever reopened, and
    a stack of names shows what `exceeds_counted_limits` would count, in a third of the time. Anything else is False.
    """
    elements = _NestedElements()
    for tag in _TAG.finditer(html):
        slash, name, attributes, _end = tag.groups()
        if len(attributes) > 2 * MAX_ATTRIBUTES and _count_attributes(attributes) > MAX_ATTRIBUTES:
            return False
        is_simple = elements.close(name.lower()) if slash else elements.open(name.lower(), attributes)
        if not is_simple:
            return False
    return True


class _NestedElements:
    """The open elements of a well-nested fragment; `open` and `close` return whether it still is one."""

    __slots__ = ("_spare", "_stack", "_weight", "_weights")

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._weights: list[int] = []
        self._weight = 0
        self._spare = REOPENED_PER_TAG * MAX_TAGS_UNCHECKED

    def open(self, name: str, attributes: str) -> bool:
        """Count a start tag."""
        self._spare += REOPENED_PER_TAG
        if name in _VOID:
            return name != "hr"
        if name in _RARE:
            return False
        stack = self._stack
        closes = _CLOSING.get(name)
        if closes is not None:
            # It may close an element below, and the formatting elements above that are reopened in it.
            self._spare -= self._weight
            while stack and stack[-1] in closes:
                stack.pop()
        stack.append(name)
        if name in _FORMATTING:
            self._weights.append(1 + len(attributes))  # no less than `_weigh_formatting`, and cheaper
            self._weight += 1 + len(attributes)
        return len(stack) <= MAX_DEPTH and self._spare >= 0

    def close(self, name: str) -> bool:
        """Count an end tag."""
        self._spare += REOPENED_PER_TAG
        if self._stack and self._stack[-1] == name:
            self._stack.pop()
            if name in _FORMATTING:
                self._weight -= self._weights.pop()
            return True
        if self._weight:
            return False
        place = _find_closed(self._stack, name)
        if place is not None:
            del self._stack[place:]
        return True


def exceeds_counted_limits(html: str) -> bool:
    """Return whether the tags of some HTML, counted one by one, exceed the limits of a tree."""
    state = _OpenElements()
    for tag in _TAG.finditer(html):
        attributes = tag[3]
        if len(attributes) > 2 * MAX_ATTRIBUTES and _count_attributes(attributes) > MAX_ATTRIBUTES:
            return True
        if tag[1]:
            state.close(tag[2].lower())
        else:
            state.open(tag[2].lower(), attributes)
        if state.exceeded:
            return True
    return False


def _count_attributes(attributes: str) -> int:
    """Return about how many attributes a tag has, rather too many than too few."""
    return len(_QUOTED.sub(" ", attributes).replace("/", " ").split())


def _weigh_formatting(attributes: str) -> int:
    """Return what it costs to create a formatting element again: itself, its attributes and their length."""
    return 1 + _count_attributes(attributes) + len(attributes) // 50 if attributes else 1


def _find_closed(stack: list[str], name: str) -> int | None:
    """Return the place of the open element that an end tag closes, None where it closes none of the last few."""
    special = name in _SPECIAL
    for place in range(len(stack) - 1, max(-1, len(stack) - 1 - _SEARCHED), -1):
        if stack[place] == name:
            return place
        # An ordinary end tag reaches over no special element.
        if not special and stack[place] in _SPECIAL:
            return None
    return None


class _Formatting:
    """An active formatting element; `weight` is 0 once it is closed, `detached` counts what has to be reopened."""

    __slots__ = ("detached", "weight")

    def __init__(self, weight: int) -> None:
        self.weight = weight
        self.detached = 0


class _OpenElements:
    """The open elements and the active formatting elements of a tree, as far as their number matters.

    Where this differs from the standard, it counts too many of both.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._elements: list[_Formatting | None] = []
        self._open: Counter[str] = Counter()
        self._active: dict[str, list[_Formatting]] = {}
        self._weight = 0
        self._detached = 0
        self._counts = dict.fromkeys(MAX_COUNTS, 0)
        self._tags = 0
        self._reopened = 0
        self.exceeded = False

    def open(self, name: str, attributes: str) -> None:
        """Count a start tag."""
        if name in self._counts:
            self._counts[name] += 1
            self.exceeded = self.exceeded or self._counts[name] > MAX_COUNTS[name]
            return
        closes = _CLOSING.get(name, _NONE)
        if self._open["svg"] or self._open["math"]:
            # Foreign content: a slash closes an element there, and nothing is void or closed by another.
            if attributes.endswith("/"):
                return
        elif name in _VOID:
            self._charge(self._weight if name == "hr" else self._detached)
            return
        else:
            while self._names and self._names[-1] in closes:
                self._pop()
        # An element further down that this tag closes takes all formatting elements above it with it.
        self._charge(self._weight if any(self._open[closed] for closed in closes) else self._detached)
        self._push(name, attributes)

    def close(self, name: str) -> None:
        """Count an end tag."""
        place = _find_closed(self._names, name)
        if place is not None:
            formatting = self._elements[place]
            while len(self._names) > place:
                self._pop()
            if formatting is not None:
                self._forget(formatting)
            self._charge(self._detached)
            return
        # Which element this closes is not known: all formatting elements may have to be reopened.
        if (active := self._active.get(name)) and not any(self._open[marker] for marker in _MARKERS):
            while active and not active[-1].weight:
                active.pop()
            if active:
                self._forget(active.pop())
        self._charge(self._weight)

    def _charge(self, reopened: int) -> None:
        self._tags += 1
        self._reopened += reopened
        if self._reopened > REOPENED_PER_TAG * (self._tags + MAX_TAGS_UNCHECKED):
            self.exceeded = True

    def _push(self, name: str, attributes: str) -> None:
        formatting = None
        if name in _FORMATTING:
            formatting = _Formatting(_weigh_formatting(attributes))
            self._active.setdefault(name, []).append(formatting)
            self._weight += formatting.weight
        self._names.append(name)
        self._elements.append(formatting)
        self._open[name] += 1
        self.exceeded = self.exceeded or len(self._names) > MAX_DEPTH

    def _pop(self) -> None:
        name, formatting = self._names.pop(), self._elements.pop()
        self._open[name] -= 1
        if formatting is not None:
            formatting.detached = formatting.weight
            self._detached += formatting.weight

    def _forget(self, formatting: _Formatting) -> None:
        self._weight -= formatting.weight
        self._detached -= formatting.detached
        formatting.weight = formatting.detached = 0


def strip_markup(html: str) -> str:
    """Return the text of HTML by its tokens: a line break at each block, scripts and the like dropped.

    Every step moves on in the input, and no search that found nothing is repeated: time and memory are linear.
    """
    parts: list[str] = []
    absent: set[str] = set()
    at = 0
    while (match := _MARKUP.search(html, at)) is not None:
        start = match.start()
        _append(parts, html[at:start])
        tag = _TAG.match(html, start)
        if tag is None:
            at = _end_of_comment(html, start)
            continue
        if not tag[4]:  # cut off inside a tag
            return "".join(parts)
        at = tag.end()
        name = tag[2].lower()
        if name in _LINE_BREAKS:
            parts.append("\n")
        elif not tag[1] and name in RAW_TEXT:
            end = _RAW_END[name].search(html, at)
            at = end.start() if end is not None else len(html)
        elif not tag[1] and name in _DROPPED and name not in absent and not tag[3].endswith("/"):
            end = _DROP_END[name].search(html, at)
            if end is None:
                absent.add(name)
            else:
                at = end.start()
    _append(parts, html[at:])
    return "".join(parts)


def select_tags(html: str, names: Collection[str]) -> str:
    """Return nothing but the start tags of some names, each closed at once; those that are too long are left out."""
    return "".join(
        f"{tag[0]}</{tag[2]}>"
        for tag in _TAG.finditer(html)
        if tag[4] and not tag[1] and tag[2].lower() in names and len(tag[0]) <= MAX_TAG_LENGTH
    )


def _append(parts: list[str], text: str) -> None:
    if text:
        text = text.replace("\n", " ")
        parts.append(unescape_entities(text) if "&" in text else text)


def _end_of_comment(html: str, start: int) -> int:
    """Return where a comment, a declaration or another thing that is no tag ends."""
    if html.startswith("<!--", start):
        if html.startswith((">", "->"), start + 4):
            return html.index(">", start) + 1
        match = _COMMENT_END.search(html, start + 4)
        return match.end() if match is not None else len(html)
    end = html.find(">", start)
    return end + 1 if end >= 0 else len(html)
