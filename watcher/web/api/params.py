"""What the lists of the API are asked with: the command's filters, as query parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import Field

from watcher.app.listing import read_filters
from watcher.errors import NotFoundError, UsageError
from watcher.match import Query as ReadQuery
from watcher.model.results import Filters
from watcher.text.suggest import did_you_mean
from watcher.web.context import Ctx, WebContext, get_context
from watcher.web.render.environment import link
from watcher.web.validation import MAX_ID, Text

_Id = Annotated[Text, Field(max_length=64)]
_Source = Annotated[Text, Field(max_length=2_000)]
_Language = Annotated[Text, Field(max_length=35)]
Topics = Annotated[list[_Id] | None, Query(description="Only these topics", max_length=50)]
Sources = Annotated[
    list[_Source] | None, Query(description="Only these feeds: an address, a name or a host", max_length=20)
]
Since = Annotated[Text | None, Query(description="From this time on: 7d, 36h, 2026-11-01, yesterday", max_length=100)]
Until = Annotated[Text | None, Query(description="Before this time", max_length=100)]
StoryId = Annotated[int | None, Query(description="Only this story", ge=1, le=MAX_ID)]
Languages = Annotated[list[_Language] | None, Query(description="Only these languages", max_length=20)]
Labels = Annotated[list[Literal["relevant", "irrelevant", "none"]] | None, Query(description="Only so judged")]
Origins = Annotated[list[Literal["live", "backfill", "edit"]] | None, Query(description="Only hits that came so")]
Baseline = Annotated[bool | None, Query(description="Whether an entry came with a feed's first poll")]
Order = Annotated[Literal["new", "score"], Query(description="Newest first, or best first among the newest")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[Text | None, Query(description="`next_cursor` of the page before", max_length=500)]
Search = Annotated[Text | None, Query(description="A query in the topic language", max_length=20_000)]
_Same = Annotated[Text | None, Query(description="The same as `q`", max_length=20_000, include_in_schema=False)]


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters and the search of a list, read."""

    filters: Filters
    query: ReadQuery | None


def asked(
    ctx: Ctx,
    q: Search = None,
    search: _Same = None,
    query: _Same = None,
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    story: StoryId = None,
    language: Languages = None,
    label: Labels = None,
    origin: Origins = None,
    baseline: Baseline = None,
) -> Asked:
    """Read what a list is asked with; raises UsageError and QueryError."""
    filters = filters_of(
        ctx, topic=topic, source=source, since=since, until=until, story=story, language=language, label=label,
        origin=origin, baseline=baseline,
    )  # fmt: skip
    return Asked(filters, ctx.read_search(q or search or query))


def filters_of(
    ctx: WebContext,
    *,
    topic: Sequence[str] | None = None,
    source: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    story: int | None = None,
    language: Sequence[str] | None = None,
    label: Sequence[str] | None = None,
    origin: Sequence[str] | None = None,
    baseline: bool | None = None,
) -> Filters:
    """Make filters of parameters. An unknown topic is a fault of the question here, not a missing page."""
    try:
        return read_filters(
            [each.id for each in ctx.app.settings.topics],
            ctx.now,
            topics=topic or (),
            sources=source or (),
            since=since,
            until=until,
            story=story,
            languages=language or (),
            labels=label or (),
            origins=origin or (),
            baseline=baseline,
        )
    except NotFoundError as error:
        raise UsageError(str(error)) from error


async def refuse_unknown(request: Request) -> None:
    """Refuse query parameters that the route does not declare; raises RequestValidationError with the nearest name."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = list(dict.fromkeys(_declared(route.dependant)))
    faults = [
        {"type": "unknown_parameter", "loc": ("query", name[:100]), "msg": _unknown(name, known), "input": None}
        for name in dict.fromkeys(request.query_params.keys())
        if name not in known
    ]
    if faults:
        raise RequestValidationError(faults)


def _declared(dependant: Dependant) -> Iterator[str]:
    """Name the query parameters of a route and of all that it depends on."""
    yield from (str(field.alias) for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _declared(each)


def _unknown(name: str, known: Sequence[str]) -> str:
    listed = f"; known here: {', '.join(known)}" if known else "; none is known here"
    return f"unknown parameter{did_you_mean(name, known) or listed}"


ListAsked = Annotated[Asked, Depends(asked)]


def listed(request: Request, said: Mapping[str, object]) -> JSONResponse:
    """Answer with a list; `Link: rel=next` leads on, for those who do not read cursors."""
    response = JSONResponse(said)
    if cursor := said.get("next_cursor"):
        params: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            params.setdefault(name, []).append(value)
        root = get_context(request).gate.prefix
        response.headers["Link"] = f'<{root}{link(request.url.path, params, cursor=cursor)}>; rel="next"'
    return response
