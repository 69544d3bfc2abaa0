"""Known items that come under other ids are no news, where the feed gives enough evidence that they are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.identify.shelf import HOUR, NOON, Shelf, item
from watcher.identify import MIN_ID_CHANGES
from watcher.model.entry import Item

DOCUMENT = tuple(item(number) for number in range(1, 9))
SITE = "https://bureau.example/articles"


def revised(revision: int, **facts: object) -> Item:
    """Give a story whose guid counts its revisions, while its link does not."""
    story = {"guid": f"{SITE}/c4g#{revision}", "url": f"{SITE}/c4g?at_medium=RSS"}
    return item(1, **(story | facts))


@pytest.mark.parametrize("around", [0, 5])
@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({}, id="as it was"),
        pytest.param({"summary": "Three ships."}, id="another text"),
        pytest.param({"title": "Three ships run aground", "summary": "Three ships."}, id="another headline"),
        pytest.param({"published_at": NOON, "published_raw": "later", "summary": "More."}, id="a later date"),
        pytest.param({"url": f"{SITE}/c4g#1", "title": "Three ships"}, id="the link counts, too"),
    ],
)
def test_a_counted_revision_is_the_same_story(around: int, facts: dict[str, object]) -> None:
    shelf = Shelf()
    steady = [item(n) for n in range(20, 20 + around)]
    shelf.poll(revised(0), *steady)

    diff = shelf.poll(revised(1, **facts), *steady, now=NOON + HOUR)

    assert diff.new == ()
    assert shelf.poll(revised(2, **facts), *steady, now=NOON + 2 * HOUR).new == ()
    assert len(shelf.entries) == 1 + around


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"title": "Ministers resign", "published_at": NOON}, id="other headline and date"),
        pytest.param({"title": "Ministers resign", "published_at": None}, id="other headline, no date"),
        pytest.param(
            {"url": f"{SITE}/c4g#1", "published_at": NOON, "summary": "I agree."}, id="a later reply on the page"
        ),
    ],
)
def test_a_number_after_a_hash_is_no_proof_alone(facts: dict[str, object]) -> None:
    shelf = Shelf()
    shelf.poll(revised(0, url=f"{SITE}/c4g#0"))

    assert len(shelf.poll(revised(1, **facts), now=NOON + HOUR).new) == 1


def test_numbered_comments_of_one_moment_are_entries_each() -> None:
    def comment(number: int) -> Item:
        return item(1, guid=f"{SITE}/t#{number}", url=f"{SITE}/t#{number}", title="Re: Ferry", summary=f"No. {number}")

    shelf = Shelf()
    shelf.poll(comment(1), comment(2))

    assert len(shelf.poll(comment(3), comment(2)).new) == 1
    assert len(shelf.poll(comment(4)).new) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda old, n: replace(old, guid=f"session-{n}-{old.guid}"), id="guids"),
        pytest.param(lambda old, n: replace(old, guid=f"{n}{old.guid}", url=f"{old.url}?s={n}"), id="guids and links"),
        pytest.param(lambda old, n: replace(old, guid=None, url=f"{old.url}?sid={n}"), id="links without guids"),
        pytest.param(lambda old, n: replace(old, guid=None, url=f"{old.url}?utm_id={n}"), id="trackers without guids"),
        pytest.param(
            lambda old, n: replace(old, guid=f"{n}{old.guid}", published_at=None, published_raw=""),
            id="guids without dates",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [3, 8])
def test_ids_that_are_new_at_each_poll_bring_no_news(change: Callable[[Item, int], Item], size: int) -> None:
    shelf = Shelf()
    shelf.poll(*(change(item, 0) for item in DOCUMENT[:size]))

    again = [shelf.poll(*(change(item, n) for item in DOCUMENT[:size]), now=NOON + n * HOUR) for n in range(1, 6)]

    assert [(diff.new, diff.edited, diff.gap) for diff in again] == [((), (), None)] * 5
    assert len(shelf.entries) == size


def test_news_among_items_whose_ids_change_is_told_at_each_poll() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    for n in range(1, 7):
        kept = [replace(kept_item, guid=f"{n}-{kept_item.guid}") for kept_item in DOCUMENT]

        diff = shelf.poll(item(-n, guid=f"{n}-news"), *kept, now=NOON + n * HOUR)

        assert [entry.item.title for entry in diff.new] == [f"Story number -{n} from the harbour"]


def test_one_unchanged_item_under_a_new_id_is_known_when_it_is_dated() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)

    diff = shelf.poll(replace(DOCUMENT[0], guid="other"), *DOCUMENT[1:])

    assert (diff.new, diff.migrated) == ((), ((1, "guid:other"),))


def test_one_undated_item_under_a_new_id_is_new() -> None:
    shelf = Shelf()
    undated = [replace(item, published_at=None, published_raw="") for item in DOCUMENT]
    shelf.poll(*undated)

    assert len(shelf.poll(replace(undated[0], guid="other"), *undated[1:]).new) == 1


def test_a_feed_that_was_seen_to_change_ids_is_believed_by_headline_and_address() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    for n in range(MIN_ID_CHANGES):
        shelf.poll(replace(DOCUMENT[0], guid=f"n{n}"), *DOCUMENT[1:], now=NOON + HOUR)
    edited = replace(DOCUMENT[1], guid="n9", summary="Corrected: nobody was hurt.")

    diff = shelf.poll(edited, *DOCUMENT[2:], now=NOON + 2 * HOUR)

    assert shelf.feed.document.id_changes == MIN_ID_CHANGES
    assert (diff.new, len(diff.edited)) == ((), 1)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"published_at": NOON}, id="another date"),
        pytest.param({"url": "https://post.example/else"}, id="another address"),
        pytest.param({"title": "Story of something else"}, id="another headline"),
    ],
)
def test_what_differs_is_new_even_where_ids_change(facts: dict[str, object]) -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    for n in range(MIN_ID_CHANGES):
        shelf.poll(replace(DOCUMENT[0], guid=f"n{n}"), *DOCUMENT[1:], now=NOON + HOUR)

    diff = shelf.poll(replace(DOCUMENT[1], **({"guid": "n9"} | facts)), *DOCUMENT[2:], now=NOON + 2 * HOUR)

    assert len(diff.new) == 1


def test_one_item_at_a_time_whose_id_changes_is_learned_from_two_polls() -> None:
    shelf = Shelf()
    for n in range(4):
        shelf.poll(item(1, guid=f"n{n}", summary=f"{n} comments"), now=NOON + n * HOUR)

    assert len(shelf.entries) == 1 + MIN_ID_CHANGES


def test_today_s_set_of_standing_headlines_is_new() -> None:
    def forecasts(day: int) -> list[Item]:
        return [
            item(day * 24, guid=f"{day}-{town}", url=f"https://post.example/{town}", title=f"Forecast for {town}")
            for town in ("Riga", "Oslo", "Turku", "Tartu")
        ]

    shelf = Shelf()
    shelf.poll(*forecasts(2))

    assert [len(shelf.poll(*forecasts(day)).new) for day in (1, 0)] == [4, 4]


def test_a_move_to_another_host_in_which_one_headline_is_edited_brings_no_news() -> None:
    shelf = Shelf()
    guids = [replace(item, guid=item.url) for item in DOCUMENT]
    shelf.poll(*guids)
    moved = [
        replace(item, guid=item.url.replace("https", "http"), url=item.url.replace("https", "http")) for item in guids
    ]

    diff = shelf.poll(replace(moved[0], title="Corrected"), *moved[1:], now=NOON + HOUR)

    assert (diff.new, len(diff.edited)) == ((), 1)


@pytest.mark.parametrize(
    "item_",
    [
        pytest.param(
            item(1, guid="CBMiFWh0dHBzOi8vYS5leGFtcGxlL3gvMQ",
                 url="https://news.google.com/rss/articles/CBMiFWh0dHBzOi8vYS5leGFtcGxlL3gvMQ?oc=5"),
            id="a news aggregator's",
        ),
        pytest.param(
            item(1, guid="yt:video:dQw4w9WgXcQ", url="https://www.youtube.com/watch?v=dQw4w9WgXcQ"), id="a video site's"
        ),
    ],
)  # fmt: skip
def test_ids_of_large_sites_name_their_items(item_: Item) -> None:
    shelf = Shelf()
    shelf.poll(item_, *DOCUMENT[2:])
    other = replace(item_, guid=f"{item_.guid}x", url=f"{item_.url}x")

    assert len(shelf.poll(replace(item_, title="Corrected"), *DOCUMENT[2:]).edited) == 1
    assert shelf.poll(replace(item_, url=item_.url.replace("oc=5", "oc=7")), *DOCUMENT[2:]).new == ()
    assert len(shelf.poll(other, item_, *DOCUMENT[2:]).new) == 1


def test_a_known_item_that_stands_in_the_document_is_no_other_one() -> None:
    shelf = Shelf()
    shelf.poll(*DOCUMENT)
    copies = [replace(item, guid=f"copy-{item.guid}") for item in DOCUMENT]

    assert len(shelf.poll(*DOCUMENT, *copies).new) == len(DOCUMENT)
