"""The API under /api/v1: routes return the models of `contract`, so OpenAPI documents what is sent."""

from fastapi import APIRouter, Depends

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

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Depends(refuse_unknown_parameters)])
for part in (
    hits, proposals, entries, stories, story_briefs, topics, topic_edits, topic_trials, feeds, feed_edits,
    digests, digest_edits, channels, status, configuration, setup, people, account, own_digests,
    triage, notes, views,
):  # fmt: skip
    router.include_router(part.router)

__all__ = ["router"]
