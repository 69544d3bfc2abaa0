"""topics diff, replay, probe, cost: what a topic misses, what its clauses bring in, and what a change does."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import args, output
from watcher.cli.completion import complete_topics
from watcher.cli.help import Commands
from watcher.cli.state import Json, Since, Until, open_application

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.app.topic_trial import MeaningDiff, MeaningMatch
    from watcher.match import Query
    from watcher.model.topic import Topic
    from watcher.topics.diff import QueryDiff

app = Commands()

TopicId = Annotated[str, typer.Argument(metavar="ID", help="The topic's id.", autocompletion=complete_topics)]
TopicOverview = Annotated[int, typer.Option("--limit", "-n", min=0, max=1000, help="The most of each to list.")]
DEFAULT_PERIOD = "90d"


@app.command(
    epilog="Examples:\n\n  watcher topics diff five-eyes --query '\"five eyes\" NOT title:huawei' --since 90d\n\n"
    "  watcher topics diff five-eyes --file new-query.txt --json\n\n"
    "  watcher topics diff five-eyes --sentences new-sentences.yaml\n\n"
    "  watcher topics diff five-eyes --file new-query.txt --keep-relevant        a check before saving\n\n"
    "Exit code 0; 1 with --exit-code if anything is gained or lost, with --keep-relevant if relevant hits are lost."
)
def diff(
    topic_id: TopicId,
    query: Annotated[str | None, typer.Option("--query", "-q", metavar="Q", help="The new query.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="F", help="Read the new query from a file; - is standard input.")
    ] = None,
    sentences: Annotated[
        str | None,
        typer.Option("--sentences", metavar="F", help="Compare new sentences: a file with `about` and its like."),
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: TopicOverview = 1000,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if the queries match different entries.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep-relevant", help="Exit with 1 if hits that were judged relevant would be lost.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what a changed query, or changed sentences, would gain and lose among the stored entries, before a save.

    Nothing is changed. Lost entries that were judged are marked.
    """
    from watcher.app.topics import find_topic

    # Both gates exit with 1 after the result was printed.
    text = _read_query(query, file, is_needed=sentences is None)
    with open_application() as application:
        topic = find_topic(application.settings.topics, topic_id)
        proposals = _diff_sentences(application, topic, sentences, since, limit) if sentences is not None else None
        difference = _diff_words(application, topic, text, since, until, limit)
    _print_diff(difference, proposals, topic_id, as_json=as_json)
    if sentences is not None and proposals is None:
        output.print_note("nothing is read for meaning here: the sentences were not compared")
    lost_relevant = difference.lost_labels.get("relevant", 0)
    if keep and lost_relevant:
        hits = output.format_count(lost_relevant, "hit")
        sys.stderr.write(
            f"watcher: {hits} of {topic_id} that {'was' if lost_relevant == 1 else 'were'} judged relevant"
            " would be lost\n"
        )
    if (exit_code and (difference.gained_count or difference.lost_count)) or (keep and lost_relevant):
        raise typer.Exit(1)


@app.command(
    epilog="Examples:\n\n  watcher topics replay                     every topic over all that is stored\n\n"
    "  watcher topics replay five-eyes --since 30d\n\n"
    "It can be stopped at any time, and continues from there when it is run again."
)
def replay(
    topic_id: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Topics; all by default.", autocompletion=complete_topics)
    ] = None,
    since: Since = None,
    until: Until = None,
    afresh: Annotated[bool, typer.Option("--afresh", help="Do not continue a stopped replay.")] = False,
    as_json: Json = False,
) -> None:
    """Apply today's topics to the stored entries. New hits are marked `backfill`: digests and alerts leave them out
    unless configured otherwise. Known hits keep their number, time and judgement; running it twice changes nothing."""
    from watcher import clock
    from watcher.app.topic_encoding import encode_replay
    from watcher.app.topics import find_topic
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.replay import replay_topics as apply

    with open_application(sync=True) as application:
        chosen = [find_topic(application.settings.topics, id_).id for id_ in topic_id or ()]
        after, before = args.parse_period(since, until)
        started = clock.now()
        with output.show_progress("Replaying") as on_progress:
            scan = ArchiveScan(application.database, after, before, on_progress)
            replayed = apply(scan, application.matcher, started, topic_ids=chosen, afresh=afresh)
        ids = chosen or [topic.id for topic in application.matcher.topics]
    seconds = (clock.now() - started).total_seconds()
    if as_json:
        output.print_json(encode_replay(replayed, ids, seconds))
        return
    rows = [(id_, f"{replayed.new.get(id_, 0):,}", f"{replayed.known.get(id_, 0):,}") for id_ in ids]
    output.print_table(("topic", "new hits", "known"), rows, flexible=0)
    resumed = ", continued from where it was stopped" if replayed.resumed else ""
    output.print_note(f"{replayed.read:,} of {replayed.tested:,} entries tested{resumed}; new hits are marked backfill")


