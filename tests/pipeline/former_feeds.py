"""Feeds as identity version 1 stored them, and the documents that it read.

    python -m tests.pipeline.former_feeds FILE

wrote `former_feeds.json` with the code of schema revision 0001; today's code would store other keys.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from tests.pipeline.served import HOUR, NOON, News, Served
from tests.store import released
from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema
from watcher.store.database.pruning import Retention, prune_database

FILE = Path(__file__).with_suffix(".json")
SITE = "https://former.example"


def news(number: int, **facts: object) -> News:
    fields: dict[str, object] = {
        "title": f"Report {number} of the harbour",
        "guid": f"urn:report:{number}",
        "link": f"{SITE}/{number}",
        "text": f"What report {number} says.",
        "date": NOON - number * HOUR,
    }
    return News(**(fields | facts))  # type: ignore[arg-type]


def place(number: int, **facts: object) -> News:
    return news(number, **({"guid": f"http://former.example/log#v{number}", "link": f"{SITE}/log#v{number}"} | facts))


DOCUMENTS: dict[str, list[News]] = {
    "sound": [news(n) for n in range(4)],
    "permalinks": [
        news(n, guid=f"http://former.example/{n}/?utm_source=rss", link=f"http://former.example/{n}/?utm_source=rss")
        for n in range(4)
    ],
    "guids": [news(n, guid=f"http://former.example/?p={n}") for n in range(4)],
    "places": [place(n) for n in range(4)],
    "undated": [place(n, date=None) for n in range(4)],
    "links": [news(n, guid=None, link=f"{SITE}/all") for n in range(4)],
    "trackers": [news(n, guid=None, link=f"{SITE}/all?oc={n}") for n in range(4)],
    "shared": [news(n, guid="same") for n in range(4)],
    "front page": [news(n, guid=f"{SITE}/", link=f"{SITE}/") for n in range(4)],
    "one pair": [*(news(n) for n in range(30)), news(29, title="Another report", text="Of another harbour.")],
    "nothing": [news(n, guid=None, link=None) for n in range(4)],
    "sessions": [news(n, guid=f"first:{n}") for n in range(4)],
}
MERGED = {"places": 3, "undated": 3, "links": 3, "trackers": 3, "one pair": 1}
"""How many items of a document version 1 took for another one."""
PRUNED = [place(n, link=f"{SITE}/log") for n in range(1)] + [
    news(n, guid=f"http://former.example/{n}/") for n in (1, 2)
]


def fill(database: Database) -> None:
    """Poll each feed as version 1 did, some twice, and prune one of them."""
    old = Served(database, f"{SITE}/pruned")
    old.poll(*PRUNED)
    kept = Retention(entries=timedelta(days=1), hits=timedelta(days=1))
    prune_database(database, kept, NOON + timedelta(days=3))
    for name, document in DOCUMENTS.items():
        served = Served(database, f"{SITE}/{name}")
        served.now = NOON + timedelta(days=3)
        served.poll(*document)
        if name == "sessions":
            served.poll(*(news(n, guid=f"second:{n}") for n in range(4)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder, 'former.db')}") as made:
        upgrade_schema(made)
        fill(made)
        dumped = released.dump(made)
    dumped["tables"] = {name: rows for name, rows in dumped["tables"].items() if rows and name != "polls"}
    Path(sys.argv[1]).write_text(json.dumps(dumped, ensure_ascii=False) + "\n", encoding="utf-8")
