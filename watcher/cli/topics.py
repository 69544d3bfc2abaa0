"""topics: list, show, test and explain; those that analyse topics are in `topic_analysis`, `_eval` and `_draft`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import args, output, render_topics, topic_analysis, topic_draft, topic_eval
from watcher.cli.completion import complete_topics
from watcher.cli.help import Commands
from watcher.cli.state import Json, Since, Until, open_application

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.contract.topics import TopicList
    from watcher.model.entry import StoredEntry
    from watcher.model.results import StoredHit
    from watcher.model.topic import Topic
    from watcher.topics.named_query import NamedQuery
    from watcher.topics.overview import TopicOverview
    from watcher.topics.query_test import EntryExplanation

app = Commands(
    no_args_is_help=True,
    help="List, show, test, explain, measure and change topics.",
    epilog="Changing a topic, from the first idea to the stored entries:\n\n"
    "  watcher topics test '\"five eyes\" AND summit' --since 30d\n\n"
    "  watcher topics diff five-eyes --file new.txt --since 90d\n\n"
    "  watcher topics eval --labels labels.jsonl --min-recall 0.9\n\n"
    "  watcher topics replay five-eyes\n\nHow to write and maintain topics: docs/topics.md",
)

MAX_QUERY_LENGTH = 4_000
"""Characters of a parsed query that are printed."""
MAX_CHANGES = 8
"""Changes to a query that would make an entry match."""
TopicId = Annotated[str, typer.Argument(metavar="ID", help="The topic's id.", autocompletion=complete_topics)]


@app.command("list", epilog="Example:\n\n  watcher topics list --json")
def list_topics(as_json: Json = False) -> None:
    """List the topics with their hits: all, those of the last seven days, the last one, and judgements."""
    from watcher import clock
    from watcher.app.topic_encoding import encode_topic
    from watcher.topics.overview import list_topic_counts, list_topic_overviews

    if as_json:
        with open_application() as application, application.database.read() as db:
            overviews = list_topic_overviews(db, application.matcher, clock.now())
        document: TopicList = {"topics": [encode_topic(overview) for overview in overviews]}
        output.print_json(document)
        return
    with open_application(queries=False) as application, application.database.read() as db:
        summaries = list_topic_counts(db, application.settings.topics, clock.now())
    output.print_table(
        ("topic", "hits", "7 days", "last hit", "judged", "name"),
        [
            (
                summary.topic.id,
                f"{summary.hits:,}",
                f"{summary.week:,}",
                output.format_time(summary.last_at) or "never",
                f"+{summary.relevant} -{summary.irrelevant}" if summary.relevant or summary.irrelevant else "",
                summary.topic.name,
            )
            for summary in summaries
        ],
        flexible=-1,
    )
    if not summaries:
        output.print_note("no topics: write one into topics.yaml, or let `watcher topics draft ARTICLE` propose some")


@app.command(epilog="Example:\n\n  watcher topics show five-eyes")
def show(topic_id: TopicId, as_json: Json = False) -> None:
    """Show a topic: its query as written and as parsed, its versions and sets, and what it has learned from."""
    from watcher import clock
    from watcher.app.learning import describe_learning
    from watcher.app.topic_encoding import encode_topic_detail
    from watcher.app.topics import find_topic
    from watcher.match import format_query
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.overview import get_topic_overview, list_used_sets

    with open_application() as application:
        settings = application.settings
        topic = find_topic(settings.topics, topic_id)
        with application.database.read() as db:
            summary, versions = get_topic_overview(db, application.matcher, topic_id, clock.now())
            learning = describe_learning(db, topic)
    parsed = parse_named_query(topic.query, settings.sets) if topic.has_query else None
    sets = {name: settings.sets[name] for name in list_used_sets(topic.query, settings.sets)}
    if as_json:
        as_parsed = format_query(parsed.query) if parsed else ""
        output.print_json(encode_topic_detail(summary, versions, learning, as_parsed, sets))
        return
    _print_topic(summary)
    render_topics.print_learning(learning)
    if parsed is not None:
        _print_parsed(parsed, sets)
    output.print_line(output.style_text("\nVersions", output.DIM))
    for version in versions:
        current = "  (now)" if version.version == summary.version else ""
        output.print_line(f"  {version.version}  since {output.format_time(version.since_at)}{current}")
    if summary.version not in {version.version for version in versions}:
        output.print_line(f"  {summary.version}  not used yet: it counts from the next `watcher run`, reload or poll")


@app.command(
    "test",
    epilog="Examples:\n\n  watcher topics test five-eyes --since 30d\n\n"
    "  watcher topics test 'cyber NEAR/4 russia' --text 'US pauses cyber operations against Russia'\n\n"
    "  curl -s https://example.org/article.txt | watcher topics test five-eyes --file -\n\n"
    "Exit code 0 whether it matches or not; 1 where nothing matches, with --exit-code.",
)
def run_test(
    what: Annotated[
        str, typer.Argument(metavar="ID-or-QUERY", help="A topic's id, or a query.", autocompletion=complete_topics)
    ],
    text: Annotated[
        str | None, typer.Option("--text", metavar="T", help="Test it on this text; its first line is the title.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="F", help="Test it on this file's text; - reads standard input.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=0, max=10_000, help="The most to list: 20, or 1000 with --json.")
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if nothing matches.")] = False,
    as_json: Json = False,
) -> None:
    """Test a topic or a query: on a text, or on the stored entries, the newest first."""
    from watcher.errors import UsageError

    # A text or a file is tested without a database; a period selects stored entries.
    if text is not None and file is not None:
        raise UsageError("use either --text or --file, not both")
    if text is None and file is None:
        matched = _test_archive(what, since, until, limit if limit is not None else 1000 if as_json else 20, as_json)
    else:
        if since or until:
            raise UsageError("--since and --until select stored entries; they do not go with --text and --file")
        matched = _test_text(what, text if text is not None else args.read_text(file or "-"), as_json)
    if exit_code and not matched:
        raise typer.Exit(1)


@app.command(
    epilog="Examples:\n\n  watcher topics explain five-eyes 4711          an entry by its number (watcher search)\n\n"
    "  watcher topics explain five-eyes hit:12        the entry of a hit (watcher hits)"
)
def explain(
    what: Annotated[
        str, typer.Argument(metavar="ID", help="A topic's id, or a query.", autocompletion=complete_topics)
    ],
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The entry's number, or hit:NUMBER.")],
    everything: Annotated[bool, typer.Option("--all", help="Show every clause.")] = False,
    as_json: Json = False,
) -> None:
    """Explain why an entry matches a topic: each clause and its words; or why not, and what comes nearest."""
    from watcher.app.topic_encoding import encode_explanation
    from watcher.app.topics import find_topic_or_query
    from watcher.cli import render_entry
    from watcher.match import hash_query
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.query_test import explain_entry

    with open_application() as application:
        topic, query = find_topic_or_query(application.settings.topics, what)
        named = parse_named_query(query, application.settings.sets)
        stored, hit = _find_entry(application, entry)
    explained = explain_entry(named, stored, everything=everything)
    version = hash_query(named.query)
    if as_json:
        output.print_json(encode_explanation(explained, topic.id if topic else None, version, hit))
        return
    render_entry.print_entry(explained.stored, explained.evidence)
    name = topic.id if topic else "the query"
    output.print_line(f"\n{'matches' if explained.matched else 'does not match'} {name} (version {version})\n")
    if hit is not None and hit.hit.topic_version != version:
        output.print_line(f"hit {hit.id} was found by {hit.hit.topic_id} in version {hit.hit.topic_version}\n")
    render_entry.print_clause_tree(explained.tree)
    _print_nearest(explained)


def _print_topic(summary: TopicOverview) -> None:
    """Print a topic's name, description, hits and query as written."""
    topic = summary.topic
    output.print_line(output.style_text(output.clean_text(f"{topic.id}: {topic.name}"), output.BOLD))
    if topic.description:
        output.print_line(output.clean_text(topic.description))
    last = f", the last on {output.format_time(summary.last_at)}" if summary.last_at else ""
    output.print_line(f"{output.format_count(summary.hits, 'hit')}, {summary.week:,} in the last 7 days{last}")
    if summary.relevant or summary.irrelevant:
        output.print_line(f"judged: {summary.relevant} relevant, {summary.irrelevant} irrelevant")
    _print_sentences(topic)
    if not topic.has_query:
        output.print_line("\nno query: it finds by meaning alone")
        return
    output.print_line(output.style_text(f"\nAs written ({topic.file}:{topic.line})", output.DIM))
    for line in topic.query.strip("\n").splitlines():
        output.print_line(f"  {output.clean_text(line)}" if line.strip() else "")


