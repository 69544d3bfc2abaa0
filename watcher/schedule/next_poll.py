"""What a poll teaches about its feed, and when the feed is polled next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from watcher.model.failure import FailureKind
from watcher.model.feed import Feed, FeedState, FeedStats, PollState, PushState, Validators
from watcher.model.poll import EntryDiff, Failed, Modified, ParsedFeed, PollingHints, PollOutcome, Redirect, Unchanged
from watcher.schedule.budget import add_budget_use, has_more_to_read
from watcher.schedule.failures import update_after_failure
from watcher.schedule.intervals import (
    compute_interval,
    compute_interval_unchanged,
    compute_wait,
    measure_publish_interval,
    skip_hours_and_days,
)
from watcher.schedule.limits import DAY, PollTerms
from watcher.schedule.moves import follow_redirects

NOT_MODIFIED_TRUST = DAY
"""After so long without a body, 304 is not believed any longer."""


def plan_next_poll(feed: Feed, outcome: PollOutcome, diff: EntryDiff | None, terms: PollTerms) -> Feed:
    """Return a feed as it is after a poll, its next poll included.

    `diff` is what a modified document's entries were, None for other outcomes. No poll comes before the server's own
    Retry-After, and none later than the longest back-off.
    """
    match outcome:
        case Modified(pushed=True):
            return _update_after_push(feed, diff or EntryDiff(), terms)
        case Modified(parsed=ParsedFeed(stopped=str(reason))):
            return _update_after_stopped(feed, outcome, reason, diff or EntryDiff(), terms)
        case Modified():
            return _update_after_document(feed, outcome, diff or EntryDiff(), terms)
        case Unchanged():
            return _update_after_unchanged(feed, outcome, terms)
        case Failed():
            return update_after_failure(feed, outcome, terms)
        case _:
            assert_never(outcome)


def _update_after_document(feed: Feed, outcome: Modified, diff: EntryDiff, terms: PollTerms) -> Feed:
    parsed = outcome.parsed
    publish_interval = measure_publish_interval(parsed) or feed.stats.publish_interval
    counted = add_budget_use(feed, diff, terms.now)
    is_news_unpushed = bool(diff.new) and feed.stats.baseline_at is not None
    learned = replace(
        counted,
        title=parsed.title or feed.title,
        language=parsed.language or feed.language,
        site_url=parsed.site_url or feed.site_url,
        stats=_get_stats(counted.stats, parsed, diff, publish_interval, terms.now),
        document=replace(
            counted.document,
            keys=diff.document_keys or feed.document.keys,
            item_marks=diff.item_marks,
            identity_version=diff.identity_version,
            id_changes=feed.document.id_changes + diff.id_changes,
        ),
        # News that was not pushed: pushes are not to be relied on until the next one comes.
        push=PushState(
            hub=parsed.hub,
            topic_url=parsed.topic_url,
            pushed_at=None if is_news_unpushed else feed.push.pushed_at,
        ),
    )
    has_known_item = bool(diff.same or diff.edited or diff.migrated)
    poll = _get_poll_state(feed, outcome, diff, publish_interval, terms)
    return _schedule_after_success(learned, poll, outcome.hints, outcome.document.hops, terms, same_feed=has_known_item)


def _get_poll_state(
    feed: Feed, outcome: Modified, diff: EntryDiff, publish_interval: timedelta | None, terms: PollTerms
) -> PollState:
    parsed, document = outcome.parsed, outcome.document
    # Of more items than are read at once the next poll reads on, in the same document.
    reads_on = has_more_to_read(feed, diff, parsed, terms.limits.budget, terms.now)
    interval = compute_interval(feed, publish_interval, diff, terms.now, terms.limits)
    return replace(
        feed.poll,
        body_hash=None if reads_on else document.body_hash,
        # A document that was cut may be whole next time: ask for all of it again.
        validators=Validators() if parsed.cut or reads_on else document.validators,
        conditional=_get_conditional(feed, document.conditional),
        interval=terms.limits.minimum if reads_on else interval,
        read_at=terms.now,
        empty_polls=0 if diff.new else feed.poll.empty_polls + 1,
    )


def _get_stats(
    stats: FeedStats, parsed: ParsedFeed, diff: EntryDiff, publish_interval: timedelta | None, now: datetime
) -> FeedStats:
    new_at = now if diff.new else stats.new_at
    if stats.baseline_at is None:
        new_at = _get_newest_date(parsed, now)
    return replace(
        stats,
        publish_interval=publish_interval,
        new_at=new_at,
        baseline_at=stats.baseline_at or now,
        gaps=stats.gaps + (diff.gap is not None),
        lost=stats.lost + (diff.gap.lost if diff.gap else 0),
        gap_at=now if diff.gap else stats.gap_at,
        merged=diff.merged,
        recovered=stats.recovered + len(diff.recovered),
    )


def _update_after_stopped(feed: Feed, outcome: Modified, reason: str, diff: EntryDiff, terms: PollTerms) -> Feed:
    """Count a failure for a document whose parsing was stopped: its items so far are kept, others may be missing.

    Neither body nor validators are remembered, so that the next poll asks for the rest.
    """
    read = _update_after_document(feed, outcome, diff, terms)
    kept = replace(
        read,
        state=feed.state,
        poll=replace(
            read.poll,
            failures=feed.poll.failures,
            failing_since=feed.poll.failing_since,
            error_kind=feed.poll.error_kind,
            succeeded_at=feed.poll.succeeded_at,
            body_hash=feed.poll.body_hash,
            validators=Validators(),
        ),
    )
    failed = Failed(kind=FailureKind.PARSE, message=reason, status=outcome.document.status, hops=outcome.document.hops)
    return update_after_failure(kept, failed, terms)


def _update_after_push(feed: Feed, diff: EntryDiff, terms: PollTerms) -> Feed:
    """Learn from a push that pushes come, and what is new; of the server and its document it says nothing."""
    counted = add_budget_use(feed, diff, terms.now)
    relaxed = (feed.poll.polled_at or terms.now) + terms.limits.pushed * (1 + terms.jitter / 10)
    next_poll_at = feed.poll.next_poll_at if feed.config.interval else max(feed.poll.next_poll_at, relaxed)
    return replace(
        counted,
        poll=replace(feed.poll, empty_polls=0 if diff.new else feed.poll.empty_polls, next_poll_at=next_poll_at),
        stats=replace(counted.stats, new_at=terms.now if diff.new else feed.stats.new_at),
        document=replace(
            counted.document,
            keys=diff.document_keys or feed.document.keys,
            id_changes=feed.document.id_changes + diff.id_changes,
        ),
        push=replace(feed.push, pushed_at=terms.now),
    )


def _update_after_unchanged(feed: Feed, outcome: Unchanged, terms: PollTerms) -> Feed:
    empty_polls = feed.poll.empty_polls + 1
    poll = replace(
        feed.poll,
        validators=_merge_validators(feed, outcome, terms.now),
        conditional=_get_conditional(feed, outcome.conditional),
        read_at=terms.now if outcome.by == "hash" else feed.poll.read_at,
        empty_polls=empty_polls,
        interval=compute_interval_unchanged(feed, empty_polls, terms.now, terms.limits),
    )
    return _schedule_after_success(feed, poll, outcome.hints, outcome.hops, terms, same_feed=True)


def _schedule_after_success(
    feed: Feed,
    poll: PollState,
    hints: PollingHints,
    hops: tuple[Redirect, ...],
    terms: PollTerms,
    *,
    same_feed: bool,
) -> Feed:
    """Return a feed after a successful poll, whose state is `poll` but for its time, its redirects and the next poll.

    The two come apart, for a copy of a feed for each step would be a good part of what a poll without news costs.
    """
    wait = compute_wait(feed, poll, hints, terms.now, terms.limits)
    moved = follow_redirects(feed, hops, terms.now, same_feed=same_feed)
    return replace(
        moved,
        state=FeedState.PAUSED if feed.state is FeedState.PAUSED else FeedState.ACTIVE,
        poll=replace(
            poll,
            move=moved.poll.move,
            failures=0,
            failing_since=None,
            error_kind=None,
            error=None,
            polled_at=terms.now,
            succeeded_at=terms.now,
            next_poll_at=skip_hours_and_days(terms.after(wait), hints),
        ),
    )


def _get_conditional(feed: Feed, learned: bool | None) -> bool:
    """Return whether the server answers conditional requests; None where this poll made none."""
    return feed.poll.conditional if learned is None else learned


def _get_newest_date(parsed: ParsedFeed, now: datetime) -> datetime | None:
    """Return the latest publication of a first document; now where it has items without dates."""
    dates = [item.published_at for item in parsed.items if item.published_at is not None and item.published_at <= now]
    return max(dates, default=now if parsed.items else None)


def _merge_validators(feed: Feed, outcome: Unchanged, now: datetime) -> Validators:
    """Return the validators of the next request: those of the answer, and what of ours it does not repeat.

    A 304 carries only the validators that changed (RFC 9110, 15.4.5). A server that has said 304 for a day and longer
    may say so for ever, as some caches do: the next poll asks without validators. A body that came with 200 and was the
    same brings a whole set of validators.
    """
    trust = max(NOT_MODIFIED_TRUST, 5 * (feed.stats.publish_interval or timedelta()))
    if outcome.by == "304" and feed.poll.read_at is not None and now - feed.poll.read_at >= trust:
        return Validators()
    # Validators of another address, after a redirect, do not complement ours.
    sent, known = outcome.validators, feed.poll.validators
    if outcome.by == "hash":
        return sent
    if sent.url != known.url:
        return sent if sent.etag or sent.last_modified else known
    return Validators(
        etag=sent.etag or known.etag, last_modified=sent.last_modified or known.last_modified, url=sent.url
    )
