"""List queries of pages, parsed from the address and kept as typed for the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from watcher.app.listing import LAST_VISIT, ORDERS, ListQuery, RawListQuery
from watcher.errors import BusyError, QueryError, UsageError, WatcherError
from watcher.model.triage import Reader
from watcher.store.triage.readers import load_reader
from watcher.web.auth.person import get_person
from watcher.web.context import WebContext
from watcher.web.listing import parse_request_query
from watcher.web.validation import MAX_ID, validate_text

PAGE_SIZE = 50
MAX_VALUES = 100
"""Values of one filter that are read; more are ignored."""
_PANEL = {
    "like": "Like", "since": "Since", "until": "Until", "source": "Source", "language": "Language", "label": "Judged",
    "found_by": "Found by", "group": "List by", "order": "Order",
}  # fmt: skip
"""The fields of the panel of filters that are plain parameters, with what pages call them."""
_VALUE_WORDS = {
    "irrelevant": "not relevant", "none": "not yet", "meaning": "meaning, judged relevant", "all": "words or meaning",
    "no": "report", "score": "most relevant", "new": "newest story", "outlets": "most outlets",
}  # fmt: skip
"""What pages call the values that the panel offers to choose from."""
TIME_PRESETS = {
    None: "Any time", "today": "Today", "24h": "24 hours", "7d": "7 days", "30d": "30 days",
    "last-visit": "Since last visit",
}  # fmt: skip
"""The times that lists offer at a press, with their names."""
_CHOSEN = ("label", "found_by", "group", "order")
_NARROWING = (*(name for name in _PANEL if name != "like"), "unread", "starred")


@dataclass(frozen=True, slots=True)
class SetFilter:
    """A filter of the panel that is set, with what the page calls it and its value."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """A list query as typed, and parsed. `fault` is its error; then the query restricts nothing.

    `reader` is who asks.
    """

    typed: dict[str, Any]
    query: ListQuery
    reader: Reader
    fault: WatcherError | None = None

    @property
    def order(self) -> str:
        return self.query.order

    @property
    def grouped(self) -> bool:
        return self.typed.get("group") != "no"

    @property
    def set_filters(self) -> tuple[SetFilter, ...]:
        """Return the filters of the panel that are set, in its order; a time that is offered at a press shows there."""
        return tuple(
            SetFilter(name, label, _format_value(name, self.typed[name]))
            for name, label in _PANEL.items()
            if self.typed.get(name) and not (name == "since" and self.typed[name] in TIME_PRESETS)
        )

    @property
    def time_presets(self) -> Mapping[str | None, str]:
        return TIME_PRESETS

    @property
    def is_narrowed(self) -> bool:
        """Return whether anything but the search and the topic is set."""
        return any(self.typed.get(name) for name in _NARROWING)

    @property
    def is_personal(self) -> bool:
        """Return whether what passes the filters depends on who asks."""
        is_by_visit = LAST_VISIT in {self.typed.get("since"), self.typed.get("until")}
        return is_by_visit or bool(self.typed.get("unread") or self.typed.get("starred"))

    @property
    def params(self) -> dict[str, Any]:
        """Return the parameters that links repeat: all but the place in the list."""
        return {name: value for name, value in self.typed.items() if name != "cursor"}


def parse_page_query(
    ctx: WebContext, request: Request, limit: int = PAGE_SIZE, orders: Sequence[str] = ORDERS
) -> PageQuery:
    """Parse a page's address; an error is kept in `fault`, for the page to show beside the form."""
    params, person = request.query_params, get_person(request).name
    with ctx.app.database.read() as db:
        reader = load_reader(db, person, ctx.now)
    typed: dict[str, Any] = {}
    for name in ("topic", "source", "language", "label"):
        typed[name] = [value.strip() for value in params.getlist(name) if value.strip()][:MAX_VALUES]
    for name in ("q", "like", "since", "until", "story", "found_by", "order", "group", "unread", "starred", "cursor"):
        typed[name] = (params.get(name) or "").strip() or None
    # The order that a list has anyway is no filter.
    if typed["order"] == orders[0]:
        typed["order"] = None
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
            unread=typed["unread"] is not None,
            starred=typed["starred"] is not None,
            reader=reader,
            order=typed["order"] or orders[0],
            orders=orders,
            limit=limit,
            cursor=typed["cursor"],
        )
        return PageQuery(typed=typed, query=parse_request_query(ctx, raw, person), reader=reader)
    except (UsageError, QueryError, BusyError) as error:
        return PageQuery(typed=typed, query=ListQuery(order=orders[0], limit=limit), reader=reader, fault=error)


def _format_value(name: str, typed: str | list[str]) -> str:
    values = [typed] if isinstance(typed, str) else typed
    return ", ".join(_VALUE_WORDS.get(value, value) if name in _CHOSEN else value for value in values)


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
