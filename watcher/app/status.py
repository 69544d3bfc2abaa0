"""The system status, gathered once for the command, the API and the overview."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from watcher import __version__
from watcher.app.digest_listing import list_configured_digests
from watcher.contract.timestamps import format_timestamp
from watcher.model.encoder import EncoderEngine
from watcher.store.database.migrate import get_schema_state
from watcher.store.meaning.progress import MeaningState, get_meaning_state
from watcher.store.outbox.blocked_channels import list_blocked_channels
from watcher.store.system import status
from watcher.store.system.status import StatusSummary
from watcher.store.system.workers import Worker, find_network_outage, list_workers

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.contract import status as contract


def get_system_status(app: App, now: datetime) -> contract.Status:
    """Return the state of feeds, digests, the outbox, the database and the processes at work."""
    with app.database.read() as db:
        summary = status.get_status(db, now)
        digests = list_configured_digests(db, app.settings.subscriptions, now)
        revision = get_schema_state(db).revision
        workers = list_workers(db, now)
        blocked_channels = list_blocked_channels(db)
        meaning = get_meaning_state(db) if app.settings.meaning.engine is not EncoderEngine.NONE else None
    return {
        "feeds": _encode_feed_counts(summary),
        "entries": summary.entries,
        "hits": summary.hits,
        "gaps": summary.gaps,
        "lost": summary.lost,
        "left_out": summary.left_out,
        "merged": summary.merged,
        "recovered": summary.recovered,
        "lag_seconds": round(summary.lag.total_seconds()),
        "last_poll_at": format_timestamp(summary.last_poll_at),
        "clock": list(summary.clock),
        "digests": digests,
        "outbox": dict(summary.outbox),
        "database": {"url": str(app.database), "revision": revision},
        "version": __version__,
        "channels_blocked": [
            {"channel": channel.channel, "since": format_timestamp(channel.since), "reason": channel.reason}
            for channel in blocked_channels
        ],
        "network": {"away_since": format_timestamp(find_network_outage(workers))},
        "workers": [_encode_worker(worker) for worker in workers],
        "meaning": _encode_meaning(meaning) if meaning is not None else None,
    }


def _encode_feed_counts(summary: StatusSummary) -> contract.FeedCounts:
    return {
        "total": summary.feeds["total"],
        "fresh": summary.feeds["fresh"],
        "new": summary.feeds["new"],
        "degraded": summary.feeds["degraded"],
        "stale": summary.feeds["stale"],
        "failing": summary.feeds["failing"],
        "gone": summary.feeds["gone"],
        "paused": summary.feeds["paused"],
    }


def _encode_meaning(meaning: MeaningState) -> contract.Meaning:
    return {
        "model": meaning.model,
        "backlog": meaning.backlog,
        "seconds": round(meaning.remaining.total_seconds()) if meaning.remaining is not None else None,
        "building": meaning.building,
        "building_backlog": meaning.building_backlog,
        "fault": meaning.fault or None,
    }


def _encode_worker(worker: Worker) -> contract.Worker:
    return {
        "name": worker.name,
        "owner": worker.owner,
        "until": format_timestamp(worker.until),
        "away_since": format_timestamp(worker.away_since),
    }
