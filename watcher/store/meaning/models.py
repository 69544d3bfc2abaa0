"""Encoder models: one serves, another may be built beside it, and those before are cleared away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CursorResult, RowMapping, delete, insert, select, tuple_, update

from watcher.model.encoder import EncoderModel
from watcher.store.database import Db
from watcher.store.sql.dialect import acquire_lock
from watcher.store.tables import embedding_claims, embedding_models, embedding_queue, embeddings, text_vectors

VECTORS_PER_DELETION = 2_000
"""Vectors of a retired model that one transaction deletes."""


class ModelState(StrEnum):
    """Whether a model's vectors are in use, not complete yet, or to be deleted."""

    SERVING = "serving"
    BUILDING = "building"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """A model that vectors are stored of; all entries up to `watermark_id` have one."""

    id: int
    model: EncoderModel
    state: ModelState
    watermark_id: int


def list_models(db: Db) -> tuple[StoredModel, ...]:
    """List the models that serve or are built, the serving one first."""
    rows = db.execute(select(embedding_models).where(embedding_models.c.state != ModelState.RETIRED.value)).mappings()
    return tuple(sorted(map(_read_model, rows), key=lambda stored: (stored.state is not ModelState.SERVING, stored.id)))


def find_serving_model(db: Db) -> StoredModel | None:
    """Return the model whose vectors are in use, None before the first."""
    return next((stored for stored in list_models(db) if stored.state is ModelState.SERVING), None)


def register_model(db: Db, model: EncoderModel, now: datetime) -> StoredModel:
    """Return the stored model of this name, and store it where it is new.

    The first model serves at once. A later one is built beside it; another one that was being built is retired.
    """
    acquire_lock(db, "embedding models")
    by_name = {row["name"]: _read_model(row) for row in db.execute(select(embedding_models)).mappings()}
    known = by_name.get(model.name)
    serving = next((stored for stored in by_name.values() if stored.state is ModelState.SERVING), None)
    _retire_others(db, model.name)
    if known is not None and known.state is not ModelState.RETIRED and known.model == model:
        return known
    state = ModelState.SERVING if serving is None else ModelState.BUILDING
    if known is None:
        values = {"name": model.name, "dimensions": model.dimensions, "created_at": now, "state": state.value}
        added = db.execute(insert(embedding_models).values(values).returning(embedding_models.c.id)).scalar_one()
        return StoredModel(id=int(added), model=model, state=state, watermark_id=0)
    # It serves again, or its server answers with other dimensions now: what is left of it is read again.
    changed = {"dimensions": model.dimensions, "created_at": now, "watermark_id": 0}
    if known.state is ModelState.RETIRED:
        changed["state"] = state.value
    if known.model != model:
        for table in (embeddings, text_vectors):
            db.execute(delete(table).where(table.c.model_id == known.id))
    row = db.execute(
        update(embedding_models).where(embedding_models.c.id == known.id).values(changed).returning(embedding_models)
    ).mappings()
    return _read_model(row.one())


def promote_model(db: Db, model_id: int) -> bool:
    """Set a complete model as the serving one, and retire the one before; return whether that changed anything."""
    acquire_lock(db, "embedding models")
    building = embedding_models.c.id == model_id, embedding_models.c.state == ModelState.BUILDING.value
    if db.execute(select(embedding_models.c.id).where(*building)).first() is None:
        return False
    was_serving = embedding_models.c.state == ModelState.SERVING.value
    db.execute(update(embedding_models).where(was_serving).values(state=ModelState.RETIRED.value))
    db.execute(update(embedding_models).where(*building).values(state=ModelState.SERVING.value))
    return True


def delete_retired_vectors(db: Db) -> int:
    """Delete some vectors of retired models, and the models that have none left; return how many rows went."""
    retired = select(embedding_models.c.id).where(embedding_models.c.state == ModelState.RETIRED.value)
    ids = tuple(db.execute(retired).scalars())
    deleted_rows = 0
    for model_id in ids:
        some = (
            select(embeddings.c.entry_id, embeddings.c.model_id)
            .where(embeddings.c.model_id == model_id)
            .limit(VECTORS_PER_DELETION)
        )
        done: CursorResult[Any] = db.execute(
            delete(embeddings).where(tuple_(embeddings.c.entry_id, embeddings.c.model_id).in_(some))
        )
        deleted_rows += done.rowcount
        if done.rowcount == 0:
            for table in (text_vectors, embedding_claims, embedding_queue):
                db.execute(delete(table).where(table.c.model_id == model_id))
    return deleted_rows


def _retire_others(db: Db, name: str) -> None:
    others = embedding_models.c.state == ModelState.BUILDING.value, embedding_models.c.name != name
    db.execute(update(embedding_models).where(*others).values(state=ModelState.RETIRED.value))


def _read_model(row: RowMapping) -> StoredModel:
    return StoredModel(
        id=row["id"],
        model=EncoderModel(name=row["name"], dimensions=row["dimensions"]),
        state=ModelState(row["state"]),
        watermark_id=row["watermark_id"],
    )