def _print_parsed(parsed: NamedQuery, sets: Mapping[str, str]) -> None:
    """Print a query as it is parsed, and the names of its sets."""
    output.print_line(output.style_text("\nAs parsed", output.DIM))
    output.print_line(f"  {output.clean_text(parsed.format_node(parsed.query.root, MAX_QUERY_LENGTH))}")
    if sets:
        output.print_line(output.style_text("\nSets", output.DIM) + "  " + ", ".join(f"@{name}" for name in sets))


def _print_sentences(topic: Topic) -> None:
    """Print what a topic says in sentences and examples, and how much it may propose."""
    for title, sentences in (
        ("About", topic.about),
        ("Not about", topic.not_about),
        ("Examples", topic.examples),
        ("Examples of what does not belong", topic.not_examples),
    ):
        if sentences:
            output.print_line(output.style_text(f"\n{title}", output.DIM))
            for sentence in sentences:
                output.print_line(f"  - {output.clean_text(sentence)}")
    if topic.has_sentences:
        budget = "none" if topic.proposals is None else f"{topic.proposals} a day"
        output.print_line(output.style_text("\nProposals", output.DIM) + f"  {budget}")


def _test_archive(what: str, since: str | None, until: str | None, limit: int, as_json: bool) -> bool:
    from watcher.app.topic_encoding import encode_tested_archive
    from watcher.app.topics import find_topic_or_query
    from watcher.cli import render_entry
    from watcher.match import parse_query
    from watcher.topics.archive_scan import ArchiveScan
    from watcher.topics.query_test import search_archive

    with open_application() as application:
        _topic, text = find_topic_or_query(application.settings.topics, what)
        query = parse_query(text, application.settings.sets)
        after, before = args.parse_period(since, until)
        with output.show_progress("Matching") as on_progress:
            tested = search_archive(ArchiveScan(application.database, after, before, on_progress), query, limit=limit)
    if as_json:
        output.print_json(encode_tested_archive(tested))
    else:
        for match in tested.matches:
            render_entry.print_entry(match.stored, match.evidence)
        more = f", the newest {limit} listed (--limit)" if tested.count > len(tested.matches) else ""
        entries = output.format_count(tested.tested, "entry", "entries")
        output.print_note(f"{output.format_count(tested.count, 'match', 'matches')} in {entries}{more}")
    return bool(tested.count)


