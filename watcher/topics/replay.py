"""Applies today's topics to the archive: in small transactions, repeatable without harm, resumed where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from watcher.match import EntryText, QueryIndex, TopicMatcher
from watcher.model.topic import Hit, Origin
from watcher.store.database import Database, Db
from watcher.store.entries.queries import load_entries
from watcher.store.hits.commands import upsert_hits
from watcher.store.meaning.backlog import queue_for_reading
from watcher.store.sql.chunks import split_into_chunks
from watcher.store.stories.placement import assign_stories, filter_without_story
from watcher.store.system.key_values import delete_value, get_value, set_value
from watcher.topics.archive_scan import ENTRIES_PER_BATCH, ArchiveScan, ScanRange


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What a replay did: `tested` entries are in the time, `read` were proposed by the index and looked at.

    `new` counts the hits stored now, by topic; `known` those that were there before, whose evidence is today's again.
    `resumed` is whether an earlier replay was stopped and this one went on from there.
    """

    tested: int
    read: int
    new: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    resumed: bool = False


def replay_topics(
    scan: ArchiveScan,
    matcher: TopicMatcher,
    now: datetime,
    *,
    topic_ids: Sequence[str] = (),
    afresh: bool = False,
) -> ReplayResult:
    """Match stored entries, in order of discovery, against topics (all of them by default), and store the hits.

    New hits are marked `backfill`, which keeps them out of digests and alerts; those that are known keep their moment,
    mark and label. Whatever was committed before a stop stays; the next replay of the same topics goes on from there
    unless it is to begin `afresh`. Hits that today's topics would not find are left alone.
    """
    selected = select_topics(matcher, topic_ids) if topic_ids else matcher
    queries = [selected.query(topic.id) for topic in selected.topics]
    if not queries:
        return ReplayResult(tested=0, read=0)
    database, proposed = scan.database, scan.propose(queries)
    key = _get_progress_key(selected)
    last_id = 0 if afresh else _load_last_id(database, key, proposed)
    waiting = [id_ for id_ in reversed(proposed.ids) if id_ > last_id]
    index = QueryIndex(queries)
    new: Counter[str] = Counter()
    known: Counter[str] = Counter()
    done = len(proposed.ids) - len(waiting)
    for batch in split_into_chunks(waiting, ENTRIES_PER_BATCH):
        with database.read() as db:
            entries = load_entries(db, batch)
        # Matched before the transaction: the polls' writer waits for as little as possible.
        matching = [id_ for id_ in batch if id_ in entries and index.list_matching(EntryText(entries[id_]))]
        with database.write() as db:
            new_hits, all_hits = _store_hits(db, selected, matching, now)
            set_value(db, key, json.dumps({"from": proposed.above, "reached": batch[-1]}))
        new.update(hit.topic_id for hit in new_hits)
        known.update(hit.topic_id for hit in all_hits)
        done += len(batch)
        scan.report_progress(done, len(proposed.ids))
    with database.write() as db:
        delete_value(db, key)
    known.subtract(new)
    return ReplayResult(
        tested=proposed.tested,
        read=len(waiting),
        new=dict(new),
        known=dict(+known),
        resumed=len(waiting) < len(proposed.ids),
    )


def select_topics(matcher: TopicMatcher, topic_ids: Sequence[str]) -> TopicMatcher:
    """Return a matcher of some of the topics; raises KeyError for one that is not among them, NoQueryError for one that
    sentences alone describe."""
    by_id = {topic.id: topic for topic in matcher.configured}
    ids = tuple(dict.fromkeys(topic_ids))
    return TopicMatcher(
        [by_id[id_] for id_ in ids], [matcher.query(id_) for id_ in ids], [matcher.version(id_) for id_ in ids]
    )


def _store_hits(
    db: Db, matcher: TopicMatcher, ids: Sequence[int], now: datetime
) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """Match entries as they are within this transaction, store their hits and give them stories; return the new hits
    and all of them."""
    if not ids:
        return (), ()
    current = load_entries(db, ids)
    entries = [current[id_] for id_ in ids if id_ in current]
    hits = matcher.match_entries(entries, now, Origin.BACKFILL)
    new_hits = upsert_hits(db, hits)
    without_story = filter_without_story(db, sorted({hit.entry_id for hit in hits}))
    # At the moment they were first seen: an event of last month is no neighbour of today's.
    for first_seen_at, group in groupby(
        (entry for entry in entries if entry.id in without_story), key=lambda entry: entry.first_seen_at
    ):
        assign_stories(db, list(group), first_seen_at)
    # Their vectors were stored while they had no story: they are joined, and ranked, when they are read again.
    queue_for_reading(db, sorted(without_story))
    return new_hits, hits


def _get_progress_key(matcher: TopicMatcher) -> str:
    meanings = sorted(f"{topic.id}={matcher.version(topic.id)}" for topic in matcher.topics)
    return f"replay:{hashlib.blake2b(chr(10).join(meanings).encode(), digest_size=12).hexdigest()}"


def _load_last_id(database: Database, key: str, proposed: ScanRange) -> int:
    """Return the last entry that a stopped replay of these topics reached; 0 where it began later than this one."""
    with database.read() as db:
        value = get_value(db, key)
    progress = json.loads(value) if value else None
    return int(progress["reached"]) if progress and progress["from"] <= proposed.above else 0
