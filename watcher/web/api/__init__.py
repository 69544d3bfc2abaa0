"""The API under /api/v1: routes return the models of `contract`, so OpenAPI documents what is sent."""

from fastapi import APIRouter, Depends
from starlette.routing import Match
from starlette.types import Scope

from watcher.web.api import (
    account,
    channels,
    configuration,
    digest_edits,
    digests,
    entries,
    feed_edits,
    feeds,
    hits,
    notes,
    own_digests,
    people,
    proposals,
    setup,
    status,
    stories,
    story_briefs,
    topic_edits,
    topic_trials,
    topics,
    triage,
    views,
)
from watcher.web.api.parameters import refuse_unknown_parameters
from watcher.web.api.problems import PROBLEMS
from watcher.web.auth.roles import API


class _ApiRouter(APIRouter):
    """The routes of the API, which are not compared one by one with the path of a page."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return what a request matches."""
        return super().matches(scope) if API in scope["path"] else (Match.NONE, {})


router = _ApiRouter(prefix=API, responses=PROBLEMS, dependencies=[Depends(refuse_unknown_parameters)])
for part in (
    hits, proposals, entries, stories, story_briefs, topics, topic_edits, topic_trials, feeds, feed_edits,
    digests, digest_edits, channels, status, configuration, setup, people, account, own_digests,
    triage, notes, views,
):  # fmt: skip
    router.include_router(part.router)

__all__ = ["router"]
