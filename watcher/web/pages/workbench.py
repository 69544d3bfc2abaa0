"""The topic builder: a query and sentences beside what they find, gain, lose, cost and may miss; and saving them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.app.configuration.topics import bring_in_hits, save_edited_topic
from watcher.app.deadlines import Deadline
from watcher.app.listing import parse_time
from watcher.app.proposals import is_meaning_on
from watcher.app.topic_trial import diff_meaning, find_meaning_misses
from watcher.contract.configuration import TopicEdit
from watcher.errors import (
    BusyError,
    ConfigError,
    ConflictError,
    EncoderFault,
    EncoderUnavailable,
    QueryError,
    TooLongError,
    UsageError,
    WatcherError,
)
from watcher.match import compile_topics
from watcher.model.meaning import hash_definition
from watcher.model.topic import Topic
from watcher.settings.edit_topics import format_topic_yaml, hash_topic, load_saved_topic, replace_sentences
from watcher.settings.topics import SENTENCE_KEYS
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
from watcher.web.deadlines import ANALYSIS_TIME
from watcher.web.editing import make_editor, save
from watcher.web.forms import Form, SubmittedForm
from watcher.web.pages.edits import get_saved, redirect_saved

router = APIRouter(include_in_schema=False)
MAX_ENTRIES = 25
"""Entries that each result lists."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """What the editor contains, and the results of its last analysis: `look` is try, cost, probe or measure.

    `opened` is the id of the topic that the editor was opened on, empty for a new one: another `id` renames it. `was`
    is that topic's hash, and `saved` the one that stands in the file where somebody else changed it since. `sentences`
    is None where the form had no fields for them. Saving searches the items of the last `bring_in` days.
    """

    id: str = ""
    opened: str = ""
    name: str = ""
    query: str = ""
    sentences: dict[str, tuple[str, ...]] | None = None
    was: str = ""
    bring_in: int = 0
    since: str = "30d"
    look: str = ""
    fault: WatcherError | None = None
    yaml: str = ""
    saved: Topic | None = None
    results: dict[str, Any] = field(default_factory=dict)


@router.get("/workbench")
def show_workbench(request: Request, ctx: Ctx, topic: str = "", query: str = "") -> Response:
    """Open the topic builder on a topic, on a search, or empty."""
    known = _find_topic(ctx, topic)
    draft = Draft(
        id=topic if known else "", opened=topic if known else "", name=known.name if known else "",
        query=query or (known.query if known else ""), sentences=_get_sentences(known), was=hash_topic(known),
    )  # fmt: skip
    return _render_workbench(request, ctx, draft)


@router.post("/workbench")
async def analyse_or_save_topic(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Analyse the query in the editor, or save it as a topic."""
    draft = Draft(
        id=form.get("id").strip(), opened=form.get("opened").strip(), name=form.get("name").strip(),
        query=form.get("query"), bring_in={"7": 7, "30": 30}.get(form.get("bring_in"), 0),
        since=form.get("since").strip() or "30d", look=form.get("look"), sentences=_read_sentences(form),
        was=form.get("was").strip(),
    )  # fmt: skip
    if draft.look == "save":
        return await _save_draft(request, ctx, draft)
    # The analysis has a deadline of its own, which stops between entries and keeps the results; this one stops inside
    # of an entry, and loses them.
    get_match_budget(request).allow(1.5 * ANALYSIS_TIME)
    await run_in_threadpool(_analyse_draft, ctx, draft)
    return _render_workbench(request, ctx, draft, 400 if draft.fault else 200)


async def _save_draft(request: Request, ctx: WebContext, draft: Draft) -> Response:
    topic_id = draft.opened or draft.id
    try:
        if not NAME.fullmatch(draft.id):
            raise UsageError("A topic needs an id: letters, digits, `-`, `_` and `.`, at most 64.")
        if draft.query.strip() or not _has_sentences(draft):
            await run_in_threadpool(ctx.parse_query, draft.query)
        draft.yaml = format_topic_yaml(draft.id, draft.name, draft.query, draft.sentences)
        edit = _make_edit(draft)
        await save(ctx, "page", lambda editor: save_edited_topic(editor, topic_id, edit, draft.was))
    except ConflictError:
        settings = ctx.app.settings
        draft.saved = await run_in_threadpool(load_saved_topic, settings.folder, ctx.app.environ, topic_id)
        # Saving once more replaces what is shown beside the draft, and nothing newer than that.
        draft.was = hash_topic(draft.saved)
        return _render_workbench(request, ctx, draft, 409)
    except (UsageError, QueryError, ConfigError, BusyError) as error:
        draft.fault = error
        return _render_workbench(request, ctx, draft, 400)
    found = await run_in_threadpool(bring_in_hits, ctx.app, draft.id, draft.bring_in, make_editor(ctx, "page"))
    ctx.clear_cache()
    return await redirect_saved(ctx, "/workbench", topic=draft.id, brought=found["hits"] if found else None)


