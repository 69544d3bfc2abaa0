"""What a person knows of the rows of a list: unread, starred, noted; the facets beside it, and the saved views."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fastapi import Request

from watcher.app.triage.counts import CountedView, count_views
from watcher.errors import StoreError
from watcher.model.results import Facets, Filters
from watcher.model.triage import Mark, Reader, TargetKind
from watcher.store.database import Db
from watcher.store.triage.marks import load_marks, map_former_targets
from watcher.store.triage.notes import count_handed_notes, count_notes
from watcher.store.triage.readers import is_visit_due, list_readers, record_visit
from watcher.web.auth.person import get_person
from watcher.web.context import WebContext
from watcher.web.pages.list_query import PageQuery
from watcher.web.render.environment import link

_UNKNOWN = Mark()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCounts:
    """How a kind of list is counted: by the values that it can be narrowed to, and what a person has not seen."""

    count_facets: Callable[[Db, Filters], Facets]
    count_unread: Callable[[Db, Filters, Reader], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMarks:
    """What a reader knows of the rows of one kind, and how many notes each has."""

    kind: TargetKind
    reader: Reader
    marks: Mapping[int, Mark] = field(default_factory=dict)
    notes: Mapping[int, int] = field(default_factory=dict)

    def is_unread(self, target_id: int, moment: datetime) -> bool:
        """Return whether what came at a moment is new to the reader."""
        return self.marks.get(target_id, _UNKNOWN).is_unread(moment, self.reader)

    def is_starred(self, target_id: int) -> bool:
        """Return whether the reader starred a row."""
        return self.marks.get(target_id, _UNKNOWN).starred

    def count_notes(self, target_id: int) -> int:
        """Return how many notes a row has."""
        return self.notes.get(target_id, 0)


def load_row_marks(db: Db, kind: TargetKind, ids: Collection[int], reader: Reader) -> RowMarks:
    """Return what a reader knows of the rows of a list."""
    former = map_former_targets(db, kind, ids)
    return RowMarks(
        kind=kind,
        reader=reader,
        marks=load_marks(db, reader.person, kind, ids, former),
        notes=count_notes(db, kind, ids, former),
    )


def record_page_visit(ctx: WebContext, request: Request) -> None:
    """Record that a person looks at a list; a database that is busy or full does not keep them from it."""
    person = get_person(request).name

    def record() -> None:
        """Record it where it is due, which no more is looked at for some seconds."""
        with ctx.app.database.read() as db:
            is_due = is_visit_due(db, person, ctx.now)
        if is_due:
            with ctx.app.database.write(lasting=False) as db:
                record_visit(db, person, ctx.now)

    with suppress(StoreError):
        ctx.get_cached(f"visit:{person}", record)


def list_view_lines(ctx: WebContext, reader: Reader) -> Sequence[CountedView]:
    """Return a reader's saved views with their unread counts, cached for some seconds."""

    def load() -> tuple[CountedView, ...]:
        """Count each."""
        topic_ids = [topic.id for topic in ctx.app.settings.topics]
        with ctx.app.database.read() as db:
            return count_views(db, reader, topic_ids, ctx.now, lambda text: ctx.parse_query(text).query)

    return ctx.get_cached(f"views:{reader.person}", load)


def list_people(ctx: WebContext) -> tuple[str, ...]:
    """Return the names that a note is offered to be handed to."""

    def load() -> tuple[str, ...]:
        """Read them."""
        with ctx.app.database.read() as db:
            return list_readers(db)

    return ctx.get_cached("people", load)


def count_handed(ctx: WebContext, reader: Reader) -> int:
    """Return how many notes wait for a reader, cached for some seconds."""

    def load() -> int:
        """Count them."""
        with ctx.app.database.read() as db:
            return count_handed_notes(db, reader.person)

    return ctx.get_cached(f"handed:{reader.person}", load)


def load_list_side(
    ctx: WebContext, question: PageQuery, base: str, counts: ListCounts, *, counted: bool
) -> dict[str, Any]:
    """Return what stands beside the list at `base`: its facets, the count of unread rows, the views and notes.

    A list with a search or a fault is not counted.
    """
    reader = question.reader
    version = ctx.app.database.read_version() if counted else None
    return {
        "facets": _load_facets(ctx, question, base, counts, version) if counted else None,
        "unread": _load_unread(ctx, question, base, counts, version) if counted else None,
        "views": list_view_lines(ctx, reader),
        "handed": count_handed(ctx, reader),
        "people": list_people(ctx),
    }


def _load_facets(ctx: WebContext, question: PageQuery, base: str, counts: ListCounts, version: Hashable) -> Facets:
    """Return the facets of a list: the same for everyone, unless it is narrowed by what a person did."""

    def load() -> Facets:
        """Count them, and give topics the names that they have."""
        with ctx.app.database.read() as db:
            facets = counts.count_facets(db, question.query.filters)
        names = ctx.topic_names
        topics = tuple(replace(topic, name=names.get(topic.value, topic.value)) for topic in facets.topics)
        return replace(facets, topics=topics)

    person_key = describe_reader(question.reader) if question.is_personal else None
    return ctx.get_unchanged(("facets", link(base, question.params), person_key), load, version)


def _load_unread(ctx: WebContext, question: PageQuery, base: str, counts: ListCounts, version: Hashable) -> int:
    """Return how many rows of a list are unread for who asks."""

    def load() -> int:
        """Count them."""
        with ctx.app.database.read() as db:
            return counts.count_unread(db, question.query.filters, question.reader)

    return ctx.get_unchanged(("unread", link(base, question.params), describe_reader(question.reader)), load, version)


def describe_reader(reader: Reader) -> Hashable:
    """Return what a list depends on of its reader, but for what moves with the time."""
    seen_before = None if reader.seen_before == reader.seen_floor else reader.seen_before
    return reader.person, seen_before, reader.last_visit_at
