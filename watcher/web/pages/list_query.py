"""What a list of hits or entries is asked with on a page: read from its address, and written back into its links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from watcher.app.listing import ORDERS
from watcher.errors import BusyError, QueryError, UsageError, WatcherError
from watcher.match import Query
from watcher.model.results import Filters
from watcher.web.api.params import filters_of
from watcher.web.context import WebContext
from watcher.web.validation import MAX_ID, validate_text

PER_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The filters as typed, and as read. `fault` says what was wrong with them; then they read as nothing."""

    typed: dict[str, Any]
    filters: Filters
    query: Query | None
    fault: WatcherError | None = None

    @property
    def order(self) -> str:
        return str(self.typed.get("order") or "new")

    @property
    def cursor(self) -> str | None:
        return self.typed.get("cursor")

    @property
    def grouped(self) -> bool:
        return self.typed.get("group") != "no"

    @property
    def narrowed(self) -> bool:
        """Tell whether anything but the search and the topic narrows the list: then the filters stand open."""
        return any(self.typed.get(name) for name in ("since", "until", "source", "language", "label", "order", "group"))

    @property
    def params(self) -> dict[str, Any]:
        """Give what links repeat: everything but the place in the list."""
        return {name: value for name, value in self.typed.items() if name != "cursor"}


def read_question(ctx: WebContext, params: QueryParams) -> Question:
    """Read a page's address. A fault is kept for the page to show beside the form."""
    typed: dict[str, Any] = {}
    for name in ("topic", "source", "language", "label"):
        typed[name] = [value.strip() for value in params.getlist(name) if value.strip()][:100]
    for name in ("q", "since", "until", "story", "order", "group", "cursor"):
        typed[name] = (params.get(name) or "").strip() or None
    try:
        for value in [each for named in typed.values() for each in (named if isinstance(named, list) else [named])]:
            _check(value)
        if (order := typed["order"]) and order not in ORDERS:
            raise UsageError(f"no order {order!r}: it is one of {', '.join(ORDERS)}")
        filters = filters_of(
            ctx,
            topic=typed["topic"],
            source=typed["source"],
            since=typed["since"],
            until=typed["until"],
            story=_number(typed["story"]),
            language=typed["language"],
            label=typed["label"],
        )
        query = ctx.read_search(typed["q"])
    except (UsageError, QueryError, BusyError) as error:
        return Question(typed=typed, filters=Filters(), query=None, fault=error)
    return Question(typed=typed, filters=filters, query=query)


def _check(value: str | None) -> None:
    try:
        validate_text(value or "")
    except ValueError as error:
        raise UsageError(f"a filter {error}") from error


def _number(value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or not 0 < int(value[:20]) <= MAX_ID:
        raise UsageError(f"no story {value[:40]!r}: stories have numbers")
    return int(value)
