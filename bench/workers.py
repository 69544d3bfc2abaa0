"""Several processes on one PostgreSQL: leases, the whole engine on loopback feeds, and what a kill costs.

    python bench/workers.py [--check] [--feeds 100000] [--polled 3000] [--only leases,engine,takeover]

Leases: 1, 2 and 4 processes take and complete every feed once, in batches of 200, through the store's own functions;
beside them psycopg alone with the barest statements that could do it (the limit), and the way that workers go: each has
its shards of hosts, and keeps the turns at them in memory. Every lease is noted, so that a doubled one shows.
Engine: `watcher worker` processes on feeds that a server in its own process gives out, each at a loopback address of
its own, beside the local engine; one item in ten is a hit. All have polled other feeds before, and the rate is that of
the eight tenths in the middle. Takeover: one of two workers is killed (SIGKILL) in mid-poll.

Aims: 20,000 leases/s with turns and four processes, none doubled, no feed polled twice, all polled within 45 s after a
kill. PostgreSQL runs on this machine with fsync off: the clients compete with it for the cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
import psycopg  # noqa: E402

from bench.figures import collect_figures  # noqa: E402
from tests import postgres  # noqa: E402
from tests.engine.outlets import Outlets  # noqa: E402
from tests.feed_builder import change_feed  # noqa: E402
from tests.web_server import rss  # noqa: E402
from watcher.model.feed import FeedConfig  # noqa: E402
from watcher.store.database import Database  # noqa: E402
from watcher.store.database.migrate import upgrade_schema  # noqa: E402
from watcher.store.feeds.commands import save_polled_feeds  # noqa: E402
from watcher.store.feeds.configuration import sync_feeds  # noqa: E402
from watcher.store.feeds.leases import OwnShards, claim_due_feeds, filter_held_feeds  # noqa: E402
from watcher.store.feeds.mapping import SHARD_COUNT  # noqa: E402
from watcher.store.feeds.shards import (  # noqa: E402
    create_host_shards,
    lease_host_shards,
    lock_host_shards,
    renew_host_shards,
)
from watcher.store.system.workers import list_workers  # noqa: E402

PROCESSES = (1, 2, 4)
BATCH = 200
MOST_LEASES, TAKEN_OVER = 20_000.0, 45.0
MINUTE = timedelta(minutes=1)
WARM_UP = 400
"""Feeds that are polled first, so that no process loads a module or plans a statement while it is measured."""
REST = 3.0
"""Seconds after which processes have shared the hosts, and after a round have nothing left to do."""
PLACES = ("Riga", "Lagos", "Quito", "Hanoi", "Turin", "Perth", "Izmir")
COUNTING = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "10000"}
KEYS = frozenset(f"{number:08x}" for number in range(30))
SPAWN = multiprocessing.get_context("spawn")


def by_store(database: Database, now: datetime) -> list[tuple[int, int]]:
    """Claim a batch and complete it: what a poll teaches is written with it."""
    with database.write() as db:
        held = claim_due_feeds(db, now, limit=BATCH, lease_for=MINUTE, owner=str(os.getpid()))
    with database.write() as db:
        complete(db, held, now)
    return [(feed.id, feed.lease) for feed in held]


class Sharer:
    """Claims feeds of its own shards alone, keeps the turns at their hosts in memory, and completes them."""

    def __init__(self, database: Database, number: int, of: int) -> None:
        self._database = database
        self._owner = f"{os.getpid()}#bench"
        self._own = OwnShards(range(number, SHARD_COUNT, of))
        self._next: dict[str, float] = {}
        self._renew_at = 0.0
        with database.write() as db:
            create_host_shards(db)
            lease_host_shards(db, self._own.shards, self._owner, lock_host_shards(db) + MINUTE)

    def take(self, now: datetime) -> list[tuple[int, int]]:
        """Claim a batch, renew the leases of the shards where that is due, and complete it."""
        began = time.monotonic()
        with self._database.write() as db:
            if began >= self._renew_at:
                self._renew_at = began + 1.0
                renew_host_shards(db, self._owner, lock_host_shards(db) + MINUTE)
            held = claim_due_feeds(db, now, limit=BATCH, lease_for=MINUTE, owner=self._owner, own=self._own)
        for feed in held:
            # As the limiter of requests does, without its sleep.
            self._next[feed.host] = max(began, self._next.get(feed.host, 0.0)) + 0.001
        with self._database.write() as db:
            complete(db, held, now)
        return [(feed.id, feed.lease) for feed in held]


def complete(db: Any, held: Any, now: datetime) -> None:
    """Settle as polls do of which one in ten brings news."""
    kept = filter_held_feeds(db, held)
    later = now + 15 * MINUTE
    learnt = (
        (feed, replace(feed, poll=replace(feed.poll, next_poll_at=later, polled_at=now, succeeded_at=now)))
        for feed in held
    )
    save_polled_feeds(
        db,
        (
            (before, after if before.id % 10 else change_feed(after, keys=KEYS, new_at=now))
            for before, after in learnt
            if before.id in kept
        ),
    )


def by_psycopg(connection: psycopg.Connection[Any], now: datetime) -> list[tuple[int, int]]:
    """The limit: two statements, three columns."""
    with connection.transaction():
        rows = connection.execute(
            "UPDATE feeds SET lease = lease + 1, lease_until = %s WHERE id IN (SELECT id FROM feeds WHERE configured "
            "AND next_poll_at <= %s AND (lease_until IS NULL OR lease_until <= %s) ORDER BY next_poll_at LIMIT %s "
            "FOR UPDATE SKIP LOCKED) RETURNING id, lease",
            (now + MINUTE, now, now, BATCH),
        ).fetchall()
    with connection.transaction():
        connection.execute(
            "UPDATE feeds SET next_poll_at = %s, lease_until = NULL FROM unnest(%s::bigint[], %s::bigint[]) AS held"
            "(id, lease) WHERE feeds.id = held.id AND feeds.lease = held.lease",
            (now + 15 * MINUTE, [row[0] for row in rows], [row[1] for row in rows]),
        )
    return rows


def leasing(how: str, url: str, now: datetime, number: int, of: int, ready: Any, go: Any, said: Any) -> None:
    """A process that leases until nothing is due; says what it leased."""
    with ExitStack() as opened:
        take: Callable[[], list[tuple[int, int]]]
        database = opened.enter_context(Database(url))
        if how == "psycopg":
            connection = opened.enter_context(psycopg.connect(database.conninfo, autocommit=True))
            take = lambda: by_psycopg(connection, now)  # noqa: E731
        else:
            sharer = Sharer(database, number, of) if how == "shards" else None
            take = lambda: by_store(database, now) if sharer is None else sharer.take(now)  # noqa: E731
        with database.read():
            ready.release()
        go.wait()
        mine: list[int] = []
        empty = 0
        used = time.process_time()
        while empty < 3:
            got = take()
            mine += [feed for feed, _token in got]
            empty = 0 if got else empty + 1
        said.put((mine, time.process_time() - used))


def lease_rates(server: postgres.Server, count: int, figures: dict[str, Any]) -> list[str]:
    """Measure leases with each number of processes; print, and list what falls short."""
    now = datetime.now(UTC)
    server.execute("CREATE DATABASE leases")
    rates: dict[str, dict[int, float]] = {}
    cpu_us: dict[str, dict[int, tuple[float, float]]] = {}
    doubled = 0
    with Database(server.url("leases")) as database:
        upgrade_schema(database)
        with database.write() as db:
            sources = [FeedConfig(url=f"https://host-{n // 3}.example/{n}") for n in range(count)]
            sync_feeds(db, sources, now, 15 * MINUTE)
        for how in ("psycopg", "store", "shards"):
            for number in PROCESSES:
                with database.write() as db:
                    db.exec_driver_sql("UPDATE feeds SET lease_until = NULL, next_poll_at = %(at)s", {"at": now})
                vacuum(database)
                used = server_cpu(server)
                took, leased, clients = together(how, server.url("leases"), now, number)
                used = server_cpu(server) - used
                cpu_us.setdefault(how, {})[number] = 1e6 * clients / count, 1e6 * used / count
                doubled += len(leased) - len(set(leased))
                assert len(set(leased)) == count, f"{count - len(set(leased))} feeds were never leased"
                rates.setdefault(how, {})[number] = count / took
    print(f"leases of {count:,} feeds, taken and completed, a second\n")
    print(f"processes {''.join(f'{number:>10}' for number in PROCESSES)}     best to psycopg's best")
    limit = max(rates["psycopg"].values())
    for how, name in (("psycopg", "psycopg"), ("store", "store"), ("shards", "with hosts")):
        best = max(rates[how].values())
        line = "".join(f"{rates[how][n]:>10,.0f}" for n in PROCESSES)
        print(f"{name:10}{line}     {best / limit:6.2f}")
        parts = (f"{ours:.0f} + {theirs:.0f}" for ours, theirs in cpu_us[how].values())
        print(f"{'':10}{''.join(f'{part:>10}' for part in parts)}     us of CPU a feed, of processes and of PostgreSQL")
    print(f"doubled leases: {doubled}\n")
    figures["leases"] = {"rates": rates, "cpu_us": cpu_us, "doubled": doubled}
    most = rates["shards"][PROCESSES[-1]]
    missed = [f"{most:,.0f} leases/s, {MOST_LEASES:,.0f} wanted"] if most < MOST_LEASES else []
    return missed + ([f"{doubled} leases were doubled"] if doubled else [])


def vacuum(database: Database) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE feeds")


def server_cpu(server: postgres.Server) -> float:
    """Return the CPU seconds that PostgreSQL has used, with those of connections that are closed."""
    postmaster = psutil.Process(server.pid)
    times = postmaster.cpu_times()
    used = times.user + times.system + times.children_user + times.children_system
    for process in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def together(how: str, url: str, now: datetime, number: int) -> tuple[float, list[int], float]:
    """Return the seconds that so many processes took, the feeds that they leased, and the CPU seconds they used."""
    ready, go, said = SPAWN.Semaphore(0), SPAWN.Event(), SPAWN.Queue()
    workers = [SPAWN.Process(target=leasing, args=(how, url, now, n, number, ready, go, said)) for n in range(number)]
    for worker in workers:
        worker.start()
    for _worker in workers:
        ready.acquire()
    begun = time.monotonic()
    go.set()
    answers = [said.get() for _worker in workers]
    took = time.monotonic() - begun
    for worker in workers:
        worker.join()
    return took, [feed for mine, _used in answers for feed in mine], sum(used for _mine, used in answers)


@contextmanager
def outlets(count: int) -> Iterator[Any]:
    """Serve so many feeds from a process of its own: it is told `shut` and `open`, and tells what was `asked`."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=serving, args=(count, theirs), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        ours.send("end")
        process.join(20)


