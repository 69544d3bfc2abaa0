"""Digests as composed: which hits were told in which, so that none is told twice and none is left out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, func, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from watcher.errors import NotFoundError
from watcher.model.digest import Coverage, Digest, DigestHit, Subscription
from watcher.model.results import Page, StoredHit
from watcher.model.topic import Origin
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.database.connection import acquire_advisory_lock
from watcher.store.hits.mapping import read_hit_row, select_hits
from watcher.store.tables import digest_items, digests, entry_versions, meta
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits as hit_table

MAX_HITS_PER_DIGEST = 5_000
"""Hits that one digest takes in; what lies beyond waits for the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDigest:
    """A digest as it was composed; `sent` is false where it was empty and not sent."""

    id: int
    name: str
    title: str
    slot_at: datetime
    window: tuple[datetime, datetime]
    composed_at: datetime
    hits: int
    stories: int
    sent: bool
    coverage: Coverage
    subject: str = ""
    html: str = ""
    text: str = ""


def get_last_slot(db: Db, name: str, now: datetime) -> datetime | None:
    """Return the latest slot that was composed for a subscription; one in the future, of a wrong clock, is ignored."""
    composed = select(func.max(digests.c.slot_at)).where(digests.c.name == name, digests.c.slot_at <= now)
    found: datetime | None = db.execute(composed).scalar_one()
    return found


def get_last_slots(db: Db, now: datetime) -> Mapping[str, datetime]:
    """Return the latest slot of every subscription there ever was; those in the future are ignored."""
    composed = select(digests.c.name, func.max(digests.c.slot_at)).where(digests.c.slot_at <= now)
    return {row[0]: row[1] for row in db.execute(composed.group_by(digests.c.name))}


def register_subscriptions(db: Db, names: Iterable[str], now: datetime) -> None:
    """Note when subscriptions were first known, so that a first slot that passes while nobody runs is not lost."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    rows = [{"key": f"digest-begun:{name}", "value": now.isoformat()} for name in sorted(set(names))]
    if rows:
        db.execute(dialect.insert(meta).on_conflict_do_nothing(), rows)


def get_registered_at(db: Db, name: str) -> datetime | None:
    """Tell when a subscription was first known."""
    found = db.execute(select(meta.c.value).where(meta.c.key == f"digest-begun:{name}")).scalar()
    return datetime.fromisoformat(found) if found else None


def list_registered_subscriptions(db: Db) -> frozenset[str]:
    """Return the names of all subscriptions that were ever known."""
    prefix = "digest-begun:"
    chosen = select(meta.c.key).where(meta.c.key.startswith(prefix, autoescape=True))
    return frozenset(key.removeprefix(prefix) for key in db.execute(chosen).scalars())


def find_installation_id(db: Db) -> str | None:
    """Return the identity of this database; None where it has none yet (`get_installation_id` creates it)."""
    found: str | None = db.execute(select(meta.c.value).where(meta.c.key == "installation")).scalar()
    return found


def get_installation_id(db: Db) -> str:
    """Give the name of this database among all watchers: it keeps two of them from sending under one identity."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    db.execute(dialect.insert(meta).values(key="installation", value=secrets.token_hex(8)).on_conflict_do_nothing())
    return str(db.execute(select(meta.c.value).where(meta.c.key == "installation")).scalar_one())


def has_unreported_hits(db: Db, subscription: Subscription, since: datetime, now: datetime) -> bool:
    """Tell whether there is a hit that `untold` would give."""
    chosen = _untold(select(hit_table.c.id).join(entry_table), subscription, since, now)
    return db.execute(chosen.limit(1)).first() is not None


def load_unreported_hits(db: Db, subscription: Subscription, since: datetime, now: datetime) -> tuple[DigestHit, ...]:
    """Gather the hits matched since a moment that a subscription has not told yet, oldest first.

    Those that a clock which was ahead has dated into the future are among them.

    Membership decides, not a watermark: a hit that was committed late is told by the next digest. Quarantined entries
    are never told; baseline and archive finds only where the subscription asks for them; an alert's cooldown and batch
    keep back what it has just told of. An edit that makes the match is news, whatever its entry was before: threat
    levels, travel advice and status pages are one entry each, which the first poll brought.
    """
    chosen = _untold(select_hits(), subscription, since, now).order_by(hit_table.c.id).limit(MAX_HITS_PER_DIGEST)
    return tuple(to_digest_hit(read_hit_row(row)) for row in db.execute(chosen).mappings())


def load_edited_hits(db: Db, subscription: Subscription, since: datetime) -> tuple[DigestHit, ...]:
    """Gather hits that were told and whose entry got another headline since a moment: what was told is told again.

    An edit below the headline is kept in the entry's versions and told to nobody.
    """
    former = entry_versions.alias("former")
    chosen = _select_edited(select_hits(), former, subscription, since)
    chosen = chosen.add_columns(former.c.title.label("former_title")).order_by(hit_table.c.id)
    return tuple(
        replace(to_digest_hit(read_hit_row(row)), edited=True, former_title=row["former_title"])
        for row in db.execute(chosen.limit(MAX_HITS_PER_DIGEST)).mappings()
    )


