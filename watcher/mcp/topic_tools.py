"""Tools over topics: what is watched for, why a report matches or not, queries tried out, drafts, proposals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from mcp.types import CallToolResult
from pydantic import Field

from watcher.app.bootstrap import App
from watcher.app.deadlines import Deadline
from watcher.app.listing import parse_period
from watcher.app.lookup import look_up_proposal, look_up_topic, look_up_topics
from watcher.app.proposals import RawProposalQuery, find_proposals, parse_proposal_query_with_sets
from watcher.app.query_trial import compare_with_topic, draft_from_text, explain_match, search_for_query
from watcher.contract.assistant import (
    DraftedTopics,
    ExplainedEntry,
    FoundProposals,
    KnownTopics,
    OneProposal,
    OneTopic,
    TriedQuery,
)
from watcher.contract.citations import cite_explanation, cite_proposal, cite_query_diff, cite_tested_archive
from watcher.contract.proposals import encode_proposals
from watcher.errors import UsageError
from watcher.mcp.inputs import (
    MAX_DRAFT_CHARACTERS,
    MAX_ID,
    STORABLE,
    Cursor,
    Id,
    Limit,
    Query,
    Since,
    TopicId,
    Topics,
    Until,
)
from watcher.mcp.limits import ANALYSIS_TIME, LIST_TIME
from watcher.mcp.replies import begin_answer, count, describe_citation, describe_end, make_reply, name_fields, quote

State = Literal["open", "accepted", "rejected", "superseded", "expired"]
_NoId = Annotated[int, Field(ge=0, le=MAX_ID)]


class TopicTools:
    """Tools over the topics of one open application."""

    def __init__(self, app: App, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock

    def list_topics(self) -> Annotated[CallToolResult, KnownTopics]:
        """List the topics that are watched for, with how many hits each has. Ask this first: other tools take ids."""
        now = self._clock()
        answer: KnownTopics = {**begin_answer(now, []), "topics": look_up_topics(self._app, now)}
        return make_reply(
            answer,
            lambda known: [
                f"{count(len(known['topics']), 'topic')}.",
                *(f"- {topic['id']}: {topic['name']}, {count(topic['hits'], 'hit')}" for topic in known["topics"]),
            ],
        )

    def get_topic(self, topic: TopicId) -> Annotated[CallToolResult, OneTopic]:
        """Read one topic: its query as written and as parsed, its sentences, its sets and earlier versions."""
        now = self._clock()
        answer: OneTopic = {**begin_answer(now, []), "topic": look_up_topic(self._app, topic, now)}
        return make_reply(
            answer,
            lambda answer: [f"Topic {answer['topic']['id']}: {answer['topic']['name']}.", answer["topic"]["query"]],
        )

    def explain_match(
        self,
        topic: Annotated[
            str, Field(max_length=20_000, description="A topic's id, or a query in the topic language"), STORABLE
        ],
        entry: Annotated[_NoId, Field(description="The report's number; or name a hit")] = 0,
        hit: Annotated[_NoId, Field(description="The hit's number, instead of the report's")] = 0,
    ) -> Annotated[CallToolResult, ExplainedEntry]:
        """Explain why a report matches a topic, clause by clause with the words that prove it; or why it does not, and
        which single changes to the query would let it match."""
        explained = explain_match(self._app, topic, entry_id=entry or None, hit_id=hit or None)
        answer = begin_answer(self._clock(), [*name_fields("entry"), "clause", "nearest"])
        return make_reply(cite_explanation(explained, answer), _describe_explanation)

    def try_query(
        self,
        query: Query,
        topic: Annotated[TopicId, Field(description="Compare with this topic's query: gained and lost")] = "",
        since: Since = "90d",
        until: Until = "",
        limit: Limit = 10,
    ) -> Annotated[CallToolResult, TriedQuery]:
        """Try a query on the stored reports without changing anything: how many it matches and the newest of them;
        beside a topic, what it would gain and lose, and how many lost hits a person had judged relevant."""
        now = self._clock()
        if not query.strip():
            raise UsageError("the query is empty")
        begin, end = parse_period(since or None, until or None, now)
        answer = begin_answer(now, [*name_fields("matches[]"), *name_fields("gained[]"), *name_fields("lost[]")])
        if topic:
            diff = compare_with_topic(self._app, topic, query, begin, end, limit=limit, span=ANALYSIS_TIME)
            return make_reply(cite_query_diff(diff, answer), _describe_diff)
        tested = search_for_query(self._app, query, begin, end, limit=limit, span=LIST_TIME)
        return make_reply(cite_tested_archive(tested, answer), _describe_trial)

    def draft_topic(
        self,
        text: Annotated[
            str,
            Field(max_length=MAX_DRAFT_CHARACTERS, description="An article; its first line is its title"),
            STORABLE,
        ],
        limit: Annotated[int, Field(ge=1, le=12, description="The most to propose")] = 6,
        since: Since = "90d",
    ) -> Annotated[CallToolResult, DraftedTopics]:
        """Propose topics from a text, with how many stored reports each would match. Nothing is stored: a person puts a
        topic into the configuration. They are drafts from counting words; try and refine them."""
        now = self._clock()
        begin, _end = parse_period(since or None, None, now)
        drafts = draft_from_text(self._app, text, "a text", begin, limit=limit, span=ANALYSIS_TIME)
        fields = ("name", "description", "query", "about", "why")
        answer: DraftedTopics = {**begin_answer(now, name_fields("topics[]", fields)), "topics": drafts}
        return make_reply(answer, _describe_drafts)

    def list_proposals(
        self,
        topics: Topics = [],  # noqa: B006 (never changed; the schema shows it)
        query: Query = "",
        states: Annotated[list[State], Field(max_length=5, description="Only in these states")] = ["open"],  # noqa: B006
        since: Since = "",
        until: Until = "",
        limit: Limit = 20,
        cursor: Cursor = "",
    ) -> Annotated[CallToolResult, FoundProposals]:
        """List proposals: reports that may belong to a topic by their meaning and that no word proves, newest first."""
        now = self._clock()
        raw = RawProposalQuery(
            search=query or None, topics=topics, states=states, since=since, until=until, limit=limit,
            cursor=cursor or None,
        )  # fmt: skip
        settings = self._app.settings
        parsed = parse_proposal_query_with_sets(raw, (topic.id for topic in settings.topics), now, settings.sets)
        with self._app.database.read() as db:
            page = encode_proposals(find_proposals(db, parsed, Deadline(LIST_TIME).is_over))
        answer: FoundProposals = {
            **begin_answer(now, [*name_fields("proposals[].entry"), "proposals[].near_to"]),
            "proposals": [cite_proposal(proposal) for proposal in page["proposals"]],
            "next_cursor": page["next_cursor"],
            "searched_back_to": page["searched_back_to"],
        }
        return make_reply(answer, _describe_proposals)

    def get_proposal(self, proposal: Id) -> Annotated[CallToolResult, OneProposal]:
        """Read one proposal: its topic, its report, and what of the topic it resembles."""
        answer: OneProposal = {
            **begin_answer(self._clock(), [*name_fields("proposal.entry"), "proposal.near_to"]),
            "proposal": cite_proposal(look_up_proposal(self._app, proposal)),
        }
        return make_reply(
            answer,
            lambda answer: [
                f"Proposal {answer['proposal']['id']} for {answer['proposal']['topic']}, "
                f"{answer['proposal']['state']}:",
                describe_citation(answer["proposal"]["entry"]),
            ],
        )


def _describe_explanation(answer: ExplainedEntry) -> list[str]:
    name = answer["topic"] or "the query"
    verb = "matches" if answer["matched"] else "does not match"
    lines = [f"Entry {answer['entry']['entry']} {verb} {name}.", describe_citation(answer["entry"])]
    lines += [
        f"- {passage['clause']}: {passage['field']} has {quote(passage['text'])}"
        for passage in answer["entry"]["quotes"][:10]
    ]
    return [*lines, *(f"- would match with {quote(change)}" for change in answer["nearest"][:5])]


def _describe_trial(answer: TriedQuery) -> list[str]:
    head = f"The query matches {answer['count']:,} of {count(answer['tested'], 'stored report')}; the newest:"
    ends = describe_end(None, answer["searched_back_to"])
    return [head, *(f"- {describe_citation(entry)}" for entry in answer["matches"]), *ends]


def _describe_diff(answer: TriedQuery) -> list[str]:
    return [
        f"Beside {answer['topic']}, of {count(answer['tested'], 'stored report')}: {answer['kept']} kept, "
        f"{answer['gained_count']} gained, {answer['lost_count']} lost ({answer['lost_relevant']} judged relevant).",
        *(f"- gained: {describe_citation(entry)}" for entry in answer["gained"]),
        *(f"- lost: {describe_citation(entry)}" for entry in answer["lost"]),
    ]


def _describe_drafts(answer: DraftedTopics) -> list[str]:
    if not answer["topics"]:
        return ["Nothing stands out in this text: try a longer one."]
    lines = [f"{count(len(answer['topics']), 'draft')}; nothing is stored."]
    for topic in answer["topics"]:
        match_count = f", matches {topic['matched']} of {topic['tested']} stored reports" if topic["tested"] else ""
        lines.append(f"- {topic['id']}{match_count}")
    return lines


def _describe_proposals(answer: FoundProposals) -> list[str]:
    head = f"{count(len(answer['proposals']), 'proposal')}." if answer["proposals"] else "No proposal was found."
    lines = [
        f"- proposal {line['id']} for {line['topic']} ({line['state']}), {describe_citation(line['entry'])}"
        for line in answer["proposals"]
    ]
    return [head, *lines, *describe_end(answer["next_cursor"], answer["searched_back_to"])]