def serving(count: int, pipe: Any) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    with Outlets(hosts=count, feeds_each=1) as press:
        # One in ten is a hit: hits that are all alike cost most in being compared, and each waits for the others' lock.
        press.answers |= {
            url: rss((url, f"{PLACES[number % len(PLACES)]} opens school number {number}"))
            for number, url in enumerate(press.urls)
            if number % 10
        }
        pipe.send(press.urls)
        while (said := pipe.recv()) != "end":
            if said == "cpu":
                pipe.send(time.process_time())
            elif said == "asked":
                pipe.send(Counter(asked.url for asked in press.asked))
            elif said == "shut":
                press.shut()
            elif said == "open":
                press.open()


class Desk:
    """A configuration folder and a database for the processes of one run."""

    def __init__(self, server: postgres.Server, folder: Path, name: str, urls: list[str]) -> None:
        server.execute(f"CREATE DATABASE {name}")
        self.database = Database(server.url(name))
        upgrade_schema(self.database)
        self.folder = folder / name
        self.folder.mkdir()
        (self.folder / "feeds.yaml").write_text("feeds:\n" + "".join(f"  - url: {url}\n" for url in urls))
        (self.folder / "topics.yaml").write_text("topics:\n  - id: eyes\n    query: '\"five eyes\"'\n")
        (self.folder / "watcher.yaml").write_text(
            # An encoder would read what was stored while the next round is measured, in a process for each worker.
            "fetch: {allow: [127.0.0.0/8]}\npolling: {minimum: 1h, default: 1h}\nmeaning: {engine: none}\n"
        )
        self._environ = os.environ | {"PYTHONPATH": str(ROOT), "WATCHER_CONFIG": str(self.folder)}
        self._environ["WATCHER_DATABASE_URL"] = server.url(name)
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, *words: str, engine: str = "procrastinate") -> subprocess.Popen[bytes]:
        log = (self.folder / f"{len(self._running)}.log").open("wb")
        environ = self._environ | {"WATCHER_ENGINE": engine}
        command = [sys.executable, "-m", "watcher", *words, "--quiet"]
        self._running.append(subprocess.Popen(command, env=environ, stdout=log, stderr=log))
        return self._running[-1]

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the processes of this desk and their children have used."""
        family = [psutil.Process(process.pid) for process in self._running if process.poll() is None]
        times = [part.cpu_times() for one in family for part in (one, *one.children(recursive=True))]
        return sum(part.user + part.system for part in times)

    def at_work(self) -> int:
        with self.database.read() as db:
            return len(list_workers(db, datetime.now(UTC)))

    def hold(self) -> None:
        """Let nothing be due."""
        with self.database.write() as db:
            db.exec_driver_sql("UPDATE feeds SET next_poll_at = now() + interval '1 hour'")

    def let_go(self, urls: list[str] | None = None) -> None:
        """Let some feeds be due, or all."""
        with self.database.write() as db:
            if urls is None:
                db.exec_driver_sql("UPDATE feeds SET next_poll_at = now()")
            else:
                db.exec_driver_sql("UPDATE feeds SET next_poll_at = now() WHERE url = ANY (%s)", (urls,))

    def polled(self) -> int:
        with self.database.read() as db:
            return int(db.exec_driver_sql("SELECT count(*) FROM feeds WHERE polled_at IS NOT NULL").scalar_one())

    def shares(self) -> int:
        """Return how many processes have a fair share of the shards."""
        with self.database.read() as db:
            said = "SELECT count(*) FROM host_shards WHERE owner IS NOT NULL GROUP BY owner"
            held = db.exec_driver_sql(said).scalars().all()
        return len(held) if min(held, default=0) >= SHARD_COUNT // max(1, len(held)) else 0

    def rate_of(self, urls: list[str]) -> float:
        """Return how many of these feeds a second were polled, without the first tenth and the last."""
        with self.database.read() as db:
            said = "SELECT polled_at FROM feeds WHERE url = ANY (%s) ORDER BY polled_at"
            times = db.exec_driver_sql(said, (urls,)).scalars().all()
        first, last = len(times) // 10, len(times) * 9 // 10
        return float((last - first) / (times[last] - times[first]).total_seconds())

    def count_statements(self) -> tuple[int, int]:
        """Return how many statements of this database have run, and how many of them were COMMIT; 0 if unknown."""
        with self.database.write() as db:
            if not db.exec_driver_sql("SHOW shared_preload_libraries").scalar_one():
                return 0, 0
            db.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            said = (
                "SELECT coalesce(sum(calls), 0), coalesce(sum(calls) FILTER (WHERE query = 'COMMIT'), 0) "
                "FROM pg_stat_statements JOIN pg_database ON dbid = oid WHERE datname = current_database()"
            )
            calls, commits = db.exec_driver_sql(said).one()
            return int(calls), int(commits)

    def close(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait(60)
        self.database.close()


def wait_for(what: Callable[[], bool], patience: float = 240, pause: float = 0.02) -> float:
    begun = time.monotonic()
    while not what():
        if time.monotonic() - begun > patience:
            sys.exit("waited in vain")
        time.sleep(pause)
    return time.monotonic() - begun


def synced(desk: Desk, urls: list[str]) -> None:
    with desk.database.write() as db:
        sync_feeds(db, [FeedConfig(url=url) for url in urls], datetime.now(UTC), 60 * MINUTE)
    desk.hold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one arm of the engine's bench took: feeds a second, and what was used for a feed."""

    rate: float
    cpu_ms: float
    """Of the workers."""
    outlets_ms: float
    """Of CPU of the server that gives out the feeds."""
    postgresql_ms: float
    other_cores: float
    """How many of the cores all other processes of the machine used."""
    statements: float
    commits: float
    polled_more_than_once: int


