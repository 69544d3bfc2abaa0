"""The topic builder: a query and sentences beside what they find, gain, lose, cost and may miss; and saving them."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from watcher.app.configuration.topics import bring_in_hits, save_edited_topic
from watcher.app.deadlines import Deadline
from watcher.app.listing import parse_time
from watcher.app.proposals import is_meaning_on
from watcher.app.topic_trial import find_meaning_misses
from watcher.errors import (
    BusyError,
    ConfigError,
    ConflictError,
    EncoderFault,
    EncoderUnavailable,
    QueryError,
    TooLongError,
    UsageError,
)
from watcher.match import compile_topics
from watcher.model.person import Role
from watcher.model.topic import Topic
from watcher.settings.edit_topics import format_topic_yaml, hash_topic, load_saved_topic
from watcher.text.written_values import NAME
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.cost import measure_cost
from watcher.topics.evaluation import TopicScore, evaluate_topics
from watcher.topics.examples import iter_judged_examples
from watcher.topics.named_query import NamedQuery
from watcher.topics.probe import probe_topic
from watcher.topics.sentence_query import draft_query
from watcher.web.auth.person import get_person
from watcher.web.auth.roles import require_role
from watcher.web.context import Ctx, WebContext, get_match_budget
from watcher.web.deadlines import ANALYSIS_TIME
from watcher.web.editing import make_editor, save_edit
from watcher.web.forms import SubmittedForm
from watcher.web.pages.edits import get_saved, redirect_saved
from watcher.web.pages.topic_form import (
    PERIODS,
    Draft,
    find_boxes,
    get_sentences,
    make_topic_edit,
    open_draft,
    parse_draft_query,
    read_draft,
)
from watcher.web.pages.topic_preview import (
    build_topic,
    find_topic_of,
    format_effect,
    search_sentences,
    search_words,
)

router = APIRouter(include_in_schema=False)
MAX_ENTRIES = 25
"""Entries that each result lists."""


@router.get("/workbench")
def show_workbench(request: Request, ctx: Ctx, topic: str = "", query: str = "") -> Response:
    """Open the topic builder on a topic, on a search, or empty."""
    known = next((configured for configured in ctx.app.settings.topics if configured.id == topic), None)
    return _render_workbench(request, ctx, open_draft(ctx, known, query))


@router.post("/workbench")
async def analyse_or_save_topic(request: Request, ctx: Ctx, form: SubmittedForm) -> Response:
    """Analyse the query in the builder, save it as a topic, or show what another form drafted."""
    # The analysis has a deadline of its own, which stops between entries and keeps the results; this one stops inside
    # of an entry, and loses them.
    get_match_budget(request).allow(1.5 * ANALYSIS_TIME)
    # A reader may try a topic, as in the API; to save one, or to write it by hand, is an editor's.
    if form.get("look") == "save":
        require_role(get_person(request), Role.EDITOR)
    draft = await run_in_threadpool(read_draft, ctx, form)
    if draft.fault is None:
        if draft.look == "save":
            return await _save_draft(request, ctx, draft)
        await run_in_threadpool(_analyse_draft, ctx, draft)
    return _render_workbench(request, ctx, draft, 400 if draft.fault else 200)


async def _save_draft(request: Request, ctx: WebContext, draft: Draft) -> Response:
    try:
        if not draft.id and (draft.opened or not draft.name):
            raise UsageError("A topic needs a name." if not draft.opened else "A topic needs an id.")
        if draft.id and not NAME.fullmatch(draft.id):
            raise UsageError("The id of a topic is made of letters, digits, `-`, `_` and `.`, at most 64.")
        await run_in_threadpool(parse_draft_query, ctx, draft)
        draft.yaml = format_topic_yaml(draft.id or draft.name, draft.name, draft.query, draft.sentences)
        topic_id, edit = draft.opened or draft.id, make_topic_edit(draft)
        topic_id, version = await save_edit(
            ctx, "page", lambda editor: save_edited_topic(editor, topic_id, edit, draft.was)
        )
    except ConflictError:
        settings = ctx.app.settings
        draft.saved = await run_in_threadpool(
            load_saved_topic, settings.folder, ctx.app.environ, draft.opened or draft.id
        )
        # Saving once more replaces what is shown beside the draft, and nothing newer than that.
        draft.was = hash_topic(draft.saved)
        return _render_workbench(request, ctx, draft, 409)
    except (UsageError, QueryError, ConfigError, BusyError) as error:
        draft.fault = error
        return _render_workbench(request, ctx, draft, 400)
    brought_in = await run_in_threadpool(bring_in_hits, ctx.app, topic_id, draft.bring_in, make_editor(ctx, "page"))
    ctx.clear_cache()
    return redirect_saved(version, "/workbench", topic=topic_id, brought=brought_in["hits"] if brought_in else None)


def _analyse_draft(ctx: WebContext, draft: Draft) -> None:
    # What another form drafted is only shown, and words are only filled in: neither searches anything.
    try:
        if draft.look == "draft":
            return
        if draft.look == "words":
            _fill_in_words(ctx, draft)
        since = parse_time(draft.since, ctx.now)
        named = parse_draft_query(ctx, draft)
        if draft.look in ("cost", "probe", "measure"):
            if named is not None:
                _run_analysis(ctx, draft, named, since, Deadline(ANALYSIS_TIME))
        else:
            words_found = search_words(ctx, draft, named, ANALYSIS_TIME)
            draft.results |= {"words": words_found, "effect": format_effect(words_found)}
        _compare_by_meaning(ctx, draft, named, since)
    except (QueryError, UsageError, BusyError, TooLongError) as error:
        draft.fault = error


def _fill_in_words(ctx: WebContext, draft: Draft) -> None:
    """Write a query of the distinctive words of the draft's sentences. Raises UsageError and QueryError."""
    sentences = draft.sentences["about"] if draft.sentences else ()
    if not sentences:
        raise UsageError("Write a sentence first, under “It is about”.")
    queries = [draft_query(sentence) for sentence in sentences]
    draft.query = queries[0] if len(queries) == 1 else " OR ".join(f"({query})" for query in queries)
    draft.boxes = find_boxes(ctx, draft.query)


