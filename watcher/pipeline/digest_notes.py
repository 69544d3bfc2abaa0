"""What a digest says beside its stories: topics with unusual volume, and messages that did not arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from watcher.digest.volume import describe_unusual_volume
from watcher.model.digest import DeliveryState, Subscription
from watcher.model.topic import Topic
from watcher.store.database import Db
from watcher.store.hits.volume import list_recent_alarms, measure_volumes
from watcher.store.outbox.queries import count_failures_since


def list_volume_alarms(db: Db, subscription: Subscription, topics: Sequence[Topic], now: datetime) -> Mapping[str, str]:
    """Say which of a subscription's topics bring far more or fewer hits than usual, each once in a day at most."""
    if not subscription.alarms:
        return {}
    told = list_recent_alarms(db, subscription.name, now)
    names = {
        topic.id: topic.name or topic.id
        for topic in topics
        if topic.id not in told and (not subscription.topics or topic.id in subscription.topics)
    }
    if not names:
        return {}
    said = ((topic_id, describe_unusual_volume(found)) for topic_id, found in measure_volumes(db, names, now).items())
    return {topic_id: line for topic_id, line in said if line}


def list_failed_deliveries(db: Db, since: datetime) -> tuple[str, ...]:
    """Say what did not arrive since a moment, of all digests: the one whose channel is broken cannot say it itself.

    Recipients are counted, not named: a digest's readers need not know each other.
    """
    return tuple(
        f"{count} {'message' if count == 1 else 'messages'} of “{name}” by “{channel}” {_FATE[state]}:"
        f" `watcher deliveries --state {state.value}` tells more."
        for name, channel, state, count in count_failures_since(db, since)
    )


_FATE = {DeliveryState.DEAD: "did not arrive", DeliveryState.UNCERTAIN: "perhaps did not arrive"}