def engine_rates(server: postgres.Server, count: int, figures: dict[str, Any]) -> list[str]:
    """Poll every feed once with each number of workers, and with the local engine."""
    runs: dict[str, Run] = {}
    with outlets(count + WARM_UP) as press, tempfile.TemporaryDirectory() as folder:
        urls = press.recv()
        for name, number in [("local", 1), *(("worker", number) for number in PROCESSES)]:
            desk = Desk(server, Path(folder), f"engine_{name}_{number}", urls)
            said = "local engine" if name == "local" else f"{number} worker{'s' * (number > 1)}"
            try:
                synced(desk, urls)
                for _number in range(number):
                    if name == "local":
                        desk.run("run", "--no-page", engine="local")
                    else:
                        desk.run("worker")
                runs[said] = measure_engine(server, desk, press, urls, number)
            finally:
                desk.close()
        press.send("shut")
    print_engine(runs, count)
    doubled = sum(run.polled_more_than_once for run in runs.values())
    rates, cpu_ms = {said: run.rate for said, run in runs.items()}, {said: run.cpu_ms for said, run in runs.items()}
    arms = {said: asdict(run) for said, run in runs.items()}
    figures["engine"] = {"rates": rates, "cpu_ms": cpu_ms, "doubled": doubled, "arms": arms}
    figures["engine"]["two_to_one_at_most"] = bound_of_two(runs["1 worker"])
    return [f"{doubled} feeds were polled twice"] if doubled else []


