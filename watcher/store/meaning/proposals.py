"""Proposals: entries that a topic's meaning proposes, at most its budget a day, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, RowMapping, Select, bindparam, delete, func, insert, select, tuple_, update

from watcher.errors import NotFoundError
from watcher.model.meaning import Judgement, Proposal, ProposalEvidence, ProposalState, ReferenceKind, Verdict
from watcher.model.page import Page
from watcher.model.results import StoredProposal
from watcher.model.triage import Reader, TargetKind
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.entries.mapping import read_entry_row, select_entries
from watcher.store.entries.queries import MAX_ENTRY_ID
from watcher.store.meaning.judgements import NewJudgement, add_judgement, undo_judgement
from watcher.store.meaning.judges import select_judge
from watcher.store.sql.dialect import acquire_lock
from watcher.store.tables import embedding_models, hits, judgements, proposals
from watcher.store.tables import entries as entry_table
from watcher.store.triage.marks import is_unread

MAX_COUNTED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProposal:
    """An entry that a topic's meaning would propose; `topic_version` is the hash of the topic's sentences."""

    topic_id: str
    entry_id: int
    score: float
    head_version: str
    topic_version: str
    evidence: tuple[ProposalEvidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBudget:
    """How many proposals a topic may have in a day, which began at `since`."""

    limit: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalFilters:
    """Which proposals a list is about; empty means all. `since` and `until` bound `proposed_at`: [since, until)."""

    topics: tuple[str, ...] = ()
    states: tuple[ProposalState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    after_id: int = 0


def add_proposals(
    db: Db, model_id: int, new: Sequence[NewProposal], budgets: Mapping[str, DayBudget], now: datetime
) -> tuple[NewProposal, ...]:
    """Store proposals within each topic's budget for the day, best first; return those that were stored.

    An entry that is proposed, judged or a hit of the topic already is left out. Where the day is full, a better one
    takes the place of the day's weakest that is still open.
    """
    if not new:
        return ()
    acquire_lock(db, "proposals")
    known = _find_known(db, new)
    added: list[NewProposal] = []
    for proposal in sorted(new, key=lambda proposal: (-proposal.score, proposal.entry_id)):
        budget = budgets.get(proposal.topic_id)
        if budget is None or (proposal.topic_id, proposal.entry_id) in known:
            continue
        if _make_room(db, proposal, budget):
            db.execute(insert(proposals).values(_build_row(proposal, model_id, now)))
            added.append(proposal)
    return tuple(added)


def list_proposals(
    db: Db, filters: ProposalFilters | None = None, *, limit: int = 50, cursor: str | None = None
) -> Page[StoredProposal]:
    """List proposals with their entries, newest first. Raises UsageError for a bad cursor."""
    place = parse_cursor("proposals", cursor)
    below = int(place[0]) if place else MAX_ENTRY_ID
    chosen = _filter(_select(), filters or ProposalFilters()).where(proposals.c.id < below)
    rows = db.execute(chosen.order_by(proposals.c.id.desc()).limit(limit + 1)).mappings().all()
    listed = tuple(_read_proposal(row) for row in rows[:limit])
    next_cursor = format_cursor("proposals", listed[-1].proposal.id) if len(rows) > limit else None
    return Page(items=listed, next_cursor=next_cursor)


def list_proposals_of_entry(db: Db, entry_id: int) -> tuple[StoredProposal, ...]:
    """List what an entry was proposed for, newest first."""
    return tuple(_read_proposal(row) for row in db.execute(_OF_ENTRY, {"entry": entry_id}).mappings())


def list_best_proposals(db: Db, filters: ProposalFilters, *, limit: int) -> tuple[StoredProposal, ...]:
    """List the proposals with the highest scores among those that pass the filters."""
    chosen = _filter(_select(), filters).order_by(proposals.c.score.desc(), proposals.c.id).limit(limit)
    return tuple(_read_proposal(row) for row in db.execute(chosen).mappings())


def get_proposal(db: Db, proposal_id: int) -> StoredProposal:
    """Return one proposal; raises NotFoundError."""
    row = db.execute(_select().where(proposals.c.id == proposal_id)).mappings().first()
    if row is None:
        raise NotFoundError("proposal", str(proposal_id))
    return _read_proposal(row)


def count_proposals(db: Db, filters: ProposalFilters | None = None) -> Mapping[str, Mapping[str, int]]:
    """Count proposals: topic to state to number."""
    chosen = _filter(select(proposals.c.topic_id, proposals.c.state, func.count()), filters or ProposalFilters())
    counts: dict[str, dict[str, int]] = {}
    for topic_id, state, count in db.execute(chosen.group_by(proposals.c.topic_id, proposals.c.state)):
        counts.setdefault(topic_id, {})[state] = int(count)
    return counts


def count_unread_proposals(db: Db, filters: ProposalFilters, reader: Reader) -> int:
    """Count the unread proposals among the newest MAX_COUNTED that pass the filters."""
    newest = _filter(select(proposals.c.id, proposals.c.proposed_at), filters).order_by(proposals.c.id.desc())
    window = newest.limit(MAX_COUNTED).subquery()
    unread = is_unread(reader, TargetKind.PROPOSAL, window.c.id, window.c.proposed_at)
    return int(db.execute(select(func.count()).select_from(window).where(unread)).scalar_one())


def label_proposal(
    db: Db, proposal_id: int, verdict: Verdict | None, now: datetime, *, author: str | None = None
) -> Judgement | None:
    """Judge a proposal for its topic, or take the judgement back (None). Judged relevant, it becomes a hit.

    Raises NotFoundError.
    """
    stored = get_proposal(db, proposal_id)
    proposal = stored.proposal
    if verdict is None:
        undo_judgement(db, proposal.topic_id, proposal.entry_id, now)
        return None
    new = NewJudgement(
        topic_id=proposal.topic_id,
        entry_id=proposal.entry_id,
        verdict=verdict,
        topic_version=stored.topic_version,
        author=author,
        score=proposal.score,
    )
    return add_judgement(db, new, now)


def load_open_proposals(db: Db, topic_id: str, *, limit: int = 5_000) -> tuple[Proposal, ...]:
    """Return the open proposals of a topic, the newest `limit`."""
    filters = ProposalFilters(topics=(topic_id,), states=(ProposalState.OPEN,))
    return tuple(stored.proposal for stored in list_proposals(db, filters, limit=limit).items)


def rescore_proposals(db: Db, model_id: int, rescored: Sequence[NewProposal]) -> None:
    """Store new scores and evidence of open proposals; judged ones stay as they are."""
    for proposal in rescored:
        row = _build_row(proposal, model_id, None)
        changed = {name: row[name] for name in ("score", "head_version", "topic_version", "model_id", "evidence")}
        db.execute(
            update(proposals)
            .where(proposals.c.topic_id == proposal.topic_id, proposals.c.entry_id == proposal.entry_id)
            .where(proposals.c.state == ProposalState.OPEN.value)
            .values(changed)
        )


def withdraw_proposals(db: Db, topic_id: str, entry_ids: Iterable[int]) -> int:
    """Delete open proposals that a changed topic or another model would not make; judged ones stay."""
    ids = tuple(entry_ids)
    if not ids:
        return 0
    open_ones = proposals.c.topic_id == topic_id, proposals.c.state == ProposalState.OPEN.value
    done: CursorResult[Any] = db.execute(delete(proposals).where(*open_ones, proposals.c.entry_id.in_(ids)))
    return done.rowcount


def expire_proposals(db: Db, before: datetime) -> int:
    """Close the open proposals that were made before a moment; return how many."""
    old = proposals.c.state == ProposalState.OPEN.value, proposals.c.proposed_at < before
    done: CursorResult[Any] = db.execute(update(proposals).where(*old).values(state=ProposalState.EXPIRED.value))
    return done.rowcount


def _find_known(db: Db, new: Sequence[NewProposal]) -> frozenset[tuple[str, int]]:
    """Return which (topic, entry) are proposed, judged or hits already, or name an entry that is gone."""
    pairs = sorted({(proposal.topic_id, proposal.entry_id) for proposal in new})
    known: set[tuple[str, int]] = set()
    for table in (proposals, hits, judgements):
        chosen = select(table.c.topic_id, table.c.entry_id).where(tuple_(table.c.topic_id, table.c.entry_id).in_(pairs))
        if table is judgements:
            chosen = chosen.where(judgements.c.undone_at.is_(None))
        known |= {(row.topic_id, row.entry_id) for row in db.execute(chosen)}
    ids = {entry_id for _topic_id, entry_id in pairs}
    there = frozenset(db.execute(select(entry_table.c.id).where(entry_table.c.id.in_(ids))).scalars())
    return frozenset(known | {pair for pair in pairs if pair[1] not in there})


def _make_room(db: Db, proposal: NewProposal, budget: DayBudget) -> bool:
    """Return whether the topic's day has room for a proposal, where need be in place of a weaker one."""
    today = proposals.c.topic_id == proposal.topic_id, proposals.c.proposed_at >= budget.since
    count = db.execute(select(func.count()).select_from(proposals).where(*today)).scalar_one()
    if count < budget.limit:
        return True
    weakest = db.execute(
        select(proposals.c.id, proposals.c.score)
        .where(*today, proposals.c.state == ProposalState.OPEN.value)
        .order_by(proposals.c.score, proposals.c.id.desc())
        .limit(1)
    ).first()
    if weakest is None or weakest.score >= proposal.score:
        return False
    db.execute(delete(proposals).where(proposals.c.id == weakest.id))
    return True


