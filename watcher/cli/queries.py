"""hits, search, stories, label: what was stored."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import output, render_entry
from watcher.cli.state import Cursor, Json, Languages, Limit, Since, Sources, Topics, Until, opened

if TYPE_CHECKING:
    from watcher.app.bootstrap import App
    from watcher.model.results import Filters, StoredHit

app = typer.Typer(rich_markup_mode=None)


class Form(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    ATOM = "atom"


class Order(StrEnum):
    NEW = "new"
    SCORE = "score"


class Judgement(StrEnum):
    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    NONE = "none"


@app.command(epilog="Example:\n\n  watcher hits 'title:ukraine' --topic intelligence-sharing --since 7d --format csv")
def hits(
    search: Annotated[str | None, typer.Argument(metavar="[SEARCH]", help="A query in the topic language.")] = None,
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    story: Annotated[int | None, typer.Option("--story", help="Only this story.")] = None,
    language: Languages = None,
    label: Annotated[list[str] | None, typer.Option("--label", help="relevant, irrelevant or none.")] = None,
    order: Annotated[Order, typer.Option("--order", help="Newest first, or best of the newest.")] = Order.NEW,
    limit: Limit = 50,
    cursor: Cursor = None,
    form: Annotated[Form, typer.Option("--format", help="How to print.")] = Form.TABLE,
    as_json: Json = False,
) -> None:
    """List stored hits, newest first, with the words that show why."""
    from watcher.app import views
    from watcher.app.listing import read_query
    from watcher.store.hits.search import find_hits

    with opened(queries=False) as application:
        filters = _filters(
            application, topic, source, since, until, story=story, languages=language or (), labels=label or ()
        )
        query = read_query(search, application.settings.sets)
        with application.database.read() as db:
            page = find_hits(db, filters, query=query, order=order.value, limit=limit, cursor=cursor)
    form = Form.JSON if as_json else form
    said = [views.hit(hit) for hit in page.items]
    match form:
        case Form.JSON:
            output.put_json({"hits": said, "next_cursor": page.next_cursor})
        case Form.JSONL:
            for hit in said:
                output.put(json.dumps(hit, ensure_ascii=False))
        case Form.CSV:
            from watcher.app.spreadsheet import HIT_COLUMNS, format_csv, hit_row

            output.put(format_csv(HIT_COLUMNS, map(hit_row, said)).rstrip("\r\n"))
        case Form.MARKDOWN:
            for hit in said:
                output.put(_markdown(hit))
        case Form.ATOM:
            from watcher.app.syndication import atom

            output.put(atom("Hits", "urn:news-watcher:hits", page.items))
        case Form.TABLE:
            for found in page.items:
                show_hit(found)
            _end(len(page.items), "hit", page.next_cursor, page.searched_back_to)


@app.command(epilog="Example:\n\n  watcher search 'intelligence NEAR/4 share~ lang:en' --since 30d")
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A query in the topic language.")],
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    story: Annotated[int | None, typer.Option("--story", help="Only this story.")] = None,
    language: Languages = None,
    order: Annotated[Order, typer.Option("--order", help="Newest first, or best of the newest.")] = Order.NEW,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """Search every stored entry, matched by a topic or not, in the topic language."""
    from watcher.app import views
    from watcher.app.listing import read_query
    from watcher.store.entries.search import search_entries

    with opened(queries=False) as application:
        filters = _filters(application, topic, source, since, until, story=story, languages=language or ())
        read = read_query(query, application.settings.sets)
        with application.database.read() as db:
            page = search_entries(db, read, filters, order=order.value, limit=limit, cursor=cursor)
    if as_json:
        output.put_json({"entries": [views.match(found) for found in page.items], "next_cursor": page.next_cursor})
        return
    for found in page.items:
        render_entry.show_entry(found.stored, found.evidence)
    _end(len(page.items), "entry", page.next_cursor, page.searched_back_to)


@app.command()
def stories(
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List stories, the newest first, with the outlets that tell them."""
    from watcher.app import views
    from watcher.store.stories.queries import find_stories

    with opened(queries=False) as application:
        filters = _filters(application, topic, source, since, until)
        with application.database.read() as db:
            page = find_stories(db, filters, limit=limit, cursor=cursor)
    if as_json:
        output.put_json({"stories": [views.story(each) for each in page.items], "next_cursor": page.next_cursor})
        return
    for told in page.items:
        title = told.tellings[0].title if told.tellings else "(no entries left)"
        output.put(f"{output.style(output.clean(title), output.BOLD)}  #{told.id}")
        for each in told.tellings:
            copy = output.style("  copy", output.DIM) if each.copy else ""
            output.put(f"  {_at(each.first_seen_at)}  {output.clean(each.source)}: {output.clean(each.title)}{copy}")
    _end(len(page.items), "story", page.next_cursor, None)


