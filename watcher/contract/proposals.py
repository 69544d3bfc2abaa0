"""Proposals: items that a topic's meaning found, and judgements of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from typing_extensions import TypedDict

from watcher.contract.entries import Entry, encode_entry
from watcher.contract.timestamps import format_timestamp
from watcher.model import meaning as model
from watcher.model.entry import StoredEntry
from watcher.model.page import Page
from watcher.model.results import StoredProposal


class ProposalEvidence(TypedDict):
    """What a proposal rests on.

    `text` is the topic's sentence, its example or the judged item that it is nearest to; the words of the item that
    carry it are code points [start, end) of the field's text.
    """

    kind: Literal["sentence", "example", "judged"]
    text: str
    field: str
    start: int
    end: int


class Proposal(TypedDict):
    """An item that may belong to a topic by its meaning. (topic, entry) is unique.

    `score` and `evidence` are of `head_version`, what the topic had learned then, with the vectors of `model`.
    `judged_by` is who judged it as `state` says; null where nobody did, or nobody with a name.
    """

    id: int
    topic: str
    score: float
    state: Literal["open", "accepted", "rejected", "superseded", "expired"]
    proposed_at: str
    model: str
    head_version: str
    entry: Entry
    evidence: list[ProposalEvidence]
    judged_by: str | None


class ProposalList(TypedDict):
    """A page of proposals, the newest first.

    `searched_back_to` is set where the search stopped early; `next_cursor` continues it.
    """

    proposals: list[Proposal]
    next_cursor: str | None
    searched_back_to: str | None


class LabelledProposal(TypedDict):
    """A proposal's number and its judgement from now on, null where it was taken back; `hit` is what it became."""

    id: int
    topic: str
    label: Literal["relevant", "irrelevant"] | None
    state: Literal["open", "accepted", "rejected", "superseded", "expired"]
    hit: int | None


def encode_proposal(stored: StoredProposal) -> Proposal:
    """Return a proposal with its entry."""
    proposal = stored.proposal
    return {
        "id": proposal.id,
        "topic": proposal.topic_id,
        "score": round(proposal.score, 4),
        "state": proposal.state.value,
        "proposed_at": format_timestamp(proposal.proposed_at),
        "model": proposal.model,
        "head_version": proposal.head_version,
        "entry": encode_entry(stored.stored),
        "evidence": encode_proposal_evidence(_keep_within(proposal.evidence, stored.stored)),
        "judged_by": stored.judged_by,
    }


def encode_proposals(page: Page[StoredProposal]) -> ProposalList:
    """Return a page of proposals in its order."""
    return {
        "proposals": [encode_proposal(stored) for stored in page.items],
        "next_cursor": page.next_cursor,
        "searched_back_to": format_timestamp(page.searched_back_to),
    }


def encode_proposal_evidence(evidence: Iterable[model.ProposalEvidence]) -> list[ProposalEvidence]:
    """Return what a proposal rests on."""
    return [
        {
            "kind": resemblance.kind.value,
            "text": resemblance.text,
            "field": resemblance.field,
            "start": resemblance.start,
            "end": resemblance.end,
        }
        for resemblance in evidence
    ]


def _keep_within(evidence: Iterable[model.ProposalEvidence], stored: StoredEntry) -> list[model.ProposalEvidence]:
    """Return evidence whose place lies within the stored text: an edit may have shortened it."""
    item = stored.entry.item
    lengths = {"title": len(item.title), "summary": len(item.summary), "content": len(item.content)}
    return [
        replace(
            resemblance,
            start=min(resemblance.start, lengths.get(resemblance.field, 0)),
            end=min(resemblance.end, lengths.get(resemblance.field, 0)),
        )
        for resemblance in evidence
    ]
