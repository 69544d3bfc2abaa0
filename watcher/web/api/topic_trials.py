"""Topics before they are saved: what a query would find, gain and lose, and topics drafted from an article."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from watcher.app.configuration.topics import encode_boxes, read_edited_query
from watcher.app.deadlines import REQUEST_TIME, Deadline
from watcher.app.feeds import complete_address
from watcher.app.listing import parse_time
from watcher.app.query_trial import draft_from_article
from watcher.app.topic_encoding import encode_preview, encode_proposal
from watcher.app.topic_preview import preview_words
from watcher.app.topics import find_topic
from watcher.contract.configuration import TopicEdit
from watcher.contract.topic_analysis import DraftedTopics, TopicPreview
from watcher.errors import ParseError, UsageError
from watcher.text.article import Article, parse_article_text
from watcher.topics.article_source import fetch_article
from watcher.web.api.problems import TOO_LONG
from watcher.web.context import Ctx, WebContext
from watcher.web.validation import Text

router = APIRouter(tags=["topics"])
PERIOD = timedelta(days=30)
Clauses = Annotated[list[Text], Field(max_length=200)]


class WrittenBoxes(BaseModel):
    """A query as three boxes: all of these, any of these, none of these."""

    model_config = ConfigDict(extra="forbid")
    all_of: Clauses = []
    any_of: Clauses = []
    none_of: Clauses = []


class TopicTrial(BaseModel):
    """A query, as text or in boxes, to try on the entries since a time (30 days ago by default), beside a topic's."""

    model_config = ConfigDict(extra="forbid")
    query: Text | None = Field(None, max_length=20_000)
    boxes: WrittenBoxes | None = None
    topic: Text | None = Field(None, max_length=64)
    since: Text | None = Field(None, max_length=100)
    limit: int = Field(20, ge=1, le=200)


class ArticleToDraft(BaseModel):
    """The address of an article, or its text: the first line is its headline."""

    model_config = ConfigDict(extra="forbid")
    article: Text | None = Field(None, max_length=2_000)
    text: Text | None = Field(None, max_length=200_000)
    limit: int = Field(5, ge=1, le=12)


@router.post("/topics/preview", responses=TOO_LONG)
def preview_topic(ctx: Ctx, trial: TopicTrial) -> TopicPreview:
    """Preview a query before it is saved: entries, the stories they give, and what it gains and loses against a topic.

    Looks as far back as time allows.
    """
    known = find_topic(ctx.app.settings.topics, trial.topic) if trial.topic is not None else None
    query = _read_query(trial)
    named = ctx.parse_query(query)
    since = parse_time(trial.since, ctx.now) if trial.since else ctx.now - PERIOD
    preview = preview_words(ctx.app, known, named.query, since, limit=trial.limit, is_over=Deadline().is_over)
    return encode_preview(preview, query, encode_boxes(query))


@router.post("/topics/draft", responses=TOO_LONG)
async def draft_topics_from_article(ctx: Ctx, request: ArticleToDraft) -> DraftedTopics:
    """Draft topics from an article. Nothing is stored; `matched` counts entries of the last 30 days."""
    article, source = await _read_article(ctx, request)
    drafts = await run_in_threadpool(
        draft_from_article, ctx.app, article, source, ctx.now - PERIOD, limit=request.limit, span=REQUEST_TIME
    )
    return {"title": article.title, "topics": [encode_proposal(draft) for draft in drafts]}


def _read_query(trial: TopicTrial) -> str:
    edit: TopicEdit = {}
    if trial.query is not None:
        edit["query"] = trial.query
    if trial.boxes is not None:
        edit["boxes"] = {
            "all_of": trial.boxes.all_of, "any_of": trial.boxes.any_of, "none_of": trial.boxes.none_of,
        }  # fmt: skip
    query = read_edited_query(edit) if edit else ""
    if not query:
        raise UsageError("send a `query` or `boxes` that say what to look for")
    return query


async def _read_article(ctx: WebContext, request: ArticleToDraft) -> tuple[Article, str]:
    """Return the article and what to call it. Raises UsageError."""
    address, text = (request.article or "").strip(), request.text or ""
    if bool(address) == bool(text.strip()):
        raise UsageError("send either the address of an `article` or its `text`")
    if text.strip():
        return parse_article_text(text), "a text"
    if ctx.fetcher is None:
        raise UsageError("nothing can be fetched from this process")
    try:
        url = complete_address(address)
        return await fetch_article(ctx.fetcher, url), url
    except ParseError as error:
        raise UsageError(str(error)) from error
