"""topics: list, show, test and explain; those that measure and change a topic join from `measuring`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import args, output, topic_analysis, topic_draft, topic_eval
from watcher.cli.state import Json, Since, Until, opened

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.model.entry import StoredEntry
    from watcher.model.results import StoredHit
    from watcher.topics.query_test import EntryExplanation

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    help="List, show, try, explain, measure and change topics.",
    epilog="A topic that was changed, from the idea to the archive:\n\n"
    "  watcher topics test '\"five eyes\" AND summit' --since 30d\n\n"
    "  watcher topics diff five-eyes --file new.txt --since 90d\n\n"
    "  watcher topics eval --labels labels.jsonl --min-recall 0.9\n\n"
    "  watcher topics replay five-eyes\n\nHow a topic is written and kept good: docs/topics.md",
)

TopicId = Annotated[str, typer.Argument(metavar="ID", help="The topic's id.")]


@app.command("list", epilog="Example:\n\n  watcher topics list --json")
def list_topics(as_json: Json = False) -> None:
    """List the topics with what they found: all hits, those of the last seven days, the last one, and judgements."""
    from watcher import clock
    from watcher.app import topic_views
    from watcher.topics.overview import list_topic_overviews

    with opened() as application, application.database.read() as db:
        found = list_topic_overviews(db, application.watched, clock.now())
    if as_json:
        output.put_json({"topics": [topic_views.topic(one) for one in found]})
        return
    output.table(
        ("topic", "hits", "7 days", "last hit", "judged", "name"),
        [
            (
                one.topic.id,
                f"{one.hits:,}",
                f"{one.week:,}",
                f"{one.last_at:%Y-%m-%d %H:%M}Z" if one.last_at else "never",
                f"+{one.relevant} -{one.irrelevant}" if one.relevant or one.irrelevant else "",
                one.topic.name,
            )
            for one in found
        ],
        flexible=-1,
    )
    if not found:
        output.note("no topics: write one into topics.yaml, or let `watcher topics draft ARTICLE` propose some")


@app.command(epilog="Example:\n\n  watcher topics show five-eyes")
def show(topic_id: TopicId, as_json: Json = False) -> None:
    """Show a topic: its query as written and as read, the versions it had, the sets it uses."""
    from watcher import clock
    from watcher.app import topic_views
    from watcher.app.listing import find_topic
    from watcher.match import format_query
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.overview import get_topic_overview, list_used_sets

    with opened() as application:
        settings = application.settings
        topic = find_topic(settings.topics, topic_id)
        with application.database.read() as db:
            one, versions = get_topic_overview(db, application.watched, topic_id, clock.now())
    read = parse_named_query(topic.query, settings.sets)
    sets = {name: settings.sets[name] for name in list_used_sets(topic.query, settings.sets)}
    if as_json:
        output.put_json(topic_views.whole_topic(one, versions, format_query(read.query), sets))
        return
    output.put(output.style(output.clean(f"{topic.id}: {topic.name}"), output.BOLD))
    if topic.description:
        output.put(output.clean(topic.description))
    last = f", the last on {one.last_at:%Y-%m-%d %H:%M}Z" if one.last_at else ""
    output.put(f"{output.counted(one.hits, 'hit')}, {one.week:,} in the last 7 days{last}")
    if one.relevant or one.irrelevant:
        output.put(f"judged: {one.relevant} relevant, {one.irrelevant} irrelevant")
    output.put(output.style(f"\nAs written ({topic.file}:{topic.line})", output.DIM))
    for line in topic.query.strip("\n").splitlines():
        output.put(f"  {output.clean(line)}" if line.strip() else "")
    output.put(output.style("\nAs read", output.DIM))
    output.put(f"  {output.clean(read.format_node(read.query.root, 4_000))}")
    if sets:
        output.put(output.style("\nSets", output.DIM) + "  " + ", ".join(f"@{name}" for name in sets))
    output.put(output.style("\nVersions", output.DIM))
    for each in versions:
        here = "  (now)" if each.version == one.version else ""
        output.put(f"  {each.version}  since {each.since_at:%Y-%m-%d %H:%M}Z{here}")
    if one.version not in {each.version for each in versions}:
        output.put(f"  {one.version}  not watched yet: it counts from the next `watcher run`, reload or poll")


@app.command(
    "test",
    epilog="Examples:\n\n  watcher topics test five-eyes --since 30d\n\n"
    "  watcher topics test 'cyber NEAR/4 russia' --text 'US pauses cyber operations against Russia'\n\n"
    "  curl -s https://example.org/article.txt | watcher topics test five-eyes --file -\n\n"
    "Exit code 0 whether it matches or not; 1 where nothing matches, with --exit-code.",
)
def try_out(
    what: Annotated[str, typer.Argument(metavar="ID-or-QUERY", help="A topic's id, or a query.")],
    text: Annotated[
        str | None, typer.Option("--text", metavar="T", help="Try it on this text; its first line is the title.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="F", help="Try it on this file's text; - reads standard input.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=0, max=10_000, help="How many to list: 20, or 1000 with --json.")
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 where nothing matches.")] = False,
    as_json: Json = False,
) -> None:
    """Try a topic, or a query that is none yet: on a text, or on the stored entries, the newest first."""
    from watcher.errors import UsageError

    if text is not None and file is not None:
        raise UsageError("either --text or --file, not both")
    if text is None and file is None:
        matched = _test_archive(what, since, until, limit if limit is not None else 1000 if as_json else 20, as_json)
    else:
        if since or until:
            raise UsageError("--since and --until are about stored entries; leave out --text and --file for these")
        matched = _test_text(what, text if text is not None else args.read_text(file or "-"), as_json)
    if exit_code and not matched:
        raise typer.Exit(1)


@app.command(
    epilog="Examples:\n\n  watcher topics explain five-eyes 4711          an entry by its number (watcher search)\n\n"
    "  watcher topics explain five-eyes hit:12        the entry of a hit (watcher hits)"
)
def explain(
    what: Annotated[str, typer.Argument(metavar="ID", help="The topic's id; a query does as well.")],
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The entry's number, or hit:NUMBER.")],
    everything: Annotated[bool, typer.Option("--all", help="Leave no clause out.")] = False,
    as_json: Json = False,
) -> None:
    """Say why an entry belongs to a topic: each clause and its words; or why not, and what comes nearest."""
    from watcher.app import topic_views
    from watcher.app.listing import topic_or_query
    from watcher.cli import render_entry
    from watcher.match import hash_query
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.query_test import explain_entry

    with opened() as application:
        topic, query = topic_or_query(application.settings.topics, what)
        named = parse_named_query(query, application.settings.sets)
        stored, hit = _entry(application, entry)
    found = explain_entry(named, stored, everything=everything)
    version = hash_query(named.query)
    if as_json:
        output.put_json(topic_views.explained(found, topic.id if topic else None, version, hit))
        return
    render_entry.show_entry(found.stored, found.evidence)
    name = topic.id if topic else "the query"
    output.put(f"\n{'matches' if found.matched else 'does not match'} {name} (version {version})\n")
    if hit is not None and hit.hit.topic_version != version:
        output.put(f"hit {hit.id} is one of {hit.hit.topic_id} in version {hit.hit.topic_version}\n")
    render_entry.show_tree(found.tree)
    _show_nearest(found)


def _test_archive(what: str, since: str | None, until: str | None, limit: int, as_json: bool) -> bool:
    from watcher.app import topic_views
    from watcher.app.listing import topic_or_query
    from watcher.cli import render_entry
    from watcher.match import parse_query
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.query_test import search_archive

    with opened() as application:
        _topic, text = topic_or_query(application.settings.topics, what)
        query = parse_query(text, application.settings.sets)
        after, before = args.times(since, until)
        with output.measured("Matching") as heard:
            found = search_archive(ArchiveScan(application.database, after, before, heard), query, limit=limit)
    if as_json:
        output.put_json(topic_views.tested(found))
    else:
        for match in found.matches:
            render_entry.show_entry(match.stored, match.evidence)
        more = f", the newest {limit} listed (--limit)" if found.count > len(found.matches) else ""
        tested = output.counted(found.tested, "entry", "entries")
        output.note(f"{output.counted(found.count, 'match', 'matches')} in {tested}{more}")
    return bool(found.count)


def _test_text(what: str, text: str, as_json: bool) -> bool:
    from watcher.app import topic_views
    from watcher.app.listing import topic_or_query
    from watcher.cli import render_entry
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.query_test import build_entry, explain_entry

    settings = args.settings_if_any()
    topics, sets = (settings.topics, settings.sets) if settings else ((), {})
    _topic, query = topic_or_query(topics, what)
    found = explain_entry(parse_named_query(query, sets), build_entry(text))
    if as_json:
        output.put_json(topic_views.trial(found))
    else:
        render_entry.show_entry(found.stored, found.evidence, named=False)
        output.put(f"\n{'matches' if found.matched else 'does not match'}\n")
        render_entry.show_tree(found.tree)
        _show_nearest(found)
    return found.matched


def _entry(application: App, said: str) -> tuple[StoredEntry, StoredHit | None]:
    """Read the entry that is meant, and the hit by which it was named."""
    from watcher.errors import UsageError
    from watcher.store.entries.queries import load_entry
    from watcher.store.hits.queries import load_hit

    word = said.strip().lower()
    number = word.removeprefix("entry:").removeprefix("hit:").lstrip("#")
    if not number.isdecimal() or len(number) > 18:
        raise UsageError(f"{said!r} is no entry: write its number, or hit:NUMBER for the entry of a hit")
    with application.database.read() as db:
        if word.startswith(("hit:", "#")):
            hit = load_hit(db, int(number))
            return hit.stored, hit
        return load_entry(db, int(number)), None


def _show_nearest(found: EntryExplanation) -> None:
    if found.matched:
        return
    if found.nearest:
        output.put("\nIt would match")
        for way in found.nearest[:8]:
            output.put(f"  {output.clean(way)}")
    else:
        output.put("\nNo single loosening of the query would let it in.")


for _more in (topic_analysis, topic_eval, topic_draft):
    app.registered_commands += _more.app.registered_commands
