"""Composes digests whose slot has come and alerts that have news, and puts their messages into the outbox.

A digest is composed and rendered from a read; the write transaction checks that nothing it reports changed meanwhile,
and stores it. So no other writer waits while HTML is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import structlog

from watcher.digest.compose import compose_digest, should_send
from watcher.digest.forms import DigestForms
from watcher.digest.links import Links
from watcher.digest.slots import find_due_slot, find_quiet_end
from watcher.errors import NotFoundError, StorageError, UsageError
from watcher.model.digest import Channel, Coverage, Delivery, Digest, Subscription
from watcher.model.digest_story import DigestHit
from watcher.model.topic import Topic
from watcher.pipeline import digest_notes
from watcher.pipeline.checkpoints import Checkpoint, ignore_checkpoint
from watcher.pipeline.machine_texts import TextServices, add_texts
from watcher.pipeline.messages import build_messages
from watcher.pipeline.story_histories import load_histories
from watcher.store.database import Database, Db
from watcher.store.digests.commands import add_digest, lock_subscription
from watcher.store.digests.owners import find_stopped_digests
from watcher.store.digests.related import NewProposals, find_new_proposals, record_shown_proposals
from watcher.store.digests.reported_stories import find_sent_messages
from watcher.store.digests.reporting import (
    has_unreported_hits,
    list_reportable_versions,
    load_baseline_hits,
    load_edited_hits,
    load_unreported_hits,
)
from watcher.store.digests.slots import (
    KnownSlot,
    get_last_digest_id,
    get_last_slot,
    get_registered_at,
    load_known_slots,
    register_subscriptions,
)
from watcher.store.digests.unsubscribes import list_unsubscribed_recipients
from watcher.store.hits.volume import is_volume_check_due, list_recent_alarms, record_alarms, record_volume_check
from watcher.store.outbox.queue import DeliveryDraft, add_deliveries, requeue_delivery
from watcher.store.system.installation import find_installation_id, get_installation_id
from watcher.text.suggest import find_nearest

log = structlog.get_logger()

MAX_RENDERINGS = 3
"""How often a digest is rendered anew because news came meanwhile; after that it is rendered inside the transaction."""

CoverageOf = Callable[[Db, datetime, datetime], Coverage]
"""Returns the coverage of a window (after, until]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContext:
    """What composing needs besides the database: the configuration, and where digests can link to.

    `weights` are those of feeds that count for more or less than one outlet, by address.
    """

    subscriptions: Sequence[Subscription]
    channels: Mapping[str, Channel]
    topics: Sequence[Topic]
    coverage_of: CoverageOf
    links: Links = field(default_factory=Links)
    templates: Path | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    services: TextServices = field(default_factory=TextServices)
    checkpoint: Checkpoint = ignore_checkpoint


def compose_due(database: Database, context: DigestContext, now: datetime) -> tuple[Digest, ...]:
    """Compose every digest whose slot has come and every alert that has news; each in a transaction of its own."""
    composed = []
    with database.read() as db:
        stopped = find_stopped_digests(db, context.subscriptions)
        known = load_known_slots(db, [subscription.name for subscription in context.subscriptions], now)
    for subscription in context.subscriptions:
        if subscription.paused or subscription.name in stopped:
            continue
        try:
            slot = _find_slot(database, context, subscription, known.get(subscription.name), now)
            if slot is None:
                continue
            digest = _compose(database, context, _Job(subscription=subscription, slot=slot, now=now))
        except StorageError:
            raise
        except Exception:
            # One digest's fault stops no other, and its slot stays due.
            log.exception("digest failed", digest=subscription.name)
            continue
        if digest is not None:
            composed.append(digest)
    return tuple(composed)


