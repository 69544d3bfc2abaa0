"""Judgements of people: one concerns one topic and one entry; a later one replaces it, and each can be undone.

What is judged is mirrored where it shows: the label of the hit, and the state of the proposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, RowMapping, bindparam, case, delete, exists, func, insert, select, update

from watcher.meaning.passage import build_passage
from watcher.model.entry import StoredEntry
from watcher.model.meaning import Judgement, ProposalState, Verdict
from watcher.model.topic import FoundBy, Hit, Origin
from watcher.store.database import Db
from watcher.store.entries.queries import load_entry
from watcher.store.hits.mapping import build_hit_row
from watcher.store.sql.dialect import acquire_lock
from watcher.store.system.counters import add_to_hit_counts, group_by_day
from watcher.store.tables import digest_items, embedding_models, embeddings, hits, judgements, proposals


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementCounts:
    """How many judgements of a topic stand, by verdict."""

    relevant: int = 0
    irrelevant: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJudgement:
    """What a person judges: an entry for a topic. `score` is that of the proposal, for a hit that comes of it."""

    topic_id: str
    entry_id: int
    verdict: Verdict
    topic_version: str
    author: str | None = None
    score: float = 0.0


def add_judgement(db: Db, new: NewJudgement, now: datetime) -> Judgement:
    """Store a judgement in place of an earlier one, and mirror it: an entry judged relevant becomes a hit.

    Raises NotFoundError where the entry is gone.
    """
    acquire_lock(db, "hits")
    stored = load_entry(db, new.entry_id)
    _retire_earlier(db, new.topic_id, new.entry_id, now)
    model_id, vector = _find_vector(db, stored)
    item = stored.entry.item
    text = build_passage(item.title, item.summary, item.content)
    added = db.execute(
        insert(judgements)
        .values(
            topic_id=new.topic_id,
            entry_id=new.entry_id,
            verdict=new.verdict.value,
            author=new.author,
            judged_at=now,
            topic_version=new.topic_version,
            text=text,
            model_id=model_id,
            vector=vector,
        )
        .returning(judgements.c.id)
    ).scalar_one()
    _mirror_verdict(db, new, now)
    return Judgement(
        id=int(added),
        topic_id=new.topic_id,
        entry_id=new.entry_id,
        verdict=new.verdict,
        author=new.author,
        judged_at=now,
        topic_version=new.topic_version,
        text=text,
        vector=vector,
    )


def undo_judgement(db: Db, topic_id: str, entry_id: int, now: datetime) -> bool:
    """Take back what was judged of an entry for a topic; return whether there was anything.

    A hit that came of it goes, unless a digest has reported it; the proposal is open again.
    """
    acquire_lock(db, "hits")
    undone = _retire_earlier(db, topic_id, entry_id, now)
    this_hit = hits.c.topic_id == topic_id, hits.c.entry_id == entry_id
    db.execute(update(hits).where(*this_hit).values(label=None, labelled_at=None))
    _delete_unreported_hit(db, topic_id, entry_id)
    by_words = exists().where(*this_hit, hits.c.found_by == FoundBy.WORDS.value)
    db.execute(
        update(proposals)
        .where(proposals.c.topic_id == topic_id, proposals.c.entry_id == entry_id)
        .where(proposals.c.state.in_((ProposalState.ACCEPTED.value, ProposalState.REJECTED.value)))
        .values(state=case((by_words, ProposalState.SUPERSEDED.value), else_=ProposalState.OPEN.value), judged_at=None)
    )
    return undone > 0


def load_judgements(db: Db, topic_id: str, *, limit: int = 10_000) -> tuple[Judgement, ...]:
    """Return the judgements of a topic that stand, the newest `limit`, oldest first; vectors of the serving model."""
    serving = select(embedding_models.c.id).where(embedding_models.c.state == "serving").scalar_subquery()
    chosen = (
        select(judgements, (judgements.c.model_id == serving).label("is_current"))
        .where(judgements.c.topic_id == topic_id, judgements.c.undone_at.is_(None))
        .order_by(judgements.c.id.desc())
        .limit(limit)
    )
    return tuple(reversed([_read_judgement(row) for row in db.execute(chosen).mappings()]))


def count_judgements(db: Db) -> Mapping[str, JudgementCounts]:
    """Count the judgements that stand, by topic."""
    chosen = select(judgements.c.topic_id, judgements.c.verdict, func.count()).where(judgements.c.undone_at.is_(None))
    counts: dict[str, dict[str, int]] = {}
    for topic_id, verdict, count in db.execute(chosen.group_by(judgements.c.topic_id, judgements.c.verdict)):
        counts.setdefault(topic_id, {})[verdict] = int(count)
    return {topic_id: JudgementCounts(**by_verdict) for topic_id, by_verdict in counts.items()}


def get_judgement_mark(db: Db) -> tuple[int, datetime | None]:
    """Return a mark that changes with every judgement and every undoing."""
    last_id, undone_at = db.execute(select(func.max(judgements.c.id), func.max(judgements.c.undone_at))).one()
    return int(last_id or 0), undone_at


def save_judged_vectors(db: Db, model_id: int, vectors: Mapping[int, bytes]) -> None:
    """Store vectors of judgements, by their ids: those made before the model read them, or by another model."""
    changed = update(judgements).where(judgements.c.id == bindparam("judgement"))
    if vectors:
        rows = [{"judgement": id_, "new_vector": vector} for id_, vector in sorted(vectors.items())]
        db.execute(changed.values(model_id=model_id, vector=bindparam("new_vector")), rows)


def _retire_earlier(db: Db, topic_id: str, entry_id: int, now: datetime) -> int:
    standing = (
        judgements.c.topic_id == topic_id,
        judgements.c.entry_id == entry_id,
        judgements.c.undone_at.is_(None),
    )
    done: CursorResult[Any] = db.execute(update(judgements).where(*standing).values(undone_at=now))
    return done.rowcount


def _find_vector(db: Db, stored: StoredEntry) -> tuple[int | None, bytes | None]:
    """Return the serving model and its vector of an entry's present text, None for both where there is none."""
    row = db.execute(
        select(embeddings.c.model_id, embeddings.c.vector)
        .join(embedding_models, embedding_models.c.id == embeddings.c.model_id)
        .where(embeddings.c.entry_id == stored.id, embeddings.c.entry_version == stored.version)
        .where(embedding_models.c.state == "serving")
    ).first()
    return (row.model_id, row.vector) if row is not None and row.vector else (None, None)


