"""The article in a web page: its headline, its language, and the words that are its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.text.html import MAX_FIELD_LENGTH, clean_line, clean_lines, html_to_text, title_to_text
from watcher.text.language_tags import parse_language_tag
from watcher.text.linear_html import exceeds_tree_limits

MIN_ARTICLE_LENGTH = 250
"""Characters from which on a part of a page is taken for the article."""
_PAGE = re.compile(r"(?i)^\s*(?:<!doctype html|<html|<\?xml[^>]{0,200}>\s*<(?:!doctype )?html)")
_MARKUP = re.compile(r"(?i)<(?:p|div|article|body|h1|span|br)[\s>/]")
_NO_ARTICLE = "nav, header, footer, aside, script, style, noscript, template, form, figure, iframe, svg, button, select"
_MAX_PAGE_LENGTH = 4 * MAX_FIELD_LENGTH
_MAX_TAGS_FOR_TRAFILATURA = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The words of a page or a file: `text` holds a paragraph a line, without the headline."""

    title: str
    text: str
    language: str | None = None


def looks_html(text: str) -> bool:
    """Return whether a text is a page or a piece of HTML, rather than plain text."""
    return _PAGE.match(text) is not None or len(_MARKUP.findall(text[:100_000])) >= 3


def parse_article_text(text: str) -> Article:
    """Return the article of a plain text: its first line is the headline, if it is short enough to be one."""
    tidy = clean_lines(text)
    first, _break, rest = tidy.partition("\n")
    return Article(title=first, text=rest) if rest and len(first) <= 200 else Article(title="", text=tidy)


def parse_article_html(html: str) -> Article:
    """Return the article of a page, found by trafilatura where it is installed, by a plainer rule where not."""
    html = html[:_MAX_PAGE_LENGTH]
    if exceeds_tree_limits(html):
        return parse_article_text(html_to_text(html))
    tree = LexborHTMLParser(html)
    language = tree.root.attributes.get("lang") if tree.root is not None else None
    title = _find_title(tree)
    text = _extract_with_trafilatura(html) or _find_largest_part(tree)
    return Article(title=title, text=_drop_title(title, text), language=parse_language_tag(language))


def _extract_with_trafilatura(html: str) -> str:
    try:
        from trafilatura import extract
    except ImportError:  # the extra `fulltext`, or a part of it, is not installed
        return ""
    if html.count("<") > _MAX_TAGS_FOR_TRAFILATURA:  # it takes its time
        return ""
    text = extract(html, include_comments=False, include_tables=False, favor_precision=True)
    return clean_lines(text) if text and len(text) >= MIN_ARTICLE_LENGTH else ""


def _find_title(tree: LexborHTMLParser) -> str:
    for selector, name in (("meta[property='og:title']", "content"), ("article h1, main h1, h1", ""), ("title", "")):
        node = tree.css_first(selector)
        if node is not None:
            title = (node.attributes.get(name) or "") if name else node.text(separator=" ")
            if title.strip():
                return title_to_text(title)
    return ""


def _find_largest_part(tree: LexborHTMLParser) -> str:
    """Take the paragraphs of the article or main part, else of the whole body."""
    for node in tree.css(_NO_ARTICLE):
        node.decompose()
    best = ""
    for chosen in ("article", "[itemprop='articleBody']", "main, [role='main']", "body"):
        parts = [_paragraphs(node) for node in tree.css(chosen)]
        best = max([best, *parts], key=len)
        if len(best) >= MIN_ARTICLE_LENGTH:
            return best
    return best or (clean_lines(tree.body.text(separator="\n")) if tree.body is not None else "")


def _paragraphs(node: LexborNode) -> str:
    paragraphs = [clean_line(part.text(separator="")) for part in node.css("p, li, h2, h3, blockquote")]
    return "\n".join(dict.fromkeys(filter(None, paragraphs)))


def _drop_title(title: str, text: str) -> str:
    first, _break, rest = text.partition("\n")
    return rest if title and first.casefold() == title.casefold() else text
