"""How things stand, gathered once for the command and the API."""

from __future__ import annotations

from datetime import datetime

from watcher import __version__
from watcher.app import views
from watcher.app.bootstrap import App
from watcher.digest.slots import find_next_slot
from watcher.store import blocked, digests, leases, migrate, status


def stand(app: App, now: datetime) -> views.Json:
    """Say how feeds, digests, the outbox, the database and the processes at work stand."""
    with app.database.read() as db:
        known = status.standing(db, now)
        last = digests.last_slots(db, now)
        revision = migrate.standing(db).revision
        workers = leases.at_work(db, now)
        refused = blocked.list_all(db)
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
        "network": {"away_since": views.moment(leases.network_away_since(workers))},
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