def compose_now(
    database: Database, context: DigestContext, name: str, now: datetime, *, through_quiet: bool = True
) -> Digest | None:
    """Compose a digest now, outside of its schedule, and send it even if it is empty.

    `through_quiet` sends it in its quiet hours as well. Raises NotFoundError, and UsageError where its owner has left.
    """
    subscription = _find_subscription(context, name)
    with database.read() as db:
        if find_stopped_digests(db, [subscription]):
            raise UsageError(f"the digest {name!r} has stopped: {subscription.owner} has left")
    job = _Job(subscription=subscription, slot=now, now=now, is_forced=True, through_quiet=through_quiet)
    return _compose(database, context, job)


def preview_digest(
    db: Db, context: DigestContext, name: str, now: datetime, *, since: datetime | None = None
) -> Digest:
    """Return the digest that would be sent now; `since` is how far back it may reach. Raises NotFoundError."""
    job = _Job(subscription=_find_subscription(context, name), slot=now, now=now)
    start = since or _find_window_start(db, job.subscription, now)
    notes = _read_notes(db, context, job, start, again=since is not None)
    return _gather(db, context, job, notes, since=since)[0]


def resend_delivery(database: Database, delivery_id: int, now: datetime) -> Delivery:
    """Put a message that is dead or uncertain back in line; raises NotFoundError or UsageError."""
    with database.write() as db:
        return requeue_delivery(db, delivery_id, now)


def _find_slot(
    database: Database, context: DigestContext, subscription: Subscription, known: KnownSlot | None, now: datetime
) -> datetime | None:
    """Return the slot to compose for, if one has come; a new subscription counts from now on.

    Quiet hours hold an alert's news together, so that one message follows their end.
    """
    if known is None:
        with database.write() as db:
            register_subscriptions(db, [subscription.name], now)
            last = get_last_slot(db, subscription.name, now)
        return None if subscription.immediate else find_due_slot(subscription, last, now)
    # Times in the future were written by a clock that was ahead, and hold nothing back.
    last = known.last or (known.registered_at if known.registered_at <= now else None)
    if not subscription.immediate:
        return find_due_slot(subscription, last, now)
    if find_quiet_end(subscription.quiet, subscription.timezone, now) is not None:
        return None
    with database.read() as db:
        if has_unreported_hits(db, subscription, _find_floor(db, subscription, now), now):
            return now
        is_volume_due = subscription.alarms and is_volume_check_due(db, subscription.name, now)
        has_alarms = is_volume_due and bool(digest_notes.list_volume_alarms(db, subscription, context.topics, now))
    if is_volume_due:
        with database.write() as db:
            record_volume_check(db, subscription.name, now)
    return now if has_alarms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One digest to compose. A forced one is sent even if it is empty."""

    subscription: Subscription
    slot: datetime
    now: datetime
    is_forced: bool = False
    through_quiet: bool = False

    @property
    def not_before(self) -> datetime:
        """When sending may begin: after the quiet hours."""
        subscription = self.subscription
        quiet = None if self.through_quiet else find_quiet_end(subscription.quiet, subscription.timezone, self.now)
        return quiet or self.now


@dataclass(frozen=True, slots=True)
class _Notes:
    """What a digest says beside its stories."""

    coverage: Coverage
    alarms: Mapping[str, str]
    failed_deliveries: tuple[str, ...]
    proposals: NewProposals = field(default_factory=NewProposals)


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a digest was made from; it may be stored as long as this has not changed.

    `versions` are the hits with the versions of their entries, `unsubscribed` (channel, recipient) pairs, and `follows`
    is the id of the digest before it.
    """

    window_start: datetime
    versions: tuple[tuple[int, int], ...]
    unsubscribed: frozenset[tuple[str, str]]
    follows: int


def _find_earlier_messages(db: Db, subscription: Subscription, digest: Digest) -> Mapping[tuple[str, str], str]:
    """Return which sent messages an alert continues, by channel and recipient; a digest begins a thread of its own."""
    if not subscription.immediate:
        return {}
    return find_sent_messages(db, [s.reported_in for s in digest.stories if s.reported_in is not None])


