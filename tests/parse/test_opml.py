"""Lists of feeds come in and go out as the same lists; what is hostile in them does nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.errors import ParseError
from watcher.model.feed import Source
from watcher.parse.opml import LARGEST, Outlines, read_opml, write_opml

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)

_NAMES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp", "Zs"], blacklist_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)
_SOURCES = st.builds(
    Source,
    url=st.from_regex(r"https?://[a-z]{1,10}\.example/[a-z0-9/&=?%;_-]{0,20}", fullmatch=True),
    title=_NAMES.filter(lambda name: not name.startswith("http")) | st.just(""),
    tags=st.lists(_NAMES.filter(lambda name: name.strip("/") == name), unique=True, max_size=4).map(tuple),
    language=st.sampled_from([None, "en", "de", "pt-BR"]),
)


@given(st.lists(_SOURCES, max_size=12, unique_by=lambda source: source.url))
@settings(max_examples=150, deadline=None)
def test_what_goes_out_comes_back(sources: list[Source]) -> None:
    back = read_opml(write_opml(sources, "Feeds", NOON).encode())

    assert {source.url: source for source in back.sources} == {source.url: source for source in sources}
    assert back.refused == ()


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_list_or_a_fault(body: bytes) -> None:
    try:
        read = read_opml(b"<opml><body>" + body)
    except ParseError:
        return
    assert isinstance(read, Outlines)


def test_folders_within_folders_are_tags_and_a_feed_in_two_is_one() -> None:
    said = (
        "<opml version='2.0'><body><outline text='Europe'><outline title='West'>"
        "<outline text='Post' xmlUrl='https://post.example/rss' category='/daily,/press'/></outline></outline>"
        "<outline text='Dailies'><outline text='Post' xmlURL='https://post.example/rss'/></outline></body></opml>"
    )

    [source] = read_opml(said.encode()).sources

    assert (source.title, source.tags) == ("Post", ("Europe", "West", "daily", "press", "Dailies"))


def test_stray_ampersands_of_careless_writers_are_read() -> None:
    said = b"<opml><body><outline text='Q&A' xmlUrl='https://post.example/rss?a=1&b=2'/></body></opml>"

    [source] = read_opml(said).sources

    assert source.url.startswith("https://post.example/rss?a=1")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            b"<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml><body>&x;</body></opml>", id="file"
        ),
        pytest.param("<!DOCTYPE opml [<!ENTITY x 'y'>]><opml/>".encode("utf-16"), id="entity in UTF-16"),
        pytest.param(b"<opml>" + b"<outline>" * 100_000, id="nested without end"),
        pytest.param(b"<opml><body>" + b"<outline/>" * 100_001 + b"</body></opml>", id="too many outlines"),
        pytest.param(b"<opml>" + b" " * LARGEST, id="too large"),
        pytest.param(b"<rss version='2.0'/>", id="a feed"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_hostile_list_is_refused_in_bounded_time(body: bytes) -> None:
    before = process_time()
    try:
        found = read_opml(body)
    except ParseError:
        found = Outlines(sources=())

    assert found.sources == ()
    assert process_time() - before < 5


def test_ten_thousand_feeds_are_read_quickly() -> None:
    sources = [
        Source(url=f"https://host{n}.example/rss", title=f"Feed {n}", tags=("a", str(n % 9))) for n in range(10_000)
    ]
    written = write_opml(sources, "Feeds", NOON).encode()
    before = process_time()

    assert len(read_opml(written).sources) == 10_000
    assert process_time() - before < 5