_WHOLE = (
    select_entries()
    .join(proposals, proposals.c.entry_id == entry_table.c.id)
    .outerjoin(embedding_models, embedding_models.c.id == proposals.c.model_id)
    .add_columns(
        proposals.c.id.label("proposal_id"),
        proposals.c.topic_id,
        proposals.c.score,
        proposals.c.state.label("proposal_state"),
        proposals.c.proposed_at,
        proposals.c.head_version,
        proposals.c.topic_version,
        proposals.c.evidence,
        proposals.c.judged_at,
        select_judge(proposals, proposals.c.judged_at.is_not(None)),
        func.coalesce(embedding_models.c.name, "").label("model_name"),
    )
)


_OF_ENTRY = _WHOLE.where(proposals.c.entry_id == bindparam("entry")).order_by(proposals.c.id.desc())


def _select() -> Select[Any]:
    return _WHOLE


def _filter(chosen: Select[Any], filters: ProposalFilters) -> Select[Any]:
    if filters.topics:
        chosen = chosen.where(proposals.c.topic_id.in_(filters.topics))
    if filters.states:
        chosen = chosen.where(proposals.c.state.in_([state.value for state in filters.states]))
    if filters.since is not None:
        chosen = chosen.where(proposals.c.proposed_at >= filters.since)
    if filters.until is not None:
        chosen = chosen.where(proposals.c.proposed_at < filters.until)
    if filters.after_id:
        chosen = chosen.where(proposals.c.id > filters.after_id)
    return chosen


