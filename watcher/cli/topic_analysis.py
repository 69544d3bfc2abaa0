"""topics diff, replay, probe, cost: what a topic is worth, and what changing it does."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from watcher.cli import args, output
from watcher.cli.state import Json, Since, Until, opened

app = typer.Typer(rich_markup_mode=None)

TopicId = Annotated[str, typer.Argument(metavar="ID", help="The topic's id.")]
Listed = Annotated[int, typer.Option("--limit", "-n", min=0, max=1000, help="How many of each to list.")]
PERIOD = "90d"


@app.command(
    epilog="Examples:\n\n  watcher topics diff five-eyes --query '\"five eyes\" NOT title:huawei' --since 90d\n\n"
    "  watcher topics diff five-eyes --file new-query.txt --json\n\n"
    "  watcher topics diff five-eyes --file new-query.txt --keep-relevant        a gate for an edit\n\n"
    "Exit code 0; 1 with --exit-code where anything is gained or lost, and with --keep-relevant where that is."
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
    keep: Annotated[
        bool, typer.Option("--keep-relevant", help="End with 1 where hits that were judged relevant would be lost.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what a changed query would gain and lose among the stored entries, before it goes live.

    Nothing is changed. Lost entries that were judged relevant or irrelevant are called out.
    """
    from watcher.app import topic_views
    from watcher.app.listing import find_topic
    from watcher.cli import render_topics
    from watcher.errors import UsageError
    from watcher.match import parse_query
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.diff import diff_queries as compare

    if (query is None) == (file is None):
        raise UsageError("give the new query: --query Q or --file F")
    text = query if query is not None else args.read_text(file or "-")
    with opened() as application:
        settings = application.settings
        find_topic(settings.topics, topic_id)
        after, before = args.times(since, until)
        new = parse_query(text, settings.sets)
        old = application.watched.query(topic_id)
        with output.measured("Comparing") as heard:
            found = compare(ArchiveScan(application.database, after, before, heard), topic_id, old, new, limit=limit)
    if as_json:
        output.put_json(topic_views.diff(found, topic_id))
    else:
        render_topics.show_diff(found)
    lost_relevant = found.lost_labels.get("relevant", 0)
    if keep and lost_relevant:
        hits = output.counted(lost_relevant, "hit")
        sys.stderr.write(
            f"watcher: {hits} of {topic_id} that {'was' if lost_relevant == 1 else 'were'} judged relevant"
            " would be lost\n"
        )
    if (exit_code and (found.gained_count or found.lost_count)) or (keep and lost_relevant):
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
    from watcher.app.listing import find_topic
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.replay import replay_topics as apply

    with opened(sync=True) as application:
        chosen = [find_topic(application.settings.topics, id_).id for id_ in topic_id or ()]
        after, before = args.times(since, until)
        begun = clock.now()
        with output.measured("Replaying") as heard:
            scan = ArchiveScan(application.database, after, before, heard)
            found = apply(scan, application.watched, begun, topic_ids=chosen, afresh=afresh)
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
    from watcher.app.listing import find_topic
    from watcher.cli import render_topics
    from watcher.errors import UsageError
    from watcher.topics import sample as sampling
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.probe import probe_topic as look

    if relevant is not None and relevant > size:
        raise UsageError("--relevant is about a --sample that was read: it cannot be more than its size")
    with opened() as application:
        topic = find_topic(application.settings.topics, topic_id)
        named = parse_named_query(topic.query, application.settings.sets)
        after, before = args.times(since, until)
        with output.measured("Probing") as heard:
            found = look(ArchiveScan(application.database, after, before, heard), topic_id, named, limit=limit)
        drawn = None
        if size:
            drawn = sampling.draw_sample(ArchiveScan(application.database, after, before), named.query, size, seed=seed)
    elusion = None
    if drawn is not None and relevant is not None:
        elusion = sampling.estimate_elusion(min(relevant, len(drawn.entries)), len(drawn.entries), drawn.population)
    if as_json:
        said = topic_views.probe(found, topic_id)
        output.put_json(said | ({"elusion": topic_views.sample(drawn, elusion)} if drawn else {"elusion": None}))
        return
    render_topics.show_probe(found)
    if drawn is not None:
        render_topics.show_sample(drawn, elusion)


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
    from watcher.app.listing import find_topic
    from watcher.cli import render_topics
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.cost import measure_cost as weigh
    from watcher.topics.named_query import parse_named_query

    with opened() as application:
        topic = find_topic(application.settings.topics, topic_id)
        named = parse_named_query(topic.query, application.settings.sets)
        after, before = args.times(since, until)
        with output.measured("Weighing") as heard:
            found = weigh(ArchiveScan(application.database, after, before, heard), topic_id, named)
    if as_json:
        output.put_json(topic_views.cost(found, topic_id))
    else:
        render_topics.show_cost(found, limit)
