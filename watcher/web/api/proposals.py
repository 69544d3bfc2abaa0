"""Proposals: items found by meaning, listed, read, judged."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from watcher.app.proposals import ProposalQuery, RawProposalQuery, find_proposals, judge_proposal
from watcher.contract.hits import Label
from watcher.contract.proposals import LabelledProposal, Proposal, ProposalList, encode_proposal, encode_proposals
from watcher.store.meaning.proposals import get_proposal
from watcher.web.api.hits import LabelUpdate
from watcher.web.api.parameters import Cursor, Limit, Search, Since, Topics, Until, add_next_link
from watcher.web.auth.person import get_actor
from watcher.web.context import Ctx, get_match_budget
from watcher.web.listing import parse_proposals_query
from watcher.web.validation import ProposalId, Text

router = APIRouter(tags=["proposals"])
States = Annotated[
    list[Literal["open", "accepted", "rejected", "superseded", "expired"]] | None,
    Query(description="Only in these states"),
]
_SearchAlias = Annotated[Text | None, Query(description="The same as `q`", max_length=20_000, include_in_schema=False)]


def parse_proposal_parameters(
    ctx: Ctx,
    q: Search = None,
    search: _SearchAlias = None,
    query: _SearchAlias = None,
    topic: Topics = None,
    state: States = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ProposalQuery:
    """Parse the parameters of a list of proposals; raises UsageError, QueryError and BusyError."""
    raw = RawProposalQuery(
        search=q or search or query,
        topics=topic or (),
        states=state or (),
        since=since,
        until=until,
        limit=limit,
        cursor=cursor,
    )
    return parse_proposals_query(ctx, raw)


ProposalParameters = Annotated[ProposalQuery, Depends(parse_proposal_parameters)]


@router.get("/proposals")
def list_proposals(request: Request, response: Response, ctx: Ctx, query: ProposalParameters) -> ProposalList:
    """List items that may belong to a topic by their meaning, newest first, with the sentences that show it."""
    with ctx.app.database.read() as db:
        page = find_proposals(db, query, get_match_budget(request).is_spent)
    add_next_link(request, response, page.next_cursor)
    return encode_proposals(page)


@router.get("/proposals/{proposal_id}")
def read_proposal(ctx: Ctx, proposal_id: ProposalId) -> Proposal:
    """Get a proposal."""
    with ctx.app.database.read() as db:
        return encode_proposal(get_proposal(db, proposal_id))


@router.put("/proposals/{proposal_id}/label")
def put_proposal_label(ctx: Ctx, proposal_id: ProposalId, judgement: LabelUpdate) -> LabelledProposal:
    """Judge a proposal for its topic. Relevant makes it a hit, irrelevant teaches the topic, none takes it back."""
    label: Label | None = None if judgement.label == "none" else judgement.label
    with ctx.app.database.write() as db:
        judged = judge_proposal(db, proposal_id, label, ctx.now, get_actor("api"))
    ctx.clear_cache()
    return {
        "id": proposal_id,
        "topic": judged.proposal.topic_id,
        "label": label,
        "state": judged.proposal.proposal.state.value,
        "hit": judged.hit_id,
    }
