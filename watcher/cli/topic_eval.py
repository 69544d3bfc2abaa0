"""topics eval: precision and recall of topics on labelled items."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import args, output
from watcher.cli.help import Commands
from watcher.cli.state import Json, Topics, load_settings, open_application, state
from watcher.cli.topic_analysis import TopicOverview

if TYPE_CHECKING:
    from watcher.app.eval_background import ArchiveBackground
    from watcher.app.topic_meaning import MeaningMeasurement
    from watcher.contract.topic_analysis import Evaluation, Score
    from watcher.match import TopicMatcher
    from watcher.settings import Settings
    from watcher.topics.evaluation import TopicScore
    from watcher.topics.examples import Example

app = Commands()


@app.command(
    "eval",
    epilog="Examples:\n\n  watcher topics eval --labels labels.jsonl\n\n"
    "  watcher topics eval --labels labels.jsonl --min-recall 0.9 --min-precision 0.9    exit code 1 below\n\n"
    "  watcher topics eval --labels labels.jsonl --topic five-eyes --query '\"five eyes\"'    a query not yet saved\n\n"
    'A labels file has a JSON object on each line: {"title": ..., "summary": ..., "labels": ["five-eyes"]}',
)
def evaluate(
    labels: Annotated[
        list[str] | None, typer.Option("--labels", metavar="FILE", help="Labelled items, JSONL; - is standard input.")
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Use the judgements in the database (`watcher label`) as well.")
    ] = False,
    topic: Topics = None,
    query: Annotated[
        str | None, typer.Option("--query", "-q", metavar="Q", help="Measure this query in place of the one topic's.")
    ] = None,
    min_recall: Annotated[
        float | None, typer.Option("--min-recall", min=0, max=1, help="Exit with 1 if recall is below this.")
    ] = None,
    min_precision: Annotated[
        float | None, typer.Option("--min-precision", min=0, max=1, help="Exit with 1 if precision is below this.")
    ] = None,
    background: Annotated[
        str | None,
        typer.Option(
            "--background",
            metavar="FILE",
            help="Unlabelled items (JSONL) that proposals are counted against; else the archive's recent entries.",
        ),
    ] = None,
    budget: Annotated[
        str, typer.Option("--budget", metavar="SHARE", help="The share of the background that may be proposed.")
    ] = "0.3%",
    titles: Annotated[bool, typer.Option("--titles", help="Measure on titles alone.")] = False,
    limit: TopicOverview = 20,
    as_json: Json = False,
) -> None:
    """Measure topics on labelled items: precision, recall and F1 with 95 % intervals, misses and false hits.

    Topics with sentences are measured by words, by meaning within the budget, and by both. Needs no database, except
    with --stored."""
    from watcher.app.topic_meaning import parse_budget
    from watcher.cli import render_topics
    from watcher.errors import UsageError
    from watcher.topics.evaluation import check_gate
    from watcher.topics.evaluation import evaluate_topics as measure

    # Labels come from files, from the judgements in the database, or both.
    if not labels and not stored:
        raise UsageError("no labelled items: use --labels FILE, or --stored for the judgements in the database")
    share = parse_budget(budget)
    settings = load_settings()
    matcher, candidates = _compile_topics(settings, topic or [], query)
    examples = _load_examples(labels or (), stored=stored, titles=titles)
    ids = _choose_topics(examples, candidates, bool(topic))
    scores = measure(matcher, examples, ids)
    missed_bounds = [
        line
        for score in scores.values()
        for line in check_gate(score, min_precision=min_precision, min_recall=min_recall)
    ]
    measured = _measure_meaning(settings, matcher, examples, ids, background, share, titles=titles)
    if as_json:
        output.print_json(_encode_evaluation(matcher, scores, measured, len(examples), missed_bounds))
    else:
        render_topics.print_scores(scores.values(), len(examples), limit, stored=stored and not labels)
        if measured is not None:
            render_topics.print_meaning_scores(measured)
    for line in missed_bounds:
        sys.stderr.write(f"watcher: {line}\n")
    if missed_bounds:
        raise typer.Exit(1)


def _load_examples(names: Sequence[str], *, stored: bool, titles: bool) -> list[Example]:
    """Return the labelled items of files, of the judgements in the database, or of both."""
    from watcher.app.topic_meaning import strip_to_titles
    from watcher.topics.examples import iter_judged_examples, parse_examples

    examples = [
        example for name in names for example in parse_examples(args.get_display_name(name), args.read_lines(name))
    ]
    if stored:
        with open_application() as application:
            examples += iter_judged_examples(application.database)
    return strip_to_titles(examples) if titles else examples


def _encode_evaluation(
    matcher: TopicMatcher,
    scores: Mapping[str, TopicScore],
    measured: MeaningMeasurement | None,
    items: int,
    missed_bounds: list[str],
) -> Evaluation:
    from watcher.app.topic_encoding import encode_score
    from watcher.app.topic_meaning import encode_meaning_score

    topics: dict[str, Score] = {}
    for id_, score in scores.items():
        encoded = topics[id_] = encode_score(score, matcher.version(id_))
        if measured is not None and id_ in measured.scores:
            topics[id_] = encode_meaning_score(encoded, measured.scores[id_], measured.background)
    return {"topics": topics, "items": items, "below": missed_bounds}


def _measure_meaning(
    settings: Settings,
    matcher: TopicMatcher,
    examples: list[Example],
    ids: list[str],
    background: str | None,
    budget: float,
    *,
    titles: bool,
) -> MeaningMeasurement | None:
    """Return the scores by meaning of the topics that have sentences; None without any, or without an encoder."""
    from watcher.app.topic_meaning import measure_topics_by_meaning, parse_background, strip_entries_to_titles
    from watcher.settings.folders import cache_folder

    entries = None
    if background is not None:
        entries = parse_background(args.get_display_name(background), args.read_lines(background))
        entries = strip_entries_to_titles(entries) if titles else entries
    topics = [topic for topic in settings.topics if topic.id in ids]
    with output.show_progress("Reading for meaning") as on_progress:
        measured = measure_topics_by_meaning(
            topics,
            matcher,
            examples,
            entries,
            budget=budget,
            options=settings.meaning,
            cache_folder=cache_folder(),
            load_archive=partial(_load_archive, settings, titles=titles),
            on_progress=on_progress,
        )
    if measured is None and any(topic.has_sentences for topic in topics):
        output.print_note("measured by words alone: no encoder is installed or configured (docs/topics.md)")
    return measured


def _load_archive(settings: Settings, model_name: str, *, titles: bool) -> ArchiveBackground | None:
    """Return the archive's recent entries; None where there is no archive, or it cannot be reached."""
    from watcher import clock
    from watcher.app.eval_background import load_archive_background
    from watcher.errors import StoreError
    from watcher.store.database import Database

    with Database(state.database_url or settings.database_url) as database:
        if database.path is not None and not database.path.exists():
            return None
    try:
        with open_application(queries=False) as application:
            return load_archive_background(application.database, model_name, clock.now(), titles=titles)
    except StoreError as error:
        output.print_note(f"measured against the background that ships: {error}")
        return None