def _make_edit(draft: Draft) -> TopicEdit:
    """Return what the editor contains as an edit of the topic; without a name it keeps the one that it has."""
    edit: TopicEdit = {"id": draft.id, "query": draft.query}
    if draft.name:
        edit["name"] = draft.name
    for key, sentences in (draft.sentences or {}).items():
        edit[key] = list(sentences)  # type: ignore[literal-required]
    return edit


def _analyse_draft(ctx: WebContext, draft: Draft) -> None:
    try:
        since = parse_time(draft.since, ctx.now)
        named = ctx.parse_query(draft.query) if draft.query.strip() or not _has_sentences(draft) else None
        if named is not None:
            _run_analysis(ctx, draft, named, since, Deadline(ANALYSIS_TIME))
        _compare_by_meaning(ctx, draft, named, since)
    except (QueryError, UsageError, BusyError, TooLongError) as error:
        draft.fault = error


def _run_analysis(ctx: WebContext, draft: Draft, named: NamedQuery, since: datetime, deadline: Deadline) -> None:
    database, known, results = ctx.app.database, _find_topic(ctx, draft.opened or draft.id), draft.results
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


def _compare_by_meaning(ctx: WebContext, draft: Draft, named: NamedQuery | None, since: datetime) -> None:
    """Add what the sentences find that words do not, and what a change of them gains and loses."""
    known, results = _find_topic(ctx, draft.opened or draft.id), draft.results
    topic = _build_topic(draft, known)
    try:
        if draft.look == "probe":
            misses = find_meaning_misses(
                ctx.app, topic, named.query if named else None, since, ctx.now, limit=MAX_ENTRIES
            )
            results |= {"by_meaning": misses} if misses is not None else {}
        elif draft.look not in ("cost", "measure") and hash_definition(topic) != (known and hash_definition(known)):
            change = diff_meaning(ctx.app, known, topic, since, ctx.now, limit=MAX_ENTRIES)
            results |= {"meaning_diff": change} if change is not None else {}
    except (EncoderUnavailable, EncoderFault) as error:
        results["unread"] = str(error)


def _build_topic(draft: Draft, known: Topic | None) -> Topic:
    base = known or Topic(id=draft.id or "draft", name=draft.name, query=draft.query)
    topic = replace(base, query=draft.query)
    return replace_sentences(topic, draft.sentences) if draft.sentences is not None else topic


def _get_sentences(topic: Topic | None) -> dict[str, tuple[str, ...]]:
    return {key: getattr(topic, key) if topic is not None else () for key in SENTENCE_KEYS}


def _read_sentences(form: Form) -> dict[str, tuple[str, ...]] | None:
    """Return the sentences of the form, one on each line; None where it has no fields for them."""
    if not form.get_all("about"):
        return None
    lines = {key: form.get(key).splitlines() for key in SENTENCE_KEYS}
    return {key: tuple(" ".join(line.split()) for line in texts if line.strip()) for key, texts in lines.items()}


def _has_sentences(draft: Draft) -> bool:
    return bool(draft.sentences and (draft.sentences["about"] or draft.sentences["examples"]))


def _score_draft(ctx: WebContext, draft: Draft, deadline: Deadline) -> TopicScore:
    """Return how good the query is on every hit of the topic that a person judged."""
    topic = Topic(id=draft.id or "draft", name=draft.name, query=draft.query)
    watched = compile_topics([topic], ctx.app.settings.sets)
    examples = iter_judged_examples(ctx.app.database)
    return evaluate_topics(watched, deadline.iterate(examples), [topic.id])[topic.id]


def _find_topic(ctx: WebContext, topic_id: str) -> Topic | None:
    return next((topic for topic in ctx.app.settings.topics if topic.id == topic_id), None)


def _render_workbench(request: Request, ctx: WebContext, draft: Draft, status: int = 200) -> Response:
    known = _find_topic(ctx, draft.opened or draft.id)
    return ctx.render_page(
        request, "workbench.html", status,
        draft=draft, results=draft.results, known=known, saved=get_saved(request, ctx),
        brought=request.query_params.get("brought", "")[:9], sets=ctx.app.settings.sets,
        shown=draft.sentences or _get_sentences(known),
        saved_yaml=_format_saved(draft.saved), is_meaning_on=is_meaning_on(ctx.app.settings),
    )  # fmt: skip


def _format_saved(topic: Topic | None) -> str:
    """Return a topic of the file as YAML; empty where there is none."""
    return format_topic_yaml(topic.id, topic.name, topic.query, _get_sentences(topic)) if topic is not None else ""
