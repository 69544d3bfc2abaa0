"""hits, search, label: what is stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import output, render_entry
from watcher.cli.help import Commands
from watcher.cli.state import Cursor, Json, Languages, Limit, Since, Sources, Topics, Until, open_application

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.app.listing import ListQuery, RawListQuery
    from watcher.contract.hits import Label
    from watcher.model.page import Page
    from watcher.model.results import StoredHit

app = Commands()


class HitFormat(StrEnum):
    """How `hits` prints its list."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    ATOM = "atom"


class Order(StrEnum):
    """The order of a list."""

    NEW = "new"
    SCORE = "score"


class FoundBy(StrEnum):
    """What found the hits of a list."""

    WORDS = "words"
    MEANING = "meaning"
    ALL = "all"


class Judgement(StrEnum):
    """A judgement of a hit; `none` takes it back."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    NONE = "none"

    @property
    def label(self) -> Label | None:
        if self is Judgement.NONE:
            return None
        return "relevant" if self is Judgement.RELEVANT else "irrelevant"


StoryOption = Annotated[int | None, typer.Option("--story", help="Only this story.")]
OrderOption = Annotated[Order, typer.Option("--order", help="Newest first, or best first among the newest.")]


@app.command(
    epilog="Examples:\n\n  watcher hits 'title:ukraine' --topic intelligence-sharing --since 7d --format csv\n\n"
    "  watcher hits --unread --person Ines"
)
def hits(
    search: Annotated[str | None, typer.Argument(metavar="SEARCH", help="A query in the topic language.")] = None,
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    story: StoryOption = None,
    language: Languages = None,
    label: Annotated[list[str] | None, typer.Option("--label", help="relevant, irrelevant or none.")] = None,
    found_by: Annotated[
        FoundBy, typer.Option("--found-by", help="Hits by words, by meaning (judged relevant), or all.")
    ] = FoundBy.WORDS,
    unread: Annotated[bool, typer.Option("--unread", help="Only what the person has not seen.")] = False,
    starred: Annotated[bool, typer.Option("--starred", help="Only what the person has starred.")] = False,
    person: Annotated[
        str, typer.Option("--person", metavar="NAME", help="Who; desk where nobody has a name.")
    ] = "desk",
    order: OrderOption = Order.NEW,
    limit: Limit = 50,
    cursor: Cursor = None,
    form: Annotated[HitFormat, typer.Option("--format", help="Output format.")] = HitFormat.TABLE,
    as_json: Json = False,
) -> None:
    """List stored hits, newest first, with the words that prove them."""
    from watcher.app.listing import RawListQuery, list_hits

    raw = RawListQuery(
        search=search, topics=topic or (), sources=source or (), since=since, until=until, story=story,
        languages=language or (), labels=label or (), found_by=found_by.value, order=order.value, limit=limit,
        cursor=cursor, unread=unread, starred=starred,
    )  # fmt: skip
    with open_application(queries=False) as application:
        query = parse_typed_query(application, _add_reader(application, raw, person))
        with application.database.read() as db:
            page = list_hits(db, query)
    _print_hits(page, HitFormat.JSON if as_json else form)


def _add_reader(application: App, raw: RawListQuery, name: str) -> RawListQuery:
    """Return a query with the person whose read state and stars it asks of. Raises NotFoundError."""
    if not (raw.unread or raw.starred):
        return raw
    from dataclasses import replace

    from watcher import clock
    from watcher.app.people.accounts import require_account
    from watcher.model.person import DESK
    from watcher.store.triage.readers import load_reader

    with application.database.read() as db:
        person = DESK.name if name == DESK.name else require_account(db, name).name
        return replace(raw, reader=load_reader(db, person, clock.now()))


@app.command(
    epilog="Examples:\n\n  watcher search 'intelligence NEAR/4 share~ lang:en' --since 30d\n\n"
    "  watcher search --like 'Allies hold back intelligence' --since 7d"
)
def search(
    query: Annotated[str | None, typer.Argument(metavar="QUERY", help="A query in the topic language.")] = None,
    like: Annotated[
        str | None, typer.Option("--like", metavar="TEXT", help="Entries whose meaning is near to a sentence.")
    ] = None,
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    story: StoryOption = None,
    language: Languages = None,
    order: OrderOption = Order.NEW,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """Search every stored entry, matched by a topic or not, in the topic language, by meaning, or both."""
    from watcher.app.listing import RawListQuery

    _require_query(query, like)
    raw = RawListQuery(
        search=query,
        topics=topic or (),
        sources=source or (),
        since=since,
        until=until,
        story=story,
        languages=language or (),
        order=order.value,
        limit=limit,
        cursor=cursor,
    )
    with open_application(queries=False) as application:
        parsed = parse_typed_query(application, raw)
        if like is not None:
            _print_similar(application, parsed, like, as_json=as_json)
        else:
            _print_matches(application, parsed, as_json=as_json)


@app.command()
def label(
    hit: Annotated[int, typer.Argument(metavar="HIT", help="The hit's number.")],
    judgement: Annotated[Judgement, typer.Argument(help="Your judgement; `none` takes it back.")],
    as_json: Json = False,
) -> None:
    """Judge a hit for its topic: relevant or irrelevant. Judgements measure a topic (`watcher topics eval`)."""
    from watcher import clock
    from watcher.app.judgements import judge_hit
    from watcher.contract.hits import LabelledHit

    verdict = judgement.label
    with open_application(queries=False) as application, application.database.write() as db:
        judged = judge_hit(db, hit, verdict, clock.now())
    labelled: LabelledHit = {"id": hit, "label": verdict}
    if as_json:
        output.print_json(labelled)
    else:
        output.print_note(f"hit {hit} ({judged.hit.topic_id}): {judgement.value}")
        for other in judged.others:
            label_text = other.label or "not judged"
            output.print_note(f"the same item is hit {other.id} ({other.topic_id}): {label_text}")


def parse_typed_query(application: App, raw: RawListQuery) -> ListQuery:
    """Parse what was typed for a list. Raises what `parse_list_query` raises, and QueryError."""
    from watcher import clock
    from watcher.app.listing import parse_list_query_with_sets

    settings = application.settings
    return parse_list_query_with_sets(raw, (topic.id for topic in settings.topics), clock.now(), settings.sets)


def _require_query(query: str | None, like: str | None) -> None:
    from watcher.errors import UsageError

    if query is None and like is None:
        raise UsageError("write a query in the topic language, or --like and a sentence")


def _print_matches(application: App, query: ListQuery, *, as_json: bool) -> None:
    """Print the entries that a query matches."""
    from watcher.app.listing import search_entries
    from watcher.contract.entries import encode_matches

    with application.database.read() as db:
        page = search_entries(db, query)
    if as_json:
        output.print_json(encode_matches(page))
        return
    for match in page.items:
        render_entry.print_entry(match.stored, match.evidence)
    print_end(len(page.items), "entry", page.next_cursor, page.searched_back_to)


def _print_similar(application: App, query: ListQuery, like: str, *, as_json: bool) -> None:
    """Print the entries whose meaning is nearest to a sentence."""
    from watcher import clock
    from watcher.app.similar import find_like_text
    from watcher.contract.entries import encode_similar_entries

    similar_entries = find_like_text(
        application, like, query.filters, clock.now(), query=query.search, limit=query.limit
    )
    if as_json:
        output.print_json(encode_similar_entries(similar_entries))
        return
    for similar in similar_entries:
        render_entry.print_entry(similar.stored, ())
        output.print_line(output.style_text(f"  likeness {similar.likeness:.2f}", output.DIM))
    output.print_note(output.format_count(len(similar_entries), "entry", "entries"))


def _print_hits(page: Page[StoredHit], form: HitFormat) -> None:
    from watcher.contract.hits import encode_hit, encode_hits

    encoded = (encode_hit(hit) for hit in page.items)
    match form:
        case HitFormat.JSON:
            output.print_json(encode_hits(page))
        case HitFormat.JSONL:
            from watcher.app.export import export_hits_jsonl

            _print_text(export_hits_jsonl(encoded))
        case HitFormat.CSV:
            from watcher.app.export import export_hits_csv

            _print_text(export_hits_csv(encoded))
        case HitFormat.MARKDOWN:
            from watcher.app.export import export_hits_markdown

            _print_text(export_hits_markdown(encoded))
        case HitFormat.ATOM:
            from watcher.app.export import export_hits_atom

            output.print_document(export_hits_atom("Hits", "urn:news-watcher:hits", page.items))
        case HitFormat.TABLE:
            for hit in page.items:
                render_entry.print_hit(hit)
            print_end(len(page.items), "hit", page.next_cursor, page.searched_back_to)


def _print_text(text: str) -> None:
    """Print lines, nothing where there are none."""
    if text:
        output.print_document(text.rstrip("\r\n"))


def print_end(count: int, noun: str, cursor: str | None, back_to: datetime | None) -> None:
    """Print how much was listed, and how the list goes on."""
    plural = {"entry": "entries", "story": "stories"}.get(noun, "")
    output.print_note(output.format_count(count, noun, plural) + (f"; more with --cursor {cursor}" if cursor else ""))
    if back_to is not None:
        output.print_note(f"searched back to {output.format_time(back_to)}")
