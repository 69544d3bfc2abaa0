"""What a digest says besides its stories: topics with unusual volume, and messages that did not arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from watcher.digest.format_helpers import format_count
from watcher.digest.volume import describe_unusual_volume
from watcher.model.digest import DeliveryState, Subscription
from watcher.model.topic import Topic
from watcher.store.database import Db
from watcher.store.hits.volume import list_recent_alarms, measure_volumes
from watcher.store.outbox.queries import count_failures_since

_FAILURES = {DeliveryState.DEAD: "did not arrive", DeliveryState.UNCERTAIN: "may not have arrived"}


def list_volume_alarms(db: Db, subscription: Subscription, topics: Sequence[Topic], now: datetime) -> Mapping[str, str]:
    """Return a line for each of a subscription's topics with unusual volume, by topic id; each at most once a day."""
    if not subscription.alarms:
        return {}
    # A topic that stays unusual would else raise an alarm in every digest.
    reported = list_recent_alarms(db, subscription.name, now)
    names = {
        topic.id: topic.name or topic.id
        for topic in topics
        if topic.id not in reported and (not subscription.topics or topic.id in subscription.topics)
    }
    if not names:
        return {}
    volumes = measure_volumes(db, names, now).items()
    lines = ((topic_id, describe_unusual_volume(volume)) for topic_id, volume in volumes)
    return {topic_id: line for topic_id, line in lines if line}


def list_failed_deliveries(db: Db, since: datetime) -> tuple[str, ...]:
    """Return a line for what did not arrive since a moment, of all digests: a broken channel cannot report itself.

    Recipients are counted, not named: a digest's readers need not know each other.
    """
    return tuple(
        f"{format_count(count, 'message', 'messages')} of “{name}” through “{channel}” {_FAILURES[state]}."
        f" `watcher deliveries --state {state.value}` lists {'it' if count == 1 else 'them'}."
        for name, channel, state, count in count_failures_since(db, since)
    )
