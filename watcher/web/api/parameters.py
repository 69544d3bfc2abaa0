"""Query parameters of the API's lists: the same filters as the command has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import Field
from pydantic_core import to_json
from typing_extensions import TypedDict

from watcher.app.listing import STORY_ORDERS, ListQuery, RawListQuery
from watcher.text.suggest import find_nearest
from watcher.web.auth.person import get_person
from watcher.web.context import get_context
from watcher.web.listing import parse_request_query
from watcher.web.render.environment import link
from watcher.web.validation import MAX_ID, Text

_TopicId = Annotated[Text, Field(max_length=64)]
_Source = Annotated[Text, Field(max_length=2_000)]
_Language = Annotated[Text, Field(max_length=35)]
Topics = Annotated[list[_TopicId] | None, Query(description="Only these topics", max_length=50)]
Sources = Annotated[
    list[_Source] | None, Query(description="Only these feeds: an address, a name or a host", max_length=20)
]
Since = Annotated[
    Text | None, Query(description="From this time on: 7d, 36h, 2026-11-01, yesterday, last-visit", max_length=100)
]
Until = Annotated[Text | None, Query(description="Before this time", max_length=100)]
Story = Annotated[int | None, Query(description="Only this story", ge=1, le=MAX_ID)]
Languages = Annotated[list[_Language] | None, Query(description="Only these languages", max_length=20)]
Labels = Annotated[list[Literal["relevant", "irrelevant", "none"]] | None, Query(description="Only hits judged so")]
Origins = Annotated[
    list[Literal["live", "backfill", "edit"]] | None,
    Query(description="Only hits found on arrival, by a replay, or by an edit of the entry"),
]
Baseline = Annotated[bool | None, Query(description="Whether the entry came with its feed's first poll")]
Unread = Annotated[bool, Query(description="Only what you have not seen")]
Starred = Annotated[bool, Query(description="Only what you starred")]
Order = Annotated[Literal["new", "score"], Query(description="Newest first, or best first among the newest")]
StoryOrder = Annotated[
    Literal["active", "new", "outlets"], Query(description="By the latest report, the first, or outlets")
]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[Text | None, Query(description="`next_cursor` of the page before", max_length=500)]
Search = Annotated[Text | None, Query(description="A query in the topic language", max_length=20_000)]
Like = Annotated[
    Text | None, Query(description="Entries whose meaning is near to this text, the nearest first", max_length=4_000)
]
# `search` and `query` are what the command calls it; both are accepted, `q` is documented.
_SearchAlias = Annotated[Text | None, Query(description="The same as `q`", max_length=20_000, include_in_schema=False)]


async def collect_list_parameters(
    q: Search = None,
    search: _SearchAlias = None,
    query: _SearchAlias = None,
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    story: Story = None,
    language: Languages = None,
    label: Labels = None,
    origin: Origins = None,
    baseline: Baseline = None,
    unread: Unread = False,
    starred: Starred = False,
    order: Order = "new",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RawListQuery:
    """Return the parameters of a list of hits or entries, which the route parses in its own thread."""
    return RawListQuery(
        search=q or search or query,
        topics=topic or (),
        sources=source or (),
        since=since,
        until=until,
        story=story,
        languages=language or (),
        labels=label or (),
        origins=origin or (),
        baseline=baseline,
        unread=unread,
        starred=starred,
        order=order,
        limit=limit,
        cursor=cursor,
    )


async def collect_story_parameters(
    topic: Topics = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    language: Languages = None,
    unread: Unread = False,
    starred: Starred = False,
    order: StoryOrder = "active",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> RawListQuery:
    """Return the parameters of a list of stories, which the route parses in its own thread."""
    return RawListQuery(
        topics=topic or (),
        sources=source or (),
        since=since,
        until=until,
        languages=language or (),
        unread=unread,
        starred=starred,
        order=order,
        orders=STORY_ORDERS,
        limit=limit,
        cursor=cursor,
    )


ListParameters = Annotated[RawListQuery, Depends(collect_list_parameters)]
StoryParameters = Annotated[RawListQuery, Depends(collect_story_parameters)]


class ListPage(TypedDict):
    """A page of any list, as JSON."""

    next_cursor: str | None


def parse_parameters(request: Request, raw: RawListQuery) -> ListQuery:
    """Parse the parameters of a list for who asks; raises UsageError, QueryError and BusyError."""
    return parse_request_query(get_context(request), raw, get_person(request).name)


def respond_with_page(request: Request, page: ListPage) -> Response:
    """Return a page of a list, with a link to the next.

    Its type was checked with the code: to validate each value once more takes as long as to read it.
    """
    response = Response(to_json(page), media_type="application/json")
    add_next_link(request, response, page["next_cursor"])
    return response


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse query parameters that the route does not declare; raises RequestValidationError with the nearest name."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.query_params:
        return
    declared = list(dict.fromkeys(_list_declared(route.dependant)))
    errors = [
        {"type": "unknown_parameter", "loc": ("query", name[:100]), "msg": _explain(name, declared), "input": None}
        for name in dict.fromkeys(request.query_params.keys())
        if name not in declared
    ]
    if errors:
        raise RequestValidationError(errors)


def add_next_link(request: Request, response: Response, cursor: str | None) -> None:
    """Add `Link: rel=next` where the list goes on, for clients that do not read cursors (RFC 8288)."""
    if cursor is None:
        return
    params: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        params.setdefault(name, []).append(value)
    root = get_context(request).gate.prefix
    response.headers["Link"] = f'<{root}{link(request.url.path, params, cursor=cursor)}>; rel="next"'


def _list_declared(dependant: Dependant) -> Iterator[str]:
    """Yield the query parameters of a route and of all that it depends on."""
    yield from (str(field.alias) for field in dependant.query_params)
    for dependency in dependant.dependencies:
        yield from _list_declared(dependency)


def _explain(name: str, declared: Sequence[str]) -> str:
    nearest = find_nearest(name, declared)
    if nearest:
        return f"unknown parameter; did you mean `{nearest}`?"
    return (
        f"unknown parameter; known here: {', '.join(declared)}" if declared else "unknown parameter; none is known here"
    )