@dataclass(frozen=True, slots=True)
class _RenderedDigest:
    """A digest that is ready to be stored; without messages it is only recorded."""

    digest: Digest
    is_sent: bool
    subject: str
    html: str = ""
    text: str = ""
    messages: Sequence[DeliveryDraft] = ()


def _compose(database: Database, context: DigestContext, job: _Job) -> Digest | None:
    """Compose, render and store a digest; None where there is nothing to send or another process was first."""
    subscription = job.subscription
    with database.read() as db:
        notes = _read_notes(db, context, job, _find_window_start(db, subscription, job.now))
        installation = find_installation_id(db)
    if installation is None:
        with database.write() as db:
            installation = get_installation_id(db)
    for _attempt in range(MAX_RENDERINGS):
        with database.read() as db:
            digest, basis = _gather(db, context, job, notes)
            earlier = _find_earlier_messages(db, subscription, digest)
        if not _has_content(digest, job):
            return None
        digest = add_texts(database, digest, context.services, job.now)
        rendered = _render(context, job, digest, basis, installation, earlier)
        context.checkpoint("gathered")
        with database.write() as db:
            lock_subscription(db, subscription.name)
            if _read_basis(db, job) == basis:
                digest_id = _store(db, job, rendered, notes)
                context.checkpoint("composed")
                break
    else:
        # News comes faster than it is rendered: nothing changes while the transaction is open.
        with database.write() as db:
            lock_subscription(db, subscription.name)
            digest, basis = _gather(db, context, job, notes)
            earlier = _find_earlier_messages(db, subscription, digest)
            rendered = _render(context, job, digest, basis, installation, earlier)
            digest_id = _store(db, job, rendered, notes)
            context.checkpoint("composed")
    if digest_id is None:
        return None
    context.checkpoint("committed")
    digest = rendered.digest
    log.info("digest composed", digest=digest.name, stories=digest.story_count, sent=rendered.is_sent)
    return replace(digest, id=digest_id)


def _has_content(digest: Digest, job: _Job) -> bool:
    """Return whether a digest is worth recording: an alert without hits or alarms is none."""
    # Hits that an alert only counts, such as copies of what it sent, are recorded: else they would come up each time.
    return not job.subscription.immediate or bool(digest.hits) or bool(digest.alarms) or job.is_forced


def _read_notes(db: Db, context: DigestContext, job: _Job, since: datetime, *, again: bool = False) -> _Notes:
    """Return what a digest says beside its stories; `again` includes proposals that it has shown already."""
    subscription, now = job.subscription, job.now
    floor = since if again else _find_floor(db, subscription, now)
    is_alert = subscription.immediate
    return _Notes(
        context.coverage_of(db, since, now),
        digest_notes.list_volume_alarms(db, subscription, context.topics, now),
        () if is_alert else digest_notes.list_failed_deliveries(db, since),
        NewProposals() if is_alert else find_new_proposals(db, subscription, context.topics, floor, again=again),
    )


def _gather(
    db: Db, context: DigestContext, job: _Job, notes: _Notes, *, since: datetime | None = None
) -> tuple[Digest, _Basis]:
    """Return the digest of what was not reported yet, and what it was made from."""
    subscription, now = job.subscription, job.now
    floor = since or _find_floor(db, subscription, now)
    hits: tuple[DigestHit, ...] = load_unreported_hits(db, subscription, floor, now)
    if not subscription.immediate:
        hits += load_edited_hits(db, subscription, floor)
    window_start = since or _find_window_start(db, subscription, now)
    before = _load_held_before(db, subscription, floor, now)
    digest = compose_digest(
        subscription, job.slot, hits, context.topics, notes.coverage, (window_start, now),
        histories=load_histories(db, subscription, [*hits, *before], context.weights), held_before=before,
        alarms=tuple(notes.alarms.values()), troubles=notes.failed_deliveries,
    )  # fmt: skip
    digest = replace(digest, proposals=notes.proposals.shown)
    versions = tuple((hit.hit_id, hit.version) for hit in hits)
    return digest, _make_basis(db, subscription, window_start, versions)


