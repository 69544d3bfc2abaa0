"""Decides when a feed is polled next, from what a poll came to: polite to its server, at the feed's own rhythm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from watcher.model.feed import Budget, Feed, FeedState, PushState, Validators
from watcher.model.poll import (
    EntryDiff,
    Failed,
    FailureKind,
    Modified,
    ParsedFeed,
    PollingHints,
    PollOutcome,
    Redirect,
    Unchanged,
)
from watcher.schedule.budget import count_spent, has_more_to_read
from watcher.schedule.moves import elsewhere, moved

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FRESH_CAP = DAY
"""A server that asks to be left alone for longer is asked again after a day."""
TTL_CAP = HOUR
GONE_AFTER = 3
"""410 retires a feed when it comes so often in a row over two days; health says so from the first one on."""
UNCONDITIONAL_AFTER = DAY
"""After so long without a body, 304 is not believed any longer."""

UNVALIDATED = timedelta(minutes=15)
"""Between polls of a server that gives no validators, and so its whole document each time."""

_LOST = {
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
"""What a feed fails with whose new address was none, or is no more."""
_OURS = {FailureKind.OFFLINE, FailureKind.PROXY}
_BLOCKED = {FailureKind.FORBIDDEN, FailureKind.CHALLENGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLimits:
    """What the operator allows: intervals between polls, the longest silence after failures, what a feed may store.

    `pushed` is how often a feed is polled whose hub pushes its news: polling is the net beneath. `budget` is for each
    feed that has none of its own.
    """

    minimum: timedelta = timedelta(minutes=5)
    maximum: timedelta = timedelta(hours=6)
    default: timedelta = timedelta(minutes=15)
    backoff: timedelta = DAY
    pushed: timedelta = 6 * HOUR
    budget: Budget = field(default_factory=Budget)


def plan_next_poll(
    feed: Feed,
    outcome: PollOutcome,
    told: EntryDiff | None,
    now: datetime,
    bounds: PollLimits,
    jitter: float,
) -> Feed:
    """Give the feed as it is after a poll, its next poll included.

    `told` is what a Fresh outcome's entries were sorted into; `jitter` in [0, 1) stretches the wait by up to a tenth,
    so that feeds spread out. No poll comes before the server's own Retry-After, and none later than `bounds.backoff`.
    """
    match outcome:
        case Modified(pushed=True):
            return _pushed(feed, told or EntryDiff(), now, bounds, jitter)
        case Modified(parsed=ParsedFeed(stopped=str(reason))):
            return _stopped(feed, outcome, reason, told or EntryDiff(), now, bounds, jitter)
        case Modified():
            return _read(feed, outcome, told or EntryDiff(), now, bounds, jitter)
        case Unchanged():
            return _unchanged(feed, outcome, now, bounds, jitter)
        case Failed():
            return _failed(feed, outcome, now, bounds, jitter)


def _read(feed: Feed, outcome: Modified, told: EntryDiff, now: datetime, bounds: PollLimits, jitter: float) -> Feed:
    parsed, document = outcome.parsed, outcome.document
    news = len(told.new)
    rhythm = _rhythm(parsed) or feed.stats.publish_interval
    baseline = feed.stats.baseline_at is None
    # Of more items than are read at once the next poll reads on, in the same document.
    read_on = has_more_to_read(feed, told, parsed, bounds.budget, now)
    interval = bounds.minimum if read_on else _interval(feed, rhythm, told, news, baseline, now, bounds)
    spent = count_spent(feed, told, now)
    learnt = replace(
        spent,
        title=parsed.title or feed.title,
        language=parsed.language or feed.language,
        site_url=parsed.site_url or feed.site_url,
        poll=replace(
            feed.poll,
            body_hash=None if read_on else document.body_hash,
            # A document that was cut may be whole next time: ask for all of it again.
            validators=Validators() if parsed.cut or read_on else document.validators,
            conditional=_conditional(feed, document.conditional),
            interval=interval,
            read_at=now,
            empty_polls=0 if news else feed.poll.empty_polls + 1,
        ),
        stats=replace(
            spent.stats,
            publish_interval=rhythm,
            new_at=_newest(parsed, now) if baseline else now if news else feed.stats.new_at,
            baseline_at=feed.stats.baseline_at or now,
            gaps=feed.stats.gaps + (told.gap is not None),
            lost=feed.stats.lost + (told.gap.lost if told.gap else 0),
            gap_at=now if told.gap else feed.stats.gap_at,
            merged=told.merged,
            recovered=feed.stats.recovered + len(told.recovered),
        ),
        document=replace(
            spent.document,
            keys=told.document_keys or feed.document.keys,
            item_marks=told.item_marks,
            identity_version=told.identity_version,
            id_changes=feed.document.id_changes + told.id_changes,
        ),
        push=PushState(
            hub=parsed.hub,
            topic_url=parsed.topic_url,
            # News that nobody pushed: pushes are not to be relied on until the next one comes.
            pushed_at=None if news and not baseline else feed.push.pushed_at,
        ),
    )
    known = bool(told.same or told.edited or told.migrated)
    return _succeeded(learnt, outcome.hints, document.hops, now, bounds, jitter, same_feed=known)


def _stopped(
    feed: Feed, outcome: Modified, reason: str, told: EntryDiff, now: datetime, bounds: PollLimits, jitter: float
) -> Feed:
    """Count a failure for a document whose reading was stopped: its items so far are kept, others may be missing.

    Neither body nor validators are remembered, so that the next poll asks for the rest.
    """
    after_reading = _read(feed, outcome, told, now, bounds, jitter)
    kept = replace(
        after_reading,
        state=feed.state,
        poll=replace(
            after_reading.poll,
            failures=feed.poll.failures,
            failing_since=feed.poll.failing_since,
            error_kind=feed.poll.error_kind,
            succeeded_at=feed.poll.succeeded_at,
            body_hash=feed.poll.body_hash,
            validators=Validators(),
        ),
    )
    failed = Failed(kind=FailureKind.PARSE, message=reason, status=outcome.document.status, hops=outcome.document.hops)
    return _failed(kept, failed, now, bounds, jitter)


def _pushed(feed: Feed, told: EntryDiff, now: datetime, bounds: PollLimits, jitter: float) -> Feed:
    """Learn from a push: that pushes come, and what is new; of the server and its document it says nothing."""
    relaxed = (feed.poll.polled_at or now) + bounds.pushed * (1 + jitter / 10)
    spent = count_spent(feed, told, now)
    return replace(
        spent,
        poll=replace(
            feed.poll,
            empty_polls=0 if told.new else feed.poll.empty_polls,
            next_poll_at=feed.poll.next_poll_at if feed.config.interval else max(feed.poll.next_poll_at, relaxed),
        ),
        stats=replace(spent.stats, new_at=now if told.new else feed.stats.new_at),
        document=replace(
            spent.document,
            keys=told.document_keys or feed.document.keys,
            id_changes=feed.document.id_changes + told.id_changes,
        ),
        push=replace(feed.push, pushed_at=now),
    )


def _unchanged(feed: Feed, outcome: Unchanged, now: datetime, bounds: PollLimits, jitter: float) -> Feed:
    empty_polls = feed.poll.empty_polls + 1
    interval = feed.poll.interval
    if empty_polls % 6 == 0:
        interval = min(interval * 1.25, _ceiling(feed, now, bounds))
    poll = replace(
        feed.poll,
        validators=_merged(feed, outcome, now),
        conditional=_conditional(feed, outcome.conditional),
        read_at=now if outcome.by == "hash" else feed.poll.read_at,
        empty_polls=empty_polls,
        interval=max(interval, bounds.minimum),
    )
    learnt = replace(feed, poll=poll)
    return _succeeded(learnt, outcome.hints, outcome.hops, now, bounds, jitter, same_feed=True)


def _succeeded(
    feed: Feed,
    said: PollingHints,
    hops: tuple[Redirect, ...],
    now: datetime,
    bounds: PollLimits,
    jitter: float,
    *,
    same_feed: bool,
) -> Feed:
    floor = max(
        bounds.minimum,
        min(_unvalidated(feed, now), bounds.maximum),
        min(said.fresh_for or timedelta(), FRESH_CAP),
        min(said.ttl or timedelta(), TTL_CAP),
        min(said.update_every or timedelta(), HOUR),
    )
    asked = feed.config.interval or feed.poll.interval
    wait = asked if feed.config.interval else max(floor, min(asked, max(bounds.maximum, floor)))
    if feed.push.pushed_at is not None and not feed.config.interval:
        wait = max(wait, bounds.pushed)
    at_home = moved(feed, hops, now, same_feed)
    next_at = _awake(now + wait * (1 + jitter / 10), said)
    return replace(
        at_home,
        state=FeedState.PAUSED if feed.state is FeedState.PAUSED else FeedState.ACTIVE,
        poll=replace(
            at_home.poll,
            failures=0,
            failing_since=None,
            error_kind=None,
            error=None,
            polled_at=now,
            succeeded_at=now,
            next_poll_at=next_at,
        ),
    )


def _unvalidated(feed: Feed, now: datetime) -> timedelta:
    """Ask a server that sends everything every time less often, unless the feed has just been too quick for us."""
    validated = feed.poll.conditional and (feed.poll.validators.etag or feed.poll.validators.last_modified)
    if validated or (feed.stats.gap_at and now - feed.stats.gap_at < DAY):
        return timedelta()
    return UNVALIDATED


def _conditional(feed: Feed, learnt: bool | None) -> bool:
    return feed.poll.conditional if learnt is None else learnt


def _failed(feed: Feed, outcome: Failed, now: datetime, bounds: PollLimits, jitter: float) -> Feed:
    if outcome.kind in _OURS:
        # Our own network is down, or the proxy: nothing is counted against the feed. That it is not read is known all
        # the same.
        later = replace(feed.poll, polled_at=now, next_poll_at=now + timedelta(minutes=1) * (1 + jitter))
        if not feed.poll.failures:
            since = feed.poll.failing_since or now
            later = replace(later, failing_since=since, error_kind=outcome.kind.value, error=outcome.message)
        return replace(feed, poll=later)
    if outcome.kind is FailureKind.RATE_LIMITED and outcome.status is None:
        # Its host asked for peace while this feed waited for its turn: it was not asked.
        peace = max(outcome.retry_after or bounds.minimum, timedelta(minutes=1))
        next_at = now + min(peace, DAY) * (1 + jitter / 10)
        return replace(feed, poll=replace(feed.poll, polled_at=now, next_poll_at=next_at))
    # What counts as failing begins with the feed's own first failure, and being gone with the first 410.
    afresh = not feed.poll.failures or (outcome.kind is FailureKind.GONE and feed.poll.error_kind != outcome.kind.value)
    failures = 1 if afresh else feed.poll.failures + 1
    since = now if afresh or feed.poll.failing_since is None else feed.poll.failing_since
    wait = _patience(outcome, failures, now - since, bounds)
    state = FeedState.BACKOFF
    if outcome.kind is FailureKind.GONE:
        wait = DAY
        if failures >= GONE_AFTER and now - since >= 2 * DAY:
            state = FeedState.GONE
    elif outcome.kind in _BLOCKED and failures > 3:
        state = FeedState.BLOCKED
    if outcome.retry_after is not None:
        wait = max(wait if outcome.kind is not FailureKind.RATE_LIMITED else bounds.minimum, outcome.retry_after)
    wait = min(max(wait, bounds.minimum), max(bounds.backoff, DAY))
    if feed.state in {FeedState.GONE, FeedState.PAUSED}:
        state = feed.state
    redirected = elsewhere(feed, failures, now) if outcome.kind in _LOST else feed
    return replace(
        redirected,
        state=state,
        poll=replace(
            redirected.poll,
            failures=failures,
            failing_since=since,
            error_kind=outcome.kind.value,
            error=outcome.message,
            polled_at=now,
            next_poll_at=now + wait * (1 + jitter / 10),
        ),
    )


def _patience(outcome: Failed, failures: int, failing_for: timedelta, bounds: PollLimits) -> timedelta:
    """Grow the wait with the failures, and never to "never"."""
    steps = min(failures - 1, 10)
    if outcome.kind in _BLOCKED:
        return min((HOUR, 6 * HOUR, DAY)[min(steps, 2)], bounds.backoff)
    if outcome.kind is FailureKind.RATE_LIMITED:
        return min(timedelta(minutes=30) * (1 << steps), bounds.backoff)
    if failing_for >= 14 * DAY:
        return bounds.backoff
    if failing_for >= 3 * DAY:
        return min(12 * HOUR, bounds.backoff)
    return min(timedelta(minutes=5) * (1 << steps), 6 * HOUR, bounds.backoff)


def _interval(
    feed: Feed, rhythm: timedelta | None, told: EntryDiff, news: int, baseline: bool, now: datetime, bounds: PollLimits
) -> timedelta:
    if told.gap is not None:
        return bounds.minimum
    if baseline:
        return _clamp(rhythm / 2, bounds) if rhythm else max(bounds.default, bounds.minimum)
    offered = news + told.same + len(told.edited) + len(told.migrated)
    interval = feed.poll.interval
    if rhythm is not None:
        interval = min(interval, _clamp(rhythm / 2, bounds)) if news else interval
    if offered and news * 3 >= offered * 2:
        interval = interval / 2
    elif not news and (feed.poll.empty_polls + 1) % 6 == 0:
        interval = interval * 1.25
    return max(bounds.minimum, min(interval, _ceiling(feed, now, bounds)))


def _ceiling(feed: Feed, now: datetime, bounds: PollLimits) -> timedelta:
    """Let the interval grow with the silence: an hour while there is news within a week, the maximum after a month."""
    silent = now - (feed.stats.new_at or feed.stats.baseline_at or now)
    if silent < 7 * DAY:
        return min(HOUR, bounds.maximum)
    return min(2 * HOUR, bounds.maximum) if silent < 30 * DAY else bounds.maximum


def _clamp(interval: timedelta, bounds: PollLimits) -> timedelta:
    return max(bounds.minimum, min(interval, HOUR, bounds.maximum))


def _rhythm(parsed: ParsedFeed) -> timedelta | None:
    """Measure the median gap of the latest publications that a document dates."""
    dates = sorted({item.published_at for item in parsed.items if item.published_at is not None})[-21:]
    if len(dates) < 3:
        return None
    return timedelta(seconds=max(60.0, median((b - a).total_seconds() for a, b in pairwise(dates))))


def _newest(parsed: ParsedFeed, now: datetime) -> datetime | None:
    dates = [item.published_at for item in parsed.items if item.published_at is not None and item.published_at <= now]
    return max(dates, default=now if parsed.items else None)


def _merged(feed: Feed, outcome: Unchanged, now: datetime) -> Validators:
    """Take the validators that an answer without news carries, and keep those it does not repeat (RFC 9110, 15.4.5).

    A server that has said 304 for a day and longer may say so for ever: the next poll asks without validators.
    """
    patience = max(UNCONDITIONAL_AFTER, 5 * (feed.stats.publish_interval or timedelta()))
    if outcome.by == "304" and feed.poll.read_at is not None and now - feed.poll.read_at >= patience:
        return Validators()
    said, known = outcome.validators, feed.poll.validators
    if outcome.by == "hash" or said.url != known.url:
        return said if said.etag or said.last_modified or outcome.by == "hash" else known
    return replace(said, etag=said.etag or known.etag, last_modified=said.last_modified or known.last_modified)


def _awake(at: datetime, said: PollingHints) -> datetime:
    """Wait for an hour and a day that the feed does not ask to skip, for at most twelve hours."""
    for _hour in range(12):
        if at.hour not in said.skip_hours and at.weekday() not in said.skip_days:
            break
        at += HOUR
    return at
