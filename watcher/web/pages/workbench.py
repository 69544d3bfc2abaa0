"""The topic builder: a query beside what it matches, gains, loses, costs and may miss; and saving it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from watcher.app.listing import parse_time
from watcher.errors import BusyError, ConfigError, QueryError, TooLongError, UsageError, WatcherError
from watcher.match import compile_topics
from watcher.model.topic import Topic
from watcher.settings.edit_topics import format_topic_yaml, save_topic
from watcher.text.written_values import NAME
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.cost import measure_cost
from watcher.topics.diff import diff_queries
from watcher.topics.evaluation import TopicScore, evaluate_topics
from watcher.topics.examples import iter_judged_examples
from watcher.topics.named_query import NamedQuery, get_named_query
from watcher.topics.probe import probe_topic
from watcher.topics.query_test import search_archive
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.deadlines import ANALYSIS_TIME, Deadline
from watcher.web.forms import SubmittedForm
from watcher.web.reload import reload_configuration

router = APIRouter(include_in_schema=False)
MAX_ENTRIES = 25
"""Entries that each result lists."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """What the editor contains, and the results of its last analysis: `look` is try, cost, probe or measure."""

    id: str = ""
    name: str = ""
    query: str = ""
    since: str = "30d"
    look: str = ""
    fault: WatcherError | None = None
    yaml: str = ""
    results: dict[str, Any] = field(default_factory=dict)


@router.get("/workbench")
def show_workbench(request: Request, ctx: Ctx, topic: str = "", query: str = "", saved: str = "") -> Response:
    """Open the topic builder on a topic, on a search, or empty."""
    known = _find_topic(ctx, topic)
    draft = Draft(
        id=topic if known else "", name=known.name if known else "", query=query or (known.query if known else "")
    )
    return _render_workbench(request, ctx, draft, saved=saved)


@router.post("/workbench")
async def analyse_or_save_topic(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Analyse the query in the editor, or save it as a topic."""
    draft = Draft(
        id=form.get("id").strip(), name=form.get("name").strip(), query=form.get("query"),
        since=form.get("since").strip() or "30d", look=form.get("look"),
    )  # fmt: skip
    if draft.look == "save":
        return await _save_draft(request, ctx, draft)
    # The analysis has a deadline of its own, which stops between entries and keeps the results; this one stops inside
    # of an entry, and loses them.
    get_match_budget(request).allow(1.5 * ANALYSIS_TIME)
    await run_in_threadpool(_analyse_draft, ctx, draft)
    return _render_workbench(request, ctx, draft, 400 if draft.fault else 200)


async def _save_draft(request: Request, ctx: WebContext, draft: Draft) -> Response:
    try:
        if not NAME.fullmatch(draft.id):
            raise UsageError("A topic needs an id: letters, digits, `-`, `_` and `.`, at most 64.")
        await run_in_threadpool(ctx.parse_query, draft.query)
        draft.yaml = format_topic_yaml(draft.id, draft.name, draft.query)
        settings = ctx.app.settings
        await run_in_threadpool(save_topic, settings.folder, ctx.app.environ, draft.id, draft.name, draft.query)
        await reload_configuration(ctx)
    except (UsageError, QueryError, ConfigError, BusyError) as error:
        draft.fault = error
        return _render_workbench(request, ctx, draft, 400)
    return RedirectResponse(f"/workbench?topic={draft.id}&saved=1", 303)


def _analyse_draft(ctx: WebContext, draft: Draft) -> None:
    try:
        named = ctx.parse_query(draft.query)
        since = parse_time(draft.since, ctx.now)
        _run_analysis(ctx, draft, named, since, Deadline(ANALYSIS_TIME))
    except (QueryError, UsageError, BusyError, TooLongError) as error:
        draft.fault = error


def _run_analysis(ctx: WebContext, draft: Draft, named: NamedQuery, since: datetime, deadline: Deadline) -> None:
    database, known, results = ctx.app.database, _find_topic(ctx, draft.id), draft.results
    scan = ArchiveScan(database, since, on_progress=deadline.on_progress)
    match draft.look:
        case "cost":
            results["cost"] = measure_cost(scan, draft.id, named)
        case "probe":
            results["probe"] = probe_topic(scan, draft.id, named, limit=MAX_ENTRIES)
        case "measure":
            results["score"] = _score_draft(ctx, draft, deadline)
        case _:
            results["tested"] = search_archive(
                ArchiveScan(database, since), named.query, limit=MAX_ENTRIES, is_over=deadline.is_over
            )
            if known is not None and known.has_query:
                saved = get_named_query(ctx.app.watched, known.id).query
                results["diff"] = diff_queries(scan, known.id, saved, named.query, limit=MAX_ENTRIES)


def _score_draft(ctx: WebContext, draft: Draft, deadline: Deadline) -> TopicScore:
    """Return how good the query is on every hit of the topic that a person judged."""
    topic = Topic(id=draft.id or "draft", name=draft.name, query=draft.query)
    watched = compile_topics([topic], ctx.app.settings.sets)
    examples = iter_judged_examples(ctx.app.database)
    return evaluate_topics(watched, deadline.iterate(examples), [topic.id])[topic.id]


def _find_topic(ctx: WebContext, topic_id: str) -> Topic | None:
    return next((topic for topic in ctx.app.settings.topics if topic.id == topic_id), None)


def _render_workbench(request: Request, ctx: WebContext, draft: Draft, status: int = 200, saved: str = "") -> Response:
    return ctx.render_page(
        request, "workbench.html", status,
        draft=draft, results=draft.results, known=_find_topic(ctx, draft.id), saved=bool(saved),
        sets=ctx.app.settings.sets,
    )  # fmt: skip
