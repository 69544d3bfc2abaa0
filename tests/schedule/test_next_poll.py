"""The next poll follows from what a poll came to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feed_builder import change_feed
from tests.schedule.polls import DAY, ETAG, HOUR, MINUTE, NOON, URL, failed, feed, fresh, polled, told, unchanged
from watcher.model.feed import Feed, FeedConfig, FeedState, Validators
from watcher.model.poll import Failed, FailureKind, Gap, PollingHints, PollOutcome
from watcher.schedule import Health, PollLimits, get_feed_health

NEW = feed(
    baseline_at=None,
    succeeded_at=None,
    read_at=None,
    new_at=None,
    publish_interval=None,
    body_hash=None,
    validators=Validators(),
    keys=frozenset(),
)


def test_first_read_is_the_baseline_and_sets_the_rhythm() -> None:
    learnt = polled(NEW, fresh(HOUR, 2 * HOUR, 3 * HOUR, title="Post", language="sv"), told(new=3))

    assert (learnt.stats.baseline_at, learnt.poll.read_at, learnt.poll.succeeded_at) == (NOON, NOON, NOON)
    assert (learnt.stats.publish_interval, learnt.poll.interval) == (HOUR, 30 * MINUTE)
    assert (learnt.title, learnt.language) == ("Post", "sv")
    assert learnt.stats.new_at == NOON - HOUR
    assert learnt.poll.next_poll_at == NOON + 30 * MINUTE


def test_what_was_read_is_stored_with_its_validators() -> None:
    learnt = polled(feed(), fresh(HOUR), told(new=1, same=5, id_changes=1))

    assert learnt.poll.body_hash == b"new"
    assert learnt.poll.validators == Validators(etag='"2"')
    assert learnt.document.keys == {"b"}
    assert learnt.document.id_changes == 1
    assert (learnt.stats.new_at, learnt.poll.empty_polls) == (NOON, 0)


def test_document_that_was_cut_is_asked_for_again_whole() -> None:
    assert polled(feed(), fresh(HOUR, degraded="cut", cut=True), told(new=1)).poll.validators == Validators()


def test_document_that_was_repaired_keeps_its_validators() -> None:
    assert polled(feed(), fresh(HOUR, degraded="repaired"), told(new=1)).poll.validators.etag == '"2"'


def test_mostly_new_document_halves_the_interval() -> None:
    assert polled(feed(), fresh(HOUR), told(new=4, same=1)).poll.interval == 15 * MINUTE


def test_gap_shortens_the_interval_to_the_minimum_and_is_counted() -> None:
    learnt = polled(feed(gaps=1, lost=2), fresh(HOUR), told(new=9, gap=Gap(lost=7)))

    assert learnt.poll.interval == 5 * MINUTE
    assert (learnt.stats.gaps, learnt.stats.lost, learnt.stats.gap_at) == (2, 9, NOON)


def test_six_polls_without_news_lengthen_the_interval() -> None:
    row = feed()
    for _poll in range(6):
        row = polled(row, unchanged())

    assert row.poll.interval == 37.5 * MINUTE
    assert row.poll.empty_polls == 6


@pytest.mark.parametrize(
    ("silence", "longest"), [(DAY, HOUR), (20 * DAY, 2 * HOUR), (100 * DAY, 6 * HOUR)], ids=["day", "weeks", "months"]
)
def test_interval_grows_with_the_silence(silence: timedelta, longest: timedelta) -> None:
    row = feed(new_at=NOON - silence, empty_polls=5, interval=20 * HOUR)

    assert polled(row, unchanged()).poll.interval == longest


@pytest.mark.parametrize(
    ("hints", "wait"),
    [
        pytest.param(PollingHints(), 30 * MINUTE, id="nothing said"),
        pytest.param(PollingHints(fresh_for=2 * HOUR), 2 * HOUR, id="fresh for longer"),
        pytest.param(PollingHints(fresh_for=MINUTE), 30 * MINUTE, id="fresh for less"),
        pytest.param(PollingHints(fresh_for=365 * DAY), DAY, id="fresh for a year"),
        pytest.param(PollingHints(ttl=45 * MINUTE), 45 * MINUTE, id="ttl"),
        pytest.param(PollingHints(ttl=7 * DAY), HOUR, id="a week's ttl"),
        pytest.param(PollingHints(update_every=40 * MINUTE), 40 * MINUTE, id="syndication module"),
        pytest.param(PollingHints(skip_hours=frozenset({12, 13})), 150 * MINUTE, id="hours to skip"),
        pytest.param(PollingHints(skip_days=frozenset({2})), 12.5 * HOUR, id="days to skip, for half a day at most"),
    ],
)
def test_server_and_document_may_ask_for_less(hints: PollingHints, wait: timedelta) -> None:
    assert polled(feed(), fresh(HOUR, hints=hints), told(same=5)).poll.next_poll_at == NOON + wait


def test_interval_of_the_configuration_wins() -> None:
    row = feed(config=FeedConfig(url=URL, interval=2 * MINUTE))

    assert (
        polled(row, fresh(HOUR, hints=PollingHints(fresh_for=HOUR)), told(same=1)).poll.next_poll_at
        == NOON + 2 * MINUTE
    )


def test_jitter_only_ever_delays() -> None:
    assert polled(feed(), unchanged(), jitter=0.999).poll.next_poll_at - NOON == pytest.approx(33 * MINUTE, rel=0.01)


def test_304_keeps_validators_that_it_does_not_repeat() -> None:
    assert polled(feed(), unchanged(validators=Validators())).poll.validators == ETAG
    assert polled(feed(), unchanged(validators=Validators(etag='"9"'))).poll.validators.etag == '"9"'


def test_304_that_repeats_one_validator_keeps_the_other() -> None:
    polled_feed = polled(feed(), unchanged("304", Validators(etag='"2"', url=URL)))

    assert polled_feed.poll.validators == Validators(etag='"2"', last_modified=ETAG.last_modified, url=URL)


def test_body_that_comes_without_validators_any_more_forgets_them() -> None:
    assert polled(feed(), unchanged("hash", Validators(url=URL))).poll.validators == Validators(url=URL)


def test_304_that_lasts_for_more_than_a_day_is_asked_without_validators() -> None:
    stuck = polled(feed(read_at=NOON - 25 * HOUR), unchanged())
    seen = polled(stuck, unchanged(by="hash"))

    assert stuck.poll.validators == Validators()
    assert (seen.poll.validators, seen.poll.read_at) == (ETAG, NOON)


def test_failures_back_off_and_are_remembered() -> None:
    polled_feed, waits = feed(), []
    for n in range(9):
        now = NOON + n * HOUR
        polled_feed = polled(polled_feed, failed(), now=now)
        waits.append((polled_feed.poll.next_poll_at - now) / MINUTE)

    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360]
    assert (polled_feed.state, polled_feed.poll.failures, polled_feed.poll.failing_since) == (
        FeedState.BACKOFF,
        9,
        NOON,
    )
    assert (polled_feed.poll.error_kind, polled_feed.poll.error) == ("timeout", "it was timeout")
    assert polled_feed.poll.validators == ETAG
    assert polled_feed.poll.body_hash == b"old"


def test_back_off_never_becomes_never() -> None:
    row = feed(failures=5_000, failing_since=NOON - 900 * DAY, state=FeedState.BACKOFF)

    assert polled(row, failed(), jitter=0.99).poll.next_poll_at <= NOON + 1.1 * DAY


def test_success_forgets_failures() -> None:
    polled_feed = polled(feed(failures=7, failing_since=NOON - DAY, error="x", error_kind="dns"), unchanged())

    assert (
        polled_feed.poll.failures,
        polled_feed.poll.failing_since,
        polled_feed.poll.error,
        polled_feed.poll.error_kind,
    ) == (0, None, None, None)
    assert polled_feed.state is FeedState.ACTIVE


def test_our_own_network_is_never_counted_against_a_feed() -> None:
    before = feed()
    polled_feed = polled(before, failed(FailureKind.OFFLINE))

    assert (polled_feed.poll.failures, polled_feed.state, polled_feed.poll.validators) == (
        0,
        FeedState.ACTIVE,
        before.poll.validators,
    )
    assert polled_feed.poll.next_poll_at <= NOON + 2 * MINUTE
    assert (polled_feed.poll.failing_since, polled_feed.poll.error_kind) == (NOON, "offline")


def test_feed_that_our_network_keeps_unread_for_long_is_no_fresh_one() -> None:
    row = feed()
    for minute in range(0, 121, 2):
        row = polled(row, failed(FailureKind.OFFLINE), now=NOON + minute * MINUTE)

    assert get_feed_health(row.summary, NOON + 30 * MINUTE) is Health.FRESH
    assert get_feed_health(row.summary, NOON + 121 * MINUTE) is Health.FAILING
    assert polled(row, unchanged(), now=NOON + 3 * HOUR).poll.failing_since is None


def test_failure_after_our_network_came_back_counts_from_then() -> None:
    polled_feed = polled(feed(), failed(FailureKind.OFFLINE))
    polled_feed = polled(polled_feed, failed(), now=NOON + 5 * DAY)

    assert (polled_feed.poll.failures, polled_feed.poll.failing_since) == (1, NOON + 5 * DAY)
    assert polled_feed.poll.next_poll_at == NOON + 5 * DAY + 5 * MINUTE


def test_feed_of_a_host_that_asked_for_peace_is_put_off_and_not_blamed() -> None:
    before = feed()
    put_off = Failed(kind=FailureKind.RATE_LIMITED, message="not asked", retry_after=2 * HOUR)

    polled_feed = polled(before, put_off)

    assert change_feed(polled_feed, next_poll_at=before.poll.next_poll_at, polled_at=before.poll.polled_at) == before
    assert polled_feed.poll.next_poll_at == NOON + 2 * HOUR


def test_server_without_validators_is_asked_less_often_unless_items_slip_through() -> None:
    bare = feed(validators=Validators(), interval=5 * MINUTE)
    hurried = feed(validators=Validators(), interval=5 * MINUTE, gap_at=NOON - HOUR)

    assert polled(bare, unchanged("hash", Validators())).poll.next_poll_at == NOON + 15 * MINUTE
    assert polled(hurried, unchanged("hash", Validators())).poll.next_poll_at == NOON + 5 * MINUTE


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        pytest.param(None, 30 * MINUTE, id="nothing"),
        pytest.param(2 * HOUR, 2 * HOUR, id="hours"),
        pytest.param(timedelta(seconds=3), 5 * MINUTE, id="seconds"),
        pytest.param(3650 * DAY, DAY, id="ten years"),
        pytest.param(timedelta(seconds=-5), 5 * MINUTE, id="the past"),
    ],
)
def test_retry_after_is_honoured_within_bounds(asked: timedelta | None, wait: timedelta) -> None:
    assert polled(feed(), failed(FailureKind.RATE_LIMITED, asked)).poll.next_poll_at == NOON + wait


def test_forbidden_feed_is_asked_ever_more_rarely_and_then_blocked() -> None:
    polled_feed, waits = feed(), []
    for _poll in range(5):
        polled_feed = polled(polled_feed, failed(FailureKind.FORBIDDEN))
        waits.append(polled_feed.poll.next_poll_at - NOON)

    assert waits == [HOUR, 6 * HOUR, DAY, DAY, DAY]
    assert polled_feed.state is FeedState.BLOCKED


def test_410_retires_a_feed_once_it_has_held() -> None:
    polled_feed, states = feed(), []
    for day in range(3):
        polled_feed = polled(polled_feed, failed(FailureKind.GONE), now=NOON + day * DAY)
        states.append(polled_feed.state)

    assert states == [FeedState.BACKOFF, FeedState.BACKOFF, FeedState.GONE]
    assert polled(polled_feed, unchanged(), now=NOON + 4 * DAY).state is FeedState.ACTIVE


def test_one_410_after_many_other_failures_retires_nothing() -> None:
    row = feed(failures=9, failing_since=NOON - 9 * DAY, error_kind="timeout", state=FeedState.BACKOFF)

    assert polled(row, failed(FailureKind.GONE)).state is FeedState.BACKOFF


@pytest.mark.parametrize("state", [FeedState.GONE, FeedState.PAUSED])
def test_resting_feed_rests_on_after_a_failed_poll_by_hand(state: FeedState) -> None:
    assert polled(feed(state=state), failed()).state is state


_OUTCOMES = st.one_of(
    st.builds(lambda by: unchanged(by), st.sampled_from(["304", "hash"])),
    st.builds(
        failed,
        st.sampled_from(FailureKind),
        st.one_of(st.none(), st.timedeltas(min_value=-DAY, max_value=10_000 * DAY)),
    ),
    st.builds(
        lambda ages, every: fresh(*ages, hints=PollingHints(fresh_for=every, ttl=every, update_every=every)),
        st.lists(st.timedeltas(min_value=-DAY, max_value=500 * DAY), max_size=5),
        st.one_of(st.none(), st.timedeltas(min_value=timedelta(0), max_value=10_000 * DAY)),
    ),
)


@given(st.lists(_OUTCOMES, max_size=12), st.floats(0, 0.999))
@settings(deadline=None)
def test_next_poll_is_never_at_once_and_never_never(outcomes: list[PollOutcome], jitter: float) -> None:
    polled_feed: Feed = NEW
    for outcome in outcomes:
        polled_feed = polled(polled_feed, outcome, told(new=1, same=1), jitter=jitter)

        assert NOON + MINUTE <= polled_feed.poll.next_poll_at <= NOON + 1.1 * DAY + 12 * HOUR
        assert PollLimits().minimum <= polled_feed.poll.interval <= PollLimits().maximum