@app.command(
    epilog="Examples:\n\n  watcher topics probe five-eyes --since 30d\n\n"
    "  watcher topics probe five-eyes --sample 100                 a sample to read: none of it matches\n\n"
    "  watcher topics probe five-eyes --sample 100 --relevant 2    what two relevant ones among them mean"
)
def probe(
    topic_id: TopicId,
    since: Since = DEFAULT_PERIOD,
    until: Until = None,
    limit: TopicOverview = 20,
    size: Annotated[
        int, typer.Option("--sample", metavar="N", min=0, max=10_000, help="Also draw N entries that do not match.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Draws another sample.")] = 1,
    relevant: Annotated[
        int | None, typer.Option("--relevant", metavar="K", min=0, help="How many of that sample you found relevant.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a topic may be missing: entries that nearly match, and the one change to the query that each needs.

    With --sample, estimate how much is missed: read the sample, count the relevant ones, pass the number."""
    from watcher.app.topic_encoding import encode_meaning_matches, encode_probe, encode_sample
    from watcher.app.topics import find_topic, require_query
    from watcher.cli import render_topics
    from watcher.errors import UsageError
    from watcher.topics import sample as sampling
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.probe import probe_topic as find_near_misses

    if relevant is not None and relevant > size:
        raise UsageError("--relevant counts within --sample: it cannot be larger")
    with open_application() as application:
        topic = find_topic(application.settings.topics, topic_id)
        # Sentences alone have no near misses by words and no sample of what no word matches.
        if not topic.has_query and size == 0 and topic.has_meaning:
            _print_meaning_misses(application, topic, since, limit, as_json=as_json)
            return
        named = parse_named_query(require_query(topic), application.settings.sets)
        after, before = args.parse_period(since, until)
        with output.show_progress("Probing") as on_progress:
            misses = find_near_misses(
                ArchiveScan(application.database, after, before, on_progress), topic_id, named, limit=limit
            )
        by_meaning = _find_meaning_misses(application, topic, named.query, since, limit)
        sample = None
        if size:
            sample = sampling.draw_sample(
                ArchiveScan(application.database, after, before), named.query, size, seed=seed
            )
    elusion = None
    if sample is not None and relevant is not None:
        elusion = sampling.estimate_elusion(min(relevant, len(sample.entries)), len(sample.entries), sample.population)
    if as_json:
        encoded = encode_sample(sample, elusion) if sample is not None else None
        document = encode_probe(misses, topic_id, encoded)
        if by_meaning is not None:
            document["by_meaning"] = encode_meaning_matches(by_meaning)
        output.print_json(document)
        return
    render_topics.print_probe(misses)
    if by_meaning is not None:
        render_topics.print_meaning_misses(by_meaning)
    if sample is not None:
        render_topics.print_sample(sample, elusion)


def _find_meaning_misses(
    application: App, topic: Topic, query: Query | None, since: str | None, limit: int
) -> tuple[MeaningMatch, ...] | None:
    """Return the nearest misses by meaning; None, with a note, where they cannot be found."""
    from watcher import clock
    from watcher.app.topic_trial import find_meaning_misses
    from watcher.errors import EncoderFault, EncoderUnavailable

    after, _before = args.parse_period(since, None)
    try:
        return find_meaning_misses(application, topic, query, after, clock.now(), limit=limit)
    except (EncoderUnavailable, EncoderFault) as error:
        output.print_note(f"not compared by meaning: {error}")
        return None


def _print_meaning_misses(application: App, topic: Topic, since: str | None, limit: int, *, as_json: bool) -> None:
    """Print what a topic of sentences alone nearly proposes."""
    from watcher.app.topic_encoding import encode_meaning_matches, encode_probe
    from watcher.cli import render_topics
    from watcher.topics.probe import ProbeResult

    misses = _find_meaning_misses(application, topic, None, since, limit) or ()
    if as_json:
        nothing = ProbeResult(tested=0, read=0, near=(), near_count=0, relaxations=(), missed=())
        document = encode_probe(nothing, topic.id, None)
        document["by_meaning"] = encode_meaning_matches(misses)
        output.print_json(document)
        return
    render_topics.print_meaning_misses(misses)


def _read_query(query: str | None, file: str | None, *, is_needed: bool) -> str | None:
    """Return the new query of the two options; None where neither is used and none is needed."""
    from watcher.errors import UsageError

    if (query is not None and file is not None) or (query is None and file is None and is_needed):
        raise UsageError("name the new query: --query Q or --file F; or new sentences: --sentences F")
    return args.read_text(file) if file is not None else query


def _diff_words(
    application: App, topic: Topic, text: str | None, since: str | None, until: str | None, limit: int
) -> QueryDiff:
    """Compare a topic's query with a new one, None for the same; a topic without a query has nothing to compare."""
    from watcher.app.topics import require_query
    from watcher.match import parse_query
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.diff import QueryDiff, diff_queries

    if text is None and not topic.has_query:
        return QueryDiff(tested=0, read=0, kept=0, gained=(), lost=(), gained_count=0, lost_count=0)
    after, before = args.parse_period(since, until)
    new = parse_query(text if text is not None else require_query(topic), application.settings.sets)
    old = application.matcher.query(topic.id)
    with output.show_progress("Comparing") as on_progress:
        scan = ArchiveScan(application.database, after, before, on_progress)
        return diff_queries(scan, topic.id, old, new, limit=limit)


def _print_diff(difference: QueryDiff, proposals: MeaningDiff | None, topic_id: str, *, as_json: bool) -> None:
    """Print what words and sentences gain and lose."""
    from watcher.app.topic_encoding import encode_diff, encode_meaning_diff
    from watcher.cli import render_topics

    if as_json:
        document = encode_diff(difference, topic_id)
        if proposals is not None:
            document["proposals"] = encode_meaning_diff(proposals)
        output.print_json(document)
        return
    render_topics.print_diff(difference)
    if proposals is not None:
        render_topics.print_meaning_diff(proposals)


def _diff_sentences(application: App, topic: Topic, file: str, since: str | None, limit: int) -> MeaningDiff | None:
    """Compare a topic's sentences with those of a file; None where nothing is read for meaning."""
    from watcher import clock
    from watcher.app.topic_trial import diff_meaning
    from watcher.errors import EncoderFault, EncoderUnavailable, UsageError
    from watcher.settings.edit_topics import parse_sentences, replace_sentences

    changed = replace_sentences(topic, parse_sentences(args.read_text(file), file))
    after, _before = args.parse_period(since, None)
    try:
        return diff_meaning(application, topic, changed, after, clock.now(), limit=limit)
    except (EncoderUnavailable, EncoderFault) as error:
        raise UsageError(f"cannot compare by meaning: {error}") from error


@app.command(epilog="Example:\n\n  watcher topics cost five-eyes --since 90d")
def cost(
    topic_id: TopicId,
    since: Since = DEFAULT_PERIOD,
    until: Until = None,
    limit: TopicOverview = 20,
    as_json: Json = False,
) -> None:
    """Show what each clause of a topic brings in alone, what each exclusion removes, when each last matched, how its
    hits were judged, and which words match nothing."""
    from watcher.app.topic_encoding import encode_cost
    from watcher.app.topics import find_topic, require_query
    from watcher.cli import render_topics
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.cost import measure_cost as compute_cost
    from watcher.topics.named_query import parse_named_query

    with open_application() as application:
        topic = find_topic(application.settings.topics, topic_id)
        named = parse_named_query(require_query(topic), application.settings.sets)
        after, before = args.parse_period(since, until)
        with output.show_progress("Counting") as on_progress:
            result = compute_cost(ArchiveScan(application.database, after, before, on_progress), topic_id, named)
    if as_json:
        output.print_json(encode_cost(result, topic_id))
    else:
        render_topics.print_cost(result, limit)