def _load_held_before(db: Db, subscription: Subscription, floor: datetime, now: datetime) -> tuple[DigestHit, ...]:
    """Return the hits in what the feeds held before watching began: the first digest of a name shows them, once."""
    is_first = not subscription.immediate and get_last_slot(db, subscription.name, now) is None
    return load_baseline_hits(db, subscription, floor) if is_first and not subscription.include_baseline else ()


def _read_basis(db: Db, job: _Job) -> _Basis:
    """Return what a digest would be made from now."""
    subscription, now = job.subscription, job.now
    versions = list_reportable_versions(db, subscription, _find_floor(db, subscription, now), now)
    return _make_basis(db, subscription, _find_window_start(db, subscription, now), versions)


def _make_basis(
    db: Db, subscription: Subscription, window_start: datetime, versions: tuple[tuple[int, int], ...]
) -> _Basis:
    unsubscribed = list_unsubscribed_recipients(db, subscription.name)
    return _Basis(window_start, versions, unsubscribed, get_last_digest_id(db, subscription.name))


def _render(
    context: DigestContext,
    job: _Job,
    digest: Digest,
    basis: _Basis,
    installation: str,
    earlier: Mapping[tuple[str, str], str],
) -> _RenderedDigest:
    forms = DigestForms(digest, context.links, context.templates)
    if not job.is_forced and not should_send(digest, job.subscription.empty):
        return _RenderedDigest(digest, is_sent=False, subject=forms.subject)
    channels = [context.channels[name] for name in job.subscription.channels if name in context.channels]
    messages = build_messages(
        forms,
        channels,
        to=job.subscription.to,
        installation=installation,
        not_before=job.not_before,
        follows=basis.follows,
        unsubscribed=basis.unsubscribed,
        earlier=earlier,
    )
    return _RenderedDigest(
        digest, is_sent=True, subject=forms.subject, html=forms.html, text=forms.text, messages=messages
    )


def _store(db: Db, job: _Job, rendered: _RenderedDigest, notes: _Notes) -> int | None:
    """Store a digest and its messages; None where its slot was composed by another process meanwhile."""
    name = job.subscription.name
    digest_id = add_digest(
        db, rendered.digest, job.now, sent=rendered.is_sent, html=rendered.html, text=rendered.text,
        subject=rendered.subject,
    )  # fmt: skip
    if digest_id is None:
        return None
    add_deliveries(db, digest_id, rendered.messages, job.now)
    record_shown_proposals(db, name, notes.proposals)
    if notes.alarms:
        reported = list_recent_alarms(db, name, job.now)
        record_alarms(db, name, notes.alarms, reported, job.now)
    return digest_id


def _find_window_start(db: Db, subscription: Subscription, now: datetime) -> datetime:
    """Return where a digest's window begins: at its last slot, and no further back than it may reach."""
    floor = _find_floor(db, subscription, now)
    return max(get_last_slot(db, subscription.name, now) or floor, floor)


def _find_floor(db: Db, subscription: Subscription, now: datetime) -> datetime:
    """Return how far back a digest may reach; an alert never behind the moment when it was first known."""
    floor = now - subscription.max_age
    known_at = get_registered_at(db, subscription.name) if subscription.immediate else None
    return max(floor, known_at) if known_at is not None and known_at <= now else floor


def _find_subscription(context: DigestContext, name: str) -> Subscription:
    for subscription in context.subscriptions:
        if subscription.name == name:
            return subscription
    nearest = find_nearest(name, [subscription.name for subscription in context.subscriptions])
    raise NotFoundError("digest", name, nearest or "")
