"""The arms of bench/poll.py, one a process: `python poll_arms.py NAME FEEDS FOLDER`, then a line on stdin per cycle.

Each cycle asks every feed once; what it cost goes to stdout as JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import press
from collector import collect_as_daemon
from poll_server import PORT, address

sys.path.insert(0, str(Path(__file__).parents[1]))

AT_ONCE = 64
TOPICS = 100


def url(feed: int) -> str:
    return f"http://{address(feed)}:{PORT}/feed/{feed}"


class Ours:
    """The poller as the daemon runs it: fetch, hash, parse, identify, match against the topics, store in SQLite."""

    def __init__(self, feeds: int, folder: Path) -> None:
        import structlog

        from watcher import clock
        from watcher.match import compile_topics
        from watcher.model.feed import FeedConfig
        from watcher.model.topic import Topic
        from watcher.store.database import Database
        from watcher.store.database.migrate import upgrade_schema
        from watcher.store.feeds.configuration import sync_feeds

        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
        self.database = Database(f"sqlite:///{folder}/ours.db")
        upgrade_schema(self.database)
        self._matcher = compile_topics(Topic(id=id_, name=id_, query=query) for id_, query in press.topics(TOPICS))
        with self.database.write() as db:
            sources = [FeedConfig(url=url(feed)) for feed in range(feeds)]
            sync_feeds(db, sources, clock.now(), timedelta(minutes=15))
        collect_as_daemon()

    async def cycle(self) -> dict[str, Any]:
        from watcher import clock
        from watcher.fetch import Fetcher, FetchPolicy
        from watcher.pipeline.context import PipelineContext
        from watcher.pipeline.feed_claims import FeedSelection
        from watcher.pipeline.poller import Poller

        async with Fetcher(FetchPolicy(allow=("127.0.0.0/8",), concurrency=AT_ONCE)) as fetcher:
            context = PipelineContext(
                database=self.database, fetcher=fetcher, matcher=lambda: self._matcher, clock=clock.now
            )
            async with Poller(context, concurrency=AT_ONCE) as poller:
                polled = await poller.run_once(FeedSelection(include_all=True))
        assert not polled.failed, polled.failures[:3]
        return {"polled": polled.due, "unchanged": polled.unchanged, "hits": polled.hits}

    def items(self) -> int:
        from watcher.store.entries.queries import count_entries

        with self.database.read() as db:
            return count_entries(db)


class Reader:
    """lemon24's reader with its worker pool, over SQLite: fetch, parse, store; it matches nothing."""

    def __init__(self, feeds: int, folder: Path) -> None:
        from reader import make_reader

        self._reader = make_reader(f"{folder}/reader.db")
        for feed in range(feeds):
            self._reader.add_feed(url(feed))

    async def cycle(self) -> dict[str, Any]:
        self._reader.update_feeds(workers=16, scheduled=False)
        failed = self._reader.get_feed_counts(broken=True).total
        assert not failed, f"{failed} feeds failed"
        return {}

    def items(self) -> int:
        return int(self._reader.get_entry_counts().total or 0)


class Bare:
    """A client that gathers the bodies, sends validators back, and does nothing else."""

    def __init__(self, feeds: int, _folder: Path) -> None:
        self._feeds = feeds
        self._tags: dict[int, str] = {}

    async def cycle(self) -> dict[str, Any]:
        gathered: dict[int, int] = {200: 0, 304: 0}

        async def worker(get: Callable[[str, dict[str, str]], Awaitable[tuple[int, str, bytes]]]) -> None:
            for feed in waiting:
                known = self._tags.get(feed)
                status, tag, _body = await get(url(feed), {"If-None-Match": known} if known else {})
                self._tags[feed] = tag
                gathered[status] += 1

        waiting = iter(range(self._feeds))
        await self._with(worker)
        return {"unchanged": gathered[304]}

    async def _with(self, worker: Callable[[Any], Awaitable[None]]) -> None:
        raise NotImplementedError

    def items(self) -> int:
        return 0


class Httpx(Bare):
    """httpx as it comes, in its best configuration: bounded workers, no idle connections kept."""

    async def _with(self, worker: Callable[[Any], Awaitable[None]]) -> None:
        import httpx

        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
        async with httpx.AsyncClient(limits=limits, trust_env=False, timeout=60) as client:

            async def get(address: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
                answer = await client.get(address, headers=headers)
                return answer.status_code, answer.headers["etag"], answer.content

            await asyncio.gather(*(worker(get) for _ in range(AT_ONCE)))


class Aiohttp(Bare):
    """aiohttp likewise."""

    async def _with(self, worker: Callable[[Any], Awaitable[None]]) -> None:
        import aiohttp

        connector = aiohttp.TCPConnector(limit=AT_ONCE, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as client:

            async def get(address: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
                async with client.get(address, headers=headers) as answer:
                    return answer.status, answer.headers["ETag"], await answer.read()

            await asyncio.gather(*(worker(get) for _ in range(AT_ONCE)))


ARMS: dict[str, type[Ours | Reader | Bare]] = {"ours": Ours, "reader": Reader, "httpx": Httpx, "aiohttp": Aiohttp}


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_megabytes() -> float:
    """Give the most memory that this process ever held; what its parent held before the exec is no part of that."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    arm = ARMS[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
    print("ready", flush=True)
    for _line in sys.stdin:
        begun, used = time.perf_counter(), cpu_seconds()
        result = asyncio.run(arm.cycle())
        seconds, cpu = time.perf_counter() - begun, cpu_seconds() - used
        result |= {"seconds": seconds, "cpu": cpu, "items": arm.items(), "peak": peak_megabytes()}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
