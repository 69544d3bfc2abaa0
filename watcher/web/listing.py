"""List queries of requests, for the API and the pages alike."""

from __future__ import annotations

from watcher.app.listing import ListQuery, RawListQuery, parse_list_query
from watcher.app.proposals import ProposalQuery, RawProposalQuery, parse_proposal_query
from watcher.errors import NotFoundError, UsageError
from watcher.web.context import WebContext


def parse_request_query(ctx: WebContext, raw: RawListQuery) -> ListQuery:
    """Parse a list's query; an unknown topic is an error of the request, not a missing page.

    Raises UsageError, QueryError, and BusyError while inflections of the search are being loaded.
    """
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
