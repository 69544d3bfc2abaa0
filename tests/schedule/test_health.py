"""How a feed does, and what servers say about polling it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.schedule.polls import DAY, HOUR, MINUTE, NOON, feed
from watcher.model.feed import Feed, FeedState
from watcher.model.poll import ParsedFeed, PollingHints
from watcher.schedule import Health, collect_hints, get_feed_health, parse_freshness


@pytest.mark.parametrize(
    ("watched", "health"),
    [
        pytest.param(feed(), Health.FRESH, id="polled and alive"),
        pytest.param(feed(succeeded_at=None), Health.NEW, id="never polled"),
        pytest.param(feed(failures=1), Health.FAILING, id="failing"),
        pytest.param(feed(failures=1, error_kind="gone"), Health.GONE, id="gone, says the server"),
        pytest.param(feed(state=FeedState.GONE), Health.GONE, id="retired"),
        pytest.param(feed(state=FeedState.PAUSED, failures=3), Health.PAUSED, id="paused"),
        pytest.param(feed(new_at=NOON - 4 * DAY), Health.STALE, id="hourly, silent for days"),
        pytest.param(feed(new_at=NOON - 2 * DAY), Health.FRESH, id="hourly, silent over a weekend"),
        pytest.param(
            feed(new_at=NOON - 40 * DAY, publish_interval=7 * DAY), Health.FRESH, id="weekly, silent for weeks"
        ),
        pytest.param(
            feed(new_at=NOON - 80 * DAY, publish_interval=7 * DAY), Health.STALE, id="weekly, silent for months"
        ),
        pytest.param(feed(new_at=None, publish_interval=None), Health.FRESH, id="nothing known, a month old"),
        pytest.param(
            feed(new_at=None, publish_interval=None, baseline_at=NOON - 31 * DAY),
            Health.STALE,
            id="nothing ever, for longer",
        ),
    ],
)
def test_health_in_a_word(watched: Feed, health: Health) -> None:
    assert get_feed_health(watched.summary, NOON) is health


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"cache-control": "max-age=600"}, 10 * MINUTE, id="max-age"),
        pytest.param({"cache-control": "public, Max-Age = 600", "age": "60"}, 9 * MINUTE, id="less its age"),
        pytest.param({"cache-control": "max-age=600", "age": "900"}, None, id="older than that"),
        pytest.param({"cache-control": "s-maxage=600"}, None, id="for shared caches alone"),
        pytest.param({"cache-control": "max-age=600, no-cache"}, None, id="no-cache"),
        pytest.param({"cache-control": "max-age=soon"}, None, id="nonsense"),
        pytest.param(
            {"expires": "Wed, 04 Mar 2026 13:00:00 GMT", "date": "Wed, 04 Mar 2026 12:00:00 GMT"}, HOUR, id="Expires"
        ),
        pytest.param({"expires": "Wed, 04 Mar 2026 13:00:00 GMT"}, None, id="Expires without a Date"),
        pytest.param({"expires": "0", "date": "Wed, 04 Mar 2026 12:00:00 GMT"}, None, id="Expires: 0"),
        pytest.param(
            {
                "cache-control": "max-age=60",
                "expires": "Wed, 04 Mar 2026 13:00:00 GMT",
                "date": "Wed, 04 Mar 2026 12:00:00 GMT",
            },
            MINUTE,
            id="max-age before Expires",
        ),
    ],
)
def test_freshness_of_an_answer(headers: dict[str, str], fresh: timedelta | None) -> None:
    assert parse_freshness(headers) == fresh


def test_hints_of_server_and_document_are_one() -> None:
    hints = collect_hints({"cache-control": "max-age=600"}, ParsedFeed(items=(), hints=PollingHints(ttl=HOUR)))

    assert hints == PollingHints(fresh_for=10 * MINUTE, ttl=HOUR)
    assert collect_hints({}, None) == PollingHints()
