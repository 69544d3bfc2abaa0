"""Topics drafted from an article: its address, which is fetched through the guard, or its text."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.app.feeds import complete_address
from watcher.app.query_trial import draft_from_article
from watcher.errors import BusyError, ParseError, TooLongError, UsageError, WatcherError
from watcher.text.article import Article, parse_article_text
from watcher.topics.article_source import fetch_article
from watcher.topics.draft import TopicDraft
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.deadlines import ANALYSIS_TIME
from watcher.web.forms import SubmittedForm

router = APIRouter(include_in_schema=False)
PERIOD = timedelta(days=30)
MAX_DRAFTS = 5
MAX_TEXT = 200_000
"""Characters of a text that are read."""
RETRY_AFTER_SECONDS = 5
_drafting = threading.Lock()
"""Held while a topic is drafted: the word forms of some languages take seconds, and much memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedTopics:
    """What was typed, and the topics that it suggests; None where nothing was asked for yet."""

    address: str = ""
    text: str = ""
    title: str = ""
    drafts: tuple[TopicDraft, ...] | None = None


@router.get("/workbench/article")
def show_article_form(request: Request, ctx: Ctx) -> Response:
    """Show the form."""
    return _render_form(request, ctx, DraftedTopics())


@router.post("/workbench/article")
async def draft_topic(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Show topics that an article suggests, each of which the topic builder opens."""
    get_match_budget(request).allow(1.5 * ANALYSIS_TIME)
    address, text = form.get("address").strip(), form.get("text")[:MAX_TEXT]
    typed = DraftedTopics(address=address, text=text)
    try:
        article, source = await _read_article(ctx, address, text)
        drafts = await run_in_threadpool(_draft, ctx, article, source)
    except (UsageError, ParseError, TooLongError, BusyError) as error:
        return _render_form(request, ctx, typed, error)
    return _render_form(request, ctx, DraftedTopics(address=address, text=text, title=article.title, drafts=drafts))


async def _read_article(ctx: WebContext, address: str, text: str) -> tuple[Article, str]:
    """Return the article and what to call it; raises UsageError and ParseError."""
    if bool(address) == bool(text.strip()):
        raise UsageError("Write either the address of an article, or its text.")
    if text.strip():
        return parse_article_text(text), "a text"
    if ctx.fetcher is None:
        raise UsageError("Nothing can be fetched here. Paste the text of the article.")
    url = complete_address(address)
    return await fetch_article(ctx.fetcher, url), url


def _draft(ctx: WebContext, article: Article, source: str) -> tuple[TopicDraft, ...]:
    if not _drafting.acquire(blocking=False):
        raise BusyError("Another topic is being drafted. Try again in a few seconds.", RETRY_AFTER_SECONDS)
    try:
        return draft_from_article(ctx.app, article, source, ctx.now - PERIOD, limit=MAX_DRAFTS, span=ANALYSIS_TIME)
    finally:
        _drafting.release()


def _render_form(
    request: Request, ctx: WebContext, drafted: DraftedTopics, fault: WatcherError | None = None
) -> Response:
    return ctx.render_page(request, "topic_article.html", 400 if fault else 200, drafted=drafted, fault=fault)
