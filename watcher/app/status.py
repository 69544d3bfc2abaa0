"""How things stand, gathered once for the command and the API."""

from __future__ import annotations

from datetime import datetime

from watcher import __version__
from watcher.app import views
from watcher.app.bootstrap import App
from watcher.digest.slots import find_next_slot
from watcher.store.database.migrate import get_schema_state
from watcher.store.digests.slots import get_last_slots
from watcher.store.outbox.blocked_channels import list_blocked_channels
from watcher.store.system.status import get_status
from watcher.store.system.workers import find_network_outage, list_workers


def stand(app: App, now: datetime) -> views.Json:
    """Say how feeds, digests, the outbox, the database and the processes at work stand."""
    with app.database.read() as db:
        known = get_status(db, now)
        last = get_last_slots(db, now)
        revision = get_schema_state(db).revision
        workers = list_workers(db, now)
        refused = list_blocked_channels(db)
    subscriptions = [
        views.subscription(
            one,
            last_at=last.get(one.name),
            next_at=find_next_slot(one, now),
        )
        for one in app.settings.subscriptions
    ]
    said = views.status(known, subscriptions, __version__, str(app.database), revision)
    return said | {
        "channels_blocked": [
            {"channel": each.channel, "since": views.moment(each.since), "reason": each.reason} for each in refused
        ],
        "network": {"away_since": views.moment(find_network_outage(workers))},
        "workers": [
            {
                "name": each.name,
                "owner": each.owner,
                "until": views.moment(each.until),
                "away_since": views.moment(each.away_since),
            }
            for each in workers
        ],
    }
