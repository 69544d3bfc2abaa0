"""Proposals that words have found since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CursorResult, exists, tuple_, update

from watcher.model.meaning import ProposalState
from watcher.model.topic import FoundBy
from watcher.store.database import Db
from watcher.store.tables import hits, proposals


def supersede_proposals(db: Db, matched_pairs: Iterable[tuple[str, int]] | None = None) -> int:
    """Close the open proposals that words have found, of some (topic, entry) or of all; return how many."""
    pairs = None if matched_pairs is None else list(matched_pairs)
    if pairs is not None and not pairs:
        return 0
    by_words = exists().where(
        hits.c.topic_id == proposals.c.topic_id,
        hits.c.entry_id == proposals.c.entry_id,
        hits.c.found_by == FoundBy.WORDS.value,
    )
    closed = update(proposals).where(proposals.c.state == ProposalState.OPEN.value, by_words)
    if pairs is not None:
        closed = closed.where(tuple_(proposals.c.topic_id, proposals.c.entry_id).in_(pairs))
    done: CursorResult[Any] = db.execute(closed.values(state=ProposalState.SUPERSEDED.value))
    return done.rowcount
