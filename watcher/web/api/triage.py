"""Read state and stars of the person who asks, and the facets of lists."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from watcher.app.triage.marks import mark_seen, mark_unread, parse_targets, star
from watcher.contract.triage import ChangedMarks, FacetList, MarkList, encode_facets, encode_mark
from watcher.errors import UsageError
from watcher.model.triage import Mark, Target, TargetKind
from watcher.store.hits.facets import count_hit_facets
from watcher.store.stories.facets import count_story_facets
from watcher.store.triage.marks import load_marks
from watcher.store.triage.notes import count_notes
from watcher.web.api.parameters import ListParameters, StoryParameters, parse_parameters
from watcher.web.auth.person import get_person
from watcher.web.context import Ctx
from watcher.web.validation import Text

router = APIRouter(tags=["lists"])
_TargetText = Annotated[Text, Field(max_length=40)]


def _require_text(value: Any) -> Any:
    """Return a value that is text; raises ValueError. A number would be taken for seconds since 1970."""
    if not isinstance(value, str | datetime):
        raise ValueError("expected a time, as 2026-11-27T07:12:00Z")
    return value


class MarkUpdate(BaseModel):
    """What becomes of some targets; what is absent or null stays as it is.

    `until` is when the list was read: what came later stays unread. Without it, that is now.
    """

    model_config = ConfigDict(extra="forbid")
    targets: list[_TargetText] = Field(min_length=1, max_length=1_000)
    seen: StrictBool | None = None
    starred: StrictBool | None = None
    until: Annotated[AwareDatetime, BeforeValidator(_require_text)] | None = None


@router.get("/marks")
def get_marks(
    request: Request,
    ctx: Ctx,
    target: Annotated[list[_TargetText], Query(description="entry:12, story:3 or proposal:4", max_length=200)],
) -> MarkList:
    """Get what you know of some targets: until when each was seen, whether it is starred, and its notes."""
    targets, person = parse_targets(target), get_person(request).name
    known: dict[Target, tuple[Mark, int]] = {}
    with ctx.app.database.read() as db:
        for kind in TargetKind:
            ids = [target.id for target in targets if target.kind is kind]
            marks, notes = load_marks(db, person, kind, ids), count_notes(db, kind, ids)
            known |= {Target(kind, id_): (marks.get(id_, Mark()), notes.get(id_, 0)) for id_ in ids}
    return {"marks": [encode_mark(target, *known[target]) for target in targets]}


@router.put("/marks")
def put_marks(request: Request, ctx: Ctx, update: MarkUpdate) -> ChangedMarks:
    """Mark targets as seen or unread, and star them. Seeing a story sees its reports."""
    person, targets = get_person(request).name, parse_targets(update.targets)
    until: datetime | None = update.until
    if update.seen is None and update.starred is None:
        raise UsageError("Send `seen`, `starred` or both.")
    changed: set[Target] = set()
    with ctx.app.database.write() as db:
        if update.starred is not None:
            star(db, person, targets, starred=update.starred, now=ctx.now)
            changed |= set(targets)
        if update.seen:
            changed |= set(mark_seen(db, person, targets, ctx.now, until=until))
        elif update.seen is not None:
            mark_unread(db, person, targets, ctx.now)
            changed |= set(targets)
    ctx.clear_cache()
    return {"changed": [str(target) for target in sorted(changed)]}


@router.get("/facets/hits")
def get_hit_facets(request: Request, ctx: Ctx, parameters: ListParameters) -> FacetList:
    """Count the newest hits that pass the filters by topic, source, language and day; a search by words is refused."""
    query = parse_parameters(request, parameters)
    if query.search is not None:
        raise UsageError("A search by words has no facets. Leave `q` out.")
    with ctx.app.database.read() as db:
        return encode_facets(count_hit_facets(db, query.filters))


@router.get("/facets/stories")
def get_story_facets(request: Request, ctx: Ctx, parameters: StoryParameters) -> FacetList:
    """Count the latest stories that pass the filters by topic, source, language and day of their latest report."""
    query = parse_parameters(request, parameters)
    with ctx.app.database.read() as db:
        return encode_facets(count_story_facets(db, query.filters))
