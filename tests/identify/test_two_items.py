"""Two items are two entries, whatever their ids have in common, and stay the same two in later polls."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.identify.shelf import HOUR, NOON, Shelf, item
from watcher.model.entry import Item

PAGE = "https://yard.example/log"


def changes(*anchors: str, guid: bool = True) -> list[Item]:
    """Give the items of a page that has one place for each."""
    return [
        item(
            number,
            guid=f"{PAGE}{anchor}" if guid else None,
            url=f"{PAGE}{anchor}",
            title=f"Release {anchor}",
            summary=f"What {anchor} brings.",
            published_at=None,
            published_raw="",
        )
        for number, anchor in enumerate(anchors)
    ]


def alike(number: int, **facts: object) -> Item:
    """Give an item that shares everything but its headline and text with its like."""
    shared = {"guid": "same", "url": PAGE, "published_at": NOON, "published_raw": "noon"}
    return item(number, **(shared | facts))


ONE_DOCUMENT = {
    "places of one page as guids": changes("#v1", "#v2", "#v3"),
    "places of one page without guids": changes("#v1", "#v2", "#v3", guid=False),
    "numbered comments": changes("#1", "#2", "#12", "#1234"),
    "comments under one query": changes("?p=12#comment-1", "?p=12#comment-2"),
    "routes after a hash": changes("/#/n/1", "/#/n/2"),
    "trackers only": changes("?oc=1", "?oc=2", "?utm_source=a", "?fbclid=x", guid=False),
    "parameters of a guid": changes("?id=1", "?id=2", "?utm_id=3"),
    "schemes and slashes": [
        item(n, guid=guid, url=guid, published_at=None, published_raw="")
        for n, guid in enumerate(["http://yard.example/a", "https://yard.example/a", "https://www.yard.example/a/"])
    ],
    "one link, no guids": [item(n, guid=None, url=PAGE) for n in range(4)],
    "one link, no guids, no dates": [
        item(n, guid=None, url=PAGE, published_at=None, published_raw="") for n in range(4)
    ],
    "one guid": [item(n, guid="same") for n in range(4)],
    "guid, link and date are one": [alike(n) for n in range(4)],
    "only the text differs": [alike(1, summary=text) for text in ("One ship.", "Two ships.", "Three ships.")],
    "only the text differs, without guids": [alike(1, guid=None, summary=text) for text in ("One ship.", "Two ships.")],
    "only the text differs, with nothing else": [
        Item(title="Notice", summary=text) for text in ("One ship.", "Two ships.")
    ],
    "only date and text differ": [
        alike(1, summary=f"{n} ships.", published_at=NOON - n * HOUR, published_raw=f"{n}") for n in range(3)
    ],
    "headlines that differ in case": [alike(1, title=title) for title in ("Fog", "FOG", "Fog!")],
    "one pair among sound ones": [*(item(n) for n in range(20)), alike(30), alike(31)],
}


@pytest.mark.parametrize("document", ONE_DOCUMENT.values(), ids=ONE_DOCUMENT.keys())
def test_items_of_one_document_are_entries_each_and_stay_so(document: list[Item]) -> None:
    shelf = Shelf()
    diff = shelf.poll(*document)
    assert (len(diff.new), diff.merged) == (len(document), 0)

    shuffled = list(document)
    random.Random(7).shuffle(shuffled)
    for n, later in enumerate([document, shuffled, document[:1], document[1:], document[-1:], document], start=1):
        diff = shelf.poll(*later, now=NOON + n * HOUR)
        assert (diff.new, diff.quarantined, diff.edited, diff.merged) == ((), (), (), 0)
        assert diff.same == len(later)
    assert len(shelf.entries) == len(document)


@pytest.mark.parametrize("document", ONE_DOCUMENT.values(), ids=ONE_DOCUMENT.keys())
def test_items_that_join_later_are_new_one_by_one(document: list[Item]) -> None:
    """Where only text and perhaps date differ under one id, one after the other, each is a version of the last."""
    if len({item.title for item in document}) == 1:
        return
    shelf = Shelf()
    for n in range(1, len(document) + 1):
        diff = shelf.poll(*document[:n], now=NOON + n * HOUR)
        assert [entry.item.title for entry in diff.new] == [document[n - 1].title]
        assert diff.edited == ()

    assert len(shelf.entries) == len(document)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(changes("#v1", "#v2"), id="places as guids"),
        pytest.param(changes("#v1", "#v2", guid=False), id="places without guids"),
        pytest.param([item(n, url=PAGE) for n in range(2)], id="one link, own guids"),
        pytest.param([item(n, url=PAGE, published_at=None) for n in range(2)], id="one link, own guids, no dates"),
        pytest.param([item(n, title="Daily briefing", url=PAGE) for n in (24, 0)], id="one headline and link"),
        pytest.param(
            [item(n, title="Daily briefing", url=PAGE, published_at=None, summary=f"{n}") for n in (24, 0)],
            id="one headline and link, no dates",
        ),
        pytest.param([item(n, title="Decision", published_at=NOON) for n in range(2)], id="one headline and date"),
        pytest.param(
            [item(n, title="Decision", published_at=NOON, summary="") for n in range(2)],
            id="one headline and date, no text",
        ),
    ],
)
@pytest.mark.parametrize("around", [0, 1, 12])
@pytest.mark.parametrize("first_stays", [True, False])
def test_a_new_id_is_a_new_entry_in_a_feed_of_sound_ids(document: list[Item], around: int, first_stays: bool) -> None:
    shelf = Shelf()
    first, second = document
    steady = [item(n) for n in range(100, 100 + around)]
    shelf.poll(first, *steady)
    shelf.poll(*steady, now=NOON + HOUR)

    diff = shelf.poll(*([second, first] if first_stays else [second]), *steady, now=NOON + 2 * HOUR)

    assert [entry.item.guid or entry.item.url for entry in diff.new] == [second.guid or second.url]
    assert diff.edited == ()
    assert shelf.poll(second, first, *steady, now=NOON + 3 * HOUR).new == ()


def test_places_of_a_page_that_come_one_at_a_time_are_entries_each() -> None:
    shelf = Shelf()
    for n, place in enumerate(changes("#v1", "#v2", "#v3", "#v9")):
        assert len(shelf.poll(place, now=NOON + n * HOUR).new) == 1

    assert len(shelf.entries) == 4


def test_what_shares_its_id_is_known_alone_and_the_other_returns_as_itself() -> None:
    shelf = Shelf()
    x, y = alike(1), alike(2)
    shelf.poll(x, y)

    assert [shelf.poll(*some).new for some in ([x], [y], [y, x], [x])] == [()] * 4
    assert len(shelf.entries) == 2


def test_what_joins_a_known_item_under_its_id_is_new_and_stays_known_alone() -> None:
    shelf = Shelf()
    x, y = alike(1), alike(2)
    shelf.poll(x)

    assert [entry.item.title for entry in shelf.poll(y, x).new] == [y.title]
    assert [(diff.new, diff.edited) for diff in (shelf.poll(y), shelf.poll(x), shelf.poll(y))] == [((), ())] * 3


def test_an_edit_under_an_id_of_its_own_is_an_edit() -> None:
    shelf = Shelf()
    shelf.poll(alike(1), item(5))

    diff = shelf.poll(alike(1, title="Level red"), item(5))

    assert (diff.new, [edit.entry.item.title for edit in diff.edited]) == ((), ["Level red"])


@pytest.mark.parametrize("together", [True, False])
def test_an_edit_under_a_shared_id_is_rather_an_entry_more_than_one_lost(together: bool) -> None:
    shelf = Shelf()
    x, y = alike(1), alike(2)
    shelf.poll(x, y)
    edited = replace(y, title="Corrected", summary="Nobody was hurt.")

    diff = shelf.poll(*([x] if together else []), edited, now=NOON + HOUR)

    assert [entry.item.title for entry in diff.new] == ["Corrected"]
    assert diff.edited == ()
    assert shelf.poll(x, edited, now=NOON + 2 * HOUR).new == ()
    assert shelf.poll(y, edited, now=NOON + 3 * HOUR).new == ()


def test_an_id_that_was_once_shared_names_nothing_alone() -> None:
    shelf = Shelf()
    shelf.poll(*(alike(n) for n in range(3)))

    later = [shelf.poll(alike(n), now=NOON + n * HOUR) for n in range(10, 14)]

    assert [len(diff.new) for diff in later] == [1] * 4
    assert len(shelf.entries) == 7


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([item(1), item(1), item(2)], id="twice"),
        pytest.param([item(1), item(2), item(1), item(1)], id="three times"),
        pytest.param([alike(1), alike(1), alike(2)], id="beside one that shares its id"),
        pytest.param([alike(1, guid=None), alike(1, guid=None), alike(2, guid=None)], id="without guids"),
        pytest.param([item(1), item(1, url="http://post.example/story-1/")], id="spelt otherwise"),
        pytest.param([item(1), item(1, author="Ann")], id="with another author"),
    ],
)  # fmt: skip
def test_repetitions_are_merged_and_counted(document: Sequence[Item]) -> None:
    shelf = Shelf()
    kept = len({item.title for item in document})

    diffs = [shelf.poll(*document, now=NOON + n * HOUR) for n in range(3)]

    assert [len(diff.new) for diff in diffs] == [kept, 0, 0]
    assert [diff.merged for diff in diffs] == [len(document) - kept] * 3


def test_the_same_item_under_two_ids_is_two_entries() -> None:
    diff = Shelf().poll(item(1, guid="a"), item(1, guid="b"))

    assert (len(diff.new), diff.merged) == (2, 0)


def test_items_that_share_everything_but_minutes_are_two() -> None:
    sirens = [
        alike(1, title="Air raid alert", summary="", published_at=NOON + n * timedelta(minutes=9), published_raw=f"{n}")
        for n in range(4)
    ]

    assert len(Shelf().poll(*sirens).new) == 4
