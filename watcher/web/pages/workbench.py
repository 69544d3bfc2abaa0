"""The workbench: a query beside what it matches, gains, loses, costs and may be missing; and saving it."""

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
from watcher.topics.evaluation import evaluate_topics
from watcher.topics.examples import iter_judged_examples
from watcher.topics.named_query import NamedQuery, get_named_query
from watcher.topics.probe import probe_topic
from watcher.topics.query_test import search_archive
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.deadlines import LONG_PATIENCE, Deadline
from watcher.web.forms import Filled
from watcher.web.reload import reload_now

router = APIRouter(include_in_schema=False)
LOOKS = ("try", "cost", "probe", "measure")
SHOWN = 25


@dataclass(slots=True, kw_only=True)
class Draft:
    """What stands in the editor, and what it was looked at for."""

    id: str = ""
    name: str = ""
    query: str = ""
    since: str = "30d"
    look: str = ""
    fault: WatcherError | None = None
    yaml: str = ""
    found: dict[str, Any] = field(default_factory=dict)


@router.get("/workbench")
def start(request: Request, ctx: Ctx, topic: str = "", query: str = "", saved: str = "") -> Response:
    """Open the workbench on a topic, on a search, or empty."""
    known = _topic(ctx, topic)
    draft = Draft(
        id=topic if known else "", name=known.name if known else "", query=query or (known.query if known else "")
    )
    return _show(request, ctx, draft, saved=saved)


@router.post("/workbench")
async def work(request: Request, ctx: Ctx, form: Filled) -> Response:
    """Try what stands in the editor, or save it."""
    draft = Draft(
        id=form.get("id").strip(), name=form.get("name").strip(), query=form.get("query"),
        since=form.get("since").strip() or "30d", look=form.get("look"),
    )  # fmt: skip
    if draft.look == "save":
        return await _save(request, ctx, draft)
    # The deadline of a look stops between entries, and may show what it found; this one stops inside of one.
    get_match_budget(request).allow(1.5 * LONG_PATIENCE)
    await run_in_threadpool(_look, ctx, draft)
    return _show(request, ctx, draft, 400 if draft.fault else 200)


async def _save(request: Request, ctx: WebContext, draft: Draft) -> Response:
    try:
        if not NAME.fullmatch(draft.id):
            raise UsageError("a topic needs an id: letters, digits, `-`, `_` and `.`, at most 64")
        await run_in_threadpool(ctx.read, draft.query)
        draft.yaml = format_topic_yaml(draft.id, draft.name, draft.query)
        settings = ctx.app.settings
        await run_in_threadpool(save_topic, settings.folder, ctx.app.environ, draft.id, draft.name, draft.query)
        await reload_now(ctx)
    except (UsageError, QueryError, ConfigError, BusyError) as error:
        draft.fault = error
        return _show(request, ctx, draft, 400)
    return RedirectResponse(f"/workbench?topic={draft.id}&saved=1", 303)


def _look(ctx: WebContext, draft: Draft) -> None:
    try:
        named = ctx.read(draft.query)
        since = parse_time(draft.since, ctx.now)
        _find(ctx, draft, named, since, Deadline(LONG_PATIENCE))
    except (QueryError, UsageError, BusyError, TooLongError) as error:
        draft.fault = error


def _find(ctx: WebContext, draft: Draft, named: NamedQuery, since: datetime, deadline: Deadline) -> None:
    database, known = ctx.app.database, _topic(ctx, draft.id)
    scan = ArchiveScan(database, since, on_progress=deadline.heard)
    match draft.look:
        case "cost":
            draft.found["cost"] = measure_cost(scan, draft.id, named)
        case "probe":
            draft.found["probe"] = probe_topic(scan, draft.id, named, limit=SHOWN)
        case "measure":
            draft.found["score"] = _measured(ctx, draft, deadline)
        case _:
            draft.found["tested"] = search_archive(
                ArchiveScan(database, since), named.query, limit=SHOWN, is_over=deadline.is_over
            )
            if known is not None:
                before = get_named_query(ctx.app.watched, known.id).query
                draft.found["diff"] = diff_queries(scan, known.id, before, named.query, limit=SHOWN)


def _measured(ctx: WebContext, draft: Draft, deadline: Deadline) -> Any:
    """Hold the query against every hit of the topic that a person judged."""
    topic = Topic(id=draft.id or "draft", name=draft.name, query=draft.query)
    watched = compile_topics([topic], ctx.app.settings.sets)
    examples = iter_judged_examples(ctx.app.database)
    return evaluate_topics(watched, deadline.spread(examples), [topic.id])[topic.id]


def _topic(ctx: WebContext, topic_id: str) -> Topic | None:
    return next((each for each in ctx.app.settings.topics if each.id == topic_id), None)


def _show(request: Request, ctx: WebContext, draft: Draft, status: int = 200, saved: str = "") -> Response:
    return ctx.page(
        request, "workbench.html", status,
        draft=draft, found=draft.found, known=_topic(ctx, draft.id), saved=bool(saved), sets=ctx.app.settings.sets,
    )  # fmt: skip
