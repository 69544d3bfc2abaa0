"""What stands inside an element is written in linear time, by local names, and nothing of its text is lost."""

from __future__ import annotations

from time import process_time

import pytest
from lxml import etree

from watcher.parse import parse_bytes
from watcher.parse.elements import inner_html
from watcher.text.html import html_to_text


@pytest.mark.parametrize(
    ("xml", "markup"),
    [
        ("<c> words </c>", "words"),
        ("<c>a<b>c</b>d</c>", "a<b>c</b>d"),
        ("<c><p>a<br/>b<img src='x'/></p>t</c>", "<p>a<br>b<img></p>t"),
        ("<c>1 &lt; 2 <i>&amp;lt;</i> &amp; 3</c>", "1 &lt; 2 <i>&amp;lt;</i> &amp; 3"),
        ("<c xmlns:h='http://www.w3.org/1999/xhtml'><h:p>a</h:p><h:p>b</h:p></c>", "<p>a</p><p>b</p>"),
        ("<c><BR/>x</c>", "<BR>x"),
    ],
)
def test_markup_is_written_by_local_names(xml: str, markup: str) -> None:
    assert inner_html(etree.fromstring(xml)) == markup


def test_prefixed_blocks_part_words() -> None:
    prefixed = etree.fromstring("<c xmlns:h='http://www.w3.org/1999/xhtml'><h:div>ferry</h:div><h:div>port</h:div></c>")

    assert html_to_text(inner_html(prefixed)) == "ferry\nport"


@pytest.mark.parametrize("declared", [True, False])
def test_many_namespaces_do_not_slow_reading(declared: bool) -> None:
    count = 6_000
    if declared:
        spaces = "".join(f" xmlns:n{number}='urn:{number}'" for number in range(count))
        marked = "<b>x</b>" * count
    else:
        spaces, marked = "", "".join(f"<n{number}:b>x</n{number}:b>" for number in range(count))
    body = f"<rss{spaces}><channel><item><title>t</title><description>{marked}</description></item></channel></rss>"
    before = process_time()

    parsed = parse_bytes(body.encode(), "https://post.example/rss")

    assert process_time() - before < 2
    assert parsed.items[0].summary == "x" * count


def test_long_markup_under_many_namespaces_is_kept_to_its_end() -> None:
    spaces = "".join(f" xmlns:space{number}='https://names.example/{number}/'" for number in range(30))
    paragraphs = "".join(f"<p>Paragraph {number} of the harbour report</p>" for number in range(900))
    body = f"<rss{spaces}><channel><item><title>t</title><description>{paragraphs}</description></item></channel></rss>"

    text = parse_bytes(body.encode(), "https://post.example/rss").items[0].summary

    assert text.splitlines()[-1] == "Paragraph 899 of the harbour report"
