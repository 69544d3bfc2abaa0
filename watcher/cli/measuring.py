"""topics diff, replay, eval, probe, cost: what a topic is worth, and what changing it does."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import asking, output
from watcher.cli.state import Json, Since, Topics, Until, opened, state

if TYPE_CHECKING:
    from watcher.match import Watched
    from watcher.settings import Settings
    from watcher.topics.labels import Example

app = typer.Typer(rich_markup_mode=None)

TopicId = Annotated[str, typer.Argument(metavar="ID", help="The topic's id.")]
Listed = Annotated[int, typer.Option("--limit", "-n", min=0, max=1000, help="How many of each to list.")]
PERIOD = "90d"


@app.command(
    epilog="Examples:\n\n  watcher topics diff five-eyes --query '\"five eyes\" NOT title:huawei' --since 90d\n\n"
    "  watcher topics diff five-eyes --file new-query.txt --json\n\n"
    "Exit code 0; with --exit-code 1 where anything is gained or lost."
)
def diff(
    topic_id: TopicId,
    query: Annotated[str | None, typer.Option("--query", "-q", metavar="Q", help="The new query.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="F", help="Read the new query from a file; - is standard input.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Listed = 1000,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 where the queries differ.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a changed query would gain and lose among the stored entries, before it goes live.

    Nothing is changed. Lost entries that were judged relevant or irrelevant are called out.
    """
    from watcher.app import topic_views
    from watcher.app.questions import find_topic
    from watcher.cli import measured
    from watcher.errors import UsageError
    from watcher.match import parse_query
    from watcher.topics.diff import diff as compare

    if (query is None) == (file is None):
        raise UsageError("give the new query: --query Q or --file F")
    text = query if query is not None else asking.read_text(file or "-")
    with opened() as application:
        settings = application.settings
        find_topic(settings.topics, topic_id)
        after, before = asking.times(since, until)
        new = parse_query(text, settings.sets)
        old = application.watched.query(topic_id)
        with output.measured("Comparing") as heard:
            found = compare(
                application.database, topic_id, old, new, since=after, until=before, most=limit, heard=heard
            )
    if as_json:
        output.put_json(topic_views.diff(found, topic_id))
    else:
        measured.show_diff(found)
    if exit_code and (found.gained_count or found.lost_count):
        raise typer.Exit(1)


@app.command(
    epilog="Examples:\n\n  watcher topics replay                     every topic over all that is stored\n\n"
    "  watcher topics replay five-eyes --since 30d\n\n"
    "It may be stopped at any time, and goes on from there when it is run again."
)
def replay(
    topic_id: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Topics; all by default.")] = None,
    since: Since = None,
    until: Until = None,
    afresh: Annotated[bool, typer.Option("--afresh", help="Do not go on from where a stopped replay was.")] = False,
    as_json: Json = False,
) -> None:
    """Apply today's topics to the stored entries. New hits are marked `backfill`: no digest or alert brings them unless
    it asks for them. Known hits keep their number, moment and judgement; running it twice changes nothing."""
    from watcher import clock
    from watcher.app import topic_views
    from watcher.app.questions import find_topic
    from watcher.topics.replay import replay as apply

    with opened(sync=True) as application:
        chosen = [find_topic(application.settings.topics, id_).id for id_ in topic_id or ()]
        after, before = asking.times(since, until)
        begun = clock.now()
        with output.measured("Replaying") as heard:
            found = apply(
                application.database, application.watched, begun,
                topic_ids=chosen, since=after, until=before, afresh=afresh, heard=heard,
            )  # fmt: skip
        ids = chosen or [topic.id for topic in application.watched.topics]
    seconds = (clock.now() - begun).total_seconds()
    if as_json:
        output.put_json(topic_views.replayed(found, ids) | {"seconds": round(seconds, 3)})
        return
    rows = [(id_, f"{found.new.get(id_, 0):,}", f"{found.known.get(id_, 0):,}") for id_ in ids]
    output.table(("topic", "new hits", "known"), rows, flexible=0)
    went_on = ", going on from where it was stopped" if found.resumed else ""
    output.note(f"{found.read:,} of {found.tested:,} entries looked at{went_on}; new hits are marked backfill")


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
    from watcher.cli import measured
    from watcher.errors import UsageError
    from watcher.settings import load
    from watcher.topics.evaluate import below
    from watcher.topics.evaluate import evaluate as measure
    from watcher.topics.labels import read_labels, stored_labels

    if not labels and not stored:
        raise UsageError("nothing to measure with: --labels FILE, or --stored for the judgements in the database")
    settings = load(state.folder, state.environ)
    watched, candidates = _watched(settings, topic or [], query)
    examples = [each for name in labels or () for each in read_labels(asking.named(name), asking.read_lines(name))]
    if stored:
        with opened() as application:
            examples += stored_labels(application.database)
    ids = _measured_topics(examples, candidates, bool(topic))
    scores = measure(watched, examples, ids)
    short = [
        line for score in scores.values() for line in below(score, min_precision=min_precision, min_recall=min_recall)
    ]
    if as_json:
        said = {id_: topic_views.score(score, watched.version(id_)) for id_, score in scores.items()}
        output.put_json({"topics": said, "items": len(examples), "below": short})
    else:
        measured.show_scores(scores.values(), len(examples), limit, stored=stored and not labels)
    for line in short:
        sys.stderr.write(f"watcher: {line}\n")
    if short:
        raise typer.Exit(1)


