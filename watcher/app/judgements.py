"""Judgements of people: each concerns one topic, whatever else an item was found for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from watcher.contract.hits import Label
from watcher.model.person import SHELL, Actor
from watcher.model.results import StoredHit
from watcher.store.database import Db
from watcher.store.hits.commands import set_hit_label
from watcher.store.hits.queries import load_hit, load_hits_of_entries
from watcher.store.people.audit import add_audit_entry


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHit:
    """A hit as it was judged; `others` are the hits of the same item for other topics, which the judgement leaves."""

    hit: StoredHit
    others: tuple[StoredHit, ...]


def judge_hit(db: Db, hit_id: int, label: Label | None, now: datetime, by: Actor = SHELL) -> JudgedHit:
    """Record what a person judges a hit to be, for its own topic alone; None takes it back. Raises NotFoundError."""
    hit = load_hit(db, hit_id)
    set_hit_label(db, hit_id, label, now, author=by.person.author)
    add_audit_entry(db, by, now, "hit judged", f"hit {hit_id} of {hit.topic_id}", before=hit.label, after=label)
    others = tuple(other for other in load_hits_of_entries(db, [hit.stored.id]) if other.id != hit_id)
    return JudgedHit(hit=replace(hit, label=label), others=others)
