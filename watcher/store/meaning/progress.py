"""How far reading for meaning is: the backlog, how fast it shrinks, and what stands in the way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.store.database import Db
from watcher.store.meaning.models import ModelState, list_models
from watcher.store.system.key_values import get_value, set_value

_KEY = "meaning progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingProgress:
    """What the latest process that read for meaning observed: entries per second, and why it could not go on.

    `fault` is empty while the encoder works.
    """

    observed_at: datetime
    per_second: float = 0.0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeaningState:
    """The model that serves, the entries that it has not read, and the model that is built beside it, if any.

    `remaining` is how long the backlog will take, None where that is not known.
    """

    model: str
    backlog: int
    remaining: timedelta | None
    building: str | None = None
    building_backlog: int = 0
    fault: str = ""


def save_progress(db: Db, progress: ReadingProgress) -> None:
    """Store what a process observed."""
    facts = {
        "at": progress.observed_at.isoformat(),
        "per_second": round(progress.per_second, 3),
        "fault": progress.fault,
    }
    set_value(db, _KEY, json.dumps(facts, ensure_ascii=False))


def load_progress(db: Db) -> ReadingProgress | None:
    """Return what was observed last, None before that."""
    value = get_value(db, _KEY)
    if value is None:
        return None
    facts = json.loads(value)
    return ReadingProgress(
        observed_at=datetime.fromisoformat(facts["at"]), per_second=facts["per_second"], fault=facts["fault"]
    )


def get_meaning_state(db: Db) -> MeaningState | None:
    """Return how far reading is; None before the first model."""
    models = list_models(db)
    if not models or models[0].state is not ModelState.SERVING:
        return None
    from watcher.store.meaning.backlog import count_backlog  # with entries, of which the status asks nothing else

    serving, building = models[0], next((stored for stored in models[1:]), None)
    backlog = 0 if building is not None else count_backlog(db, serving)
    building_backlog = count_backlog(db, building) if building is not None else 0
    progress = load_progress(db)
    rate = progress.per_second if progress is not None else 0.0
    return MeaningState(
        model=serving.model.name,
        backlog=backlog,
        remaining=timedelta(seconds=(backlog + building_backlog) / rate) if rate > 0 else None,
        building=building.model.name if building is not None else None,
        building_backlog=building_backlog,
        fault=progress.fault if progress is not None else "",
    )
