"""Markup, and text that only resembles it: `<` before a letter, the name of an element within a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby


def _names(written: str) -> frozenset[str]:
    return frozenset(written.split())


_ELEMENTS = _names(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br
    button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir div
    dl dt em embed fencedframe fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header
    hgroup hr html i iframe image img input ins isindex kbd keygen label layer legend li link listing main map mark
    marquee menu menuitem meta meter multicol nav nobr noembed noframes nolayer noscript object ol optgroup option
    output p param picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search section select shadow
    slot small source spacer span strike strong style sub summary sup table tbody td template textarea tfoot th thead
    time title tr track tt u ul var video wbr xmp
    svg g defs desc symbol use path rect circle ellipse line polyline polygon text tspan textpath marker pattern
    clippath mask filter lineargradient radialgradient stop animate animatetransform foreignobject metadata switch
    math mi mn mo ms mspace mtext menclose merror mfenced mfrac mmultiscripts mover mpadded mphantom mprescripts mroot
    mrow msqrt mstyle msub msubsup msup mtable mtd mtr munder munderover semantics annotation annotation-xml
    """
)
_EMBEDDED_ROOTS = {"math", "svg"}
_UNPAIRED = _names("area base br col dd dt embed hr img input li link meta option p param source td th tr wbr")
"""Elements whose end nobody writes, or nobody has to."""
_INLINE = _names("b big center em font i s small span strike strong sub sup tt u")
_NO_NAMES: frozenset[str] = frozenset()
_SWALLOWING = _names(
    "head iframe listing math noembed noframes noscript object plaintext script select style svg template textarea "
    "title xmp"
)
"""Elements that take all text up to their end out of what is read; without an end, that is the rest of the text."""
_BARE_ATTRIBUTES = _names(
    "allowfullscreen async autofocus autoplay border checked class clear compact controls default defer disabled "
    "download hidden href id inert ismap itemscope lang loop multiple muted nohref noresize noshade novalidate nowrap "
    "open playsinline readonly rel required reversed rtl scoped seamless selected src start style target title"
)

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)([^<>]*)(>?)")
_NAME = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)")
_DECLARATION = re.compile(r"<(?=/(?![A-Za-z])|\?(?![A-Za-z])|!(?!--|\[CDATA\[|doctype\b))", re.IGNORECASE)


def _names_pattern(names: Iterable[str]) -> str:
    """Return a pattern for names, by their first letters: several times as fast as an alternation of all."""
    grouped = groupby(sorted(names, reverse=True), key=lambda name: name[0])
    return "|".join(f"{first}(?:{'|'.join(name[1:] for name in same)})" for first, same in grouped)


