"""Identity survives what publishers do, and what is no news is not told as news."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.identify.shelf import HOUR, NOON, Shelf, item
from watcher.identify import MAX_VERSIONS, hash_title
from watcher.model.entry import Item

DOCUMENT = tuple(item(number) for number in range(1, 7))


def test_first_poll_is_all_new_and_no_gap() -> None:
    diff = Shelf().poll(*DOCUMENT)

    assert len(diff.new) == 6
    assert diff.gap is None
    assert not diff.quarantined


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda item: item, id="nothing"),
        pytest.param(lambda item: replace(item, guid=item.guid + "?v=2"), id="guids"),
        pytest.param(lambda item: replace(item, guid=None), id="guids vanish"),
        pytest.param(lambda item: replace(item, url=item.url.replace("https:", "http:")), id="scheme of the links"),
        pytest.param(lambda item: replace(item, url=item.url + "?utm_source=rss"), id="tracking on the links"),
        pytest.param(lambda item: replace(item, url=item.url.replace("post.", "www.post.")), id="host of the links"),
        pytest.param(
            lambda item: replace(item, guid="x" + item.guid, url=item.url.replace("post.", "new.")), id="guids and host"
        ),
        pytest.param(
            lambda item: replace(item, guid="x" + item.guid, url=item.url.replace("story", "s")), id="guids and links"
        ),
        pytest.param(lambda item: replace(item, published_raw="about then"), id="dates as written"),
    ],
)
def test_what_publishers_change_everywhere_brings_no_news(change: Callable[[Item], Item]) -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)

    again = [shelf.poll(*map(change, DOCUMENT), now=NOON + n * HOUR) for n in range(1, 4)]

    assert [diff.new + diff.quarantined + diff.edited for diff in again] == [()] * 3
    assert all(diff.gap is None for diff in again)
    assert again[-1].migrated == ()
    assert len(shelf.entries) == 6


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda item: replace(item, guid="http" + item.guid[5:]), id="scheme"),
        pytest.param(lambda item: replace(item, guid=item.guid + "/"), id="slash"),
        pytest.param(lambda item: replace(item, guid=item.guid + "?utm_campaign=x"), id="tracking"),
        pytest.param(lambda item: replace(item, guid=item.guid.replace("//", "//www.")), id="www"),
    ],
)
def test_guid_that_is_an_address_names_the_same_item_in_another_spelling(change: Callable[[Item], Item]) -> None:
    shelf = Shelf()
    first = item(1, guid="https://post.example/story-1", published_at=None)
    shelf.poll(first, *DOCUMENT[1:])

    diff = shelf.poll(change(first), *DOCUMENT[1:], now=NOON + HOUR)

    assert (diff.new, diff.edited, diff.same) == ((), (), 6)


def test_two_items_under_one_guid_are_both_told() -> None:
    shelf = Shelf()
    twins = (item(1, guid="same"), item(2, guid="same"), *DOCUMENT[2:])

    diff = shelf.poll(*twins)

    assert len(diff.new) == 6
    assert shelf.poll(*twins).new == ()


def test_items_that_share_guid_and_link_are_told_by_their_dates() -> None:
    shelf = Shelf()
    front = "https://post.example/"
    alerts = tuple(item(number, guid=front, url=front) for number in range(1, 5))

    assert len(shelf.poll(*alerts).new) == 4
    diff = shelf.poll(item(0, guid=front, url=front), *alerts, now=NOON + HOUR)
    assert [entry.item.title for entry in diff.new] == ["Story number 0 from the harbour"]


def test_item_listed_twice_is_told_once() -> None:
    assert len(Shelf().poll(item(1), item(1), item(2)).new) == 2


def test_recycled_guid_hides_no_new_item() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    recycled = item(0, guid=item(6).guid, title="Ministers resign over leaked cable")
    document = (recycled, *DOCUMENT[:5])

    diff = shelf.poll(*document, now=NOON + HOUR)

    assert [entry.item.title for entry in diff.new] == ["Ministers resign over leaked cable"]
    assert "Story number 6 from the harbour" in shelf.titles
    assert [shelf.poll(*document, now=NOON + n * HOUR).new for n in (2, 3)] == [(), ()]
    assert len(shelf.entries) == 7


def test_headline_corrected_under_a_new_link_is_an_edit() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    corrected = item(
        1, title="Story number 1 from the old harbour", url="https://post.example/story-1b", published_at=NOON
    )

    diff = shelf.poll(corrected, *DOCUMENT[1:], now=NOON + HOUR)

    assert diff.new == ()
    assert [edit.known.title for edit in diff.edited] == ["Story number 1 from the harbour"]


def test_edited_text_is_a_version_of_the_same_entry() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)

    diff = shelf.poll(replace(item(1), summary="Corrected: nobody was hurt."), *DOCUMENT[1:])

    assert (len(diff.edited), diff.same, diff.new) == (1, 5, ())
    assert shelf.versions[1] == 2


def test_other_spacing_is_no_edit() -> None:
    shelf = Shelf()
    shelf.poll(item(1, summary="one two\nthree"))

    assert shelf.poll(item(1, summary="one\ntwo three")).same == 1


def test_endless_small_edits_end_but_headlines_are_followed() -> None:
    shelf = Shelf()
    for number in range(MAX_VERSIONS + 10):
        shelf.poll(item(1, summary=f"{number} comments"))

    assert shelf.versions[1] == MAX_VERSIONS
    assert len(shelf.poll(item(1, title="Ferry found", summary="7 comments")).edited) == 1


def test_burst_of_old_items_under_new_numbers_is_quarantined() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    archive = [item(number, guid=f"n{number}", title=f"Found {number}") for number in range(100, 120)]
    fresh = item(0)

    diff = shelf.poll(fresh, *archive, now=NOON + HOUR)

    assert [entry.item.title for entry in diff.new] == ["Story number 0 from the harbour"]
    assert len(diff.quarantined) == 20
    assert shelf.poll(fresh, *archive, now=NOON + 2 * HOUR).same == 21


def test_busy_hour_of_new_items_is_no_archive() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    busy = [item(0, guid=f"b{n}", url=f"https://post.example/b{n}", title=f"Bulletin {n}") for n in range(20)]

    assert len(shelf.poll(*busy, DOCUMENT[0], now=NOON + HOUR).new) == 20


def test_few_old_items_that_turn_up_late_are_news() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)

    assert len(shelf.poll(item(200), item(201), *DOCUMENT, now=NOON + HOUR).new) == 2


def test_item_that_leaves_and_returns_is_not_new() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    shelf.poll(*DOCUMENT[1:])

    assert shelf.poll(*DOCUMENT).new == ()


def test_date_in_the_future_is_doubted() -> None:
    diff = Shelf().poll(item(-100), item(-10))

    assert [(entry.item.published_at, entry.item.date_doubtful) for entry in diff.new] == [
        (None, True),
        (NOON + 10 * HOUR, False),
    ]


def test_date_that_an_edit_moves_into_the_future_is_doubted() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    diff = shelf.poll(replace(DOCUMENT[0], title="Corrected", published_at=NOON + 900 * HOUR), *DOCUMENT[1:])

    assert [(edit.entry.item.published_at, edit.entry.item.date_doubtful) for edit in diff.edited] == [(None, True)]


def test_document_that_shares_nothing_proves_a_gap_and_estimates_it() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    later = tuple(item(-number, guid=f"l{number}") for number in range(15, 21))

    diff = shelf.poll(*later, now=NOON + 20 * HOUR)

    assert diff.gap is not None
    assert 13 <= diff.gap.lost <= 16
    assert len(diff.new) == 6


def test_one_shared_item_proves_that_nothing_was_lost() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)

    assert shelf.poll(item(0), item(-1), DOCUMENT[0], now=NOON + 2 * HOUR).gap is None


def test_document_that_only_adds_to_the_last_one_proves_no_gap() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)

    assert shelf.poll(item(-1), now=NOON + HOUR, delta=True).gap is None
    assert shelf.poll(item(-1), *DOCUMENT, now=NOON + 2 * HOUR).same == len(DOCUMENT) + 1


def test_document_after_one_that_only_added_still_proves_a_gap() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    shelf.poll(item(-1), now=NOON + HOUR, delta=True)

    assert shelf.poll(item(-20), item(-21), now=NOON + 22 * HOUR).gap is not None


def test_undated_items_prove_a_gap_of_one() -> None:
    shelf = Shelf()
    shelf.poll(item(1, published_at=None))

    diff = shelf.poll(item(2, published_at=None), now=NOON + HOUR)

    assert diff.gap is not None
    assert diff.gap.lost == 1


def test_empty_document_is_no_gap_and_forgets_nothing() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)

    assert shelf.poll().gap is None
    assert shelf.poll(*DOCUMENT).new == ()


def test_headline_key_passes_over_case_and_punctuation() -> None:
    assert hash_title("Ferry runs aground!") == hash_title("FERRY RUNS AGROUND")
    assert hash_title("Ferry runs aground") != hash_title("Ferry runs late")
    assert hash_title("") == ""


_ITEMS = st.lists(
    st.builds(
        lambda number, guid, url, title, dated: item(
            number,
            guid=guid,
            url=url and f"https://post.example/{url}",
            title=title,
            published_at=NOON - timedelta(hours=number) if dated else None,
            published_raw=str(number) if dated else "",
        ),
        st.integers(0, 400),
        st.sampled_from([None, "a", "b", "c", "https://post.example/a", "http://post.example/a/"]),
        st.sampled_from([None, "a", "b", "c", "a?utm_source=x"]),
        st.sampled_from(["", "Ferry runs aground", "Ministers resign", "Fog"]),
        st.booleans(),
    ),
    max_size=14,
)


@given(_ITEMS, _ITEMS)
@settings(max_examples=200, deadline=None)
def test_polling_twice_tells_once(first: list[Item], second: list[Item]) -> None:
    shelf = Shelf()
    shelf.poll(*first)
    shelf.poll(*second, now=NOON + HOUR)
    shelf.poll(*second, now=NOON + 2 * HOUR)
    kept = len(shelf.entries)

    diff = shelf.poll(*second, now=NOON + 3 * HOUR)

    assert diff.new == ()
    assert diff.quarantined == ()
    assert diff.gap is None
    assert len(shelf.entries) == kept