def measure_engine(server: postgres.Server, desk: Desk, press: Any, urls: list[str], number: int) -> Run:
    """Poll the feeds with processes that were started: first some that warm all of them up, then the others."""
    wait_for(lambda: desk.at_work() == number and desk.shares() == number)
    time.sleep(REST)
    desk.let_go(urls[:WARM_UP])
    wait_for(lambda: desk.polled() == WARM_UP, pause=0.2)
    time.sleep(REST)
    press.send("asked")
    asked = press.recv()
    measured = urls[WARM_UP:]
    before = desk.cpu_seconds(), outlets_cpu(press), server_cpu(server), sum_busy(), *desk.count_statements()
    begun = time.monotonic()
    desk.let_go(measured)
    wait_for(lambda: desk.polled() == len(urls), pause=0.2)
    took = time.monotonic() - begun
    after = desk.cpu_seconds(), outlets_cpu(press), server_cpu(server), sum_busy(), *desk.count_statements()
    ours, theirs, stored, busy, statements, commits = (now - then for now, then in zip(after, before, strict=True))
    press.send("asked")
    asked = press.recv() - asked
    count = len(measured)
    return Run(
        rate=desk.rate_of(measured),
        cpu_ms=1000 * ours / count,
        outlets_ms=1000 * theirs / count,
        postgresql_ms=1000 * stored / count,
        other_cores=(busy - ours - theirs - stored) / took,
        statements=statements / count,
        commits=commits / count,
        polled_more_than_once=sum(asked.values()) - count,
    )


