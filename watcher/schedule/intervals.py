"""How far apart a feed's polls are: half of its own publishing interval, longer while it is silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from watcher.model.feed import Feed, PollState
from watcher.model.poll import EntryDiff, ParsedFeed, PollingHints
from watcher.schedule.limits import DAY, HOUR, PollLimits

FRESHNESS_CAP = DAY
"""A server whose answers stay fresh for longer is polled after a day all the same."""
TTL_CAP = HOUR
NO_VALIDATORS_INTERVAL = timedelta(minutes=15)
"""Between polls of a server that gives no validators, and so sends its whole document each time."""
EMPTY_POLLS_PER_GROWTH = 6
"""After so many polls without news the interval grows."""
GROWTH = 1.25
MAX_DATED_ITEMS = 21
"""How many of the latest publications the publishing interval is measured from."""
MIN_DATED_ITEMS = 3
MIN_PUBLISH_INTERVAL_SECONDS = 60.0
MAX_SKIPPED_HOURS = 12


def compute_interval(
    feed: Feed, publish_interval: timedelta | None, diff: EntryDiff, now: datetime, limits: PollLimits
) -> timedelta:
    """Return the interval after a document was read.

    A gap proves that polls come too seldom. The first document is judged by its dates. Later the interval is halved
    where two thirds of a document are new, and grows where nothing has been for a while.
    """
    if diff.gap is not None:
        return limits.minimum
    if feed.stats.baseline_at is None:
        return _clamp(publish_interval / 2, limits) if publish_interval else max(limits.default, limits.minimum)
    new = len(diff.new)
    offered = new + diff.same + len(diff.edited) + len(diff.migrated)
    interval = feed.poll.interval
    if publish_interval is not None and new:
        interval = min(interval, _clamp(publish_interval / 2, limits))
    if offered and new * 3 >= offered * 2:
        interval = interval / 2
    elif not new and (feed.poll.empty_polls + 1) % EMPTY_POLLS_PER_GROWTH == 0:
        interval = interval * GROWTH
    return max(limits.minimum, min(interval, _get_ceiling(feed, now, limits)))


def compute_interval_unchanged(feed: Feed, empty_polls: int, now: datetime, limits: PollLimits) -> timedelta:
    """Return the interval after an answer without a new document."""
    interval = feed.poll.interval
    if empty_polls % EMPTY_POLLS_PER_GROWTH == 0:
        interval = min(interval * GROWTH, _get_ceiling(feed, now, limits))
    return max(interval, limits.minimum)


def compute_wait(feed: Feed, poll: PollState, hints: PollingHints, now: datetime, limits: PollLimits) -> timedelta:
    """Return the wait after a successful poll: the interval, and no less than the server or the document asks for.

    `poll` is what the poll has taught so far, in place of the feed's own state. An interval from the configuration is
    kept as it is. A feed whose hub pushes is polled seldom.
    """
    if feed.config.interval:
        return feed.config.interval
    floor = max(
        limits.minimum,
        min(_get_interval_without_validators(feed, poll, now), limits.maximum),
        min(hints.fresh_for or timedelta(), FRESHNESS_CAP),
        min(hints.ttl or timedelta(), TTL_CAP),
        min(hints.update_every or timedelta(), HOUR),
    )
    wait = max(floor, min(poll.interval, max(limits.maximum, floor)))
    return wait if feed.push.pushed_at is None else max(wait, limits.pushed)


def skip_hours_and_days(moment: datetime, hints: PollingHints) -> datetime:
    """Return the first moment in an hour (UTC) and on a day that the document does not ask to skip (RSS 2.0).

    It is put off for twelve hours at most: a feed that asks to be skipped always is polled twice a day.
    """
    for _hour in range(MAX_SKIPPED_HOURS):
        if moment.hour not in hints.skip_hours and moment.weekday() not in hints.skip_days:
            break
        moment += HOUR
    return moment


def measure_publish_interval(parsed: ParsedFeed) -> timedelta | None:
    """Return the median gap between the latest publications of a document; None where too few have dates."""
    dates = sorted({item.published_at for item in parsed.items if item.published_at is not None})[-MAX_DATED_ITEMS:]
    if len(dates) < MIN_DATED_ITEMS:
        return None
    seconds = median((later - earlier).total_seconds() for earlier, later in pairwise(dates))
    return timedelta(seconds=max(MIN_PUBLISH_INTERVAL_SECONDS, seconds))


def _get_interval_without_validators(feed: Feed, poll: PollState, now: datetime) -> timedelta:
    """Return the interval of a server that sends everything each time; none while the feed outruns its polls."""
    validators = poll.validators
    is_conditional = poll.conditional and (validators.etag or validators.last_modified)
    if is_conditional or (feed.stats.gap_at and now - feed.stats.gap_at < DAY):
        return timedelta()
    return NO_VALIDATORS_INTERVAL


def _get_ceiling(feed: Feed, now: datetime, limits: PollLimits) -> timedelta:
    """Return the longest interval: an hour while there is news within a week, the maximum after a month without."""
    silence = now - (feed.stats.new_at or feed.stats.baseline_at or now)
    if silence < 7 * DAY:
        return min(HOUR, limits.maximum)
    return min(2 * HOUR, limits.maximum) if silence < 30 * DAY else limits.maximum


def _clamp(interval: timedelta, limits: PollLimits) -> timedelta:
    return max(limits.minimum, min(interval, HOUR, limits.maximum))
