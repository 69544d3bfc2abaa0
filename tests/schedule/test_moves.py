"""A feed's address follows permanent redirects, carefully."""

from __future__ import annotations

import pytest

from tests.schedule.polls import DAY, HOUR, NOON, URL, failed, feed, fresh, polled, told, unchanged
from watcher.model.feed import Feed
from watcher.model.poll import EntryDiff, Failed, FailureKind, PollOutcome

WITHIN = "https://www.post.example/feed"
BEYOND = "https://other.example/feed"


def test_move_within_the_site_is_followed_at_once() -> None:
    assert polled(feed(), unchanged(hops=((301, WITHIN),))).fetch_url == WITHIN


def test_temporary_redirect_moves_nothing() -> None:
    one = polled(feed(), unchanged(hops=((302, WITHIN), (301, BEYOND))))

    assert (one.fetch_url, one.poll.move) == (URL, None)


def test_move_to_another_site_has_to_hold_for_days() -> None:
    one, seen = feed(), []
    for day in range(3):
        one = polled(one, unchanged(hops=((308, BEYOND),)), now=NOON + day * DAY)
        seen.append(one.fetch_url)

    assert seen == [URL, URL, BEYOND]
    assert one.poll.move is None


def test_many_sightings_in_one_day_are_no_days() -> None:
    one = feed()
    for n in range(10):
        one = polled(one, unchanged(hops=((301, BEYOND),)), now=NOON + n * HOUR)

    assert one.fetch_url == URL
    assert one.poll.move is not None
    assert (one.poll.move.url, one.poll.move.sightings) == (BEYOND, 10)


def test_move_that_was_taken_back_begins_anew() -> None:
    one = _weeks(feed(), unchanged(hops=((301, BEYOND),)), 2)
    one = polled(one, unchanged(), now=NOON + 2 * DAY)

    assert one.poll.move is None


@pytest.mark.parametrize(
    ("sorted_", "url"),
    [
        pytest.param(told(new=5), URL, id="nothing known there"),
        pytest.param(told(new=4, same=1), BEYOND, id="a known item there"),
    ],
)
def test_another_feed_on_another_site_is_not_followed(sorted_: EntryDiff, url: str) -> None:
    one = _weeks(feed(), fresh(HOUR, hops=((301, BEYOND),)), 5, sorted_)

    assert one.fetch_url == url


def test_failure_behind_a_redirect_moves_nothing() -> None:
    parked = Failed(kind=FailureKind.HTML, message="parked", hops=unchanged(hops=((301, WITHIN),)).hops)

    assert polled(feed(), parked).fetch_url == URL
    assert polled(feed(), failed()).poll.move is None


def _weeks(one: Feed, outcome: PollOutcome, days: int, sorted_: EntryDiff | None = None) -> Feed:
    for day in range(days):
        one = polled(one, outcome, sorted_, now=NOON + day * DAY)
    return one


def test_moved_feed_that_fails_is_tried_at_its_other_address_in_turns() -> None:
    one, asked = feed(fetch_url=WITHIN), []
    for n in range(12):
        one = polled(one, failed(FailureKind.NOT_FOUND), now=NOON + n * HOUR)
        asked.append(one.fetch_url)

    assert asked == [WITHIN] * 3 + [URL] * 4 + [WITHIN] * 4 + [URL]


def test_moved_feed_stays_where_it_answers() -> None:
    one = feed(fetch_url=WITHIN)
    for n in range(4):
        one = polled(one, failed(FailureKind.NOT_FOUND), now=NOON + n * HOUR)
    home = polled(one, unchanged("hash"), now=NOON + DAY)

    assert (home.fetch_url, home.poll.move, home.poll.failures) == (URL, None, 0)


def test_address_that_was_only_watched_is_not_turned_to() -> None:
    one = polled(feed(), unchanged(hops=((301, BEYOND),)))
    for n in range(8):
        one = polled(one, failed(), now=NOON + n * HOUR)

    assert one.fetch_url == URL


def test_address_that_says_who_asks_is_never_moved() -> None:
    one = feed(fetch_url="https://me:secret@post.example/rss")

    assert polled(one, unchanged(hops=((301, WITHIN),))).fetch_url == one.fetch_url