def _mirror_verdict(db: Db, new: NewJudgement, now: datetime) -> None:
    is_relevant = new.verdict is Verdict.RELEVANT
    this_hit = hits.c.topic_id == new.topic_id, hits.c.entry_id == new.entry_id
    labelled: CursorResult[Any] = db.execute(
        update(hits).where(*this_hit).values(label=new.verdict.value, labelled_at=now)
    )
    if is_relevant and labelled.rowcount == 0:
        hit = Hit(
            topic_id=new.topic_id,
            topic_version=new.topic_version,
            entry_id=new.entry_id,
            evidence=(),
            score=new.score,
            matched_at=now,
            origin=Origin.LIVE,
            found_by=FoundBy.MEANING,
            relevance=new.score,
        )
        values = build_hit_row(hit) | {"label": new.verdict.value, "labelled_at": now}
        db.execute(insert(hits).values(values | {"found_by": hit.found_by.value, "relevance": hit.relevance}))
        add_to_hit_counts(db, group_by_day([hit]))
    state = ProposalState.ACCEPTED if is_relevant else ProposalState.REJECTED
    db.execute(
        update(proposals)
        .where(proposals.c.topic_id == new.topic_id, proposals.c.entry_id == new.entry_id)
        .values(state=state.value, judged_at=now)
    )


def _delete_unreported_hit(db: Db, topic_id: str, entry_id: int) -> None:
    """Delete a hit that only a judgement made, unless a digest has reported it."""
    reported = exists().where(digest_items.c.hit_id == hits.c.id)
    deleted_hit = db.execute(
        delete(hits)
        .where(hits.c.topic_id == topic_id, hits.c.entry_id == entry_id)
        .where(hits.c.found_by == FoundBy.MEANING.value, ~reported)
        .returning(hits.c.matched_at, hits.c.origin)
    ).first()
    if deleted_hit is not None:
        add_to_hit_counts(db, {(topic_id, f"{deleted_hit.matched_at:%Y-%m-%d}", deleted_hit.origin): -1})


def _read_judgement(row: RowMapping) -> Judgement:
    return Judgement(
        id=row["id"],
        topic_id=row["topic_id"],
        entry_id=row["entry_id"],
        verdict=Verdict(row["verdict"]),
        author=row["author"],
        judged_at=row["judged_at"],
        topic_version=row["topic_version"],
        text=row["text"],
        vector=row["vector"] if row["is_current"] else None,
    )
