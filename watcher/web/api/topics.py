"""Topics: what is watched for, and what a query would find."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from watcher.app import topic_views
from watcher.app.listing import find_topic, parse_time
from watcher.errors import UsageError
from watcher.match import format_query
from watcher.model.entry import Item
from watcher.text.language_detection import with_language
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.examples import build_example_entry
from watcher.topics.named_query import NamedQuery, get_named_query
from watcher.topics.overview import get_topic_overview, list_topic_overviews, list_used_sets
from watcher.topics.query_test import explain_entry, search_archive
from watcher.web.api import models
from watcher.web.api.models import TOO_LONG
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.deadlines import PATIENCE, Deadline
from watcher.web.validation import Text

router = APIRouter(tags=["topics"])


class Trial(BaseModel):
    """A query (or a topic's) to try on a text, or on the entries of the archive since a time.

    `text` is read as a body; `title`, `summary` and `content` say which part is which.
    """

    model_config = ConfigDict(extra="forbid")
    query: Text | None = Field(None, max_length=20_000)
    topic: Text | None = Field(None, max_length=64)
    text: Text | None = Field(None, max_length=200_000)
    title: Text | None = Field(None, max_length=2_000)
    summary: Text | None = Field(None, max_length=200_000)
    content: Text | None = Field(None, max_length=200_000)
    language: Text | None = Field(None, max_length=35)
    since: Text | None = Field(None, max_length=100)
    limit: int = Field(100, ge=1, le=1000)


@router.get("/topics", response_model=models.Topics)
def list_topics(ctx: Ctx) -> Response:
    """List the topics that are watched, with what they found."""
    with ctx.app.database.read() as db:
        known = list_topic_overviews(db, ctx.app.watched, ctx.now)
    return JSONResponse({"topics": [topic_views.topic(each) for each in known]})


@router.get("/topics/{topic_id}", response_model=models.WholeTopic)
def get_topic(ctx: Ctx, topic_id: Annotated[str, Path(max_length=200)]) -> Response:
    """Read one topic: its query as written and as read, and every meaning it has had."""
    topic, sets = find_topic(ctx.app.settings.topics, topic_id), ctx.app.settings.sets
    with ctx.app.database.read() as db:
        found, versions = get_topic_overview(db, ctx.app.watched, topic.id, ctx.now)
    parsed = format_query(ctx.app.watched.query(topic.id))
    used = {name: sets[name] for name in list_used_sets(topic.query, sets)}
    return JSONResponse(topic_views.whole_topic(found, versions, parsed, used))


@router.post("/topics/test", response_model=models.Tested | models.TestedText, responses=TOO_LONG)
def test_topic(request: Request, ctx: Ctx, asked: Trial) -> Response:
    """Tell what a query matches: in a text with its clauses, or in the archive, as far back as there is time for."""
    named = _query(ctx, asked)
    if any(part is not None for part in (asked.text, asked.title, asked.summary, asked.content)):
        content = "\n".join(part for part in (asked.text, asked.content) if part)
        item = Item(title=asked.title or "", summary=asked.summary or "", content=content, language=asked.language)
        get_match_budget(request).allow(PATIENCE)
        return JSONResponse(topic_views.trial(explain_entry(named, build_example_entry(with_language(item)))))
    since = parse_time(asked.since, ctx.now) if asked.since else None
    found = search_archive(
        ArchiveScan(ctx.app.database, since), named.query, limit=asked.limit, is_over=Deadline().is_over
    )
    return JSONResponse(topic_views.tested(found))


def _query(ctx: WebContext, asked: Trial) -> NamedQuery:
    if (asked.query is None) == (asked.topic is None):
        raise UsageError("name either a `topic` or a `query`")
    if asked.topic is not None:
        return get_named_query(ctx.app.watched, find_topic(ctx.app.settings.topics, asked.topic).id)
    if not (asked.query or "").strip():
        raise UsageError("the query is empty")
    return ctx.read(asked.query or "")
