"""/hits and /stories with facets and read state, against the bare SQL statements that they need, in the same run.

python bench/lists.py [HITS] [--json]

Twenty people, each with what they have seen, starred and noted among the hits of the last month. The statements of a
request are recorded once and run again as they were, rows read; a page may take at most four times as long. Seconds of
the process's own time, the least of several runs, both in turn.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.figures import collect_figures
from bench.web import fill, open_page, record_statements, write
from watcher import clock
from watcher.app.bootstrap import App, open_app
from watcher.app.triage.views import save_view
from watcher.model.triage import Target, TargetKind, ViewPage
from watcher.store.hits.search import find_hits
from watcher.store.stories.queries import find_stories
from watcher.store.triage.marks import set_seen, set_starred
from watcher.store.triage.notes import add_note
from watcher.store.triage.readers import record_visit
from watcher.web import create_app
from watcher.web.context import WebContext

PEOPLE, RUNS, LIMIT = 20, 15, 4.0
SEEN_HITS, SEEN_STORIES = 4_000, 2_000
PAGES = (
    "/hits", "/hits?unread=1", "/hits?topic=topic-3", "/hits?since=7d&source=Feed+3", "/stories", "/stories?unread=1",
    "/stories?topic=topic-3",
)  # fmt: skip


def fill_people(app: App) -> None:
    """Store what twenty people have seen, starred and noted; the one that asks has some saved views."""
    now = clock.now()
    with app.database.read() as db:
        entries = [Target(TargetKind.ENTRY, hit.stored.id) for hit in find_hits(db, limit=2 * SEEN_HITS).items]
        stories = [Target(TargetKind.STORY, story.id) for story in find_stories(db, limit=2 * SEEN_STORIES).items]
    for number in range(PEOPLE):
        person = "desk" if number == 0 else f"person-{number}"
        with app.database.write() as db:
            record_visit(db, person, now - timedelta(days=40))
            record_visit(db, person, now)
            set_seen(db, person, entries[number % 2 :: 2][:SEEN_HITS], now, now)
            set_seen(db, person, stories[number % 2 :: 2][:SEEN_STORIES], now, now)
            set_starred(db, person, entries[number::25], starred=True, now=now)
            for target in entries[number::400]:
                add_note(db, target, person, "Ask them about it.", ["desk"], now)
    with app.database.write() as db:
        save_view(db, "desk", "Topic 3, unread", ViewPage.HITS, {"topic": ["topic-3"], "unread": ["1"]}, now)
        save_view(db, "desk", "All stories", ViewPage.STORIES, {}, now)


def measure(*works: Callable[[], None]) -> list[float]:
    """Return the least milliseconds of the process's time that each work took, all in turn."""
    least = [float("inf")] * len(works)
    for _run in range(RUNS):
        for place, work in enumerate(works):
            begun = time.process_time()
            work()
            least[place] = min(least[place], time.process_time() - begun)
    return [seconds * 1000 for seconds in least]


def main() -> int:
    """Fill a database, ask for each page, and print how its time compares; 1 where one is beyond LIMIT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hits", nargs="?", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = parser.parse_args()
    with collect_figures(as_json=given.json) as figures, tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "config"
        folder.mkdir()
        write(folder)
        app = open_app(folder, {"WATCHER_STATE": place, "WATCHER_DATABASE_URL": f"sqlite:///{place}/watcher.db"})
        app.sync(clock.now())
        fill(app, given.hits)
        fill_people(app)
        web = create_app(app, clock=clock.now)
        context: WebContext = web.state.context
        print(
            f"{given.hits:,} hits, {PEOPLE} people\n"
            f"{'page':<34}{'statements':>11}{'SQL ms':>9}{'page ms':>9}{'times':>7}"
        )
        figures |= {path: _compare(app, context, web, path) for path in PAGES}
        app.close()
    return 0 if max(figure["to_bare"] for figure in figures.values()) <= LIMIT else 1


def _compare(app: App, context: WebContext, web: FastAPI, path: str) -> dict[str, float]:
    """Return the milliseconds of processor time of a page and of its statements, and the ratio."""
    with open_page(web, context, path) as ask:
        statements = record_statements(app, ask)

        def run() -> None:
            with app.database.read() as db:
                for statement, parameters in statements:
                    db.exec_driver_sql(statement, parameters).fetchall()

        bare, whole = measure(run, ask)
    print(f"{path:<34}{len(statements):>11}{bare:>9.1f}{whole:>9.1f}{whole / bare:>7.1f}", flush=True)
    return {"sql_ms": bare, "page_ms": whole, "to_bare": whole / bare}


if __name__ == "__main__":
    sys.exit(main())