_COMMON = "p|/p|a|/a|br|div|/div|strong|/strong|em|/em|img|span|/span|li|/li|ul|/ul|i|/i|b|/b"
_ENDED = r"(?:\s*/?>|\s+[\w:-]+\s*=)"
_ENDED_LOOSELY = rf"(?:\s*/?>|\s+(?:(?:{'|'.join(sorted(_BARE_ATTRIBUTES))})\s+)*[\w:-]+\s*=)"
# What is no known element with nothing behind its name or with an attribute that has a value. The first is what most
# HTML passes in a quarter of the time: names in lower case, the usual ones before the others.
_PERHAPS_ODD = re.compile(
    rf"<(?=[A-Za-z/!?])(?!(?:{_COMMON})(?:>|[ ][\w:-]+=)|/?(?:{_names_pattern(_ELEMENTS - _SWALLOWING)}){_ENDED})"
)
_ODD = re.compile(rf"<(?=[A-Za-z/!?])(?!!--|/?(?:{_names_pattern(_ELEMENTS)}){_ENDED_LOOSELY})", re.IGNORECASE)
_SWALLOWING_TAG = re.compile(rf"<({_names_pattern(_SWALLOWING)})(?=[\s/>])", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def is_html_element(name: str) -> bool:
    """Return whether HTML knows an element of a name, in any case."""
    return name.lower() in _ELEMENTS - _EMBEDDED_ROOTS


def escape_text(text: str) -> str:
    """Return plain text as HTML that means it literally."""
    return text.replace("&", "&amp;").replace("<", "&lt;") if "&" in text or "<" in text else text


def has_entities(text: str) -> bool:
    """Return whether a text holds what HTML reads as a character reference."""
    return "&" in text and _ENTITY.search(text) is not None


def has_tags(text: str, *, inline: bool = True) -> bool:
    """Return whether a text holds markup, rather than the names of elements in angle brackets.

    Markup are: an element with a value in an attribute, one that is closed, one that nobody closes (`<br>`, `<p>`),
    and a comment. `inline` adds simple formatting that is not closed (`<b>`).
    """
    if "<" not in text:
        return False
    if _has_usual_markup(text):
        return True
    # One tag is enough where nobody writes an end; of all others the end decides.
    enough, closing = (_UNPAIRED | _INLINE, _INLINE) if inline else (_UNPAIRED, _NO_NAMES)
    opened: set[str] = set()
    for tag in _TAG.finditer(text):
        slash, written, rest, end = tag.groups()
        name = written.lower()
        if slash:
            if name in opened or (end and name in closing):
                return True
        elif end and not (name in _ELEMENTS and _is_literal(name, rest)):
            if name in enough or _has_attributes(name, rest):
                return True
            opened.add(name)
    return False


def _has_usual_markup(text: str) -> bool:
    """Return whether a text holds what nearly all HTML of feeds has, or a comment: found without a look at each tag."""
    return "<p>" in text or "<br>" in text or "<br />" in text or ("<!--" in text and "-->" in text)


def _has_attributes(name: str, rest: str) -> bool:
    """Return whether what follows a name are attributes with values, of an element that may exist."""
    return "=" in rest and (name in _ELEMENTS or _is_foreign(name))


def escape_literals(html: str, *, lone: bool = False) -> str:
    """Return HTML in which each `<` that begins no markup is escaped, so that a parser keeps the words after it.

    An element that HTML does not know is markup where it is closed or has attributes. `lone` also keeps as text the
    names of known elements that stand alone (`the <table> element`), as they do in headlines.
    """
    # The usual: a look for anything odd finds nothing. The second, slower look settles most of the others.
    if "<" not in html or (not lone and _PERHAPS_ODD.search(html) is None):
        return html
    lowered = html.lower()
    unclosed = {name for name in set(_SWALLOWING_TAG.findall(lowered)) if not _is_closed(lowered, name)}
    comment_is_open = "<!--" in html and html.rfind("<!--") > html.rfind("-->")
    if not lone and not unclosed and not comment_is_open and _ODD.search(html) is None:
        return html
    if comment_is_open:
        # A parser would drop all that follows a comment without an end.
        cut = html.index("<!--", html.rfind("-->") + 1)
        html = html[:cut] + html[cut:].replace("<!--", "&lt;!--")
    html = _DECLARATION.sub("&lt;", html)
    return _TAG.sub(_LiteralEscaper(html.lower(), unclosed, lone=lone), html)


class _LiteralEscaper:
    """Decides for each tag of some HTML whether it is markup, by which names are opened and closed in all of it."""

    def __init__(self, lowered: str, unclosed: set[str], *, lone: bool) -> None:
        tags = set(_NAME.findall(lowered))
        self._opened = {name for slash, name in tags if not slash}
        self._closed = {name for slash, name in tags if slash}
        self._alone = (self._opened - self._closed - _UNPAIRED - _INLINE) & _ELEMENTS if lone else set()
        self._last_end = {name: lowered.rfind(f"</{name}") for name in unclosed}

    def __call__(self, tag: re.Match[str]) -> str:
        """Return a tag as it is, with its bracket escaped, or nothing for one that would swallow the text."""
        slash, written, rest, end = tag.groups()
        name = written.lower()
        if name not in _ELEMENTS:
            return tag[0] if self._is_foreign_markup(name, slash, rest, end) else _escape_tag(tag)
        if not end and "=" not in rest:
            return _escape_tag(tag)
        if slash or not end:
            return tag[0]
        bare = not rest.strip(" /") and "/" not in rest
        if _is_literal(name, rest) or (bare and name in self._alone):
            return _escape_tag(tag)
        if tag.start() > self._last_end.get(name, len(tag.string)):
            # <title> in a sentence is a word; <script src=...> without an end is left out, and its text stays.
            return _escape_tag(tag) if bare else ""
        return tag[0]

    def _is_foreign_markup(self, name: str, slash: str, rest: str, end: str) -> bool:
        """Return whether a tag that HTML does not know is an element's: an end, one of a pair, or with attributes."""
        if not end and "=" not in rest:
            return False
        if slash or (name in self._opened and name in self._closed):
            return True
        return _is_foreign(name) and ("=" in rest or rest.endswith("/"))


def _escape_tag(tag: re.Match[str]) -> str:
    return f"&lt;{tag[0][1:]}"


def _is_closed(lowered: str, name: str) -> bool:
    return lowered.rfind(f"</{name}") > lowered.rfind(f"<{name}")


def _is_literal(name: str, rest: str) -> bool:
    """Return whether what follows a known name are words and no attributes: `a <b and c> d`."""
    if "=" in rest or '"' in rest or "'" in rest:
        return False
    words = rest.strip(" /\t\r\n").lower().split()
    return bool(words) and not any(word in _BARE_ATTRIBUTES or not word.isalnum() for word in words)


def _is_foreign(name: str) -> bool:
    """Return whether a name that HTML does not know may be an element's: `o:p`, `amp-img`, `quote`."""
    return name.replace(":", "").replace("-", "").replace("_", "").replace(".", "").isalnum() and name[-1] != ":"