def bound_of_two(alone: Run) -> float:
    """Return how much faster two workers can be than one, which uses a core, where all share the cores of this machine.

    The server of the feeds and PostgreSQL need their part for each feed, whoever polls it.
    """
    return min(2.0, (os.cpu_count() or 1) * alone.cpu_ms / (alone.cpu_ms + alone.outlets_ms + alone.postgresql_ms))


def print_engine(runs: dict[str, Run], count: int) -> None:
    print(f"{count:,} loopback feeds, each read, matched and stored once; all processes were at work before\n")
    print(f"{'':14}{'':8}{'to the':>8}{'ms of CPU a feed of':>31}{'PostgreSQL, a feed':>22}")
    print(
        f"{'':14}{'feeds/s':>8}{'local':>8}{'workers':>11}{'feeds':>9}{'PostgreSQL':>11}"
        f"{'statements':>14}{'commits':>8}{'bound/s':>10}{'cores of others':>17}"
    )
    cores = os.cpu_count() or 1
    for said, run in runs.items():
        used = run.cpu_ms + run.outlets_ms + run.postgresql_ms
        print(
            f"{said:14}{run.rate:>8,.0f}{run.rate / runs['local engine'].rate:>8.2f}"
            f"{run.cpu_ms:>11.2f}{run.outlets_ms:>9.2f}{run.postgresql_ms:>11.2f}"
            f"{run.statements:>14.2f}{run.commits:>8.2f}{1000 * cores / used:>10,.0f}{run.other_cores:>17.2f}"
        )
    print(f"\nbound: what {cores} cores could do at most, as workers, server of the feeds and PostgreSQL share them")
    print(f"two workers to one: {runs['2 workers'].rate / runs['1 worker'].rate:.2f}", end="")
    print(f", at most {bound_of_two(runs['1 worker']):.2f} here")
    print(f"polled more than once: {sum(run.polled_more_than_once for run in runs.values())}\n")