def list_reportable_versions(
    db: Db, subscription: Subscription, since: datetime, now: datetime
) -> tuple[tuple[int, int], ...]:
    """Return hit id and entry version of all that a digest would hold now, in its order; much faster than the hits."""
    columns = select(hit_table.c.id, entry_table.c.version).select_from(hit_table.join(entry_table))
    selects = [_untold(columns, subscription, since, now)]
    if not subscription.immediate:
        selects.append(_select_edited(columns, entry_versions.alias("former"), subscription, since))
    return tuple(
        (row[0], row[1])
        for chosen in selects
        for row in db.execute(chosen.order_by(hit_table.c.id).limit(MAX_HITS_PER_DIGEST))
    )


def _select_edited(chosen: Select[Any], former: FromClause, subscription: Subscription, since: datetime) -> Select[Any]:
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


def _untold(chosen: Select[Any], subscription: Subscription, since: datetime, now: datetime) -> Select[Any]:
    # A hit that was told, and that a later edit brought back to its topic, is news again.
    told = exists().where(
        digest_items.c.name == subscription.name,
        digest_items.c.hit_id == hit_table.c.id,
        digest_items.c.version >= hit_table.c.entry_version,
    )
    by_edit = hit_table.c.origin == Origin.EDIT.value
    chosen = chosen.where(hit_table.c.matched_at > since, ~told, or_(~entry_table.c.quarantined, by_edit))
    if subscription.topics:
        chosen = chosen.where(hit_table.c.topic_id.in_(subscription.topics))
    if subscription.immediate:
        chosen = chosen.where(*_not_held_back(subscription, now))
    if not subscription.include_baseline:
        chosen = chosen.where(or_(~entry_table.c.baseline, by_edit))
    if not subscription.include_backfill:
        chosen = chosen.where(hit_table.c.origin != Origin.BACKFILL.value)
    return chosen


def _not_held_back(subscription: Subscription, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Keep back what an alert has just told of: its story for the cooldown, its topic for the time of a batch.

    It stays untold, and comes when that ends.
    """
    entry, hit = entry_table.alias(), hit_table.alias()
    told = (
        select(entry.c.story_id, hit.c.topic_id)
        .join_from(entry, hit, hit.c.entry_id == entry.c.id)
        .join(digest_items, and_(digest_items.c.hit_id == hit.c.id, digest_items.c.name == subscription.name))
        .join(digests, digests.c.id == digest_items.c.digest_id)
    )
    stories = told.with_only_columns(entry.c.story_id).where(
        digests.c.composed_at > now - subscription.cooldown, digests.c.composed_at <= now, entry.c.story_id.is_not(None)
    )
    found = [or_(entry_table.c.story_id.is_(None), entry_table.c.story_id.not_in(stories))]
    if subscription.batch:
        batch = told.with_only_columns(hit.c.topic_id).where(
            digests.c.composed_at > now - subscription.batch, digests.c.composed_at <= now
        )
        found.append(hit_table.c.topic_id.not_in(batch))
    return tuple(found)


def to_digest_hit(found: StoredHit) -> DigestHit:
    """Make of a stored hit what a digest shows of it."""
    item = found.stored.entry.item
    return DigestHit(
        hit_id=found.id,
        entry_id=found.stored.id,
        topic_id=found.hit.topic_id,
        title=item.title,
        url=item.url,
        source=found.stored.entry.source,
        summary=item.summary or item.content,
        language=item.language,
        published_at=item.published_at,
        first_seen_at=found.stored.first_seen_at,
        matched_at=found.hit.matched_at,
        score=found.hit.score,
        origin=found.hit.origin,
        evidence=found.hit.evidence,
        story_id=found.story_id,
        baseline=found.stored.baseline,
        version=found.stored.version,
    )


def add_digest(
    db: Db, digest: Digest, now: datetime, *, sent: bool, html: str, text: str, subject: str = ""
) -> int | None:
    """Store a digest and what it told; None where this slot was composed by somebody else meanwhile."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    row = {
        "name": digest.name,
        "slot_at": digest.slot_at,
        "title": digest.title,
        "subject": subject,
        "window_from": digest.window[0],
        "window_to": digest.window[1],
        "composed_at": now,
        "hits": len(digest.hits),
        "stories": digest.story_count,
        "sent": sent,
        "html": html,
        "text": text,
        "coverage": json.dumps(asdict(digest.coverage), ensure_ascii=False),
    }
    inserted = dialect.insert(digests).values(row).on_conflict_do_nothing().returning(digests.c.id)
    digest_id: int | None = db.execute(inserted).scalar()
    if digest_id is not None and digest.hits:
        telling = (
            select(literal(digest.name), hit_table.c.id, literal(digest_id), entry_table.c.version)
            .join(entry_table, entry_table.c.id == hit_table.c.entry_id)
            .where(hit_table.c.id.in_(digest.hits))
        )
        said = dialect.insert(digest_items).from_select(["name", "hit_id", "digest_id", "version"], telling)
        # An edited hit stays a member of the digest that told it first; only the version that was told moves on.
        db.execute(
            said.on_conflict_do_update(index_elements=["name", "hit_id"], set_={"version": said.excluded.version})
        )
    return digest_id


