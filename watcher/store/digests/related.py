"""The proposals that a digest shows: those made since its last one, each once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from watcher.model.digest import DigestProposal
from watcher.model.meaning import ProposalState
from watcher.model.results import StoredProposal
from watcher.model.topic import Topic
from watcher.store.database import Db
from watcher.store.meaning.proposals import ProposalFilters, list_best_proposals
from watcher.store.system.key_values import get_value, set_value
from watcher.store.tables import proposals


def get_newest_proposal_id(db: Db) -> int:
    """Return the id of the newest proposal, 0 where there is none. Ids are in order of commit."""
    return int(db.execute(select(func.max(proposals.c.id))).scalar() or 0)


def get_reported_mark(db: Db, name: str) -> int:
    """Return the id up to which a digest has shown proposals."""
    return int(get_value(db, f"proposals:{name}") or 0)


def set_reported_mark(db: Db, name: str, proposal_id: int) -> None:
    """Record that a digest has shown the proposals up to this id."""
    set_value(db, f"proposals:{name}", str(proposal_id))


def load_digest_proposals(
    db: Db, topics: Sequence[Topic], since: datetime, *, after_id: int
) -> tuple[DigestProposal, ...]:
    """Return the best open proposals of each topic, at most its budget, in the order of the topics."""
    found: list[DigestProposal] = []
    for topic in topics:
        if topic.proposals is None:
            continue
        filters = ProposalFilters(topics=(topic.id,), states=(ProposalState.OPEN,), since=since, after_id=after_id)
        found += [_show(stored, topic) for stored in list_best_proposals(db, filters, limit=topic.proposals)]
    return tuple(found)


def _show(stored: StoredProposal, topic: Topic) -> DigestProposal:
    """Return what a digest shows of a proposal."""
    proposal, entry = stored.proposal, stored.stored
    item = entry.entry.item
    nearest = proposal.evidence[0] if proposal.evidence else None
    texts = {"title": item.title, "summary": item.summary, "content": item.content}
    carrying = texts.get(nearest.field, "")[nearest.start : nearest.end] if nearest is not None else ""
    return DigestProposal(
        proposal_id=proposal.id,
        entry_id=entry.id,
        topic_id=topic.id,
        topic=topic.name or topic.id,
        title=item.title or (item.summary or item.content)[:120] or item.url or "(no headline)",
        url=item.url,
        source=entry.entry.source or "unknown outlet",
        language=item.language,
        first_seen_at=entry.first_seen_at,
        proposed_at=proposal.proposed_at,
        score=proposal.score,
        evidence=proposal.evidence,
        carrying=carrying.strip(),
    )
