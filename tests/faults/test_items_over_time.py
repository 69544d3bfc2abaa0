"""What publishers do to their items between two polls, from the wire to what is stored and alerted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape

import pytest

from tests.faults import behaviours as b
from tests.faults.machine import HOUR, NOON, Machine
from tests.faults.yard import Outlet, Yard
from watcher.pipeline.poll_summary import PollSummary
from watcher.store.entries.queries import load_entries_after, load_entry_versions
from watcher.store.hits.search import find_hits

SITE = "https://harbour.example"


@dataclass(frozen=True)
class News:
    """An item as a publisher writes it."""

    number: int
    guid: str | None = ""
    link: str | None = ""
    title: str = ""
    date: str | None = ""

    def xml(self) -> str:
        guid = f"{SITE}/?p={self.number}" if self.guid == "" else self.guid
        link = f"{SITE}/{self.number}" if self.link == "" else self.link
        published_at = NOON - timedelta(hours=30 - self.number)
        date = format_datetime(published_at, usegmt=True) if self.date == "" else self.date
        parts = [f"<title>{self.title or f'Five Eyes bulletin {self.number}'}</title>"]
        parts += [f"<guid isPermaLink='false'>{escape(guid)}</guid>"] if guid else []
        parts += [f"<link>{escape(link)}</link>"] if link else []
        parts += [f"<pubDate>{date}</pubDate>"] if date else []
        return f"<item>{''.join(parts)}<description>What was said, number {self.number}.</description></item>"


def numbers(first: int, last: int) -> list[News]:
    """Give items of these numbers, the newest first."""
    return [News(number) for number in range(last, first - 1, -1)]


class Press:
    """One feed whose document a test writes anew for each poll."""

    def __init__(self, machine: Machine, yard: Yard) -> None:
        self.machine = machine
        self.outlet = Outlet(yard, b.well(0))
        self.url = self.outlet.url
        self.hour = 0
        machine.watch(self.url)

    def poll(self, *items: News, more: str = "") -> PollSummary:
        document = f"<rss version='2.0'><channel>{''.join(item.xml() for item in items)}{more}</channel></rss>"
        self.outlet.says = b.says(b.answer(document.encode()))
        self.hour += 1
        return self.machine.poll(NOON + (self.hour - 1) * HOUR)

    @property
    def titles(self) -> list[str]:
        return self.machine.stored().get(self.url, [])


@pytest.fixture
def press(machine: Machine, yard: Yard) -> Press:
    return Press(machine, yard)


DOCUMENT = numbers(1, 10)


def changed(**to: str | None) -> list[News]:
    """Give the document with a field of every item changed; `{n}` stands for the item's number."""
    return [
        replace(news, **{name: text and text.replace("{n}", str(news.number)) for name, text in to.items()})
        for news in DOCUMENT
    ]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(changed(guid="urn:new:{n}"), id="66 every guid changes"),
        pytest.param(changed(guid=None), id="64 guids are left out"),
        pytest.param(changed(guid="http://harbour.example/?p={n}"), id="67 guids go from https to http"),
        pytest.param(changed(link=SITE + "/{n}?utm_source=rss&utm_medium=feed"), id="68 links gain trackers"),
        pytest.param(changed(link="http://harbour.example/{n}/"), id="68 links lose their s and gain a slash"),
        pytest.param(changed(guid="urn:new:{n}", link=SITE + "/{n}?utm_campaign=x"), id="66 both at once"),
        pytest.param(changed(guid="https://new.example/?p={n}", link="https://new.example/{n}"), id="66 host moves"),
        pytest.param(list(reversed(DOCUMENT)), id="75 the order turns"),
        pytest.param(DOCUMENT + DOCUMENT[:4], id="65 items are listed twice"),
    ],
)
def test_known_items_in_a_new_dress_are_no_news(press: Press, later: list[News]) -> None:
    press.poll(*DOCUMENT)

    polled = press.poll(*later)

    assert (polled.new, polled.hits, polled.lost) == (0, 0, 0)
    assert press.poll(*DOCUMENT).new == 0
    assert len(press.titles) == 10


