"""Possibly related: what topics' meaning proposes, to be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams

from watcher.app.proposals import (
    STATES,
    ProposalQuery,
    RawProposalQuery,
    TopicBudget,
    find_proposals,
    is_meaning_on,
    list_budgets,
)
from watcher.errors import BusyError, QueryError, UsageError, WatcherError
from watcher.model.meaning import ProposalState
from watcher.model.results import Page, StoredProposal
from watcher.model.triage import TargetKind
from watcher.store.meaning.proposals import ProposalFilters, list_proposals
from watcher.store.triage.readers import load_reader
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.listing import parse_proposals_query
from watcher.web.pages.list_query import validate_texts
from watcher.web.pages.row_marks import list_people, list_view_lines, load_row_marks

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 30
MAX_SHOWN = 5
"""Open proposals that the list of hits and a topic's page show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalsQuery:
    """A query of the page as typed, and parsed. `fault` is its error; then the query restricts nothing."""

    typed: dict[str, Any]
    query: ProposalQuery
    fault: WatcherError | None = None


@router.get("/proposals")
def show_proposals(request: Request, ctx: Ctx) -> Response:
    """Show the proposals, newest first: those that are open, or in the state that was asked for."""
    question = _parse_query(ctx, request.query_params)
    page: Page[StoredProposal] = Page(items=())
    fault = question.fault
    with ctx.app.database.read() as db:
        if fault is None:
            try:
                page = find_proposals(db, question.query, get_match_budget(request).is_spent)
            except UsageError as error:
                fault = error
        budgets = list_budgets(db, ctx.app.settings, ctx.now)
        reader = load_reader(db, get_person(request).name, ctx.now)
        marks = load_row_marks(db, TargetKind.PROPOSAL, [proposal.id for proposal in page.items], reader)
    return ctx.render_page(
        request,
        "proposals_list.html" if request.query_params.get("fragment") == "1" else "proposals.html",
        400 if fault else 200,
        typed=question.typed,
        fault=fault,
        marks=marks,
        people=list_people(ctx),
        views=list_view_lines(ctx, reader),
        page=page,
        budgets=budgets,
        states=STATES,
        topics=ctx.app.settings.topics,
        is_on=is_meaning_on(ctx.app.settings),
    )


def get_related(ctx: WebContext, topic_ids: tuple[str, ...]) -> dict[str, Any]:
    """Return the open proposals of some topics (empty: of all), the newest few, with their budgets and number."""
    filters = ProposalFilters(topics=topic_ids, states=(ProposalState.OPEN,))

    def load() -> tuple[Sequence[StoredProposal], Mapping[str, TopicBudget]]:
        """Read them."""
        with ctx.app.database.read() as db:
            return list_proposals(db, filters, limit=MAX_SHOWN).items, list_budgets(db, ctx.app.settings, ctx.now)

    shown, budgets = ctx.get_unchanged(("related", topic_ids), load)
    topic_budgets = [budget for budget in budgets.values() if not topic_ids or budget.topic_id in topic_ids]
    return {"related": shown, "related_count": sum(budget.open for budget in topic_budgets), "budgets": topic_budgets}


def _parse_query(ctx: WebContext, params: QueryParams) -> ProposalsQuery:
    typed: dict[str, Any] = {"topic": [value for value in params.getlist("topic") if value.strip()][:50]}
    for name in ("q", "state", "since", "until", "cursor"):
        typed[name] = (params.get(name) or "").strip() or None
    state = typed["state"] or ProposalState.OPEN.value
    try:
        validate_texts(typed)
        raw = RawProposalQuery(
            search=typed["q"],
            topics=typed["topic"],
            states=() if state == "all" else (state,),
            since=typed["since"],
            until=typed["until"],
            limit=PAGE_SIZE,
            cursor=typed["cursor"],
        )
        return ProposalsQuery(typed=typed, query=parse_proposals_query(ctx, raw))
    except (UsageError, QueryError, BusyError) as error:
        return ProposalsQuery(typed=typed, query=ProposalQuery(limit=PAGE_SIZE), fault=error)
