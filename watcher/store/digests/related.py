"""The proposals that a digest shows: those made since its last one, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from watcher.model.digest_proposal import DigestProposal
from watcher.model.meaning import ProposalState
from watcher.model.results import StoredProposal
from watcher.model.subscription import Subscription
from watcher.model.topic import Topic
from watcher.store.database import Db
from watcher.store.meaning.proposals import ProposalFilters, list_best_proposals
from watcher.store.system.key_values import get_value, set_value
from watcher.store.tables import proposals


@dataclass(frozen=True, slots=True)
class NewProposals:
    """The proposals that a digest shows, and the newest that it considered: the next digest begins after it."""

    shown: tuple[DigestProposal, ...] = ()
    newest_id: int = 0


def find_new_proposals(
    db: Db, subscription: Subscription, topics: Sequence[Topic], since: datetime, *, again: bool = False
) -> NewProposals:
    """Return the best open proposals since a moment of each topic of a digest, at most its budget, topic by topic.

    Those up to the newest that an earlier digest of the name considered are left out, unless `again`. Ids are in order
    of commit.
    """
    newest_id = int(db.execute(select(func.max(proposals.c.id))).scalar() or 0)
    before = 0 if again else int(get_value(db, f"proposals:{subscription.name}") or 0)
    shown: list[DigestProposal] = []
    for topic in topics:
        if topic.proposals is None or (subscription.topics and topic.id not in subscription.topics):
            continue
        filters = ProposalFilters(topics=(topic.id,), states=(ProposalState.OPEN,), since=since, after_id=before)
        shown += [_show(stored, topic) for stored in list_best_proposals(db, filters, limit=topic.proposals)]
    return NewProposals(tuple(shown), newest_id)


def record_shown_proposals(db: Db, name: str, considered: NewProposals) -> None:
    """Record which proposals a digest has considered: the next one begins after them."""
    if considered.newest_id:
        set_value(db, f"proposals:{name}", str(considered.newest_id))


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
