"""Prometheus metrics, read from the database on each request: they cover all processes, not this one alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from watcher import __version__
from watcher.errors import StoreError
from watcher.model.digest import DeliveryState
from watcher.model.poll import FailureKind
from watcher.store.digests.slots import get_last_slots
from watcher.store.hits.counts import count_hits_by_topic
from watcher.store.meaning.progress import MeaningState, get_meaning_state
from watcher.store.meaning.proposals import count_proposals
from watcher.store.outbox.blocked_channels import list_blocked_channels
from watcher.store.outbox.queries import count_deliveries_by_channel
from watcher.store.outbox.queue import get_next_try_at
from watcher.store.system import status
from watcher.store.system.status import StatusSummary
from watcher.store.system.workers import find_network_outage, list_workers
from watcher.web.context import Ctx, WebContext

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def get_metrics(ctx: Ctx) -> Response:
    """Return the metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StoredMetrics(ctx))
    body = generate_latest(registry) + generate_latest(ctx.app.activity.registry)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


class _StoredMetrics(Collector):
    def __init__(self, ctx: WebContext) -> None:
        self._ctx = ctx

    def describe(self) -> Iterator[Metric]:
        """Return nothing: the metrics are known only once they are collected."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the database."""
        yield InfoMetricFamily("watcher_build", "Which version runs.", value={"version": __version__})
        reachable = GaugeMetricFamily("watcher_database_up", "Whether the database answers.")
        now = self._ctx.now
        try:
            with self._ctx.app.database.read() as db:
                summary = status.get_status(db, now)
                away = find_network_outage(list_workers(db, now))
                by_channel, blocked_channels = count_deliveries_by_channel(db), list_blocked_channels(db)
                meaning, proposed = get_meaning_state(db), count_proposals(db)
                by_topic, last, waiting = count_hits_by_topic(db), get_last_slots(db, now), get_next_try_at(db)
        except StoreError:
            reachable.add_metric([], 0)
            yield reachable
            return
        reachable.add_metric([], 1)
        yield reachable
        yield GaugeMetricFamily(
            "watcher_network_up", "Whether the processes at work reach anybody.", value=int(away is None)
        )
        yield from _collect_feeds(summary)
        yield GaugeMetricFamily("watcher_entries", "Entries that are stored.", value=summary.entries)
        hit_counts = CounterMetricFamily("watcher_hits", "Hits found, by topic.", labels=["topic"])
        for topic_id, count in sorted(by_topic.items()):
            hit_counts.add_metric([topic_id], count)
        yield hit_counts
        yield from _collect_meaning(meaning, proposed)
        messages = GaugeMetricFamily("watcher_outbox_messages", "Messages, by where they stand.", labels=["state"])
        for state in DeliveryState:
            messages.add_metric([state.value], summary.outbox.get(state.value, 0))
        yield messages
        yield from self._collect_channels(by_channel, {channel.channel for channel in blocked_channels})
        overdue = max(0.0, (now - waiting).total_seconds()) if waiting else 0.0
        yield GaugeMetricFamily(
            "watcher_outbox_overdue_seconds", "How long the most overdue message has waited.", value=overdue
        )
        slots = GaugeMetricFamily(
            "watcher_digest_last_slot_timestamp_seconds", "The latest slot that was composed.", labels=["digest"]
        )
        for name, moment in sorted(last.items()):
            slots.add_metric([name], moment.timestamp())
        yield slots

    def _collect_channels(
        self, counts: Mapping[tuple[str, str], int], blocked_channels: Collection[str]
    ) -> Iterator[Metric]:
        messages = GaugeMetricFamily(
            "watcher_channel_messages", "Messages, by channel and where they stand.", labels=["channel", "state"]
        )
        for (channel, state), count in sorted(counts.items()):
            messages.add_metric([channel, state], count)
        yield messages
        up = GaugeMetricFamily(
            "watcher_channel_up", "Whether a channel is accepted by its other side.", labels=["channel"]
        )
        for name in sorted({channel.name for channel in self._ctx.app.settings.channels}):
            up.add_metric([name], int(name not in blocked_channels))
        yield up


def _collect_meaning(meaning: MeaningState | None, proposed: Mapping[str, Mapping[str, int]]) -> Iterator[Metric]:
    if meaning is None:
        return
    backlog = meaning.backlog + meaning.building_backlog
    yield GaugeMetricFamily("watcher_meaning_backlog", "Entries not read for their meaning yet.", value=backlog)
    yield GaugeMetricFamily("watcher_encoder_up", "Whether the encoder works.", value=int(not meaning.fault))
    proposals = GaugeMetricFamily("watcher_proposals", "Proposals, by topic and state.", labels=["topic", "state"])
    for topic_id, by_state in sorted(proposed.items()):
        for state, count in sorted(by_state.items()):
            proposals.add_metric([topic_id, state], count)
    yield proposals


def _collect_feeds(summary: StatusSummary) -> Iterator[Metric]:
    feeds = GaugeMetricFamily("watcher_feeds", "Configured feeds, by health.", labels=["health"])
    for health, count in summary.feeds.items():
        if health != "total":
            feeds.add_metric([health], count)
    yield feeds
    failures = GaugeMetricFamily("watcher_feed_failures", "Feeds whose last poll failed, by kind.", labels=["kind"])
    for kind in FailureKind:
        failures.add_metric([kind.value], summary.failures.get(kind.value, 0))
    yield failures
    yield GaugeMetricFamily("watcher_clock_faults", "Faults of this machine's clock lately.", value=len(summary.clock))
    yield CounterMetricFamily("watcher_poll_gaps", "Proven gaps between two polls of a feed.", value=summary.gaps)
    yield CounterMetricFamily("watcher_items_lost", "Items estimated lost in poll gaps.", value=summary.lost)
    yield GaugeMetricFamily("watcher_items_left_out", "Items of feeds that are not stored.", value=summary.left_out)
    yield GaugeMetricFamily(
        "watcher_poll_lag_seconds", "How long the most overdue feed has waited.", value=summary.lag.total_seconds()
    )
    if summary.last_poll_at is not None:
        yield GaugeMetricFamily(
            "watcher_last_poll_timestamp_seconds",
            "When a feed was last polled.",
            value=summary.last_poll_at.timestamp(),
        )
