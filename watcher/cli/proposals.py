"""proposals: what topics' meaning found, listed and judged."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import output, render_entry
from watcher.cli.help import Commands
from watcher.cli.queries import Judgement
from watcher.cli.state import Cursor, Json, Limit, Since, Topics, Until, open_application

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.app.proposals import ProposalQuery, RawProposalQuery
    from watcher.model.page import Page
    from watcher.model.results import StoredProposal

app = Commands(
    help="List items that may belong to a topic by their meaning, and judge them.",
    invoke_without_command=True,
)


class State(StrEnum):
    """The states that `proposals --state` selects."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@app.callback(epilog="Examples:\n\n  watcher proposals --state open\n\n  watcher proposals label 17 relevant")
def proposals(
    context: typer.Context,
    search: Annotated[
        str | None, typer.Option("--search", "-q", metavar="QUERY", help="A query in the topic language.")
    ] = None,
    topic: Topics = None,
    states: Annotated[
        list[State] | None, typer.Option("--state", help="Only proposals in this state; may be repeated.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List items that may belong to a topic by their meaning, newest first."""
    if context.invoked_subcommand is not None:
        return
    from watcher.app.proposals import RawProposalQuery, find_proposals
    from watcher.contract.proposals import encode_proposals

    raw = RawProposalQuery(
        search=search,
        topics=topic or (),
        states=[state.value for state in states or ()],
        since=since,
        until=until,
        limit=limit,
        cursor=cursor,
    )
    with open_application(queries=False) as application:
        query = _parse_query(application, raw)
        with application.database.read() as db:
            page = find_proposals(db, query)
        if as_json:
            output.print_json(encode_proposals(page))
        else:
            _print_proposals(application, page)


@app.command()
def label(
    proposal: Annotated[int, typer.Argument(metavar="ID", help="The proposal's number.")],
    judgement: Annotated[Judgement, typer.Argument(help="Your judgement; `none` takes it back.")],
    as_json: Json = False,
) -> None:
    """Judge a proposal for its topic: relevant makes it a hit, irrelevant teaches the topic."""
    from watcher import clock
    from watcher.app.proposals import judge_proposal
    from watcher.contract.proposals import LabelledProposal

    verdict = judgement.label
    with open_application(queries=False) as application, application.database.write() as db:
        judged = judge_proposal(db, proposal, verdict, clock.now())
    stored = judged.proposal
    labelled: LabelledProposal = {
        "id": proposal,
        "topic": stored.topic_id,
        "label": verdict,
        "state": stored.proposal.state.value,
        "hit": judged.hit_id,
    }
    if as_json:
        output.print_json(labelled)
        return
    became = f", now hit {judged.hit_id}" if judged.hit_id is not None else ""
    output.print_note(f"proposal {proposal} ({stored.topic_id}): {judgement.value}{became}")


def _parse_query(application: App, raw: RawProposalQuery) -> ProposalQuery:
    from watcher import clock
    from watcher.app.proposals import parse_proposal_query_with_sets

    settings = application.settings
    return parse_proposal_query_with_sets(raw, (topic.id for topic in settings.topics), clock.now(), settings.sets)


def _print_proposals(application: App, page: Page[StoredProposal]) -> None:
    from watcher.app.proposals import is_meaning_on

    for stored in page.items:
        render_entry.print_proposal(stored)
    more = f"; more with --cursor {page.next_cursor}" if page.next_cursor else ""
    output.print_note(output.format_count(len(page.items), "proposal") + more)
    if page.searched_back_to is not None:
        output.print_note(f"searched back to {output.format_time(page.searched_back_to)}")
    if not is_meaning_on(application.settings):
        output.print_note("No encoder is configured (meaning.engine), so nothing new is proposed.")
