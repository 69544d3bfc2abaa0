"""List queries of pages, parsed from the address and kept as typed for the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from watcher.app.listing import ORDERS, ListQuery, RawListQuery
from watcher.errors import BusyError, QueryError, UsageError, WatcherError
from watcher.web.context import WebContext
from watcher.web.listing import parse_request_query
from watcher.web.validation import MAX_ID, validate_text

PAGE_SIZE = 50
MAX_VALUES = 100
"""Values of one filter that are read; more are ignored."""
_FILTERS = ("since", "until", "source", "language", "label", "found_by", "order", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """A list query as typed, and parsed. `fault` is its error; then the query restricts nothing."""

    typed: dict[str, Any]
    query: ListQuery
    fault: WatcherError | None = None

    @property
    def order(self) -> str:
        return str(self.typed.get("order") or "new")

    @property
    def grouped(self) -> bool:
        return self.typed.get("group") != "no"

    @property
    def has_filters(self) -> bool:
        """Return whether anything but the search and the topic is set; then the filter panel is open."""
        return any(self.typed.get(name) for name in _FILTERS)

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters that links repeat: all but the place in the list."""
        return {name: value for name, value in self.typed.items() if name != "cursor"}


def parse_page_query(
    ctx: WebContext, params: QueryParams, limit: int = PAGE_SIZE, orders: Sequence[str] = ORDERS
) -> PageQuery:
    """Parse a page's address; an error is kept in `fault`, for the page to show beside the form."""
    typed: dict[str, Any] = {}
    for name in ("topic", "source", "language", "label"):
        typed[name] = [value.strip() for value in params.getlist(name) if value.strip()][:MAX_VALUES]
    for name in ("q", "like", "since", "until", "story", "found_by", "order", "group", "cursor"):
        typed[name] = (params.get(name) or "").strip() or None
    try:
        validate_texts(typed)
        raw = RawListQuery(
            search=typed["q"],
            topics=typed["topic"],
            sources=typed["source"],
            since=typed["since"],
            until=typed["until"],
            story=_parse_story(typed["story"]),
            languages=typed["language"],
            labels=typed["label"],
            found_by=typed["found_by"] or "words",
            order=typed["order"] or orders[0],
            orders=orders,
            limit=limit,
            cursor=typed["cursor"],
        )
        return PageQuery(typed=typed, query=parse_request_query(ctx, raw))
    except (UsageError, QueryError, BusyError) as error:
        return PageQuery(typed=typed, query=ListQuery(order=orders[0], limit=limit), fault=error)


def validate_texts(typed: dict[str, Any]) -> None:
    """Raise UsageError where a filter holds what no database stores."""
    for value in typed.values():
        for text in value if isinstance(value, list) else [value]:
            try:
                validate_text(text or "")
            except ValueError as error:
                raise UsageError(f"a filter {error}") from error


def _parse_story(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:20]) <= MAX_ID:
        raise UsageError(f"{text[:40]!r} is not a story: stories have numbers")
    return int(text)