@app.command()
def label(
    hit: Annotated[int, typer.Argument(metavar="HIT", help="The hit's number.")],
    judgement: Annotated[Judgement, typer.Argument(help="What you think of it; `none` takes it back.")],
    as_json: Json = False,
) -> None:
    """Judge a hit: relevant or irrelevant. Judgements measure a topic (`watcher topics eval`)."""
    from watcher import clock
    from watcher.store.hits.commands import set_hit_label

    with opened(queries=False) as application, application.database.write() as db:
        set_hit_label(db, hit, None if judgement is Judgement.NONE else judgement.value, clock.now())
    if as_json:
        output.put_json({"id": hit, "label": None if judgement is Judgement.NONE else judgement.value})
    else:
        output.note(f"hit {hit}: {judgement.value}")


def _filters(
    application: App,
    topic: list[str] | None,
    source: list[str] | None,
    since: str | None,
    until: str | None,
    **more: Any,
) -> Filters:
    from watcher import clock
    from watcher.app.listing import read_filters

    known = [each.id for each in application.settings.topics]
    return read_filters(known, clock.now(), topics=topic or (), sources=source or (), since=since, until=until, **more)


def show_hit(found: StoredHit) -> None:
    """Print a hit: headline, what it is, the words that show why."""
    from watcher.app.views import still_there
    from watcher.digest.evidence import cut_snippet, split_by_evidence

    item = found.stored.entry.item
    evidence = still_there(found.hit.evidence, found.stored)
    flags = [
        word
        for word, on in (("baseline", found.stored.baseline), ("backfill", found.hit.origin.value == "backfill"),
                         ("edited", found.stored.version > 1), (found.label or "", bool(found.label)))
        if on
    ]  # fmt: skip
    output.put(output.marked(split_by_evidence(item.title, "title", evidence)))
    said = [f"#{found.id}", found.hit.topic_id, output.clean(found.stored.entry.source), _at(found.hit.matched_at)]
    said += [f"story {found.story_id} ({found.story_size})"] if found.story_size > 1 else []
    output.put("  " + output.style(" · ".join([*said, f"{found.hit.score:.2f}", *flags]), output.DIM))
    field = "summary" if item.summary else "content"
    text = item.summary or item.content
    if text:
        output.put("  " + output.marked(cut_snippet(text, field, evidence, 240)))
    if item.url:
        output.put("  " + output.clean(item.url))


def _end(count: int, what: str, cursor: str | None, back_to: datetime | None) -> None:
    plural = {"entry": "entries", "story": "stories"}.get(what, "")
    output.note(output.counted(count, what, plural) + (f"; more with --cursor {cursor}" if cursor else ""))
    if back_to is not None:
        output.note(f"searched back to {_at(back_to)}")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"


def _markdown(hit: dict[str, Any]) -> str:
    import re

    def escaped(said: str) -> str:
        return re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", " ".join(said.split()))

    entry = hit["entry"]
    url = (entry["url"] or "").replace("<", "%3C").replace(">", "%3E")
    title = f"[{escaped(entry['title'])}](<{url}>)" if url else escaped(entry["title"])
    return f"- {title} – {escaped(entry['source'])}, {hit['matched_at']} ({hit['topic']})"
