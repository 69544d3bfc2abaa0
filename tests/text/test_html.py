"""HTML becomes text once, at the door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.html import MAX_FIELD_LENGTH, clean_line, clean_lines, html_to_text, title_to_text
from watcher.text.linear_html import strip_markup

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("no markup at all", "no markup at all", id="plain text stays"),
        pytest.param("<p>one</p><p>two</p>", "one\ntwo", id="paragraphs part lines"),
        pytest.param("Five <b>Ey</b>es", "Five Eyes", id="inline markup parts no word"),
        pytest.param("one<br>two<BR/>three<Br />four", "one\ntwo\nthree\nfour", id="line breaks in any case"),
        pytest.param("<ul><li>a</li><li>b</li></ul>", "a\nb", id="list items part lines"),
        pytest.param("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb", id="cells part words"),
        pytest.param("a&nbsp;b &lt;c&gt; &amp; &eacute;", "a b <c> & é", id="entities are read once"),
        pytest.param("<p>AT&amp;amp;T</p>", "AT&amp;T", id="text that speaks of entities keeps them"),
        pytest.param("x<script>var p = '<p>no</p>'</script>y", "xy", id="scripts are gone"),
        pytest.param("x<STYLE>p { color: red }</STYLE>y", "xy", id="styles are gone, in any case"),
        pytest.param("a<!-- <p>no</p> -->b", "ab", id="comments are gone"),
        pytest.param("3 < 4 and 5 > 2", "3 < 4 and 5 > 2", id="comparisons are no markup"),
        pytest.param('<a title="a > b" href="x">word</a>', "word", id="a bracket inside an attribute"),
        pytest.param("cut in a tag <a href='x", "cut in a tag", id="a tag that is cut off"),
        pytest.param("<p>one\n  two</p>\n\n\n<p>three</p>", "one two\nthree", id="blanks are one, blank lines none"),
        pytest.param("bell\x07 and null\x00", "bell and null", id="control characters are gone"),
        pytest.param("it\x92s", "it’s", id="punctuation of windows-1252 is read as such"),
        pytest.param("half\ud83d surrogate", "half surrogate", id="half a surrogate pair is gone"),
    ],
)
def test_html_gives_its_words(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "title"),
    [
        pytest.param("A &amp; B", "A & B", id="escaped once"),
        pytest.param("A &amp;amp; B", "A & B", id="escaped twice"),
        pytest.param("&lt;b&gt;Bold&lt;/b&gt; claim", "Bold claim", id="escaped markup is markup"),
        pytest.param("<i>Ship</i> sails", "Ship sails", id="markup"),
        pytest.param("two\n lines", "two lines", id="one line"),
        pytest.param("if a < b", "if a < b", id="a lone bracket is a bracket"),
        pytest.param("AT&T and R&D", "AT&T and R&D", id="lone ampersands are ampersands"),
    ],
)
def test_headline_is_one_line_of_text(html: str, title: str) -> None:
    assert title_to_text(html) == title


@given(st.text(max_size=200))
def test_text_holds_no_markup_whatever_comes(html: str) -> None:
    text = html_to_text(html)

    assert text == text.strip()
    assert "\n\n" not in text
    assert not any(character < " " and character != "\n" for character in text)


@given(st.text(alphabet=st.characters(exclude_characters="<&", codec="utf-8"), max_size=200))
def test_text_that_is_no_markup_is_only_tidied(text: str) -> None:
    assert html_to_text(text) == clean_lines(text)
    assert clean_lines(clean_lines(text)) == clean_lines(text)
    assert clean_line(clean_line(text)) == clean_line(text)


def test_endless_text_is_bounded() -> None:
    assert len(html_to_text("x" * (MAX_FIELD_LENGTH + 10))) == MAX_FIELD_LENGTH


@pytest.mark.parametrize(
    "tags", ["<div>", "<ul><li>", "<blockquote>", "<center>", "<details>", "<div></p>", "<div></ul>", "<DIV>"]
)
def test_nesting_that_no_page_has_does_not_hold_up_the_reader(tags: str) -> None:
    text = html_to_text(tags * (MAX_FIELD_LENGTH // len(tags) - 10) + "the end")

    assert text.split() == ["the", "end"]


def test_nesting_that_a_page_may_have_is_read_as_ever() -> None:
    assert html_to_text("<div>" * 200 + "<script>no</script>yes" + "</div>" * 200) == "yes"


HOSTILE = {
    "formatting reopened in paragraphs": lambda n: "<p>" + "".join(f"<font a{k}>" for k in range(n)) + "<p>" * n,
    "formatting reopened in list items": lambda n: "<li>" + "".join(f"<i a{k}>" for k in range(n)) + "<li>x" * n,
    "attributes": lambda n: "<p " + " ".join(f"a{k}" for k in range(6 * n)) + ">the end",
    "paragraphs in spans": lambda n: "<span>" * n + "<p></p>" * n,
    "ends in foreign content": lambda n: "<svg>" + "<g>" * n + "</x>" * n,
    "options": lambda n: "<select>" + "<option></option>" * n,
    "further roots": lambda n: "".join(f"<html a{k}>" for k in range(n)),
}
_COST = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from tests.text.test_html import HOSTILE
from watcher.text.html import html_to_text
html_to_text("<p>warm")
costs = []
for n in (2_000, 8_000):
    html = HOSTILE[sys.argv[1]](n)[:262_144]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    html_to_text(html)
    costs += [time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory]
print(*costs)
"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_and_memory_grow_with_the_length_alone(kind: str) -> None:
    command = [sys.executable, "-c", _COST, kind]

    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    short_time, _short_memory, long_time, long_memory = map(float, printed.split())
    assert long_time < 12 * short_time + 0.05
    assert long_time < 1
    assert long_memory < 40_000


_TEXTS = st.sampled_from(
    ["one", "two &amp; three", "AT&T", "a &lt; b", "caf&eacute;", "3 < 4", "&#8217;", "x>y", "a\nb "]
)
_APART = st.sampled_from([
    "<script>if(a<b)'<p>'</script>", "<style>p{}</style>", "<!-- <p>c --> ", "<?php x ?>", "</ x>", "<br/>", "<hr>",
    "<svg><path d='M0'/></svg>", "<select><option>o</select>", "<textarea><p>t</textarea>", "<img src='a' alt=x>",
    "<![CDATA[ x ]]>", "<template><p>t</p></template>", "<iframe src=x></iframe>", "<title>t</title>",
])  # fmt: skip
_BLOCK_NAMES = st.sampled_from(["p", "div", "li", "blockquote", "h2", "section", "td"])
_INLINE_NAMES = st.sampled_from(["b", "i", "span", "a href='x>y'", 'font color="<p>"'])
_FRAGMENTS = st.recursive(
    st.one_of(_TEXTS, _APART),
    lambda inside: st.one_of(
        st.lists(inside, max_size=4).map("".join),
        st.tuples(st.one_of(_BLOCK_NAMES, _INLINE_NAMES), inside).map(
            lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0].split()[0]}>"
        ),
    ),
    max_leaves=12,
)


@given(_FRAGMENTS)
def test_tokens_alone_give_the_text_that_a_tree_gives(html: str) -> None:
    html = f"<i></i>{html}"

    assert clean_lines(strip_markup(html)) == html_to_text(html)


@pytest.mark.parametrize("digits", ["9" * 5_000, "x" + "f" * 5_000])
@pytest.mark.parametrize("html", ["{}", "<p>{}"])
def test_number_beyond_all_characters_is_one_replacement(digits: str, html: str) -> None:
    assert html_to_text(html.format(f"a &#{digits}; b")) == "a \ufffd b"


def test_text_is_printable_where_python_says_so() -> None:
    characters = [chr(code) for code in range(0x11000) if code != 0x0A]

    alike = [
        clean_lines(f"ö{character}ö") == clean_line(f"ö{character}ö")
        for character in characters
        if not character.isspace()
    ]

    assert all(alike)
