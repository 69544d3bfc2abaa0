"""A feed's address follows permanent redirects, carefully."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.schedule.polls import DAY, HOUR, MINUTE, NOON, URL, failed, feed, fresh, polled, told, unchanged
from watcher.model.feed import Feed, FeedState
from watcher.model.poll import EntryDiff, Failed, FailureKind, PollOutcome

WITHIN = "https://www.post.example/feed"
BEYOND = "https://other.example/feed"


def test_move_within_the_site_is_followed_at_once() -> None:
    assert polled(feed(), unchanged(hops=((301, WITHIN),))).fetch_url == WITHIN


def test_temporary_redirect_moves_nothing() -> None:
    polled_feed = polled(feed(), unchanged(hops=((302, WITHIN), (301, BEYOND))))

    assert (polled_feed.fetch_url, polled_feed.poll.move) == (URL, None)


def test_move_to_another_site_has_to_hold_for_days() -> None:
    polled_feed, seen = feed(), []
    for day in range(3):
        polled_feed = polled(polled_feed, unchanged(hops=((308, BEYOND),)), now=NOON + day * DAY)
        seen.append(polled_feed.fetch_url)

    assert seen == [URL, URL, BEYOND]
    assert polled_feed.poll.move is None


def test_many_sightings_in_one_day_are_no_days() -> None:
    row = feed()
    for n in range(10):
        row = polled(row, unchanged(hops=((301, BEYOND),)), now=NOON + n * HOUR)

    assert row.fetch_url == URL
    assert row.poll.move is not None
    assert (row.poll.move.url, row.poll.move.sightings) == (BEYOND, 10)


def test_move_that_was_taken_back_begins_anew() -> None:
    polled_feed = _weeks(feed(), unchanged(hops=((301, BEYOND),)), 2)
    polled_feed = polled(polled_feed, unchanged(), now=NOON + 2 * DAY)

    assert polled_feed.poll.move is None


@pytest.mark.parametrize(
    ("sorted_", "url"),
    [
        pytest.param(told(new=5), URL, id="nothing known there"),
        pytest.param(told(new=4, same=1), BEYOND, id="a known item there"),
    ],
)
def test_another_feed_on_another_site_is_not_followed(sorted_: EntryDiff, url: str) -> None:
    polled_feed = _weeks(feed(), fresh(HOUR, hops=((301, BEYOND),)), 5, sorted_)

    assert polled_feed.fetch_url == url


def test_failure_behind_a_redirect_moves_nothing() -> None:
    parked = Failed(kind=FailureKind.HTML, message="parked", hops=unchanged(hops=((301, WITHIN),)).hops)

    assert polled(feed(), parked).fetch_url == URL
    assert polled(feed(), failed()).poll.move is None


def _weeks(polled_feed: Feed, outcome: PollOutcome, days: int, sorted_: EntryDiff | None = None) -> Feed:
    for day in range(days):
        polled_feed = polled(polled_feed, outcome, sorted_, now=NOON + day * DAY)
    return polled_feed


def test_moved_feed_that_fails_is_tried_at_its_other_address_in_turns() -> None:
    polled_feed, asked = feed(fetch_url=WITHIN), []
    for n in range(12):
        polled_feed = polled(polled_feed, failed(FailureKind.NOT_FOUND), now=NOON + n * HOUR)
        asked.append(polled_feed.fetch_url)

    assert asked == [WITHIN] * 3 + [URL] * 4 + [WITHIN] * 4 + [URL]


def test_moved_feed_stays_where_it_answers() -> None:
    row = feed(fetch_url=WITHIN)
    for n in range(4):
        row = polled(row, failed(FailureKind.NOT_FOUND), now=NOON + n * HOUR)
    home = polled(row, unchanged("hash"), now=NOON + DAY)

    assert (home.fetch_url, home.poll.move, home.poll.failures) == (URL, None, 0)


OLD_ANSWERS = [
    FailureKind.NOT_FOUND, FailureKind.GONE, FailureKind.DNS, FailureKind.HTML, FailureKind.HTTP, FailureKind.FORBIDDEN,
    FailureKind.CHALLENGE, FailureKind.PARSE, FailureKind.EMPTY,
]  # fmt: skip


@pytest.mark.parametrize("answer", OLD_ANSWERS)
@pytest.mark.parametrize("hours", [1, 2, 5, 9, 30, 70])
def test_moved_feed_is_read_again_after_an_outage_whatever_its_old_address_answers(
    answer: FailureKind, hours: int
) -> None:
    moved, unmoved = feed(fetch_url=BEYOND), feed()
    end = NOON + hours * HOUR

    # However long the outage was: hardly later than a feed that never moved.
    assert _read_at(moved, end, answer) - _read_at(unmoved, end, answer) <= 6 * HOUR + 30 * MINUTE
    assert _read_at(moved, end, answer) - end <= max(hours * HOUR, HOUR) + 4 * HOUR


def test_feed_at_its_old_address_is_neither_gone_nor_blocked() -> None:
    row = feed(fetch_url=BEYOND)
    for n in range(40):
        at_home = row.fetch_url == URL
        kind = (FailureKind.GONE if n % 2 else FailureKind.FORBIDDEN) if at_home else FailureKind.DNS
        row = polled(row, failed(kind), now=row.poll.next_poll_at)

        assert row.state is FeedState.BACKOFF


def _read_at(polled_feed: Feed, end: datetime, old_answer: FailureKind) -> datetime:
    """Return when a feed is read again, whose server fails until `end`; its old address answers as given, always."""
    home, now = polled_feed.fetch_url, NOON
    for _poll in range(200):
        if polled_feed.fetch_url == home and now >= end:
            return now
        polled_feed = polled(
            polled_feed, failed(FailureKind.DNS if polled_feed.fetch_url == home else old_answer), now=now
        )
        now = polled_feed.poll.next_poll_at
    raise AssertionError("never read again")


def test_address_that_was_only_watched_is_not_turned_to() -> None:
    polled_feed = polled(feed(), unchanged(hops=((301, BEYOND),)))
    for n in range(8):
        polled_feed = polled(polled_feed, failed(), now=NOON + n * HOUR)

    assert polled_feed.fetch_url == URL


def test_address_that_says_who_asks_is_never_moved() -> None:
    row = feed(fetch_url="https://me:secret@post.example/rss")

    assert polled(row, unchanged(hops=((301, WITHIN),))).fetch_url == row.fetch_url