def _build_row(proposal: NewProposal, model_id: int, now: datetime | None) -> dict[str, Any]:
    evidence = [[e.kind.value, e.text, e.field, e.start, e.end] for e in proposal.evidence]
    return {
        "topic_id": proposal.topic_id,
        "entry_id": proposal.entry_id,
        "score": proposal.score,
        "state": ProposalState.OPEN.value,
        "proposed_at": now,
        "model_id": model_id,
        "head_version": proposal.head_version,
        "topic_version": proposal.topic_version,
        "evidence": json.dumps(evidence, ensure_ascii=False),
    }


def _read_proposal(row: RowMapping) -> StoredProposal:
    evidence = tuple(
        ProposalEvidence(kind=ReferenceKind(kind), text=text, field=field, start=start, end=end)
        for kind, text, field, start, end in json.loads(row["evidence"])
    )
    proposal = Proposal(
        id=row["proposal_id"],
        topic_id=row["topic_id"],
        entry_id=row["id"],
        score=row["score"],
        state=ProposalState(row["proposal_state"]),
        proposed_at=row["proposed_at"],
        model=row["model_name"],
        head_version=row["head_version"],
        evidence=evidence,
    )
    return StoredProposal(
        proposal=proposal,
        stored=read_entry_row(row),
        topic_version=row["topic_version"],
        judged_at=row["judged_at"],
        judged_by=row["judged_by"],
    )
