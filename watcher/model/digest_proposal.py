"""An item that only meaning found, as a digest shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watcher.model.meaning import ProposalEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestProposal:
    """An item that only meaning found, as a digest shows it; `topic` is the topic's name.

    `carrying` are the item's words that are nearest to what `evidence` names of the topic.
    """

    proposal_id: int
    entry_id: int
    topic_id: str
    topic: str
    title: str
    url: str | None
    source: str
    language: str | None
    first_seen_at: datetime
    proposed_at: datetime
    score: float
    evidence: tuple[ProposalEvidence, ...] = ()
    carrying: str = ""
