"""Topics: what is watched for, and what a query would match."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from watcher.app.deadlines import REQUEST_TIME, Deadline
from watcher.app.learning import describe_learning
from watcher.app.listing import parse_time
from watcher.app.topic_encoding import (
    encode_tested_archive,
    encode_tested_text,
    encode_topic,
    encode_topic_detail,
)
from watcher.app.topics import find_topic
from watcher.contract.topics import TestedArchive, TestedText, TopicDetail, TopicList
from watcher.errors import UsageError
from watcher.match import format_query
from watcher.model.entry import Item
from watcher.text.language_detection import with_language
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.examples import build_example_entry
from watcher.topics.named_query import NamedQuery, get_named_query
from watcher.topics.overview import get_topic_overview, list_topic_overviews, list_used_sets
from watcher.topics.query_test import explain_entry, search_archive
from watcher.web.api.problems import TOO_LONG
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.editing import make_editor
from watcher.web.validation import Text

router = APIRouter(tags=["topics"])


class TopicTest(BaseModel):
    """A query (or a topic's) to test on a text, or on the stored entries since a time.

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

    @property
    def has_text(self) -> bool:
        return any(part is not None for part in (self.text, self.title, self.summary, self.content))


@router.get("/topics")
def list_topics(ctx: Ctx) -> TopicList:
    """List the configured topics with what they matched."""
    with ctx.app.database.read() as db:
        summaries = list_topic_overviews(db, ctx.app.matcher, ctx.now)
    return {"topics": [encode_topic(summary) for summary in summaries]}


@router.get("/topics/{topic_id}")
def get_topic(response: Response, ctx: Ctx, topic_id: Annotated[str, Path(max_length=200)]) -> TopicDetail:
    """Get a topic: its query as written and as parsed, and all its versions. Its ETag is that of its settings."""
    topic, sets = find_topic(ctx.app.settings.topics, topic_id), ctx.app.settings.sets
    with ctx.app.database.read() as db:
        response.headers["ETag"] = f'"{make_editor(ctx, "api").make_etag(topic)}"'
        summary, versions = get_topic_overview(db, ctx.app.matcher, topic.id, ctx.now)
        learning = describe_learning(db, topic)
    parsed = format_query(ctx.app.matcher.query(topic.id)) if topic.has_query else ""
    used = {name: sets[name] for name in list_used_sets(topic.query, sets)}
    return encode_topic_detail(summary, versions, learning, parsed, used)


@router.post("/topics/test", responses=TOO_LONG)
def test_topic(request: Request, ctx: Ctx, test: TopicTest) -> TestedArchive | TestedText:
    """Test a query on a text, or on the stored entries as far back as time allows."""
    named = _parse_query(ctx, test)
    if test.has_text:
        content = "\n".join(part for part in (test.text, test.content) if part)
        item = Item(title=test.title or "", summary=test.summary or "", content=content, language=test.language)
        get_match_budget(request).allow(REQUEST_TIME)
        return encode_tested_text(explain_entry(named, build_example_entry(with_language(item))))
    since = parse_time(test.since, ctx.now) if test.since else None
    scan = ArchiveScan(ctx.app.database, since)
    tested = search_archive(scan, named.query, limit=test.limit, is_over=Deadline().is_over)
    return encode_tested_archive(tested)


def _parse_query(ctx: WebContext, test: TopicTest) -> NamedQuery:
    if (test.query is None) == (test.topic is None):
        raise UsageError("name either a `topic` or a `query`")
    if test.topic is not None:
        return get_named_query(ctx.app.matcher, find_topic(ctx.app.settings.topics, test.topic).id)
    if not (test.query or "").strip():
        raise UsageError("the query is empty")
    return ctx.parse_query(test.query or "")
