"""HTML to plain text, once, on ingest: no markup of others is stored or shown."""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby

from selectolax.lexbor import LexborHTMLParser

from watcher.text.bidi import drop_unbalanced_controls
from watcher.text.linear_html import exceeds_tree_limits, strip_markup, unescape_entities
from watcher.text.markup import escape_literals

MAX_FIELD_LENGTH = 262_144
"""Characters of one field that are read."""
MAX_TITLE_LENGTH = 500

_MARKUP = re.compile(r"<[A-Za-z/!?]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_INLINE = re.compile(r"</(?:a|b|em|font|i|p|span|strong|sub|sup|u)>|<br ?/?>", re.IGNORECASE)
_DROPPED = (
    "head", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "title",
)  # fmt: skip
_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "button", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "search", "section",
    "summary", "table", "td", "th", "tr", "ul",
)  # fmt: skip


def _tags(names: tuple[str, ...]) -> str:
    """Return a pattern for some tag names, by their first letters: twice as fast as an alternation of all."""
    grouped = groupby(names, key=lambda name: name[0])
    parts = (f"[{first}{first.upper()}](?i:{'|'.join(name[1:] for name in same)})" for first, same in grouped)
    return f"(?:{'|'.join(parts)})(?=[\\s/>])"


_BLOCK = re.compile(f"<(?=/?{_tags(_BLOCKS)})")
_DROP = re.compile(f"<{_tags(_DROPPED)}")
# Control characters, halves of surrogates and non-characters: no database and no terminal wants them. Those of the
# upper range are punctuation in windows-1252, from where editors of old bring them.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)}
_NOTHING: list[int] = [*range(0x20), 0x7F, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
_UNWANTED: dict[int, str | None] = _WINDOWS | dict.fromkeys(_NOTHING)
_PRINTABLE_ASCII = bytes([0x0A, *range(0x20, 0x7F)])


def html_to_text(html: str) -> str:
    """Return the words of an HTML fragment: blocks part lines, scripts and styles are gone, references are resolved."""
    html = html[:MAX_FIELD_LENGTH]
    if "<" not in html or _MARKUP.search(html) is None:
        return clean_lines(unescape_entities(html) if "&" in html else html)
    if exceeds_tree_limits(html):
        return clean_lines(strip_markup(html))
    tree = LexborHTMLParser(_BLOCK.sub("\n<", html.replace("\n", " ")))
    if _DROP.search(html) is not None:
        tree.strip_tags(list(_DROPPED))
    return clean_lines(tree.body.text(separator="")) if tree.body is not None else ""


def title_to_text(html: str) -> str:
    """Return a headline as one line of text. It may hold markup, escaped twice by careless publishers.

    The name of an element that stands alone (`How the <table> element won`) is text.
    """
    if "<" not in html and "&" not in html:
        return clean_line(html)[:MAX_TITLE_LENGTH]
    text = html_to_text(escape_literals(html, lone=True))
    if _ENTITY.search(text) is not None or _INLINE.search(text) is not None:
        text = html_to_text(escape_literals(text, lone=True))
    return clean_line(text)[:MAX_TITLE_LENGTH]


def clean_lines(text: str) -> str:
    """Return text that is no markup without blank lines, blanks beside blanks, and what no text should hold."""
    text = text[:MAX_FIELD_LENGTH]
    if "\xa0" in text:
        text = text.replace("\xa0", " ")
    if not _is_printable_but_for_breaks(text):
        return "\n".join(filter(None, map(clean_line, text.splitlines())))
    # Of all white space only the blank is printable: nearly all text has no other, and one look at all of it costs far
    # less than one at each word.
    lines = text.split("\n")
    if "  " in text:
        lines = [" ".join(line.split()) if "  " in line else line for line in lines]
    return "\n".join(filter(None, map(str.strip, lines)))


def clean_line(text: str) -> str:
    """Return text that is no markup as one line, without what no text should hold."""
    # As in `clean_lines`: what is printable has no other white space than the blank.
    if "  " not in text and text.isprintable():
        return text.strip()
    words = " ".join(text.split())
    if words.isprintable():
        return words
    return " ".join(drop_unbalanced_controls(words).translate(_UNWANTED).split())


def _is_printable_but_for_breaks(text: str) -> bool:
    """Return whether text is printable (`str.isprintable`) apart from its line breaks."""
    if text.isascii():
        return not text.encode().translate(None, _PRINTABLE_ASCII)
    return _get_printable().fullmatch(text) is not None or text.replace("\n", "").isprintable()


@cache
def _get_printable() -> re.Pattern[str]:
    """Return a pattern for the printable text of the basic plane, which takes two thirds of `isprintable`'s time.

    Built when it is first used: 65,536 characters are looked at.
    """
    printable = [code for code in range(0x10000) if code == 0x0A or chr(code).isprintable()]
    # Codes that follow each other keep their distance to their places.
    runs = (
        [code for _place, code in run] for _key, run in groupby(enumerate(printable), lambda pair: pair[1] - pair[0])
    )
    return re.compile("[" + "".join(rf"\u{run[0]:04x}-\u{run[-1]:04x}" for run in runs) + "]*+")