def lock_subscription(db: Db, name: str) -> None:
    """Wait until nobody else composes this subscription, on PostgreSQL; SQLite has one writer anyway."""
    acquire_advisory_lock(db, f"digest:{name}")


def find_digests(db: Db, *, name: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[StoredDigest]:
    """List digests as composed, newest first, without their text."""
    place = parse_cursor("digests", cursor)
    columns = [column for column in digests.c if column.name not in {"html", "text"}]
    chosen = select(*columns).order_by(digests.c.id.desc()).limit(limit + 1)
    if place:
        chosen = chosen.where(digests.c.id < int(place[0]))
    if name:
        chosen = chosen.where(digests.c.name == name)
    rows = db.execute(chosen).mappings().all()
    found = tuple(_read(dict(row)) for row in rows[:limit])
    return Page(items=found, next_cursor=format_cursor("digests", found[-1].id) if len(rows) > limit else None)


def load_latest_digests(db: Db, limit: int = 30, *, name: str | None = None) -> tuple[StoredDigest, ...]:
    """Give the latest digests that were sent, newest first, with their text: what a feed of digests holds."""
    chosen = select(digests).where(digests.c.sent).order_by(digests.c.id.desc()).limit(limit)
    if name:
        chosen = chosen.where(digests.c.name == name)
    return tuple(_read(dict(row)) for row in db.execute(chosen).mappings())


def load_digest(db: Db, digest_id: int) -> StoredDigest:
    """Read a digest with its text; raises NotFoundError."""
    row = db.execute(select(digests).where(digests.c.id == digest_id)).mappings().first()
    if row is None:
        raise NotFoundError("digest", str(digest_id))
    return _read(dict(row))


def _read(row: Mapping[str, object]) -> StoredDigest:
    said = json.loads(str(row["coverage"]))
    known = Coverage(**(said | {"notes": tuple(said.get("notes", ()))})) if said else Coverage()
    return StoredDigest(
        id=row["id"],  # type: ignore[arg-type]
        name=str(row["name"]),
        title=str(row["title"]),
        slot_at=row["slot_at"],  # type: ignore[arg-type]
        window=(row["window_from"], row["window_to"]),  # type: ignore[arg-type]
        composed_at=row["composed_at"],  # type: ignore[arg-type]
        hits=row["hits"],  # type: ignore[arg-type]
        stories=row["stories"],  # type: ignore[arg-type]
        sent=bool(row["sent"]),
        coverage=known,
        subject=str(row["subject"]),
        html=str(row.get("html", "")),
        text=str(row.get("text", "")),
    )


def list_digest_hit_ids(db: Db, digest_id: int) -> Sequence[int]:
    """List the hits that a digest told."""
    return db.execute(select(digest_items.c.hit_id).where(digest_items.c.digest_id == digest_id)).scalars().all()


def load_digests_of_hits(db: Db, hit_ids: Sequence[int]) -> tuple[StoredDigest, ...]:
    """List the digests that told any of some hits, oldest first, without their text."""
    if not hit_ids:
        return ()
    columns = [column for column in digests.c if column.name not in {"html", "text"}]
    told = select(digest_items.c.digest_id).where(digest_items.c.hit_id.in_(tuple(hit_ids)))
    rows = db.execute(select(*columns).where(digests.c.id.in_(told)).order_by(digests.c.id)).mappings()
    return tuple(_read(dict(row)) for row in rows)


def find_reporting_digests(db: Db, hit_ids: Sequence[int], moment: datetime) -> Mapping[int, StoredDigest]:
    """Tell which of some hits a digest had told by a moment, and the first that did."""
    members = select(digest_items.c.hit_id, digest_items.c.digest_id).where(digest_items.c.hit_id.in_(tuple(hit_ids)))
    known = {one.id: one for one in load_digests_of_hits(db, hit_ids) if one.composed_at <= moment}
    first: dict[int, StoredDigest] = {}
    for row in db.execute(members.order_by(digest_items.c.digest_id)):
        if row.digest_id in known:
            first.setdefault(row.hit_id, known[row.digest_id])
    return first


def get_titles_at(db: Db, entry_ids: Sequence[int], moment: datetime) -> Mapping[int, str]:
    """Give the headlines that edited entries had at a moment, where another one stood there than now."""
    chosen = (
        select(entry_versions.c.entry_id, entry_versions.c.title)
        .where(entry_versions.c.entry_id.in_(tuple(entry_ids)), entry_versions.c.replaced_at > moment)
        .order_by(entry_versions.c.entry_id, entry_versions.c.version.desc())
    )
    return {row.entry_id: row.title for row in db.execute(chosen)}
