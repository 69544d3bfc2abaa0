"""What the topic in the builder would find: in the page, and while it is typed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from watcher.app.deadlines import REQUEST_TIME, Deadline
from watcher.app.listing import parse_time
from watcher.app.topic_preview import MeaningPreview, preview_sentences, preview_words
from watcher.contract.problems import QueryCheck
from watcher.errors import BusyError, EncoderFault, EncoderUnavailable, QueryError, TooLongError, UsageError
from watcher.model.topic import Topic
from watcher.settings.edit_topics import replace_sentences
from watcher.topics.named_query import NamedQuery
from watcher.topics.preview import QueryPreview
from watcher.web.context import Ctx, WebContext
from watcher.web.forms import SubmittedForm
from watcher.web.pages.topic_form import PERIODS, Draft, parse_draft_query, read_draft
from watcher.web.render.environment import format_count

router = APIRouter(include_in_schema=False)
MAX_CHANGES = 8
"""So many gained and so many lost items are listed."""
MAX_SHOWN_CHARACTERS = 400
"""Characters of the parsed query that are shown."""
EXPECTED = (QueryError, UsageError, BusyError, TooLongError)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsFound:
    """What the words of a draft find, as a template shows it; `period` is how far back, in words."""

    preview: QueryPreview
    period: str


@router.post("/workbench/preview")
async def preview_draft(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Return what the draft in the builder finds, while it is typed: by words, or by its sentences (`part`)."""
    draft = await run_in_threadpool(read_draft, ctx, form)
    if form.get("part") == "sentences":
        return await run_in_threadpool(_preview_sentences, request, ctx, draft)
    return await run_in_threadpool(_preview_words, request, ctx, draft)


def search_words(ctx: WebContext, draft: Draft, named: NamedQuery | None, time: timedelta) -> WordsFound:
    """Return what the words of a draft find, as far back as the time allows. Raises UsageError."""
    preview = preview_words(
        ctx.app, find_topic_of(ctx, draft), named.query if named else None, parse_time(draft.since, ctx.now),
        limit=MAX_CHANGES, is_over=Deadline(time).is_over,
    )  # fmt: skip
    return WordsFound(preview=preview, period=PERIODS.get(draft.since, draft.since))


def search_sentences(ctx: WebContext, draft: Draft, named: NamedQuery | None, since: datetime) -> MeaningPreview | None:
    """Return what the sentences of a draft propose; raises what `preview_sentences` raises."""
    known = find_topic_of(ctx, draft)
    return preview_sentences(
        ctx.app, known, build_topic(draft, known), named.query if named else None, since, ctx.now, limit=MAX_CHANGES
    )


def build_topic(draft: Draft, known: Topic | None) -> Topic:
    """Return the topic of a draft, with what the builder does not edit as it is stored."""
    base = known or Topic(id=draft.id or "draft", name=draft.name, query=draft.query)
    topic = replace(base, query=draft.query)
    return replace_sentences(topic, draft.sentences) if draft.sentences is not None else topic


def find_topic_of(ctx: WebContext, draft: Draft) -> Topic | None:
    """Return the stored topic that a draft changes; None for a new one."""
    topic_id = draft.opened or draft.id
    return next((topic for topic in ctx.app.settings.topics if topic.id == topic_id), None)


def format_effect(words_found: WordsFound) -> str:
    """Return what saving does, in a few words: `Gains 4, loses 2 (1 judged relevant)`."""
    preview = words_found.preview
    if not preview.is_compared:
        return f"Finds {format_count(preview.count, 'item')} in the last {words_found.period}"
    if not preview.gained_count and not preview.lost_count:
        return (
            f"Finds the same as the saved topic: {format_count(preview.count, 'item')} in the last {words_found.period}"
        )
    judged = preview.lost_labels.get("relevant", 0)
    warning = f" ({judged} judged relevant)" if judged else ""
    return f"Gains {preview.gained_count}, loses {preview.lost_count}{warning}"


def _preview_words(request: Request, ctx: WebContext, draft: Draft) -> Response:
    check: QueryCheck = {"ok": True, "said": ""}
    words_found: WordsFound | None = None
    try:
        if draft.fault is not None:
            raise draft.fault
        named = parse_draft_query(ctx, draft) if not draft.is_empty else None
        if named is not None:
            check["said"] = "Read as " + named.format_node(named.query.root, MAX_SHOWN_CHARACTERS)
        words_found = search_words(ctx, draft, named, REQUEST_TIME)
    except QueryError as error:
        check = {"ok": False, "said": error.explanation, "line": error.line, "column": error.column}
    except EXPECTED as error:
        check = {"ok": False, "said": str(error)}
    page = ctx.render_page(request, "_found_words.html", words_found=words_found, draft=draft, check=check)
    return JSONResponse(
        {
            "html": bytes(page.body).decode(),
            "check": check,
            "query": draft.query,
            "boxes": asdict(draft.boxes) if draft.boxes is not None else None,
            "effect": format_effect(words_found) if words_found is not None and not draft.is_empty else "",
        }
    )


def _preview_sentences(request: Request, ctx: WebContext, draft: Draft) -> Response:
    sentences_found: MeaningPreview | None = None
    reason = ""
    try:
        named = ctx.parse_query(draft.query) if draft.has_query else None
        sentences_found = search_sentences(ctx, draft, named, parse_time(draft.since, ctx.now))
    except (EncoderUnavailable, EncoderFault) as error:
        reason = str(error)
    except (QueryError, UsageError, TooLongError):
        pass  # shown beside what the words find
    page = ctx.render_page(request, "_found_sentences.html", sentences_found=sentences_found, unread=reason)
    return JSONResponse({"html": bytes(page.body).decode()})