def test_row_66_news_among_items_with_new_guids_is_told(press: Press) -> None:
    press.poll(*DOCUMENT)

    polled = press.poll(News(11, guid="urn:new:11"), *changed(guid="urn:new:{n}"))

    assert (polled.new, polled.hits) == (1, 1)
    assert press.titles[-1] == "Five Eyes bulletin 11"


def test_row_64_items_without_guids_are_told_by_their_links(press: Press) -> None:
    bare = [replace(news, guid=None) for news in DOCUMENT]
    press.poll(*bare)

    polled = press.poll(News(11, guid=None), *bare)

    assert polled.new == 1


def test_row_64_items_without_guids_and_links_are_told_by_what_they_say(press: Press) -> None:
    bare = [replace(news, guid=None, link=None) for news in DOCUMENT]
    press.poll(*bare)

    assert press.poll(News(11, guid=None, link=None), *bare).new == 1
    assert len(press.titles) == 11


def test_row_65_one_guid_for_all_items_hides_none(press: Press) -> None:
    items = [replace(news, guid="always-the-same") for news in DOCUMENT]
    press.poll(*items)

    polled = press.poll(News(11, guid="always-the-same"), *items)

    assert len(press.titles) == 11
    assert polled.new == 1


def test_ids_that_prove_to_change_are_told_in_the_history(press: Press) -> None:
    press.poll(*DOCUMENT)
    press.poll(*changed(guid="urn:new:{n}"))
    press.poll(*changed(guid="urn:newer:{n}"))

    assert "unchanged items came under new ids twice" in press.machine.history(press.url)[0].message


def test_row_69_edited_headline_is_a_version_of_the_item(press: Press) -> None:
    press.poll(*DOCUMENT)

    polled = press.poll(replace(DOCUMENT[0], title="Five Eyes bulletin, corrected"), *DOCUMENT[1:])

    assert (polled.new, polled.updated) == (0, 1)
    with press.machine.database.read() as db:
        [edited] = [stored_entry for stored_entry in load_entries_after(db) if stored_entry.version == 2]
        assert edited.entry.item.title == "Five Eyes bulletin, corrected"
        assert [old["title"] for old in load_entry_versions(db, edited.id)] == ["Five Eyes bulletin 10"]


@pytest.mark.parametrize(
    ("date", "kept", "doubtful"),
    [
        pytest.param(None, None, False, id="none"),
        pytest.param("Wed, 04 Mar 2030 12:00:00 GMT", None, True, id="years ahead"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", None, True, id="the epoch"),
        pytest.param("the day before yesterday", None, True, id="words"),
        pytest.param("Wed, 04 Mar 2026 10:00:00 QQT", None, True, id="a zone that nobody knows"),
        pytest.param("Wed, 04 Mar 2026 10:00:00 PST", NOON + 6 * HOUR, False, id="a zone by its name"),
        pytest.param("2026-03-04T10:00:00-05:00", NOON + 3 * HOUR, False, id="RFC 3339"),
        pytest.param("Mi, 04 März 2026 10:00:00 +0100", NOON - 3 * HOUR, False, id="German"),
    ],
)
def test_row_70_odd_dates_are_kept_as_said_and_out_of_order(
    press: Press, date: str | None, kept: datetime | None, doubtful: bool
) -> None:
    press.poll(News(1, date=date))

    with press.machine.database.read() as db:
        [stored] = load_entries_after(db)
    item = stored.entry.item
    assert (item.published_at, item.date_doubtful, item.published_raw) == (kept, doubtful, date or "")
    assert stored.first_seen_at == NOON


@pytest.mark.parametrize(
    ("link", "url"),
    [
        pytest.param("/story/1", "/story/1", id="71 relative to the feed"),
        pytest.param("javascript:alert(1)", None, id="76 javascript"),
        pytest.param("data:text/html,hello", None, id="76 data"),
        pytest.param("file:///etc/passwd", None, id="76 a file"),
        pytest.param("https://harbour.example/a b", "https://harbour.example/a%20b", id="a blank in it"),
    ],
)
def test_odd_links_are_made_whole_or_left_out(press: Press, link: str, url: str | None) -> None:
    press.poll(News(1, link=link))

    with press.machine.database.read() as db:
        [stored] = load_entries_after(db)
    expected = press.outlet.at(url) if url is not None and url.startswith("/") else url
    assert stored.entry.item.url == expected


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Five &lt;b&gt;Eyes&lt;/b&gt; meet", "Five Eyes meet"),
        ("AT&amp;amp;T and the Five Eyes", "AT&T and the Five Eyes"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Five Eyes", "Five Eyes"),
        ("Five&amp;nbsp;Eyes &amp;#8217;round", "Five Eyes ’round"),
        ("3 &amp;lt; 5 Eyes", "3 < 5 Eyes"),
    ],
)
def test_row_72_headline_is_text(press: Press, written: str, read: str) -> None:
    press.poll(News(1, title=written))

    assert press.titles == [read]


