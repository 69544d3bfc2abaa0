"""List queries of requests, for the API and the pages alike."""

from __future__ import annotations

from dataclasses import replace

from watcher.app.listing import LAST_VISIT, ListQuery, RawListQuery, parse_list_query
from watcher.app.proposals import ProposalQuery, RawProposalQuery, parse_proposal_query
from watcher.errors import NotFoundError, UsageError
from watcher.store.triage.readers import load_reader
from watcher.web.context import WebContext


def parse_request_query(ctx: WebContext, raw: RawListQuery, person: str) -> ListQuery:
    """Parse a list's query for a person; an unknown topic is an error of the request, not a missing page.

    Raises UsageError, QueryError, and BusyError while inflections of the search are being loaded.
    """
    if raw.reader is None and (raw.unread or raw.starred or LAST_VISIT in {raw.since, raw.until}):
        with ctx.app.database.read() as db:
            raw = replace(raw, reader=load_reader(db, person, ctx.now))
    topic_ids = [topic.id for topic in ctx.app.settings.topics]
    try:
        return parse_list_query(raw, topic_ids, ctx.now, lambda text: ctx.parse_query(text).query)
    except NotFoundError as error:
        raise UsageError(str(error)) from error


def parse_proposals_query(ctx: WebContext, raw: RawProposalQuery) -> ProposalQuery:
    """Parse the query of a list of proposals; raises what `parse_request_query` raises."""
    topic_ids = [topic.id for topic in ctx.app.settings.topics]
    try:
        return parse_proposal_query(raw, topic_ids, ctx.now, lambda text: ctx.parse_query(text).query)
    except NotFoundError as error:
        raise UsageError(str(error)) from error
