"""topics eval: how good topics are on labelled items."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import args, output
from watcher.cli.state import Json, Topics, load_settings, opened
from watcher.cli.topic_analysis import Listed

if TYPE_CHECKING:
    from watcher.match import TopicMatcher
    from watcher.settings import Settings
    from watcher.topics.examples import Example

app = typer.Typer(rich_markup_mode=None)


@app.command(
    "eval",
    epilog="Examples:\n\n  watcher topics eval --labels labels.jsonl\n\n"
    "  watcher topics eval --labels labels.jsonl --min-recall 0.9 --min-precision 0.9    a gate: exit code 1 below\n\n"
    "  watcher topics eval --labels labels.jsonl --topic five-eyes --query '\"five eyes\"'    a query not yet live\n\n"
    'A labels file holds a JSON object a line: {"title": ..., "summary": ..., "labels": ["five-eyes"]}',
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
        float | None, typer.Option("--min-recall", min=0, max=1, help="End with 1 where recall is below.")
    ] = None,
    min_precision: Annotated[
        float | None, typer.Option("--min-precision", min=0, max=1, help="End with 1 where precision is below.")
    ] = None,
    limit: Listed = 20,
    as_json: Json = False,
) -> None:
    """Measure topics on labelled items: precision, recall and F1 with 95 % intervals, what was missed and what was
    found wrongly. Needs no database, unless --stored asks for its judgements."""
    from watcher.app import topic_views
    from watcher.cli import render_topics
    from watcher.errors import UsageError
    from watcher.topics.evaluation import check_gate
    from watcher.topics.evaluation import evaluate_topics as measure
    from watcher.topics.examples import iter_judged_examples, parse_examples

    if not labels and not stored:
        raise UsageError("nothing to measure with: --labels FILE, or --stored for the judgements in the database")
    settings = load_settings()
    watched, candidates = _watched(settings, topic or [], query)
    examples = [each for name in labels or () for each in parse_examples(args.named(name), args.read_lines(name))]
    if stored:
        with opened() as application:
            examples += iter_judged_examples(application.database)
    ids = _measured_topics(examples, candidates, bool(topic))
    scores = measure(watched, examples, ids)
    short = [
        line
        for score in scores.values()
        for line in check_gate(score, min_precision=min_precision, min_recall=min_recall)
    ]
    if as_json:
        said = {id_: topic_views.score(score, watched.version(id_)) for id_, score in scores.items()}
        output.put_json({"topics": said, "items": len(examples), "below": short})
    else:
        render_topics.show_scores(scores.values(), len(examples), limit, stored=stored and not labels)
    for line in short:
        sys.stderr.write(f"watcher: {line}\n")
    if short:
        raise typer.Exit(1)


def _watched(settings: Settings, wanted: list[str], query: str | None) -> tuple[TopicMatcher, list[str]]:
    """Compile the topics to measure, with another query in place of one topic's where that is asked."""
    from watcher.app.listing import find_topic
    from watcher.errors import UsageError
    from watcher.match import compile_topics, parse_query

    chosen = [find_topic(settings.topics, id_) for id_ in dict.fromkeys(wanted)] or list(settings.topics)
    if query is not None:
        if len(chosen) != 1 or not wanted:
            raise UsageError("--query measures one topic anew: name it with --topic")
        parse_query(query, settings.sets)
        chosen = [replace(chosen[0], query=query)]
    return compile_topics(chosen, settings.sets), [topic.id for topic in chosen]


def _measured_topics(examples: list[Example], candidates: list[str], named: bool) -> list[str]:
    """Choose what to measure: what was named, else the topics that the labels speak of."""
    from watcher.errors import UsageError
    from watcher.text.suggest import find_nearest
    from watcher.topics.examples import count_labelled_topics

    spoken = count_labelled_topics(examples)
    for id_ in spoken:
        if id_ not in candidates and not named:
            nearest = find_nearest(id_, candidates)
            hint = f"; did you mean {nearest!r}?" if nearest else ""
            output.note(
                f"the labels name {id_!r}, which is no topic here ({output.counted(spoken[id_], 'item')}){hint}"
            )
    if named or not spoken:
        return candidates
    chosen = [id_ for id_ in candidates if id_ in spoken]
    if not chosen:
        raise UsageError("none of the labelled topics is configured: nothing to measure")
    return chosen
