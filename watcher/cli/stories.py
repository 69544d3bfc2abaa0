"""stories: listed, split, merged, exported."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import output
from watcher.cli.help import Commands
from watcher.cli.queries import parse_typed_query, print_end
from watcher.cli.state import Cursor, Json, Languages, Limit, Since, Sources, Topics, Until, open_application

if TYPE_CHECKING:
    from watcher.model.story import Story
    from watcher.store.stories.decisions import StoryDecision

app = Commands(
    help="List stories with their outlets; split, merge and export them.",
    invoke_without_command=True,
)


class StoryOrder(StrEnum):
    """The order of the list."""

    ACTIVE = "active"
    NEW = "new"
    OUTLETS = "outlets"


class ExportFormat(StrEnum):
    """In what a story is exported."""

    MARKDOWN = "markdown"
    DOCX = "docx"


StoryArgument = Annotated[int, typer.Argument(metavar="STORY", help="The story's number.")]


@app.callback(
    epilog="Examples:\n\n  watcher stories --order outlets --since 2d\n\n  watcher stories split 12 340 341\n\n"
    "  watcher stories export 12 --format docx --output brief.docx"
)
def stories(
    context: typer.Context,
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    language: Languages = None,
    order: Annotated[
        StoryOrder, typer.Option("--order", help="The latest report first, the newest story, or the most outlets.")
    ] = StoryOrder.ACTIVE,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List stories with their outlets, those with the latest report first."""
    if context.invoked_subcommand is not None:
        return
    from watcher.app.listing import STORY_ORDERS, RawListQuery, list_stories
    from watcher.contract.stories import encode_stories

    raw = RawListQuery(
        topics=topic or (),
        sources=source or (),
        since=since,
        until=until,
        languages=language or (),
        order=order.value,
        orders=STORY_ORDERS,
        limit=limit,
        cursor=cursor,
    )
    with open_application(queries=False) as application:
        query = parse_typed_query(application, raw)
        with application.database.read() as db:
            page = list_stories(db, query)
    if as_json:
        output.print_json(encode_stories(page))
        return
    for story in page.items:
        _print_story(story)
    print_end(len(page.items), "story", page.next_cursor, None)


@app.command(epilog="Example:\n\n  watcher stories split 12 340 341")
def split(
    story: StoryArgument,
    entries: Annotated[list[int], typer.Argument(metavar="ENTRY", help="The entries that are of another event.")],
    as_json: Json = False,
) -> None:
    """Move entries of a story into one of their own; the two are not joined again by themselves."""
    from watcher import clock
    from watcher.app.story_decisions import split_off_reports

    with open_application(queries=False) as application, application.database.write() as db:
        decision = split_off_reports(db, story, entries, clock.now())
    _print_decision(decision, as_json=as_json)


@app.command(epilog="Example:\n\n  watcher stories merge 12 15")
def merge(
    story: StoryArgument,
    other: Annotated[int, typer.Argument(metavar="OTHER", help="The story whose entries are moved into it.")],
    as_json: Json = False,
) -> None:
    """Move all entries of another story into a story."""
    from watcher import clock
    from watcher.app.story_decisions import merge_other_story

    with open_application(queries=False) as application, application.database.write() as db:
        decision = merge_other_story(db, story, other, clock.now())
    _print_decision(decision, as_json=as_json)


@app.command(epilog="Example:\n\n  watcher stories undo 12")
def undo(
    story: StoryArgument,
    decision: Annotated[
        int | None, typer.Option("--decision", metavar="N", help="This split or merge, instead of the latest.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Undo the latest split or merge of a story."""
    from watcher import clock
    from watcher.app.story_decisions import undo_decision

    with open_application(queries=False) as application, application.database.write() as db:
        undone = undo_decision(db, story, clock.now(), decision)
    _print_decision(undone, as_json=as_json)


@app.command(epilog="Example:\n\n  watcher stories export 12 --format docx --output brief.docx")
def export(
    story: StoryArgument,
    form: Annotated[ExportFormat, typer.Option("--format", help="Output format.")] = ExportFormat.MARKDOWN,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file, not to stdout.")
    ] = None,
) -> None:
    """Export a story as a brief that can be cited, with sources, times and coverage."""
    from watcher import clock
    from watcher.app.story_brief import BriefFormat, export_story
    from watcher.errors import UsageError

    if form is ExportFormat.DOCX and target is None and sys.stdout.isatty():
        raise UsageError("a document is no text for a terminal: name a file with --output")
    with open_application(queries=False) as application, application.database.read() as db:
        body = export_story(db, story, BriefFormat(form.value), clock.now())
    if target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(body)
        return
    try:
        target.write_bytes(body)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    output.print_note(f"written to {target}")


def _print_story(story: Story) -> None:
    title = story.lead.title if story.lead else "(no entries left)"
    output.print_line(f"{output.style_text(output.clean_text(title), output.BOLD)}  #{story.id}")
    for report in story.reports:
        copy = output.style_text("  copy", output.DIM) if report.copy else ""
        outlet, headline = output.clean_text(report.source), output.clean_text(report.title)
        output.print_line(f"  {output.format_time(report.first_seen_at)}  {outlet}: {headline}{copy}")


def _print_decision(decision: StoryDecision, *, as_json: bool) -> None:
    from watcher.app.story_decisions import encode_decision

    if as_json:
        output.print_json(encode_decision(decision))
        return
    entries = output.format_count(len(decision.entry_ids), "entry", "entries")
    if decision.undone_at is not None:
        output.print_note(f"{decision.kind.value} undone: {entries} moved back")
    elif decision.kind.value == "split":
        output.print_note(f"story {decision.other_story_id} has {entries} of story {decision.story_id}")
    else:
        output.print_note(f"story {decision.story_id} has {entries} of story {decision.other_story_id}")
