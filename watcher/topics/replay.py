"""Applies today's topics to what is stored: in small transactions, again without harm, and on from where it stopped."""

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
from watcher.store.entries.queries import load_entries, split_into_chunks
from watcher.store.hits.queries import upsert_hits
from watcher.store.stories.queries import assign_stories, filter_without_story
from watcher.store.system.key_values import delete_value, get_value, set_value
from watcher.topics.archive_scan import ENTRIES_PER_BATCH, ProgressCallback, ScanRange, propose_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What a replay came to: `tested` entries lie in the time, `read` were proposed by the index and looked at.

    `new` counts the hits stored now, by topic; `known` those that were there before, whose evidence is today's again.
    `resumed` tells that an earlier replay was stopped on the way and this one went on from there.
    """

    tested: int
    read: int
    new: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    resumed: bool = False


def replay_topics(
    database: Database,
    watched: TopicMatcher,
    now: datetime,
    *,
    topic_ids: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    afresh: bool = False,
    heard: ProgressCallback | None = None,
) -> ReplayResult:
    """Match stored entries, in order of discovery, against topics (all of them by default), and keep the hits.

    New hits are marked `backfill`, which keeps them out of digests and alerts; those that are known keep their moment,
    mark and label. Whatever was committed before a stop stays; the next replay of the same topics goes on from there
    unless it is to begin `afresh`. Hits that today's topics would not find are left alone.
    """
    chosen = select_topics(watched, topic_ids) if topic_ids else watched
    queries = [chosen.query(topic.id) for topic in chosen.topics]
    if not queries:
        return ReplayResult(tested=0, read=0)
    walked = propose_entries(database, queries, since=since, until=until)
    name = _note_name(chosen)
    reached = 0 if afresh else _reached(database, name, walked)
    waiting = [id_ for id_ in reversed(walked.ids) if id_ > reached]
    index = QueryIndex(queries)
    new: Counter[str] = Counter()
    known: Counter[str] = Counter()
    done = len(walked.ids) - len(waiting)
    for some in split_into_chunks(waiting, ENTRIES_PER_BATCH):
        with database.read() as db:
            found = load_entries(db, some)
        # Looked at before the transaction: the polls' writer waits for as little as possible.
        likely = [id_ for id_ in some if id_ in found and index.numbers(EntryText(found[id_]))]
        with database.write() as db:
            fresh, all_found = _keep(db, chosen, likely, now)
            set_value(db, name, json.dumps({"from": walked.above, "reached": some[-1]}))
        new.update(hit.topic_id for hit in fresh)
        known.update(hit.topic_id for hit in all_found)
        done += len(some)
        if heard is not None:
            heard(done, len(walked.ids))
    with database.write() as db:
        delete_value(db, name)
    known.subtract(new)
    return ReplayResult(
        tested=walked.tested,
        read=len(waiting),
        new=dict(new),
        known=dict(+known),
        resumed=len(waiting) < len(walked.ids),
    )


def select_topics(watched: TopicMatcher, topic_ids: Sequence[str]) -> TopicMatcher:
    """Give some of the topics that are watched; raises KeyError for one that is not."""
    by_id = {topic.id: topic for topic in watched.topics}
    ids = tuple(dict.fromkeys(topic_ids))
    return TopicMatcher(
        [by_id[id_] for id_ in ids], [watched.query(id_) for id_ in ids], [watched.version(id_) for id_ in ids]
    )


def _keep(db: Db, watched: TopicMatcher, ids: Sequence[int], now: datetime) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """Match entries as they are within this transaction, store their hits and give them stories."""
    if not ids:
        return (), ()
    current = load_entries(db, ids)
    in_order = [current[id_] for id_ in ids if id_ in current]
    found = watched.hits(in_order, now, Origin.BACKFILL)
    fresh = upsert_hits(db, found)
    homeless = filter_without_story(db, sorted({hit.entry_id for hit in found}))
    # At the moment they came: an event of last month is no neighbour of today's.
    for moment, some in groupby(
        (each for each in in_order if each.id in homeless), key=lambda each: each.first_seen_at
    ):
        assign_stories(db, list(some), moment)
    return fresh, found


def _note_name(watched: TopicMatcher) -> str:
    meaning = sorted(f"{topic.id}={watched.version(topic.id)}" for topic in watched.topics)
    return f"replay:{hashlib.blake2b(chr(10).join(meaning).encode(), digest_size=12).hexdigest()}"


def _reached(database: Database, name: str, walked: ScanRange) -> int:
    """Tell up to which entry a stopped replay of these topics came; 0 where it had not begun as early as this one."""
    with database.read() as db:
        written = get_value(db, name)
    note = json.loads(written) if written else None
    return int(note["reached"]) if note and note["from"] <= walked.above else 0
