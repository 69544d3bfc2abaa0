"""The page and the API at 100,000 hits on SQLite: requests a second and the 95th percentile, one `watcher serve`.

python bench/web.py [HITS]
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx

from watcher import clock
from watcher.app.bootstrap import App, open_app
from watcher.match import match_entry, parse_query
from watcher.model.entry import Entry, Item
from watcher.model.topic import Hit
from watcher.store.entries.commands import add_entries
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.commands import upsert_hits
from watcher.store.stories.placement import assign_stories

FEEDS, TOPICS, BATCH = 40, 20, 500
SECONDS, WORKERS = 3.0, 4
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
            said = draw.choices(words, weights, k=60)
            title = " ".join([f"topic{number % TOPICS}", *said[:9]])
            item = Item(guid=str(number), url=f"https://news.example/{number}", title=title, summary=" ".join(said[9:]))
            feed = known[number % FEEDS]
            fresh.append(
                Entry(feed_id=feed.id, key=str(number), canonical_url=item.url, content_hash=str(number).encode(),
                      item=item, source=feed.name, feed_url=feed.config.url)
            )  # fmt: skip
        with app.database.write() as db:
            stored = add_entries(db, fresh, moment)
            found = [
                Hit(topic_id=f"topic-{n}", topic_version="1", entry_id=each.id,
                    evidence=match_entry(queries[n], each) or (), score=draw.random(), matched_at=moment)
                for each in stored
                for n in [int(each.entry.key) % TOPICS]
            ]  # fmt: skip
            upsert_hits(db, found)
            assign_stories(db, stored, moment)


def ask(address: str, path: str) -> tuple[float, float, float]:
    """Ask for SECONDS with WORKERS clients; gives requests a second, median and p95 in milliseconds."""
    end = time.perf_counter() + SECONDS

    def work(_number: int) -> list[float]:
        took = []
        with httpx.Client(base_url=address, timeout=60) as client:
            while time.perf_counter() < end:
                begun = time.perf_counter()
                client.get(path).raise_for_status()
                took.append(time.perf_counter() - begun)
        return took

    begun = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as threads:
        took = sorted(each for some in threads.map(work, range(WORKERS)) for each in some)
    rate = len(took) / (time.perf_counter() - begun)
    return rate, took[len(took) // 2] * 1000, took[int(len(took) * 0.95)] * 1000


def main() -> None:
    """Fill a database, serve it, and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "config"
        folder.mkdir()
        write(folder)
        environ = {**os.environ, "WATCHER_STATE": place, "WATCHER_DATABASE_URL": f"sqlite:///{place}/watcher.db"}
        app = open_app(folder, environ)
        app.sync(clock.now())
        begun = time.perf_counter()
        fill(app, count)
        app.close()
        print(f"{count:,} entries and hits stored in {time.perf_counter() - begun:.0f} s; {WORKERS} clients")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "watcher", "--config", str(folder), "--quiet", "serve", "--port", str(port)]
        with subprocess.Popen(command, env=environ) as server:
            try:
                _await(address)
                print(f"{'request':<42}{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}")
                for path in PAGES:
                    rate, middle, worst = ask(address, path)
                    print(f"{path:<42}{rate:>10.0f}{middle:>10.1f}{worst:>10.1f}", flush=True)
            finally:
                server.terminate()


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
