"""Proposals: listed, judged, counted against each topic's budget, for the command, the API and the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from watcher.app.listing import RawListQuery, parse_list_query
from watcher.contract.hits import Label
from watcher.errors import UsageError
from watcher.model.encoder import EncoderEngine
from watcher.model.meaning import ProposalState, Verdict
from watcher.model.page import Page
from watcher.model.person import SHELL, Actor
from watcher.model.results import StoredProposal
from watcher.store.database import Db
from watcher.store.hits.labels import find_hit_labels
from watcher.store.meaning.proposals import (
    ProposalFilters,
    count_proposals,
    get_proposal,
    label_proposal,
    list_proposals,
)
from watcher.store.people.audit import add_audit_entry

if TYPE_CHECKING:
    from watcher.match import Query
    from watcher.settings import Settings

STATES = tuple(state.value for state in ProposalState)
MAX_SEARCHED = 2_000
"""One call looks at no more than so many proposals for a search."""
_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RawProposalQuery:
    """What a list of proposals is asked for, as typed; empty means no restriction."""

    search: str | None = None
    topics: Sequence[str] = ()
    states: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalQuery:
    """The filters, search and place of a list of proposals, parsed."""

    filters: ProposalFilters = field(default_factory=ProposalFilters)
    search: Query | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedProposal:
    """A proposal as it was judged, and the hit of its item and topic: null where there is none."""

    proposal: StoredProposal
    hit_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicBudget:
    """How many items were proposed for a topic today, in the configured zone, and how many a day may be."""

    topic_id: str
    today: int
    limit: int | None
    open: int


def parse_proposal_query(
    raw: RawProposalQuery, topic_ids: Iterable[str], now: datetime, parse_search: Callable[[str], Query]
) -> ProposalQuery:
    """Parse the query of a list of proposals.

    Raises NotFoundError for an unknown topic, UsageError for an invalid time or state, and what `parse_search` raises.
    """
    for state in raw.states:
        if state not in STATES:
            raise UsageError(f"{state!r} is not a state. Use one of: {', '.join(STATES)}.")
    parsed = parse_list_query(
        RawListQuery(search=raw.search, topics=raw.topics, since=raw.since, until=raw.until),
        topic_ids, now, parse_search,
    )  # fmt: skip
    filters = ProposalFilters(
        topics=parsed.filters.topics,
        states=tuple(ProposalState(state) for state in raw.states),
        since=parsed.filters.since,
        until=parsed.filters.until,
    )
    return ProposalQuery(filters=filters, search=parsed.search, limit=raw.limit, cursor=raw.cursor)


def parse_proposal_query_with_sets(
    raw: RawProposalQuery, topic_ids: Iterable[str], now: datetime, sets: Mapping[str, str]
) -> ProposalQuery:
    """Parse the query of a list of proposals whose search may use these sets. Raises what `parse_proposal_query` does,
    and QueryError."""

    def parse_search(text: str) -> Query:
        from watcher.match import parse_query  # imported for a search: most lists have none

        return parse_query(text, sets)

    return parse_proposal_query(raw, topic_ids, now, parse_search)


def find_proposals(db: Db, query: ProposalQuery, stop: Callable[[], bool] = lambda: False) -> Page[StoredProposal]:
    """Return a page of proposals, the newest first; a search ends early where `stop` returns True.

    Raises UsageError for a bad cursor.
    """
    if query.search is None:
        return list_proposals(db, query.filters, limit=query.limit, cursor=query.cursor)
    from watcher.match import match_entry  # with the matcher, which lists without a search do without

    proposals: list[StoredProposal] = []
    cursor, searched = query.cursor, 0
    while True:
        page = list_proposals(db, query.filters, limit=_BATCH, cursor=cursor)
        searched += _BATCH
        for stored in page.items:
            if match_entry(query.search, stored.stored) is None:
                continue
            proposals.append(stored)
            if len(proposals) > query.limit:
                return _cut(proposals, query.limit)
        cursor = page.next_cursor
        if cursor is None:
            return Page(items=tuple(proposals))
        if searched >= MAX_SEARCHED or stop():
            break
    return Page(items=tuple(proposals), next_cursor=cursor, searched_back_to=page.items[-1].proposal.proposed_at)


def judge_proposal(db: Db, proposal_id: int, label: Label | None, now: datetime, by: Actor = SHELL) -> JudgedProposal:
    """Record what a person judges a proposal to be for its topic; None takes it back. Raises NotFoundError."""
    label_proposal(db, proposal_id, None if label is None else Verdict(label), now, author=by.person.author)
    proposal = get_proposal(db, proposal_id)
    add_audit_entry(db, by, now, "proposal judged", f"proposal {proposal_id} of {proposal.topic_id}", after=label)
    hit_labels = find_hit_labels(db, proposal.topic_id, [proposal.stored.id])
    return JudgedProposal(proposal=proposal, hit_id=hit_labels[proposal.stored.id][0] if hit_labels else None)


def list_budgets(db: Db, settings: Settings, now: datetime) -> Mapping[str, TopicBudget]:
    """Return the budgets of the topics that propose by meaning, or that have open proposals, by topic id."""
    midnight = now.astimezone(ZoneInfo(settings.meaning.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    today = count_proposals(db, ProposalFilters(since=midnight))
    pending = count_proposals(db, ProposalFilters(states=(ProposalState.OPEN,)))
    is_on = is_meaning_on(settings)
    return {
        topic.id: TopicBudget(
            topic_id=topic.id,
            today=sum(today.get(topic.id, {}).values()),
            limit=topic.proposals if is_on else None,
            open=pending.get(topic.id, {}).get(ProposalState.OPEN.value, 0),
        )
        for topic in settings.topics
        if (is_on and topic.has_meaning) or topic.id in pending
    }


def is_meaning_on(settings: Settings) -> bool:
    """Return whether items are read for meaning: an encoder is configured or installed."""
    return settings.meaning.engine is not EncoderEngine.NONE


def _cut(proposals: list[StoredProposal], limit: int) -> Page[StoredProposal]:
    from watcher.store.cursors import format_cursor

    kept = tuple(proposals[:limit])
    return Page(items=kept, next_cursor=format_cursor("proposals", kept[-1].id))
