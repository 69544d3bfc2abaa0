"""The page and the API at 100,000 hits on SQLite: requests a second and the 95th percentile, one `watcher serve`.

    python bench/web.py [HITS] [--pages /hits /stories] [--json]

Beside each page the statements that it makes, recorded once and run by the driver in as many threads, rows read, in
turn with the page: what nobody could do without. Aim: a list's p95 is at most four times theirs.

Meanwhile this process writes to the database every WRITE_SECONDS, as a daemon would: what the server keeps while
nothing changes, the counts beside a list, it has to read anew. The statements of these counts are among those recorded.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from fastapi import FastAPI
from sqlalchemy import event

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.figures import collect_figures  # noqa: E402
from watcher import clock  # noqa: E402
from watcher.app.bootstrap import App, open_app  # noqa: E402
from watcher.match import match_entry, parse_query  # noqa: E402
from watcher.model.entry import Entry, Item  # noqa: E402
from watcher.model.topic import Hit  # noqa: E402
from watcher.store.database import Db  # noqa: E402
from watcher.store.entries.commands import add_entries  # noqa: E402
from watcher.store.feeds.queries import load_feeds  # noqa: E402
from watcher.store.hits.commands import upsert_hits  # noqa: E402
from watcher.store.stories.placement import assign_stories  # noqa: E402
from watcher.store.system.key_values import set_value  # noqa: E402
from watcher.web import create_app  # noqa: E402
from watcher.web.context import WebContext  # noqa: E402

FEEDS, TOPICS, BATCH = 40, 20, 500
WORKERS, TURNS = 4, 3
WRITE_SECONDS = 0.5
WARM_SECONDS = 0.5
"""A server compiles a template when it is asked for it first."""
Statement: TypeAlias = tuple[str, Any]
"""A statement with its parameters, as the driver takes them."""
PAGES = (
    "/hits", "/hits?topic=topic-3", "/hits?q=word7+word90", "/hits?order=score", "/hits/5000", "/archive?q=word7",
    "/stories", "/topics", "/feeds", "/overview", "/digests", "/api/v1/hits", "/api/v1/hits?topic=topic-3&limit=20",
    "/api/v1/entries?q=word7", "/api/v1/stories", "/api/v1/status", "/topics/topic-3.atom", "/metrics", "/healthz",
)  # fmt: skip


def write(folder: Path) -> None:
    """Write a configuration of some feeds and topics."""
    (folder / "watcher.yaml").write_text("polling: {default: 1h}\n")
    listed = "".join(f"  - {{url: 'https://feed{n}.example/rss', title: Feed {n}}}\n" for n in range(FEEDS))
    (folder / "feeds.yaml").write_text(f"feeds:\n{listed}")
    listed = "".join(f"  - {{id: topic-{n}, query: 'topic{n}'}}\n" for n in range(TOPICS))
    (folder / "topics.yaml").write_text(f"topics:\n{listed}")


def fill(app: App, count: int) -> None:
    """Store entries of Zipf-like words, each a hit of one topic, over the last ninety days."""
    draw = random.Random(1)
    words, weights = [f"word{n}" for n in range(4000)], [1 / (n + 1) for n in range(4000)]
    queries = [parse_query(f"topic{n}") for n in range(TOPICS)]
    now = clock.now()
    with app.database.read() as db:
        known = load_feeds(db)
    for start in range(0, count, BATCH):
        moment = now - timedelta(days=90) * (1 - start / count)
        fresh = []
        for number in range(start, start + BATCH):
            drawn = draw.choices(words, weights, k=60)
            title = " ".join([f"topic{number % TOPICS}", *drawn[:9]])
            item = Item(
                guid=str(number), url=f"https://news.example/{number}", title=title, summary=" ".join(drawn[9:])
            )
            feed = known[number % FEEDS]
            fresh.append(
                Entry(feed_id=feed.id, key=str(number), canonical_url=item.url, content_hash=str(number).encode(),
                      item=item, source=feed.name, feed_url=feed.config.url)
            )  # fmt: skip
        with app.database.write() as db:
            stored = add_entries(db, fresh, moment)
            hits = [
                Hit(topic_id=f"topic-{n}", topic_version="1", entry_id=entry.id,
                    evidence=match_entry(queries[n], entry) or (), score=draw.random(), matched_at=moment)
                for entry in stored
                for n in [int(entry.entry.key) % TOPICS]
            ]  # fmt: skip
            upsert_hits(db, hits)
            assign_stories(db, stored, moment)


@contextmanager
def open_page(web: FastAPI, context: WebContext, path: str, *, cached: bool = False) -> Iterator[Callable[[], None]]:
    """Yield what asks for a page in this process, without a server or a client, and raises where it fails.

    What a server keeps for some seconds is read anew each time, unless `cached`.
    """
    loop = asyncio.new_event_loop()
    place, _mark, query = path.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": place,
        "raw_path": place.encode(), "query_string": query.encode(), "root_path": "", "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80), "headers": [(b"host", b"127.0.0.1"), (b"accept-encoding", b"gzip, deflate")],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        assert message.get("status", 200) == 200, f"{path}: {message['status']}"

    def ask() -> None:
        if not cached:
            context.clear_cache()
        loop.run_until_complete(web(scope | {"state": {}}, receive, send))

    try:
        ask()
        yield ask
    finally:
        loop.close()


def write_once(app: App) -> None:
    """Change something in the database, so that what was kept of it is read anew."""
    with app.database.write(lasting=False) as db:
        set_value(db, "bench", str(time.monotonic_ns()))


@contextmanager
def write_meanwhile(app: App) -> Iterator[None]:
    """Write to the database every WRITE_SECONDS in a thread."""
    ended = threading.Event()

    def write() -> None:
        """Write until the end."""
        while not ended.wait(WRITE_SECONDS):
            write_once(app)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def record_statements(app: App, ask: Callable[[], None]) -> list[Statement]:
    """Return the statements that a request makes, with their parameters."""
    recorded: list[Statement] = []

    def note(_connection: Db, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            recorded.append((statement, parameters))

    with app.database.read() as db:
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return recorded


def ask(address: str, path: str, seconds: float) -> list[float]:
    """Ask for some seconds with WORKERS clients; return how many seconds each request took."""

    def work(end: float) -> Iterator[float]:
        with httpx.Client(base_url=address, timeout=60) as client:
            while time.perf_counter() < end:
                begun = time.perf_counter()
                client.get(path).raise_for_status()
                yield time.perf_counter() - begun

    return _work_together(work, seconds)


def run_statements(app: App, statements: Sequence[Statement], seconds: float) -> list[float]:
    """Run the statements of a page for some seconds in WORKERS threads by the driver, rows read; as `ask`."""

    def work(end: float) -> Iterator[float]:
        raw = app.database.engine.raw_connection()
        connection: Any = raw.driver_connection
        try:
            while time.perf_counter() < end:
                begun = time.perf_counter()
                connection.execute("BEGIN")
                for statement, parameters in statements:
                    connection.execute(statement, parameters).fetchall()
                connection.execute("COMMIT")
                yield time.perf_counter() - begun
        finally:
            raw.close()

    return _work_together(work, seconds)


def _work_together(work: Callable[[float], Iterator[float]], seconds: float) -> list[float]:
    end = time.perf_counter() + seconds
    with ThreadPoolExecutor(WORKERS) as threads:
        return [took for some in threads.map(lambda _number: list(work(end)), range(WORKERS)) for took in some]


def find_p95(times: Sequence[float]) -> float:
    """Return the 95th percentile, in milliseconds."""
    return sorted(times)[int(len(times) * 0.95)] * 1000


def main() -> None:
    """Fill a database, serve it, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hits", nargs="?", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each page is asked for, in all")
    parser.add_argument("--pages", nargs="+", default=PAGES)
    parser.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = parser.parse_args()
    with collect_figures(as_json=given.json) as figures, tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "config"
        folder.mkdir()
        write(folder)
        environ = {**os.environ, "WATCHER_STATE": place, "WATCHER_DATABASE_URL": f"sqlite:///{place}/watcher.db"}
        environ["PYTHONPATH"] = str(ROOT)
        app = open_app(folder, environ)
        app.sync(clock.now())
        begun = time.perf_counter()
        fill(app, given.hits)
        print(f"{given.hits:,} entries and hits stored in {time.perf_counter() - begun:.0f} s; {WORKERS} clients")
        web = create_app(app, clock=clock.now)
        statements: dict[str, list[Statement]] = {}
        for path in given.pages:
            with open_page(web, web.state.context, path, cached=True) as asking:
                write_once(app)
                statements[path] = record_statements(app, asking)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "watcher", "--config", str(folder), "--quiet", "serve", "--port", str(port)]
        with subprocess.Popen(command, env=environ, stdout=sys.stderr) as server:
            try:
                _await(address)
                heading = f"{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}{'statements':>12}{'SQL p95':>10}{'times':>8}"
                print(f"{'request':<42}{heading}")
                with write_meanwhile(app):
                    for path, asked in statements.items():
                        figures[path] = _compare(app, address, path, asked, given.seconds)
            finally:
                server.terminate()
        app.close()


def _compare(app: App, address: str, path: str, statements: Sequence[Statement], seconds: float) -> dict[str, float]:
    """Ask for a page and run its bare statements in turn; print and return how they compare."""
    ask(address, path, WARM_SECONDS)
    taken: list[float] = []
    bare: list[float] = []
    for _turn in range(TURNS):
        taken += ask(address, path, seconds / TURNS)
        bare += run_statements(app, statements, seconds / TURNS) if statements else [0.0]
    rate, middle, worst, limit = len(taken) / seconds, statistics.median(taken) * 1000, find_p95(taken), find_p95(bare)
    times = f"{worst / limit:>8.1f}" if limit else ""
    print(f"{path:<42}{rate:>10.0f}{middle:>10.1f}{worst:>10.1f}{len(statements):>12}{limit:>10.1f}{times}", flush=True)
    figures = {"rate": rate, "p50": middle, "p95": worst, "bare_p95": limit}
    return figures | ({"to_bare": worst / limit} if limit else {})


def _await(address: str) -> None:
    for _try in range(200):
        try:
            if httpx.get(address + "/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


if __name__ == "__main__":
    main()