@app.command(
    epilog="Examples:\n\n  watcher topics probe five-eyes --since 30d\n\n"
    "  watcher topics probe five-eyes --sample 100                 read these: none of them matches\n\n"
    "  watcher topics probe five-eyes --sample 100 --relevant 2    what finding two relevant ones means"
)
def probe(
    topic_id: TopicId,
    since: Since = PERIOD,
    until: Until = None,
    limit: Listed = 20,
    size: Annotated[
        int, typer.Option("--sample", metavar="N", min=0, max=10_000, help="Also draw N entries that do not match.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Another draw.")] = 1,
    relevant: Annotated[
        int | None, typer.Option("--relevant", metavar="K", min=0, help="How many of that sample you found relevant.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a topic may be missing: entries that nearly match, and the one change to the query that would let each
    in. With --sample, how much is missed altogether: read the draw, count the relevant ones, give the number."""
    from watcher.app import topic_views
    from watcher.app.questions import find_topic
    from watcher.cli import measured
    from watcher.errors import UsageError
    from watcher.topics import sample as sampling
    from watcher.topics.named import read_named
    from watcher.topics.probe import probe as look

    if relevant is not None and relevant > size:
        raise UsageError("--relevant is about a --sample that was read: it cannot be more than its size")
    with opened() as application:
        topic = find_topic(application.settings.topics, topic_id)
        named = read_named(topic.query, application.settings.sets)
        after, before = asking.times(since, until)
        with output.measured("Probing") as heard:
            found = look(application.database, topic_id, named, since=after, until=before, limit=limit, heard=heard)
        drawn = None
        if size:
            drawn = sampling.sample(application.database, named.query, size, seed=seed, since=after, until=before)
    elusion = None
    if drawn is not None and relevant is not None:
        elusion = sampling.elusion(min(relevant, len(drawn.entries)), len(drawn.entries), drawn.population)
    if as_json:
        said = topic_views.probe(found, topic_id)
        output.put_json(said | ({"elusion": topic_views.sample(drawn, elusion)} if drawn else {"elusion": None}))
        return
    measured.show_probe(found)
    if drawn is not None:
        measured.show_sample(drawn, elusion)


@app.command(epilog="Example:\n\n  watcher topics cost five-eyes --since 90d")
def cost(
    topic_id: TopicId,
    since: Since = PERIOD,
    until: Until = None,
    limit: Listed = 20,
    as_json: Json = False,
) -> None:
    """Show what each clause of a topic brings in that no other does, what each exclusion takes away, when each last
    fired, what people thought of it, and which words have found nothing."""
    from watcher.app import topic_views
    from watcher.app.questions import find_topic
    from watcher.cli import measured
    from watcher.topics.cost import cost as weigh
    from watcher.topics.named import read_named

    with opened() as application:
        topic = find_topic(application.settings.topics, topic_id)
        named = read_named(topic.query, application.settings.sets)
        after, before = asking.times(since, until)
        with output.measured("Weighing") as heard:
            found = weigh(application.database, topic_id, named, since=after, until=before, heard=heard)
    if as_json:
        output.put_json(topic_views.cost(found, topic_id))
    else:
        measured.show_cost(found, limit)


def _watched(settings: Settings, wanted: list[str], query: str | None) -> tuple[Watched, list[str]]:
    """Compile the topics to measure, with another query in place of one topic's where that is asked."""
    from watcher.app.questions import find_topic
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
    from difflib import get_close_matches

    from watcher.errors import UsageError
    from watcher.topics.labels import labelled_topics

    spoken = labelled_topics(examples)
    for id_ in spoken:
        if id_ not in candidates and not named:
            near = get_close_matches(id_, candidates, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            output.note(
                f"the labels name {id_!r}, which is no topic here ({output.counted(spoken[id_], 'item')}){hint}"
            )
    if named or not spoken:
        return candidates
    chosen = [id_ for id_ in candidates if id_ in spoken]
    if not chosen:
        raise UsageError("none of the labelled topics is configured: nothing to measure")
    return chosen