def outlets_cpu(press: Any) -> float:
    press.send("cpu")
    return float(press.recv())


def sum_busy() -> float:
    """Return the CPU seconds that all processes of this machine have used."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def takeover(server: postgres.Server, count: int) -> list[str]:
    """Kill one of two workers in mid-poll, and see how long its feeds wait."""
    with outlets(count) as press, tempfile.TemporaryDirectory() as folder:
        urls = press.recv()
        desk = Desk(server, Path(folder), "takeover", urls)
        try:
            synced(desk, urls)
            doomed, _other = desk.run("worker"), desk.run("worker")
            wait_for(lambda: desk.at_work() == 2)
            press.send("shut")
            desk.let_go()
            name = f"{os.uname().nodename}:{doomed.pid}"
            wait_for(lambda: held(desk, name) >= 20)
            lost = held(desk, name)
            doomed.kill()
            doomed.wait()
            press.send("open")
            took = wait_for(lambda: desk.polled() == count)
            with desk.database.read() as db:
                twice = db.exec_driver_sql(
                    "SELECT count(*) FROM (SELECT feed_id FROM polls GROUP BY 1 HAVING count(*) > 1) AS twice"
                ).scalar_one()
        finally:
            desk.close()
    print(f"a worker killed with {lost} feeds in hand: every feed polled {took:.1f} s later; stored twice: {twice}\n")
    missed = [f"taken over after {took:.0f} s, {TAKEN_OVER:.0f} wanted"] if took > TAKEN_OVER else []
    return missed + ([f"{twice} feeds were settled twice"] if twice else [])


def held(desk: Desk, owner: str) -> int:
    with desk.database.read() as db:
        said = "SELECT count(*) FROM feeds WHERE lease_by = %(owner)s AND lease_until > now()"
        return int(db.exec_driver_sql(said, {"owner": owner}).scalar_one())


def start_counting(binaries: Path) -> postgres.Server:
    """Start a server that counts statements, where it has what it takes."""
    try:
        return postgres.Server(binaries, postgres.FORGETFUL | COUNTING)
    except RuntimeError:
        return postgres.Server(binaries)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--feeds", type=int, default=100_000, help="feeds that are leased")
    arguments.add_argument("--polled", type=int, default=3_000, help="feeds that are polled on loopback")
    arguments.add_argument("--only", default="leases,engine,takeover", help="parts, by comma")
    arguments.add_argument("--check", action="store_true", help="exit 1 where an aim is missed")
    arguments.add_argument("--json", action="store_true", help="print figures as JSON; lines go to standard error")
    given = arguments.parse_args()
    parts = given.only.split(",")
    missed: list[str] = []
    with collect_figures(as_json=given.json) as figures:
        for server in postgres.server(start_counting):
            if server is None:
                sys.exit("no PostgreSQL binaries here")
            missed += lease_rates(server, given.feeds, figures) if "leases" in parts else []
            missed += engine_rates(server, given.polled, figures) if "engine" in parts else []
            missed += takeover(server, 200) if "takeover" in parts else []
        for said in missed:
            print(f"MISSED: {said}")
    sys.exit(1 if missed and given.check else 0)


if __name__ == "__main__":
    main()
