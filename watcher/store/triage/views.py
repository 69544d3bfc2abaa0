"""Saved views: lists that a person named, in their order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from watcher.errors import NotFoundError, UsageError
from watcher.model.triage import MAX_VIEWS_PER_PERSON, SavedView, ViewPage
from watcher.store.database import Db
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import saved_views

_IS_THERE = saved_views.c.deleted_at.is_(None)


def add_view(
    db: Db, *, person: str, key: str, name: str, page: ViewPage, params: Mapping[str, Sequence[str]], now: datetime
) -> SavedView:
    """Store a view behind the person's others.

    Raises UsageError where the person has a view of that name, or as many as one may have.
    """
    own_views = (saved_views.c.person == person, _IS_THERE)
    count, last = db.execute(select(func.count(), func.max(saved_views.c.position)).where(*own_views)).one()
    if count >= MAX_VIEWS_PER_PERSON:
        raise UsageError(f"You have {count} saved views. Delete one first.")
    row = {
        "key": key,
        "person": person,
        "name": name,
        "page": page.value,
        "params": _format_params(params),
        "position": (last or 0) + 1,
        "created_at": now,
    }
    inserted = get_dialect(db).insert_or_ignore(saved_views).values(row).returning(saved_views.c.id)
    view_id = db.execute(inserted).scalar()
    if view_id is None:
        raise _make_name_error(name)
    return get_view(db, person, int(view_id))


def list_views(db: Db, person: str) -> tuple[SavedView, ...]:
    """List a person's views in their order."""
    chosen = select(saved_views).where(saved_views.c.person == person, _IS_THERE)
    rows = db.execute(chosen.order_by(saved_views.c.position, saved_views.c.id))
    return tuple(_read(row) for row in rows)


def get_view(db: Db, person: str, view_id: int) -> SavedView:
    """Return a view of a person; raises NotFoundError, also for those of others."""
    chosen = select(saved_views).where(saved_views.c.id == view_id, saved_views.c.person == person, _IS_THERE)
    if (row := db.execute(chosen).first()) is None:
        raise NotFoundError("saved view", str(view_id))
    return _read(row)


def get_view_by_key(db: Db, key: str) -> SavedView:
    """Return the view of a feed's address, of any person; raises NotFoundError."""
    if (row := db.execute(select(saved_views).where(saved_views.c.key == key, _IS_THERE)).first()) is None:
        raise NotFoundError("saved view", key)
    return _read(row)


def update_view(
    db: Db, view: SavedView, *, name: str | None = None, params: Mapping[str, Sequence[str]] | None = None
) -> SavedView:
    """Rename a view, or replace its parameters; raises UsageError where the person has another of that name."""
    changes: dict[str, Any] = {}
    if name is not None and name != view.name:
        if any(other.name == name for other in list_views(db, view.person)):
            raise _make_name_error(name)
        changes["name"] = name
    if params is not None:
        changes["params"] = _format_params(params)
    if changes:
        db.execute(update(saved_views).where(saved_views.c.id == view.id).values(changes))
    return get_view(db, view.person, view.id)


def order_views(db: Db, person: str, view_ids: Sequence[int]) -> tuple[SavedView, ...]:
    """Put a person's views into an order; those that are not named follow in the order that they have."""
    known = {view.id: view for view in list_views(db, person)}
    ordered = [id_ for id_ in dict.fromkeys(view_ids) if id_ in known]
    ordered += [id_ for id_ in known if id_ not in ordered]
    for position, id_ in enumerate(ordered, 1):
        if known[id_].position != position:
            db.execute(update(saved_views).where(saved_views.c.id == id_).values(position=position))
    return list_views(db, person)


def delete_view(db: Db, person: str, view_id: int, now: datetime) -> SavedView:
    """Delete a view of a person, which `restore_view` undoes; raises NotFoundError."""
    view = get_view(db, person, view_id)
    db.execute(update(saved_views).where(saved_views.c.id == view_id).values(deleted_at=now))
    return view


def restore_view(db: Db, person: str, view_id: int) -> SavedView:
    """Restore a view that a person deleted; raises NotFoundError, and UsageError where its name is taken since."""
    chosen = select(saved_views).where(saved_views.c.id == view_id, saved_views.c.person == person)
    if (row := db.execute(chosen).first()) is None:
        raise NotFoundError("saved view", str(view_id))
    if row.deleted_at is not None:
        if any(other.name == row.name for other in list_views(db, person)):
            raise _make_name_error(row.name)
        db.execute(update(saved_views).where(saved_views.c.id == view_id).values(deleted_at=None))
    return get_view(db, person, view_id)


def _make_name_error(name: str) -> UsageError:
    return UsageError(f"You have a view named {name!r}. Choose another name.")


def _format_params(params: Mapping[str, Sequence[str]]) -> str:
    return json.dumps({name: list(values) for name, values in params.items()}, ensure_ascii=False)


def _read(row: Row[Any]) -> SavedView:
    return SavedView(
        id=row.id,
        key=row.key,
        person=row.person,
        name=row.name,
        page=ViewPage(row.page),
        params={name: tuple(values) for name, values in json.loads(row.params).items()},
        position=row.position,
        created_at=row.created_at,
    )