def _test_text(what: str, text: str, as_json: bool) -> bool:
    from watcher.app.topic_encoding import encode_tested_text
    from watcher.app.topics import find_topic_or_query
    from watcher.cli import render_entry
    from watcher.topics.named_query import parse_named_query
    from watcher.topics.query_test import build_entry, explain_entry

    settings = args.load_settings_if_any()
    topics, sets = (settings.topics, settings.sets) if settings else ((), {})
    _topic, query = find_topic_or_query(topics, what)
    explained = explain_entry(parse_named_query(query, sets), build_entry(text))
    if as_json:
        output.print_json(encode_tested_text(explained))
    else:
        render_entry.print_entry(explained.stored, explained.evidence, with_source=False)
        output.print_line(f"\n{'matches' if explained.matched else 'does not match'}\n")
        render_entry.print_clause_tree(explained.tree)
        _print_nearest(explained)
    return explained.matched


def _find_entry(application: App, text: str) -> tuple[StoredEntry, StoredHit | None]:
    """Return the entry that `text` names (`4711`, `hit:12`), and the hit by which it was named."""
    from watcher.errors import UsageError
    from watcher.store.entries.queries import load_entry
    from watcher.store.hits.queries import load_hit

    word = text.strip().lower()
    number = word.removeprefix("entry:").removeprefix("hit:").lstrip("#")
    if not number.isdecimal() or len(number) > 18:
        raise UsageError(f"{text!r} is not an entry: write its number, or hit:NUMBER for the entry of a hit")
    with application.database.read() as db:
        if word.startswith(("hit:", "#")):
            hit = load_hit(db, int(number))
            return hit.stored, hit
        return load_entry(db, int(number)), None


def _print_nearest(explained: EntryExplanation) -> None:
    if explained.matched:
        return
    if explained.nearest:
        output.print_line("\nIt would match")
        for change in explained.nearest[:MAX_CHANGES]:
            output.print_line(f"  {output.clean_text(change)}")
    else:
        output.print_line("\nNo single change to the query would make it match.")


for _module in (topic_analysis, topic_eval, topic_draft):
    app.registered_commands += _module.app.registered_commands
