"""When a feed is polled again after a failure: later each time, and never "never"."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from watcher.model.failure import FailureKind
from watcher.model.feed import Feed, FeedState, PollState
from watcher.model.poll import Failed
from watcher.schedule.limits import DAY, HOUR, PollLimits, PollTerms
from watcher.schedule.moves import count_failures_at_address, is_asked_at_former_address, try_other_address

FAILURES_UNTIL_GONE = 3
GONE_PERIOD = 2 * DAY
"""410 retires a feed when it comes so often in a row over so long; health reports it from the first one on."""
FAILURES_UNTIL_BLOCKED = 3
"""A feed that refuses us more often in a row is polled once a day."""
OFFLINE_RETRY_DELAY = timedelta(minutes=1)
BLOCKED_DELAYS = (HOUR, 6 * HOUR, DAY)
RATE_LIMITED_DELAY = timedelta(minutes=30)
FIRST_RETRY_DELAY = timedelta(minutes=5)
MAX_FIRST_DAYS_DELAY = 6 * HOUR

_NO_FEED_THERE = {
    FailureKind.DNS,
    FailureKind.CONNECT,
    FailureKind.TLS,
    FailureKind.TIMEOUT,
    FailureKind.NOT_FOUND,
    FailureKind.GONE,
    FailureKind.HTML,
    FailureKind.NOT_FEED,
    FailureKind.REDIRECT,
}
"""What a feed fails with that has moved, or whose new address was none or is no more."""
_SAYS_NOTHING_OF_A_MOVED_FEED = {FailureKind.GONE, FailureKind.FORBIDDEN, FailureKind.CHALLENGE}
"""What ends or delays polling for days; of the address that a feed has left it is to be expected."""
_LOCAL_FAULTS = {FailureKind.OFFLINE, FailureKind.PROXY}
_REFUSALS = {FailureKind.FORBIDDEN, FailureKind.CHALLENGE}


def update_after_failure(feed: Feed, outcome: Failed, terms: PollTerms) -> Feed:
    """Return a feed after a failed poll.

    Two failures are not the feed's: our own network or proxy is away, or its host asked for a pause while the feed
    still waited for its turn. They are counted against nobody.
    """
    if outcome.kind in _LOCAL_FAULTS:
        return replace(feed, poll=_after_local_fault(feed.poll, outcome, terms))
    if outcome.kind is FailureKind.RATE_LIMITED and outcome.status is None:
        pause = max(outcome.retry_after or terms.limits.minimum, timedelta(minutes=1))
        next_poll_at = terms.after(min(pause, DAY))
        return replace(feed, poll=replace(feed.poll, polled_at=terms.now, next_poll_at=next_poll_at))
    return _after_own_failure(feed, outcome, terms)


def _after_local_fault(poll: PollState, outcome: Failed, terms: PollTerms) -> PollState:
    """Return the state of polling after a fault of ours: retried soon, and known as unread since then."""
    next_poll_at = terms.now + OFFLINE_RETRY_DELAY * (1 + terms.jitter)
    later = replace(poll, polled_at=terms.now, next_poll_at=next_poll_at)
    if poll.failures:
        return later
    failing_since = poll.failing_since or terms.now
    return replace(later, failing_since=failing_since, error_kind=outcome.kind.value, error=outcome.message)


def _after_own_failure(feed: Feed, outcome: Failed, terms: PollTerms) -> Feed:
    # A feed that has moved may be found at its other address. From its former one it returns whatever that answers.
    at_former_address = is_asked_at_former_address(feed)
    may_turn = at_former_address or outcome.kind in _NO_FEED_THERE
    if at_former_address and outcome.kind in _SAYS_NOTHING_OF_A_MOVED_FEED:
        outcome = replace(outcome, kind=FailureKind.HTTP)
    poll = feed.poll
    # A feed is failing from its own first failure on, and gone from the first 410 on.
    is_first_gone = outcome.kind is FailureKind.GONE and poll.error_kind != outcome.kind.value
    is_first = not poll.failures or is_first_gone
    failures = 1 if is_first else poll.failures + 1
    failing_since = terms.now if is_first or poll.failing_since is None else poll.failing_since
    failing_for = terms.now - failing_since
    feed = try_other_address(feed, failures, terms.now) if may_turn else feed
    # The turn of the former address is short: however long the new one has failed, it may be back.
    is_short = at_former_address or is_asked_at_former_address(feed)
    steps = 1 if is_short else count_failures_at_address(feed, failures)
    wait = _compute_wait(outcome, steps, timedelta() if is_short else failing_for, terms.limits)
    return replace(
        feed,
        state=_get_state(feed, outcome, failures, failing_for),
        poll=replace(
            feed.poll,
            failures=failures,
            failing_since=failing_since,
            error_kind=outcome.kind.value,
            error=outcome.message,
            polled_at=terms.now,
            next_poll_at=terms.after(wait),
        ),
    )


def _get_state(feed: Feed, outcome: Failed, failures: int, failing_for: timedelta) -> FeedState:
    if feed.state in {FeedState.GONE, FeedState.PAUSED}:
        return feed.state  # it was polled because a person asked
    if outcome.kind is FailureKind.GONE and failures >= FAILURES_UNTIL_GONE and failing_for >= GONE_PERIOD:
        return FeedState.GONE
    if outcome.kind in _REFUSALS and failures > FAILURES_UNTIL_BLOCKED:
        return FeedState.BLOCKED
    return FeedState.BACKOFF


def _compute_wait(outcome: Failed, failures: int, failing_for: timedelta, limits: PollLimits) -> timedelta:
    """Return the wait, never shorter than the server's Retry-After (RFC 9110, 10.2.3) within the longest back-off.

    With a 429 or 503 the server's word counts instead of our own back-off.
    """
    wait = DAY if outcome.kind is FailureKind.GONE else _compute_backoff(outcome, failures, failing_for, limits)
    if outcome.retry_after is not None:
        wait = max(limits.minimum if outcome.kind is FailureKind.RATE_LIMITED else wait, outcome.retry_after)
    return min(max(wait, limits.minimum), max(limits.backoff, DAY))


def _compute_backoff(outcome: Failed, failures: int, failing_for: timedelta, limits: PollLimits) -> timedelta:
    """Return a wait that doubles with the failures, and after days depends on how long the feed has failed."""
    steps = min(failures - 1, 10)
    if outcome.kind in _REFUSALS:
        return min(BLOCKED_DELAYS[min(steps, 2)], limits.backoff)
    if outcome.kind is FailureKind.RATE_LIMITED:
        return min(RATE_LIMITED_DELAY * (1 << steps), limits.backoff)
    if failing_for >= 14 * DAY:
        return limits.backoff
    if failing_for >= 3 * DAY:
        return min(12 * HOUR, limits.backoff)
    return min(FIRST_RETRY_DELAY * (1 << steps), MAX_FIRST_DAYS_DELAY, limits.backoff)
