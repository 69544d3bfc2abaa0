"""The quick reading of plain HTML says what the tree says, or leaves the text to it."""

from __future__ import annotations

from html.entities import html5

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from watcher.text.html import clean_line, clean_lines, html_to_text
from watcher.text.linear_html import exceeds_tree_limits, strip_markup
from watcher.text.markup import escape_literals, has_tags
from watcher.text.plain_markup import read_plain_markup

_NAMES = (
    "p", "br", "div", "ul", "li", "h2", "figure", "blockquote", "hr", "pre", "a", "strong", "em", "img", "span", "b",
    "i", "code", "font", "time", "table", "tr", "td", "select", "script", "title", "svg", "P", "quote",
)  # fmt: skip
_ATTRIBUTES = st.sampled_from(
    ("", "", "", " ", ' class="x y"', " href='/a?b=1&c=2'", ' title="a > b"', " hidden", " a=b", ' x="1"/', "/", '"')
)
_TAGS = st.builds("<{}{}{}>".format, st.sampled_from(("", "", "/")), st.sampled_from(_NAMES), _ATTRIBUTES)
_TEXTS = st.sampled_from(
    ("word", " two words ", "\n", "\r\n", "\t", "  ", "\xa0", "&amp;", "&lt;b&gt;", "&nbsp;", "&#8211;", "&#1;",
     "&#150;", "&#x41;", "&copy", "&notit;", "&", "a < b", "<!-- note -->", "<!-- a-b -->", "<!--> x -->", "<!-- open",
     "é’")
)  # fmt: skip


def read_by_tree(html: str) -> str:
    return html_to_text(escape_literals(html))


@settings(max_examples=1_500, deadline=None)
@given(st.lists(st.one_of(_TAGS, _TAGS, _TEXTS), max_size=24).map("".join))
def test_what_is_read_quickly_is_what_the_tree_says(html: str) -> None:
    # Text without tags keeps its lines, and is never read as markup.
    assume(has_tags(html))

    plain = read_plain_markup(html)

    assert plain is None or clean_lines(plain) == read_by_tree(html)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(("<a>", "</a>", "<b>", "</b>", "<p>", "</p>", "<h2>", "</h2>", "<li>", "x", "y z"))))
def test_badly_nested_elements_keep_the_order_of_their_words(parts: list[str]) -> None:
    html = "".join(parts)

    plain = read_plain_markup(html)

    assert plain is not None
    assert clean_lines(plain) == read_by_tree(html)


def test_markup_beyond_the_limits_of_a_tree_is_read_alike() -> None:
    html = "<div><b>deep " * 600

    plain = read_plain_markup(html)

    assert exceeds_tree_limits(html)
    assert plain is not None
    assert clean_lines(plain) == clean_lines(strip_markup(html))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            '<p>One <a href="/x?a=1&amp;b=2">two</a>&nbsp;&#8211; <em>three</em></p>\n<p>Four</p>',
            "One two – three\nFour",
        ),
        ('<figure><img src="a.jpg" alt="b" /><figcaption>Five</figcaption></figure>six', "Five\nsix"),
        ("<!-- wp:paragraph --><p>a &lt;b&gt; c</p><!-- /wp:paragraph -->", "a <b> c"),
        ("one<br>two<br/>three<br />four", "one\ntwo\nthree\nfour"),
    ],
)
def test_what_most_feeds_hold_is_plain(html: str, text: str) -> None:
    plain = read_plain_markup(html)

    assert plain is not None
    assert clean_lines(plain) == text == read_by_tree(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>a < b</p>", "<table>a<tr><td>b</table>", "<p>x<script>y</script>", "<P>x</P>", "<p onclick=x>y</p>",
        '<a title="a > b">c</a>', "<p>AT&T</p>", "<p>&#150;</p>", "<p>&copy x</p>", "<p>x<!-- open", "<p",
        "<![CDATA[x]]>",
    ],
)  # fmt: skip
def test_anything_else_is_left_to_the_tree(html: str) -> None:
    assert read_plain_markup(html) is None


def test_every_named_reference_is_read_as_the_tree_reads_it() -> None:
    names = sorted(name for name in html5 if name.endswith(";"))
    html = "".join(f"<p>&{name}</p>" for name in names)

    plain = read_plain_markup(html)

    assert plain is not None
    assert clean_lines(plain) == read_by_tree(html)


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("ab .\n\r\t\x0b\x1c\x85\xa0\u2009\u2028\u200f\u202e\x00é中")))
def test_lines_are_cleaned_as_one_by_one(text: str) -> None:
    lines = [clean_line(line) for line in text.splitlines()]

    assert clean_lines(text) == "\n".join(filter(None, lines))