def _compile_topics(settings: Settings, topic_ids: list[str], query: str | None) -> tuple[TopicMatcher, list[str]]:
    """Return the topics to measure and their ids; `query` replaces the query of the one topic."""
    from watcher.app.topics import find_topic
    from watcher.errors import UsageError
    from watcher.match import compile_topics, parse_query

    chosen = [find_topic(settings.topics, id_) for id_ in dict.fromkeys(topic_ids)] or list(settings.topics)
    if query is not None:
        if len(chosen) != 1 or not topic_ids:
            raise UsageError("--query replaces the query of one topic: name it with --topic")
        parse_query(query, settings.sets)
        chosen = [replace(chosen[0], query=query)]
    return compile_topics(chosen, settings.sets), [topic.id for topic in chosen]


def _choose_topics(examples: list[Example], candidates: list[str], named: bool) -> list[str]:
    """Return the topics to measure: those that were named, else those that the labels mention."""
    from watcher.errors import UsageError
    from watcher.text.suggest import find_nearest
    from watcher.topics.examples import count_labelled_topics

    counts = count_labelled_topics(examples)
    for id_ in counts:
        if id_ not in candidates and not named:
            nearest = find_nearest(id_, candidates)
            hint = f"; did you mean {nearest!r}?" if nearest else ""
            output.print_note(
                f"the labels name {id_!r}, which is not a topic here ({output.format_count(counts[id_], 'item')}){hint}"
            )
    if named or not counts:
        return candidates
    chosen = [id_ for id_ in candidates if id_ in counts]
    if not chosen:
        raise UsageError("none of the labelled topics is configured: nothing to measure")
    return chosen
