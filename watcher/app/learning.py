"""What a topic has learned from: its sentences and examples, judgements, and the head that was fitted on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watcher.model.topic import Topic
from watcher.store.database import Db
from watcher.store.meaning.heads import load_head_versions
from watcher.store.meaning.judgements import JudgementCounts, count_judgements
from watcher.store.meaning.models import list_models


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedHead:
    """The version of a topic's head that is in use: items with a score of `threshold` or more are proposed."""

    version: str
    model: str
    threshold: float
    fitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What a topic has learned from; `head` is None before anything was fitted."""

    topic: Topic
    judged: JudgementCounts
    head: FittedHead | None


def describe_learning(db: Db, topic: Topic) -> Learning:
    """Return what a topic has learned from, and the head of the model that serves."""
    names = {stored.id: stored.model.name for stored in list_models(db)[:1]}
    heads = [head for head in load_head_versions(db, topic.id) if head.model_id in names]
    head = None
    if heads:
        newest = heads[0]
        head = FittedHead(
            version=newest.version,
            model=names[newest.model_id],
            threshold=newest.threshold,
            fitted_at=newest.fitted_at,
        )
    return Learning(topic=topic, judged=count_judgements(db).get(topic.id, JudgementCounts()), head=head)
