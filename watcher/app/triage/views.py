"""Saved views: a list with its filters under a name, with its unread count and a feed of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from watcher.app.listing import STORY_ORDERS, ListQuery, RawListQuery, parse_list_query
from watcher.errors import NotFoundError, UsageError
from watcher.model.meaning import ProposalState
from watcher.model.results import StoredHit, StoredProposal
from watcher.model.story import Story
from watcher.model.triage import MAX_VIEW_NAME_CHARACTERS, Reader, SavedView, ViewPage
from watcher.store.database import Db
from watcher.store.hits.facets import count_unread_hits
from watcher.store.hits.search import find_hits
from watcher.store.meaning.proposals import ProposalFilters, count_unread_proposals, list_proposals
from watcher.store.stories.facets import count_unread_stories
from watcher.store.stories.queries import find_stories
from watcher.store.triage import views

if TYPE_CHECKING:
    from watcher.match import Query

PARAMETERS: Mapping[ViewPage, tuple[str, ...]] = {
    ViewPage.HITS: (
        "q", "topic", "source", "language", "label", "since", "until", "found_by", "order", "group", "unread",
        "starred",
    ),
    ViewPage.STORIES: ("topic", "source", "language", "since", "until", "order", "unread", "starred"),
    ViewPage.PROPOSALS: ("topic", "state"),
}  # fmt: skip
"""What a view of a list may be narrowed by, as in the list's address."""
PROPOSAL_STATES = (*(state.value for state in ProposalState), "all")
_SEVERAL = frozenset(("topic", "source", "language", "label"))
MAX_VALUES, MAX_VALUE_CHARACTERS = 50, 20_000
MAX_SEARCHED_COUNT = 100
"""Unread hits that are counted of a view with a search, which has to read each."""
MAX_FEED_ITEMS = 50


def save_view(
    db: Db, person: str, name: str, page: ViewPage, params: Mapping[str, Sequence[str]], now: datetime
) -> SavedView:
    """Store a list under a name, for one person. Raises UsageError for a bad name or parameter."""
    return views.add_view(
        db,
        person=person,
        key=secrets.token_urlsafe(18),
        name=parse_view_name(name),
        page=page,
        params=parse_view_params(page, params),
        now=now,
    )


def parse_view_name(name: str) -> str:
    """Return a view's name without space around it; raises UsageError."""
    plain = " ".join(name.split())
    if not plain or len(plain) > MAX_VIEW_NAME_CHARACTERS or not plain.isprintable():
        raise UsageError(f"A view needs a name of at most {MAX_VIEW_NAME_CHARACTERS} characters.")
    return plain


def parse_view_params(page: ViewPage, params: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the parameters of a list that a view keeps, without empty ones; raises UsageError for unknown ones."""
    kept: dict[str, tuple[str, ...]] = {}
    for name, values in params.items():
        if name not in PARAMETERS[page]:
            raise UsageError(f"A view of {page.value} has no parameter {name[:40]!r}.")
        chosen = tuple(value.strip() for value in values if value.strip())
        _check_values(name, chosen)
        if chosen:
            kept[name] = chosen
    return kept


def _check_values(name: str, values: Sequence[str]) -> None:
    """Raise UsageError for values of a parameter that a view cannot keep."""
    is_long = any(len(value) > MAX_VALUE_CHARACTERS for value in values)
    if is_long or len(values) > (MAX_VALUES if name in _SEVERAL else 1):
        raise UsageError(f"The parameter {name!r} is too long for a view.")
    if name == "state" and any(value not in PROPOSAL_STATES for value in values):
        raise UsageError(f"{values[0][:40]!r} is not a state. Use one of: {', '.join(PROPOSAL_STATES)}.")


def parse_view_query(
    view: SavedView, reader: Reader, topic_ids: Iterable[str], now: datetime, parse_search: Callable[[str], Query]
) -> ListQuery:
    """Parse the query of a view of hits or stories as its list would.

    Raises what `parse_list_query` raises: a topic may be gone since the view was saved.
    """
    single = {name: values[0] for name, values in view.params.items() if values}
    orders = STORY_ORDERS if view.page is ViewPage.STORIES else ("new", "score")
    raw = RawListQuery(
        search=single.get("q"),
        topics=view.params.get("topic", ()),
        sources=view.params.get("source", ()),
        languages=view.params.get("language", ()),
        labels=view.params.get("label", ()),
        since=single.get("since"),
        until=single.get("until"),
        found_by=single.get("found_by", "words"),
        unread="unread" in single,
        starred="starred" in single,
        reader=reader,
        order=single.get("order", orders[0]),
        orders=orders,
    )
    try:
        return parse_list_query(raw, topic_ids, now, parse_search)
    except NotFoundError as error:
        raise UsageError(str(error)) from error


def count_unread(db: Db, view: SavedView, query: ListQuery, reader: Reader) -> int:
    """Count what is unread in a view for a person; with a search, at most MAX_SEARCHED_COUNT."""
    match view.page:
        case ViewPage.STORIES:
            return count_unread_stories(db, query.filters, reader)
        case ViewPage.PROPOSALS:
            return count_unread_proposals(db, _make_proposal_filters(view), reader)
        case ViewPage.HITS:
            if query.search is None:
                return count_unread_hits(db, query.filters, reader)
            filters = replace(query.filters, unread_by=reader)
            hits = find_hits(db, filters, query=query.search, limit=MAX_SEARCHED_COUNT).items
            return len({hit.stored.id for hit in hits})


def list_view_items(
    db: Db, view: SavedView, query: ListQuery, stop: Callable[[], bool]
) -> tuple[StoredHit | StoredProposal | Story, ...]:
    """Return the newest items of a view for its feed, read or not."""
    filters = replace(query.filters, unread_by=None)
    match view.page:
        case ViewPage.STORIES:
            return find_stories(db, filters, limit=MAX_FEED_ITEMS).items
        case ViewPage.PROPOSALS:
            return list_proposals(db, _make_proposal_filters(view), limit=MAX_FEED_ITEMS).items
        case ViewPage.HITS:
            return find_hits(db, filters, query=query.search, limit=MAX_FEED_ITEMS, enough=stop).items


def _make_proposal_filters(view: SavedView) -> ProposalFilters:
    state = view.params.get("state", (ProposalState.OPEN.value,))[0]
    states = () if state == "all" else (ProposalState(state),)
    return ProposalFilters(topics=view.params.get("topic", ()), states=states)