def test_row_73_item_that_leaves_and_returns_is_not_new(press: Press) -> None:
    press.poll(*DOCUMENT)
    press.poll(*DOCUMENT[2:])

    assert press.poll(*DOCUMENT).new == 0


def test_row_74_document_of_nothing_but_new_items_is_a_gap_that_everybody_hears_of(press: Press) -> None:
    press.poll(*DOCUMENT)

    polled = press.poll(*numbers(21, 29))

    feed = press.machine.feed(press.url)
    assert polled.lost > 0
    assert (feed.stats.gaps, feed.stats.gap_at, feed.stats.lost) == (1, NOON + HOUR, polled.lost)
    assert "may have been missed" in press.machine.history(press.url)[0].message
    assert press.poll(*numbers(22, 30)).lost == 0


def test_row_77_of_too_many_items_the_newest_are_kept_and_the_rest_is_told(press: Press) -> None:
    many = [News(n, date=format_datetime(NOON - timedelta(minutes=n), usegmt=True)) for n in range(2_050)]

    polled = press.poll(*many)

    assert polled.new == 2_000
    assert "50 more items" in press.machine.history(press.url)[0].message
    assert "Five Eyes bulletin 0" in press.titles


def test_first_poll_is_a_baseline_and_only_later_items_alert(press: Press) -> None:
    press.poll(*DOCUMENT)
    press.poll(News(11), *DOCUMENT)

    with press.machine.database.read() as db:
        hits = find_hits(db, limit=50).items
    assert [hit.stored.baseline for hit in hits].count(True) == 10
    assert [hit.stored.entry.item.title for hit in hits if not hit.stored.baseline] == ["Five Eyes bulletin 11"]


def test_archive_that_comes_back_under_new_numbers_is_kept_and_never_alerted(press: Press) -> None:
    press.poll(*DOCUMENT)
    old = [
        News(number, guid=f"a{number}", link=f"{SITE}/archive/{number}", title=f"Five Eyes in the year {number}",
             date=f"Wed, 04 Mar {number} 10:00:00 GMT")
        for number in range(2005, 2017)
    ]  # fmt: skip

    polled = press.poll(News(11), *DOCUMENT, *old)

    assert (polled.lost, len(press.titles)) == (0, 23)
    assert "12 old items" in press.machine.history(press.url)[0].message
    with press.machine.database.read() as db:
        stored = list(load_entries_after(db))
    assert sum(stored_entry.quarantined for stored_entry in stored) == 12
    assert [
        stored_entry.entry.item.title
        for stored_entry in stored
        if not stored_entry.quarantined and not stored_entry.baseline
    ] == ["Five Eyes bulletin 11"]


def test_aggregators_link_counts_as_the_article_that_it_holds(press: Press) -> None:
    wrapped = "https://www.google.com/url?rct=j&url=https://paper.example/story%3Fid%3D7&ct=ga"
    press.poll(News(1, guid=None, link=wrapped))

    assert press.poll(News(1, guid=None, link="https://paper.example/story?id=7&utm_source=x")).new == 0