def _run_analysis(ctx: WebContext, draft: Draft, named: NamedQuery, since: datetime, deadline: Deadline) -> None:
    scan = ArchiveScan(ctx.app.database, since, on_progress=deadline.on_progress)
    match draft.look:
        case "cost":
            draft.results["cost"] = measure_cost(scan, draft.id, named)
        case "probe":
            draft.results["probe"] = probe_topic(scan, draft.id, named, limit=MAX_ENTRIES)
        case _:
            draft.results["score"] = _score_draft(ctx, draft, deadline)


def _compare_by_meaning(ctx: WebContext, draft: Draft, named: NamedQuery | None, since: datetime) -> None:
    """Add what the sentences find that words do not, and what a change of them gains and loses."""
    try:
        if draft.look == "probe":
            query = named.query if named else None
            topic = build_topic(draft, find_topic_of(ctx, draft))
            misses = find_meaning_misses(ctx.app, topic, query, since, ctx.now, limit=MAX_ENTRIES)
            draft.results |= {"by_meaning": misses} if misses is not None else {}
        elif draft.look not in ("cost", "measure"):
            draft.results["sentences"] = search_sentences(ctx, draft, named, since)
    except (EncoderUnavailable, EncoderFault) as error:
        draft.results["unread"] = str(error)


def _score_draft(ctx: WebContext, draft: Draft, deadline: Deadline) -> TopicScore:
    """Return how good the query is on every hit of the topic that a person judged."""
    topic = Topic(id=draft.id or "draft", name=draft.name, query=draft.query)
    matcher = compile_topics([topic], ctx.app.settings.sets)
    examples = iter_judged_examples(ctx.app.database)
    return evaluate_topics(matcher, deadline.iterate(examples), [topic.id])[topic.id]


def _render_workbench(request: Request, ctx: WebContext, draft: Draft, status: int = 200) -> Response:
    known = find_topic_of(ctx, draft)
    digests = [digest for digest in ctx.app.settings.subscriptions if not digest.topics or draft.id in digest.topics]
    return ctx.render_page(
        request, "workbench.html", status,
        draft=draft, results=draft.results, known=known, saved=get_saved(request, ctx),
        brought=request.query_params.get("brought", "")[:9], sets=ctx.app.settings.sets, periods=PERIODS,
        shown=draft.sentences or get_sentences(known), in_digests=bool(digests),
        saved_yaml=_format_saved(draft.saved), is_meaning_on=is_meaning_on(ctx.app.settings),
    )  # fmt: skip


def _format_saved(topic: Topic | None) -> str:
    """Return a topic of the file as YAML; empty where there is none."""
    return format_topic_yaml(topic.id, topic.name, topic.query, get_sentences(topic)) if topic is not None else ""
