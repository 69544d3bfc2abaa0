"""Which hits a subscription has reported, and which it has yet to report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from watcher.model.digest_story import DigestHit
from watcher.model.results import StoredHit
from watcher.model.subscription import Subscription
from watcher.model.topic import FoundBy, Origin
from watcher.store.database import Db
from watcher.store.hits.mapping import read_hit_row, select_hits
from watcher.store.hits.offers import is_offered
from watcher.store.tables import digest_items, digests, entry_versions
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits as hit_table

MAX_BASELINE_HITS = 500
MAX_HITS_PER_DIGEST = 5_000
"""Hits that one digest takes in; what lies beyond waits for the next."""

# Made once: an alias copies every column of its table, which took half of the time of looking for an alert's news.
_REPORTED_ENTRY = entry_table.alias("reported_entry")
_REPORTED_HIT = hit_table.alias("reported_hit")
_FORMER = entry_versions.alias("former")
_REPORTED = (
    select(_REPORTED_ENTRY.c.story_id, _REPORTED_HIT.c.topic_id)
    .join_from(_REPORTED_ENTRY, _REPORTED_HIT, _REPORTED_HIT.c.entry_id == _REPORTED_ENTRY.c.id)
    .join(digest_items, digest_items.c.hit_id == _REPORTED_HIT.c.id)
    .join(digests, digests.c.id == digest_items.c.digest_id)
)
# By the story of the entry that is looked at: a list of all reported stories may cost a look at every entry.
_SAME_STORY = _REPORTED.where(_REPORTED_ENTRY.c.story_id == entry_table.c.story_id).correlate(entry_table)
_REPORTED_TOPICS = _REPORTED.with_only_columns(_REPORTED_HIT.c.topic_id)


def has_unreported_hits(db: Db, subscription: Subscription, since: datetime, now: datetime) -> bool:
    """Return whether `load_unreported_hits` would return any hit."""
    chosen = _select_unreported(select(hit_table.c.id).join(entry_table), subscription, since, now)
    return db.execute(chosen.limit(1)).first() is not None


def load_unreported_hits(db: Db, subscription: Subscription, since: datetime, now: datetime) -> tuple[DigestHit, ...]:
    """Return the hits matched since a moment that a subscription has not reported yet, oldest first.

    Hits with a time in the future, from a clock that was ahead, are included.

    Membership decides, not a watermark: a hit that was committed late is in the next digest. Quarantined entries are
    never reported; baseline and backfill hits only where the subscription includes them; an alert's cooldown and batch
    hold back stories and topics that it has just reported. A hit by an edit is new, whatever its entry was before:
    threat levels, travel advice and status pages are one entry each, known since the first poll.
    """
    chosen = (
        _select_unreported(select_hits(), subscription, since, now).order_by(hit_table.c.id).limit(MAX_HITS_PER_DIGEST)
    )
    return tuple(to_digest_hit(read_hit_row(row)) for row in db.execute(chosen).mappings())


def load_baseline_hits(db: Db, subscription: Subscription, since: datetime) -> tuple[DigestHit, ...]:
    """Return the hits since a moment in what the feeds held before watching began, newest first."""
    chosen = select_hits().where(
        hit_table.c.matched_at > since,
        hit_table.c.origin == Origin.LIVE.value,
        entry_table.c.baseline,
        ~entry_table.c.quarantined,
        ~is_offered(),
    )
    if subscription.topics:
        chosen = chosen.where(hit_table.c.topic_id.in_(subscription.topics))
    rows = db.execute(chosen.order_by(hit_table.c.id.desc()).limit(MAX_BASELINE_HITS)).mappings()
    return tuple(to_digest_hit(read_hit_row(row)) for row in rows)


def load_edited_hits(db: Db, subscription: Subscription, since: datetime) -> tuple[DigestHit, ...]:
    """Return reported hits whose entry has had another headline since a moment: they are reported again.

    An edit below the headline is kept in the entry's versions and not reported.
    """
    chosen = _select_edited(select_hits(), subscription, since)
    chosen = chosen.add_columns(_FORMER.c.title.label("former_title")).order_by(hit_table.c.id)
    return tuple(
        replace(to_digest_hit(read_hit_row(row)), edited=True, former_title=row["former_title"])
        for row in db.execute(chosen.limit(MAX_HITS_PER_DIGEST)).mappings()
    )


def list_reportable_versions(
    db: Db, subscription: Subscription, since: datetime, now: datetime
) -> tuple[tuple[int, int], ...]:
    """Return hit id and entry version of all that a digest would hold now, in its order; much faster than the hits."""
    columns = select(hit_table.c.id, entry_table.c.version).select_from(hit_table.join(entry_table))
    selects = [_select_unreported(columns, subscription, since, now)]
    if not subscription.immediate:
        selects.append(_select_edited(columns, subscription, since))
    return tuple(
        (row[0], row[1])
        for chosen in selects
        for row in db.execute(chosen.order_by(hit_table.c.id).limit(MAX_HITS_PER_DIGEST))
    )


def _select_edited(chosen: Select[Any], subscription: Subscription, since: datetime) -> Select[Any]:
    former = _FORMER
    chosen = (
        chosen.join(digest_items, digest_items.c.hit_id == hit_table.c.id)
        .join(former, and_(former.c.entry_id == entry_table.c.id, former.c.version == digest_items.c.version))
        .where(digest_items.c.name == subscription.name, entry_table.c.updated_at > since)
        .where(entry_table.c.version > digest_items.c.version, former.c.title != entry_table.c.title)
        .where(digest_items.c.version >= hit_table.c.entry_version)
    )
    if subscription.topics:
        chosen = chosen.where(hit_table.c.topic_id.in_(subscription.topics))
    return chosen


def _select_unreported(chosen: Select[Any], subscription: Subscription, since: datetime, now: datetime) -> Select[Any]:
    # A reported hit whose entry left its topic and matches again after a later edit is new again.
    reported = exists().where(
        digest_items.c.name == subscription.name,
        digest_items.c.hit_id == hit_table.c.id,
        digest_items.c.version >= hit_table.c.entry_version,
    )
    by_edit = hit_table.c.origin == Origin.EDIT.value
    chosen = chosen.where(hit_table.c.matched_at > since, ~reported, or_(~entry_table.c.quarantined, by_edit))
    if subscription.topics:
        chosen = chosen.where(hit_table.c.topic_id.in_(subscription.topics))
    if subscription.immediate:
        # What meaning found was judged by a person, who need not be alerted to it.
        chosen = chosen.where(hit_table.c.found_by == FoundBy.WORDS.value)
        chosen = chosen.where(*_after_cooldown(subscription, now))
    # Alerts report new hits only: backfilled hits wait for a digest.
    offered = () if subscription.immediate else (is_offered(),)
    if not subscription.include_baseline:
        chosen = chosen.where(or_(~entry_table.c.baseline, by_edit, *offered))
    if not subscription.include_backfill:
        chosen = chosen.where(or_(hit_table.c.origin != Origin.BACKFILL.value, *offered))
    return chosen


def _after_cooldown(subscription: Subscription, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Keep back what an alert has just reported: its story for the cooldown, its topic for the time of a batch.

    It stays unreported, and comes when that ends.
    """
    same_story = _SAME_STORY.where(*_was_composed(subscription, now - subscription.cooldown, now))
    conditions: list[ColumnElement[bool]] = [~same_story.exists()]
    if subscription.batch:
        batch = _REPORTED_TOPICS.where(*_was_composed(subscription, now - subscription.batch, now))
        conditions.append(hit_table.c.topic_id.not_in(batch))
    return tuple(conditions)


def _was_composed(subscription: Subscription, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return digest_items.c.name == subscription.name, digests.c.composed_at > since, digests.c.composed_at <= until


def to_digest_hit(conditions: StoredHit) -> DigestHit:
    """Return what a digest shows of a stored hit."""
    item = conditions.stored.entry.item
    return DigestHit(
        hit_id=conditions.id,
        entry_id=conditions.stored.id,
        topic_id=conditions.hit.topic_id,
        title=item.title,
        url=item.url,
        source=conditions.stored.entry.source,
        summary=item.summary or item.content,
        language=item.language,
        published_at=item.published_at,
        first_seen_at=conditions.stored.first_seen_at,
        matched_at=conditions.hit.matched_at,
        score=conditions.hit.score,
        origin=conditions.hit.origin,
        evidence=conditions.hit.evidence,
        story_id=conditions.story_id,
        baseline=conditions.stored.baseline,
        version=conditions.stored.version,
        is_weak=conditions.is_weak,
    )
