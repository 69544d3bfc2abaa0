"""The short look at HTML that nearly every article passes, against the count that it stands for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.text.linear_html import exceeds_counted_limits, is_well_nested

NAMES = ("p", "div", "li", "ul", "td", "table", "br", "img", "hr", "a", "b", "i", "em", "span", "svg", "option", "x-y")
TAGS = st.builds(
    lambda slash, name, attributes: f"<{slash}{name}{attributes}>",
    st.sampled_from(["", "", "/"]),
    st.sampled_from(NAMES),
    st.sampled_from(["", "", ' href="/a"', " /", " a b c", ' title="' + "x" * 200 + '"', " x" * 60]),
)


@given(st.lists(TAGS, max_size=40), st.integers(1, 60))
@example(["<b>", "<p>"], 60)
@example(["<div>", "<a href='/'>"], 60)
def test_what_passes_the_short_look_is_within_the_counted_limits(tags: list[str], times: int) -> None:
    html = "word".join(tags) * times

    assert not (is_well_nested(html) and exceeds_counted_limits(html))


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>one <a href='/x'>two</a></p>" * 200, id="paragraphs with links"),
        pytest.param("<ul>" + "<li><strong>a</strong> b<br>" * 100 + "</ul>", id="items that nobody closes"),
        pytest.param("<table>" + "<tr><td><p>a" * 100 + "</table>", id="cells that nobody closes"),
        pytest.param("<p>a<img src='/p.jpg'></p></div>" * 100, id="ends of nothing"),
    ],
)
def test_what_people_write_passes_the_short_look(html: str) -> None:
    assert is_well_nested(html)


@pytest.mark.parametrize(
    "html", ["<b><p>" * 200, "<b></p>" * 200, "<div>" * 300, "<x " + "y " * 60 + ">", "<svg>" + "<a/>" * 99]
)
def test_what_is_unusual_is_counted(html: str) -> None:
    assert not is_well_nested(html)
